#include "drift/aws/shared_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"
#include "tests/thrown_by.h"

namespace drift::aws {
namespace {

// How files are read is compared with botocore in tests/differential/test_aws_settings.py; here
// stands what a person meets.

TEST(SharedFile, SectionsComeInTheOrderOfTheFileWithTheirDefaults) {
  const SharedFile file = parse_shared_file(
      "[DEFAULT]\nregion = eu-west-1\n[profile b]\n[profile a]\nREGION = x\ns3 =\n  max = 1\n",
      "f");
  EXPECT_EQ(file, (SharedFile{{"profile b", {{"region", "eu-west-1"}}},
                              {"profile a", {{"region", "x"}, {"s3.max", "1"}}}}));
}

TEST(SharedFile, RefusalsNameFileAndLineAndNeverTheText) {
  const auto refusal = [](const std::string& text) {
    return thrown_by([&] { parse_shared_file(text, "/h/.aws/config"); });
  };
  expect_error(refusal("[a]\nx = 1\n[b]\n[a]\n"), Fault::kConfiguration,
               "/h/.aws/config:4: section [a] is already at line 1",
               "the AWS tools refuse the whole file: merge the two sections");
  expect_error(refusal("[a]\ncanary = 1\n\nCANARY: canary\n"), Fault::kConfiguration,
               "/h/.aws/config:4: the setting is already at line 2",
               "the AWS tools refuse the whole file: remove one of the two");
  expect_error(refusal("# note\ncanary = canary\n"), Fault::kConfiguration,
               "/h/.aws/config:2: the line comes before any [section]",
               "the AWS tools refuse the whole file: the first line that is neither empty nor a "
               "comment must be a section such as [default]");
  expect_error(
      refusal("[a]\ncanary\n"), Fault::kConfiguration,
      "/h/.aws/config:2: the line is neither a [section] nor of the form name = value",
      "the AWS tools refuse the whole file: begin the line with '#' where it is a comment");
  expect_error(refusal("[a]\ns3 =\n  canary\n"), Fault::kConfiguration,
               "/h/.aws/config:2: a line below the setting is not of the form name = value",
               "the AWS tools refuse the whole file: lines below an empty setting are settings of "
               "their own");
  expect_error(refusal("\xEF\xBB\xBF[a]\n"), Fault::kConfiguration,
               "/h/.aws/config:1: the file begins with a byte order mark",
               "the AWS tools refuse the whole file: save it as UTF-8 without one");
  expect_error(refusal("[a]\nx = \xff\n"), Fault::kConfiguration, "/h/.aws/config is not UTF-8",
               "the AWS tools refuse the whole file: save it as UTF-8");
}

TEST(SharedFile, ASecretIndentedBelowASettingStaysOutOfIt) {
  const SharedFile file =
      parse_shared_file("[profile x]\nrole_arn = arn\n  aws_secret_access_key = canary\n", "f");
  expect_error(thrown_by([&] { single_line(file[0].second, "role_arn", "profile x"); }),
               Fault::kConfiguration, "role_arn of profile x goes on over several lines",
               "an indented line belongs to the setting above it: begin each setting in the first "
               "column");
}

TEST(SharedFile, WhatIsNoRegularFileCountsAsNone) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_shared_file(folder.path("none")), SharedFile{});
  EXPECT_EQ(read_shared_file(folder.path()), SharedFile{});
  EXPECT_EQ(read_shared_file("/dev/null"), SharedFile{});
  std::ofstream(folder.path("file")) << "[a]\n";
  EXPECT_EQ(read_shared_file(folder.path("file")), (SharedFile{{"a", {}}}));
}

TEST(SharedFile, AHugeFileIsRefusedBeforeItIsRead) {
  const TemporaryFolder folder;
  std::ofstream(folder.path("file")).close();
  std::filesystem::resize_file(folder.path("file"), (16u << 20) + 1);
  expect_error(thrown_by([&] { read_shared_file(folder.path("file")); }), Fault::kConfiguration,
               "cannot read " + folder.path("file") + ": it is larger than 16 MiB",
               "make it readable for this user, or name another file with AWS_CONFIG_FILE or "
               "AWS_SHARED_CREDENTIALS_FILE");
}

}  // namespace
}  // namespace drift::aws
