#include "drift/aws/services/secrets.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::aws {
namespace {

constexpr const char* kSecret =
    "arn:aws:secretsmanager:eu-central-1:123456789012:secret:github-token";
constexpr const char* kHint = "keep the token as plain text, or as {\"token\": \"...\"}";
const SecretText kToken{"token", {"token", "github_token", "password"}, true};

std::string token(const std::string& secret) { return text_of_secret(secret, kSecret, kToken); }

TEST(SecretText, IsThePlainTextOfItsSecret) {
  EXPECT_EQ(token(" ghp_canary\n"), "ghp_canary");
  EXPECT_EQ(token("\"quoted\""), "quoted");
  EXPECT_EQ(token("\" quoted \""), "quoted");
  // JSON as well, and meant as it is.
  EXPECT_EQ(token("12345"), "12345");
  EXPECT_EQ(token("[1]"), "[1]");
  EXPECT_EQ(token("{canary"), "{canary");
}

TEST(SecretText, IsOneOfTheKeysOfAnObjectOrItsOnlyValue) {
  for (const char* key : {"token", "github_token", "password"}) {
    EXPECT_EQ(token(std::string("{\"user\": \"bot\", \"") + key + "\": \"canary\\n\"}"), "canary")
        << key;
  }
  EXPECT_EQ(token(R"({"password": "second", "token": "first"})"), "first");
  EXPECT_EQ(token(R"({"password": "second", "token": " "})"), "second");
  EXPECT_EQ(token(R"({"password": "second", "token": 1})"), "second");
  EXPECT_EQ(token(R"({"whatever": "canary"})"), "canary");
}

TEST(SecretText, ThatIsNotThereIsNamedByItsSecretAndKeysAlone) {
  const std::string name = std::string("the secret ") + kSecret;
  const auto refusal = [](const std::string& secret) { return thrown_by([&] { token(secret); }); };
  expect_error(refusal(R"({"a": "canary", "b": 1})"), Fault::kConfiguration,
               name + " holds no token; its keys are: a, b", kHint);
  expect_error(refusal(R"({"a": 1})"), Fault::kConfiguration,
               name + " holds no token; its keys are: a", kHint);
  for (const char* nothing : {" \n", "", "\" \""}) {
    expect_error(refusal(nothing), Fault::kConfiguration, name + " is empty", kHint);
  }
}

TEST(SecretText, OfSeveralLinesIsTakenWhereItMayHaveThem) {
  const std::string key = "-----BEGIN\ncanary\n-----END";
  expect_error(thrown_by([&] { token(key); }), Fault::kConfiguration,
               std::string("the secret ") + kSecret + " holds no token", kHint);
  EXPECT_EQ(text_of_secret(key, kSecret, {"secret", {"secret"}}), key);
}

TEST(SecretSetting, IsItselfUnlessItIsAnArn) {
  const SessionSource none = []() -> Session& {
    throw Error{Fault::kInternal, "a session was asked for"};
  };
  const Stop stop;
  EXPECT_EQ(setting_or_secret(" whsec \n", {"secret", {"secret"}}, none, stop), "whsec");
  EXPECT_STREQ(thrown_by([&] { setting_or_secret(kSecret, kToken, none, stop); }).what(),
               "a session was asked for");
}

}  // namespace
}  // namespace drift::aws
