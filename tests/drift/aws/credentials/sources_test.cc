#include "drift/aws/credentials/sources.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"
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

TEST(TokenFile, IsReadWithOrWithoutItsLineEnd) {
  const TemporaryFolder folder;
  std::ofstream(folder.path("token")) << "a b\r\n\n";
  EXPECT_EQ(read_token_file(folder.path("token"), "the token", true), "a b");
  EXPECT_EQ(read_token_file(folder.path("token"), "the token", false), "a b\r\n\n");
}

TEST(TokenFile, WhatCannotBeATokenIsAnError) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& name) {
    return thrown_by([&] { read_token_file(folder.path(name), "the token", true); });
  };
  std::ofstream(folder.path("empty")) << "\n";
  std::ofstream(folder.path("large")) << std::string(64 * 1024 + 1, 'x');
  const std::string hint =
      "check that the volume with the token is mounted and readable for this user";
  expect_error(error("none"), Fault::kNoCredentials,
               "cannot read the token " + folder.path("none") + ": No such file or directory",
               hint);
  EXPECT_EQ(std::string(error("").what()),
            "cannot read the token " + folder.path("") + ": it is not a regular file");
  EXPECT_EQ(std::string(error("empty").what()),
            "cannot read the token " + folder.path("empty") + ": it is empty");
  EXPECT_EQ(std::string(error("large").what()),
            "cannot read the token " + folder.path("large") + ": it is larger than 64 KiB");
}

}  // namespace
}  // namespace drift::aws
