#include "drift/report/report_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "drift/base/text.h"

namespace drift::report {
namespace {

constexpr std::string_view kEnd = ".json";
constexpr std::size_t kTimestampSize = 16;  // "20261120T030000Z"
constexpr std::size_t kRunIdSize = 16;

// `count` digits at `at`, or -1.
int number(std::string_view text, std::size_t at, std::size_t count) {
  int value = -1;
  const char* end = text.data() + at + count;
  const auto [rest, error] = std::from_chars(text.data() + at, end, value);
  return error == std::errc{} && rest == end ? value : -1;
}

std::optional<TimePoint> parse_timestamp(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != kTimestampSize || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const std::array<int, 6> parts = {number(text, 0, 4), number(text, 4, 2),  number(text, 6, 2),
                                    number(text, 9, 2), number(text, 11, 2), number(text, 13, 2)};
  if (*std::min_element(parts.begin(), parts.end()) < 0) return std::nullopt;
  const year_month_day date{year{parts[0]}, month{static_cast<unsigned>(parts[1])},
                            day{static_cast<unsigned>(parts[2])}};
  if (!date.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return std::nullopt;
  return sys_days{date} + hours{parts[3]} + minutes{parts[4]} + seconds{parts[5]};
}

bool is_run_id(std::string_view text) {
  return text.size() == kRunIdSize &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

bool is_report(const ReportName& name) {
  return name.suffix != kAckSuffix && name.suffix != kPrunedSuffix;
}

std::string dated_folder(TimePoint timestamp) {
  const std::string date = basic_timestamp(timestamp);
  return fmt::format("{}/{}/{}", date.substr(0, 4), date.substr(4, 2), date.substr(6, 2));
}

bool is_part_of_date(std::string_view folder) {
  const std::size_t slash = folder.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? folder : folder.substr(slash + 1);
  return last.size() == (slash == std::string_view::npos ? 4 : 2) &&
         std::all_of(last.begin(), last.end(), is_digit);
}

std::string dated_path(const ReportName& name) {
  return dated_folder(name.timestamp) + "/" + file_name(name);
}

std::string latest_path(std::string_view target) {
  return fmt::format("{}{}{}", kLatestFolder, target, kEnd);
}

std::string acknowledgement_path(std::string_view target) {
  return fmt::format("{}{}{}", kAcknowledgementFolder, target, kEnd);
}

std::optional<std::string> target_of(std::string_view file_name) {
  if (file_name.starts_with('.') || !file_name.ends_with(kEnd)) return std::nullopt;
  return std::string(file_name.substr(0, file_name.size() - kEnd.size()));
}

std::string seen_path(std::string_view target, std::string_view key) {
  return fmt::format("{}seen/{}/{}{}", kLatestFolder, target, key, kEnd);
}

std::string told_path(std::string_view target, std::string_view key) {
  return fmt::format("{}told/{}/{}{}", kLatestFolder, target, key, kEnd);
}

std::string fleet_path(TimePoint started, std::string_view end) {
  return fmt::format("fleet/{}.{}", rfc3339(started).substr(0, 10), end);
}

std::string fleet_work_path(std::string_view run_id, std::string_view name) {
  return fmt::format("fleet/work/{}/{}{}", run_id, name, kEnd);
}

std::string summary_path(TimePoint now) {
  return fmt::format("summary/{}.html", rfc3339(now).substr(0, 10));
}

std::string write_test_path(TimePoint now, std::string_view run_id) {
  return fmt::format("{}/doctor.{}.{}{}", dated_folder(now), basic_timestamp(now), run_id, kEnd);
}

std::string file_name(const ReportName& name) {
  return fmt::format("{}-{}-{}{}{}{}", name.target, basic_timestamp(name.timestamp), name.run_id,
                     name.suffix.empty() ? "" : "-", name.suffix, kEnd);
}

std::optional<ReportName> parse_file_name(std::string_view text) {
  if (!text.ends_with(kEnd)) return std::nullopt;
  text.remove_suffix(kEnd.size());
  ReportName name;
  for (const std::string_view suffix :
       {kUndeliveredSuffix, kSpooledSuffix, kAckSuffix, kPrunedSuffix}) {
    if (!text.ends_with(fmt::format("-{}", suffix))) continue;
    name.suffix = suffix;
    text.remove_suffix(1 + suffix.size());
    break;
  }
  // From the end: a target may hold '-' itself.
  constexpr std::size_t kTail = 1 + kTimestampSize + 1 + kRunIdSize;
  if (text.size() <= kTail) return std::nullopt;
  const std::string_view tail = text.substr(text.size() - kTail);
  const auto timestamp = parse_timestamp(tail.substr(1, kTimestampSize));
  const std::string_view run_id = tail.substr(kTail - kRunIdSize);
  if (tail[0] != '-' || tail[1 + kTimestampSize] != '-' || !timestamp || !is_run_id(run_id)) {
    return std::nullopt;
  }
  name.target = text.substr(0, text.size() - kTail);
  name.timestamp = *timestamp;
  name.run_id = run_id;
  return name;
}

}  // namespace drift::report
