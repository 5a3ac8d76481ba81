#include <gtest/gtest.h>
#include <stdlib.h>

#include <mutex>

#include "tests/drift/http/calls.h"
#include "tests/drift/http/scripted_server.h"

namespace drift {
namespace {

// A proxy that the environment names, which notes what it is asked for and refuses it.
class HttpProxy : public testing::Test {
 protected:
  HttpProxy()
      : proxy_([this](Peer& peer) {
          const std::string text = peer.read_request();
          {
            const std::lock_guard lock{mutex_};
            asked_ += text.substr(0, text.find('\r')) + '\n';
          }
          peer.write("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
        }) {
    const std::string url = "http://user:hunter2@" + proxy_.authority();
    for (const char* name : {"HTTPS_PROXY", "http_proxy", "ALL_PROXY"}) {
      ::setenv(name, url.c_str(), 1);
    }
  }
  ~HttpProxy() override {
    for (const char* name : {"HTTPS_PROXY", "http_proxy", "ALL_PROXY", "NO_PROXY"}) {
      ::unsetenv(name);
    }
  }

  std::string asked() {
    const std::lock_guard lock{mutex_};
    return asked_;
  }

  static HttpRequest to(const std::string& origin) {
    HttpRequest request;
    request.origin = origin;
    request.target = "/?X-Amz-Signature=abc";
    return request;
  }

  std::mutex mutex_;
  std::string asked_;
  ScriptedServer proxy_;
};

TEST_F(HttpProxy, IsAskedForTheHostAndNothingElseOfTheRequest) {
  const Error error = failure_of(to("https://service.invalid"));
  EXPECT_EQ(asked(), "CONNECT service.invalid:443 HTTP/1.1\n");
  expect_failure(error, Fault::kHttpFailed, "cannot reach service.invalid: the proxy answered 407",
                 "check the user and password in HTTPS_PROXY, and what the proxy lets through",
                 false);
}

TEST_F(HttpProxy, IsPassedByWhereNoProxySaysSo) {
  ::setenv("NO_PROXY", "service.invalid", 1);
  const Error error = failure_of(to("https://service.invalid"));
  EXPECT_STREQ(error.what(), "cannot reach service.invalid: the name cannot be resolved");
  EXPECT_EQ(asked(), "");
}

TEST_F(HttpProxy, IsPassedByForPlainHttpAndForAddressesOfThisMachine) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.write(answer("direct"));
  }};
  const Stop stop;
  EXPECT_EQ(HttpClient{}.send(get(server), stop).body, "direct");
  EXPECT_STREQ(failure_of(to("http://service.invalid")).what(),
               "cannot reach service.invalid: the name cannot be resolved");
  const ScriptedServer closing{[](Peer&) {}};
  EXPECT_EQ(failure_of(to("https://" + closing.authority())).fault, Fault::kHttpFailed);
  EXPECT_EQ(closing.connections(), 1);
  EXPECT_EQ(asked(), "");
}

TEST_F(HttpProxy, ThatDoesNotExistIsNamedInTheHint) {
  ::setenv("HTTPS_PROXY", "http://user:hunter2@proxy.invalid:3128", 1);
  expect_failure(failure_of(to("https://service.invalid")), Fault::kHttpFailed,
                 "cannot reach service.invalid: the proxy's name cannot be resolved",
                 "check HTTPS_PROXY and NO_PROXY", true);
}

TEST_F(HttpProxy, OfAnUnknownKindIsNotQuotedWithItsPassword) {
  ::setenv("HTTPS_PROXY", "foo://user:hunter2@proxy.invalid:3128", 1);
  expect_failure(failure_of(to("https://service.invalid")), Fault::kHttpFailed,
                 "cannot reach service.invalid: the proxy cannot be used",
                 "check HTTPS_PROXY and NO_PROXY", true);
}

}  // namespace
}  // namespace drift
