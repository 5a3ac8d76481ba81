// How the values of a PostgreSQL type are written as JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drift::sql_api {

enum class Notation {
  kText,               // as a string, as PostgreSQL writes it
  kBool,               // true, false
  kNumber,             // a whole number of at most 32 bits
  kBigNumber,          // a number, a string beyond 2^53
  kFloat,              // a number; "NaN", "Infinity" and "-Infinity" are strings
  kJson,               // as it is
  kBytea,              // Base64
  kTimestamp,          // 2026-11-20T03:00:00.500000
  kTimestampWithZone,  // 2026-11-20T03:00:00.500000+00:00
  kTime,               // 03:00:00.500000
  kTimeWithZone,       // 03:00:00+02:00
};

struct ValueType {
  std::string name;  // "int4", "text[]"; of a type that is not built in, as format_type writes it
  Notation notation = Notation::kText;  // of an array: its elements'
  bool is_array = false;
  char delimiter = ',';  // between the elements of an array
};

// The type with this oid in every PostgreSQL; nothing for one that only the catalog knows.
std::optional<ValueType> builtin_type(std::uint32_t oid);

// Appends `text`, a value of `type` in PostgreSQL's text format (ISO dates, UTC, hex bytea; see
// drift/sql/read_only_transaction.h), as JSON. Never throws for text of another form: it is then
// written as a string.
void append_value(std::string& json, std::string_view text, const ValueType& type);

// The same for people and for CSV: what stands in a JSON string is not quoted or escaped; t and f;
// arrays and JSON are JSON.
void append_plain(std::string& out, std::string_view text, const ValueType& type);

}  // namespace drift::sql_api
