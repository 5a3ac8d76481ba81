// What a migration's author knows and wants: "# schema-drift: ignore RULE[, RULE] -- reason".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drift/pending/operation.h"

namespace drift::pending {

struct Suppression {
  std::vector<std::string> rules;
  std::string reason;
  int line = 0;        // of the comment
  int applies_to = 0;  // the line of the operation: its own, or where it stands alone the next
};

// The comments of a file that are meant for us; of those that are no good a sentence each goes into
// `warnings`, with `file` and line. Comments are found in the text: one inside a string counts,
// too.
std::vector<Suppression> read_suppressions(std::string_view source, const std::string& file,
                                           std::vector<std::string>& warnings);

// Takes what the suppressions say out of the severity of the operations that stand on their lines;
// of those that changed nothing a sentence each goes into `warnings`.
void apply_suppressions(const std::vector<Suppression>& suppressions, const std::string& file,
                        std::vector<Operation>& operations, std::vector<std::string>& warnings);

}  // namespace drift::pending
