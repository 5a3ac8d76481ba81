// Where reports are kept, chosen by URL scheme.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "drift/aws/client.h"
#include "drift/base/clock.h"

namespace drift {
class Stop;
}
namespace drift::report {
struct ReportName;
}

namespace drift::reporters {

// How reports are kept in S3.
struct ReportOptions {
  std::string kms_key;  // "" encrypts with S3's own keys (AES256)
  // Object Lock: "GOVERNANCE" or "COMPLIANCE" and for how long; "" leaves it to the bucket.
  std::string lock_mode;
  std::chrono::days lock_for{0};
};

class ReportSink {
 public:
  virtual ~ReportSink() = default;

  // Stores `json` where nothing is ever overwritten, and with `latest` makes it the target's
  // latest. All or nothing: an interrupted call leaves no partial report. Storing the same report
  // again is no error where the sink can tell that it is the same.
  // Returns where it lies, for people. Throws Error{kReportNotStored}.
  virtual std::string store(const report::ReportName& name, const std::string& json, bool latest,
                            const Stop& stop) = 0;
};

// `url`: a folder, file:///folder or s3://bucket[/prefix].
// Throws Error{kUsage} naming the schemes that exist.
std::unique_ptr<ReportSink> make_report_sink(const std::string& url, const ReportOptions& options,
                                             const aws::SessionSource& session);

}  // namespace drift::reporters
