#include "migrations/held_revisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/text.h"
#include "migrations/alembic/version_files.h"
#include "migrations/git/history_memory.h"
#include "migrations/git/tree_path.h"
#include "migrations/python/module_variables.h"
#include "migrations/revision_file.h"

namespace drift::migrations {
namespace {

constexpr std::size_t kShortestAbbreviated = 4;

const std::vector<HeldRevisions::Held> kNothing;

std::optional<std::string> no_module(std::string_view) { return {}; }

bool has_computed_id(std::string_view source) {
  const ModuleVariables variables = read_module_variables(source, no_module);
  return !variables.syntax_error && variables.revision.kind == ModuleValue::Kind::kUnknown;
}

}  // namespace

bool abbreviates(std::string_view asked, std::string_view id) {
  return id.size() >= kShortestAbbreviated && id.size() > asked.size() && id.starts_with(asked);
}

void AskedRevisions::add_open(const std::string& id) {
  if (!open_set_.insert(id).second) return;
  open_.push_back(id);
  longest_ = std::max(longest_, id.size());
}

bool AskedRevisions::wants(const std::string& id) const {
  if (exact_.contains(id) || open_set_.contains(id)) return true;
  if (whole_ || open_.empty() || id.size() < kShortestAbbreviated) return false;
  const std::size_t longest = std::min(longest_, id.size() - 1);
  for (std::size_t size = 1; size <= longest; ++size) {
    if (open_set_.contains(id.substr(0, size))) return true;
  }
  return false;
}

std::optional<MigrationText> read_migration(std::string_view source, const std::string& path) {
  const ModuleVariables variables = read_module_variables(source, no_module);
  std::optional<MigrationText> text;
  if (const RevisionFile file = revision_from(variables, path); file.revision) {
    text = MigrationText{file.revision->id, file.revision->message};
  } else if (const ModuleValue& id = variables.revision; !variables.syntax_error &&
                                                         id.kind == ModuleValue::Kind::kString &&
                                                         !id.strings.front().empty()) {
    text = MigrationText{id.strings.front(), read_docstring(variables.docstring).message};
  }
  return text;
}

HeldRevisions::HeldRevisions(const GitRepository& repository, const History& history,
                             const std::vector<std::string>& folders, bool recursive,
                             const AskedRevisions& asked, const Stop& stop)
    : repository_(repository),
      history_(history),
      folders_(folders),
      recursive_(recursive),
      asked_(asked),
      stop_(stop),
      held_(history.states.size()) {
  if (repository.fetches()) need_files();
  for_each_state([this](std::uint32_t base, std::uint32_t state) {
    held_[state] = changed(held_[base], base, state);
  });
}

// The oldest first: what a state holds is what its parent's does, but for the files that differ.
void HeldRevisions::for_each_state(
    const std::function<void(std::uint32_t base, std::uint32_t state)>& tell) const {
  std::vector<bool> known(history_.states.size());
  known[0] = true;
  for (History::Index i = static_cast<History::Index>(history_.commits.size()); i-- > 0;) {
    const std::uint32_t state = history_.commits[i].state;
    if (known[state]) continue;
    known[state] = true;
    const auto parents = history_.parents_of(i);
    tell(parents.empty() ? 0 : history_.commits[parents.front()].state, state);
  }
}

void HeldRevisions::need_files() {
  std::vector<ObjectId> files;
  for_each_state([&](std::uint32_t base, std::uint32_t state) {
    for_each_change_of_state(base, state, [&](const FileChange& change) {
      if (change.after) files.push_back(*change.after);
    });
  });
  repository_.need_files(files);
}

const std::vector<HeldRevisions::Held>& HeldRevisions::at(History::Index commit) const {
  const List& list = held_[history_.commits[commit].state];
  return list ? *list : kNothing;
}

const HeldRevisions::Held* HeldRevisions::find(History::Index commit, std::string_view id) const {
  for (const Held& held : at(commit)) {
    if (held.id == id) return &held;
  }
  return nullptr;
}

bool HeldRevisions::same(History::Index a, History::Index b) const {
  return held_[history_.commits[a].state] == held_[history_.commits[b].state];
}

void HeldRevisions::for_each_change(History::Index before, History::Index after,
                                    const std::function<void(const FileChange&)>& tell) const {
  for_each_change_of_state(history_.commits[before].state, history_.commits[after].state, tell);
}

void HeldRevisions::for_each_change_of_state(
    std::uint32_t before, std::uint32_t after,
    const std::function<void(const FileChange&)>& tell) const {
  HistoryMemory& memory = repository_.memory();
  for (std::size_t i = 0; i < folders_.size(); ++i) {
    const ObjectId& was = history_.states[before][i];
    const ObjectId& is = history_.states[after][i];
    if (was == is) continue;
    const auto hand_on = [&](FileChange change) {
      change.path = joined(folders_[i], change.path);
      if (!base_name(parent_of(change.path)).ends_with("__pycache__")) tell(change);
    };
    if (const auto* known = memory.changes(was, is, recursive_)) {
      stop_.check("looking through the history of the migrations");
      for (const FileChange& change : *known) hand_on(change);
      continue;
    }
    constexpr std::size_t kMostLearnt = 10'000;
    std::vector<FileChange> changes;
    repository_.changed_files(was, is, recursive_, stop_, [&](const FileChange& change) {
      if (!counts_as_migration(base_name(change.path))) return;
      if (changes.size() <= kMostLearnt) changes.push_back(change);
      hand_on(change);
    });
    if (changes.size() <= kMostLearnt) memory.learn_changes(was, is, recursive_, changes);
  }
}

HeldRevisions::List HeldRevisions::changed(const List& base, std::uint32_t before,
                                           std::uint32_t after) {
  std::vector<Held> held = base ? *base : std::vector<Held>{};
  for_each_change_of_state(before, after, [&](const FileChange& change) {
    std::erase_if(held, [&](const Held& one) { return one.path == change.path; });
    if (change.becomes_link) unread_.links = true;
    if (!change.after) return;
    if (auto id = wanted_id(*change.after, change.path)) {
      held.push_back({*std::move(id), change.path, *change.after});
    }
  });
  if (base && held == *base) return base;
  return held.empty() ? nullptr : std::make_shared<const std::vector<Held>>(std::move(held));
}

std::optional<std::string> HeldRevisions::wanted_id(const ObjectId& blob, const std::string& path) {
  // Of such a file the name may be the id (Alembic 0.1), so that the contents do not decide.
  const std::string_view name = base_name(path);
  const bool named_by_id = name.find_first_not_of("0123456789abcdef") == name.size() - 3;
  const std::string_view told_apart = named_by_id ? name : "";
  HistoryMemory& memory = repository_.memory();
  const std::string* id = memory.revision(blob, told_apart);
  if (id == nullptr) {
    if (!named_by_id && unread_before_.contains(blob)) return std::nullopt;
    stop_.check("reading migrations of the history");
    const std::optional<std::string> source = repository_.blob(blob);
    const std::optional<MigrationText> text = source ? read_migration(*source, path) : std::nullopt;
    if (!text) {
      note_unread(path, source);
      if (!named_by_id) unread_before_.insert(blob);
      return std::nullopt;
    }
    memory.learn_revision(blob, told_apart, text->id);
    id = memory.revision(blob, told_apart);
  }
  if (!asked_.wants(*id)) return std::nullopt;
  count(*id);
  return *id;
}

void HeldRevisions::note_unread(const std::string& path, const std::optional<std::string>& source) {
  if (unread_.files++ == 0) unread_.example = path;
  // An id that is computed, or imported from another module, need not stand in the file.
  const bool any_id = !source || has_computed_id(*source);
  for (const std::string& asked : asked_.open()) {
    // A file that does not even have the word is most likely a helper beside the migrations.
    if (any_id || source->find(asked) != std::string::npos) unread_.perhaps.insert(asked);
  }
}

void HeldRevisions::count(const std::string& id) {
  if (asked_.whole() || !ids_.insert(id).second) return;
  for (const std::string& asked : asked_.open()) {
    if (abbreviates(asked, id) && ++abbreviated_[asked] > kMostAbbreviated) {
      throw Error{Fault::kUsage,
                  fmt::format("revision {} is ambiguous: more than {} ids begin with it",
                              quoted(asked), kMostAbbreviated),
                  "give more of it"};
    }
  }
}

}  // namespace drift::migrations
