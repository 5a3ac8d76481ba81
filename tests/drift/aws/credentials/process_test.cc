#include "drift/aws/credentials/sources.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <thread>

#include "tests/temporary_folder.h"
#include "tests/thrown_by.h"

namespace drift::aws {
namespace {

using namespace std::chrono_literals;

// What programs print is tested in tests/aws/test_credentials.py; here, that they end.

// Whether the process whose id stands in the file is gone (or a zombie of its dead parent's).
bool is_gone(const std::string& file) {
  for (int i = 0; i < 200; ++i) {
    int pid = 0;
    std::ifstream(file) >> pid;
    std::string name, state;
    int same = 0;
    std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
    if (pid > 0 && (!(status >> same >> name >> state) || state == "Z")) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

TEST(CredentialProcess, OneThatDoesNotEndIsKilledWithItsChildren) {
  const TemporaryFolder folder;
  const std::string command =
      "sh -c 'sleep 60 & echo $! > " + folder.path("child") + "; echo canary; wait'";
  const Stop stop;
  const auto start = std::chrono::steady_clock::now();
  expect_error(thrown_by([&] { process_credentials(command, "profile x", 300ms, stop); }),
               Fault::kNoCredentials, "the command of profile x did not end in 1 s",
               "run the command by hand to see what it says");
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_TRUE(is_gone(folder.path("child")));
}

TEST(CredentialProcess, OneThatClosesItsOutputAndStaysIsKilledToo) {
  const Stop stop;
  EXPECT_EQ(std::string(thrown_by([&] {
                          process_credentials("sh -c 'exec >&-; sleep 60'", "profile x", 200ms,
                                              stop);
                        }).what()),
            "the command of profile x did not end in 1 s");
}

TEST(CredentialProcess, TheRunsOwnEndIsItsEnd) {
  const Stop due{100ms};
  EXPECT_EQ(thrown_by([&] { process_credentials("sleep 60", "profile x", 60s, due); }).fault,
            Fault::kTimedOut);
  Stop stop;
  std::thread asker([&] {
    std::this_thread::sleep_for(100ms);
    stop.request();
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(thrown_by([&] { process_credentials("sleep 60", "profile x", 60s, stop); }).fault,
            Fault::kInterrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  asker.join();
}

TEST(CredentialProcess, ItGetsSignalsAsAProgramExpectsThem) {
  // A run that ignores SIGPIPE must not make `yes | head` run for ever.
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  const Stop stop;
  const Credentials credentials = process_credentials(
      "sh -c 'yes | head -n 1 > /dev/null; printf "
      "\"{\\\"Version\\\": 1, \\\"AccessKeyId\\\": \\\"a\\\", \\\"SecretAccessKey\\\": "
      "\\\"b\\\"}\"'",
      "profile x", 5s, stop);
  EXPECT_EQ(credentials.keys.access_key_id, "a");
  ::signal(SIGPIPE, before);
}

}  // namespace
}  // namespace drift::aws
