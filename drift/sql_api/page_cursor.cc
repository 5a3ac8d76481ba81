#include "drift/sql_api/page_cursor.h"

#include <fmt/format.h>

#include <charconv>

#include "drift/aws/digest.h"
#include "drift/base/base64.h"
#include "drift/base/error.h"

namespace drift::sql_api {
namespace {

// Lengths first, so that no two reads make the same text.
std::string checksum(const PagedRead& read, std::size_t position) {
  const std::string all =
      fmt::format("schema-drift cursor 1\n{} {} {} {}\n{}{}{}", position, read.database.size(),
                  read.sql.size(), read.params.size(), read.database, read.sql, read.params);
  return aws::sha256_hex(all).substr(0, 32);
}

}  // namespace

std::string page_cursor(const PagedRead& read, std::size_t position) {
  return base64_encoded(fmt::format("{}.{}", position, checksum(read, position)));
}

std::size_t position_of(const std::string& cursor, const PagedRead& read) {
  const std::string text = base64_decoded(cursor).value_or("");
  std::size_t position = 0;
  const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), position);
  if (failure == std::errc{} && page_cursor(read, position) == cursor) return position;
  throw Error{Fault::kUsage, "the cursor is none of this statement's",
              "send back the next_cursor of the page before, with the same statement and "
              "parameters, or none to begin again"};
}

}  // namespace drift::sql_api
