#include "drift/doctor/checks.h"

#include <gtest/gtest.h>

namespace drift::doctor {
namespace {

TEST(MaskedEndpoint, MailKeepsItsFirstLetterAndItsHost) {
  EXPECT_EQ(masked_endpoint("email", "on.call@example.com"), "o***@example.com");
  EXPECT_EQ(masked_endpoint("email-json", "a@example.com"), "a***@example.com");
  EXPECT_EQ(masked_endpoint("email", "\"odd@name\"@example.com"), "\"***@example.com");
  EXPECT_EQ(masked_endpoint("email", "no address"), "***");
  EXPECT_EQ(masked_endpoint("email", "@example.com"), "***");
}

TEST(MaskedEndpoint, TelephoneNumberKeepsTwoDigits) {
  EXPECT_EQ(masked_endpoint("sms", "+15555550167"), "***67");
  EXPECT_EQ(masked_endpoint("sms", "12345"), "***");
}

TEST(MaskedEndpoint, UrlKeepsItsOriginAlone) {
  EXPECT_EQ(masked_endpoint("https", "https://hooks.example.com/services/T0/secret?token=x"),
            "https://hooks.example.com");
  EXPECT_EQ(masked_endpoint("https", "https://user:password@hooks.example.com:8443/x"),
            "https://hooks.example.com:8443");
  EXPECT_EQ(masked_endpoint("http", "http://hooks.example.com?secret"), "http://hooks.example.com");
}

TEST(MaskedEndpoint, ArnIsNoSecret) {
  const char* queue = "arn:aws:sqs:eu-central-1:123456789012:alerts";
  EXPECT_EQ(masked_endpoint("sqs", queue), queue);
  EXPECT_EQ(masked_endpoint("application", "whatever"), "***");
}

}  // namespace
}  // namespace drift::doctor
