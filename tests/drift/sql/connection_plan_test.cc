#include "drift/sql/connection_plan.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "drift/base/error.h"
#include "tests/temporary_folder.h"
#include "tests/thrown_by.h"

namespace drift::sql {
namespace {

TEST(ConnectionPolicy, HostsAndPortsAreTakenApartAsLibpqDoes) {
  EXPECT_EQ(endpoints("a,b", "", "1,2"), (std::vector<Endpoint>{{"a", "", "1"}, {"b", "", "2"}}));
  EXPECT_EQ(endpoints("a,b", "", "6000"),
            (std::vector<Endpoint>{{"a", "", "6000"}, {"b", "", "6000"}}));
  EXPECT_EQ(endpoints("a,b", "", ",2"), (std::vector<Endpoint>{{"a", "", "5432"}, {"b", "", "2"}}));
  EXPECT_EQ(endpoints("", "10.0.0.1,10.0.0.2", ""),
            (std::vector<Endpoint>{{"", "10.0.0.1", "5432"}, {"", "10.0.0.2", "5432"}}));
  EXPECT_EQ(endpoints("", "", ""), (std::vector<Endpoint>{{"", "", "5432"}}));
}

TEST(ConnectionPolicy, PortThatIsNoneIsRefusedWithoutRepeatingIt) {
  for (const char* port : {"hunter2", "0", "65536", "12x", "-1", "5432,hunter2"}) {
    const Error error = thrown_by([&] { endpoints("a,b", "", port); });
    EXPECT_EQ(error.fault, Fault::kUsage);
    EXPECT_STREQ(error.what(), "a port in the database URL is not a number from 1 to 65535");
    EXPECT_EQ(error.hint,
              "where the password holds '/', ':' or '@', percent-encode them: %2F, %3A, %40");
  }
}

TEST(ConnectionPolicy, EndpointsAreNamedForPeople) {
  EXPECT_EQ(endpoint_name({"db.example.com", "10.0.0.1", "5432"}), "db.example.com:5432");
  EXPECT_EQ(endpoint_name({"", "10.0.0.1", "5433"}), "10.0.0.1:5433");
  EXPECT_EQ(endpoint_name({"::1", "", "5432"}), "[::1]:5432");
  EXPECT_EQ(endpoint_name({"/run/postgresql", "", "5432"}), "/run/postgresql");
  EXPECT_EQ(endpoint_name({"/run/postgresql", "", "5433"}), "/run/postgresql:5433");
  EXPECT_EQ(endpoint_name({"", "", "5432"}), "the local socket");
}

TEST(ConnectionPolicy, OnlySocketsAndTheLoopbackAreLocal) {
  for (const char* host :
       {"/run/postgresql", "@abstract", "", "localhost", "127.0.0.1", "127.8.9.10", "::1"}) {
    EXPECT_TRUE(is_local({host, "", "5432"})) << host;
  }
  for (const char* host : {"db.example.com", "127.example.com", "127.0.0.1.nip.io", "10.0.0.1",
                           "localhost.example.com", "LOCALHOST.", "::2", "1270.0.0.1"}) {
    EXPECT_FALSE(is_local({host, "", "5432"})) << host;
  }
}

TEST(ConnectionPolicy, WhereHostaddrIsGivenItDecidesWhatIsLocal) {
  EXPECT_TRUE(is_local({"db.example.com", "127.0.0.1", "5432"}));
  EXPECT_FALSE(is_local({"localhost", "10.0.0.1", "5432"}));
}

TEST(ConnectionPolicy, CertificateIsVerifiedInFullUnlessEveryHostIsLocal) {
  const Endpoint remote{"db.example.com", "", "5432"};
  const Endpoint local{"/run/postgresql", "", "5432"};
  EXPECT_EQ(sslmode_for("", {remote}), "verify-full");
  EXPECT_EQ(sslmode_for("", {local}), "prefer");
  EXPECT_EQ(sslmode_for("", {local, remote}), "verify-full");
  for (const char* mode : {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}) {
    EXPECT_EQ(sslmode_for(mode, {remote}), mode);
    EXPECT_EQ(sslmode_for(mode, {local}), mode);
  }
}

TEST(ConnectionPolicy, UnknownSslmodeIsRefused) {
  const Error error = thrown_by([] { sslmode_for("verify_full", {{"db", "", "5432"}}); });
  EXPECT_EQ(error.fault, Fault::kUsage);
  EXPECT_STREQ(error.what(), "the database URL asks for an sslmode that does not exist");
  EXPECT_EQ(error.hint, "the modes are disable, allow, prefer, require, verify-ca, verify-full");
}

TEST(ConnectionPolicy, WeakerThanVerifyFullIsAWarning) {
  const Endpoint remote{"db.example.com", "", "5432"};
  const auto warning = [&](bool encrypted, const char* mode, bool root) {
    return protection_warning(remote, {encrypted, mode, root});
  };
  EXPECT_EQ(warning(true, "verify-full", true), "");
  EXPECT_EQ(warning(false, "disable", false),
            "the connection to db.example.com:5432 is not encrypted (sslmode=disable)");
  EXPECT_EQ(warning(false, "prefer", false),
            "the connection to db.example.com:5432 is not encrypted (sslmode=prefer)");
  EXPECT_EQ(warning(true, "require", false),
            "the certificate of db.example.com:5432 is not verified (sslmode=require)");
  EXPECT_EQ(warning(true, "prefer", true),
            "the certificate of db.example.com:5432 is not verified (sslmode=prefer)");
  const std::string unnamed =
      "the certificate of db.example.com:5432 is not checked against its host name ";
  EXPECT_EQ(warning(true, "verify-ca", true), unnamed + "(sslmode=verify-ca)");
  EXPECT_EQ(warning(true, "require", true), unnamed + "(sslmode=require)");
}

TEST(ConnectionPolicy, ASocketNeedsNoWarningButLoopbackDoes) {
  EXPECT_EQ(protection_warning({"/run/postgresql", "", "5432"}, {false, "prefer", false}), "");
  EXPECT_EQ(protection_warning({"localhost", "127.0.0.1", "5432"}, {false, "prefer", false}),
            "the connection to localhost:5432 is not encrypted (sslmode=prefer)");
}

TEST(ConnectionPolicy, UsableUrlsPass) {
  for (const char* url :
       {"postgresql://u@db.example.com:5432/app", "postgres://u:p%40ss@db/app?sslmode=require",
        "postgresql:///app?host=/run/postgresql", "postgresql://db/app", "postgresql://",
        "postgresql://u:pa?ss@db/app", "postgresql://u@a:1,b:2/app?application_name=a@b",
        "host=db dbname=app", "host=db password='://x' dbname=app", "host=@abstract"}) {
    EXPECT_NO_THROW(check_database_url(url)) << url;
  }
}

TEST(ConnectionPolicy, PasswordThatWouldBeReadAsAHostIsRefusedWithoutRepeatingIt) {
  for (const char* url : {"postgresql://u:can@ry@db/app", "postgresql://u:can/ry@db/app",
                          "postgresql://u:5432/canary@db/app", "postgresql://u@db/canary@x",
                          "postgres://u:c?a@nary@db/app"}) {
    const Error error = thrown_by([&] { check_database_url(url); });
    EXPECT_EQ(error.fault, Fault::kUsage) << url;
    EXPECT_STREQ(error.what(),
                 "the database URL is ambiguous: an '@' or '/' in its user name or password is not "
                 "percent-encoded");
    EXPECT_EQ(error.hint,
              "write '@' as %40, '/' as %2F and ':' as %3A, or give the password by PGPASSWORD or "
              "~/.pgpass");
  }
}

TEST(ConnectionPolicy, SqlalchemyUrlIsExplained) {
  const Error error =
      thrown_by([] { check_database_url("postgresql+psycopg2://u:canary@db/app"); });
  EXPECT_EQ(error.fault, Fault::kUsage);
  EXPECT_STREQ(
      error.what(),
      "the database URL begins with postgresql+psycopg2://, which only SQLAlchemy understands");
  EXPECT_EQ(error.hint, "write postgresql:// instead");
}

TEST(ConnectionPolicy, UrlOfAnotherKindIsRefused) {
  for (const char* url : {"mysql://u:canary@db/app", "POSTGRESQL://db/app", "canary://x"}) {
    const Error error = thrown_by([&] { check_database_url(url); });
    EXPECT_EQ(error.fault, Fault::kUsage);
    EXPECT_STREQ(error.what(), "the database URL is not a PostgreSQL one");
    EXPECT_EQ(error.hint,
              "write postgresql://USER@HOST:PORT/DATABASE, and give the password by PGPASSWORD or "
              "~/.pgpass");
  }
  for (const char* url : {"", "app", "canary@db"}) {
    EXPECT_STREQ(thrown_by([&] { check_database_url(url); }).what(),
                 "the database URL is malformed: it has no scheme");
  }
}

TEST(ConnectionPolicy, ParseFailureIsToldWithoutWhatLibpqQuotes) {
  EXPECT_EQ(parse_failure_reason("invalid percent-encoded token: \"canary%2\"\n"),
            "invalid percent-encoded token");
  EXPECT_EQ(parse_failure_reason("missing \"=\" after \"canary\" in connection info string\n"),
            "missing '=' after a keyword");
  EXPECT_EQ(parse_failure_reason("invalid URI query parameter: \"canary\"\n"),
            "invalid URI query parameter");
  EXPECT_EQ(parse_failure_reason("unterminated quoted string in connection info string\n"),
            "unterminated quoted string in connection info string");
  EXPECT_EQ(parse_failure_reason(""), "libpq cannot parse it");
}

// A home without root certificates and an environment without PG*, whoever runs the tests.
class ConnectionPlanTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(home_.path(".postgresql"));
    ::setenv("HOME", home_.path().c_str(), 1);
    ::unsetenv("PGSSLMODE");
    ::unsetenv("PGGSSENCMODE");
  }
  void TearDown() override {
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

  TemporaryFolder home_;
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

  std::ofstream(home_.path(".postgresql/root.crt")) << "a certificate\n";
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
