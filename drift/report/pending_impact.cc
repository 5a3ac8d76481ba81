#include "drift/report/pending_impact.h"

#include <fmt/format.h>

#include <algorithm>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/impact/operation_text.h"

namespace drift::report {

const pending::RevisionOperations* operations_of(const PendingImpact& impact,
                                                 const std::string& revision) {
  const auto found = std::find_if(impact.revisions.begin(), impact.revisions.end(),
                                  [&](const auto& one) { return one.revision == revision; });
  return found == impact.revisions.end() ? nullptr : &*found;
}

std::string impact_text(const PendingImpact& impact) {
  constexpr std::size_t kMostShown = 60;
  if (!impact.why_not.empty()) {
    return fmt::format("  operations  of the pending revisions not read: {}\n",
                       printable(impact.why_not));
  }
  std::string lines;
  std::size_t count = impact.left_out, opaque = 0, shown = 0;
  std::string first;
  for (const pending::RevisionOperations& one : impact.revisions) {
    count += one.operations.size();
    for (const pending::Operation& operation : one.operations) {
      if (!operation.opaque) continue;
      if (opaque++ == 0) first = fmt::format("{}:{}", printable(one.file), operation.line);
    }
    if (one.operations.empty() || shown > kMostShown) continue;
    shown += one.operations.size();
    lines += shortened(one.revision) + "\n" + impact::revision_text(one, impact.live);
  }
  if (count == 0) return "";
  std::string text = fmt::format("  operations  {} of {} read", count - impact.left_out - opaque,
                                 counted(count, "operation"));
  if (opaque > 0) text += fmt::format(", {} opaque, the first at {}", opaque, first);
  if (impact.left_out > 0) text += fmt::format(", {} not kept", impact.left_out);
  text += "; " + impact::sizes_in_words(impact.live) + "\n";
  for (const std::string_view line : split(lines, '\n')) {
    if (!line.empty()) text.append("    ").append(line).append("\n");
  }
  return text;
}

}  // namespace drift::report
