#include "drift/http/http.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "drift/http/failure.h"
#include "tests/drift/http/calls.h"
#include "tests/drift/http/scripted_server.h"

namespace drift {
namespace {

void replace(std::string& text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  if (at != std::string::npos) text.replace(at, what.size(), by);
}

// What a request looks like to the server, HOST and VERSION in place of what differs each time.
std::string on_the_wire(HttpRequest request) {
  std::promise<std::string> seen;
  ScriptedServer server{[&](Peer& peer) {
    seen.set_value(peer.read_request());
    peer.write(answer(""));
  }};
  request.origin = server.origin();
  const Stop stop;
  HttpClient{}.send(request, stop);
  std::string text = seen.get_future().get();
  replace(text, server.authority(), "HOST");
  const std::size_t version = text.find("schema-drift/");
  if (version != std::string::npos) {
    replace(text, text.substr(version, text.find('\r', version) - version), "schema-drift/VERSION");
  }
  return text;
}

TEST(Http, SendsPathAndQueryByteForByte) {
  for (const std::string target :
       {"/a/../b/./c//d",
        "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations?Qualifier=%24LATEST",
        "/a%2fb?x=1&x=2&y&=z#not-a-fragment", "/\xe1\x88\xb4?\xe1\x88\xb4=\"<>\\^`{|}"}) {
    HttpRequest request;
    request.target = target;
    EXPECT_EQ(
        on_the_wire(request),
        "GET " + target + " HTTP/1.1\r\nHost: HOST\r\nUser-Agent: schema-drift/VERSION\r\n\r\n");
  }
}

TEST(Http, AddsNothingToTheHeadersButHostUserAgentAndContentLength) {
  HttpRequest request;
  request.method = "POST";
  request.headers = {
      {"X-Amz-Date", "20150830T123600Z"}, {"x-empty", ""}, {"X-Two", "a  b"}, {"X-Two", "c"}};
  request.body = std::string("one\0two", 7);
  EXPECT_EQ(on_the_wire(request),
            "POST / HTTP/1.1\r\nHost: HOST\r\nUser-Agent: schema-drift/VERSION\r\n"
            "X-Amz-Date: 20150830T123600Z\r\nx-empty:\r\nX-Two: a  b\r\nX-Two: c\r\n"
            "Content-Length: 7\r\n\r\n" +
                request.body);
}

TEST(Http, SendsAnEmptyBodyWithItsLengthAndABigOneWithoutAskingFirst) {
  HttpRequest request;
  request.method = "PUT";
  EXPECT_NE(on_the_wire(request).find("\r\nContent-Length: 0\r\n"), std::string::npos);
  request.body.assign(3u << 20, 'x');
  const std::string text = on_the_wire(request);
  EXPECT_EQ(text.find("Expect"), std::string::npos);
  EXPECT_EQ(text.substr(text.size() - request.body.size()), request.body);
}

TEST(Http, TakesHeadersOfTheCallerInPlaceOfItsOwn) {
  HttpRequest request;
  request.headers = {{"Host", "elsewhere.example"},
                     {"User-Agent", "mine"},
                     {"Accept", "text/xml"},
                     {"Content-Type", "text/plain"}};
  EXPECT_EQ(on_the_wire(request),
            "GET / HTTP/1.1\r\nHost: elsewhere.example\r\nUser-Agent: mine\r\nAccept: text/xml\r\n"
            "Content-Type: text/plain\r\n\r\n");
}

TEST(Http, AnyStatusIsAResponseAndRedirectsAreNotFollowed) {
  for (const int status : {204, 302, 404, 500, 503}) {
    ScriptedServer server{[&](Peer& peer) {
      while (!peer.read_request().empty()) {
        peer.write("HTTP/1.1 " + std::to_string(status) +
                   " Whatever\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
      }
    }};
    const Stop stop;
    EXPECT_EQ(HttpClient{}.send(get(server), stop).status, status);
    EXPECT_EQ(server.connections(), 1);
  }
}

TEST(Http, GivesHeaderNamesInLowerCaseAndTheFirstOfEach) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n");
    peer.write(answer("{}", "X-Amz-Function-Error:  Unhandled \r\nX-Two: a\r\nX-TWO: b\r\n"));
  }};
  const Stop stop;
  const HttpResponse response = HttpClient{}.send(get(server), stop);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{}");
  EXPECT_EQ(response.header("x-amz-function-error"), "Unhandled");
  EXPECT_EQ(response.header("x-two"), "a");
  EXPECT_EQ(response.header("x-early"), "");
}

TEST(Http, JoinsChunksAndIgnoresWhatFollowsThem) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsynce\r\n1\r\nd\r\n");
    peer.write("0\r\nX-Late: 1\r\n\r\n");
  }};
  const Stop stop;
  const HttpResponse response = HttpClient{}.send(get(server), stop);
  EXPECT_EQ(response.body, "synced");
  EXPECT_EQ(response.header("x-late"), "");
}

TEST(Http, KeepsItsConnectionForAHundredCalls) {
  ScriptedServer server{[](Peer& peer) {
    while (!peer.read_request().empty()) peer.write(answer("x"));
  }};
  HttpClient client;
  const Stop stop;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.send(get(server), stop).body, "x");
  EXPECT_EQ(server.connections(), 1);
}

