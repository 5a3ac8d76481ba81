#include "drift/base/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

namespace drift {
namespace {

using namespace std::chrono_literals;
using How = ChildEnd::How;

ChildProcess shell(const std::string& script, ChildProcess::Kept kept) {
  ChildProcess child;
  child.words = {"sh", "-c", script};
  child.kept = kept;
  return child;
}

TEST(ChildProcess, ReadsItsInputAndItsOutputIsKept) {
  ChildProcess child;
  child.words = {"cat"};
  child.input = std::string(1u << 19, 'x') + "\n";
  const ChildEnd end = run_child(child, Stop{10s});
  EXPECT_EQ(end.how, How::kExited);
  EXPECT_EQ(end.number, 0);
  EXPECT_EQ(end.kept, child.input);
}

TEST(ChildProcess, OneThatReadsNothingIsNoTrouble) {
  ChildProcess child;
  child.words = {"true"};
  child.input = std::string(1u << 20, 'x');
  EXPECT_EQ(run_child(child, Stop{10s}).how, How::kExited);
}

TEST(ChildProcess, OfKeptErrorsTheOutputIsThrownAway) {
  const ChildEnd end =
      run_child(shell("echo out; echo err >&2; exit 3", ChildProcess::Kept::kErrors), Stop{10s});
  EXPECT_EQ(end.number, 3);
  EXPECT_EQ(end.kept, "err\n");
}

TEST(ChildProcess, WhatItLeavesRunningIsNotWaitedForNorEnded) {
  const auto begin = Stop::Clock::now();
  const ChildEnd end =
      run_child(shell("sleep 30 & echo $! >&2", ChildProcess::Kept::kErrors), Stop{10s});
  EXPECT_EQ(end.how, How::kExited);
  EXPECT_LT(Stop::Clock::now() - begin, 5s);
  const pid_t left = std::stoi(end.kept);
  EXPECT_EQ(::kill(left, 0), 0);
  ::kill(left, SIGKILL);
}

TEST(ChildProcess, GetsTheEnvironmentThatItIsGivenAndNoMore) {
  ::setenv("CANARY", "secret", 1);
  ChildProcess child;
  child.words = {"/usr/bin/env"};
  child.environment = {"ONE=1"};
  EXPECT_EQ(run_child(child, Stop{10s}).kept, "ONE=1\n");
  ::unsetenv("CANARY");
}

TEST(ChildProcess, EndsWithStop) {
  for (const auto kept : {ChildProcess::Kept::kOutput, ChildProcess::Kept::kErrors}) {
    EXPECT_EQ(run_child(shell("sleep 60", kept), Stop{100ms}).how, How::kStopped);
    Stop stop;
    std::thread later([&] {
      std::this_thread::sleep_for(100ms);
      stop.request();
    });
    const auto begin = Stop::Clock::now();
    EXPECT_EQ(run_child(shell("sleep 60", kept), stop).how, How::kStopped);
    EXPECT_LT(Stop::Clock::now() - begin, 5s);
    later.join();
  }
}

TEST(ChildProcess, OtherEnds) {
  ChildProcess child;
  child.words = {"/nowhere/program"};
  ChildEnd end = run_child(child, Stop{10s});
  EXPECT_EQ(end.how, How::kNotStarted);
  EXPECT_EQ(end.number, ENOENT);
  end = run_child(shell("kill -9 $$", ChildProcess::Kept::kErrors), Stop{10s});
  EXPECT_EQ(end.how, How::kKilled);
  EXPECT_EQ(end.number, SIGKILL);
  child = shell("while :; do echo much >&2; done", ChildProcess::Kept::kErrors);
  child.most_kept = 1000;
  EXPECT_EQ(run_child(child, Stop{10s}).how, How::kTalkative);
}

}  // namespace
}  // namespace drift
