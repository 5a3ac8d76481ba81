#include "migrations/git/pkt_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

// Packets as text: data in quotation marks, markers by name.
std::string packets_of(std::string_view bytes, std::size_t piece) {
  std::string seen;
  PacketReader reader([&](const Packet& packet) {
    switch (packet.kind) {
      case Packet::Kind::kData: seen += '"' + std::string(packet.data) + '"'; break;
      case Packet::Kind::kFlush: seen += " flush "; break;
      case Packet::Kind::kDelimiter: seen += " delimiter "; break;
      case Packet::Kind::kResponseEnd: seen += " end "; break;
    }
  });
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    reader.take(bytes.substr(0, piece));
  }
  if (!reader.between_packets()) seen += " (more)";
  return seen;
}

TEST(PktLine, PacketsAreTheSameInPiecesOfAnySize) {
  const std::string bytes = "0006a\n000400010007b\nc00000002";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    EXPECT_EQ(packets_of(bytes, piece), "\"a\n\"\"\" delimiter \"b\nc\" flush  end ") << piece;
  }
}

TEST(PktLine, APacketThatHasNotEndedIsNotTold) {
  EXPECT_EQ(packets_of("0006a", 100), " (more)");
  EXPECT_EQ(packets_of("000", 100), " (more)");
}

TEST(PktLine, ThePacketsOfAWriterAreRead) {
  EXPECT_EQ(packet("a\n"), "0006a\n");
  const std::string longest(kLongestPacket - 4, 'x');
  EXPECT_EQ(packets_of(packet(longest), 1000), '"' + longest + '"');
}

TEST(PktLine, WhatIsNoLengthIsRefused) {
  for (const char* bytes : {"0003", "zzzz", "-001", "fff1", "00 6a\n", "+006a\n"}) {
    const Error error = thrown_by([&] { packets_of(bytes, 100); });
    expect_error(error, Fault::kRemoteUnreachable, "what came is not in packets of git's protocol",
                 "");
  }
}

TEST(PktLine, OneLineBreakAtTheEndIsNoPartOfALine) {
  EXPECT_EQ(without_break("a\n"), "a");
  EXPECT_EQ(without_break("a\n\n"), "a\n");
  EXPECT_EQ(without_break(""), "");
}

}  // namespace
}  // namespace drift::migrations
