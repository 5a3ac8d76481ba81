#include "drift/base/clock.h"

#include <algorithm>
#include <ctime>

namespace drift {
namespace {

std::string format_utc(TimePoint time, const char* format) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[40];
  return {text, std::strftime(text, sizeof text, format, &utc)};
}

// Takes `count` digits off `text`; -1 where they are not there.
int digits(std::string_view& text, std::size_t count) {
  int number = 0;
  if (text.size() < count) return -1;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return number;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+02:00", "+0200"; nothing at all is UTC too.
std::optional<std::chrono::minutes> offset(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return std::chrono::minutes{0};
  const bool west = text.front() == '-';
  if (!take(text, "+-")) return std::nullopt;
  const int hours = digits(text, 2);
  take(text, ":");
  const int minutes = digits(text, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || !text.empty()) return std::nullopt;
  const std::chrono::minutes total{hours * 60 + minutes};
  return west ? -total : total;
}

}  // namespace

TimePoint SystemClock::now() const {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string rfc3339(TimePoint time) { return format_utc(time, "%Y-%m-%dT%H:%M:%SZ"); }

std::optional<TimePoint> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const int y = digits(text, 4);
  if (!take(text, "-")) return std::nullopt;
  const int mon = digits(text, 2);
  if (!take(text, "-")) return std::nullopt;
  const int d = digits(text, 2);
  if (!take(text, "Tt ")) return std::nullopt;
  const int h = digits(text, 2);
  if (!take(text, ":")) return std::nullopt;
  const int min = digits(text, 2);
  if (!take(text, ":")) return std::nullopt;
  const int s = digits(text, 2);
  if (y < 0 || h < 0 || h > 23 || min < 0 || min > 59 || s < 0 || s > 60) return std::nullopt;
  const year_month_day date{year{y}, month(static_cast<unsigned>(mon)),
                            day(static_cast<unsigned>(d))};
  if (mon < 1 || d < 1 || !date.ok()) return std::nullopt;
  if (take(text, ".,")) {
    const std::size_t end = text.find_first_not_of("0123456789");
    if (end == 0 || text.empty()) return std::nullopt;
    text.remove_prefix(std::min(end, text.size()));
  }
  const auto from_utc = offset(text);
  if (!from_utc) return std::nullopt;
  return TimePoint{sys_days{date}} + hours{h} + minutes{min} + seconds{s} - *from_utc;
}

std::string basic_timestamp(TimePoint time) { return format_utc(time, "%Y%m%dT%H%M%SZ"); }

}  // namespace drift
