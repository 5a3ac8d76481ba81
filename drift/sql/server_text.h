// Text that came from a server, made fit for a report, a log or a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace drift::sql {

// The first line of `text` without control characters, at most `most` bytes, valid UTF-8. Before
// the client encoding is settled a server may answer in any encoding, and a hostile one may send
// terminal escapes; what is not valid is written as \xNN.
std::string one_line(std::string_view text, std::size_t most = 300);

// Whether all of `text` is UTF-8 (RFC 3629), as JSON must be.
bool is_utf8(std::string_view text);

// `name` as people write it in SQL: quoted only where it must be.
std::string display_identifier(std::string_view name);

}  // namespace drift::sql
