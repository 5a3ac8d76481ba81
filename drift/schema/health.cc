#include "drift/schema/health.h"

#include <fmt/format.h>

#include <cstdlib>

#include "drift/aws/digest.h"
#include "drift/base/printable.h"

namespace drift::schema {
namespace {

struct Words {
  std::string_view severity;
  std::string message, action;
};

Words of_index(const HealthFact& fact) {
  const std::string name = printable(fact.name);
  if (fact.detail == "partitioned") {
    return {"warning",
            fmt::format("the partitioned index {} of {} is invalid: a partition has no index that "
                        "is attached to it",
                        name, printable(fact.table)),
            "build it on each partition that lacks it, and attach it with ALTER INDEX ... ATTACH "
            "PARTITION"};
  }
  return {
      fact.busy ? "info" : "warning",
      fmt::format("index {} of {} is invalid: no query uses it, and every write pays for "
                  "it{}",
                  name, printable(fact.table),
                  fact.busy ? "; a session that may be building it is at work on the table" : ""),
      fmt::format("a CREATE INDEX CONCURRENTLY that failed leaves such an index. To build it "
                  "anew:\nREINDEX INDEX CONCURRENTLY {};",
                  fact.name)};
}

Words of_constraint(const HealthFact& fact) {
  const bool domain = fact.detail == "domain";
  return {"warning",
          fmt::format("constraint {} of {} was never validated: rows that were there before it may "
                      "break it",
                      printable(fact.name), printable(fact.table)),
          fmt::format("where it was added NOT VALID and the second step is missing:\nALTER {} {} "
                      "VALIDATE CONSTRAINT {};",
                      domain ? "DOMAIN" : "TABLE", fact.table, fact.name)};
}

Words of_trigger(const HealthFact& fact) {
  if (fact.detail == "foreign key") {
    return {
        "critical",
        fmt::format("foreign key {} of {} is not enforced: its triggers are disabled",
                    printable(fact.name), printable(fact.table)),
        fmt::format("DISABLE TRIGGER ALL leaves it so. A superuser enables them; rows that came "
                    "meanwhile were not looked at:\nALTER TABLE {} ENABLE TRIGGER ALL;",
                    fact.other.empty() ? fact.table : fact.other)};
  }
  return {"warning",
          fmt::format("trigger {} of {} is disabled", printable(fact.name), printable(fact.table)),
          fmt::format("where nobody wants it so:\nALTER TABLE {} ENABLE TRIGGER {};", fact.table,
                      fact.name)};
}

Words of_row_security(const HealthFact& fact) {
  return {"warning",
          fmt::format("{} has row level security and no policy: whoever it holds for sees no row",
                      printable(fact.table)),
          fmt::format("make its policy (CREATE POLICY). Where it was not meant to have any:\nALTER "
                      "TABLE {} DISABLE ROW LEVEL SECURITY;",
                      fact.table)};
}

Words of_foreign_key(const HealthFact& fact) {
  return {"info",
          fmt::format("foreign key {} of {} ({}) has no index on its side: whoever deletes from {} "
                      "reads all of {}",
                      printable(fact.name), printable(fact.table), printable(fact.detail),
                      printable(fact.other), printable(fact.table)),
          fmt::format("where rows of {} are deleted, or their keys change, in a migration:\nCREATE "
                      "INDEX CONCURRENTLY ON {} ({});",
                      printable(fact.other), fact.table, fact.detail)};
}

Words of_sequence(const HealthFact& fact, int percent) {
  const std::string column =
      fact.table.empty() ? ""
                         : fmt::format(", of which column {} is filled", printable(fact.table));
  return {percent >= kAtEndPercent ? "critical" : "warning",
          fmt::format("sequence {}{} is at {} of {} ({} %): behind that every INSERT fails",
                      printable(fact.name), column, fact.at, fact.other, percent),
          fact.table.empty()
              ? "give it a later end with ALTER SEQUENCE ... AS bigint or MAXVALUE, in a migration"
              : "make the column and its sequence bigint in time: to change the type of a column "
                "rewrites its table, under a lock that nobody passes"};
}

Words of_version_table(const HealthFact& fact) {
  return {"critical",
          fmt::format("PUBLIC has {} on {}: any role could change what is said to be applied",
                      fact.detail, printable(fact.table)),
          fmt::format("the role that runs migrations alone needs it:\nREVOKE {} ON {} FROM PUBLIC;",
                      fact.detail, fact.table)};
}

Words words_of(const HealthFact& fact, int percent) {
  if (fact.kind == kInvalidIndex) return of_index(fact);
  if (fact.kind == kNotValidated) return of_constraint(fact);
  if (fact.kind == kTriggerDisabled) return of_trigger(fact);
  if (fact.kind == kNoPolicy) return of_row_security(fact);
  if (fact.kind == kNoForeignKeyIndex) return of_foreign_key(fact);
  if (fact.kind == kSequenceNearEnd) return of_sequence(fact, percent);
  return of_version_table(fact);
}

}  // namespace

const std::vector<std::string_view>& health_kinds() {
  static const std::vector<std::string_view> kinds = {
      kVersionTableWritable, kSequenceNearEnd, kInvalidIndex,     kTriggerDisabled,
      kNotValidated,         kNoPolicy,        kNoForeignKeyIndex};
  return kinds;
}

int percent_of_way(const std::string& begin, const std::string& at, const std::string& end) {
  // The difference of two numbers of 64 bits may have 65; a percent needs no more than this has.
  const long double from = std::strtold(begin.c_str(), nullptr);
  const long double way = std::strtold(end.c_str(), nullptr) - from;
  if (way == 0) return 100;
  return static_cast<int>((std::strtold(at.c_str(), nullptr) - from) / way * 100);
}

HealthFinding health_finding(const HealthFact& fact, int percent) {
  Words words = words_of(fact, percent);
  HealthFinding finding;
  finding.kind = fact.kind;
  finding.severity = words.severity;
  const std::string subject = fact.name.empty()    ? fact.table
                              : fact.table.empty() ? fact.name
                                                   : fact.table + " " + fact.name;
  finding.fingerprint =
      aws::sha256_hex(fmt::format("health {} {} {}", fact.kind, subject.size(), subject))
          .substr(0, 16);
  finding.message = std::move(words.message);
  finding.action = std::move(words.action);
  finding.subjects = {subject};
  return finding;
}

Health unchecked_health(const std::string& why) {
  Health health;
  for (const std::string_view kind : health_kinds()) {
    health.coverage[std::string(kind)] = "not checked: " + why;
  }
  return health;
}

}  // namespace drift::schema
