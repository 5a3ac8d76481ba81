#include "drift/base/url.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

TEST(UrlScheme, IsTheLowerCaseWordBeforeTheSlashes) {
  EXPECT_EQ(url_scheme("HTTPS://host/"), "https");
  EXPECT_EQ(url_scheme("git+ssh://host/"), "git+ssh");
  EXPECT_EQ(url_scheme("postgresql:///db"), "postgresql");
}

TEST(UrlScheme, PathsAndScpNamesHaveNone) {
  EXPECT_EQ(url_scheme("C:/x"), "");
  EXPECT_EQ(url_scheme("git@host:path"), "");
  EXPECT_EQ(url_scheme("./a"), "");
  EXPECT_EQ(url_scheme("a b://x"), "");
  EXPECT_EQ(url_scheme("1x://y"), "");
  EXPECT_EQ(url_scheme("://y"), "");
  EXPECT_EQ(url_scheme(""), "");
}

TEST(RedactedUrl, HidesThePasswordAndKeepsTheUser) {
  EXPECT_EQ(redacted_url("https://user:pw@host/x"), "https://user:***@host/x");
  EXPECT_EQ(redacted_url("postgresql://u:p@h1:1,h2:2/db"), "postgresql://u:***@h1:1,h2:2/db");
  EXPECT_EQ(redacted_url("HTTPS://user:pw@host"), "HTTPS://user:***@host");
}

TEST(RedactedUrl, ALoneUserOfAWebAddressIsAToken) {
  EXPECT_EQ(redacted_url("https://ghp_abc@github.com/o/n"), "https://***@github.com/o/n");
  EXPECT_EQ(redacted_url("https://ghp_abc:@github.com/o/n"), "https://***@github.com/o/n");
  EXPECT_EQ(redacted_url("https://ghp_abc:x-oauth-basic@github.com/o/n"),
            "https://***@github.com/o/n");
}

TEST(RedactedUrl, ALoneUserElsewhereIsAName) {
  EXPECT_EQ(redacted_url("ssh://git@host/x"), "ssh://git@host/x");
  EXPECT_EQ(redacted_url("postgresql://reader@db/app"), "postgresql://reader@db/app");
}

TEST(RedactedUrl, HidesPasswordsThatBreakTheGrammar) {
  EXPECT_EQ(redacted_url("postgresql://u:p@ss@host/db"), "postgresql://u:***@host/db");
  EXPECT_EQ(redacted_url("postgresql://u:p/ss@host/db"), "postgresql://u:***@host/db");
  EXPECT_EQ(redacted_url("postgresql://u:p?s/s@host/db"), "postgresql://u:***@host/db");
  EXPECT_EQ(redacted_url("postgresql://[u:p/s@host/db"), "postgresql://[u:***@host/db");
  EXPECT_EQ(redacted_url("postgresql://u:p]/s@host/db"), "postgresql://u:***@host/db");
}

TEST(RedactedUrl, AnAtSignInThePathIsNoUserInformation) {
  EXPECT_EQ(redacted_url("https://host/pkg@1.0"), "https://host/pkg@1.0");
  EXPECT_EQ(redacted_url("https://host:8443/pkg@1.0"), "https://host:8443/pkg@1.0");
  EXPECT_EQ(redacted_url("https://[::1]/pkg@1.0"), "https://[::1]/pkg@1.0");
}

TEST(RedactedUrl, HidesQueryValuesWhoseNamesSpeakOfASecret) {
  EXPECT_EQ(redacted_url("postgresql://h/db?user=u&password=p&sslmode=require"),
            "postgresql://h/db?user=u&password=***&sslmode=require");
  EXPECT_EQ(redacted_url("https://b.s3/k?X-Amz-Signature=ab&X-Amz-Security-Token=cd&x=1#y"),
            "https://b.s3/k?X-Amz-Signature=***&X-Amz-Security-Token=***&x=1#y");
  EXPECT_EQ(redacted_url("https://h/?pass%77ord=p"), "https://h/?pass%77ord=***");
  EXPECT_EQ(redacted_url("https://h/#access_token=p"), "https://h/#access_token=***");
}

TEST(RedactedUrl, ASemicolonSeparatesParametersToo) {
  EXPECT_EQ(redacted_url("https://h/?a=1;password=p;b=2"), "https://h/?a=1;password=***;b=2");
}

TEST(RedactedUrl, WhatIsNoUrlComesBackAsItIs) {
  EXPECT_EQ(redacted_url("git@host:path"), "git@host:path");
  EXPECT_EQ(redacted_url("/srv/repo?token=1"), "/srv/repo?token=1");
  EXPECT_EQ(redacted_url(""), "");
  EXPECT_EQ(redacted_url("https://"), "https://");
}

TEST(PercentDecoded, DecodesPairsOfHexDigits) {
  EXPECT_EQ(percent_decoded("a%20b%2Fc%2f"), "a b/c/");
  EXPECT_EQ(percent_decoded("%41"), "A");
}

TEST(PercentDecoded, LeavesABrokenPercentAsItIs) {
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded("%4"), "%4");
  EXPECT_EQ(percent_decoded("%zz%41"), "%zzA");
}

}  // namespace

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
