// Where reports are kept, chosen by URL scheme.
#pragma once

#include <memory>
#include <string>

namespace drift::report {
struct Report;
}

namespace drift::reporters {

class ReportSink {
 public:
  virtual ~ReportSink() = default;

  // Stores `json` (to_json of `report`) where nothing is ever overwritten, then makes it the
  // target's latest. All or nothing: an interrupted call leaves no partial report.
  // Returns where it lies, for people. Throws Error{kReportNotStored}.
  virtual std::string store(const report::Report& report, const std::string& json) = 0;
};

// `url`: a folder or file:// URL.
// Throws Error{kUsage} naming the schemes that exist.
std::unique_ptr<ReportSink> make_report_sink(const std::string& url);

}  // namespace drift::reporters
