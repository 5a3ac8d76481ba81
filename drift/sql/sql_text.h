// Names and values as SQL writes them, and what servers say, made fit to be shown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace drift::sql {

// The first line of `text`, printable, at most `most` bytes and "..." where it is longer. Before
// the client encoding is settled a server may answer in any encoding, and a hostile one may send
// terminal escapes.
std::string one_line(std::string_view text, std::size_t most = 300);

// `text` as an SQL string literal, safe whatever standard_conforming_strings says. Characters that
// cannot be seen (drift/base/printable.h) are written as escapes.
// Requires: no NUL byte (throws Error{kUsage}).
std::string quoted_literal(std::string_view text);

// `name` as a quoted identifier.
std::string quoted_identifier(std::string_view name);

// `name` as people write it in SQL: quoted only where it must be.
std::string display_identifier(std::string_view name);

// Five capitals and digits. Every SQLSTATE that PostgreSQL knows has a digit, and "ERROR" and
// "FATAL" have none.
bool is_sqlstate(std::string_view text);

}  // namespace drift::sql
