#include "migrations/docstring.h"

#include <array>
#include <cstddef>

namespace drift::migrations {
namespace {

constexpr std::string_view kCreateDate = "Create Date:";

// What str.strip() removes: https://docs.python.org/3/library/stdtypes.html#str.isspace. Those
// beyond ASCII are spelled in UTF-8.
constexpr std::array<std::string_view, 29> kWhiteSpace = {" ",
                                                          "\t",
                                                          "\n",
                                                          "\v",
                                                          "\f",
                                                          "\r",
                                                          "\x1c",
                                                          "\x1d",
                                                          "\x1e",
                                                          "\x1f",
                                                          "\xc2\x85",
                                                          "\xc2\xa0",
                                                          "\xe1\x9a\x80",
                                                          "\xe2\x80\x80",
                                                          "\xe2\x80\x81",
                                                          "\xe2\x80\x82",
                                                          "\xe2\x80\x83",
                                                          "\xe2\x80\x84",
                                                          "\xe2\x80\x85",
                                                          "\xe2\x80\x86",
                                                          "\xe2\x80\x87",
                                                          "\xe2\x80\x88",
                                                          "\xe2\x80\x89",
                                                          "\xe2\x80\x8a",
                                                          "\xe2\x80\xa8",
                                                          "\xe2\x80\xa9",
                                                          "\xe2\x80\xaf",
                                                          "\xe2\x81\x9f",
                                                          "\xe3\x80\x80"};

std::size_t space_at_front(std::string_view text) {
  for (const std::string_view space : kWhiteSpace) {
    if (text.starts_with(space)) return space.size();
  }
  return 0;
}

std::size_t space_at_back(std::string_view text) {
  for (const std::string_view space : kWhiteSpace) {
    if (text.ends_with(space)) return space.size();
  }
  return 0;
}

std::string_view stripped(std::string_view text) {
  while (const std::size_t size = space_at_front(text)) text.remove_prefix(size);
  while (const std::size_t size = space_at_back(text)) text.remove_suffix(size);
  return text;
}

}  // namespace

DocstringFacts read_docstring(std::string_view docstring) {
  DocstringFacts facts;
  std::string_view rest = stripped(docstring);
  facts.message = rest.substr(0, rest.find("\n\n"));

  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = stripped(rest.substr(0, end));
    if (line.starts_with(kCreateDate)) {
      facts.create_date = stripped(line.substr(kCreateDate.size()));
      break;
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return facts;
}

}  // namespace drift::migrations
