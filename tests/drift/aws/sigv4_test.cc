#include "drift/aws/sigv4.h"

#include <gtest/gtest.h>

#include "drift/base/error.h"
#include "tests/thrown_by.h"

namespace drift::aws {
namespace {

using namespace std::chrono_literals;

// Requests and signatures of AWS's published vectors:
// https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4
const SigningKeys kKeys{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
constexpr char kToken[] =
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfI"
    "eoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0"
    "wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDry"
    "pNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

SigningScope scope_of_vectors() {
  using namespace std::chrono;
  SigningScope scope;
  scope.service = "service";
  scope.region = "us-east-1";
  scope.time = sys_days{2015y / August / 30} + 12h + 36min;
  return scope;
}

SigningRequest request_of(std::string method, std::string target) {
  SigningRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.headers = {{"Host", "example.amazonaws.com"}};
  return request;
}

SigningRequest form_post() {
  SigningRequest request = request_of("POST", "/");
  request.headers.insert(request.headers.begin(),
                         {"Content-Type", "application/x-www-form-urlencoded"});
  request.headers.emplace_back("Content-Length", "13");
  request.body = "Param1=value1";
  return request;
}

std::string signature_of(const SigningRequest& request,
                         const SigningScope& scope = scope_of_vectors(),
                         const SigningKeys& keys = kKeys) {
  return sign_headers(request, scope, keys).details.signature;
}

std::string canonical_of(const SigningRequest& request,
                         const SigningScope& scope = scope_of_vectors()) {
  return sign_headers(request, scope, kKeys).details.canonical_request;
}

std::string presigned(const SigningRequest& request,
                      const SigningScope& scope = scope_of_vectors()) {
  return presign_query(request, scope, kKeys, 1h).details.signature;
}

TEST(SignHeaders, SignsThePlainestRequestStepByStep) {
  const SignedHeaders result = sign_headers(request_of("GET", "/"), scope_of_vectors(), kKeys);
  EXPECT_EQ(result.details.canonical_request,
            "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
            "host;x-amz-date\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(result.details.string_to_sign,
            "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
            "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63");
  EXPECT_EQ(result.details.signature,
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"X-Amz-Date", "20150830T123600Z"},
      {"Authorization",
       "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
       "SignedHeaders=host;x-amz-date, "
       "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"}};
  EXPECT_EQ(result.headers, expected);
}

TEST(SignHeaders, SignsTheSessionTokenOrAddsItAfterwards) {
  SigningKeys keys = kKeys;
  keys.session_token = kToken;
  SigningScope scope = scope_of_vectors();
  const SigningRequest request = request_of("POST", "/");
  EXPECT_EQ(signature_of(request, scope, keys),
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
  scope.omit_session_token = true;
  const SignedHeaders after = sign_headers(request, scope, keys);
  EXPECT_EQ(after.details.signature,
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  EXPECT_EQ(after.headers.at(1),
            (std::pair<std::string, std::string>{"X-Amz-Security-Token", kToken}));
  // One that came with the request is signed as any header.
  SigningRequest with_header = request;
  with_header.headers.emplace_back("X-Amz-Security-Token", kToken);
  EXPECT_EQ(signature_of(with_header),
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
}

TEST(SignHeaders, WhatItAddsReplacesWhatCameWithTheRequest) {
  SigningKeys keys = kKeys;
  keys.session_token = kToken;
  SigningScope scope = scope_of_vectors();
  scope.sign_body = true;
  const SigningRequest plain = form_post();
  SigningRequest with_own = plain;
  with_own.headers.emplace_back("x-amz-security-token", "another");
  with_own.headers.emplace_back("x-amz-date", "another");
  with_own.headers.emplace_back("authorization", "another");
  EXPECT_EQ(signature_of(with_own, scope, keys), signature_of(plain, scope, keys));
  scope.omit_session_token = true;
  EXPECT_EQ(signature_of(with_own, scope, keys), signature_of(plain, scope, keys));
  with_own.headers.emplace_back("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
  const std::string canonical = sign_headers(with_own, scope, keys).details.canonical_request;
  EXPECT_NE(canonical.find("\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n"), std::string::npos)
      << canonical;
}

TEST(SignHeaders, SignsTheBodyAndItsHash) {
  SigningScope scope = scope_of_vectors();
  scope.sign_body = true;
  const SignedHeaders result = sign_headers(form_post(), scope, kKeys);
  EXPECT_EQ(result.details.signature,
            "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b");
  EXPECT_EQ(result.headers.at(1),
            (std::pair<std::string, std::string>{
                "X-Amz-Content-Sha256",
                "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}));
}

TEST(SignHeaders, TakesAGivenHashForTheBodys) {
  SigningRequest request = form_post();
  request.headers.emplace_back("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
  const std::string canonical = canonical_of(request);
  EXPECT_NE(canonical.find("\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n"), std::string::npos);
  EXPECT_EQ(canonical.substr(canonical.rfind('\n') + 1), "UNSIGNED-PAYLOAD");
}

TEST(SignHeaders, FoldsTrimsJoinsAndSortsHeaders) {
  SigningRequest request = request_of("GET", "/");
  request.headers.emplace_back("My-Header1", " value1");
  request.headers.emplace_back("My-Header2", " \"a   b   c\"");
  EXPECT_EQ(signature_of(request),
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");

  SigningRequest repeated = request_of("GET", "/");
  for (const char* value : {"value2", "value2", "value1"}) {
    repeated.headers.emplace_back("My-Header1", value);
  }
  EXPECT_EQ(signature_of(repeated),
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");

  SigningRequest lines = request_of("GET", "/");
  lines.headers.emplace_back("My-Header1", "value1\n  value2\r\n     value3");
  SigningRequest line = request_of("GET", "/");
  line.headers.emplace_back("My-Header1", "value1 value2 value3");
  EXPECT_EQ(signature_of(lines), signature_of(line));
}

TEST(SignHeaders, LeavesOutWhatChangesOnTheWay) {
  SigningRequest request = request_of("GET", "/");
  const std::string plain = signature_of(request);
  for (const char* name :
       {"Authorization", "Baggage", "Connection", "Expect", "Keep-Alive", "Proxy-Authenticate",
        "Proxy-Authorization", "TE", "Traceparent", "Tracestate", "Trailer", "Transfer-Encoding",
        "Upgrade", "User-Agent", "X-Amz-Date", "X-Amzn-Trace-Id"}) {
    request.headers.emplace_back(name, "anything");
  }
  EXPECT_EQ(signature_of(request), plain);
}

TEST(SignHeaders, DropsTheSchemesOwnPortFromHost) {
  SigningRequest request = request_of("GET", "/");
  const std::string plain = signature_of(request);
  request.headers = {{"host", "example.amazonaws.com:443"}};
  EXPECT_EQ(signature_of(request), plain);
  request.tls = false;
  EXPECT_NE(signature_of(request), plain);
  request.headers = {{"HOST", "example.amazonaws.com:80"}};
  EXPECT_EQ(signature_of(request), plain);
  request.tls = true;
  EXPECT_NE(signature_of(request), plain);
}

TEST(SignHeaders, RefusesARequestWithoutHost) {
  SigningRequest request;
  expect_error(thrown_by([&] { signature_of(request); }), Fault::kInternal,
               "a request without a Host header cannot be signed", "");
}

TEST(SignHeaders, EncodesThePathOnceMoreButForS3) {
  SigningScope scope = scope_of_vectors();
  const auto path = [&](const std::string& target) {
    const std::string canonical = canonical_of(request_of("GET", target), scope);
    return canonical.substr(4, canonical.find('\n', 4) - 4);
  };
  EXPECT_EQ(signature_of(request_of("GET", "/\xe1\x88\xb4")),
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
  EXPECT_EQ(path("/functions/arn%3Aaws/x"), "/functions/arn%253Aaws/x");
  EXPECT_EQ(path("/a/./b/../c//d/"), "/a/c/d/");
  EXPECT_EQ(path("/.."), "/");
  EXPECT_EQ(path("/a/.."), "/");
  EXPECT_EQ(path("//"), "/");
  EXPECT_EQ(path(""), "/");
  EXPECT_EQ(path("/~-._+:@"), "/~-._%2B%3A%40");

  scope.normalize_path = false;
  EXPECT_EQ(signature_of(request_of("GET", "/example space/"), scope),
            "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741");
  EXPECT_EQ(path("/a/./b/../c//d"), "/a/./b/../c//d");

  scope.double_encode_path = false;  // S3
  EXPECT_EQ(path("/a%20b/./c//../\xe1\x88\xb4+:%3a"), "/a%20b/./c//../\xe1\x88\xb4+:%3a");
}

TEST(SignHeaders, SortsTheQueryByEncodedNameThenValue) {
  EXPECT_EQ(signature_of(request_of("GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1")),
            "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac");
  const auto query = [](const std::string& text) {
    const std::string canonical = canonical_of(request_of("GET", "/?" + text));
    const std::size_t start = canonical.find('\n', 4) + 1;
    return canonical.substr(start, canonical.find('\n', start) - start);
  };
  EXPECT_EQ(query("b=2&a=2&a=1&b&a="), "a=&a=1&a=2&b=&b=2");
  EXPECT_EQ(query("c+d"), "c%2Bd=");
  EXPECT_EQ(query("x=%41%2f%7e"), "x=A%2F~");
  EXPECT_EQ(query("x=a=b"), "x=a%3Db");
  EXPECT_EQ(query("x=100%&y=%zz"), "x=100%25&y=%25zz");
  EXPECT_EQ(query("Qualifier=%24LATEST"), "Qualifier=%24LATEST");
  EXPECT_EQ(query(""), "");
}

TEST(PresignQuery, SignsItsOwnParametersWithThoseOfTheTarget) {
  EXPECT_EQ(presigned(request_of("GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1")),
            "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787");
  EXPECT_EQ(presigned(request_of("GET", "/?\xe1\x88\xb4=bar")),
            "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600");
  const SignedQuery result =
      presign_query(request_of("GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1"),
                    scope_of_vectors(), kKeys, 1h);
  EXPECT_EQ(result.query,
            "Param-3=Value3&Param=Value2&%E1%88%B4=Value1&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-"
            "Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request&X-Amz-Date="
            "20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Signature="
            "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787");
}

TEST(PresignQuery, SignsTheSessionTokenOrAddsItAfterwards) {
  SigningKeys keys = kKeys;
  keys.session_token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
  SigningScope scope = scope_of_vectors();
  const SigningRequest request = request_of("GET", "/");
  EXPECT_EQ(presign_query(request, scope, keys, 1h).details.signature,
            "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c");
  scope.omit_session_token = true;
  const SignedQuery after = presign_query(request, scope, keys, 1h);
  EXPECT_EQ(after.details.signature, presigned(request));
  EXPECT_EQ(after.query.substr(after.query.find("&X-Amz-Signature=")),
            "&X-Amz-Signature=" + after.details.signature +
                "&X-Amz-Security-Token=" + keys.session_token);
}

TEST(PresignQuery, LeavesOutATimeOfZero) {
  const SignedQuery result = presign_query(request_of("GET", "/"), scope_of_vectors(), kKeys, 0s);
  EXPECT_EQ(result.query.find("X-Amz-Expires"), std::string::npos);
}

TEST(SigningKeys, AreWipedWhenTheyGo) {
  alignas(SigningKeys) char room[sizeof(SigningKeys)] = {};
  const std::string_view memory{room, sizeof room};
  // So short that they stand within the object.
  auto* keys = new (room) SigningKeys{"AKIDEXAMPLE", "canary-7Q", "canary-8R"};
  EXPECT_NE(memory.find("canary"), std::string_view::npos);
  keys->~SigningKeys();
  EXPECT_EQ(memory.find("canary"), std::string_view::npos);
}

TEST(UriEncoded, LeavesTheUnreservedAlone) {
  EXPECT_EQ(uri_encoded("AZaz09-_.~", false), "AZaz09-_.~");
  EXPECT_EQ(uri_encoded("a b/\xff+", false), "a%20b%2F%FF%2B");
  EXPECT_EQ(uri_encoded("a/b", true), "a/b");
}

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
