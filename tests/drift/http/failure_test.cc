#include "drift/http/failure.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "tests/drift/http/calls.h"
#include "tests/drift/http/scripted_server.h"

namespace drift {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr char kNetwork[] =
    "check the network: security groups, routes, VPC endpoints and HTTPS_PROXY";
constexpr char kTryAgain[] = "try again; a service that stays like this may have an outage";

TEST(HttpFailures, NobodyListens) {
  HttpRequest request;
  {
    const ScriptedServer server{[](Peer&) {}};
    request.origin = server.origin();
  }
  request.target = "/secret?X-Amz-Signature=abc";
  expect_failure(failure_of(request), Fault::kHttpFailed,
                 "cannot reach " + request.origin.substr(7) + ": connection refused", kNetwork,
                 true);
}

TEST(HttpFailures, NameIsUnknown) {
  HttpRequest request;
  request.origin = "http://nowhere.invalid";
  expect_failure(failure_of(request), Fault::kHttpFailed,
                 "cannot reach nowhere.invalid: the name cannot be resolved",
                 "check the region and the endpoint; inside a VPC, its DNS settings", true);
}

TEST(HttpFailures, ConnectionIsClosedWithoutAnAnswer) {
  ScriptedServer server{[](Peer& peer) { peer.read_request(); }};
  expect_failure(failure_of(get(server)), Fault::kHttpFailed,
                 "GET " + server.authority() + ": the connection was closed without an answer",
                 kTryAgain, true);
}

TEST(HttpFailures, ConnectionIsResetInTheMiddle) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    peer.wait(milliseconds{50});
    peer.reset();
  }};
  expect_failure(failure_of(get(server)), Fault::kHttpFailed,
                 "GET " + server.authority() + ": the connection broke: connection reset by peer",
                 kTryAgain, true);
}

TEST(HttpFailures, BodyIsShorterThanItsLength) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  }};
  expect_failure(failure_of(get(server)), Fault::kHttpFailed,
                 "GET " + server.authority() + ": the answer was cut off after 4 bytes", kTryAgain,
                 true);
}

TEST(HttpFailures, ChunksEndEarly) {
  for (const std::string chunks : {"4\r\nhalf\r\n", "4\r\nha", "", "4\r\nhalf\r\n0\r\n"}) {
    ScriptedServer server{[&](Peer& peer) {
      peer.read_request();
      peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
    }};
    const Error error = failure_of(get(server));
    EXPECT_EQ(error.fault, Fault::kHttpFailed) << chunks;
    EXPECT_TRUE(error.retryable) << chunks;
    EXPECT_NE(std::string{error.what()}.find(": the answer was cut off after "), std::string::npos)
        << error.what();
  }
}

TEST(HttpFailures, BodyIsLongerThanAllowed) {
  for (const bool announced : {true, false}) {
    ScriptedServer server{[&](Peer& peer) {
      peer.read_request();
      peer.write("HTTP/1.1 200 OK\r\n");
      peer.write(announced ? "Content-Length: 100000000\r\n\r\n" : "\r\n");
      const std::string piece(1000, 'x');
      while (!peer.over() && peer.write(piece)) {
      }
    }};
    HttpRequest request = get(server);
    request.max_response_bytes = 5000;
    expect_failure(failure_of(request), Fault::kHttpFailed,
                   "GET " + server.authority() + ": the answer is longer than 5000 bytes",
                   "find out what answers there; nothing that is asked for is that long", false);
  }
}

TEST(HttpFailures, BodyOfExactlyTheLongestLengthIsTaken) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.write(answer(std::string(5000, 'x')));
  }};
  HttpRequest request = get(server);
  request.max_response_bytes = 5000;
  const Stop stop;
  EXPECT_EQ(HttpClient{}.send(request, stop).body.size(), 5000u);
}

TEST(HttpFailures, HeadersDoNotEnd) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\n");
    const std::string line = "X-More: " + std::string(1000, 'x') + "\r\n";
    while (!peer.over() && peer.write(line)) {
    }
  }};
  expect_failure(failure_of(get(server)), Fault::kHttpFailed,
                 "GET " + server.authority() + ": the headers of the answer do not end",
                 "find out what answers there; no service sends headers like that", false);
}

TEST(HttpFailures, AnswerIsNotHttp) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.write("SSH-2.0-OpenSSH_9.2\r\n");
  }};
  expect_failure(failure_of(get(server)), Fault::kHttpFailed,
                 "GET " + server.authority() + ": the answer is not HTTP",
                 "check the address and port, and whether it wants https", false);
}

TEST(HttpFailures, FirstByteIsTooSlow) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.wait(milliseconds{5000});
  }};
  HttpRequest request = get(server);
  request.method = "POST";
  request.timeout = milliseconds{250};
  expect_failure(failure_of(request), Fault::kTimedOut,
                 "POST " + server.authority() + ": no answer within 0.25 s", kTryAgain, true);
}

TEST(HttpFailures, AnswerDripsForTooLong) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    while (!peer.over() && peer.write("x")) peer.wait(milliseconds{20});
  }};
  HttpRequest request = get(server);
  request.timeout = milliseconds{300};
  expect_failure(failure_of(request), Fault::kTimedOut,
                 "GET " + server.authority() + ": the answer was not complete within 0.3 s",
                 kTryAgain, true);
}

TEST(HttpFailures, AnswerStopsInTheMiddle) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc");
    peer.wait(milliseconds{5000});
  }};
  HttpRequest request = get(server);
  request.stall_timeout = milliseconds{200};
  expect_failure(failure_of(request), Fault::kTimedOut,
                 "GET " + server.authority() + ": the answer stopped for 0.2 s after 3 bytes",
                 kTryAgain, true);
}

