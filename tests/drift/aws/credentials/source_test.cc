#include "drift/aws/credentials/source.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::aws {
namespace {

TEST(CheckKeys, WhatCannotStandInAHeaderIsRefusedWithoutBeingRepeated) {
  const auto error = [](const SigningKeys& keys) {
    return std::string(thrown_by([&] { check_keys(keys, "environment"); }).what());
  };
  EXPECT_NO_THROW(check_keys({"AKIA1", "a/b+c==", ""}, "environment"));
  EXPECT_EQ(error({"", "x", ""}), "the access key id from environment is empty");
  EXPECT_EQ(error({"AKIA1", "", ""}), "the secret access key from environment is empty");
  EXPECT_EQ(error({"AKIA 1", "x", ""}),
            "the access key id from environment holds characters that no key has");
  EXPECT_EQ(error({"AKIA1", "canary\r\nX: y", ""}),
            "the secret access key from environment holds characters that no key has");
  EXPECT_EQ(error({"AKIA1", "x", "canary\xc2\xa0"}),
            "the session token from environment holds characters that no key has");
}

TEST(CredentialDocument, HoldsWhatIsThereAndNeverThrows) {
  const auto whole = parse_credential_document(
      R"({"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "Token": "c",
          "Expiration": "d", "code": "e"})");
  EXPECT_TRUE(whole.is_object);
  EXPECT_EQ(whole.version, 1);
  EXPECT_EQ(whole.keys.access_key_id + whole.keys.secret_access_key + whole.keys.session_token +
                whole.expiration + whole.code,
            "abcde");
  for (const char* text : {"", "[]", "{", "null", "\xff", "{\"a\": 1e999}", "\"x\""}) {
    EXPECT_FALSE(parse_credential_document(text).is_object) << text;
  }
  const auto wrong = parse_credential_document(
      R"({"Version": "1", "AccessKeyId": 5, "SecretAccessKey": null, "Token": {}})");
  EXPECT_EQ(wrong.version, 0);
  EXPECT_EQ(wrong.keys.access_key_id + wrong.keys.secret_access_key + wrong.keys.session_token, "");
  EXPECT_EQ(parse_credential_document(R"({"Version": 18446744073709551615})").version, 0);
}

}  // namespace
}  // namespace drift::aws
