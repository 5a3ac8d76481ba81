#include "drift/report/acknowledgement_standing.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "drift/base/printable.h"
#include "drift/report/report_json.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPending = "pending_revisions";

bool is_synced(const StoredReport& report) {
  return report.status == verdict::status_name(verdict::Status::kSynced);
}

// Whether `report` is of a run after the one that the acknowledgement was given for. By its number
// where both are known, because a clock may jump.
bool is_later(const StoredReport& report, const Acknowledgement& given) {
  if (given.sequence > 0 && report.sequence.value_or(0) > 0)
    return *report.sequence > given.sequence;
  return report.timestamp >= given.at;
}

bool recovered_since(const Acknowledgement& given, const StoredReport& latest) {
  if (!is_later(latest, given)) return false;
  if (is_synced(latest)) return true;
  // What a run remembers of drift goes only with a run that saw none.
  const Seen seen = seen_in(latest);
  return seen.drift ? earlier({given.at, given.sequence}, seen.drift->first)
                    : latest.seen.has_value();
}

std::string finding_text(std::string_view kind, const std::vector<std::string>& subjects) {
  constexpr std::size_t kMost = 5;
  return subjects.empty() ? std::string(kind)
                          : fmt::format("{} ({})", kind, listed(subjects, kMost));
}

}  // namespace

std::string_view standing_name(Standing standing) {
  switch (standing) {
    case Standing::kInForce: return "in_force";
    case Standing::kRecovered: return "recovered";
    case Standing::kWithdrawn: return "withdrawn";
    case Standing::kExpired: return "expired";
  }
  return "in_force";
}

Standing standing_of(const Acknowledgement& given, const StoredReport* latest, TimePoint now) {
  if (given.withdrawn) return Standing::kWithdrawn;
  if (latest != nullptr && recovered_since(given, *latest)) return Standing::kRecovered;
  return now < given.until ? Standing::kInForce : Standing::kExpired;
}

std::string standing_text(const Acknowledgement& given, const StoredReport* latest, TimePoint now) {
  switch (standing_of(given, latest, now)) {
    case Standing::kInForce: return "in force until " + rfc3339(given.until);
    case Standing::kExpired: return "ended on its day, " + rfc3339(given.until);
    case Standing::kWithdrawn: {
      const Withdrawal& taken = *given.withdrawn;
      return fmt::format("withdrawn at {} by {}{}", rfc3339(taken.at), printable(taken.by),
                         taken.reason.empty() ? "" : ": " + printable(taken.reason));
    }
    case Standing::kRecovered: break;
  }
  if (latest->alert_kind == alert_kind_name(AlertKind::kRecovered)) {
    return "ended: recovered at " + rfc3339(latest->timestamp);
  }
  return "ended: recovered";
}

std::string covered_text(const Acknowledgement& given) {
  std::string text;
  for (const KnownFinding& finding : given.findings) {
    text += (text.empty() ? "" : "; ") + finding_text(printable(finding.kind), finding.subjects);
    if (finding.kind == kPending) text += " and further pending revisions";
  }
  return text;
}

std::string uncovered_text(const Acknowledgement& given, const StoredReport& latest) {
  std::string text;
  for (const verdict::Finding& finding : latest.findings) {
    if (covers(given, finding)) continue;
    text += (text.empty() ? "" : "; ") + finding_text(printable(finding.kind), finding.subjects);
  }
  return text;
}

std::vector<std::string> acknowledgement_lines(const Acknowledgement& given,
                                               const StoredReport* latest, TimePoint now) {
  std::vector<std::string> lines = {standing_text(given, latest, now),
                                    fmt::format("given at {} by {}: {}", rfc3339(given.at),
                                                printable(given.by), printable(given.reason)),
                                    "covers " + covered_text(given)};
  if (latest == nullptr) {
    lines.emplace_back("the target's last report cannot be read: whether it recovered is unknown");
  } else if (standing_of(given, latest, now) == Standing::kInForce) {
    const std::string others = uncovered_text(given, *latest);
    if (!others.empty()) lines.push_back("does not cover " + others);
  }
  return lines;
}

std::string acknowledgements_text(const std::vector<ListedAcknowledgement>& all, TimePoint now) {
  if (all.empty()) return "there is no acknowledgement here\n";
  std::string text;
  for (const auto& [target, given, latest] : all) {
    if (!given) {
      text += fmt::format("{}: its acknowledgement cannot be read\n", printable(target));
      continue;
    }
    const char* separator = ": ";
    text += printable(target);
    for (const std::string& line :
         acknowledgement_lines(*given, latest ? &*latest : nullptr, now)) {
      text += separator + line + '\n';
      separator = "  ";
    }
  }
  return text;
}

std::string acknowledgements_json(const std::vector<ListedAcknowledgement>& all, TimePoint now) {
  Json rows = Json::array();
  for (const auto& [target, given, latest] : all) {
    Json row;
    row["target"] = valid_utf8(target);
    row["state"] = "unreadable";
    if (given) {
      row["state"] = standing_name(standing_of(*given, latest ? &*latest : nullptr, now));
      row.update(acknowledgement_json(*given));
    }
    rows.push_back(std::move(row));
  }
  return rows.dump(2) + "\n";
}

}  // namespace drift::report
