// `schema-drift query` on a terminal: a person asks, again and again.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "drift/query/door.h"
#include "drift/query/row_writer.h"

namespace drift {
class Log;
}

namespace drift::shell {

struct Session {
  query::Door& door;
  const Log& log;
  query::WriterSettings writer;  // \x changes it to kExpanded and back
  std::size_t page_rows = 0;
  std::string where;                // the database, for people; without a credential
  std::string name;                 // of the prompt
  std::string actor;                // who asks, for the audit log
  bool changes = false;             // else every statement only reads
  bool definitions = false;         // CREATE, ALTER and DROP are changes, too
  std::chrono::seconds timeout{0};  // of one statement
  std::string state_folder;         // where the history is kept; "" keeps none
};

// Reads statements and commands from standard input, a terminal, until \q, the end of the input or
// SIGTERM. Each statement is a transaction of its own; SIGINT cancels the one that runs. Before
// anything is changed it is tried and asked for, as `query --mutate` does. What fails is printed
// and does not end the session. 0, or query::kUnreachable where the database does not answer at the
// beginning. Throws Error where there is no terminal to edit on, and as Door::ask at the beginning.
int run_session(const Session& session);

// How a session is run, where the program has one (Lambda's has none).
using RunSession = int (*)(const Session&);

}  // namespace drift::shell
