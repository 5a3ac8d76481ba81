#include "migrations/git/fetch_answer.h"

#include <utility>

#include "drift/base/error.h"
#include "migrations/git/protocol_v2.h"

namespace drift::migrations {
namespace {

constexpr std::size_t kMostRefusal = 1000;

[[noreturn]] void throw_no_answer() {
  throw Error{Fault::kRemoteUnreachable, "its answer to a fetch is not one of git's"};
}

}  // namespace

FetchAnswer::FetchAnswer(std::function<void(std::string_view)> pack)
    : pack_(std::move(pack)), packets_([this](const Packet& packet) { hear(packet); }) {}

void FetchAnswer::hear(const Packet& packet) {
  if (!refusal_.empty()) return;  // whatever comes behind it
  constexpr std::string_view kError = "ERR ";
  switch (packet.kind) {
    case Packet::Kind::kData:
      if (state_ == State::kPack) {
        hear_band(packet.data);
      } else if (packet.data.starts_with(kError)) {
        refusal_ = without_break(packet.data.substr(kError.size())).substr(0, kMostRefusal);
        if (refusal_.empty()) refusal_ = "no reason given";
      } else {
        hear_line(without_break(packet.data));
      }
      return;
    case Packet::Kind::kDelimiter:
      if (state_ != State::kAcknowledgments && state_ != State::kShallow) throw_no_answer();
      state_ = State::kHeader;
      return;
    case Packet::Kind::kFlush:
      if (state_ != State::kPack) throw_no_answer();
      state_ = State::kEnd;
      return;
    case Packet::Kind::kResponseEnd: throw_no_answer();
  }
}

void FetchAnswer::hear_line(std::string_view line) {
  constexpr std::string_view kShallow = "shallow ", kUnshallow = "unshallow ";
  switch (state_) {
    case State::kHeader:
      if (line == "acknowledgments") {
        state_ = State::kAcknowledgments;
      } else if (line == "shallow-info") {
        state_ = State::kShallow;
      } else if (line == "packfile") {
        state_ = State::kPack;
      } else {
        // wanted-refs and packfile-uris come only to those who ask for them.
        throw_no_answer();
      }
      return;
    case State::kAcknowledgments: return;  // whatever we have in common: a pack follows
    case State::kShallow: {
      const bool more = line.starts_with(kUnshallow);
      if (!more && !line.starts_with(kShallow)) throw_no_answer();
      const auto id = id_from_hex(line.substr(more ? kUnshallow.size() : kShallow.size()));
      if (!id || shallow_.size() + unshallow_.size() >= kMostShallow) throw_no_answer();
      (more ? unshallow_ : shallow_).push_back(*id);
      return;
    }
    case State::kPack:
    case State::kEnd: throw_no_answer();
  }
}

void FetchAnswer::hear_band(std::string_view data) {
  if (data.empty()) throw_no_answer();
  const char band = data.front();
  data.remove_prefix(1);
  switch (band) {
    case 1: pack_(data); return;
    case 2: return;  // for people
    case 3:
      refusal_ = without_break(data).substr(0, kMostRefusal);
      if (refusal_.empty()) refusal_ = "no reason given";
      return;
    default: throw_no_answer();
  }
}

}  // namespace drift::migrations
