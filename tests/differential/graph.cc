// Answers questions about revision graphs for test_revision_graph.py: one JSON document a line in,
// one a line out, in the same order, so that a thousand graphs cost one process.
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "drift/base/error.h"
#include "drift/production/version_table.h"
#include "drift/verdict/verdict.h"
#include "migrations/revision_graph.h"

namespace {

using drift::migrations::Problem;
using drift::migrations::Revision;
using drift::migrations::RevisionGraph;
using nlohmann::json;

std::vector<std::string> ids(const RevisionGraph& graph,
                             const std::vector<RevisionGraph::Index>& indices) {
  std::vector<std::string> names;
  for (const auto index : indices) names.push_back(graph.at(index).id);
  return names;
}

json problem_as_json(const Problem& problem) {
  return {{"kind", drift::fault_name(problem.kind)},
          {"message", problem.message},
          {"hint", problem.hint},
          {"files", problem.files}};
}

json answer(const json& question) {
  std::vector<Revision> revisions;
  for (const json& entry : question.at("revisions")) {
    Revision revision;
    revision.id = entry.at("id");
    revision.down_revisions = entry.at("down").get<std::vector<std::string>>();
    revision.dependencies = entry.at("deps").get<std::vector<std::string>>();
    revision.branch_labels = entry.at("labels").get<std::vector<std::string>>();
    revision.path = entry.at("path");
    revisions.push_back(std::move(revision));
  }
  const RevisionGraph::Built built = RevisionGraph::build(std::move(revisions));
  json result;
  result["problems"] = json::array();
  for (const Problem& problem : built.problems) {
    result["problems"].push_back(problem_as_json(problem));
  }
  if (!built.problems.empty()) return result;

  const RevisionGraph& graph = built.graph;
  result["heads"] = ids(graph, graph.heads());
  result["effective_heads"] = ids(graph, graph.effective_heads());
  result["bases"] = ids(graph, graph.bases());
  result["branch_points"] = ids(graph, graph.branch_points());
  result["merge_points"] = ids(graph, graph.merge_points());
  result["upgrade_order"] = ids(graph, graph.upgrade_order());
  result["labels"] = json::object();
  for (const auto& [label, carriers] : graph.branch_labels()) {
    result["labels"][label] = ids(graph, carriers);
  }

  drift::production::VersionTable table;
  table.exists = true;
  table.rows = question.at("rows").get<std::vector<std::string>>();
  const drift::verdict::Verdict verdict = drift::verdict::compare(graph, table);
  result["status"] = drift::verdict::status_name(verdict.status);
  result["pending"] = ids(graph, verdict.pending);
  result["redundant"] = json::array();
  for (const auto& finding : verdict.findings) {
    if (finding.kind != "redundant_row") continue;
    for (const std::string& row : finding.subjects) result["redundant"].push_back(row);
  }
  return result;
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    try {
      std::cout << answer(json::parse(line)).dump() << '\n';
    } catch (const std::exception& failure) {
      std::cerr << failure.what() << '\n';
      return 1;
    }
  }
  return 0;
}
