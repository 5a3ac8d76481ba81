// A place where texts are kept under names, chosen by URL scheme: a folder or an S3 bucket. What
// the names mean is for who keeps something there; of reports, drift/report/report_path.h.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drift/aws/client.h"

namespace drift {
class Stop;
}

namespace drift::reporters {

// How texts are kept in S3.
struct ReportOptions {
  std::string kms_key;  // "" leaves it to the bucket, "AES256" is S3's own keys
  // Object Lock: "GOVERNANCE" or "COMPLIANCE" and for how long; "" leaves it to the bucket.
  std::string lock_mode;
  std::chrono::days lock_for{0};
};

// Names are relative, with slashes between folders: "latest/orders.json". All throw Error.
class Store {
 public:
  virtual ~Store() = default;

  // What is directly below `folder` ("" or "2026/11/"), by the names there, sorted.
  struct Listing {
    std::vector<std::string> files, folders;
  };
  virtual Listing list(const std::string& folder, const Stop& stop) = 0;

  // The text of that name; nothing where there is none.
  virtual std::optional<std::string> read(const std::string& name, const Stop& stop) = 0;

  // Both keep all of `text` or nothing, for good: an interrupted call leaves no part of it.
  //
  // Under a name that must be new: what is there is never overwritten. The same text again is no
  // error where the place can tell that it is the same.
  virtual void add(const std::string& name, const std::string& text, const Stop& stop) = 0;
  // In the place of what has that name. A folder asks `stays`, if there is one, whether that should
  // stay, and nothing comes between the question and the act; a bucket has no such step.
  using Stays = std::function<bool(const std::string& there)>;
  virtual void replace(const std::string& name, const std::string& text, const Stays& stays,
                       const Stop& stop) = 0;

  // Where `name` is, for people.
  virtual std::string place(const std::string& name) const = 0;
};

// `url`: a folder, file:///folder or s3://bucket[/prefix].
// Throws Error{kUsage} naming the schemes that exist.
std::unique_ptr<Store> make_store(const std::string& url, const ReportOptions& options,
                                  const aws::SessionSource& session);

// The folder that `url` names, absolute; nothing where it names anything else.
std::optional<std::filesystem::path> folder_of(const std::string& url);

// No text is larger: 100,000 pending revisions are under 40 MiB.
inline constexpr std::size_t kMaxReportBytes = 64U << 20U;

}  // namespace drift::reporters
