#include "drift/base/base64.h"

#include <gtest/gtest.h>

#include <utility>

namespace drift {
namespace {

// RFC 4648, section 10.
TEST(Base64, GoesBothWays) {
  const std::pair<std::string, std::string> pairs[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : pairs) {
    EXPECT_EQ(base64_encoded(bytes), text);
    EXPECT_EQ(base64_decoded(text), bytes);
  }
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  EXPECT_EQ(base64_decoded(base64_encoded(every)), every);
  EXPECT_EQ(base64_encoded("\xfb\xff\xfe"), "+//+");
}

TEST(Base64, TakesNothingThatAnEncoderWouldNotWrite) {
  for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zm-_",
                           "Zg==Zg==", "=Zg=", "Z"}) {
    EXPECT_EQ(base64_decoded(text), std::nullopt) << text;
  }
}

TEST(Base64, LinesOfPemAreTakenTogether) {
  std::string bytes = "before ";
  append_base64("\nZm9v\r\nYm Fy\n==\n", bytes);
  EXPECT_EQ(bytes, "before foobar");
}

}  // namespace
}  // namespace drift
