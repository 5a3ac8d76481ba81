// A line for who watches a terminal and waits.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace drift::check {

// "12.3 MiB", "340 KiB", "12 bytes".
std::string shown_bytes(std::uint64_t bytes);

// Writes to standard error where that is a terminal that is not dumb, and nowhere else. Begins
// after a second: what is over by then needs no explanation. One thread at a time.
class Progress {
 public:
  Progress();
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  bool is_watched() const { return terminal_; }
  // Whether it is time for another line; for who would have to find out what to say.
  bool due() const;
  // In the place of the line before, cut to the width of a narrow terminal.
  void show(const std::string& line);
  // Takes the line away, before anything else is printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  const bool terminal_;
  Clock::time_point next_;
  bool shown_ = false;
};

// Shows a line again and again, on a thread of its own, while something else waits; no thread where
// nobody watches. The line is gone when it is destroyed.
class ProgressWhile {
 public:
  explicit ProgressWhile(std::function<std::string()> line);
  ~ProgressWhile();
  ProgressWhile(const ProgressWhile&) = delete;
  ProgressWhile& operator=(const ProgressWhile&) = delete;

 private:
  void show(const std::function<std::string()>& line);

  Progress progress_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace drift::check
