// A command line taken apart without running a shell.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drift::aws {

// Words by the quoting rules of a POSIX shell as Python's shlex.split applies them, which botocore
// uses for credential_process and for section names: '...' is literal, "..." knows \" and \\,
// a backslash outside quotes takes the next character as it is; nothing is expanded.
// https://docs.python.org/3/library/shlex.html#parsing-rules
// Nothing where a quotation is not closed or a backslash ends the text.
std::optional<std::vector<std::string>> shell_words(std::string_view text);

}  // namespace drift::aws
