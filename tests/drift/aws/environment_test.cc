#include "drift/aws/environment.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/drift/aws/variables.h"
#include "tests/temporary_folder.h"
#include "tests/thrown_by.h"

namespace drift::aws {
namespace {

TEST(Environment, AnEmptyVariableIsNone) {
  EXPECT_EQ(with_variables({{"AWS_REGION", ""}}).variable("AWS_REGION"), std::nullopt);
}

TEST(Environment, TheRegionIsTheNearestThatSaysOne) {
  const TemporaryFolder folder;
  std::ofstream(folder.path("config")) << "[profile x]\nregion = from-file\n";
  const auto region = [&](std::map<std::string, std::string> variables) {
    variables["AWS_CONFIG_FILE"] = folder.path("config");
    variables["AWS_PROFILE"] = "x";
    return with_variables(variables).region();
  };
  EXPECT_EQ(region({}), "from-file");
  EXPECT_EQ(region({{"AWS_DEFAULT_REGION", "second"}}), "second");
  EXPECT_EQ(region({{"AWS_DEFAULT_REGION", "second"}, {"AWS_REGION", "first"}}), "first");
  EXPECT_EQ(with_variables({}).region(), std::nullopt);
}

TEST(Environment, ABrokenFileHurtsOnlyWhoAsksForIt) {
  const TemporaryFolder folder;
  std::ofstream(folder.path("config")) << "oops\n";
  const Environment environment =
      with_variables({{"AWS_CONFIG_FILE", folder.path("config")}, {"AWS_REGION", "eu-west-1"}});
  EXPECT_EQ(environment.region(), "eu-west-1");
  for (int i = 0; i < 2; ++i) {  // the second time too
    EXPECT_EQ(std::string(thrown_by([&] { environment.ca_bundle(); }).what()),
              folder.path("config") + ":1: the line comes before any [section]");
  }
}

TEST(Environment, TwoVariablesThatNameDifferentProfilesAreAnError) {
  expect_error(
      thrown_by([&] {
        with_variables({{"AWS_PROFILE", "a"}, {"AWS_DEFAULT_PROFILE", "b"}}).profile_name();
      }),
      Fault::kConfiguration, "AWS_PROFILE names the profile a, and AWS_DEFAULT_PROFILE names b",
      "unset AWS_DEFAULT_PROFILE: some AWS tools prefer it, others do not know it");
  EXPECT_EQ(with_variables({{"AWS_DEFAULT_PROFILE", "b"}}).profile_name(), "b");
  EXPECT_EQ(with_variables({{"AWS_PROFILE", "a"}, {"AWS_DEFAULT_PROFILE", "a"}}).profile_name(),
            "a");
  EXPECT_EQ(with_variables({}).profile_name(), "default");
}

TEST(Environment, TheCredentialsFilesSettingsWinInsideAProfile) {
  const TemporaryFolder folder;
  std::ofstream(folder.path("config")) << "[default]\nregion = a\noutput = json\n";
  std::ofstream(folder.path("credentials")) << "[default]\nregion = b\n";
  const Environment environment =
      with_variables({{"AWS_CONFIG_FILE", folder.path("config")},
                      {"AWS_SHARED_CREDENTIALS_FILE", folder.path("credentials")}});
  EXPECT_EQ(environment.profile("default"), (ProfileSettings{{"region", "b"}, {"output", "json"}}));
  EXPECT_EQ(environment.profile("other"), std::nullopt);
}

TEST(Environment, AFlagIsTrueOrFalseAndNothingElse) {
  const auto flag = [](const std::string& value) {
    return with_variables({{"AWS_USE_FIPS_ENDPOINT", value}})
        .flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
  };
  EXPECT_TRUE(flag("True"));
  EXPECT_FALSE(flag("FALSE"));
  EXPECT_FALSE(flag(""));
  expect_error(thrown_by([&] { flag("1"); }), Fault::kConfiguration,
               "AWS_USE_FIPS_ENDPOINT is neither true nor false: 1", "write true or false");
}

TEST(Environment, PathsAreFilledInFromVariablesAndTheHomeDirectory) {
  const auto path = [](const std::string& text) {
    return with_variables({{"AWS_CONFIG_FILE", text}, {"HOME", "/h"}, {"D", "dir"}}).config_path();
  };
  EXPECT_EQ(path("~/c"), "/h/c");
  EXPECT_EQ(path("$HOME/${D}/$D_/c"), "/h/dir/$D_/c");
  EXPECT_EQ(path("a~/${/$"), "a~/${/$");
  EXPECT_EQ(path("~no-such-user/c"), "~no-such-user/c");
}

using Words = std::vector<std::string>;

TEST(ShellWords, QuotesAreTakenOffAndNothingIsExpanded) {
  EXPECT_EQ(shell_words("/bin/x --role 'a b' \"c \\\"d\\\"\" e\\ f ''"),
            (Words{"/bin/x", "--role", "a b", "c \"d\"", "e f", ""}));
  EXPECT_EQ(shell_words("~ $HOME `id` $(id) * a;b | c #d"),
            (Words{"~", "$HOME", "`id`", "$(id)", "*", "a;b", "|", "c", "#d"}));
  EXPECT_EQ(shell_words(" \t\r\n"), Words{});
}

TEST(ShellWords, WhatIsNotFinishedIsNothing) {
  EXPECT_EQ(shell_words("a 'b"), std::nullopt);
  EXPECT_EQ(shell_words("a \"b"), std::nullopt);
  EXPECT_EQ(shell_words("a \"b\\"), std::nullopt);
  EXPECT_EQ(shell_words("a \\"), std::nullopt);
}

}  // namespace

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
