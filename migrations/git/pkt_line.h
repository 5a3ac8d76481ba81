// The packets of git's protocol: four hexadecimal digits with the length, and what they count.
// https://git-scm.com/docs/gitprotocol-common#_pkt_line_format
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace drift::migrations {

struct Packet {
  enum class Kind { kData, kFlush, kDelimiter, kResponseEnd };
  Kind kind = Kind::kData;
  std::string_view data;  // of kData, without the length; valid during the call
};

// No packet is longer, its digits included.
constexpr std::size_t kLongestPacket = 65520;

// Takes bytes as they come, in pieces of any size.
class PacketReader {
 public:
  explicit PacketReader(std::function<void(const Packet&)> tell) : tell_(std::move(tell)) {}

  // Calls `tell` with each packet that is whole by now; what that throws passes through.
  // Throws Error{kRemoteUnreachable} for a length that is none. After that it is of no use.
  void take(std::string_view bytes);

  // Whether no packet has begun that did not end.
  bool between_packets() const { return kept_.empty(); }

 private:
  std::function<void(const Packet&)> tell_;
  std::string kept_;  // of a packet that is not whole, with its digits
};

// "0006a\n" for "a\n". Requires that it is no longer than a packet may be.
std::string packet(std::string_view data);

constexpr std::string_view kFlushPacket = "0000";
constexpr std::string_view kDelimiterPacket = "0001";

// `line` without the line break that may stand at its end.
std::string_view without_break(std::string_view line);

}  // namespace drift::migrations
