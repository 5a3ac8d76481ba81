// The page of a commit on the web, where the address of a repository says that there is one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drift::report {

// For https://HOST/OWNER/NAME of a forge whose pages are known by their host (github.com,
// gitlab.com, bitbucket.org, codeberg.org). Nothing for any other host: a guess would be a dead
// link. Nothing for an address with a user, a port, a query or a fragment, for ssh, or where
// `commit` is no full object id, so a link holds only what was checked character by character.
std::optional<std::string> commit_page(std::string_view repository_url, std::string_view commit);

}  // namespace drift::report
