#include "drift/http/origin.h"

#include <gtest/gtest.h>

#include "drift/base/error.h"

namespace drift {
namespace {

TEST(Origin, NamesSchemeHostAndPort) {
  const Origin plain = parse_origin("http://localhost:5000");
  EXPECT_FALSE(plain.tls);
  EXPECT_EQ(plain.host, "localhost");
  EXPECT_EQ(plain.authority, "localhost:5000");
  EXPECT_TRUE(parse_origin("HTTPS://sns.eu-central-1.amazonaws.com").tls);
  EXPECT_EQ(parse_origin("http://[fd00:ec2::254]:80").host, "fd00:ec2::254");
}

TEST(Origin, KnowsAddressesThatNoProxyReaches) {
  for (const char* local :
       {"http://localhost", "https://127.0.0.1:8443", "http://127.9.9.9", "http://169.254.169.254",
        "http://[::1]:80", "http://[fe80::1]", "http://[fd00:ec2::23]", "http://LOCALHOST"}) {
    EXPECT_TRUE(parse_origin(local).local()) << local;
  }
  for (const char* far :
       {"https://s3.amazonaws.com", "https://127.0.0.1.example.com", "http://10.0.0.1",
        "https://fe80.example", "http://169.2.3.4", "http://[2001:db8::1]"}) {
    EXPECT_FALSE(parse_origin(far).local()) << far;
  }
}

TEST(Origin, RefusesWhatIsMoreOrLessThanAnOrigin) {
  for (const char* text :
       {"", "example.com", "ftp://example.com", "https://", "https://a/b", "https://a?b",
        "https://a b", "https://a:", "https://a:0", "https://a:65536", "https://a:1x",
        "https://[::1", "https://[x]", "https://a\r\nb", "https://a#b", "https://:80"}) {
    try {
      parse_origin(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::kHttpFailed);
      EXPECT_EQ(error.hint, "write it as https://host or https://host:port");
    }
  }
  try {
    parse_origin("https://example.com/path");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "https://example.com/path is not the address of an HTTP server");
  }
}

TEST(Origin, NeverShowsAPassword) {
  try {
    parse_origin("https://user:hunter2@example.com");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the address of an HTTP server holds a user name or a password");
  }
}

}  // namespace
}  // namespace drift
