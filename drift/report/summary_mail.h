// The weekly summary as a mail.
#pragma once

#include <string>
#include <vector>

#include "drift/report/target_history.h"

namespace drift::report {

struct SummaryMail {
  std::string subject;  // at most 100 characters of ASCII
  std::string text;     // less than 200 KiB: SNS takes 256
  std::string run_id;
};

// Of all targets, by their last reports. `page`: where the page of the same lies; "" where there is
// none.
SummaryMail summary_mail(const std::vector<TargetHistory>& targets, const Period& period,
                         const std::string& page, const std::string& run_id);

}  // namespace drift::report
