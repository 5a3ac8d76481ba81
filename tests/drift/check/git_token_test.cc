#include "drift/check/git_token.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::check {
namespace {

constexpr const char* kSecret =
    "arn:aws:secretsmanager:eu-central-1:123456789012:secret:github-token";
constexpr const char* kHint = "keep the token as plain text, or as {\"token\": \"...\"}";

TEST(GitToken, IsThePlainTextOfItsSecret) {
  EXPECT_EQ(token_in_secret("ghp_canary\n", kSecret), "ghp_canary");
  EXPECT_EQ(token_in_secret("\"quoted\"", kSecret), "quoted");
}

TEST(GitToken, IsOneOfTheUsualKeysOfAnObject) {
  for (const char* key : {"token", "github_token", "GITHUB_TOKEN", "access_token", "password"}) {
    const std::string secret = std::string("{\"user\": \"bot\", \"") + key + "\": \"canary\"}";
    EXPECT_EQ(token_in_secret(secret, kSecret), "canary") << key;
  }
  EXPECT_EQ(token_in_secret("{\"whatever\": \"canary\"}", kSecret), "canary");
}

TEST(GitToken, ThatIsNotThereIsNamedByItsSecretAndKeysAlone) {
  const std::string name = std::string("the secret ") + kSecret;
  expect_error(thrown_by([] { token_in_secret("{\"a\": \"canary\", \"b\": 1}", kSecret); }),
               Fault::kConfiguration, name + " holds no token; its keys are: a, b", kHint);
  expect_error(thrown_by([] { token_in_secret(" \n", kSecret); }), Fault::kConfiguration,
               name + " is empty", kHint);
  expect_error(thrown_by([] { token_in_secret("-----BEGIN\ncanary\n-----END", kSecret); }),
               Fault::kConfiguration, name + " holds no token", kHint);
}

}  // namespace
}  // namespace drift::check
