// Reports in a folder, read back. Root writes there as the folder's owner.
#pragma once

#include <filesystem>
#include <utility>

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
  static void write_there(const std::filesystem::path& path, const std::string& text, bool replace);

  std::filesystem::path folder_;
};

}  // namespace drift::reporters
