#include "drift/http/transfer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "drift/http/failure.h"
#include "tests/drift/http/calls.h"
#include "tests/drift/http/scripted_server.h"

namespace drift {
namespace {

using Kind = HttpFailure::Kind;

struct Received {
  Kind ended = Kind::kNone;
  HttpResponse response;
  bool kept = false;  // the next request came over the same connection
};

// What comes of `text`, sent in pieces of `size` bytes; `closes`: the server then closes.
Received received(const std::string& text, bool closes, const std::string& method = "GET",
                  std::size_t size = std::string::npos) {
  ScriptedServer server{[&](Peer& peer) {
    std::string piece = peer.read_request();
    for (std::size_t at = 0; at < text.size(); at += piece.size()) {
      piece = text.substr(at, size);
      if (!peer.write(piece)) return;
    }
    if (closes) return;
    while (!peer.read_request().empty()) peer.write(answer("next"));
  }};
  HttpRequest request = get(server);
  request.method = method;
  request.max_response_bytes = 1000;
  request.stall_timeout = std::chrono::milliseconds{500};
  HttpClient client;
  const Stop stop;
  Received result;
  try {
    result.response = client.send(request, stop);
    if (closes) return result;
    request.method = "GET";
    const HttpResponse next = client.send(request, stop);
    result.kept = server.connections() == 1;
    EXPECT_EQ(next.body, result.kept ? "next" : next.body);
  } catch (const HttpError& error) {
    result.ended = error.kind;
  }
  return result;
}

std::string interim_answers(int count) {
  std::string text;
  while (count-- > 0) text += "HTTP/1.1 100 Continue\r\n\r\n";
  return text;
}

enum class After { kKept, kNotKept, kClosed };

struct Case {
  const char* name;
  std::string text;
  Kind ended;
  std::string body;
  After after = After::kClosed;
};

TEST(HttpTransfer, AnAnswerEndsWhereItsFramingSays) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::vector<Case> cases = {
      {"length", ok + "Content-Length: 2\r\n\r\nab", Kind::kNone, "ab", After::kKept},
      {"length zero", ok + "Content-Length: 0\r\n\r\n", Kind::kNone, "", After::kKept},
      {"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nab", Kind::kNone, "ab",
       After::kKept},
      {"a bare line feed in the head", ok + "X: y\nContent-Length: 2\r\n\r\nab", Kind::kNone, "ab",
       After::kKept},
      {"the same length twice", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
       Kind::kNone, "ab", After::kKept},
      {"two lengths", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nab", Kind::kNotHttp, ""},
      {"two lengths, the greater first", ok + "Content-Length: 3\r\nContent-Length: 2\r\n\r\nab",
       Kind::kNotHttp, ""},
      {"length of letters", ok + "Content-Length: two\r\n\r\nab", Kind::kNotHttp, ""},
      {"negative length", ok + "Content-Length: -2\r\n\r\nab", Kind::kNotHttp, ""},
      {"length beyond 64 bits", ok + "Content-Length: 99999999999999999999\r\n\r\n", Kind::kNotHttp,
       ""},
      {"length beyond the bound", ok + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'x'),
       Kind::kBodyTooLong, ""},
      {"chunks", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1;x=y\r\nb\r\n0\r\nX: y\r\n\r\n",
       Kind::kNone, "ab", After::kKept},
      {"a length and chunks",
       ok + "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n"
            "2\r\nab\r\n0\r\n\r\n",
       Kind::kNone, "ab", After::kKept},
      {"chunks and a length",
       ok + "Transfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n"
            "2\r\nab\r\n0\r\n\r\n",
       Kind::kNone, "ab", After::kKept},
      {"no chunk but the last", ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Kind::kNone, "",
       After::kKept},
      {"chunk without a size", ok + "Transfer-Encoding: chunked\r\n\r\n\r\nab", Kind::kNotHttp, ""},
      {"chunk longer than it says", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
       Kind::kNotHttp, ""},
      {"chunks beyond the bound",
       ok + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x'),
       Kind::kBodyTooLong, ""},
      {"a length in the trailer",
       ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 7\r\n\r\n", Kind::kNone, "",
       After::kKept},
      {"another coding and a length", ok + "Transfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab",
       Kind::kNotHttp, ""},
      {"another coding", ok + "Transfer-Encoding: gzip\r\n\r\nab", Kind::kNotHttp, ""},
      {"neither", ok + "\r\nab", Kind::kNone, "ab"},
      {"closing was announced", ok + "Connection: Close\r\nContent-Length: 2\r\n\r\nab",
       Kind::kNone, "ab", After::kNotKept},
      {"version 1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab", Kind::kNone, "ab",
       After::kNotKept},
      {"version 1.0 that would be kept",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab", Kind::kNone,
       "ab", After::kKept},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", Kind::kNone, "", After::kKept},
      {"continue first",
       "HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + ok + "Content-Length: 1\r\n\r\na", Kind::kNone,
       "a", After::kKept},
      {"interim answers without end", interim_answers(20'000), Kind::kHeadersTooLong, ""},
      {"another protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\n", Kind::kNotHttp, ""},
      {"more than the answer", ok + "Content-Length: 1\r\n\r\nab", Kind::kNone, "a",
       After::kNotKept},
      {"a line that never ends", ok + "X: " + std::string(300'000, 'x'), Kind::kHeadersTooLong, ""},
      {"a trailer that never ends",
       ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(300'000, 'x'),
       Kind::kNotHttp, ""},
      {"another version", "HTTP/4 200\r\n\r\n", Kind::kNotHttp, ""},
      {"a status below all", "HTTP/1.1 099 X\r\n\r\n", Kind::kNotHttp, ""},
      {"no space after the status", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nab", Kind::kNone,
       "ab", After::kKept},
      {"a header without a colon", ok + "Server\r\n\r\n", Kind::kNotHttp, ""},
      {"a NUL in a header", ok + std::string("X: a\0b\r\n\r\n", 10), Kind::kNotHttp, ""},
      {"no status", "HTTP/1.1 OK\r\n\r\n", Kind::kNotHttp, ""},
      {"no HTTP, and no line end", "SSH-2.0", Kind::kNotHttp, ""},
      {"a head that breaks off", ok + "Content-Le", Kind::kBroken, ""},
      {"a head that breaks off after a line", ok + "X: y\r\n", Kind::kBroken, ""},
  };
  for (const Case& one : cases) {
    for (const std::size_t size : {std::string::npos, std::size_t{7}}) {
      const Received got = received(one.text, one.after == After::kClosed, "GET", size);
      EXPECT_EQ(got.ended, one.ended) << one.name << " in pieces of " << size;
      EXPECT_EQ(got.kept, one.after == After::kKept) << one.name << " in pieces of " << size;
      EXPECT_EQ(got.response.body, one.body) << one.name << " in pieces of " << size;
    }
  }
}

TEST(HttpTransfer, HeadersAreTakenAsTheyAreButForTheCaseOfTheirNames) {
  const std::string text =
      "HTTP/1.1 100 Continue\r\nInterim: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nETag:\t\"aB\" \r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nEmpty:\r\n"
      "X-Latin: caf\xe9\r\nFolded: one\r\n  two\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\nX-Trailer: y\r\n\r\n";
  const HttpHeaders expected = {
      {"etag", "\"aB\""},     {"set-cookie", "a=1"}, {"set-cookie", "b=2"},           {"empty", ""},
      {"x-latin", "caf\xe9"}, {"folded", "one two"}, {"transfer-encoding", "chunked"}};
  for (const std::size_t size : {std::string::npos, std::size_t{1}, std::size_t{7}}) {
    EXPECT_EQ(received(text, true, "GET", size).response.headers, expected);
  }
}

TEST(HttpTransfer, AnAnswerToHeadHasNoBodyWhateverItsLength) {
  const Received got = received("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", false, "HEAD");
  EXPECT_EQ(got.response.status, 200);
  EXPECT_EQ(got.response.body, "");
  EXPECT_TRUE(got.kept);
}

TEST(HttpTransfer, WhatEndsEarlyIsNoAnswer) {
  const std::string chunks =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
  const std::string length = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";
  for (const std::string& text : {chunks, length}) {
    ASSERT_EQ(received(text, true).response.body, "ab");
    const std::size_t line = text.find('\n') + 1;
    const std::size_t head = text.find("\r\n\r\n") + 4;
    // libcurl does not wait for the last line feed after chunks.
    for (std::size_t size = 0; size < text.size() - 1; ++size) {
      const Kind expected = size < line ? Kind::kClosed : size < head ? Kind::kBroken : Kind::kCut;
      EXPECT_EQ(received(text.substr(0, size), true).ended, expected) << text.substr(0, size);
    }
  }
}

}  // namespace
}  // namespace drift
