// Findings as steps, by what they are about. Private to this folder.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "drift/schema/comparison.h"
#include "drift/schema/statements/names.h"
#include "drift/schema/statements/script.h"

namespace drift::schema {

// What is needed before what else; removals last, and those in the order of what leans on what.
enum Phase {
  kRenames,
  kSchemas,
  kExtensions,
  kTypes,
  kSequences,
  kFunctions,
  kTables,
  kColumns,
  kIndexes,
  kKeys,
  kChecks,
  kForeignKeys,
  kViews,
  kPrograms,
  kPublications,
  kDescriptions,
  kTuning,
  kRemovals,
};

// The two sides, and the names that renamed things have when everything else is done.
struct Sides {
  const Known& expected;
  const Known& live;
  // Of renamed tables, views and columns: from the live name to the expected one.
  std::map<std::pair<std::string, std::string>, std::string> tables;
  std::map<std::pair<std::string, std::string>, std::string> columns;  // by "schema.table"

  int major() const { return live.version() / 10'000; }
  // What `finding` is on, or is, by its expected name.
  std::string table(const Finding& finding) const;
  std::string column(const Finding& finding) const;
};

using Steps = std::vector<Step>;

Step step(Phase phase, std::vector<std::string> sql);
Step without(std::string why_not);
// What another finding's statement brings along.
Step follows(std::string why);
Step removal(int order, std::string sql, std::string what);

// Each gives the steps of one finding. Structure alone; privileges, owners and comments are told by
// `description_steps`, whatever they are of.
Steps description_steps(const Finding& finding, const Sides& sides);
Steps table_steps(const Finding& finding, const Sides& sides);
Steps column_steps(const Finding& finding, const Sides& sides);
Steps index_steps(const Finding& finding, const Sides& sides);
Steps constraint_steps(const Finding& finding, const Sides& sides);
Steps view_steps(const Finding& finding, const Sides& sides);
Steps sequence_steps(const Finding& finding, const Sides& sides);
Steps program_steps(const Finding& finding, const Sides& sides);
Steps type_steps(const Finding& finding, const Sides& sides);
Steps global_steps(const Finding& finding, const Sides& sides);

// What a new object gets besides its structure: privileges, also those that default privileges of
// the live side would give it and that it should not have, and its comment.
std::vector<std::string> said_of_new(const Object& object, const Sides& sides);

// Everything that makes an object of the expected side and what belongs to it.
Steps made_anew(const Object& object, const Sides& sides);

}  // namespace drift::schema
