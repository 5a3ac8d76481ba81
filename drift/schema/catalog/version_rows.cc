#include "drift/schema/catalog/version_rows.h"

#include <fmt/format.h>

#include "drift/base/text.h"

namespace drift::schema {
namespace {

std::string rows_in_words(const VersionRows& rows) {
  if (!rows.rows) return "not readable";
  return rows.rows->empty() ? "empty" : quoted(*rows.rows);
}

}  // namespace

VersionRows read_version_rows(sql::SqlSource& source, const production::VersionTableName& name) {
  VersionRows read;
  try {
    const production::VersionTable table = production::read_version_table(source, name);
    read.table = table.qualified_name;
    read.rows = table.rows;
    if (!table.exists) read.state = "read: there is no " + table.qualified_name;
  } catch (const Error& error) {
    // The schema can be read by who may not read the rows.
    if (error.fault == Fault::kConnectionFailed || error.fault == Fault::kInterrupted ||
        error.fault == Fault::kTimedOut) {
      throw;
    }
    read.state = fmt::format("not checked: {}", error.what());
  }
  return read;
}

void take_over_rows(const VersionRows& first, const VersionRows& last, const std::string& where,
                    Header& header) {
  if (last.rows != first.rows || last.table != first.table) {
    throw Error{Fault::kSqlFailed,
                fmt::format("a deploy is in progress in {}: its version rows were {} and are {} "
                            "now",
                            where, rows_in_words(first), rows_in_words(last)),
                "run again when it has finished", true};
  }
  header.version_table = last.table;
  header.version_rows = last.rows;
  header.coverage[std::string(kVersionRows)] = last.state;
}

Error never_still(const std::string& where, int tries, const std::string& moved) {
  return Error{Fault::kSqlFailed,
               fmt::format("the schema of {} changed while it was read, {} times in a row: {}",
                           where, tries, moved),
               "a migration may be running: run again when it has finished", true};
}

}  // namespace drift::schema
