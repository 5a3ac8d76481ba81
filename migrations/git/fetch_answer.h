// The answer to a fetch of git's protocol v2, as it comes: sections of lines, then a pack in bands.
// https://git-scm.com/docs/gitprotocol-v2#_fetch
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/git/object_id.h"
#include "migrations/git/pkt_line.h"

namespace drift::migrations {

class FetchAnswer {
 public:
  // A shallow clone names no more commits than this, nor does a server that means well.
  static constexpr std::size_t kMostShallow = 1'000'000;

  // `pack` is given the bytes of the pack, in pieces.
  explicit FetchAnswer(std::function<void(std::string_view)> pack);

  // Throws Error{kRemoteUnreachable} for what is no such answer, and what `pack` throws.
  void take(std::string_view bytes) { packets_.take(bytes); }

  // The server has ended it as it should.
  bool whole() const { return state_ == State::kEnd && packets_.between_packets(); }
  // What the server said instead of an answer, or in the middle of one (ERR, or band 3).
  const std::string& refusal() const { return refusal_; }

  // Commits whose parents the answer leaves out, and those whose parents it brings.
  const std::vector<ObjectId>& shallow() const { return shallow_; }
  const std::vector<ObjectId>& unshallow() const { return unshallow_; }

 private:
  enum class State { kHeader, kAcknowledgments, kShallow, kPack, kEnd };

  void hear(const Packet& packet);
  void hear_line(std::string_view line);
  void hear_band(std::string_view data);

  std::function<void(std::string_view)> pack_;
  PacketReader packets_;
  State state_ = State::kHeader;
  std::string refusal_;
  std::vector<ObjectId> shallow_, unshallow_;
};

}  // namespace drift::migrations