TEST(HttpFailures, AnswerThatBeginsLateIsNoStall) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.wait(milliseconds{300});
    peer.write(answer("late"));
  }};
  HttpRequest request = get(server);
  request.stall_timeout = milliseconds{100};
  const Stop stop;
  EXPECT_EQ(HttpClient{}.send(request, stop).body, "late");
}

TEST(HttpFailures, ConnectionIsNeverMade) {
  // A listener whose queue is full does not answer a SYN; TLS would not help it either.
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener, generic, size), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ASSERT_EQ(::getsockname(listener, generic, &size), 0);
  std::vector<int> queue;
  for (int i = 0; i < 4; ++i) {
    queue.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::connect(queue.back(), generic, size);
  }
  HttpRequest request;
  request.origin = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  request.connect_timeout = milliseconds{300};
  expect_failure(failure_of(request), Fault::kTimedOut,
                 "cannot reach " + request.origin.substr(7) + ": no connection within 0.3 s",
                 kNetwork, true);
  for (const int socket : queue) ::close(socket);
  ::close(listener);
}

TEST(HttpFailures, StopInterruptsWithinAMoment) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.wait(milliseconds{5000});
  }};
  Stop stop;
  std::thread interrupter{[&] {
    std::this_thread::sleep_for(milliseconds{100});
    stop.request();
  }};
  const auto start = steady_clock::now();
  const Error error = failure_of(get(server), stop);
  const auto took = steady_clock::now() - start;
  interrupter.join();
  expect_failure(error, Fault::kInterrupted, "interrupted while waiting for " + server.authority(),
                 "nothing was changed; run it again", false);
  EXPECT_LT(took, milliseconds{300});
}

TEST(HttpFailures, DeadlineOfTheRunEndsACall) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.wait(milliseconds{5000});
  }};
  const Stop stop{milliseconds{150}};
  const auto start = steady_clock::now();
  expect_failure(failure_of(get(server), stop), Fault::kTimedOut,
                 "out of time while waiting for " + server.authority(),
                 "raise --timeout, or find out what is slow", false);
  EXPECT_LT(steady_clock::now() - start, milliseconds{350});
}

TEST(HttpFailures, OneStopLeavesOtherCallsAlone) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.wait(milliseconds{300});
    peer.write(answer("whole"));
  }};
  HttpClient client;
  const Stop hurried{milliseconds{50}};
  const Stop calm;
  auto other = std::async(std::launch::async, [&] { return client.send(get(server), calm).body; });
  EXPECT_THROW(client.send(get(server), hurried), Error);
  EXPECT_EQ(other.get(), "whole");
}

TEST(HttpRefusals, LineBreaksInHeadersAreNotSent) {
  ScriptedServer server{[](Peer& peer) { peer.read_request(); }};
  const std::string hint = "look for a stray line end or space in the settings and credentials";
  for (const std::string& value :
       {std::string{"a\r\nX-Evil: 1"}, std::string{"a\nb"}, std::string{"a\rb"}, std::string{"a\n"},
        std::string("a\0b", 3)}) {
    HttpRequest request = get(server);
    request.headers = {{"X-Token", value}};
    expect_failure(failure_of(request), Fault::kHttpFailed,
                   "nothing was sent to " + server.authority() +
                       ": the value of header X-Token holds a line break",
                   hint, false);
  }
  HttpRequest named = get(server);
  named.headers = {{"X-A\r\nX-B", "1"}};
  expect_failure(
      failure_of(named), Fault::kHttpFailed,
      "nothing was sent to " + server.authority() + ": invalid name of a header: X-A\\x0d\\nX-B",
      hint, false);
  HttpRequest verb = get(server);
  verb.method = "GET /x";
  expect_failure(failure_of(verb), Fault::kHttpFailed,
                 "nothing was sent to " + server.authority() + ": invalid method", hint, false);
  for (const std::string target : {"/a b", "/a\r\nX: y", "relative", "", "http://x/"}) {
    expect_failure(failure_of(get(server, target)), Fault::kHttpFailed,
                   "nothing was sent to " + server.authority() +
                       ": the path holds a space or a control character, or does not begin with /",
                   hint, false);
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpRefusals, AuthoritiesThatCannotBeRead) {
  HttpRequest request;
  // Nobody has to listen: the bundle is read before the handshake, after the connection.
  ScriptedServer server{[](Peer& peer) { peer.wait(milliseconds{2000}); }};
  request.origin = "https://" + server.authority();
  HttpClient client{"/nowhere/ca.pem"};
  const Stop stop;
  try {
    client.send(request, stop);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    expect_failure(
        error, Fault::kHttpFailed, "cannot read certificate authorities from /nowhere/ca.pem",
        "AWS_CA_BUNDLE (ca_bundle in a profile), SSL_CERT_FILE and the like name a file of PEM "
        "certificates",
        false);
  }
}

TEST(HttpRefusals, PlainServerWhereTlsIsExpected) {
  ScriptedServer server{[](Peer& peer) {
    peer.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    peer.wait(milliseconds{500});
  }};
  HttpRequest request;
  request.origin = "https://" + server.authority();
  const Error error = failure_of(request);
  EXPECT_EQ(error.fault, Fault::kHttpFailed);
  EXPECT_EQ(std::string{error.what()}.find("cannot agree on TLS with " + server.authority() + ": "),
            0u)
      << error.what();
  EXPECT_NE(std::string{error.what()}.find("wrong version number"), std::string::npos)
      << error.what();
  EXPECT_EQ(error.hint, "check that the address and port speak TLS 1.2 or newer");
}

}  // namespace
}  // namespace drift
