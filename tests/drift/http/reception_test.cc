#include "drift/http/reception.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace drift {
namespace {

using Kind = HttpFailure::Kind;

struct Received {
  Kind ended = Kind::kNone;
  int status = 0;
  std::string body;
  bool whole = false;
  bool keeps = false;
};

// What comes of `text`, in pieces of `size` bytes; `closed`: the server then closes.
Received received(const std::string& text, bool closed = false, std::string method = "GET",
                  std::size_t size = std::string::npos) {
  HttpRequest request;
  request.method = std::move(method);
  request.max_response_bytes = 1000;
  const Stop stop;
  HttpReception reception{request, stop};
  bool goes_on = true;
  for (std::size_t at = 0; goes_on && at < text.size(); at += std::min(size, text.size())) {
    goes_on = reception.take(std::string_view(text).substr(at, size));
  }
  if (goes_on && closed) reception.take_end();
  return {reception.ended(), reception.response().status, reception.response().body,
          reception.whole(), reception.keeps_connection()};
}

std::string interim_answers(int count) {
  std::string text;
  while (count-- > 0) text += "HTTP/1.1 100 Continue\r\n\r\n";
  return text;
}

struct Case {
  const char* name;
  std::string text;
  Kind ended;
  std::string body;
  bool whole, keeps;
};

TEST(HttpReception, AnAnswerEndsWhereItsFramingSays) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::vector<Case> cases = {
      {"length", ok + "Content-Length: 2\r\n\r\nab", Kind::kNone, "ab", true, true},
      {"length zero", ok + "Content-Length: 0\r\n\r\n", Kind::kNone, "", true, true},
      // What sits between may read these lines otherwise (RFC 9112, 2.2), and who sends them is no
      // service that we ask.
      {"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nab", Kind::kNotHttp, "", false,
       false},
      {"a bare line feed in the head", ok + "X: y\nContent-Length: 2\r\n\r\nab", Kind::kNotHttp, "",
       false, false},
      {"the same length twice", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
       Kind::kNone, "ab", true, true},
      {"two lengths", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc", Kind::kNotHttp, "",
       false, false},
      {"length of letters", ok + "Content-Length: two\r\n\r\nab", Kind::kNotHttp, "", false, false},
      {"negative length", ok + "Content-Length: -2\r\n\r\nab", Kind::kNotHttp, "", false, false},
      {"length beyond 64 bits", ok + "Content-Length: 99999999999999999999\r\n\r\n", Kind::kNotHttp,
       "", false, false},
      {"length beyond the bound", ok + "Content-Length: 1001\r\n\r\n", Kind::kBodyTooLong, "",
       false, false},
      {"chunks", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1;x=y\r\nb\r\n0\r\nX: y\r\n\r\n",
       Kind::kNone, "ab", true, true},
      // Two readers may disagree about where these end (RFC 9112, 6.3).
      {"a length and chunks",
       ok + "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n"
            "2\r\nab\r\n0\r\n\r\n",
       Kind::kNotHttp, "", false, false},
      {"chunks and a length",
       ok + "Transfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n"
            "2\r\nab\r\n0\r\n\r\n",
       Kind::kNotHttp, "", false, false},
      {"a length and another coding", ok + "Content-Length: 2\r\nTransfer-Encoding: gzip\r\n\r\nab",
       Kind::kNotHttp, "", false, false},
      {"another coding and a length", ok + "Transfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab",
       Kind::kNotHttp, "", false, false},
      {"no chunk but the last", ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Kind::kNone, "",
       true, true},
      {"a length in the trailer",
       ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 7\r\n\r\n", Kind::kNotHttp, "",
       false, false},
      {"chunk without a size", ok + "Transfer-Encoding: chunked\r\n\r\n\r\nab", Kind::kNotHttp, "",
       false, false},
      {"chunk longer than it says", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
       Kind::kNotHttp, "a", false, false},
      {"chunks beyond the bound",
       ok + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x'),
       Kind::kBodyTooLong, "", false, false},
      {"another coding ends with the connection", ok + "Transfer-Encoding: gzip\r\n\r\nab",
       Kind::kNone, "ab", true, false},
      {"neither", ok + "\r\nab", Kind::kNone, "ab", true, false},
      {"closing was announced", ok + "Connection: Close\r\nContent-Length: 2\r\n\r\nab",
       Kind::kNone, "ab", true, false},
      {"version 1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", Kind::kNone, "ab", true,
       false},
      {"version 1.0 that would be kept",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab", Kind::kNone,
       "ab", true, false},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", Kind::kNone, "", true, true},
      {"continue first",
       "HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + ok + "Content-Length: 1\r\n\r\na", Kind::kNone,
       "a", true, true},
      {"interim answers without end", interim_answers(20'000), Kind::kHeadersTooLong, "", false,
       false},
      {"another protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\n", Kind::kNotHttp, "", false,
       false},
      {"more than the answer", ok + "Content-Length: 1\r\n\r\nab", Kind::kNone, "a", true, false},
      {"a line that never ends", ok + "X: " + std::string(300'000, 'x'), Kind::kHeadersTooLong, "",
       false, false},
      {"a trailer that never ends",
       ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(300'000, 'x'),
       Kind::kHeadersTooLong, "", false, false},
      {"another version", "HTTP/2 200\r\n\r\n", Kind::kNotHttp, "", false, false},
      {"a status below all", "HTTP/1.1 099 X\r\n\r\n", Kind::kNotHttp, "", false, false},
      {"no space after the status", "HTTP/1.1 200\r\n\r\n", Kind::kNotHttp, "", false, false},
      {"a header without a colon", ok + "Server\r\n\r\n", Kind::kNotHttp, "", false, false},
      {"a NUL in a header", ok + std::string("X: a\0b\r\n\r\n", 10), Kind::kNotHttp, "", false,
       false},
      {"no status", "HTTP/1.1 OK\r\n\r\n", Kind::kNotHttp, "", false, false},
      {"no HTTP, and no line end", "SSH-2.0", Kind::kNotHttp, "", false, false},
  };
  for (const Case& one : cases) {
    for (const std::size_t size : {std::string::npos, std::size_t{1}, std::size_t{7}}) {
      const Received got = received(one.text, /*closed=*/true, "GET", size);
      EXPECT_EQ(got.ended, one.ended) << one.name << " in pieces of " << size;
      EXPECT_EQ(got.whole, one.whole) << one.name << " in pieces of " << size;
      EXPECT_EQ(got.keeps, one.keeps) << one.name << " in pieces of " << size;
      if (one.whole) {
        EXPECT_EQ(got.body, one.body) << one.name << " in pieces of " << size;
      }
    }
  }
}

TEST(HttpReception, HeadersAreTakenAsTheyAreButForTheCaseOfTheirNames) {
  const std::string text =
      "HTTP/1.1 100 Continue\r\nInterim: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nETag:\t\"aB\" \r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nEmpty:\r\n"
      "X-Latin: caf\xe9\r\nFolded: one\r\n  two\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\nX-Trailer: y\r\n\r\n";
  const HttpHeaders expected = {
      {"etag", "\"aB\""},     {"set-cookie", "a=1"}, {"set-cookie", "b=2"},           {"empty", ""},
      {"x-latin", "caf\xe9"}, {"folded", "one two"}, {"transfer-encoding", "chunked"}};
  for (const std::size_t size : {text.size(), std::size_t{1}, std::size_t{7}}) {
    const HttpRequest request;
    const Stop stop;
    HttpReception reception{request, stop};
    for (std::size_t at = 0; at < text.size(); at += size) {
      ASSERT_TRUE(reception.take(std::string_view(text).substr(at, size)));
    }
    EXPECT_TRUE(reception.whole());
    EXPECT_EQ(reception.response().headers, expected) << "in pieces of " << size;
  }
}

TEST(HttpReception, TheBodyIsHandedOnAsItComes) {
  HttpRequest request;
  request.max_response_bytes = std::size_t{1} << 30;
  const Stop stop;
  const std::string data(16u << 10, 'x');
  for (const bool chunked : {false, true}) {
    HttpReception reception{request, stop};
    const char* framing = chunked ? "Transfer-Encoding: chunked" : "Server: x";
    ASSERT_TRUE(reception.take(std::string("HTTP/1.1 200 OK\r\n") + framing + "\r\n\r\n"));
    for (std::size_t piece = 1; piece <= 1000; ++piece) {
      ASSERT_TRUE(reception.take(chunked ? "4000\r\n" + data + "\r\n" : data));
      ASSERT_EQ(reception.response().body.size(), data.size());
      ASSERT_EQ(reception.received(), piece * data.size());
      reception.response().body.clear();
    }
    ASSERT_LT(reception.response().body.capacity(), 4 * data.size());
  }
}

TEST(HttpReception, AnAnswerToHeadHasNoBodyWhateverItsLength) {
  const Received got = received("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, "HEAD");
  EXPECT_TRUE(got.whole);
  EXPECT_TRUE(got.keeps);
}

TEST(HttpReception, WhatEndsEarlyIsNoAnswer) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
  ASSERT_TRUE(received(text, true).whole);
  EXPECT_EQ(received("", true).ended, Kind::kClosed);
  for (std::size_t size = 1; size < text.size(); ++size) {
    const Received got = received(text.substr(0, size), true);
    EXPECT_FALSE(got.whole) << size;
    EXPECT_EQ(got.ended, size < text.find("2\r\n") ? Kind::kBroken : Kind::kCut) << size;
  }
}

}  // namespace
}  // namespace drift
