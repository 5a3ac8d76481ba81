// What a report says of the schema itself.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "drift/schema/acceptance.h"
#include "drift/schema/comparison.h"
#include "drift/schema/health.h"

namespace drift::report {

// What production was compared with.
struct SchemaExpectation {
  std::string from;   // "recorded" or "accepted"
  std::string place;  // where it lies
  std::vector<std::string> version_rows;
  int server_version_num = 0;
  std::string root;
  std::optional<schema::Acceptance> acceptance;  // of what was accepted
};

struct SchemaRulesUsed {
  std::string file;
  std::string commit;  // where it was read; "" for a file on disk
};

struct SchemaSection {
  std::optional<SchemaExpectation> expected;
  std::optional<SchemaRulesUsed> rules;  // by which the comparison was judged
  // Why nothing was compared; "" where it was.
  std::string not_compared_because;
  // Of the comparison, by kind: "compared", or "not checked: " and why.
  std::map<std::string, std::string> coverage;
  std::size_t failing = 0, warnings = 0, notes = 0;  // differences by what they weigh
  std::size_t ignored = 0;                           // that rules took out
  // Those that weigh most, at most kMostDifferences.
  std::vector<schema::Finding> differences;
  schema::Health health;

  bool compared() const { return expected.has_value() && not_compared_because.empty(); }
  // Kinds that were to be compared and could not be.
  std::size_t kinds_not_compared() const;
};

inline constexpr std::size_t kMostDifferences = 200;

// Nothing where no kind of them was read.
std::optional<std::size_t> health_findings(const SchemaSection& section);

// "compared with the snapshot that was recorded at PLACE: 3 differences fail, 2 do not".
std::string in_words(const SchemaSection& section);

// The JSON of the section, as docs/report.schema.json has it, compact.
std::string to_json(const SchemaSection& section);

}  // namespace drift::report
