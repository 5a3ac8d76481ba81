// Where alerts go, and whether anybody gets them.
#pragma once

#include <string>
#include <string_view>

#include "drift/check/check.h"
#include "drift/doctor/outcome.h"
#include "reporters/alert_sink.h"

namespace drift::doctor {

// The rows alerts and, of an SNS topic, subscriptions. `url` as for --alerts.
Outcomes examine_alerts(const std::string& url, const reporters::AlertOptions& options,
                        const check::Run& run, const Stop& stop);

// An address by which a person knows whose it is, and nobody else can write to it:
// d***@example.com,
// ***67 of a telephone number, the origin of a URL. ARNs stay as they are.
std::string masked_endpoint(std::string_view protocol, std::string_view endpoint);

}  // namespace drift::doctor
