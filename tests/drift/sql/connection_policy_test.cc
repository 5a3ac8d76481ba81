#include "drift/sql/connection_policy.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace drift::sql
