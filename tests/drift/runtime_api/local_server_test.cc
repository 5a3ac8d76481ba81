#include "drift/runtime_api/local_server.h"

#include <gtest/gtest.h>

#include "tests/thrown_by.h"

namespace drift::runtime_api {
namespace {

constexpr const char* kHint =
    "give 127.0.0.1:PORT, [::1]:PORT or localhost:PORT; port 0 takes a free one";

TEST(ListenAddress, IsOnLoopback) {
  EXPECT_EQ(read_listen_address("127.0.0.1:9001").address, "127.0.0.1");
  EXPECT_EQ(read_listen_address("127.0.0.1:9001").port, 9001);
  EXPECT_EQ(read_listen_address("127.1.2.3:0").address, "127.1.2.3");
  EXPECT_EQ(read_listen_address("LocalHost:80").address, "127.0.0.1");
  EXPECT_EQ(read_listen_address("[::1]:65535").address, "::1");
  EXPECT_EQ(read_listen_address("[::1]:65535").port, 65535);
}

TEST(ListenAddress, OfOthersIsRefused) {
  for (const char* other : {"0.0.0.0:80", "10.0.0.1:80", "[::]:80", "[fe80::1]:80",
                            "[::ffff:127.0.0.1]:80", "192.168.1.1:0"}) {
    expect_error(thrown_by([&] { read_listen_address(other); }), Fault::kUsage,
                 "cannot listen on \"" + std::string(other) +
                     "\": not on loopback, and whoever reaches this server is let in",
                 kHint);
  }
}

TEST(ListenAddress, HasAnAddressAndAPort) {
  for (const char* wrong :
       {"", ":", "9001", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:1x", "example.com:80", "::1:80", "[]:80", "[127.0.0.1]:80", "127.1:80"}) {
    expect_error(thrown_by([&] { read_listen_address(wrong); }), Fault::kUsage,
                 "cannot listen on \"" + std::string(wrong) + "\": not ADDRESS:PORT", kHint);
  }
}

}  // namespace
}  // namespace drift::runtime_api
