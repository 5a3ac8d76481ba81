// What is wrong with a schema by itself: no expectation is needed to see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace drift::schema {

// The kinds. None of them fails a check: each may be meant so, and who wants it to fail compares
// with an expectation, where it is a difference.
inline constexpr std::string_view kInvalidIndex = "invalid_index";
inline constexpr std::string_view kNotValidated = "constraint_not_validated";
inline constexpr std::string_view kTriggerDisabled = "trigger_disabled";
inline constexpr std::string_view kNoPolicy = "row_security_without_policy";
inline constexpr std::string_view kNoForeignKeyIndex = "foreign_key_without_index";
inline constexpr std::string_view kSequenceNearEnd = "sequence_near_end";
inline constexpr std::string_view kVersionTableWritable = "version_table_writable";

// All of them, in the order in which they are told.
const std::vector<std::string_view>& health_kinds();

// One thing that the catalog tells. Names as SQL writes them, quoted where they must be.
struct HealthFact {
  std::string_view kind;
  std::string table;  // "public.orders"; of a sequence the column that it fills, or ""
  std::string name;   // of the index, constraint, trigger, sequence; "" where it is the table
  // What else there is to know: "partitioned", "domain", "foreign key", columns, rights.
  std::string detail;
  std::string other;  // of a foreign key the table that it refers to; of a sequence its end
  std::string at;     // of a sequence, where it is
  bool busy = false;  // of an index: a session that may be building it holds its table
};

struct HealthFinding {
  std::string kind;
  std::string severity;     // "critical", "warning" or "info"
  std::string fingerprint;  // 16 hex digits over kind, table and name: the same on every run
  std::string message;
  std::string action;
  std::vector<std::string> subjects;
};

struct Health {
  // By kind: "read", or "not checked: " and why.
  std::map<std::string, std::string> coverage;
  // By kind, where there is any. The first kHealthSingly have a finding each.
  std::map<std::string, std::size_t> counts;
  std::vector<HealthFinding> findings;
};

inline constexpr std::size_t kHealthSingly = 20;

// Of a sequence: from which part of its way on it is a warning, and from which critical.
inline constexpr int kNearEndPercent = 80;
inline constexpr int kAtEndPercent = 95;

// The whole percent of the way from `begin` to `end` that `at` has come; numbers as text, for they
// may be any of 64 bits.
int percent_of_way(const std::string& begin, const std::string& at, const std::string& end);

HealthFinding health_finding(const HealthFact& fact, int percent = 0);

// A health of which nothing was checked, for that reason.
Health unchecked_health(const std::string& why);

}  // namespace drift::schema
