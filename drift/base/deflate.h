// Texts made smaller for a way that bounds them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace drift {

// zlib's format (https://www.rfc-editor.org/rfc/rfc1950).
std::string deflated(std::string_view text);

// What `deflated` was given; nothing where `bytes` is no such thing, is cut, goes on behind its
// end, or would be longer than `most`.
std::optional<std::string> inflated(std::string_view bytes, std::size_t most);

}  // namespace drift
