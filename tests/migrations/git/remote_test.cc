#include "migrations/git/remote.h"

#include <gtest/gtest.h>

namespace drift::migrations {
namespace {

RepositoryLocation at(const std::string& url) { return parse_repository_location(url); }

std::string password_for(const std::string& url, const std::string& token) {
  const std::vector<RemoteCredential> credentials = https_credentials(at(url), token);
  return credentials.empty() ? "none" : credentials[0].user + ":" + credentials[0].password;
}

TEST(HttpsCredentials, ComeFromTheUrlFirstAndFromTheTokenSecond) {
  EXPECT_EQ(password_for("https://host/x", ""), "none");
  EXPECT_EQ(password_for("https://host/x", "tok"), "x-access-token:tok");
  EXPECT_EQ(password_for("https://jane@host/x", "tok"), "jane:tok");
  EXPECT_EQ(password_for("https://jane:pw@host/x", "tok"), "jane:pw");
  EXPECT_EQ(password_for("https://tok@host/x", ""), "tok:");
  EXPECT_EQ(password_for("https://:pw@host/x", ""), "x-access-token:pw");
}

// The first lines of keys that ssh-keygen made; what follows is not looked at.
TEST(SshKey, NeedsAPassphraseWhereItsFormatNamesACipher) {
  EXPECT_TRUE(
      needs_passphrase("-----BEGIN OPENSSH PRIVATE KEY-----\n"
                       "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABAs\n"));
  EXPECT_TRUE(needs_passphrase("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n"));
  EXPECT_TRUE(needs_passphrase("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"));
}

TEST(SshKey, NeedsNoPassphraseWhereItIsPlain) {
  EXPECT_FALSE(
      needs_passphrase("-----BEGIN OPENSSH PRIVATE KEY-----\r\n"
                       "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz\r\n"));
  EXPECT_FALSE(needs_passphrase("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n"));
  EXPECT_FALSE(needs_passphrase("nonsense"));
}

}  // namespace
}  // namespace drift::migrations
