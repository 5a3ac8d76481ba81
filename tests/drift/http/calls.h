// Calls to a scripted server, and what comes of them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "drift/base/error.h"
#include "drift/http/http.h"
#include "tests/drift/http/scripted_server.h"

namespace drift {

inline std::string answer(const std::string& body, const std::string& more_headers = {}) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         more_headers + "\r\n" + body;
}

inline HttpRequest get(const ScriptedServer& server, std::string target = "/") {
  HttpRequest request;
  request.origin = server.origin();
  request.target = std::move(target);
  return request;
}

// What sending it throws; a test that expects an error and gets an answer fails here.
inline Error failure_of(const HttpRequest& request, const Stop& stop = Stop{}) {
  HttpClient client;
  try {
    const HttpResponse response = client.send(request, stop);
    ADD_FAILURE() << "answered " << response.status << ' ' << response.body;
  } catch (const Error& error) {
    return error;
  }
  return Error{Fault::kInternal, "nothing was thrown"};
}

inline void expect_failure(const Error& error, Fault fault, const std::string& message,
                           const std::string& hint, bool retryable) {
  EXPECT_EQ(error.fault, fault);
  EXPECT_EQ(error.what(), message);
  EXPECT_EQ(error.hint, hint);
  EXPECT_EQ(error.retryable, retryable);
}

}  // namespace drift
