// What has become of an acknowledgement: it ends when the target recovers, when it is taken back,
// or on its day, whichever is first.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/report/stored_report.h"

namespace drift::report {

enum class Standing { kInForce, kRecovered, kWithdrawn, kExpired };

// "in_force", "recovered", "withdrawn", "expired": the words of JSON.
std::string_view standing_name(Standing standing);

// `latest` is the target's last report, or null where it cannot be read; a recovery is then not
// known. Pure.
Standing standing_of(const Acknowledgement& given, const StoredReport* latest, TimePoint now);

// "in force until 2026-12-01T00:00:00Z", "ended: recovered at ..." (the time only where it is
// known), "withdrawn at ... by ...: ...", "ended on its day, ...". One line.
std::string standing_text(const Acknowledgement& given, const StoredReport* latest, TimePoint now);

// "pending_revisions (b2, c3) and further pending revisions": each finding that it was given for.
std::string covered_text(const Acknowledgement& given);

// The same of those findings of `latest` that it does not cover; "" where it covers all of them.
std::string uncovered_text(const Acknowledgement& given, const StoredReport& latest);

// All of that and who gave it, when and why, a line each.
std::vector<std::string> acknowledgement_lines(const Acknowledgement& given,
                                               const StoredReport* latest, TimePoint now);

// One of the store's acknowledgements, as `ack --list` prints it.
struct ListedAcknowledgement {
  std::string target;
  // Nothing where what lies there cannot be read: a run then takes it for none.
  std::optional<Acknowledgement> given;
  std::optional<StoredReport> latest;
};
std::string acknowledgements_text(const std::vector<ListedAcknowledgement>& all, TimePoint now);
std::string acknowledgements_json(const std::vector<ListedAcknowledgement>& all, TimePoint now);

}  // namespace drift::report
