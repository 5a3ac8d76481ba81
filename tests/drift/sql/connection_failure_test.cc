#include "drift/sql/connection_failure.h"

#include <gtest/gtest.h>

namespace drift::sql {
namespace {

const std::string kOne = "app on db.example.com:5432";

ConnectionFailure failure_with(const std::string& text) {
  ConnectionFailure failure;
  failure.text = text;
  failure.where = kOne;
  failure.user = "reader";
  return failure;
}

std::string at(const std::string& reason) {
  return "connection to server at \"db.example.com\" (10.0.0.1), port 5432 failed: " + reason;
}

void expect(const Error& error, Fault fault, const std::string& reason, const std::string& hint,
            bool retryable = false) {
  EXPECT_EQ(fault_name(error.fault), fault_name(fault));
  EXPECT_EQ(error.what(), "cannot connect to app on db.example.com:5432: " + reason);
  EXPECT_EQ(error.hint, hint);
  EXPECT_EQ(error.retryable, retryable);
}

TEST(ConnectionFailure, RefusedConnectionAsksWhetherTheServerRuns) {
  expect(connection_error(failure_with(
             at("Connection refused\n"
                "\tIs the server running on that host and accepting TCP/IP connections?\n"))),
         Fault::kConnectionFailed, "connection refused",
         "check the host and port in the URL, that the server runs, and that a firewall or "
         "security group lets this machine in",
         true);
}

TEST(ConnectionFailure, SameWordsFromTwoAddressesOfOneHostAreSaidOnce) {
  const Error error = connection_error(
      failure_with(at("Connection refused\n\tIs it?\n") + at("Connection refused\n\tIs it?\n")));
  EXPECT_STREQ(error.what(), "cannot connect to app on db.example.com:5432: connection refused");
}

TEST(ConnectionFailure, EachOfSeveralHostsIsNamedWithItsReason) {
  ConnectionFailure failure = failure_with(
      "connection to server at \"a\" (10.0.0.1), port 5432 failed: Connection refused\n"
      "connection to server at \"b\" (10.0.0.2), port 5433 failed: FATAL:  28P01: password "
      "authentication failed for user \"reader\"\nLOCATION:  auth_failed, auth.c:335\n");
  failure.where = "app on a:5432, b:5433";
  failure.several_hosts = true;
  const Error error = connection_error(failure);
  EXPECT_STREQ(error.what(),
               "cannot connect to app on a:5432, b:5433: a:5432: connection refused; b:5433: "
               "password authentication failed for user \"reader\"");
  EXPECT_EQ(error.fault, Fault::kDatabaseAuthenticationFailed)
      << "the server that answered tells more than the one that did not";
}

TEST(ConnectionFailure, SqlstateDecidesWhateverTheLanguage) {
  expect(connection_error(failure_with(at("FATAL:  28P01: Passwort-Authentifizierung für Benutzer "
                                          "»reader« fehlgeschlagen\nLOCATION:  x, auth.c:335\n"))),
         Fault::kDatabaseAuthenticationFailed,
         "Passwort-Authentifizierung für Benutzer »reader« fehlgeschlagen",
         "check the user and the password in the URL, PGPASSWORD or ~/.pgpass");
}

TEST(ConnectionFailure, RoleThatDoesNotExistIsAMatterOfAuthentication) {
  expect(connection_error(failure_with(
             at("FATAL:  28000: role \"reader\" does not exist\nLOCATION:  x, y:1\n"))),
         Fault::kDatabaseAuthenticationFailed, "role \"reader\" does not exist",
         "check the user, and the server's pg_hba.conf for this user, database and address");
}

TEST(ConnectionFailure, DatabaseThatDoesNotExistPointsAtTheUrl) {
  expect(connection_error(failure_with(at("FATAL:  3D000: database \"app\" does not exist\n"))),
         Fault::kConnectionFailed, "database \"app\" does not exist",
         "check the database name in the URL");
}

TEST(ConnectionFailure, MissingConnectRightIsPermissionDenied) {
  expect(connection_error(
             failure_with(at("FATAL:  42501: permission denied for database \"app\"\nDETAIL:  User "
                             "does not have CONNECT privilege.\nLOCATION:  x, postinit.c:400\n"))),
         Fault::kPermissionDenied, "permission denied for database \"app\"",
         "GRANT CONNECT on the database to this role: reading needs no more than CONNECT, USAGE on "
         "the schema and SELECT on the version table");
}

TEST(ConnectionFailure, FullServerMayBeTriedAgain) {
  expect(connection_error(failure_with(at("FATAL:  53300: sorry, too many clients already\n"))),
         Fault::kConnectionFailed, "sorry, too many clients already",
         "the server has no free connection; run again later, or connect through a pooler", true);
}

TEST(ConnectionFailure, StartingServerMayBeTriedAgain) {
  expect(connection_error(failure_with(at("FATAL:  57P03: the database system is starting up\n"))),
         Fault::kConnectionFailed, "the database system is starting up",
         "the server is starting up, shutting down or recovering; run again later", true);
  expect(connection_error(failure_with(at("FATAL:  57P01: terminating connection\n"))),
         Fault::kConnectionFailed, "terminating connection",
         "the server is shutting down; run again later", true);
}

TEST(ConnectionFailure, PasswordThatNobodyGaveIsAskedFor) {
  ConnectionFailure failure = failure_with(at("fe_sendauth: no password supplied\n"));
  failure.needs_password = true;
  expect(connection_error(failure), Fault::kDatabaseAuthenticationFailed,
         "the server asks for the password of reader and none was given",
         "give the password by PGPASSWORD, ~/.pgpass or the URL");
}

TEST(ConnectionFailure, ServerWithoutTlsIsATlsFailure) {
  expect(connection_error(failure_with(at("server does not support SSL, but SSL was required\n"))),
         Fault::kTlsFailed, "server does not support SSL, but SSL was required",
         "turn on ssl at the server; only where nobody can listen in, add sslmode=disable to the "
         "URL");
}

TEST(ConnectionFailure, UntrustedCertificateAsksForItsAuthority) {
  expect(connection_error(failure_with(at("SSL error: certificate verify failed\n"))),
         Fault::kTlsFailed, "SSL error: certificate verify failed",
         "give the certificate authority that signed the server's certificate as sslrootcert=FILE "
         "in the URL; for Amazon RDS and Aurora that is the downloaded global-bundle.pem");
}

TEST(ConnectionFailure, CertificateOfAnotherNameIsATlsFailure) {
  expect(connection_error(failure_with(at("server certificate for \"db\" does not match host name "
                                          "\"db.example.com\"\n"))),
         Fault::kTlsFailed,
         "server certificate for \"db\" does not match host name \"db.example.com\"",
         "connect by a name that the certificate holds; hostaddr= can give the address beside it");
}

TEST(ConnectionFailure, MissingRootCertificateNamesTheOption) {
  expect(connection_error(failure_with(
             at("root certificate file \"/nowhere.pem\" does not exist\nEither provide the file or "
                "change sslmode to disable server certificate verification.\n"))),
         Fault::kTlsFailed, "root certificate file \"/nowhere.pem\" does not exist",
         "give a readable PEM file of the certificate authority as sslrootcert=FILE in the URL");
}

TEST(ConnectionFailure, ConnectionCutDuringTheHandshakeIsATlsFailure) {
  ConnectionFailure failure = failure_with(at("Connection reset by peer\n"));
  failure.in_tls_handshake = true;
  expect(connection_error(failure), Fault::kTlsFailed, "connection reset by peer",
         "check the server's TLS set-up and the sslrootcert and sslmode in the URL");
}

TEST(ConnectionFailure, HostNameThatDoesNotResolveMayBeTriedAgain) {
  expect(connection_error(failure_with(
             "could not translate host name \"db.example.com\" to address: Name or service not "
             "known\n")),
         Fault::kConnectionFailed,
         "could not translate host name \"db.example.com\" to address: Name or service not known",
         "check the host name in the URL, and name resolution", true);
}

TEST(ConnectionFailure, AddressThatDoesNotAnswerIsATimeOut) {
  expect(connection_error(failure_with(at("Connection timed out\n\tIs the server running?\n"))),
         Fault::kTimedOut, "connection timed out",
         "check the host and port in the URL, and that a firewall or security group lets this "
         "machine in; connect_timeout= in the URL waits longer",
         true);
}

TEST(ConnectionFailure, UnfitSessionPointsAtTargetSessionAttrs) {
  expect(connection_error(failure_with(at("session is read-only\n"))), Fault::kConnectionFailed,
         "session is read-only",
         "none of the hosts is what target_session_attrs in the URL asks for", true);
}

TEST(ConnectionFailure, OptionThatLibpqRefusesIsUsage) {
  expect(connection_error(failure_with("invalid target_session_attrs value: \"any-old\"\n")),
         Fault::kUsage, "invalid target_session_attrs value: \"any-old\"",
         "check the options in the database URL and in PG* variables");
}

TEST(ConnectionFailure, PgBouncerRefusingAUserIsAMatterOfAuthentication) {
  expect(connection_error(failure_with(at("FATAL:  08P01: \"trust\" authentication failed\n"))),
         Fault::kDatabaseAuthenticationFailed, "\"trust\" authentication failed",
         "check the user and the password, and PgBouncer's auth_file and auth_query");
  expect(connection_error(failure_with(at("FATAL:  08P01: no more connections allowed\n"))),
         Fault::kConnectionFailed, "no more connections allowed",
         "this is how PgBouncer refuses: see its own log for the cause");
}

TEST(ConnectionFailure, SilentFailureStillSaysWhere) {
  EXPECT_STREQ(connection_error(failure_with("")).what(),
               "cannot connect to app on db.example.com:5432: libpq gives no reason");
}

}  // namespace
}  // namespace drift::sql
