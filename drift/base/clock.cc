#include "drift/base/clock.h"

#include <algorithm>
#include <charconv>
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

namespace {

constexpr int kMostDays = 36'500;

std::optional<std::chrono::seconds> distance(const std::string& text) {
  int count = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{} || end - rest != 1 || count < 0) return std::nullopt;
  if (*rest == 'd' && count <= kMostDays) return std::chrono::days{count};
  if (*rest == 'w' && count <= kMostDays / 7) return std::chrono::weeks{count};
  if (*rest == 'h' && count <= kMostDays * 24) return std::chrono::hours{count};
  return std::nullopt;
}

// Years of the calendar. What would be the 29th of February is the 28th.
std::optional<TimePoint> years_from(const std::string& text, TimePoint now, bool ahead) {
  using namespace std::chrono;
  constexpr int kMostYears = 100;
  int count = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{} || end - rest != 1 || *rest != 'y' || count < 0 || count > kMostYears) {
    return std::nullopt;
  }
  const auto day = floor<days>(now);
  year_month_day date{day};
  date += ahead ? years{count} : -years{count};
  if (!date.ok()) date = date.year() / date.month() / 28;
  return sys_days{date} + (now - day);
}

}  // namespace

std::optional<TimePoint> time_of(const std::string& text, TimePoint now, bool ahead) {
  if (const auto time = years_from(text, now, ahead)) return time;
  if (const auto span = distance(text)) return ahead ? now + *span : now - *span;
  constexpr std::size_t kDate = 10;
  return parse_rfc3339(text.size() == kDate ? text + "T00:00:00Z" : text);
}

}  // namespace drift
