#include "migrations/revision_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "migrations/alembic/likely_files.h"
#include "migrations/git/history.h"
#include "migrations/git/history_memory.h"
#include "migrations/git/tree_path.h"
#include "migrations/held_revisions.h"
#include "migrations/lineages.h"
#include "migrations/script_directory.h"

namespace drift::migrations {
namespace {

using Index = History::Index;
using Held = HeldRevisions::Held;
using Where = FoundRevision::Where;

// Whether what is asked for may abbreviate an id.
enum class Asked { kByHand, kRows };

// The id that `asked` stands for among `ids`, or nothing. Throws Error{kUsage} where it is
// ambiguous.
std::optional<std::string> meant(const std::string& asked, const std::set<std::string>& ids,
                                 Asked how) {
  if (ids.contains(asked)) return asked;
  if (how == Asked::kRows) return std::nullopt;
  std::vector<std::string> candidates;
  for (auto id = ids.lower_bound(asked); id != ids.end() && id->starts_with(asked); ++id) {
    if (abbreviates(asked, *id)) candidates.push_back(*id);
  }
  if (candidates.size() > 1) {
    throw Error{Fault::kUsage, fmt::format("revision {} is ambiguous", quoted(asked)),
                fmt::format("{} begin with it: give more of it", quoted(candidates, 5))};
  }
  if (candidates.empty()) return std::nullopt;
  return candidates.front();
}

class Search {
 public:
  Search(const GitRepository& repository, const GitTree& at_ref, const ScriptSettings& settings,
         Asked how, const Stop& stop)
      : repository_(repository),
        at_ref_(at_ref),
        settings_(settings),
        settings_key_(key_of(settings)),
        how_(how),
        stop_(stop) {}

  RevisionSearch run(const std::string& ref, const std::vector<std::string>& asked) {
    const ScriptDirectory directory = read_script_directory(at_ref_, settings_, stop_);
    warn_of(directory, ref);
    std::map<std::string, const Revision*> at_ref;
    std::set<std::string> ids_at_ref;
    for (const Revision& revision : directory.revisions) {
      if (at_ref.emplace(revision.id, &revision).second) ids_at_ref.insert(revision.id);
    }
    AskedRevisions wanted;
    if (how_ == Asked::kRows) wanted.take_as_whole();
    for (const std::string& one : asked) {
      if (one.empty()) {
        throw Error{Fault::kUsage, "a revision to explain is empty", "give an id of a migration"};
      }
      FoundRevision& found = result_.revisions.emplace_back();
      found.asked = found.revision = one;
      if (const auto id = meant(one, ids_at_ref, how_)) {
        const Revision& revision = *at_ref.at(*id);
        found.where = Where::kInRef;
        found.revision = revision.id;
        found.file = revision.path;
        found.message = revision.message;
        wanted.add_exact(*id);
      } else {
        wanted.add_open(one);
      }
    }
    read_history(directory, wanted.open().empty());
    held_.emplace(repository_, history_, folders_, recursive_, wanted, stop_);
    find_turns();
    result_.shallow = history_.shallow;
    reached_from_ref_ = history_.reached_from({ref_});
    resolve_open();
    for (FoundRevision& found : result_.revisions) complete(found);
    if (how_ == Asked::kRows) add_lineages(ids_at_ref);
    repository_.keep_memory();
    warn_of_unread();
    return std::move(result_);
  }

 private:
  void warn_of(const ScriptDirectory& directory, const std::string& ref) {
    if (directory.problems.empty()) return;
    const std::size_t more = directory.problems.size() - 1;
    result_.warnings.push_back(
        fmt::format("the migrations at {} have a problem: {}{}", printable(ref),
                    directory.problems.front().message,
                    more == 0 ? "" : fmt::format(" (and {})", counted(more, "more", "more"))));
  }

  // --------------------------------------------------------------------------- what is searched

