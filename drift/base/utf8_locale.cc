#include "drift/base/utf8_locale.h"

namespace drift {
namespace {

locale_t unicode() {
  static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

}  // namespace

InUtf8Locale::InUtf8Locale()
    : before_(unicode() == nullptr ? locale_t{} : ::uselocale(unicode())) {}

InUtf8Locale::~InUtf8Locale() {
  if (before_ != nullptr) ::uselocale(before_);
}

}  // namespace drift
