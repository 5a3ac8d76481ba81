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
  if (*rest == 'h' && count <= kMostDays * 24) return std::chrono::hours{count};
  return std::nullopt;
}

}  // namespace

std::optional<TimePoint> time_of(const std::string& text, TimePoint now, bool ahead) {
  if (const auto span = distance(text)) return ahead ? now + *span : now - *span;
  constexpr std::size_t kDate = 10;
  return parse_rfc3339(text.size() == kDate ? text + "T00:00:00Z" : text);
}

}  // namespace drift::cli
