// Text that came from a server, made fit for a report, a log or a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace drift::sql {

// The first line of `text`, printable, at most `most` bytes and "..." where it is longer. Before
// the client encoding is settled a server may answer in any encoding, and a hostile one may send
// terminal escapes.
std::string one_line(std::string_view text, std::size_t most = 300);

// `name` as people write it in SQL: quoted only where it must be.
std::string display_identifier(std::string_view name);

}  // namespace drift::sql