  void read_history(const ScriptDirectory& directory, bool ref_alone) {
    const VersionLocations where = find_version_locations(at_ref_, settings_);
    recursive_ = where.recursive;
    for (const std::string& folder : directory.version_locations) {
      add_folder(at_ref_.real_path(folder).value_or(folder));
    }
    const ObjectId ref_commit = object_id_of(at_ref_.commit().id);
    std::vector<ObjectId> ends = {ref_commit};
    repository_.need_history(at_ref_.commit().id, /*of_all_refs=*/!ref_alone);
    if (!ref_alone) {
      GitRepository::Tips tips = repository_.tips();
      unreadable_refs_ = tips.unreadable;
      tips_ = std::move(tips.tips);
      for (const RefTip& tip : tips_) ends.push_back(tip.commit);
    }
    folders_of_ref_ = folders_;
    need_configurations(tips_);
    for (const RefTip& tip : tips_) add_folders_at(tip.commit);
    // Folders that are found on the way may have been elsewhere still earlier.
    constexpr int kMostMoves = 8;
    for (int move = 0; move <= kMostMoves; ++move) {
      history_ = repository_.history(ends, folders_, stop_);
      if (!add_earlier_folders()) break;
    }
    ref_ = history_.index_of.at(ref_commit);
    std::erase_if(tips_, [&](const RefTip& tip) {
      const bool missing = !history_.index_of.contains(tip.commit);
      if (missing) ++unreadable_refs_;
      return missing;
    });
    for (const RefTip& tip : tips_) tip_indices_.push_back(history_.index_of.at(tip.commit));
  }

  // At once, where they must be fetched. What is wrong with a commit is found out again.
  void need_configurations(const std::vector<RefTip>& tips) {
    if (!repository_.fetches()) return;
    std::vector<ObjectId> files;
    for (const RefTip& tip : tips) {
      stop_.check("looking for the script directories of the history");
      if (repository_.memory().folders(tip.commit, settings_key_) != nullptr) continue;
      try {
        const GitTree tree = repository_.tree_at(hex_of(tip.commit));
        for (const TreeEntry& file : likely_configuration(tree, settings_)) {
          files.push_back(file.object_id);
        }
      } catch (const Error& error) {
        if (error.fault == Fault::kInterrupted || error.fault == Fault::kTimedOut) throw;
      }
    }
    repository_.need_files(files);
  }

  bool add_folder(const std::string& folder) {
    if (std::find(folders_.begin(), folders_.end(), folder) != folders_.end()) return false;
    folders_.push_back(folder);
    return true;
  }

  // The versions folders as the configuration of that commit has them. False where that gave
  // nothing new.
  bool add_folders_at(const ObjectId& commit) {
    if (!looked_at_.insert(commit).second) return false;
    stop_.check("looking for the script directories of the history");
    HistoryMemory& memory = repository_.memory();
    std::vector<std::string> folders;
    if (const auto* known = memory.folders(commit, settings_key_)) {
      folders = *known;
    } else if (find_folders(commit, folders)) {
      memory.learn_folders(commit, settings_key_, folders);
    }
    bool added = false;
    for (const std::string& folder : folders) added = add_folder(folder) || added;
    return added;
  }

  // None where it has no script directory, as before the first migration. False where something
  // else was in the way, which may be gone another time.
  bool find_folders(const ObjectId& commit, std::vector<std::string>& folders) const {
    try {
      const GitTree tree = repository_.tree_at(hex_of(commit));
      for (const std::string& folder : find_version_locations(tree, settings_).folders) {
        folders.push_back(tree.real_path(folder).value_or(folder));
      }
      return true;
    } catch (const Error& error) {
      switch (error.fault) {
        case Fault::kInterrupted:
        case Fault::kTimedOut: throw;
        case Fault::kAlembicIniNotFound:
        case Fault::kAlembicIniInvalid:
        case Fault::kScriptDirectoryNotFound:
        case Fault::kVersionsEmpty: return true;
        default: return false;
      }
    }
  }

