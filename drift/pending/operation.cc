#include "drift/pending/operation.h"

#include <algorithm>

namespace drift::pending {

void Operation::weigh() {
  severity = std::min(severity, Severity::kLow);
  for (const Hazard& hazard : hazards) {
    if (hazard.suppressed.empty()) severity = std::max(severity, hazard.severity);
  }
}

const char* word_of(Lock lock) {
  switch (lock) {
    case Lock::kNone: break;
    case Lock::kAccessShare: return "ACCESS SHARE";
    case Lock::kRowShare: return "ROW SHARE";
    case Lock::kRowExclusive: return "ROW EXCLUSIVE";
    case Lock::kShareUpdateExclusive: return "SHARE UPDATE EXCLUSIVE";
    case Lock::kShare: return "SHARE";
    case Lock::kShareRowExclusive: return "SHARE ROW EXCLUSIVE";
    case Lock::kExclusive: return "EXCLUSIVE";
    case Lock::kAccessExclusive: return "ACCESS EXCLUSIVE";
  }
  return "";
}

const char* word_of(Severity severity) {
  switch (severity) {
    case Severity::kNone: break;
    case Severity::kLow: return "low";
    case Severity::kMedium: return "medium";
    case Severity::kHigh: return "high";
  }
  return "none";
}

}  // namespace drift::pending
