#include "drift/report/history_picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "drift/report/page.h"

namespace drift::report {
namespace {

using std::chrono::days;
using std::chrono::duration;

// In units of the pictures' own: the page stretches them to its width and gives them their height,
// so no text stands in them.
constexpr double kWidth = 720;
constexpr double kHeight = 28;
// One night of a year is still seen on a telephone.
constexpr double kNarrowest = 4;

struct Look {
  std::string_view name;  // colour_class()
  std::string_view words;
  double height;
};

constexpr std::array<Look, 5> kLooks = {{{"synced", "synced", 12},
                                         {"drift", "behind", 20},
                                         {"broken", "any other drift", 28},
                                         {"error", "could not tell", 28},
                                         {"gap", "no run", 28}}};

const Look& look_of(std::string_view status) {
  const std::string_view name = colour_class(status);
  return *std::find_if(kLooks.begin(), kLooks.end(),
                       [&](const Look& look) { return look.name == name; });
}

class Axis {
 public:
  explicit Axis(const Period& period) : period_(period) {}

  double at(TimePoint time) const {
    const duration<double> whole = period_.until - period_.since;
    const duration<double> part = time - period_.since;
    return whole.count() <= 0 ? 0 : std::clamp(part / whole, 0.0, 1.0) * kWidth;
  }

  // Both ends with their year, and days between them as far as there is room. On a narrow page
  // only that in the middle is shown.
  std::string labels() const {
    const bool short_one = period_.until - period_.since < days{3};
    const auto end = [&](TimePoint time) {
      return short_one ? minute_text(time) : rfc3339(time).substr(0, 10);
    };
    std::string html = fmt::format("<div class=\"days\"><span>{}</span>", end(period_.since));
    const TimePoint middle = period_.since + (period_.until - period_.since) / 2;
    if (!short_one) {
      for (const TimePoint day : between()) {
        const auto away = day > middle ? day - middle : middle - day;
        html += fmt::format("<span class=\"{}\" style=\"left:{:.2f}%\">{}</span>",
                            away * 2 <= step() ? "mid" : "more", at(day) * 100 / kWidth,
                            rfc3339(day).substr(5, 5));
      }
    }
    return html + fmt::format("<span>{}</span></div>\n", end(period_.until));
  }

 private:
  days step() const {
    return days{std::max<std::int64_t>(1, (period_.until - period_.since) / days{1} / 6)};
  }

  std::vector<TimePoint> between() const {
    constexpr double kEdge = 0.18;  // the labels of the ends stand there
    std::vector<TimePoint> all;
    const auto first = std::chrono::ceil<days>(period_.since);
    for (TimePoint day = first; day < period_.until; day += step()) {
      const double x = at(day) / kWidth;
      if (x > kEdge && x < 1 - kEdge) all.push_back(day);
    }
    return all;
  }

  const Period& period_;
};

std::string opened(std::string_view kind, const std::string& description) {
  return fmt::format(
      "<svg class=\"{}\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\" "
      "preserveAspectRatio=\"none\">",
      kind, kWidth, kHeight, html_escaped(description));
}

// Runs of the same status that followed each other in time are one bar.
std::vector<Stretch> bars(const TargetHistory& history, const Period& period) {
  std::vector<Stretch> all;
  for (Stretch& stretch : stretches(history, period)) {
    // The run before the first one is not known; only a longer silence is one.
    if (all.empty() && stretch.status.empty() && stretch.end - stretch.begin <= kSilence &&
        stretch.end < period.until) {
      continue;
    }
    if (!all.empty() && all.back().status == stretch.status && all.back().end == stretch.begin) {
      all.back().end = stretch.end;
    } else {
      all.push_back(std::move(stretch));
    }
  }
  return all;
}

std::string bar(const Stretch& stretch, const Axis& axis) {
  const Look& look = look_of(stretch.status);
  const double width = std::max(axis.at(stretch.end) - axis.at(stretch.begin), kNarrowest);
  const double x = std::min(axis.at(stretch.begin), kWidth - width);
  return fmt::format(
      "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.0f}\" width=\"{:.1f}\" height=\"{:.0f}\">"
      "<title>{}: {} to {} UTC</title></rect>",
      look.name, x, kHeight - look.height, width, look.height,
      stretch.status.empty() ? "no run" : html_escaped(stretch.status), minute_text(stretch.begin),
      minute_text(stretch.end));
}

std::string took(std::int64_t milliseconds) {
  if (milliseconds < 1000) return fmt::format("{} ms", milliseconds);
  return fmt::format("{:.1f} s", static_cast<double>(milliseconds) / 1000);
}

}  // namespace

std::string_view colour_class(std::string_view status) {
  if (status.empty()) return "gap";
  if (status == "synced") return "synced";
  if (status == "behind") return "drift";
  if (status == "error") return "error";
  return "broken";
}

std::string timeline_key() {
  std::string html = "<ul class=\"key\" aria-label=\"Key of the timelines\">\n";
  for (const Look& look : kLooks) {
    html += fmt::format(
        "<li><svg viewBox=\"0 0 14 {0:.0f}\" aria-hidden=\"true\"><rect class=\"{1}\" x=\"0\" "
        "y=\"{2:.0f}\" width=\"14\" height=\"{3:.0f}\"/></svg>{4}</li>\n",
        kHeight, look.name, kHeight - look.height, look.height, look.words);
  }
  return html + "</ul>\n";
}

std::string timeline_picture(const TargetHistory& history, const Period& period) {
  const Axis axis(period);
  std::string svg =
      opened("timeline", fmt::format("verdicts of {} from {} to {} UTC", history.target,
                                     minute_text(period.since), minute_text(period.until)));
  const std::vector<Stretch> all = bars(history, period);
  // A failure of one night must be seen, so what is widened stands before what is calm.
  for (const bool calm : {true, false}) {
    for (const Stretch& stretch : all) {
      const bool is_calm = stretch.status.empty() || stretch.status == "synced";
      if (is_calm == calm) svg += bar(stretch, axis);
    }
  }
  return svg + "</svg>\n" + axis.labels();
}

std::string durations_text(const TargetHistory& history) {
  if (history.reports.size() < 2) return {};
  std::vector<std::int64_t> sorted;
  for (const PastRun& report : history.reports) sorted.push_back(report.duration_ms);
  std::sort(sorted.begin(), sorted.end());
  return fmt::format("half of the runs took up to {}, the longest {}",
                     took(sorted[(sorted.size() - 1) / 2]), took(sorted.back()));
}

std::string duration_picture(const TargetHistory& history, const Period& period) {
  if (history.reports.size() < 2) return {};
  std::int64_t longest = 1;
  for (const PastRun& report : history.reports) {
    longest = std::max(longest, report.duration_ms);
  }
  const Axis axis(period);
  std::string lines;
  for (const PastRun& report : history.reports) {
    const double height = std::max(
        1.0, static_cast<double>(report.duration_ms) / static_cast<double>(longest) * kHeight);
    lines += fmt::format("M{:.1f} {:.0f}V{:.1f}", std::clamp(axis.at(report.timestamp), 1.0, 719.0),
                         kHeight, kHeight - height);
  }
  return opened("durations", "how long the runs of " + history.target + " took") +
         fmt::format("<path d=\"{}\"/></svg>\n", lines);
}

}  // namespace drift::report
