#include "drift/runtime_api/runtime.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "drift/base/log.h"
#include "tests/drift/http/scripted_server.h"
#include "tests/temporary_folder.h"
#include "tests/thrown_by.h"

namespace drift::runtime_api {
namespace {

using std::chrono::milliseconds;

std::string in_ms(milliseconds from_now) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::to_string(std::chrono::duration_cast<milliseconds>(now + from_now).count());
}

std::string reply(const std::string& status, const std::string& headers = {},
                  const std::string& body = {}) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), headers,
                     body);
}

std::string invocation(const std::string& id, const std::string& payload,
                       const std::string& more = {}) {
  return reply("200 OK", "Lambda-Runtime-Aws-Request-Id: " + id + "\r\n" + more, payload);
}

std::string error_body(const std::string& message, const std::string& type) {
  return "{\"errorMessage\":\"" + message + "\",\"errorType\":\"" + type + "\",\"stackTrace\":[]}";
}

// A Runtime API that gives the invocations of a test in turn, takes what comes back, and asks the
// runtime to end once there is nothing more.
class RuntimeApi : public testing::Test {
 protected:
  void give(std::string answer) { invocations_.push_back(std::move(answer)); }
  // What is answered to a POST whose path ends so; 202 to all others.
  void refuse(std::string path_end, std::string answer) {
    refused_ = std::move(path_end);
    refusal_ = std::move(answer);
  }

  void serve(
      const Function& function, const std::function<void()>& prepare = [] {}) {
    runtime_api::serve(server_.authority(), prepare, function, stop_, log_);
  }

  std::string log_text() const {
    std::ifstream file(folder_.path("log"));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  // Path and body of each POST, and the type of its error where it has one.
  struct Post {
    std::string path, error_type, body;
    bool operator==(const Post&) const = default;
  };
  std::vector<Post> posts() {
    const std::lock_guard lock{mutex_};
    return posts_;
  }

  TemporaryFolder folder_;
  std::FILE* log_file_ = std::fopen(folder_.path("log").c_str(), "w");
  Log log_{LogFormat::kText, LogLevel::kWarning, ::fileno(log_file_)};
  Stop stop_;

 private:
  void answer(Peer& peer, const std::string& request) {
    std::unique_lock lock{mutex_};
    const std::string line = request.substr(0, request.find("\r\n"));
    if (line.starts_with("GET")) {
      EXPECT_EQ(line, "GET /2018-06-01/runtime/invocation/next HTTP/1.1");
      if (given_ < invocations_.size()) {
        const std::string next = invocations_[given_++];
        lock.unlock();
        peer.write(next);
        return;
      }
      lock.unlock();
      stop_.request();
      peer.wait(std::chrono::seconds{5});
      return;
    }
    Post post;
    const std::size_t end = line.rfind(' ');
    post.path = line.substr(5, end - 5);
    constexpr std::string_view kType = "Lambda-Runtime-Function-Error-Type: ";
    if (const std::size_t at = request.find(kType); at != std::string::npos) {
      const std::size_t begin = at + kType.size();
      post.error_type = request.substr(begin, request.find("\r\n", begin) - begin);
    }
    post.body = request.substr(request.find("\r\n\r\n") + 4);
    const bool refused = !refused_.empty() && post.path.ends_with(refused_);
    posts_.push_back(std::move(post));
    const std::string text = refused ? refusal_ : reply("202 Accepted");
    lock.unlock();
    peer.write(text);
  }

  std::mutex mutex_;
  std::vector<std::string> invocations_;
  std::size_t given_ = 0;
  std::vector<Post> posts_;
  std::string refused_, refusal_;
  ScriptedServer server_{[this](Peer& peer) {
    for (std::string request; !(request = peer.read_request()).empty();) answer(peer, request);
  }};
};

TEST_F(RuntimeApi, AnInvocationIsAnsweredUnderItsId) {
  give(invocation("id-1", R"({"query":"SELECT 1"})",
                  "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:x:1:function:f\r\n"
                  "Lambda-Runtime-Trace-Id: Root=1-2-3\r\n"
                  "Lambda-Runtime-Client-Context: {\"a\":1}\r\n"));
  give(invocation("id-2", "{}"));
  std::vector<std::string> traces;
  std::vector<Invocation> seen;
  serve([&](const Invocation& one, const Stop&) {
    const char* trace = std::getenv("_X_AMZN_TRACE_ID");
    traces.emplace_back(trace == nullptr ? "none" : trace);
    seen.push_back(one);
    return "answer to " + one.request_id;
  });
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].payload, R"({"query":"SELECT 1"})");
  EXPECT_EQ(seen[0].function_arn, "arn:aws:lambda:x:1:function:f");
  EXPECT_EQ(seen[0].client_context, "{\"a\":1}");
  EXPECT_EQ(traces, (std::vector<std::string>{"Root=1-2-3", "none"}));
  EXPECT_EQ(posts(), (std::vector<Post>{
                         {"/2018-06-01/runtime/invocation/id-1/response", "", "answer to id-1"},
                         {"/2018-06-01/runtime/invocation/id-2/response", "", "answer to id-2"}}));
}

