#include "reporters/report_sink.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "drift/base/error.h"
#include "drift/base/url.h"
#include "reporters/folder_prune.h"
#include "reporters/folder_sink.h"
#include "reporters/folder_store.h"
#include "reporters/report_store.h"
#include "reporters/s3_sink.h"
#include "reporters/s3_store.h"

namespace drift::reporters {
namespace {

// The folder that `url` names; nothing where it is another scheme. Absolute, so that the place
// named in an alert can be found by whoever reads it.
std::optional<std::filesystem::path> folder_of(const std::string& url) {
  const std::string scheme = url_scheme(url);
  constexpr std::string_view kFile = "file://";
  std::string path;
  if (scheme.empty()) path = url;
  if (scheme == "file" && url.size() > kFile.size() && url[kFile.size()] == '/') {
    path = percent_decoded(url.substr(kFile.size()));
  }
  if (path.empty()) return std::nullopt;
  return std::filesystem::absolute(path).lexically_normal();
}

[[noreturn]] void refuse(const std::string& url) {
  throw Error{Fault::kUsage, "cannot keep reports at " + redacted_url(url),
              "give a folder, file:///absolute/path or s3://bucket/prefix to --reports"};
}

}  // namespace

std::string prunable_folder(const std::string& url) {
  if (const auto folder = folder_of(url)) return folder->string();
  if (url_scheme(url) != "s3") refuse(url);
  throw Error{Fault::kUsage,
              fmt::format("reports prune removes nothing from {}", redacted_url(url)),
              "give the bucket a lifecycle rule for dated reports, as ReportDays of "
              "cron/cloudformation.yaml does"};
}

std::unique_ptr<ReportSink> make_report_sink(const std::string& url, const ReportOptions& options,
                                             const aws::SessionSource& session) {
  if (const auto folder = folder_of(url)) return std::make_unique<FolderSink>(folder->string());
  if (url_scheme(url) == "s3") return std::make_unique<S3Sink>(url, options, session);
  refuse(url);
}

std::unique_ptr<ReportStore> make_report_store(const std::string& url, const ReportOptions& options,
                                               const aws::SessionSource& session) {
  if (const auto folder = folder_of(url)) return std::make_unique<FolderStore>(*folder);
  if (url_scheme(url) == "s3") return std::make_unique<S3Store>(url, options, session);
  refuse(url);
}

}  // namespace drift::reporters
