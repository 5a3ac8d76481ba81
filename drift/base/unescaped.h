// Text with its escapes read, and where each byte of it stood.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace drift {

struct Unescaped {
  std::string text;
  // Of each byte of `text`: where what stands for it begins and ends in the original.
  std::vector<std::size_t> begin, end;
};

Unescaped as_it_is(std::string_view text);

// Reads what percent encoding (%2F), the strings of JSON and C (\/, \", \x2f, \u002f) and HTML
// (&amp;, &#47;, &#x2F;) write otherwise; anything else stays as it is. The places are those of the
// text that `text` itself was read from.
Unescaped unescaped(const Unescaped& text);

}  // namespace drift
