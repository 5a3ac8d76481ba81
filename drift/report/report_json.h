// JSON that several documents hold: reports, what is kept beside them, lists and summaries.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "drift/report/alert_decision.h"

namespace drift::report {

// The report's "alert": null where no decision was made.
nlohmann::ordered_json alert_json(const std::optional<AlertDecision>& decision,
                                  const std::optional<Acknowledgement>& acknowledgement);

nlohmann::ordered_json acknowledgement_json(const Acknowledgement& acknowledgement);

}  // namespace drift::report