  // All that decides which folders a commit has; no path has a NUL in it.
  static std::string key_of(const ScriptSettings& settings) {
    std::string key = settings.recursive_version_locations ? "r" : "";
    for (const auto* one : {&settings.alembic_ini, &settings.section, &settings.script_location}) {
      key += '\0' + *one;
    }
    for (const std::string& path : settings.versions_paths) key += '\0' + path;
    return key;
  }

  // Looks before each of the folders came to be.
  bool add_earlier_folders() {
    std::set<ObjectId> before_folders;
    for (Index i = 0; i < history_.commits.size(); ++i) {
      const std::uint32_t state = history_.commits[i].state;
      for (const Index parent : history_.parents_of(i)) {
        const std::uint32_t before = history_.commits[parent].state;
        if (before != state && began(history_.states[before], history_.states[state])) {
          before_folders.insert(history_.commits[parent].id);
        }
      }
    }
    bool added = false;
    for (const ObjectId& commit : before_folders) added = add_folders_at(commit) || added;
    return added;
  }

  static bool began(const std::vector<ObjectId>& before, const std::vector<ObjectId>& after) {
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i] == kNoTree && after[i] != kNoTree) return true;
    }
    return false;
  }

  // Commits at which what is asked about may come or go: all others have what each parent has.
  void find_turns() {
    for (Index i = 0; i < history_.commits.size(); ++i) {
      const auto parents = history_.parents_of(i);
      const bool quiet = !parents.empty() && history_.commits[i].complete &&
                         std::all_of(parents.begin(), parents.end(),
                                     [&](Index parent) { return held_->same(i, parent); });
      if (!quiet) turns_.push_back(i);
    }
  }

  // --------------------------------------------------------------------------------- the answers

  void resolve_open() {
    std::set<std::string> at_ref, at_tips, ever;
    const auto collect = [&](std::set<std::string>& into, Index commit) {
      for (const Held& held : held_->at(commit)) into.insert(held.id);
    };
    for (const Held& held : held_->at(ref_)) {
      if (counts_at_ref(held.path)) at_ref.insert(held.id);
    }
    collect(at_tips, ref_);
    for (const Index tip : tip_indices_) collect(at_tips, tip);
    for (const Index turn : turns_) collect(ever, turn);
    for (FoundRevision& found : result_.revisions) {
      if (found.where == Where::kInRef) continue;
      const std::array<std::pair<const std::set<std::string>*, Where>, 3> stages = {
          {{&at_ref, Where::kInRef}, {&at_tips, Where::kElsewhere}, {&ever, Where::kRemoved}}};
      for (const auto& [ids, where] : stages) {
        const auto id = meant(found.asked, *ids, how_);
        if (!id) continue;
        found.where = where;
        found.revision = *id;
        break;
      }
    }
  }

  // Not in a folder that only other commits' configuration names.
  bool counts_at_ref(std::string_view path) const {
    return std::any_of(
        folders_of_ref_.begin(), folders_of_ref_.end(), [&](const std::string& folder) {
          const std::string_view own = parent_of(path);
          return own == folder || (recursive_ && (folder.empty() || own.starts_with(folder + '/')));
        });
  }

  void complete(FoundRevision& found) {
    stop_.check("looking for the commits of a revision");
    found.refs = 1;
    switch (found.where) {
      case Where::kInRef: {
        found.commits = static_cast<std::size_t>(
            std::count(reached_from_ref_.begin(), reached_from_ref_.end(), true));
        found.introduced = introduction(found.revision, reached_from_ref_);
        const Held* held = held_->find(ref_, found.revision);
        if (found.file.empty() && held != nullptr) describe(found, *held);
        return;
      }
      case Where::kElsewhere: complete_elsewhere(found); break;
      case Where::kRemoved: complete_removed(found); break;
      case Where::kNowhere:
        found.certain = all_was_read(found.asked) && !history_.shallow && unreadable_refs_ == 0;
        break;
    }
    found.commits = history_.commits.size();
    const bool is_tip =
        std::find(tip_indices_.begin(), tip_indices_.end(), ref_) != tip_indices_.end();
    found.refs = tips_.size() + (is_tip ? 0 : 1);
  }

  // Whether no file that was passed over may be what is asked for.
  bool all_was_read(const std::string& asked) const {
    const HeldRevisions::Unread& unread = held_->unread();
    return !unread.links && !unread.perhaps.contains(asked);
  }

  void complete_elsewhere(FoundRevision& found) {
    std::vector<Index> having;
    for (std::size_t i = 0; i < tips_.size(); ++i) {
      if (held_->find(tip_indices_[i], found.revision) == nullptr) continue;
      found.tips.push_back(tips_[i]);
      having.push_back(tip_indices_[i]);
    }
    found.outside_folders = has(ref_, found.revision);
    if (having.empty()) having.push_back(ref_);
    // The newest comes first in the history.
    const Index newest = *std::min_element(having.begin(), having.end());
    place_of_[found.revision] = newest;
    describe(found, *held_->find(newest, found.revision));
    found.introduced = introduction(found.revision, history_.reached_from(having));
    found.certain = all_was_read(found.asked) && !history_.shallow;
    if (found.outside_folders) return;
    if (const auto removal = removing(found.revision, &reached_from_ref_)) {
      found.removed = removal_at(*removal, found.revision);
    }
  }

  void complete_removed(FoundRevision& found) {
    const auto on_ref = removing(found.revision, &reached_from_ref_);
    // No tip has it, so that on the way to each commit that has it there is one that lacks it.
    const Index commit = on_ref ? *on_ref : removing(found.revision, nullptr).value();
    found.removed = removal_at(commit, found.revision);
    const Index last = parent_with(commit, found.revision);
    place_of_[found.revision] = last;
    describe(found, *held_->find(last, found.revision));
    found.introduced = introduction(found.revision, history_.reached_from({commit}));
  }

  void add_lineages(const std::set<std::string>& ids_at_ref) {
    const Lineages read(repository_, history_, folders_, recursive_, settings_, *held_, stop_);
    for (FoundRevision& found : result_.revisions) {
      if (found.where != Where::kElsewhere && found.where != Where::kRemoved) continue;
      read.add_to(found, place_of_.at(found.revision), ids_at_ref);
    }
  }

  void describe(FoundRevision& found, const Held& held) const {
    found.file = held.path;
    if (const auto source = repository_.blob(held.blob)) {
      if (auto text = read_migration(*source, held.path)) found.message = std::move(text->message);
    }
  }

  bool has(Index commit, const std::string& id) const { return held_->find(commit, id) != nullptr; }

  Index parent_with(Index commit, const std::string& id) const {
    const auto parents = history_.parents_of(commit);
    return *std::find_if(parents.begin(), parents.end(),
                         [&](Index parent) { return has(parent, id); });
  }

  std::optional<Commit> introduction(const std::string& id, const std::vector<bool>& line) const {
    std::optional<Index> oldest;
    for (const Index turn : turns_) {
      if (!line[turn] || !has(turn, id)) continue;
      // Whether the parents that are not here had it is not known.
      if (!history_.commits[turn].complete) return std::nullopt;
      const auto parents = history_.parents_of(turn);
      if (std::none_of(parents.begin(), parents.end(), [&](Index one) { return has(one, id); })) {
        oldest = turn;
      }
    }
    if (!oldest) return std::nullopt;
    return repository_.commit(history_.commits[*oldest].id);
  }

  // The newest commit on `line` (all of history without one) that lacks what each parent has; else
  // what some parent has. A merge of a line that removed the file with one that did not is of the
  // second kind, and the commit on that line says more.
  std::optional<Index> removing(const std::string& id, const std::vector<bool>* line) const {
    std::optional<Index> by_merge;
    for (const Index turn : turns_) {
      if ((line != nullptr && !(*line)[turn]) || has(turn, id)) continue;
      const auto parents = history_.parents_of(turn);
      const auto with = std::count_if(parents.begin(), parents.end(),
                                      [&](Index parent) { return has(parent, id); });
      if (with == 0) continue;
      if (static_cast<std::size_t>(with) == parents.size() && history_.commits[turn].complete) {
        return turn;
      }
      if (!by_merge) by_merge = turn;
    }
    return by_merge;
  }

  Removal removal_at(Index commit, const std::string& id) {
    Removal removal;
    removal.commit = repository_.commit(history_.commits[commit].id);
    if (!reached_from_ref_[commit]) removal.line = tip_containing(commit);
    const Index parent = parent_with(commit, id);
    const std::string& path = held_->find(parent, id)->path;
    held_->for_each_change(parent, commit, [&](const FileChange& change) {
      if (change.path != path) {
        if (change.before && !change.after) ++removal.others;
        return;
      }
      if (!change.after) return;
      const auto source = repository_.blob(*change.after);
      const auto text = source ? read_migration(*source, path) : std::nullopt;
      removal.other = text ? text->id : "";
    });
    return removal;
  }

  std::optional<RefTip> tip_containing(Index commit) {
    if (first_tip_.empty()) {
      first_tip_.assign(history_.commits.size(), tips_.size());
      for (std::size_t i = tips_.size(); i-- > 0;) first_tip_[tip_indices_[i]] = i;
      for (Index i = 0; i < first_tip_.size(); ++i) {
        for (const Index parent : history_.parents_of(i)) {
          first_tip_[parent] = std::min(first_tip_[parent], first_tip_[i]);
        }
      }
    }
    const std::size_t tip = first_tip_[commit];
    return tip < tips_.size() ? std::optional(tips_[tip]) : std::nullopt;
  }

  void warn_of_unread() {
    const HeldRevisions::Unread& unread = held_->unread();
    if (unread.files > 0) {
      result_.warnings.push_back(fmt::format(
          "{} of the versions folders could not be read and {} passed over, for instance {}",
          counted(unread.files, "file"), unread.files == 1 ? "was" : "were",
          printable(unread.example)));
    }
    if (unread.links) {
      result_.warnings.push_back("symbolic links in the versions folders were not followed");
    }
    if (unreadable_refs_ > 0) {
      result_.warnings.push_back(
          fmt::format("the commit of {} is missing from the repository or damaged",
                      counted(unreadable_refs_, "branch or tag", "branches or tags")));
    }
  }

  const GitRepository& repository_;
  const GitTree& at_ref_;
  const ScriptSettings& settings_;
  const std::string settings_key_;
  const Asked how_;
  const Stop& stop_;
  std::vector<std::string> folders_, folders_of_ref_;
  bool recursive_ = false;
  std::set<ObjectId> looked_at_;
  std::vector<RefTip> tips_;
  std::size_t unreadable_refs_ = 0;
  History history_;
  Index ref_ = 0;
  std::vector<Index> tip_indices_;
  std::optional<HeldRevisions> held_;
  std::vector<Index> turns_;
  std::vector<std::size_t> first_tip_;  // of those that contain the commit
  std::vector<bool> reached_from_ref_;
  std::map<std::string, Index> place_of_;  // of those found: the commit of their file
  RevisionSearch result_;
};

}  // namespace

RevisionSearch search_revisions(const GitRepository& repository, const GitTree& at_ref,
                                const std::string& ref, const ScriptSettings& settings,
                                const std::vector<std::string>& asked, const Stop& stop) {
  return Search(repository, at_ref, settings, Asked::kByHand, stop).run(ref, asked);
}

RevisionSearch search_rows(const GitRepository& repository, const GitTree& at_ref,
                           const std::string& ref, const ScriptSettings& settings,
                           const std::vector<std::string>& rows, const Stop& stop) {
  return Search(repository, at_ref, settings, Asked::kRows, stop).run(ref, rows);
}

}  // namespace drift::migrations
