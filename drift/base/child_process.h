// A program that this one runs and waits for, without a shell.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "drift/base/stop.h"

namespace drift {

struct ChildProcess {
  std::vector<std::string>
      words;          // not empty; the program is looked for in PATH unless it has a '/'
  std::string input;  // what it reads
  // "NAME=value"; nothing: this program's own.
  std::optional<std::vector<std::string>> environment;
  enum class Kept {
    kOutput,  // what it prints; its errors are thrown away
    kErrors,  // what it says on standard error; the rest is thrown away
  } kept = Kept::kOutput;
  std::size_t most_kept = 1u << 20;
};

struct ChildEnd {
  enum class How {
    kNotStarted,  // number: errno
    kExited,      // number: its exit code
    kKilled,      // number: the signal
    kStopped,     // `stop` was due first
    kTalkative,   // it printed more than `most_kept`
    kUnreadable,  // number: errno
  } how = How::kNotStarted;
  int number = 0;
  std::string kept;  // of kExited and kKilled
};

// Runs it in a process group of its own, without this program's descriptors, with signals as a
// program expects them. Waits until it has ended and, of kOutput, closed its standard output.
// Where it has not ended by then, it is killed with its group before this returns. Of what it left
// running after a good end (a mail server's delivery) nothing is touched.
ChildEnd run_child(const ChildProcess& child, const Stop& stop);

}  // namespace drift
