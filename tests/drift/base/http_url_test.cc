#include "drift/base/http_url.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

TEST(HttpUrl, IsAnOriginAndATarget) {
  const auto url = parse_http_url("HTTPS://Host.example:8443/a%2Fb?x=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "host.example");
  EXPECT_EQ(url->origin, "https://Host.example:8443");
  EXPECT_EQ(url->target, "/a%2Fb?x=1");
  EXPECT_EQ(parse_http_url("http://[::1]:80")->host, "::1");
  EXPECT_EQ(parse_http_url("http://h?x")->target, "/?x");
}

TEST(HttpUrl, WhatWouldGoElsewhereIsNone) {
  for (const char* text :
       {"", "host", "ftp://h/", "http://", "http:///x", "http://user@h/", "http://h:0/",
        "http://h:65536/", "http://h:/", "http://h:8o/", "http://h /", "http://h/\r\nX: y",
        "http://h\\@evil/", "http://h/#f", "http://[::1", "http://[h]/", "http://[::1]x/",
        "http://h\xc3\xa9/", "http://h%2eevil/"}) {
    EXPECT_FALSE(parse_http_url(text)) << text;
  }
}

TEST(HttpUrl, OnlyLiteralLoopbacksAreLoopback) {
  for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host :
       {"", "localhost.evil", "127.1", "128.0.0.1", "::2", "0.0.0.0", "127.0.0.1.nip"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

}  // namespace
}  // namespace drift
