#include "drift/cli/time_words.h"

#include <charconv>

namespace drift::cli {
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

}  // namespace drift::cli
