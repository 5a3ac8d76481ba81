#include "drift/base/secrets.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "drift/base/base64.h"
#include "drift/base/error.h"

namespace drift {
namespace {

// What is remembered stays so for the whole process, so each test has secrets of its own.

TEST(Secrets, AreHiddenHoweverTheyAreWritten) {
  remember_secret("Kanarie/1+x \"y\" \xc3\xb6&z");
  for (const std::string text : {
           "Kanarie/1+x \"y\" \xc3\xb6&z",
           "KANARIE/1+X \"Y\" \xc3\xb6&Z",
           "kanarie/1+x \"y\" \xc3\xb6&z",
           "Kanarie%2F1%2Bx%20%22y%22%20%C3%B6%26z",
           "Kanarie%2f1%2bx%20%22y%22%20%c3%b6%26z",
           "Kanarie/1%2Bx+%22y%22+%C3%B6%26z",
           "Kanarie%252F1%252Bx%2520%2522y%2522%2520%25C3%25B6%2526z",
           "Kanarie\\/1+x \\\"y\\\" \\u00f6&z",
           "Kanarie/1+x \\\"y\\\" \xc3\xb6\\u0026z",
           "Kanarie\\\\/1+x \\\\\\\"y\\\\\\\" \\\\u00f6&z",
           "Kanarie/1+x &quot;y&quot; \xc3\xb6&amp;z",
           "Kanarie&#x2F;1+x &#34;y&#34; &#246;&amp;z",
           "Kanarie/1+x \\x22y\\x22 \\xc3\\xb6&z",
       }) {
    EXPECT_EQ(without_secrets("before " + text + " after"), "before *** after");
    EXPECT_EQ(without_secrets(text), "***");
  }
}

TEST(Secrets, AreHiddenInBase64WhereverTheyBegin) {
  remember_secret("canary-\xfb\xff-in-base64");
  for (const char* before : {"", "u:", "x-access-token:", "abcd"}) {
    for (const char* after : {"", "@", "@h", "@host"}) {
      std::string coded = base64_encoded(std::string(before) + "canary-\xfb\xff-in-base64" + after);
      for (int urls = 0; urls < 2; ++urls) {
        const std::string shown = without_secrets("Basic " + coded);
        EXPECT_NE(shown.find("***"), std::string::npos) << coded;
        // What is left are the letters that the neighbours share.
        EXPECT_LE(shown.size(), std::string("Basic ***").size() + 32) << shown;
        EXPECT_EQ(shown.find("LWluLWJhc2"), std::string::npos) << shown;
        for (char& c : coded) c = c == '+' ? '-' : c == '/' ? '_' : c;
      }
    }
  }
}

TEST(Secrets, OfBase64OnlyTheLettersAreLeftThatANeighbourShares) {
  const std::string secret = "canary-of-24-characters!";
  remember_secret(secret);
  EXPECT_EQ(without_secrets(base64_encoded(secret)), "***");
  // A letter is six bits: of 33 the first is the neighbour's and the second of both.
  const std::string one_before = base64_encoded(":" + secret + "::");
  EXPECT_EQ(without_secrets(one_before), one_before.substr(0, 2) + "***" + one_before.substr(33));
  const std::string two_before = base64_encoded("::" + secret + ":");
  EXPECT_EQ(without_secrets(two_before), two_before.substr(0, 3) + "***" + two_before.substr(34));
}

TEST(Secrets, ShortOnesAreWholeWords) {
  remember_secret("ordrez");
  EXPECT_EQ(without_secrets("ordrez_eu, reordrez and ordrez2"), "ordrez_eu, reordrez and ordrez2");
  EXPECT_EQ(without_secrets("password=ordrez, \"ordrez\""), "password=***, \"***\"");
  EXPECT_EQ(without_secrets("p%3Dordrez%20x"), "p%3D***%20x");
  EXPECT_EQ(without_secrets("line\\nordrez"), "line\\n***");
}

TEST(Secrets, TooShortOnesAreLeft) {
  remember_secret("");
  remember_secret("abcde");
  EXPECT_EQ(without_secrets("abcde"), "abcde");
}

TEST(Secrets, WordsOfOurOwnMessagesAreLeft) {
  for (const char* word : {"password", "secret", "Postgres"}) remember_secret(word);
  EXPECT_EQ(without_secrets("password authentication failed for user \"postgres\""),
            "password authentication failed for user \"postgres\"");
}

TEST(Secrets, WhatOnlyBeginsLikeAnEscapeIsText) {
  remember_secret("beside-half-an-escape");
  for (const std::string text : {"\\", "\\x", "\\x4", "\\u00", "\\u00zz", "%", "%4", "%zz", "&",
                                 "&#", "&#;", "&#x;", "&#zz;", "&#xzz;", "&#1114112;", "&amp"}) {
    EXPECT_EQ(without_secrets(text + " beside-half-an-escape " + text), text + " *** " + text);
  }
}

TEST(Secrets, LongOnesAreHiddenInsideWordsToo) {
  remember_secret("ghx_0123456789abcdef");
  EXPECT_EQ(without_secrets("xghx_0123456789abcdefx"), "x***x");
  EXPECT_EQ(without_secrets("ghx_0123456789abcdefghx_0123456789abcdef"), "***");
}

TEST(Secrets, WhatIsLeftOfOneThatWasCutIsHidden) {
  remember_secret("cut-me-0123456789-abcdefghij");
  EXPECT_EQ(without_secrets("token cut-me-012345"), "token ***");
  EXPECT_EQ(without_secrets("token cut-me-012345... more"), "token ***... more");
  EXPECT_EQ(without_secrets("cut-me-0123456789-abcdXXXX"), "***XXXX");
  EXPECT_EQ(without_secrets("cut-me-0123, cut-me"), "cut-me-0123, cut-me");
}

TEST(Secrets, OfAUrlThePathIsHiddenAndItsHostIsNot) {
  remember_secret_url("https://hooks.example.com/services/T000000001/B000/s3cretPathOfTheHook");
  EXPECT_EQ(without_secrets("Cannot POST /services/T000000001/B000/s3cretPathOfTheHook"),
            "Cannot POST ***");
  EXPECT_EQ(without_secrets("no hook s3cretpathofthehook at hooks.example.com"),
            "no hook *** at hooks.example.com");
  EXPECT_EQ(without_secrets("https://hooks.example.com/services/T000000001/B000/"
                            "s3cretPathOfTheHook?x"),
            "https://hooks.example.com***?x");
}

TEST(Secrets, OfAUrlWithAShortPathNoFileNameSuffers) {
  remember_secret_url("https://ops.example.com/telling");
  EXPECT_EQ(without_secrets("POST /telling"), "POST ***");
  EXPECT_EQ(without_secrets("https://ops.example.com/telling answered"),
            "https://ops.example.com*** answered");
  EXPECT_EQ(without_secrets("/var/lib/telling and ops.example.com"),
            "/var/lib/telling and ops.example.com");
}

TEST(Secrets, OfAUrlUserAndQueryAreHidden) {
  remember_secret_url("https://someone:pa%24%24word-x@proxy.example.com:3128/");
  EXPECT_EQ(without_secrets("407 for someone:pa$$word-x"), "407 for ***");
  EXPECT_EQ(without_secrets("407 for pa$$word-x"), "407 for ***");
  remember_secret_url("https://h.example.com/ping?key=q1w2e3r4t5z6");
  EXPECT_EQ(without_secrets("bad key q1w2e3r4t5z6"), "bad key ***");
}

TEST(Secrets, NoErrorHoldsOne) {
  remember_secret("error-canary-0123");
  const Error error{Fault::kInternal, "it said error-canary-0123", "try error-canary-0123"};
  EXPECT_STREQ(error.what(), "it said ***");
  EXPECT_EQ(error.hint, "try ***");
}

TEST(Secrets, AnyThreadMayRememberAndLook) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 100; ++i) {
        const std::string secret =
            "thread-" + std::to_string(t) + "-secret-" + std::to_string(i) + "-end";
        remember_secret(secret);
        EXPECT_EQ(without_secrets("a " + secret + " b"), "a *** b");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace drift
