#include "drift/doctor/checks.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace drift::doctor {
namespace {

TEST(FolderSpace, LittleAndNoneAreTold) {
  EXPECT_EQ(space_problem({kLittleSpace, 1}), "");
  EXPECT_EQ(space_problem({kLittleSpace - 1, 1}), "only 99 MiB are free");
  EXPECT_EQ(space_problem({0, 1}), "the disk is full");
  EXPECT_EQ(space_problem({kLittleSpace, 0}),
            "the disk has no room for another file name (inodes)");
}

TEST(Encryption, WhatTheLastReportGotIsTold) {
  const aws::BucketEncryption key{"aws:kms", "arn:key"};
  const aws::ObjectEncryption by_key{"aws:kms", "arn:key"}, plain{"AES256", ""}, none{};
  const Outcome kept = encryption_outcome("b", key, "", by_key);
  EXPECT_EQ(kept.state, State::kOk);
  EXPECT_EQ(
      kept.seen,
      "aws:kms with the key arn:key by default; reports ask for nothing else; the last report "
      "got aws:kms with the key arn:key");
  const Outcome lost = encryption_outcome("b", key, "", plain);
  EXPECT_EQ(lost.state, State::kWarn);
  EXPECT_EQ(
      lost.action,
      "the next report shows whether that is over: releases before this one asked for AES256, "
      "whatever the bucket said");
  EXPECT_EQ(encryption_outcome("b", key, "AES256", plain).state, State::kOk);
  EXPECT_EQ(encryption_outcome("b", aws::BucketEncryption{"AES256", ""}, "arn:key", by_key).state,
            State::kOk);
  EXPECT_EQ(encryption_outcome("b", key, "", std::nullopt).seen,
            "aws:kms with the key arn:key by default; reports ask for nothing else");
  const Outcome open = encryption_outcome("b", std::nullopt, "", none);
  EXPECT_EQ(open.state, State::kWarn);
  EXPECT_EQ(open.seen,
            "no default encryption; reports ask for nothing else; the last report got nothing");
}

TEST(Folder, OneThatIsThereIsWritableAndStaysAsItIs) {
  const TemporaryFolder folder;
  const Outcome outcome =
      examine_folder("spool", folder.path() + "/", TrustedFolder::Kind::kOwn, "hint");
  EXPECT_EQ(outcome, (Outcome{"spool", folder.path() + "/", State::kOk, "writable", ""}));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Folder, OneThatEverybodyMayWriteIntoFails) {
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  EXPECT_EQ(
      examine_folder("cache", folder.path(), TrustedFolder::Kind::kOwn, "hint"),
      (Outcome{"cache", folder.path(), State::kFail, "is not trusted: everybody may write into it",
               "give a folder that belongs to the user of the nightly run and that nobody else "
               "may write into (chmod 700)"}));
}

TEST(Folder, OneThatIsNotThereCanBeMade) {
  const TemporaryFolder folder;
  const Outcome outcome =
      examine_folder("spool", folder.path("a/b/c"), TrustedFolder::Kind::kOwn, "hint");
  EXPECT_EQ(outcome.state, State::kOk);
  EXPECT_EQ(outcome.seen, "is not there yet; the first run makes it");
  EXPECT_FALSE(std::filesystem::exists(folder.path("a")));
}

TEST(Folder, FileInItsPlaceFails) {
  const TemporaryFolder folder;
  std::ofstream(folder.path("file")) << "x";
  EXPECT_EQ(examine_folder("spool", folder.path("file"), TrustedFolder::Kind::kOwn, "hint"),
            (Outcome{"spool", folder.path("file"), State::kFail,
                     folder.path("file") + " is not a folder", "hint"}));
  EXPECT_EQ(examine_folder("spool", folder.path("file/below"), TrustedFolder::Kind::kOwn, "hint"),
            (Outcome{"spool", folder.path("file/below"), State::kFail,
                     folder.path("file/below") + " cannot be reached: Not a directory", "hint"}));
}

}  // namespace

namespace {

std::string policy(const char* effect, const char* principal, const char* action,
                   const char* condition) {
  return fmt::format(
      R"({{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": "*",
          "Action": "s3:GetObject"}}, {{"Effect": "{}", "Principal": {}, "Action": {},
          "Condition": {}}}]}})",
      effect, principal, action, condition);
}

constexpr const char* kInsecure = R"({"Bool": {"aws:SecureTransport": "false"}})";

