#include "drift/query/display_width.h"

#include <locale.h>  // newlocale(3), which <clocale> does not have
#include <clocale>
#include <cwchar>

#include "drift/base/printable.h"

namespace drift::query {
namespace {

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
