#include "reporters/report_sink.h"

#include <filesystem>

#include "drift/base/error.h"
#include "drift/base/url.h"
#include "reporters/folder_sink.h"
#include "reporters/s3_sink.h"

namespace drift::reporters {
namespace {

std::unique_ptr<ReportSink> folder_sink(const std::string& path) {
  // Made absolute now, so that the place named in an alert can be found by whoever reads it.
  return std::make_unique<FolderSink>(std::filesystem::absolute(path).lexically_normal().string());
}

}  // namespace

std::unique_ptr<ReportSink> make_report_sink(const std::string& url, const ReportOptions& options,
                                             const aws::SessionSource& session) {
  const std::string scheme = url_scheme(url);
  if (scheme.empty() && !url.empty()) return folder_sink(url);
  constexpr std::string_view kFile = "file://";
  if (scheme == "file" && url.size() > kFile.size() && url[kFile.size()] == '/') {
    return folder_sink(percent_decoded(url.substr(kFile.size())));
  }
  if (scheme == "s3") return std::make_unique<S3Sink>(url, options, session);
  throw Error{Fault::kUsage, "cannot keep reports at " + redacted_url(url),
              "give a folder, file:///absolute/path or s3://bucket/prefix to --reports"};
}

}  // namespace drift::reporters
