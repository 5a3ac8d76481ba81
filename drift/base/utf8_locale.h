// Unicode for the functions of the C library that go by the locale: wcwidth(3), mbstowcs(3).
#pragma once

#include <locale.h>  // locale_t, which <clocale> does not have

namespace drift {

// While it lives this thread's locale knows UTF-8, whatever the environment says. Debian brings
// C.UTF-8 with its C library; without it nothing changes, and every character counts as one.
class InUtf8Locale {
 public:
  InUtf8Locale();
  ~InUtf8Locale();
  InUtf8Locale(const InUtf8Locale&) = delete;
  InUtf8Locale& operator=(const InUtf8Locale&) = delete;

 private:
  locale_t before_;
};

}  // namespace drift
