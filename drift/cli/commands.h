// What each command does once its words are known.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/config/settings.h"
#include "drift/shell/session.h"

namespace drift::cli {

// kJsonLines: of check alone, a report a line.
// kMarkdown to kGithub: of check, explain and pending (drift/cli/operations_formats.h).
enum class Format { kText, kJson, kJsonLines, kMarkdown, kSarif, kJunit, kGithub };

// --format: text or json. Throws Error{kUsage}.
Format output_format(const config::Options& options);

// Everything a command works with, already resolved and checked.
struct Context {
  config::Resolved resolved;
  Format format = Format::kText;
  std::shared_ptr<const Stop> stop;
  std::shared_ptr<Log> log;
  shell::RunSession run_session = nullptr;  // nullptr where the program has none
};

// Each writes its answer to standard output and returns the exit code.
// Throws Error for what keeps it from answering.
int run_check(const Context& context);
// One check for each invocation of the Lambda function, until the process is ended. `call` is what
// was said besides the environment.
int run_detector(const Context& context, const config::Options& call);
int run_heads(const Context& context);
int run_history(const Context& context);
// `words`: none, a target as `alembic upgrade` takes it, or a range of two.
int run_pending(const Context& context, const std::vector<std::string>& words);
// What production is at: its rows, and where they stand at the ref. Exit code 2 where it cannot be
// read.
int run_current(const Context& context);
// As check, with a line for each target; stores and sends nothing.
int run_status(const Context& context);
// `words`: revision ids, or what abbreviates one. Says where each is: 1 where one is nowhere, 2
// where that cannot be told.
int run_explain(const Context& context, const std::vector<std::string>& words);
// `words`: list, show WHICH, latest [TARGET], summary, verify [TARGET] or prune.
int run_reports(const Context& context, const std::vector<std::string>& words);
// `words`: the target.
int run_ack(const Context& context, const std::vector<std::string>& words);
// Tries what the nightly run needs, and prints what it found. Exit code 2 where something fails.
int run_doctor(const Context& context);
int run_sql_api(const Context& context);

// `words`: snapshot, diff EXPECTED LIVE, record, or accept TARGET.
int run_schema(const Context& context, const std::vector<std::string>& words);

// `call` is what the command line itself says, `words` those without dashes. Its exit codes are
// psql's: 1 for a statement that failed, 2 for a database that cannot be reached.
int run_query(const Context& context, const config::Options& call,
              const std::vector<std::string>& words);

}  // namespace drift::cli
