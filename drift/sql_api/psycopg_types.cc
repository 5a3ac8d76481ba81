#include "drift/sql_api/psycopg_types.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>

#include "drift/sql/strict_json.h"

namespace drift::sql_api {
namespace {

using sql::JsonValue;
using Kind = JsonValue::Kind;

// In the order in which integers outgrow them.
enum class Plain { kUnknown, kInt2, kInt4, kInt8, kNumeric, kFloat8, kBool };

struct Oids {
  std::uint32_t scalar, array;
};
// pg_type.dat of PostgreSQL, in the order of Plain.
constexpr std::array<Oids, 7> kOids = {
    {{0, 0}, {21, 1005}, {23, 1007}, {20, 1016}, {1700, 1231}, {701, 1022}, {16, 1000}}};

bool is_integer(Plain type) { return type >= Plain::kInt2 && type <= Plain::kNumeric; }

Plain number_type(const std::string& text) {
  if (text.find_first_of(".eE") != std::string::npos) return Plain::kFloat8;
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return Plain::kNumeric;
  if (number == static_cast<std::int16_t>(number)) return Plain::kInt2;
  return number == static_cast<std::int32_t>(number) ? Plain::kInt4 : Plain::kInt8;
}

Plain scalar_type(const JsonValue& value) {
  if (value.is(Kind::kBool)) return Plain::kBool;
  return value.is(Kind::kNumber) ? number_type(value.text) : Plain::kUnknown;
}

// What is known of the elements so far.
struct Elements {
  Plain type = Plain::kUnknown;
  bool any = false, mixed = false;
};

void look_at(const JsonValue& list, Elements& elements) {
  for (const JsonValue& item : list.items) {
    if (item.is(Kind::kList)) look_at(item, elements);
    if (item.is(Kind::kList) || item.is(Kind::kNull)) continue;
    const Plain type = scalar_type(item);
    if (!elements.any) {
      elements.type = type;
    } else if (is_integer(type) && is_integer(elements.type)) {
      elements.type = std::max(elements.type, type);
    } else if (type != elements.type) {
      elements.mixed = true;
    }
    elements.any = true;
  }
}

}  // namespace

std::uint32_t type_of_value(const JsonValue& value) {
  if (!value.is(Kind::kList)) return kOids[static_cast<std::size_t>(scalar_type(value))].scalar;
  Elements elements;
  look_at(value, elements);
  return elements.mixed ? 0 : kOids[static_cast<std::size_t>(elements.type)].array;
}

}  // namespace drift::sql_api
