#include "drift/aws/credentials/token_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"
#include "tests/thrown_by.h"

namespace drift::aws {
namespace {

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
            "cannot read the token " + folder.path("") + ": it is no regular file");
  EXPECT_EQ(std::string(error("empty").what()),
            "cannot read the token " + folder.path("empty") + ": it is empty");
  EXPECT_EQ(std::string(error("large").what()),
            "cannot read the token " + folder.path("large") + ": it is larger than 64 KiB");
}

}  // namespace
}  // namespace drift::aws
