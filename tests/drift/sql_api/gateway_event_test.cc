#include "drift/sql_api/gateway_event.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::sql_api {
namespace {

std::string event_of(const std::string& context, const std::string& rest = R"("body":"{}")") {
  return R"({"requestContext":)" + context + "," + rest + "}";
}

TEST(GatewayRequest, NamesWhomApiGatewayVerified) {
  const std::pair<const char*, const char*> kContexts[] = {
      {R"({"authorizer":{"iam":{"userArn":"arn:aws:iam::123456789012:user/a"}}})",
       "arn:aws:iam::123456789012:user/a"},
      {R"({"identity":{"userArn":"arn:aws:sts::123456789012:assumed-role/r/s"}})",
       "arn:aws:sts::123456789012:assumed-role/r/s"},
      {R"({"authorizer":{"jwt":{"claims":{"sub":"somebody\n"},"scopes":null}}})", "somebody"},
      {R"({"authorizer":{"claims":{"sub":"pool-user"}}})", "pool-user"},
      {R"({"authorizer":{"lambda":{"principalId":"p"}}})", "p"},
      {R"({"authorizer":{"principalId":"p1"},"identity":{"userArn":null}})", "p1"},
  };
  for (const auto& [context, name] : kContexts) {
    const GatewayRequest request = gateway_request(event_of(context));
    EXPECT_EQ(request.caller.name, name);
    EXPECT_TRUE(request.caller.verified);
    EXPECT_EQ(request.payload, "{}");
  }
}

TEST(GatewayRequest, WithoutANameIsRefused) {
  for (const char* context :
       {"{}", R"({"authorizer":null})", R"({"authorizer":{"iam":{"userArn":""}}})",
        R"({"identity":{"sourceIp":"192.0.2.1","userArn":null}})", R"({"authorizer":["x"]})"}) {
    const Error error = thrown_by([&] { gateway_request(event_of(context)); });
    EXPECT_EQ(error.fault, Fault::kAccessDenied) << context;
    EXPECT_STREQ(error.what(), "API Gateway does not say who asks");
  }
}

TEST(GatewayRequest, IsAnEventWithABody) {
  const std::string named = R"({"authorizer":{"principalId":"p"}})";
  EXPECT_EQ(gateway_request(event_of(named, R"("body":"e30=","isBase64Encoded":true)")).payload,
            "{}");
  EXPECT_STREQ(thrown_by([&] {
                 gateway_request(event_of(named, R"("body":"?","isBase64Encoded":true)"));
               }).what(),
               "the event's body is not Base64");
  EXPECT_STREQ(thrown_by([&] { gateway_request(event_of(named, R"("body":null)")); }).what(),
               "the event has no body");
  for (const char* other : {"", "[]", R"({"query":"SELECT 1"})", "x"}) {
    EXPECT_STREQ(thrown_by([&] { gateway_request(other); }).what(),
                 "the request is not an event of API Gateway");
  }
}

TEST(GatewayAnswer, SaysByItsStatusWhoseErrorItIs) {
  const auto status = [](const std::string& type) {
    return gateway_answer(R"({"error":{"type":")" + type + R"(","message":"m"}})").substr(0, 17);
  };
  EXPECT_EQ(gateway_answer(R"({"rows":["a"]})"),
            R"({"statusCode":200,"headers":{"content-type":"application/json"},)"
            R"("body":"{\"rows\":[\"a\"]}"})");
  EXPECT_EQ(status("sql_failed"), R"({"statusCode":400)");
  EXPECT_EQ(status("access_denied"), R"({"statusCode":403)");
  EXPECT_EQ(status("outcome_unknown"), R"({"statusCode":500)");
}

}  // namespace
}  // namespace drift::sql_api