TEST_F(RuntimeApi, WhatAFunctionThrowsIsTheErrorOfItsInvocationAlone) {
  for (const char* id : {"error", "other", "unknown", "fine"}) give(invocation(id, "{"));
  serve([](const Invocation& one, const Stop&) -> std::string {
    if (one.request_id == "error") throw Error{Fault::kTimedOut, "too slow", "be quick"};
    if (one.request_id == "other") throw std::runtime_error("odd");
    if (one.request_id == "unknown") throw 7;  // NOLINT
    return "ok";
  });
  const std::string path = "/2018-06-01/runtime/invocation/";
  EXPECT_EQ(posts(),
            (std::vector<Post>{
                {path + "error/error", "Function.TimedOut",
                 error_body("too slow (be quick)", "Function.TimedOut")},
                {path + "other/error", "Function.Internal", error_body("odd", "Function.Internal")},
                {path + "unknown/error", "Function.Internal",
                 error_body("an exception of an unknown type", "Function.Internal")},
                {path + "fine/response", "", "ok"}}));
}

TEST_F(RuntimeApi, AFunctionHasUntilItsDeadlineLessATenth) {
  give(invocation("soon", "", "Lambda-Runtime-Deadline-Ms: " + in_ms(milliseconds{1000}) + "\r\n"));
  give(invocation("late", "", "Lambda-Runtime-Deadline-Ms: " + in_ms(milliseconds{-5}) + "\r\n"));
  give(invocation("long", "",
                  "Lambda-Runtime-Deadline-Ms: " + in_ms(milliseconds{60'000}) + "\r\n"));
  give(invocation("none", "", "Lambda-Runtime-Deadline-Ms: x\r\n"));
  std::vector<milliseconds> left;
  serve([&](const Invocation&, const Stop& stop) {
    left.push_back(stop.remaining());
    return "";
  });
  ASSERT_EQ(left.size(), 4u);
  EXPECT_LE(left[0], milliseconds{900});
  EXPECT_GT(left[0], milliseconds{500});
  EXPECT_EQ(left[1], milliseconds{0});
  EXPECT_LE(left[2], milliseconds{59'500});
  EXPECT_GT(left[2], milliseconds{58'000});
  EXPECT_GT(left[3], std::chrono::minutes{14});
}

TEST_F(RuntimeApi, AnAnswerThatLambdaWouldNotPassOnIsAnError) {
  give(invocation("large", "{}"));
  give(invocation("next", "{}"));
  serve([](const Invocation& one, const Stop&) {
    return one.request_id == "large" ? std::string(kMostAnswerBytes + 1, 'x') : "small";
  });
  const auto all = posts();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].path, "/2018-06-01/runtime/invocation/large/error");
  EXPECT_EQ(all[0].error_type, "Function.ResponseSizeTooLarge");
  EXPECT_EQ(all[0].body,
            error_body("the answer has 6291557 bytes, more than the 6291556 that Lambda passes on "
                       "(ask for fewer rows or columns)",
                       "Function.ResponseSizeTooLarge"));
  EXPECT_EQ(all[1].body, "small");
}

// A limit of its own that we do not know of.
TEST_F(RuntimeApi, AnAnswerThatIsRefusedAsTooLargeBecomesAnError) {
  give(invocation("a", "{}"));
  refuse("/response", reply("413 Payload Too Large"));
  serve([](const Invocation&, const Stop&) { return "{}"; });
  const auto all = posts();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].path, "/2018-06-01/runtime/invocation/a/error");
  EXPECT_EQ(all[1].error_type, "Function.ResponseSizeTooLarge");
}

TEST_F(RuntimeApi, AnAnswerThatNobodyWantsAnyMoreIsAWarning) {
  give(invocation("a", "{}"));
  give(invocation("b", "{}"));
  refuse("a/response", reply("403 Forbidden"));
  serve([](const Invocation&, const Stop&) { return "{}"; });
  EXPECT_EQ(posts().size(), 2u);
  EXPECT_EQ(log_text(),
            "schema-drift: warning: the Lambda Runtime API did not take an answer status=403 "
            "request_id=a\n");
}

TEST_F(RuntimeApi, ABrokenRuntimeApiEndsTheRuntime) {
  give(invocation("a", "{}"));
  refuse("/response", reply("500 Internal Server Error"));
  const Error error =
      thrown_by([&] { serve([](const Invocation&, const Stop&) { return "{}"; }); });
  expect_error(error, Fault::kHttpFailed,
               "the Lambda Runtime API answered 500 to /2018-06-01/runtime/invocation/a/",
               "the environment is broken: Lambda starts another one");
}

TEST_F(RuntimeApi, AnInvocationThatIsNoneEndsTheRuntime) {
  give(reply("403 Forbidden"));
  constexpr const char* kHint =
      "is AWS_LAMBDA_RUNTIME_API set by Lambda itself, and by nobody else?";
  const auto run = [&] { serve([](const Invocation&, const Stop&) { return "{}"; }); };
  expect_error(thrown_by(run), Fault::kHttpFailed,
               "the Lambda Runtime API answered 403 instead of an invocation", kHint);
  give(reply("200 OK"));
  expect_error(thrown_by(run), Fault::kHttpFailed,
               "the Lambda Runtime API gave an invocation without its id", kHint);
}

TEST_F(RuntimeApi, AConnectionThatBreaksIsTriedAgain) {
  std::atomic<int> connections = 0;
  Stop stop;
  ScriptedServer server{[&](Peer& peer) {
    if (++connections <= 2) return;  // closed without an answer
    if (peer.read_request().empty()) return;
    peer.write(invocation("a", "{}"));
    peer.read_request();
    stop.request();
    peer.write(reply("202 Accepted"));
  }};
  runtime_api::serve(
      server.authority(), [] {}, [](const Invocation&, const Stop&) { return "{}"; }, stop, log_);
  EXPECT_GE(connections, 3);
}

TEST_F(RuntimeApi, WhatKeepsAFunctionFromStartingIsAnInitError) {
  const Error error = thrown_by([&] {
    serve([](const Invocation&, const Stop&) { return ""; },
          [] {
            throw Error{Fault::kUsage, "no database was given", "give one"};
          });
  });
  EXPECT_EQ(std::string(error.what()), "no database was given");
  EXPECT_EQ(posts(),
            (std::vector<Post>{{"/2018-06-01/runtime/init/error", "Runtime.Usage",
                                error_body("no database was given (give one)", "Runtime.Usage")}}));
}

TEST_F(RuntimeApi, TheInvocationUnderWayIsToldToEndAndStillAnswered) {
  give(invocation("a", "{}"));
  serve([&](const Invocation&, const Stop& stop) {
    stop_.request();
    pollfd wake{stop.wake_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&wake, 1, 1000), 1);
    EXPECT_TRUE(stop.due());
    return "ended";
  });
  ASSERT_EQ(posts().size(), 1u);
  EXPECT_EQ(posts()[0].body, "ended");
}

TEST(RuntimeApiMissing, NobodyListens) {
  std::string authority;
  {
    const ScriptedServer server{[](Peer&) {}};
    authority = server.authority();
  }
  const Log log{LogFormat::kText, LogLevel::kError};
  const Stop stop;
  const Error error = thrown_by([&] {
    serve(
        authority, [] {}, [](const Invocation&, const Stop&) { return ""; }, stop, log);
  });
  EXPECT_EQ(std::string(error.what()),
            "cannot reach " + authority + ": connection refused (3 attempts)");
}

}  // namespace
}  // namespace drift::runtime_api
