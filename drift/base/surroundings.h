// What a process finds around it: environment variables and files that others wrote.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drift {

// nullopt where the variable is not set; "" where it is set and empty.
std::optional<std::string> environment_variable(const std::string& name);

// The same, where an empty variable is as good as none.
std::optional<std::string> nonempty_variable(const std::string& name);
std::string environment_or_empty(const std::string& name);

// The names of all variables that begin with `prefix`, empty ones too.
std::vector<std::string> environment_names(std::string_view prefix);

// "user@host", as the machine knows them; a claim, for audit records and acknowledgements. UTF-8.
std::string user_at_host();

// The bytes of a file, follows links. nullopt and errno where it cannot be opened or read (EISDIR
// for a folder), EFBIG where it is longer than `at_most` bytes: what a name leads to may have no
// end.
std::optional<std::string> whole_file(const std::string& path, std::size_t at_most = 64 << 20);

}  // namespace drift
