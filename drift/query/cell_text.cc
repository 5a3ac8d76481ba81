#include "drift/query/cell_text.h"

#include <locale.h>  // newlocale(3), which <clocale> does not have
#include <clocale>
#include <cwchar>
#include <nlohmann/json.hpp>

#include "drift/base/printable.h"

namespace drift::query {
namespace {

using sql::JsonValue;
using Kind = JsonValue::Kind;

// wcwidth(3) knows Unicode only in a locale that does, whatever the environment says. Debian brings
// this one with its C library; without it every character counts as one.
locale_t unicode() {
  static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

class InLocale {
 public:
  explicit InLocale(locale_t locale)
      : before_(locale == nullptr ? locale_t{} : ::uselocale(locale)) {}
  ~InLocale() {
    if (before_ != nullptr) ::uselocale(before_);
  }
  InLocale(const InLocale&) = delete;
  InLocale& operator=(const InLocale&) = delete;

 private:
  locale_t before_;
};

}  // namespace

void append_json_string(std::string& json, std::string_view text) {
  json += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_json(std::string& json, const JsonValue& value) {
  switch (value.kind) {
    case Kind::kNull: json += "null"; return;
    case Kind::kBool:
    case Kind::kNumber: json += value.text; return;
    case Kind::kString: append_json_string(json, value.text); return;
    case Kind::kList:
      json += '[';
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        if (i > 0) json += ',';
        append_json(json, value.items[i]);
      }
      json += ']';
      return;
    case Kind::kObject: break;
  }
  json += '{';
  for (std::size_t i = 0; i < value.members.size(); ++i) {
    if (i > 0) json += ',';
    append_json_string(json, value.members[i].key);
    json += ':';
    append_json(json, value.members[i].value);
  }
  json += '}';
}

std::string cell_text(const JsonValue& value) {
  switch (value.kind) {
    case Kind::kNull: return {};
    case Kind::kBool: return value.text == "true" ? "t" : "f";
    case Kind::kNumber:
    case Kind::kString: return value.text;
    case Kind::kList:
    case Kind::kObject: break;
  }
  std::string json;
  append_json(json, value);
  return json;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  const InLocale locale{unicode()};
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    text.remove_prefix(character.size);
    if (character.code_point < 0x80) {
      ++width;
      continue;
    }
    const int columns = ::wcwidth(static_cast<wchar_t>(character.code_point));
    width += columns < 0 ? 1 : static_cast<std::size_t>(columns);
  }
  return width;
}

}  // namespace drift::query
