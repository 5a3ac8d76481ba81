#include "migrations/git/fetch_answer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "migrations/git/protocol_v2.h"
#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

const std::string kOne(40, '1'), kTwo(40, '2');

std::string band(char number, const std::string& data) { return packet(number + data); }

const std::string kAcknowledgments =
    packet("acknowledgments\n") + packet("ACK " + kOne + "\n") + packet("ready\n") + "0001";
const std::string kShallowInfo = packet("shallow-info\n") + packet("shallow " + kOne + "\n") +
                                 packet("unshallow " + kTwo + "\n") + "0001";
const std::string kPackfile = packet("packfile\n") + band(2, "Counting objects: 1\r") +
                              band(1, "PA") + band(1, "CK") + "0000";

struct Read {
  std::string pack;
  FetchAnswer answer{[this](std::string_view bytes) { pack += bytes; }};
  explicit Read(std::string_view bytes, std::size_t piece = 1000) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
      answer.take(bytes.substr(0, piece));
    }
  }
};

TEST(FetchAnswer, SectionsAreReadInPiecesOfAnySize) {
  const std::string whole = kAcknowledgments + kShallowInfo + kPackfile;
  for (std::size_t piece = 1; piece <= whole.size(); ++piece) {
    const Read read(whole, piece);
    EXPECT_EQ(read.pack, "PACK");
    EXPECT_TRUE(read.answer.whole());
    EXPECT_EQ(read.answer.shallow(), std::vector{*id_from_hex(kOne)});
    EXPECT_EQ(read.answer.unshallow(), std::vector{*id_from_hex(kTwo)});
    EXPECT_EQ(read.answer.refusal(), "");
  }
}

TEST(FetchAnswer, AnAnswerThatIsCutIsNeverWhole) {
  const std::string whole = kShallowInfo + kPackfile;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(Read(whole.substr(0, size)).answer.whole()) << size;
  }
}

TEST(FetchAnswer, ARefusalIsHeardWhereverItComes) {
  const Read early(packet("ERR upload-pack: not our ref " + kOne + "\n"));
  EXPECT_EQ(early.answer.refusal(), "upload-pack: not our ref " + kOne);
  EXPECT_FALSE(early.answer.whole());
  const Read late(packet("packfile\n") + band(1, "PA") + band(3, "fatal: out of memory\n") +
                  band(1, "CK"));
  EXPECT_EQ(late.answer.refusal(), "fatal: out of memory");
  EXPECT_EQ(late.pack, "PA");
  EXPECT_EQ(Read(packet("ERR ")).answer.refusal(), "no reason given");
  EXPECT_EQ(Read(packet("ERR " + std::string(5000, 'x'))).answer.refusal().size(), 1000u);
}

TEST(FetchAnswer, WhatIsNoAnswerIsRefused) {
  for (const std::string& bytes :
       {packet("wanted-refs\n"), std::string("0000"), std::string("0001"), std::string("0002"),
        packet("shallow-info\n") + packet("deep " + kOne),
        packet("shallow-info\n") + packet("shallow 12"), packet("packfile\n") + band(4, "x"),
        packet("packfile\n") + "0004", packet("packfile\n") + "0001", kPackfile + packet("more")}) {
    const Error error = thrown_by([&] { Read{bytes}; });
    expect_error(error, Fault::kRemoteUnreachable, "its answer to a fetch is not one of git's", "");
  }
}

}  // namespace
}  // namespace drift::migrations
