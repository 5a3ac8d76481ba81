#include "drift/aws/services/sns.h"

#include <gtest/gtest.h>

#include "drift/base/printable.h"

namespace drift::aws {
namespace {

TEST(SnsSubjectTest, PlainTextStays) {
  EXPECT_EQ(sns_subject("schema drift: production is behind by 2 revisions"),
            "schema drift: production is behind by 2 revisions");
  EXPECT_EQ(sns_subject(""), "");
  EXPECT_EQ(sns_subject(std::string(100, 'x')), std::string(100, 'x'));
}

TEST(SnsSubjectTest, WhatSnsRefusesIsReplaced) {
  EXPECT_EQ(sns_subject("\n  a\nb\tc"), "a b c");
  EXPECT_EQ(sns_subject("caf\xc3\xa9 \xf0\x9f\x94\xa5 \x1b[2J\x7f"), "caf? ? ?[2J?");
  EXPECT_EQ(sns_subject(std::string(101, 'x')), std::string(97, 'x') + "...");
}

TEST(SnsMessageTest, MessageThatFitsStays) {
  EXPECT_EQ(sns_message("line\nline", 200), "line\nline");
  EXPECT_EQ(sns_message("a\xff", 200), "a\xef\xbf\xbd");
}

TEST(SnsMessageTest, LongMessageIsCutBetweenCharactersAndSaysSo) {
  std::string text = "x";
  for (int i = 0; i < 200; ++i) text += "\xc3\xa9";
  for (const std::size_t most : {300u, 301u}) {
    const std::string message = sns_message(text, most);
    EXPECT_LE(message.size(), most);
    EXPECT_GE(message.size(), most - 1);
    EXPECT_TRUE(is_utf8(message));
    EXPECT_TRUE(message.ends_with("\n[cut: the whole message has 401 bytes, more than SNS takes]"));
  }
}

}  // namespace
}  // namespace drift::aws
