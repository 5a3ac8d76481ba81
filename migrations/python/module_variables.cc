#include "migrations/python/module_variables.h"

#include <cstddef>

#include "drift/base/python_ini.h"

namespace drift::migrations {
namespace {

constexpr std::string_view kCreateDate = "Create Date:";

}  // namespace

DocstringFacts read_docstring(std::string_view docstring) {
  DocstringFacts facts;
  std::string_view rest = python_strip(docstring).text;
  facts.message = rest.substr(0, rest.find("\n\n"));

  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = python_strip(rest.substr(0, end)).text;
    if (line.starts_with(kCreateDate)) {
      facts.create_date = python_strip(line.substr(kCreateDate.size())).text;
      break;
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return facts;
}

}  // namespace drift::migrations
