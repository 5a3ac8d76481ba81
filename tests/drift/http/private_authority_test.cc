#include "drift/http/private_authority.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "drift/base/error.h"
#include "tests/thrown_by.h"

namespace drift {
namespace {

class UsualAuthorities : public testing::Test {
 protected:
  void SetUp() override { forget(); }
  void TearDown() override { forget(); }

 private:
  static void forget() {
    for (const char* name :
         {"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"}) {
      ::unsetenv(name);
    }
  }
};

TEST_F(UsualAuthorities, AreTheSystemsWhereNobodyNamesOthers) {
  EXPECT_EQ(usual_authorities(), (CaLocations{system_ca_bundle(), ""}));
}

TEST_F(UsualAuthorities, TheFirstVariableCountsAlone) {
  ::setenv("REQUESTS_CA_BUNDLE", "/python.pem", 1);
  EXPECT_EQ(usual_authorities(), (CaLocations{"/python.pem", ""}));
  ::setenv("CURL_CA_BUNDLE", "/curl.pem", 1);
  EXPECT_EQ(usual_authorities(), (CaLocations{"/curl.pem", ""}));
  ::setenv("SSL_CERT_DIR", "/openssl", 1);
  EXPECT_EQ(usual_authorities(), (CaLocations{"", "/openssl"}));
  ::setenv("SSL_CERT_FILE", "/openssl.pem", 1);
  EXPECT_EQ(usual_authorities(), (CaLocations{"/openssl.pem", "/openssl"}));
}

TEST_F(UsualAuthorities, AFolderMayStandWhereAFileDoes) {
  ::setenv("REQUESTS_CA_BUNDLE", "/", 1);
  EXPECT_EQ(usual_authorities(), (CaLocations{"", "/"}));
}

TEST(TrustAlso, RefusesWhatHoldsNone) {
  const char* hint = "--ca-file takes a file of PEM certificates: -----BEGIN CERTIFICATE-----";
  expect_error(thrown_by([] { trust_also("/nonexistent.pem"); }), Fault::kConfiguration,
               "cannot read --ca-file /nonexistent.pem", hint);
  expect_error(thrown_by([] { trust_also("/dev/null"); }), Fault::kConfiguration,
               "there is no certificate in --ca-file /dev/null", hint);
  EXPECT_EQ(also_trusted(), "");
}

}  // namespace
}  // namespace drift
