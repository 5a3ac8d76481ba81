// Whoever answers may be anybody: a proxy, a captive portal, somebody on the way to a metadata
// service, which is asked in plain text. Input: a byte that says how it arrives, then the answer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "drift/base/http_reception.h"

namespace {

constexpr std::size_t kMostBody = 100;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Outcome {
  bool whole = false;
  bool keeps = false;
  drift::HttpFailure::Kind ended = drift::HttpFailure::Kind::kNone;
  int status = 0;
  drift::HttpHeaders headers;
  std::string body;

  bool operator==(const Outcome&) const = default;
};

Outcome outcome_of(std::string_view text, std::size_t piece, const char* method) {
  drift::HttpRequest request;
  request.method = method;
  request.max_response_bytes = kMostBody;
  const drift::Stop stop;
  drift::HttpReception reception(request, stop);
  bool goes_on = true;
  while (goes_on && !text.empty()) {
    goes_on = reception.take(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
  }
  if (goes_on) goes_on = reception.take_end();
  require(goes_on == (reception.ended() == drift::HttpFailure::Kind::kNone));
  require(!goes_on || reception.whole());
  require(reception.response().body.size() <= kMostBody);
  require(!reception.keeps_connection() || reception.whole());
  Outcome outcome{reception.whole(), reception.keeps_connection(), reception.ended(), 0, {}, {}};
  // What ended early may have been cut anywhere.
  if (!goes_on) return outcome;
  outcome.status = reception.response().status;
  outcome.headers = reception.response().headers;
  outcome.body = reception.response().body;
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const char* method = (data[0] & 1) == 0 ? "GET" : "HEAD";
  // However it is cut into pieces, it is the same answer.
  const Outcome whole = outcome_of(text, size, method);
  require(outcome_of(text, 1, method) == whole);
  require(outcome_of(text, 2 + (data[0] >> 1), method) == whole);
  return 0;
}
