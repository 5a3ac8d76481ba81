#include "drift/sql_api/table_name.h"

#include <vector>

#include "drift/base/error.h"
#include "drift/base/text.h"

namespace drift::sql_api {
namespace {

Error no_name() {
  return {Fault::kUsage, "\"table\" is no name of a table",
          "write it as in SQL: users, public.users, \"Odd Name\""};
}

}  // namespace

TableName table_name(std::string_view text, std::string_view schema) {
  std::vector<std::string> parts;
  bool quoted = false;
  std::size_t at = 0;
  do {
    std::string part;
    if (at < text.size() && text[at] == '"') {
      quoted = true;
      for (++at;; ++at) {
        if (at >= text.size()) throw no_name();
        if (text[at] == '"') {
          ++at;
          if (at >= text.size() || text[at] != '"') break;
        }
        part += text[at];
      }
    } else {
      while (at < text.size() && text[at] != '.' && text[at] != '"') {
        part += ascii_lower(text[at++]);
      }
    }
    if (part.empty()) throw no_name();
    parts.push_back(part);
  } while (at < text.size() && text[at++] == '.');
  if (at < text.size() || (!text.empty() && text.back() == '.') || parts.size() > 2)
    throw no_name();

  TableName name;
  name.table = parts.back();
  if (parts.size() == 2) name.schema = parts.front();
  if (parts.size() == 1 && !quoted) name.verbatim = text;
  if (schema.empty()) return name;
  if (parts.size() == 2 && name.schema != schema) {
    throw Error{Fault::kUsage, "\"table\" and \"schema\" name different schemas",
                "send one of them"};
  }
  name.schema = schema;
  return name;
}

}  // namespace drift::sql_api
