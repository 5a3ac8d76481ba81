// A file that holds one secret and nothing else, as systemd and other platforms hand them out.
#pragma once

#include <string>
#include <string_view>

namespace drift::config {

// The text of the file without the white space at its end. `what` ("token"), `option`
// ("--git-token-file") and `content` ("the token") are for messages, which hold nothing of the
// text. Throws Error{kUsage} where the file cannot be read, is empty or is larger than 64 KiB.
std::string secret_from_file(const std::string& path, std::string_view what,
                             std::string_view option, std::string_view content);

}  // namespace drift::config
