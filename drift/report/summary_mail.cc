#include "drift/report/summary_mail.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::report {
namespace {

constexpr std::size_t kMostBytes = 180U << 10U;
constexpr std::size_t kMostSubject = 100;

// Whole lines of the beginning, and how many are missing.
std::string cut(const std::string& text) {
  if (text.size() <= kMostBytes) return text;
  const std::size_t end = text.rfind('\n', kMostBytes) + 1;
  const auto left = static_cast<std::size_t>(
      std::count(text.begin() + static_cast<std::ptrdiff_t>(end), text.end(), '\n'));
  return text.substr(0, end) + fmt::format("... and {}\n", counted(left, "more line"));
}

}  // namespace

SummaryMail summary_mail(const std::vector<TargetHistory>& targets, const Period& period,
                         const std::string& page, const std::string& run_id) {
  std::map<std::string, std::size_t> last;
  std::size_t silent = 0;
  for (const TargetHistory& one : targets) {
    if (is_silent(one, period)) {
      ++silent;
    } else if (one.latest) {
      ++last[one.latest->status];
    }
  }
  std::string subject =
      fmt::format("[schema-drift] weekly summary of {}", counted(targets.size(), "target"));
  const char* before = ": ";
  const auto add = [&](std::size_t count, std::string_view word) {
    const std::string part = fmt::format("{}{} {}", before, count, word);
    if (count == 0 || subject.size() + part.size() > kMostSubject) return;
    subject += part;
    before = ", ";
  };
  add(silent, "silent");
  for (const auto& [status, count] : last) add(count, printable(status));
  std::string text = cut(summary_text(targets, period));
  if (!page.empty()) text += fmt::format("\n  page        {}\n", page);
  return {std::move(subject), std::move(text), run_id};
}

}  // namespace drift::report
