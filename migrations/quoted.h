// How a piece of a file or a path is shown in a message.
#pragma once

#include <string>
#include <string_view>

namespace drift::migrations {

// `text` between single quotes. What comes from a repository may hold anything, so control
// characters (a terminal would obey them) and bytes that are no UTF-8 (JSON would refuse them) are
// shown as escapes, and a long text is cut.
std::string quoted(std::string_view text);

// The same without quotes and without a cut, for a path that a reader may want to copy.
std::string printable(std::string_view text);

// The same, cut as `quoted` cuts it: a line of a source file.
std::string shortened(std::string_view text);

// Whether `text` is UTF-8 as Python decodes it: shortest forms only, no surrogates.
bool is_utf8(std::string_view text);

}  // namespace drift::migrations
