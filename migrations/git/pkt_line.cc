#include "migrations/git/pkt_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "drift/base/error.h"

namespace drift::migrations {
namespace {

constexpr std::size_t kDigits = 4;

std::size_t length_of(std::string_view digits) {
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + kDigits, length, 16);
  const bool is_number = error == std::errc{} && end == digits.data() + kDigits;
  // Three is no length at all, and four an empty packet, which is allowed.
  if (!is_number || length == 3 || length > kLongestPacket) {
    throw Error{Fault::kRemoteUnreachable, "what came is not in packets of git's protocol"};
  }
  return length;
}

Packet marker(std::size_t length) {
  using Kind = Packet::Kind;
  constexpr Kind kKinds[] = {Kind::kFlush, Kind::kDelimiter, Kind::kResponseEnd};
  return {kKinds[length], {}};
}

}  // namespace

void PacketReader::take(std::string_view bytes) {
  while (!bytes.empty()) {
    if (kept_.size() < kDigits) {
      const std::size_t count = std::min(kDigits - kept_.size(), bytes.size());
      kept_.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      if (kept_.size() < kDigits) return;
    }
    const std::size_t length = length_of(kept_);
    if (length < kDigits) {
      kept_.clear();
      tell_(marker(length));
      continue;
    }
    const std::size_t left = length - kept_.size();
    if (kept_.size() == kDigits && left <= bytes.size()) {  // whole in this piece: no copy
      kept_.clear();
      const std::string_view data = bytes.substr(0, left);
      bytes.remove_prefix(left);
      tell_({Packet::Kind::kData, data});
      continue;
    }
    const std::size_t count = std::min(left, bytes.size());
    kept_.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (kept_.size() < length) return;
    const std::string whole = std::move(kept_);
    kept_.clear();
    tell_({Packet::Kind::kData, std::string_view(whole).substr(kDigits)});
  }
}

std::string packet(std::string_view data) {
  return fmt::format("{:04x}{}", data.size() + kDigits, data);
}

std::string_view without_break(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

}  // namespace drift::migrations
