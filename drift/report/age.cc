#include "drift/report/age.h"

#include <cstdint>

#include "drift/base/text.h"

namespace drift::report {
namespace {

using std::chrono::sys_days;
using std::chrono::year;

constexpr TimePoint kEarliest = sys_days{year{2005} / 1 / 1};

}  // namespace

std::string time_span(std::chrono::seconds span) {
  using std::chrono::days;
  using std::chrono::hours;
  if (span >= days{1}) return counted(static_cast<std::uint64_t>(span / days{1}), "day");
  if (span >= hours{1}) return counted(static_cast<std::uint64_t>(span / hours{1}), "hour");
  return "less than an hour";
}

bool can_have_been(TimePoint then, TimePoint now) { return then >= kEarliest && then <= now; }

std::optional<std::string> age(TimePoint then, TimePoint now) {
  if (!can_have_been(then, now)) return std::nullopt;
  return time_span(now - then);
}

}  // namespace drift::report
