// What every HTML page of ours has: one file that needs no other, in which nothing is fetched or
// run, whatever a text in it tries. Light and dark as the reader's system is, and printable.
#pragma once

#include <string>
#include <string_view>

namespace drift::report {

// `text` for an element or a quoted attribute, of HTML and of XML. Control characters are shown as
// printable() does.
std::string html_escaped(std::string_view text);

// From the doctype to <body>; `title` as it is.
std::string page_begin(std::string_view title);

}  // namespace drift::report
