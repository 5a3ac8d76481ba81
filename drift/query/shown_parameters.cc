#include "drift/query/shown_parameters.h"

#include <fmt/format.h>

#include "drift/base/printable.h"

namespace drift::query {

std::string with_parameters(const std::string& statement, const std::vector<std::string>& params) {
  std::string text = statement;
  if (!params.empty()) text += '\n';
  // A line end in a value would look like another parameter.
  for (std::size_t i = 0; i < params.size(); ++i) {
    text += fmt::format("\n${} = {}", i + 1, printable(params[i]));
  }
  return text;
}

std::string shown_to_confirm(const Request& request) {
  const bool as_written = request.params.empty() && !request.written.empty();
  return with_parameters(as_written ? request.written : request.statement, request.params);
}

}  // namespace drift::query
