// Text as Python reads it: white space of str.isspace() and str.strip(), in UTF-8, and lines.
#pragma once

#include <cstddef>
#include <string_view>

namespace drift {

// Bytes of the white space character that `text` begins with, or 0.
std::size_t python_space_length(std::string_view text);

std::string_view python_rstrip(std::string_view text);

struct Stripped {
  std::string_view text;   // without white space at both ends
  std::size_t indent = 0;  // characters (not bytes) that were taken off in front
};
Stripped python_strip(std::string_view text);

// Takes one line off `text`, without its end: files are opened with universal newlines ("\n",
// "\r\n", "\r").
std::string_view python_line(std::string_view& text);

}  // namespace drift
