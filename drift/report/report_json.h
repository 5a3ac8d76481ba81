// JSON that several documents hold: reports, what is kept beside them, lists and summaries.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "drift/report/alert_decision.h"

namespace drift::report {

nlohmann::ordered_json acknowledgement_json(const Acknowledgement& acknowledgement);

}  // namespace drift::report
