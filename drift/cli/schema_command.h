// What the subcommands of `schema` have in common.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "drift/cli/commands.h"

namespace drift::cli {

// A snapshot that was taken of a database.
struct Taken {
  std::string source;  // "app on db.example.com:5432"
  std::string text;
  std::map<std::string, std::string> coverage;
};

// Throws as schema::read_catalog and whatever connecting throws.
Taken take(const config::Options& options, const Context& context);

// The one target of the call. Throws Error{kUsage} where there are several.
const config::Options& one_target(const config::Resolved& resolved);

// `schema record`: the snapshot of a freshly upgraded database, kept under its version rows.
int run_schema_record(const Context& context);

// `schema accept`: production as it is as the baseline of its version rows; or, by the options, a
// list of those, or the end of one. `words`: accept and the target.
int run_schema_accept(const Context& context, const std::vector<std::string>& words);

}  // namespace drift::cli
