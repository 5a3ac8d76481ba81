#include "drift/sql/connection_plan.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace drift::sql {
namespace {

// A home without root certificates and an environment without PG*, whoever runs the tests.
class ConnectionPlanTest : public testing::Test {
 protected:
  void SetUp() override {
    home_ = std::filesystem::path(testing::TempDir()) /
            ("plan-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
    std::filesystem::create_directories(home_ / ".postgresql");
    ::setenv("HOME", home_.c_str(), 1);
    ::unsetenv("PGSSLMODE");
    ::unsetenv("PGGSSENCMODE");
  }
  void TearDown() override {
    std::filesystem::remove_all(home_);
    ::unsetenv("PGSSLMODE");
    ::unsetenv("PGGSSENCMODE");
  }

  static ConnectionPlan plan(ConnectionOptions asked, const ConnectionOptions& filled_in = {}) {
    ConnectionOptions complete = asked;
    complete.insert({"sslmode", "prefer"});  // what libpq fills in
    complete.insert({"gssencmode", "prefer"});
    complete.insert(filled_in.begin(), filled_in.end());
    return plan_connection(asked, complete);
  }

  std::filesystem::path home_;
};

TEST_F(ConnectionPlanTest, PreferThatNobodyAskedForBecomesVerifyFull) {
  EXPECT_EQ(plan({{"host", "db"}}).options.at("sslmode"), "verify-full");
  EXPECT_EQ(plan({{"host", "/run/postgresql"}}).options.at("sslmode"), "prefer");
  // Neither host nor sslmode in the URL: PGHOST decides what is local.
  EXPECT_EQ(plan({}, {{"host", "db"}}).options.at("sslmode"), "verify-full");
}

TEST_F(ConnectionPlanTest, PreferThatSomebodyWroteDownStays) {
  EXPECT_EQ(plan({{"host", "db"}, {"sslmode", "prefer"}}).sslmode, "prefer");
  ::setenv("PGSSLMODE", "prefer", 1);
  EXPECT_EQ(plan({{"host", "db"}}).sslmode, "prefer");
}

TEST_F(ConnectionPlanTest, ModeFromTheEnvironmentOrAServiceFileStays) {
  EXPECT_EQ(plan_connection({}, {{"host", "db"}, {"sslmode", "disable"}}).sslmode, "disable");
}

TEST_F(ConnectionPlanTest, PublicAuthoritiesAreTrustedOnlyWhereNobodyNamesOne) {
  const bool has_bundle = std::filesystem::exists("/etc/ssl/certs/ca-certificates.crt") ||
                          std::filesystem::exists("/etc/pki/tls/certs/ca-bundle.crt");
  EXPECT_EQ(plan({{"host", "db"}}).options.count("sslrootcert"), has_bundle ? 1U : 0U);
  EXPECT_EQ(plan({{"host", "db"}, {"sslrootcert", "/my/ca.pem"}}).options.at("sslrootcert"),
            "/my/ca.pem");
  // libpq would make "require" mean verify-ca.
  EXPECT_EQ(plan({{"host", "db"}, {"sslmode", "require"}}).options.count("sslrootcert"), 0U);

  std::ofstream(home_ / ".postgresql" / "root.crt") << "a certificate\n";
  EXPECT_EQ(plan({{"host", "db"}}).options.count("sslrootcert"), 0U);
  EXPECT_TRUE(plan({{"host", "db"}, {"sslmode", "require"}}).has_root_certificate);
}

TEST_F(ConnectionPlanTest, KerberosIsNotTriedUnlessAskedFor) {
  EXPECT_EQ(plan({{"host", "db"}}).options.at("gssencmode"), "disable");
  EXPECT_EQ(plan({{"host", "db"}, {"gssencmode", "require"}}).options.at("gssencmode"), "require");
  ::setenv("PGGSSENCMODE", "prefer", 1);
  EXPECT_EQ(plan({{"host", "db"}}).options.count("gssencmode"), 0U);
}

TEST_F(ConnectionPlanTest, ConnectTimeoutBoundsEachAddressInTheKernelToo) {
  EXPECT_EQ(plan({{"host", "db"}}).connect_timeout, std::chrono::seconds(10));
  EXPECT_EQ(plan({{"host", "db"}}).options.at("tcp_user_timeout"), "10000");
  const ConnectionPlan patient = plan({{"host", "db"}, {"connect_timeout", "30"}});
  EXPECT_EQ(patient.connect_timeout, std::chrono::seconds(30));
  EXPECT_EQ(patient.options.at("tcp_user_timeout"), "30000");
  EXPECT_EQ(plan({{"host", "db"}, {"connect_timeout", "0"}}).connect_timeout,
            std::chrono::seconds(10))
      << "0 would wait for ever";
}

TEST_F(ConnectionPlanTest, SessionIsRecognisableAndSpeaksUtf8) {
  const ConnectionPlan made =
      plan({{"host", "db"}, {"client_encoding", "LATIN1"}, {"application_name", "x"}});
  EXPECT_EQ(made.options.at("client_encoding"), "UTF8");
  EXPECT_EQ(made.options.at("application_name"), "schema-drift");
}

}  // namespace
}  // namespace drift::sql
