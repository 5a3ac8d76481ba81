// Whoever answers may be anybody: a proxy, a captive portal, somebody on the way to a metadata
// service, which is asked in plain text. Input: a byte that says what was asked and in which pieces
// the answer arrives, then the answer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "drift/http/reception.h"

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

// Sizes of pieces: all in one, one byte each, or any from 1 to 64 in an order that `seed` chooses.
class Pieces {
 public:
  enum class Kind { kAll, kBytes, kAny };
  Pieces(Kind kind, unsigned seed) : kind_(kind), state_(seed) {}
  std::size_t next(std::size_t left) {
    if (kind_ == Kind::kAll) return left;
    if (kind_ == Kind::kBytes) return 1;
    state_ = state_ * 1664525u + 1013904223u;
    // As often a few bytes, where lines are torn, as more.
    const std::size_t most = (state_ >> 31) == 0 ? 4 : 64;
    return std::min<std::size_t>(left, 1 + (state_ >> 16) % most);
  }

 private:
  Kind kind_;
  std::uint32_t state_;
};

// No name in upper case, and nothing that a header of ours could be split with.
bool clean(const drift::HttpHeaders& headers) {
  return std::all_of(headers.begin(), headers.end(), [](const auto& header) {
    const auto& [name, value] = header;
    const bool lower = std::none_of(name.begin(), name.end(), [](char c) {
      return (c >= 'A' && c <= 'Z') || c == ':' || c == ' ';
    });
    return lower && !name.empty() &&
           value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
  });
}

Outcome outcome_of(std::string_view text, Pieces pieces, const char* method) {
  const bool quotes = text.find('"') != std::string_view::npos;
  drift::HttpRequest request;
  request.method = method;
  request.max_response_bytes = kMostBody;
  const drift::Stop stop;
  drift::HttpReception reception(request, stop);
  bool goes_on = true;
  std::string body;
  while (goes_on && !text.empty()) {
    const std::size_t piece = pieces.next(text.size());
    const std::size_t before = reception.received();
    goes_on = reception.take(text.substr(0, piece));
    // Taken away as it comes, as HttpStream does.
    std::string& come = reception.response().body;
    require(come.size() <= piece && reception.received() == before + come.size());
    require(come.empty() || reception.has_head());
    body += come;
    come.clear();
    text.remove_prefix(piece);
  }
  require(goes_on || !reception.take(text));
  if (goes_on) goes_on = reception.take_end();
  require(goes_on == (reception.ended() == drift::HttpFailure::Kind::kNone));
  require(goes_on == reception.whole());
  require(body.size() <= kMostBody && body.size() == reception.received());
  require(!reception.keeps_connection() || reception.whole());
  Outcome outcome{reception.whole(), reception.keeps_connection(), reception.ended(), 0, {}, {}};
  // Beast 1.74 counts a chunk anew with each piece while a quote in its line stays open. That is
  // refused either way, but what it is refused for depends on the pieces.
  using Kind = drift::HttpFailure::Kind;
  if (quotes && (outcome.ended == Kind::kBodyTooLong || outcome.ended == Kind::kNotHttp)) {
    outcome.ended = Kind::kCut;
  }
  // What ended early may have been cut anywhere.
  if (!goes_on) return outcome;
  outcome.status = reception.response().status;
  outcome.headers = reception.response().headers;
  outcome.body = std::move(body);
  require(outcome.status >= 200 && outcome.status <= 999 && clean(outcome.headers));
  require(outcome.body.empty() || std::string_view(method) != "HEAD");
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const char* method = (data[0] & 1) == 0 ? "GET" : "HEAD";
  const unsigned seed = data[0] >> 1;
  // However it is cut into pieces, it is the same answer.
  const Outcome whole = outcome_of(text, Pieces(Pieces::Kind::kAll, seed), method);
  require(outcome_of(text, Pieces(Pieces::Kind::kBytes, seed), method) == whole);
  require(outcome_of(text, Pieces(Pieces::Kind::kAny, seed), method) == whole);
  return 0;
}
