#include "migrations/git/protocol_v2.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

const std::string kOne(40, '1'), kTwo(40, '2');

std::string text_of(const RemoteRef& ref) {
  const auto shown = [](const auto& id) { return id ? hex_of(*id).substr(0, 1) : "-"; };
  return ref.name + ' ' + shown(ref.id) + ' ' + shown(ref.peeled) + ' ' + ref.symref.value_or("-");
}

TEST(ProtocolV2, CapabilitiesAreReadAndUnknownOnesPassedOver) {
  Capabilities server;
  for (const char* line :
       {"agent=git/2.39.5\n", "ls-refs=unborn\n", "fetch=shallow wait-for-done filter\n",
        "server-option\n", "object-format=sha256\n", "new-thing=x y\n"}) {
    read_capability(line, server);
  }
  EXPECT_TRUE(server.lists_refs && server.fetches && server.shallow && server.filter);
  EXPECT_EQ(server.object_format, "sha256");

  Capabilities poor;
  read_capability("fetch", poor);
  read_capability("fetchx=shallow", poor);
  EXPECT_TRUE(poor.fetches);
  EXPECT_FALSE(poor.lists_refs || poor.shallow || poor.filter);
  EXPECT_EQ(poor.object_format, "sha1");
}

TEST(ProtocolV2, RefsAreReadWithWhatTheyPointAt) {
  EXPECT_EQ(text_of(read_ref(kOne + " refs/heads/main\n")), "refs/heads/main 1 - -");
  EXPECT_EQ(text_of(read_ref(kOne + " HEAD symref-target:refs/heads/main\n")),
            "HEAD 1 - refs/heads/main");
  EXPECT_EQ(text_of(read_ref(kOne + " refs/tags/v1 peeled:" + kTwo)), "refs/tags/v1 1 2 -");
  EXPECT_EQ(text_of(read_ref("unborn HEAD symref-target:refs/heads/x")), "HEAD - - refs/heads/x");
  const RemoteRef tag = read_ref(kOne + " refs/tags/v1 peeled:" + kTwo);
  EXPECT_EQ(hex_of(*tag.tip()), kTwo);
}

TEST(ProtocolV2, WhatIsNoRefIsRefused) {
  for (const std::string& line :
       {std::string("x"), kOne, kOne + ' ', "main " + kOne, std::string()}) {
    const Error error = thrown_by([&] { read_ref(line); });
    expect_error(error, Fault::kRemoteUnreachable, "its list of refs is not one of git's", "");
  }
}

TEST(ProtocolV2, RefsAreAskedForByTheirBeginnings) {
  const std::string text = ref_request({}, {"HEAD", "refs/heads/main"});
  EXPECT_TRUE(text.starts_with("0014command=ls-refs\n")) << text;
  EXPECT_TRUE(
      text.ends_with("0001"
                     "0009peel\n"
                     "000csymrefs\n"
                     "0014ref-prefix HEAD\n"
                     "001fref-prefix refs/heads/main\n"
                     "0000"))
      << text;
}

TEST(ProtocolV2, AFetchSaysWhatIsWantedAndWhatIsHere) {
  FetchRequest request;
  request.wants = {*id_from_hex(kOne)};
  request.haves = request.shallow = {*id_from_hex(kTwo)};
  request.depth = 1;
  request.without_blobs = true;
  EXPECT_TRUE(fetch_request({}, request)
                  .ends_with("0032want " + kOne + "\n" + "0035shallow " + kTwo + "\n" +
                             "000ddeepen 1\n" + "0015filter blob:none\n" + "0032have " + kTwo +
                             "\n" + "0009done\n0000"));
  FetchRequest since;
  since.wants = request.wants;
  since.since = 1'700'000'000;
  EXPECT_TRUE(fetch_request({}, since).ends_with("0032want " + kOne +
                                                 "\n001cdeepen-since 1700000000\n0009done\n0000"));
}

TEST(ProtocolV2, OnlyFortyHexadecimalDigitsAreAnId) {
  EXPECT_EQ(hex_of(*id_from_hex("0123456789abcdef0123456789ABCDEF01234567")),
            "0123456789abcdef0123456789abcdef01234567");
  EXPECT_FALSE(id_from_hex(kOne.substr(1)));
  EXPECT_FALSE(id_from_hex(kOne + "1"));
  EXPECT_FALSE(id_from_hex("g" + kOne.substr(1)));
}

}  // namespace
}  // namespace drift::migrations
