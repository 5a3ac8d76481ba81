#include "drift/runtime_api/invoke.h"

#include <gtest/gtest.h>

#include <variant>

namespace drift::runtime_api {
namespace {

constexpr const char* kAuthority = "127.0.0.1:9001";
constexpr const char* kTarget = "/2015-03-31/functions/f/invocations";

RequestHead head_with(HttpHeaders headers, const std::string& target = kTarget) {
  RequestHead head{"POST", target, {{"host", kAuthority}}};
  for (auto& header : headers) head.headers.insert(head.headers.begin(), header);
  return head;
}

InvokeCall call_of(const RequestHead& head) {
  auto read = read_invoke(head, kAuthority);
  if (const auto* refusal = std::get_if<Refusal>(&read)) {
    ADD_FAILURE() << refusal->message;
    return {};
  }
  return std::get<InvokeCall>(read);
}

void expect_refused(const RequestHead& head, int status, const std::string& type,
                    const std::string& message) {
  const auto read = read_invoke(head, kAuthority);
  const auto* refusal = std::get_if<Refusal>(&read);
  ASSERT_NE(refusal, nullptr) << "was let in instead of: " << message;
  EXPECT_EQ(refusal->status, status);
  EXPECT_EQ(refusal->type, type);
  EXPECT_EQ(refusal->message, message);
}

TEST(InvokeRequest, NamesAFunctionAsInvokeDoes) {
  const auto name_of = [](const std::string& name) {
    const InvokeCall call =
        call_of(head_with({}, "/2015-03-31/functions/" + name + "/invocations"));
    return call.function + " " + call.qualifier;
  };
  EXPECT_EQ(name_of("f"), "f $LATEST");
  EXPECT_EQ(name_of("f:live"), "f live");
  EXPECT_EQ(name_of("f%3Alive"), "f live");
  EXPECT_EQ(name_of("123456789012:function:f:3"), "123456789012:function:f 3");
  EXPECT_EQ(name_of("arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3Af"),
            "arn:aws:lambda:eu-central-1:123456789012:function:f $LATEST");
  EXPECT_EQ(call_of(head_with({}, std::string(kTarget) + "?Qualifier=live")).qualifier, "live");
  EXPECT_EQ(call_of(head_with({}, std::string(kTarget) + "?Qualifier=%24LATEST")).qualifier,
            "$LATEST");
}

TEST(InvokeRequest, CarriesItsHeaders) {
  const InvokeCall call = call_of(head_with({{"x-amz-log-type", "Tail"},
                                             {"x-amz-invocation-type", "Event"},
                                             {"x-amzn-trace-id", "Root=1"},
                                             {"x-amz-client-context", "e30="}}));
  EXPECT_TRUE(call.wants_log);
  EXPECT_EQ(call.type, InvokeCall::Type::kEvent);
  EXPECT_EQ(call.trace_id, "Root=1");
  EXPECT_EQ(call.client_context, "e30=");
  EXPECT_EQ(call_of(head_with({{"x-amz-invocation-type", "DryRun"}})).type,
            InvokeCall::Type::kDryRun);
  EXPECT_EQ(call_of(head_with({{"x-amz-invocation-type", "RequestResponse"}})).type,
            InvokeCall::Type::kRequestResponse);
  EXPECT_FALSE(call_of(head_with({{"x-amz-log-type", "None"}})).wants_log);
}

TEST(InvokeRequest, OfAnotherHostIsRefused) {
  for (const char* host : {"evil.example.com", "evil.example.com:9001", "127.0.0.1:9002", "",
                           "127.0.0.1.example.com:9001", "localhost.example.com"}) {
    RequestHead head{"POST", kTarget, {{"host", host}}};
    expect_refused(head, 403, "AccessDeniedException",
                   "the host of this server is 127.0.0.1:9001, not " + std::string(host));
  }
  for (const char* host : {"127.0.0.1:9001", "127.0.0.1", "localhost:9001", "LOCALHOST"}) {
    call_of({"POST", kTarget, {{"host", host}}});
  }
}

TEST(InvokeRequest, WithoutAHostOrWithTwoIsRefused) {
  RequestHead head{"POST", kTarget, {}};
  expect_refused(head, 400, "BadRequestException",
                 "the request has 0 Host headers and must have one");
  head.headers = {{"host", kAuthority}, {"host", kAuthority}};
  expect_refused(head, 400, "BadRequestException",
                 "the request has 2 Host headers and must have one");
}

TEST(InvokeRequest, OfABrowserIsRefused) {
  for (const char* name : {"origin", "sec-fetch-site"}) {
    expect_refused(head_with({{name, "null"}}), 403, "AccessDeniedException",
                   "this server answers no browser");
  }
  for (const char* type :
       {"text/plain", "Text/Plain;charset=UTF-8", "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded"}) {
    expect_refused(head_with({{"content-type", type}}), 415, "UnsupportedMediaTypeException",
                   "a payload is application/json or has no content type");
  }
  call_of(head_with({{"content-type", "application/json"}}));
  call_of(head_with({{"content-type", "application/octet-stream"}}));
}

TEST(InvokeRequest, OfAnotherKindIsRefused) {
  const std::string expected = " is not POST /2015-03-31/functions/NAME/invocations";
  for (const auto& [method, target] : {std::pair{"GET", kTarget},
                                       {"POST", "/"},
                                       {"POST", "/2015-03-31/functions/"},
                                       {"POST", "/2015-03-31/functions/invocations"},
                                       {"OPTIONS", kTarget},
                                       {"POST", "/2015-03-31/functions/f/code"}}) {
    expect_refused({method, target, {{"host", kAuthority}}}, 404, "ResourceNotFoundException",
                   std::string(method) + " " + target + expected);
  }
  for (const char* name : {"a%2Fb", "a%00", "%3Alive", "a:b:c", "function:", "a%20b"}) {
    const auto read = read_invoke(
        head_with({}, "/2015-03-31/functions/" + std::string(name) + "/invocations"), kAuthority);
    ASSERT_TRUE(std::holds_alternative<Refusal>(read)) << name;
    EXPECT_EQ(std::get<Refusal>(read).type, "ValidationException") << name;
  }
  expect_refused(head_with({{"x-amz-invocation-type", "Later"}}), 400,
                 "InvalidParameterValueException", "unknown invocation type \"Later\"");
}

TEST(InvokeRequest, IsRefusedInLambdasForm) {
  EXPECT_EQ((Refusal{404, "X", "no \"f\""}.json()), R"({"Type":"User","Message":"no \"f\""})");
  EXPECT_EQ((Refusal{503, "X", "later"}.json()), R"({"Type":"Service","Message":"later"})");
}

}  // namespace
}  // namespace drift::runtime_api
