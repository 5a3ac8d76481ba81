#include "drift/sql_api/envelope.h"

#include <gtest/gtest.h>

namespace drift::sql_api {
namespace {

TEST(Envelope, BareIsAsItWasAndMayBeAnySize) {
  EXPECT_EQ(closed(Envelope::kBare, "{\"rows\":[1", 1), "{\"rows\":[1");
}

TEST(Envelope, ProxysHoldsTheAnswerAsTextThatIsWhole) {
  EXPECT_EQ(closed(Envelope::kProxy, "{\"result\":[\"a\\\"b\"]", 10'000).value_or(""),
            R"({"statusCode":200,"body":"{\"result\":[\"a\\\"b\"]}")");
}

TEST(Envelope, ProxysMustFitWithRoomForWhatFollows) {
  const std::string quotes = "{\"result\":\"" + std::string(500, 'x') + "\"";
  EXPECT_TRUE(closed(Envelope::kProxy, quotes, 2'000));
  EXPECT_FALSE(closed(Envelope::kProxy, quotes, 1'500));
}

TEST(Envelope, ErrorIsASentenceWithItsPartsBesideIt) {
  const std::string error = R"({"error":{"type":"sql_failed","message":"no","position":3}})";
  ASSERT_TRUE(is_error_answer(error));
  EXPECT_EQ(proxied_error(error, false), R"({"statusCode":500,"body":"{\"error\":\"no\",)"
                                         R"(\"type\":\"sql_failed\",\"position\":3}"})");
  EXPECT_FALSE(is_error_answer(R"({"rows":[]})"));
}

TEST(Envelope, HealthCanBeReadInEveryPlace) {
  EXPECT_EQ(proxied_health(R"({"healthy":true})"),
            R"({"statusCode":200,"body":"{\"result\":{\"healthy\":true},\"healthy\":true}",)"
            R"("healthy":true})");
  EXPECT_EQ(proxied_error(R"({"error":{"type":"timed_out","message":"no"}})", true),
            R"({"statusCode":500,"body":"{\"error\":\"no\",\"type\":\"timed_out\",)"
            R"(\"healthy\":false}","error":"no","type":"timed_out","healthy":false})");
}

}  // namespace
}  // namespace drift::sql_api
