// One request, asked and printed.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "drift/query/door.h"
#include "drift/query/row_writer.h"
#include "drift/sql/api_client_answer.h"

namespace drift {
class Log;
class Stop;
}  // namespace drift

namespace drift::query {

// psql's exit codes, and one of our own. https://www.postgresql.org/docs/15/app-psql.html
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUnreachable = 2;
inline constexpr int kPagesMayDiffer = 4;  // rows were read in pages that may not agree

struct Asking {
  Door& door;
  const Log& log;
  WriterSettings writer;
  std::size_t page_rows = 0;  // the most rows of one page; 0 where nobody asks for pages
  Output output;              // rows
  Output errors;              // what was refused
  // Where it is given: whether the caller does something else about a refusal than print it.
  std::function<bool(const sql::ApiRefusal&)> takes = {};
};

// Asks, prints what is answered while it arrives, and returns the exit code. What changes data is
// sent once; where its answer is lost, what is thrown or printed says that its outcome is unknown.
// Throws as Door::ask and Door::stream, and what the outputs throw.
int ask_and_print(const Asking& asking, Request request, const Stop& stop);

// What a change would do, told by a dry run.
struct Trial {
  // "3 rows would change", or why nobody can tell.
  std::string sentence;
  // Where it is clear that the change itself would fail: what was printed, and the exit code.
  std::optional<int> failed;
};

// Tries the change that `request` (kMutate) is, and takes it back. A function that knows no dry run
// is left in peace: the sentence says that there was none. Throws as Door::ask.
Trial try_change(const Asking& asking, Request request, const Stop& stop);

}  // namespace drift::query
