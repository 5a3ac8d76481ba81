#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/check/aws_access.h"
#include "drift/check/check.h"
#include "drift/check/codebase.h"
#include "drift/cli/commands.h"

namespace drift::cli {
namespace {

using migrations::RevisionGraph;

// A graph with problems has no heads and no history: the first of them, and the others as a hint.
check::Codebase read_sound_codebase(const Context& context) {
  const auto settings =
      config::codebase_settings(context.resolved.targets.front(), context.resolved.run);
  static const SystemClock clock;
  check::AwsAccess aws(clock);
  check::Codebase codebase =
      check::read_codebase(settings, aws.source(), *context.stop, *context.log);
  if (!codebase.problems.empty()) {
    const auto& first = codebase.problems.front();
    std::string hint = first.hint;
    for (std::size_t i = 1; i < codebase.problems.size(); ++i) {
      hint += (hint.empty() ? "also: " : "\nalso: ") + codebase.problems[i].message;
    }
    throw Error{first.kind, first.message, std::move(hint)};
  }
  return codebase;
}

// {repository, ref, commit, script_location}
nlohmann::ordered_json repository_document(const Context& context,
                                           const check::Codebase& codebase) {
  const auto& ref = context.resolved.targets.front().ref;
  nlohmann::ordered_json document;
  document["repository"] = drift::valid_utf8(codebase.repository.url());
  document["ref"] = ref && !ref->empty() ? drift::valid_utf8(*ref) : "HEAD";
  document["commit"] = codebase.commit.id;
  document["script_location"] = drift::valid_utf8(codebase.script_location);
  return document;
}

// Warnings on standard error, where JSON does not carry them.
void log_warnings(const Context& context, const check::Codebase& codebase) {
  for (const std::string& warning : codebase.warnings) context.log->warning(warning);
}

std::vector<std::string> ids(const migrations::RevisionGraph& graph,
                             const std::vector<migrations::RevisionGraph::Index>& indices) {
  std::vector<std::string> result;
  result.reserve(indices.size());
  for (const auto index : indices) result.push_back(drift::valid_utf8(graph.at(index).id));
  return result;
}

// JSON strings are UTF-8, whatever a repository holds.
std::vector<std::string> valid_utf8(const std::vector<std::string>& texts) {
  std::vector<std::string> result;
  for (const std::string& text : texts) result.push_back(drift::valid_utf8(text));
  return result;
}

std::string as_json(const Context& context, const check::Codebase& codebase) {
  const RevisionGraph& graph = codebase.graph;
  auto document = repository_document(context, codebase);
  document["heads"] = ids(graph, graph.heads());
  document["effective_heads"] = ids(graph, graph.effective_heads());
  document["bases"] = ids(graph, graph.bases());
  document["branch_points"] = ids(graph, graph.branch_points());
  document["merge_points"] = ids(graph, graph.merge_points());
  auto labels = nlohmann::ordered_json::object();
  for (const auto& [label, revisions] : graph.branch_labels()) {
    labels[drift::valid_utf8(label)] = ids(graph, revisions);
  }
  document["branch_labels"] = labels;
  document["revision_count"] = graph.revisions().size();
  document["warnings"] = valid_utf8(codebase.warnings);
  return document.dump(2) + "\n";
}

std::string as_text(const check::Codebase& codebase) {
  const RevisionGraph& graph = codebase.graph;
  const auto& effective = graph.effective_heads();
  std::string text;
  for (const auto index : graph.heads()) {
    const migrations::Revision& revision = graph.at(index);
    text += printable(revision.id);
    if (!revision.message.empty()) text += "  " + printable(revision.message);
    if (std::find(effective.begin(), effective.end(), index) == effective.end()) {
      text += "  (another head depends on it, so it leaves no version row)";
    }
    text += '\n';
  }
  return text;
}

}  // namespace

int run_heads(const Context& context) {
  const check::Codebase codebase = read_sound_codebase(context);
  if (context.format == Format::kJson) {
    write_fully(1, as_json(context, codebase));
  } else {
    log_warnings(context, codebase);
    write_fully(1, as_text(codebase));
  }
  return 0;
}

namespace {

// One revision with what the graph and the history say about it.
struct Entry {
  const migrations::Revision* revision = nullptr;
  std::vector<std::string> labels;  // with those that spread to it
  bool is_head = false;
  std::optional<migrations::Commit> commit;
};

std::vector<Entry> entries(const Context& context, const check::Codebase& codebase) {
  const RevisionGraph& graph = codebase.graph;
  std::map<RevisionGraph::Index, std::vector<std::string>> labels;
  for (const auto& [label, revisions] : graph.branch_labels()) {
    for (const auto index : revisions) labels[index].push_back(label);
  }
  std::vector<Entry> result;
  std::vector<std::string> paths;
  for (const auto index : graph.upgrade_order()) {
    const bool is_head =
        std::binary_search(graph.heads().begin(), graph.heads().end(), index,
                           [&](auto a, auto b) { return graph.at(a).id < graph.at(b).id; });
    result.push_back({&graph.at(index), std::move(labels[index]), is_head, {}});
    paths.push_back(graph.at(index).path);
  }
  if (context.resolved.run.commits.value_or(false)) {
    codebase.repository.need_history(codebase.commit.id, /*of_all_refs=*/false);
    auto commits = codebase.repository.introductions(codebase.commit.id, paths, *context.stop);
    for (std::size_t i = 0; i < result.size(); ++i) result[i].commit = std::move(commits[i]);
  }
  return result;
}

nlohmann::ordered_json as_json(const Entry& entry, bool with_commits) {
  const migrations::Revision& revision = *entry.revision;
  nlohmann::ordered_json object;
  object["revision"] = drift::valid_utf8(revision.id);
  object["down_revisions"] = valid_utf8(revision.down_revisions);
  object["depends_on"] = valid_utf8(revision.dependencies);
  object["branch_labels"] = valid_utf8(entry.labels);
  object["is_head"] = entry.is_head;
  object["message"] = drift::valid_utf8(revision.message);
  object["create_date"] = drift::valid_utf8(revision.create_date);
  object["path"] = drift::valid_utf8(revision.path);
  if (!with_commits) return object;
  object["commit"] = nullptr;
  if (entry.commit) {
    object["commit"] = {{"id", entry.commit->id},
                        {"author", drift::valid_utf8(entry.commit->author)},
                        {"committed_at", rfc3339(entry.commit->committed_at)},
                        {"summary", drift::valid_utf8(entry.commit->summary)}};
  }
  return object;
}

std::string as_text(const Entry& entry, bool with_commits) {
  const migrations::Revision& revision = *entry.revision;
  std::string text = fmt::format("{}{}  {}\n", printable(revision.id),
                                 entry.is_head ? " (head)" : "", printable(revision.message));
  text += fmt::format("  file        {}\n", printable(revision.path));
  text += fmt::format("  after       {}\n", revision.down_revisions.empty()
                                                ? "nothing: a base"
                                                : printable(joined(revision.down_revisions)));
  if (!revision.dependencies.empty()) {
    text += fmt::format("  depends on  {}\n", printable(joined(revision.dependencies)));
  }
  if (!entry.labels.empty())
    text += fmt::format("  labels      {}\n", printable(joined(entry.labels)));
  if (with_commits && entry.commit) {
    text += fmt::format("  commit      {} {} {}: {}\n", entry.commit->id.substr(0, 12),
                        rfc3339(entry.commit->committed_at), printable(entry.commit->author),
                        printable(entry.commit->summary));
  } else if (with_commits) {
    text += "  commit      unknown: the history that is here does not reach it\n";
  }
  return text;
}

}  // namespace

int run_history(const Context& context) {
  const check::Codebase codebase = read_sound_codebase(context);
  const std::vector<Entry> history = entries(context, codebase);
  const bool with_commits = context.resolved.run.commits.value_or(false);
  if (context.format == Format::kJson) {
    auto document = repository_document(context, codebase);
    document["revisions"] = nlohmann::ordered_json::array();
    for (const Entry& entry : history) {
      document["revisions"].push_back(as_json(entry, with_commits));
    }
    document["warnings"] = valid_utf8(codebase.warnings);
    write_fully(1, document.dump(2) + "\n");
    return 0;
  }
  log_warnings(context, codebase);
  std::string text;
  for (const Entry& entry : history) text += as_text(entry, with_commits);
  write_fully(1, text);
  return 0;
}

}  // namespace drift::cli
