// The same for many things, a bounded number at once.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace drift::check {

// Stores wait for a disk or a network, not for a processor.
inline constexpr std::size_t kStoringAtOnce = 16;

// Calls `act` with 0 to `count` - 1, on up to `at_once` threads, and returns when all have
// returned. It must not throw. Signals go to the thread that waits.
inline void side_by_side(std::size_t count, const std::function<void(std::size_t)>& act,
                         std::size_t at_once = kStoringAtOnce) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) act(i);
  };
  if (count < 2) return work();
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < std::min(count, at_once); ++i) threads.emplace_back(work);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace drift::check
