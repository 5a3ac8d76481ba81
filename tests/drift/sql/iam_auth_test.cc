#include "drift/sql/iam_auth.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "drift/base/error.h"
#include "tests/thrown_by.h"

namespace drift::sql {
namespace {

class IamAuth : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"PGUSER", "PGSERVICE"}) ::unsetenv(name);
  }

  // As libpq completes them, but for the operating system's user.
  static IamPlan plan(const ConnectionOptions& asked, const IamSettings& settings = {}) {
    ConnectionOptions complete = asked;
    if (value_of(complete, "user").empty()) complete["user"] = "root";
    return plan_iam_auth(asked, complete, settings);
  }
  static void expect_refusal(const ConnectionOptions& asked, const char* message,
                             const char* hint) {
    expect_error(thrown_by([&] { plan(asked); }), Fault::kUsage, message, hint);
  }

  const ConnectionOptions asked_ = {
      {"host", "app.abc.eu-central-1.rds.amazonaws.com"}, {"user", "drift"}, {"dbname", "app"}};
};

TEST_F(IamAuth, TokenIsForExactlyThatHostPortAndUser) {
  ConnectionOptions asked = asked_;
  asked["port"] = "5433";
  const IamPlan made = plan(asked);
  EXPECT_EQ(made.host, "app.abc.eu-central-1.rds.amazonaws.com");
  EXPECT_EQ(made.port, 5433);
  EXPECT_EQ(made.user, "drift");
  EXPECT_EQ(made.region, "eu-central-1");
  EXPECT_EQ(value_of(made.options, "host"), made.host);
  EXPECT_EQ(value_of(made.options, "port"), "5433");
  EXPECT_EQ(value_of(made.options, "user"), "drift");
  EXPECT_EQ(value_of(made.options, "password"), "");
  EXPECT_EQ(plan(asked_).port, 5432);
}

TEST_F(IamAuth, TlsIsForced) {
  EXPECT_EQ(value_of(plan(asked_).options, "sslmode"), "verify-full");
  EXPECT_EQ(value_of(plan(asked_).options, "gssencmode"), "disable");
  ConnectionOptions local = {{"host", "127.0.0.1"}, {"user", "drift"}};
  EXPECT_EQ(value_of(plan(local).options, "sslmode"), "verify-full");
  for (const char* mode : {"require", "verify-ca", "verify-full"}) {
    local["sslmode"] = mode;
    EXPECT_EQ(value_of(plan(local).options, "sslmode"), mode);
  }
}

TEST_F(IamAuth, WeakerTlsIsRefused) {
  const char* hint = "leave sslmode out (verify-full then), or write sslmode=require at the least";
  for (const char* mode : {"disable", "allow", "prefer"}) {
    ConnectionOptions asked = asked_;
    asked["sslmode"] = mode;
    expect_refusal(
        asked,
        (std::string("--auth iam needs TLS, and the database URL asks for sslmode=") + mode)
            .c_str(),
        hint);
  }
  ConnectionOptions asked = asked_;
  asked["sslmode"] = "canary";
  expect_refusal(asked,
                 "--auth iam needs TLS, and the database URL asks for sslmode=something that does "
                 "not exist",
                 hint);
}

TEST_F(IamAuth, RegionIsDbRegionElseTheHosts) {
  EXPECT_EQ(plan(asked_, {"", "us-east-1", ""}).region, "us-east-1");
  EXPECT_EQ(plan({{"host", "db.example.com"}, {"user", "u"}}).region, "");
}

TEST_F(IamAuth, ProxyFillsInWhatTheUrlLeavesOut) {
  const IamSettings settings{"proxy.example.com:5433", "eu-central-1", "app"};
  EXPECT_EQ(
      with_proxy({{"user", "drift"}}, settings),
      (ConnectionOptions{
          {"user", "drift"}, {"host", "proxy.example.com"}, {"port", "5433"}, {"dbname", "app"}}));
  EXPECT_EQ(with_proxy({{"host", "h"}, {"port", "1"}, {"dbname", "d"}}, settings),
            (ConnectionOptions{{"host", "h"}, {"port", "1"}, {"dbname", "d"}}));
}

TEST_F(IamAuth, UserThatNobodyNamedIsRefused) {
  expect_refusal({{"host", "h"}}, "--auth iam needs the name of the database user",
                 "write it in the URL, postgresql://USER@HOST/DATABASE, or set PGUSER");
  ::setenv("PGUSER", "drift", 1);
  EXPECT_EQ(plan_iam_auth({{"host", "h"}}, {{"host", "h"}, {"user", "drift"}}, {}).user, "drift");
}

TEST_F(IamAuth, PasswordSeveralHostsAndSocketsAreRefused) {
  ConnectionOptions asked = asked_;
  asked["password"] = "canary";
  expect_refusal(asked, "--auth iam makes the password itself, and the database URL has one",
                 "take the password out of the URL, or leave --auth iam out");
  expect_refusal({{"host", "a,b"}, {"user", "u"}},
                 "--auth iam needs one host, because a token is good for one alone",
                 "name the cluster's or the proxy's endpoint");
  for (const char* host : {"", "/run/postgresql", "@abstract"}) {
    expect_refusal({{"host", host}, {"user", "u"}}, "--auth iam needs the name of a host",
                   "write postgresql://USER@HOST/DATABASE, or set PROXY_ENDPOINT");
  }
}

}  // namespace
}  // namespace drift::sql
