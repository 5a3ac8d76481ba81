// A line for who watches a terminal and waits.
#pragma once

#include <chrono>
#include <string>

namespace drift::check {

// Writes to standard error where that is a terminal that is not dumb, and nowhere else. Begins
// after a second: what is over by then needs no explanation. One thread at a time.
class Progress {
 public:
  Progress();
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

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

}  // namespace drift::check
