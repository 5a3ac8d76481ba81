#include "drift/http/origin.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

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

bool is_public(const std::string& text) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    return is_public_address(reinterpret_cast<const sockaddr*>(&v4));
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  EXPECT_EQ(::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr), 1) << text;
  return is_public_address(reinterpret_cast<const sockaddr*>(&v6));
}

TEST(PublicAddress, IsOneThatAnybodyCanReach) {
  for (const char* text :
       {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
        "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
        "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::101:101",
        "2002:101:101::"}) {
    EXPECT_TRUE(is_public(text)) << text;
  }
}

TEST(PublicAddress, IsNoneOfOurOwnNetworks) {
  for (const char* text : {"0.0.0.0",
                           "10.0.0.1",
                           "10.255.255.255",
                           "100.64.0.1",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.8",
                           "192.0.2.1",
                           "192.168.1.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.9",
                           "224.0.0.1",
                           "239.1.1.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "fe80::1",
                           "fc00::1",
                           "fd00:ec2::254",
                           "ff02::1",
                           "2001::1",
                           "2001:db8::1",
                           "::ffff:10.0.0.1",
                           "::ffff:169.254.169.254",
                           "64:ff9b::a00:1",
                           "2002:a00:1::",
                           "::10.0.0.1"}) {
    EXPECT_FALSE(is_public(text)) << text;
  }
}

TEST(PublicAddress, IsNoSocketFile) {
  sockaddr_un file{};
  file.sun_family = AF_UNIX;
  EXPECT_FALSE(is_public_address(reinterpret_cast<const sockaddr*>(&file)));
}

}  // namespace
}  // namespace drift
