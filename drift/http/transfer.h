// One HTTP exchange after another on a handle of libcurl, which keeps its connection in between.
// The only user of curl.
#pragma once

#include <cstddef>
#include <memory>

#include "drift/base/stop.h"
#include "drift/http/http.h"
#include "drift/http/origin.h"

namespace drift {

class Authorities;

// libcurl makes the connection, writes the request and reads the answer. What is ours: the bounds
// of an answer and of time, and that `Stop` ends every wait. One thread at a time.
class HttpTransfer {
 public:
  // Connects nothing yet. `authorities` must outlive it.
  HttpTransfer(Origin origin, Authorities& authorities);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  const Origin& origin() const;

  // Sends `request`, which goes to `origin()`, and waits for the head of the answer. No more is
  // read while about `most_waiting` bytes of the body wait in `response()`. Both must outlive the
  // exchange. Whatever came before is over. Throws as HttpClient::send; after that it is of no use.
  void begin(const HttpRequest& request, const Stop& stop, std::size_t most_waiting);

  // Status, headers, and what has come of the body; whoever takes of that clears it.
  HttpResponse& response();
  // Waits for more of the body, or its end. Requires an empty `response().body`. Throws as `begin`.
  void read_more();
  // Waits for the end of the body.
  void finish();
  // Whether the answer has come to its end.
  bool whole() const;

  // Of an answer that is whole: whether its connection can serve another exchange.
  bool keeps_connection() const;
  // Whether it took a new connection, though one was kept: that one was dead or too old.
  bool reconnected() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drift