TEST(TlsPolicy, DenialOfEverythingToEverybodyDemandsTls) {
  EXPECT_TRUE(demands_tls(policy("Deny", R"("*")", R"("s3:*")", kInsecure)));
  EXPECT_TRUE(demands_tls(policy("Deny", R"({"AWS": "*"})", R"(["s3:*"])", kInsecure)));
  EXPECT_TRUE(demands_tls(policy("Deny", R"({"AWS": ["*"]})", R"("*")",
                                 R"({"Bool": {"aws:SecureTransport": ["false"]}})")));
  EXPECT_TRUE(demands_tls(
      policy("Deny", R"("*")", R"("s3:*")", R"({"Bool": {"aws:SecureTransport": false}})")));
  EXPECT_TRUE(demands_tls(R"({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*",
                              "Condition": {"Bool": {"aws:SecureTransport": "false"}}}})"));
}

TEST(TlsPolicy, AnythingLessDoesNot) {
  EXPECT_FALSE(demands_tls(policy("Allow", R"("*")", R"("s3:*")", kInsecure)));
  EXPECT_FALSE(demands_tls(
      policy("Deny", R"({"AWS": "arn:aws:iam::123456789012:root"})", R"("s3:*")", kInsecure)));
  EXPECT_FALSE(demands_tls(policy("Deny", R"("*")", R"("s3:GetObject")", kInsecure)));
  EXPECT_FALSE(demands_tls(
      policy("Deny", R"("*")", R"("s3:*")", R"({"Bool": {"aws:SecureTransport": "true"}})")));
  // A second condition narrows the denial.
  EXPECT_FALSE(demands_tls(
      policy("Deny", R"("*")", R"("s3:*")",
             R"({"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "false"}})")));
  EXPECT_FALSE(demands_tls(policy("Deny", R"("*")", R"("s3:*")", "{}")));
}

TEST(TlsPolicy, WhatIsNoPolicyDemandsNothing) {
  for (const char* text : {"", "{", "[]", "null", R"({"Statement": null})", R"({"Statement": [1]})",
                           R"({"Statement": [{"Effect": ["Deny"], "Principal": 1}]})"}) {
    EXPECT_FALSE(demands_tls(text)) << text;
  }
}

aws::LifecycleRule rule(const char* prefix, int days) {
  aws::LifecycleRule made;
  made.prefix = prefix;
  made.enabled = true;
  made.expires_after = days;
  return made;
}

TEST(Lifecycle, ShortestRuleThatMeetsReportsCounts) {
  const Outcome outcome = lifecycle_outcome(
      "bucket", {rule("schema-drift/2", 400), rule("schema-drift/2026/", 90), rule("logs/", 1)},
      "schema-drift/", {});
  EXPECT_EQ(outcome,
            (Outcome{"reports_lifecycle", "bucket", State::kOk, "reports end after 90 days", ""}));
}

TEST(Lifecycle, RuleThatEndsAcknowledgementsOrTheLatestReportsIsWarnedOf) {
  const std::string action =
      "let the rule take the prefix schema-drift/2, with which only dated reports begin: what was "
      "acknowledged or told is forgotten with them, and told again";
  for (const char* prefix : {"", "schema", "schema-drift/"}) {
    EXPECT_EQ(lifecycle_outcome("bucket", {rule(prefix, 90)}, "schema-drift/", {}),
              (Outcome{"reports_lifecycle", "bucket", State::kWarn,
                       "reports end after 90 days; a rule also ends acknowledgements or the latest "
                       "reports",
                       action}))
        << prefix;
  }
  for (const char* prefix : {"schema-drift/acks/", "schema-drift/l", "schema-drift/latest/told/"}) {
    EXPECT_EQ(lifecycle_outcome("bucket", {rule(prefix, 90)}, "schema-drift/", {}),
              (Outcome{"reports_lifecycle", "bucket", State::kWarn,
                       "no rule ends reports: they are kept for good; a rule also ends "
                       "acknowledgements or the latest reports",
                       action}))
        << prefix;
  }
}

TEST(Lifecycle, RuleThatIsOffOrEndsNothingOrTakesTagsIsPassedOver) {
  std::vector<aws::LifecycleRule> rules = {rule("", 3), rule("", 0), rule("", 4)};
  rules[0].enabled = false;
  rules[2].conditional = true;
  EXPECT_EQ(lifecycle_outcome("bucket", rules, "", {}).seen,
            "no rule ends reports: they are kept for good");
}

}  // namespace

}  // namespace drift::doctor
