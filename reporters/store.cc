#include "reporters/store.h"

#include <array>
#include <string_view>

#include "drift/base/error.h"
#include "drift/base/url.h"
#include "reporters/folder_store.h"
#include "reporters/s3_store.h"

namespace drift::reporters {
namespace {

using Made = std::unique_ptr<Store>;

Made make_folder(const std::string& url, const ReportOptions&, const aws::SessionSource&) {
  const auto folder = folder_of(url);
  return folder ? std::make_unique<FolderStore>(*folder) : nullptr;
}

Made make_s3(const std::string& url, const ReportOptions& options,
             const aws::SessionSource& session) {
  return std::make_unique<S3Store>(url, options, session);
}

struct Scheme {
  std::string_view name;
  Made (*make)(const std::string& url, const ReportOptions& options,
               const aws::SessionSource& session);  // null where the rest of the URL is wrong
};
constexpr std::array kSchemes = {Scheme{"", make_folder}, Scheme{"file", make_folder},
                                 Scheme{"s3", make_s3}};

}  // namespace

// Absolute, so that the place named in an alert can be found by whoever reads it.
std::optional<std::filesystem::path> folder_of(const std::string& url) {
  constexpr std::string_view kFile = "file://";
  const std::string scheme = url_scheme(url);
  std::string path;
  if (scheme.empty()) path = url;
  if (scheme == "file" && url.size() > kFile.size() && url[kFile.size()] == '/') {
    path = percent_decoded(url.substr(kFile.size()));
  }
  if (path.empty()) return std::nullopt;
  return std::filesystem::absolute(path).lexically_normal();
}

std::unique_ptr<Store> make_store(const std::string& url, const ReportOptions& options,
                                  const aws::SessionSource& session) {
  const std::string scheme = url_scheme(url);
  for (const Scheme& known : kSchemes) {
    if (known.name != scheme) continue;
    if (Made store = known.make(url, options, session)) return store;
  }
  throw Error{Fault::kUsage, "cannot keep reports at " + redacted_url(url),
              "give a folder, file:///absolute/path or s3://bucket/prefix to --reports"};
}

}  // namespace drift::reporters
