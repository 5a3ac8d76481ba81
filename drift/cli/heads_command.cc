#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/cli/commands.h"
#include "drift/cli/repository_document.h"

namespace drift::cli {
namespace {

using migrations::RevisionGraph;

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

}  // namespace drift::cli
