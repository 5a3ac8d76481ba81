#include "drift/aws/rds_token.h"

#include <gtest/gtest.h>

namespace drift::aws {
namespace {

using namespace std::chrono_literals;

const SigningKeys kKeys{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
constexpr TimePoint kNow{1'440'938'160s};  // 2015-08-30T12:36:00Z

std::string token(const std::string& host, int port, const std::string& user,
                  const SigningKeys& keys = kKeys, TimePoint now = kNow) {
  return rds_auth_token(host, port, user, "us-east-1", keys, now);
}

std::string signature_of(const std::string& text) {
  const std::string name = "X-Amz-Signature=";
  return text.substr(text.find(name) + name.size(), 64);
}

// The signature is botocore's (generate_db_auth_token) for the same input.
TEST(RdsToken, IsAPresignedConnectWithoutAScheme) {
  EXPECT_EQ(token("db.example.eu-central-1.rds.amazonaws.com", 5432, "drift_reader"),
            "db.example.eu-central-1.rds.amazonaws.com:5432/?Action=connect&DBUser=drift_reader&"
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%"
            "2Frds-db%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-"
            "Expires=900&X-Amz-Signature="
            "6af39d6c78d570ff53778dceab3324c5c45419edc0c8c9287ba8c5bb28217514");
}

TEST(RdsToken, IsForThisHostPortUserAndTimeAlone) {
  const std::string one = signature_of(token("db.example", 5432, "drift"));
  EXPECT_NE(one, signature_of(token("db2.example", 5432, "drift")));
  EXPECT_NE(one, signature_of(token("db.example", 5433, "drift")));
  EXPECT_NE(one, signature_of(token("db.example", 5432, "drifter")));
  EXPECT_NE(one, signature_of(token("db.example", 5432, "drift", kKeys, kNow + 1s)));
  EXPECT_EQ(one, signature_of(token("db.example", 5432, "drift")));
}

TEST(RdsToken, EncodesTheUserAndCarriesTheSessionToken) {
  SigningKeys keys = kKeys;
  keys.session_token = "a/b+c==";
  const std::string text = token("db.example", 5432, "drift reader&x=\xc3\xa9", keys);
  EXPECT_NE(text.find("&DBUser=drift%20reader%26x%3D%C3%A9&"), std::string::npos);
  EXPECT_NE(text.find("&X-Amz-Security-Token=a%2Fb%2Bc%3D%3D&X-Amz-Signature="), std::string::npos);
}

TEST(RdsToken, KeepsTheNameAsGivenAndBracketsIpv6) {
  EXPECT_EQ(token("DB.Example", 5432, "drift").substr(0, 16), "DB.Example:5432/");
  EXPECT_EQ(signature_of(token("DB.Example", 5432, "drift")),
            signature_of(token("db.example", 5432, "drift")));
  EXPECT_EQ(token("fd00::1", 5432, "drift").substr(0, 15), "[fd00::1]:5432/");
}

}  // namespace
}  // namespace drift::aws
