// Six bits a letter. https://www.rfc-editor.org/rfc/rfc4648#section-4
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace drift {

// With padding, without line breaks.
std::string base64_encoded(std::string_view bytes);

// What base64_encoded would have given, and nothing else: no line breaks, padding in its place.
// Nothing where `text` is no such text.
std::optional<std::string> base64_decoded(std::string_view text);

// Appends to `bytes` what the letters of `text` stand for, and passes over everything else: line
// breaks and padding, as in PEM.
void append_base64(std::string_view text, std::string& bytes);

}  // namespace drift
