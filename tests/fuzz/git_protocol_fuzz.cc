// Whoever answers in a git server's place chooses these bytes. The first says which reader gets the
// rest; whatever comes, it is understood or refused, and the same in pieces as at once.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "drift/base/error.h"
#include "migrations/git/fetch_answer.h"
#include "migrations/git/pack_guard.h"
#include "migrations/git/pkt_line.h"
#include "migrations/git/protocol_v2.h"

namespace {

using drift::Error;
using namespace drift::migrations;

void require(bool condition) {
  if (!condition) std::abort();
}

template <typename Take>
std::string in_pieces(std::string_view bytes, std::size_t piece, Take take) {
  try {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
      take(bytes.substr(0, piece));
    }
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// What a reader made of an answer, as text.
std::string refs(std::string_view bytes, std::size_t piece) {
  std::string seen;
  PacketReader packets([&](const Packet& packet) {
    seen += static_cast<char>('0' + static_cast<int>(packet.kind));
    if (packet.kind != Packet::Kind::kData) return;
    require(packet.data.size() + 4 <= kLongestPacket);
    Capabilities server;
    read_capability(packet.data, server);
    const RemoteRef ref = read_ref(packet.data);
    require(!ref.name.empty());
    seen += ref.name + ref.symref.value_or("") + (ref.tip() ? hex_of(*ref.tip()) : "unborn");
  });
  return seen + in_pieces(bytes, piece, [&](std::string_view some) { packets.take(some); });
}

std::string answer(std::string_view bytes, std::size_t piece) {
  std::string seen;
  FetchAnswer reader([&](std::string_view pack) { seen += pack; });
  seen += in_pieces(bytes, piece, [&](std::string_view some) { reader.take(some); });
  require(reader.refusal().size() <= 1000);
  require(!reader.whole() || reader.refusal().empty());
  for (const ObjectId& id : reader.shallow()) seen += hex_of(id);
  for (const ObjectId& id : reader.unshallow()) seen += hex_of(id);
  return seen + (reader.whole() ? " whole " : "") + reader.refusal();
}

std::string pack(std::string_view bytes, std::size_t piece) {
  PackLimits limits;
  limits.most_objects = 100'000;
  limits.most_from_delta = limits.most_stored = 1 << 20;
  PackGuard guard(limits);
  // Which of two faults is met first depends on the pieces.
  const bool refused =
      !in_pieces(bytes, piece, [&](std::string_view some) { guard.take(some); }).empty();
  return refused ? "refused" : guard.whole() ? "whole" : "";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto read = data[0] % 3 == 0 ? refs : data[0] % 3 == 1 ? answer : pack;
  require(read(bytes, bytes.size() + 1) == read(bytes, 1 + data[0] / 3));
  return 0;
}
