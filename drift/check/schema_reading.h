// The stage of a run that reads the schema itself: its health, and what it should be.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drift/aws/session.h"
#include "drift/base/clock.h"
#include "drift/base/error.h"
#include "drift/check/aws_access.h"
#include "drift/check/codebase.h"
#include "drift/check/schema_rules.h"
#include "drift/production/version_table.h"
#include "drift/report/schema_section.h"
#include "drift/schema/comparison.h"
#include "drift/schema/snapshot.h"

namespace drift {
class Stop;
}
namespace drift::report {
struct Report;
}
namespace drift::sql {
class Connection;
}

namespace drift::check {

// What is to be found out; all of it owned, because the thread that does may be left behind.
struct SchemaQuestion {
  std::string target;
  std::string place;  // --schema-expected; "" compares nothing
  SchemaRules rules;
  production::VersionTableName table;
  std::vector<std::string> version_rows;  // as production has them
  bool tenants = false;
  bool own_api = true;  // of a function: what answered may be our own (SqlSource::may_be_own_api)
  TimePoint now;
  std::shared_ptr<AwsAccess> aws;
};

struct SchemaAnswer {
  report::SchemaSection section;
  // All that fail; the section has the first of them.
  std::vector<schema::Finding> failing;
  std::vector<std::string> warnings;
  // What kept it from being compared where that was asked for and there is something to compare
  // with, or nobody knows whether there is.
  std::optional<Error> failure;
  // What was compared, where its rules are those of the repository: not yet in `section`.
  struct Unjudged {
    schema::Comparison comparison;
    schema::Snapshot live;
    TimePoint now;
  };
  std::optional<Unjudged> unjudged;
};

// Reads over `connection`, whose open transaction it ends first. Whatever goes wrong is part
// of the answer: throws nothing.
SchemaAnswer read_schema(sql::Connection& connection, const SchemaQuestion& question,
                         const Stop& stop);

// An answer of which nothing was read, for that reason.
SchemaAnswer unread_schema(const SchemaQuestion& question, const Error& error);
// Of a database that is reached through the function of that name, whose own snapshot is compared
// (schema/catalog/function_snapshot.h), and whose own health is told, for which only what may be
// our own API is asked. A function that gives neither is no failure: nothing is compared and
// nothing checked, which the answer says. Throws nothing.
SchemaAnswer read_schema_through(const aws::SessionSource& session, const std::string& function,
                                 const SchemaQuestion& question, const Stop& stop);

// Judges what read_schema left `unjudged` by the rules that lie at `path` at the commit of
// `codebase`; null where the repository could not be read, and then nothing was compared. Whatever
// goes wrong is part of the answer: throws nothing.
void judge_by_repository(SchemaAnswer& answer, const Codebase* codebase, const std::string& path);

// Takes the answer over into the report: section, findings, and the status where the version alone
// would be `synced`.
void add_schema(report::Report& report, SchemaAnswer answer);

}  // namespace drift::check
