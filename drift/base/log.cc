#include "drift/base/log.h"

#include <nlohmann/json.hpp>

#include "drift/base/clock.h"
#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/secrets.h"

namespace drift {
namespace {

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "error";
}

}  // namespace

Log::Log(LogFormat format, LogLevel least, int fd) : format_(format), least_(least), fd_(fd) {}

void Log::write(LogLevel level, std::string_view event, std::initializer_list<Field> fields) const {
  if (level < least_) return;
  std::string line;
  if (format_ == LogFormat::kJson) {
    nlohmann::ordered_json object;
    object["time"] = rfc3339(SystemClock{}.now());
    object["level"] = level_name(level);
    if (!run_id_.empty()) object["run_id"] = run_id_;
    object["event"] = valid_utf8(without_secrets(event));
    for (const auto& [key, value] : fields) {
      object[std::string(key)] = valid_utf8(without_secrets(value));
    }
    line = object.dump();
  } else {
    line = "schema-drift: ";
    line += level_name(level);
    line += ": ";
    line += printable(without_secrets(event));
    for (const auto& [key, value] : fields) {
      line += ' ';
      line += key;
      line += '=';
      line += printable(without_secrets(value));
    }
  }
  line += '\n';
  try {
    write_fully(fd_, line);
  } catch (const Error&) {
    // A closed stderr must not end the run: the report is what counts.
  }
}

}  // namespace drift