TEST(Http, SharesConnectionsBetweenThreads) {
  std::atomic<int> requests{0};
  ScriptedServer server{[&](Peer& peer) {
    for (std::string text = peer.read_request(); !text.empty(); text = peer.read_request()) {
      ++requests;
      // The answer holds the question, so a mix-up would show.
      const std::size_t end = text.find(' ', 4);
      peer.write(answer(text.substr(4, end - 4)));
    }
  }};
  HttpClient client;
  const Stop stop;
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const std::string target = '/' + std::to_string(t) + '/' + std::to_string(i);
        if (client.send(get(server, target), stop).body == target) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 200);
  EXPECT_EQ(requests, 200);
  EXPECT_LE(server.connections(), 8);
}

TEST(Http, SendsAgainWhereAKeptConnectionWasClosedMeanwhile) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.write(answer("x"));  // and closes, without having said so
  }};
  HttpClient client;
  const Stop stop;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.send(get(server), stop).body, "x");
  EXPECT_EQ(server.connections(), 3);
}

TEST(Http, NeverSendsTwiceWhatMayNotArriveTwice) {
  std::atomic<int> requests{0};
  ScriptedServer server{[&](Peer& peer) {
    for (int i = 0; !peer.read_request().empty(); ++i) {
      ++requests;
      if (i == 1) return;  // the second on a connection is lost
      peer.write(answer("x"));
    }
  }};
  HttpClient client;
  const Stop stop;
  HttpRequest request = get(server);
  EXPECT_EQ(client.send(request, stop).body, "x");
  request.repeatable = false;
  EXPECT_EQ(client.send(request, stop).body, "x");
  EXPECT_EQ(requests, 2);
  EXPECT_EQ(server.connections(), 2);
}

TEST(Http, GivesUpTheOtherKeptConnectionsWhereOneWasDead) {
  std::atomic<int> requests{0};
  ScriptedServer server{[&](Peer& peer) {
    if (peer.read_request().empty()) return;
    ++requests;
    peer.wait(std::chrono::milliseconds{100});  // so that every thread needs one of its own
    peer.write(answer("x"));
    if (!peer.read_request().empty()) ++requests;  // and reads another, but never answers
  }};
  HttpClient client;
  const Stop stop;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { client.send(get(server), stop); });
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(server.connections(), 4);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.send(get(server), stop).body, "x");
  // Each was answered on a new connection, and one alone was sent in vain before: the next found
  // the connection of the one before it, in vain again.
  EXPECT_EQ(server.connections(), 7);
  EXPECT_EQ(requests, 4 + 3 + 3);
}

TEST(HttpStreams, GiveABodyThatIsLongerThanWhatIsTakenAtOnce) {
  const std::string body(3u << 20, 'x');
  ScriptedServer server{[&](Peer& peer) {
    peer.read_request();
    peer.write(answer(body));
    peer.read_request();
    peer.write(answer("again"));
  }};
  HttpClient client;
  const Stop stop;
  const HttpRequest request = get(server);
  {
    HttpStream stream = client.open(request, stop);
    EXPECT_EQ(stream.head().status, 200);
    EXPECT_EQ(stream.head().header("content-length"), std::to_string(body.size()));
    std::string taken;
    char buffer[1000];
    while (const std::size_t count = stream.read(buffer, sizeof buffer))
      taken.append(buffer, count);
    EXPECT_TRUE(taken == body);
    EXPECT_EQ(stream.read(buffer, sizeof buffer), 0u);
  }
  EXPECT_EQ(client.send(request, stop).body, "again");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpStreams, CloseTheConnectionWhereTheBodyWasNotReadToItsEnd) {
  ScriptedServer server{[](Peer& peer) {
    while (!peer.read_request().empty()) peer.write(answer(std::string(100'000, 'x')));
  }};
  HttpClient client;
  const Stop stop;
  const HttpRequest request = get(server);
  for (int i = 0; i < 2; ++i) {
    HttpStream stream = client.open(request, stop);
    char buffer[10];
    EXPECT_GT(stream.read(buffer, sizeof buffer), 0u);
  }
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpStreams, LeaveWithTheServerWhatNobodyReads) {
  constexpr std::size_t kAll = 64u << 20;
  std::atomic<std::size_t> written{0};
  ScriptedServer server{[&](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kAll) + "\r\n\r\n");
    const std::string piece(64u << 10, 'x');
    while (written < kAll && peer.write(piece)) written += piece.size();
  }};
  HttpClient client;
  const Stop stop;
  HttpRequest request = get(server);
  request.max_response_bytes = std::string::npos;
  // The time in which the reader is busy is no stall of the server.
  request.stall_timeout = std::chrono::milliseconds{200};
  HttpStream stream = client.open(request, stop);
  std::vector<char> buffer(1u << 20);
  std::size_t taken = stream.read(buffer.data(), 1);
  std::this_thread::sleep_for(std::chrono::milliseconds{400});
  EXPECT_LT(written, kAll / 2);  // what sockets hold, and little else
  EXPECT_LT(stream.head().body.size(), 1u << 20);
  while (const std::size_t count = stream.read(buffer.data(), buffer.size())) taken += count;
  EXPECT_EQ(taken, kAll);
}

TEST(HttpStreams, SayWhereTheBodyBreaksOff) {
  ScriptedServer server{[](Peer& peer) {
    peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  }};
  HttpClient client;
  const Stop stop;
  const HttpRequest request = get(server);
  HttpStream stream = client.open(request, stop);
  char buffer[100];
  try {
    while (stream.read(buffer, sizeof buffer) != 0) {
    }
    ADD_FAILURE() << "the end came";
  } catch (const HttpError& error) {
    EXPECT_EQ(error.what(), "GET " + server.authority() + ": the answer was cut off after 4 bytes");
    EXPECT_EQ(error.kind, HttpFailure::Kind::kCut);
  }
}

}  // namespace
}  // namespace drift
