#include "drift/report/alert_memory.h"

#include <algorithm>
#include <tuple>

#include "drift/aws/digest.h"

namespace drift::report {
namespace {

// 64 bits: enough to keep a handful of destinations apart, and nothing to learn from.
std::string key_of(const std::string& text) { return aws::sha256_hex(text).substr(0, 16); }

}  // namespace

std::vector<KnownFinding> known_findings(const std::vector<verdict::Finding>& findings) {
  std::vector<KnownFinding> kept;
  for (const verdict::Finding& finding : findings) {
    kept.push_back({finding.kind, finding.fingerprint, finding.subjects});
    if (kept.back().subjects.size() > kMaxKnownSubjects) kept.back().subjects.clear();
  }
  std::sort(kept.begin(), kept.end(), [](const KnownFinding& a, const KnownFinding& b) {
    return std::tie(a.kind, a.fingerprint) < std::tie(b.kind, b.fingerprint);
  });
  return kept;
}

bool earlier(const Sight& one, const Sight& other) {
  if (one.sequence != 0 && other.sequence != 0) return one.sequence < other.sequence;
  return one.at < other.at;
}

std::string seen_key(const Place& place) { return key_of(place.repository + "\n" + place.ref); }

std::string told_key(const Place& place, const std::string& destination) {
  return key_of(place.repository + "\n" + place.ref + "\n" + destination);
}

}  // namespace drift::report
