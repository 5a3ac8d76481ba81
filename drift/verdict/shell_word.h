// Text that a printed command carries.
#pragma once

#include <string>
#include <string_view>

namespace drift::verdict {

// `text` as one word of a POSIX shell, quoted where it needs to be: a row or a schema may be named
// anything, and people paste the commands that we print.
// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_02_02
std::string shell_word(std::string_view text);

}  // namespace drift::verdict
