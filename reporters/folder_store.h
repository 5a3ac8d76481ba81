// Reports in a folder, read back. What is not trusted there (drift/base/trusted_folder.h) is an
// error, and no link in it is followed. Root writes there as
// the folder's owner.
#pragma once

#include <filesystem>
#include <utility>

#include "drift/base/trusted_folder.h"
#include "reporters/report_store.h"

namespace drift::reporters {

class FolderStore : public ReportStore {
 public:
  explicit FolderStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::vector<std::string> folders(const std::string& folder, const Stop& stop) override;
  std::vector<std::string> files(const std::string& folder, const Stop& stop) override;
  std::optional<std::string> read(const std::string& name, const Stop& stop) override;
  void write(const std::string& name, const std::string& text, bool replace,
             const Stop& stop) override;
  std::string place(const std::string& name) const override { return (folder_ / name).string(); }

 private:
  // The folder, or one below it; nothing where it is missing.
  std::optional<TrustedFolder> open(const std::filesystem::path& below) const;
  // The same, but a place of reports that does not exist is no empty one: it is mistyped, or on a
  // disk that is not mounted. Throws Error{kReportUnreadable}.
  std::optional<TrustedFolder> open_to_list(const std::filesystem::path& below) const;
  void write_there(const std::filesystem::path& path, const std::string& text, bool replace) const;

  std::filesystem::path folder_;
};

}  // namespace drift::reporters
