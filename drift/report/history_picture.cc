#include "drift/report/history_picture.h"

#include <fmt/format.h>

#include <algorithm>

#include "drift/base/printable.h"

namespace drift::report {
namespace {

using std::chrono::days;
using std::chrono::duration;

// In units of the pictures' own; the page scales them to its width.
constexpr double kWidth = 720;
constexpr double kBarHeight = 26;
constexpr double kTimelineHeight = 46;
constexpr double kDurationHeight = 54;

class Axis {
 public:
  explicit Axis(const Period& period) : period_(period) {}

  double at(TimePoint time) const {
    const duration<double> whole = period_.until - period_.since;
    const duration<double> part = time - period_.since;
    return whole.count() <= 0 ? 0 : std::clamp(part / whole, 0.0, 1.0) * kWidth;
  }

  // Days below the picture: as many as there is room for.
  std::string labels(double y) const {
    const auto first = std::chrono::ceil<days>(period_.since);
    const auto count = std::max<std::int64_t>(1, (period_.until - first) / days{1} + 1);
    const std::int64_t step = (count + 8) / 9;
    std::string text;
    for (std::int64_t i = 0; i < count; i += step) {
      const TimePoint time = first + days{i};
      const double x = at(time);
      // A label that would stand over the edge tells nothing.
      if (x > kWidth - 20) break;
      text += fmt::format("<text class=\"axis\" x=\"{:.1f}\" y=\"{:.0f}\">{}</text>", x, y,
                          rfc3339(time).substr(5, 5));
      text += fmt::format("<path class=\"tick\" d=\"M{:.1f} 0V{:.0f}\"/>", x, y - 12);
    }
    return text;
  }

 private:
  const Period& period_;
};

std::string minute(TimePoint time) {
  std::string text = rfc3339(time).substr(0, 16);
  text[10] = ' ';
  return text + " UTC";
}

std::string opened(double height, std::string_view description) {
  return fmt::format(
      "<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\" "
      "preserveAspectRatio=\"none\">",
      kWidth, height, html_escaped(description));
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string_view colour_class(std::string_view status) {
  if (status.empty()) return "gap";
  if (status == "synced") return "synced";
  if (status == "behind") return "drift";
  if (status == "error") return "error";
  return "broken";
}

std::string timeline_picture(const TargetHistory& history, const Period& period) {
  const Axis axis(period);
  std::string svg =
      opened(kTimelineHeight, fmt::format("verdicts of {} from {} to {}", history.target,
                                          minute(period.since), minute(period.until)));
  svg += axis.labels(kTimelineHeight - 4);
  for (const Stretch& stretch : stretches(history, period)) {
    const double x = axis.at(stretch.begin);
    // Narrower than this nobody sees it, and a failure must be seen.
    const double width = std::max(axis.at(stretch.end) - x - 1, 1.5);
    svg += fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"0\" width=\"{:.1f}\" height=\"{:.0f}\" rx=\"2\">"
        "<title>{}: {} to {}</title></rect>",
        colour_class(stretch.status), x, width, kBarHeight,
        stretch.status.empty() ? "no run" : html_escaped(stretch.status), minute(stretch.begin),
        minute(stretch.end));
  }
  return svg + "</svg>";
}

std::string duration_picture(const TargetHistory& history, const Period& period) {
  if (history.reports.size() < 2) return {};
  std::int64_t longest = 1;
  for (const PastRun& report : history.reports) {
    longest = std::max(longest, report.duration_ms);
  }
  const Axis axis(period);
  std::string svg = opened(kDurationHeight,
                           fmt::format("durations of {}, at most {} ms", history.target, longest));
  const double width =
      std::clamp(kWidth / static_cast<double>(history.reports.size()) / 3, 1.5, 14.0);
  for (const PastRun& report : history.reports) {
    const double height = std::max(1.0, static_cast<double>(report.duration_ms) /
                                            static_cast<double>(longest) * (kDurationHeight - 16));
    svg += fmt::format(
        "<rect class=\"duration\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\">"
        "<title>{} ms at {}</title></rect>",
        std::min(axis.at(report.timestamp), kWidth - width), kDurationHeight - height, width,
        height, report.duration_ms, minute(report.timestamp));
  }
  return svg + fmt::format("<text class=\"axis\" x=\"0\" y=\"10\">longest run: {} ms</text></svg>",
                           longest);
}

}  // namespace drift::report
