#include "migrations/git/reception.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace drift::migrations {
namespace {

std::string packet(const std::string& payload) {
  return fmt::format("{:04x}{}", payload.size() + 4, payload);
}

class Reception : public ::testing::Test {
 protected:
  const RepositoryLocation location_{
      RepositoryLocation::Kind::kHttps, "", "https://example.com/x", "example.com", "", ""};
  const std::vector<RemoteCredential> credentials_{
      {RemoteCredential::Kind::kPassword, "user", "hunter2", ""}};
  GitReception reception_{location_, credentials_, 1000};
};

TEST_F(Reception, WordsAreFoundHoweverTheBytesAreCut) {
  const std::string bytes = "0000" + packet("ERR not today, hunter2\n") + "0000";
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    GitReception reception(location_, credentials_, 1000);
    reception.begin(GitReception::Part::kRefs);
    EXPECT_TRUE(reception.take(bytes.substr(0, cut)));
    EXPECT_TRUE(reception.take(bytes.substr(cut)));
    EXPECT_EQ(reception.fatal(), "not today, ***") << cut;
  }
}

TEST_F(Reception, TheBandsOfAPackAreToldApart) {
  reception_.begin(GitReception::Part::kPack);
  EXPECT_TRUE(reception_.take(packet("NAK\n") + packet("\2Counting objects:  50% (1/2)\r") +
                              packet("\1ERR is data here") +
                              packet("\2a notice\nCompressing objects: 100% (2/2), done.\n")));
  EXPECT_EQ(reception_.said(), "a notice");
  EXPECT_EQ(reception_.fatal(), "");
  EXPECT_TRUE(reception_.take(packet("\3fatal: \x1b[2J") + packet("\3no room")));
  EXPECT_EQ(reception_.fatal(), "fatal: \\x1b[2Jno room");
}

TEST_F(Reception, NoBandIsLookedForAmongRefs) {
  reception_.begin(GitReception::Part::kRefs);
  EXPECT_TRUE(reception_.take(packet("\3fatal")));
  EXPECT_EQ(reception_.fatal(), "");
}

TEST_F(Reception, WhatIsNoPacketIsOnlyCounted) {
  for (const char* bytes : {"PACK....", "0003", "00zz", "-001", "+0ff"}) {
    GitReception reception(location_, credentials_, 1000);
    reception.begin(GitReception::Part::kPack);
    EXPECT_TRUE(reception.take(bytes + packet("ERR unheard")));
    EXPECT_EQ(reception.fatal(), "") << bytes;
  }
}

TEST_F(Reception, OneByteTooManyIsRefusedAndNothingIsTakenAfterIt) {
  for (int part = 0; part < 2; ++part) {  // of several answers together
    reception_.begin(GitReception::Part::kPack);
    EXPECT_TRUE(reception_.take(std::string(500, 'x')));
  }
  EXPECT_FALSE(reception_.failure());
  EXPECT_FALSE(reception_.take("x"));
  ASSERT_TRUE(reception_.failure());
  EXPECT_STREQ(reception_.failure()->what(),
               "https://example.com/x cannot be read: its server sends more than 1000 bytes of "
               "objects");
  EXPECT_FALSE(reception_.take(""));
}

}  // namespace
}  // namespace drift::migrations
