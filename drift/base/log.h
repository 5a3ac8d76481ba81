// Diagnostics on stderr: what the run does, for the person who looks at the logs.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace drift {

enum class LogFormat { kText, kJson };
enum class LogLevel { kDebug, kInfo, kWarning, kError };

// One line per event, written with a single write(2) so that overlapping runs do not mix lines.
// Text: "schema-drift: warning: message key=value". JSON (`--log json`):
// {"time","level","run_id","event",...fields}. Thread-safe.
class Log {
 public:
  using Field = std::pair<std::string_view, std::string>;

  // Events below `least` are dropped. `fd` is stderr but in tests.
  Log(LogFormat format, LogLevel least, int fd = 2);

  void set_run_id(std::string run_id) { run_id_ = std::move(run_id); }

  // `event` is the sentence a person reads; lower case, no full stop.
  // What it and the fields hold of this run's secrets is hidden (drift/base/secrets.h).
  void write(LogLevel level, std::string_view event,
             std::initializer_list<Field> fields = {}) const;

  void info(std::string_view event, std::initializer_list<Field> fields = {}) const {
    write(LogLevel::kInfo, event, fields);
  }
  void warning(std::string_view event, std::initializer_list<Field> fields = {}) const {
    write(LogLevel::kWarning, event, fields);
  }

 private:
  LogFormat format_;
  LogLevel least_;
  int fd_;
  std::string run_id_;
};

}  // namespace drift
