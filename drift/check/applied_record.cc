#include "drift/check/applied_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/report/stored_report.h"

namespace drift::check {
namespace {

using migrations::Revision;
using migrations::RevisionGraph;
using report::AppliedChange;
using report::AppliedRecord;

// People read a warning once or twice; a month later it is part of the past.
constexpr std::chrono::days kNotedFor{30};
constexpr std::size_t kMostChanges = 20;

using ById = std::map<std::string, const Revision*>;

AppliedRecord record_of(const ById& revisions) {
  std::string text;
  for (const auto& [id, revision] : revisions) {
    text += fmt::format("{}:{},{}\n", id.size(), id, migrations::hex_of(revision->blob));
  }
  return {revisions.size(), aws::sha256_hex(text), {}};
}

ById by_id(const RevisionGraph& graph, const std::vector<bool>& applied) {
  ById all;
  for (RevisionGraph::Index index = 0; index < applied.size(); ++index) {
    if (applied[index]) all.emplace(graph.at(index).id, &graph.at(index));
  }
  return all;
}

// Nothing where the graph does not have one of the rows.
std::optional<ById> ancestors_of(const RevisionGraph& graph, const std::vector<std::string>& rows) {
  std::vector<RevisionGraph::Index> found;
  for (const std::string& row : rows) {
    const auto index = graph.find(row);
    if (!index) return std::nullopt;
    found.push_back(*index);
  }
  return by_id(graph, graph.ancestors(found));
}

std::string parents(const Revision& revision) {
  return revision.down_revisions.empty() ? "nothing" : quoted(revision.down_revisions, 3);
}

std::string named(const Revision& revision) {
  return fmt::format("{} ({})", quoted(revision.id), printable(revision.path));
}

// Both sides of a comparison, and how sentences name the earlier one.
class Comparison {
 public:
  Comparison(const ById& then, const ById& now, const RevisionGraph& graph, std::string since)
      : then_(then), now_(now), graph_(graph), since_(std::move(since)) {}

  std::vector<AppliedChange> changes() const {
    std::vector<AppliedChange> all;
    for (const auto& [id, was] : then_) {
      const auto now = now_.find(id);
      if (now == now_.end()) {
        all.push_back(no_ancestor(*was));
      } else if (now->second->blob != was->blob) {
        all.push_back(changed(*was, *now->second));
      }
    }
    for (const auto& [id, revision] : now_) {
      if (then_.contains(id)) continue;
      all.push_back({id,
                     migrations::hex_of(revision->blob),
                     {},
                     fmt::format("revision {} was put below what was applied, since {}: a database "
                                 "that was there by then never runs it",
                                 named(*revision), since_)});
    }
    return all;
  }

 private:
  AppliedChange no_ancestor(const Revision& was) const {
    const auto here = graph_.find(was.id);
    if (!here) {
      return {was.id,
              "",
              {},
              fmt::format("revision {}, which was applied, is gone since {}", named(was), since_)};
    }
    const Revision& is = graph_.at(*here);
    return {is.id,
            migrations::hex_of(is.blob),
            {},
            fmt::format("revision {}, which was applied, is no ancestor of the version rows any "
                        "more, since {}: Alembic would run it again",
                        named(is), since_)};
  }

  AppliedChange changed(const Revision& was, const Revision& is) const {
    const std::string what =
        was.down_revisions != is.down_revisions
            ? fmt::format("its down_revision was {} and is {}", parents(was), parents(is))
        : was.dependencies != is.dependencies ? "its depends_on is another one"
                                              : "its contents are others";
    return {
        is.id,
        migrations::hex_of(is.blob),
        {},
        fmt::format("revision {}, which was applied, changed since {}: {}; Alembic does not run "
                    "it again",
                    named(is), since_, what)};
  }

  const ById& then_;
  const ById& now_;
  const RevisionGraph& graph_;
  const std::string since_;
};

// The graph of the commit of an earlier report; nothing where that is no longer here, or unsound.
std::optional<RevisionGraph> graph_at(const Codebase& codebase, const std::string& commit,
                                      const CodebaseSettings& settings, const Stop& stop) {
  try {
    auto directory = migrations::read_script_directory(codebase.repository.tree_at(commit),
                                                       settings.script, stop);
    if (!directory.problems.empty()) return std::nullopt;
    auto built = RevisionGraph::build(std::move(directory.revisions));
    if (!built.problems.empty()) return std::nullopt;
    return std::move(built.graph);
  } catch (const Error& error) {
    if (error.fault == Fault::kInterrupted || error.fault == Fault::kTimedOut) throw;
    return std::nullopt;
  }
}

std::vector<AppliedChange> changes_since(const report::StoredReport& before,
                                         const Codebase& codebase, const CodebaseSettings& settings,
                                         const Stop& stop) {
  const auto now = ancestors_of(codebase.graph, before.production_versions);
  if (!now) return {};
  const AppliedRecord record = record_of(*now);
  if (record.digest == before.applied->digest) return {};
  const std::string since = fmt::format(
      "{} of {} (commit {})",
      before.sequence.value_or(0) == 0 ? "the report" : fmt::format("report {}", *before.sequence),
      rfc3339(before.timestamp).substr(0, 10), before.commit.substr(0, 12));
  if (const auto graph = graph_at(codebase, before.commit, settings, stop)) {
    const auto then = ancestors_of(*graph, before.production_versions);
    // Read by another release, or with other settings, it may not be what was recorded.
    if (then && record_of(*then).digest == before.applied->digest) {
      return Comparison(*then, *now, codebase.graph, since).changes();
    }
  }
  return {{"",
           "",
           {},
           fmt::format("the files of applied revisions are not those of {}: {} then, {} "
                       "now; which of them changed cannot be told, because that commit "
                       "is not here or reads otherwise",
                       since, counted(before.applied->count, "revision"), record.count)}};
}

// What an earlier run noted and is still so.
bool still_holds(const AppliedChange& change, const RevisionGraph& graph, TimePoint now) {
  if (now - change.noted_at >= kNotedFor || change.noted_at > now) return false;
  if (change.revision.empty()) return true;
  const auto index = graph.find(change.revision);
  if (change.blob.empty()) return !index;
  return index && migrations::hex_of(graph.at(*index).blob) == change.blob;
}

}  // namespace

AppliedRecord record_of(const Codebase& codebase, const std::vector<bool>& applied) {
  return record_of(by_id(codebase.graph, applied));
}

void note_changes(report::Report& report, const report::StoredReport& before,
                  const Codebase& codebase, const CodebaseSettings& settings, const Stop& stop) {
  const bool same_place = before.ref == (settings.ref.empty() ? "HEAD" : settings.ref) &&
                          before.repository_url == codebase.repository.url();
  if (!report.applied || !before.applied || !same_place) return;
  std::vector<AppliedChange>& all = report.applied->changes;
  all = changes_since(before, codebase, settings, stop);
  for (AppliedChange& change : all) change.noted_at = report.timestamp;
  for (const AppliedChange& change : before.applied->changes) {
    if (!still_holds(change, codebase.graph, report.timestamp)) continue;
    const bool newer = std::any_of(all.begin(), all.end(), [&](const AppliedChange& one) {
      return one.revision == change.revision;
    });
    if (!newer) all.push_back(change);
  }
  if (all.size() > kMostChanges) all.resize(kMostChanges);
  for (const AppliedChange& change : all) report.warnings.push_back(change.message);
}

}  // namespace drift::check
