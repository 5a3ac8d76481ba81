// From the words of `schema-drift query` to one request.
#pragma once

#include <string>
#include <vector>

#include "drift/config/options.h"
#include "drift/query/door.h"

namespace drift::cli {

// `words` are those without dashes: a statement, "-", or tables, schema NAME, count NAME, version.
// A statement may also come from --file or, where nothing is named and it is no terminal, from
// standard input. `call` is what the command line itself says.
// Throws Error{kUsage} for words that make no request, for a file that cannot be read, and for a
// statement that is empty, longer than a megabyte or no UTF-8.
query::Request read_query_words(const config::Options& call, const std::vector<std::string>& words);

}  // namespace drift::cli
