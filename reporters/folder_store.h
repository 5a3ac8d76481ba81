// Texts in a folder of this machine, as files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include "drift/base/trusted_folder.h"
#include "reporters/store.h"

namespace drift::reporters {

// Each file appears whole or not at all (written beside its place, fsync, link or rename), whoever
// else writes there. Root writes as the folder's owner, so that whoever runs nightly can go on.
// What is not trusted there (drift/base/trusted_folder.h) is an error, and no link in it is
// followed.
class FolderStore : public Store {
 public:
  explicit FolderStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // A folder of reports that does not exist is no empty one: it is mistyped, or on a disk that is
  // not mounted. A folder below it may be missing.
  Listing list(const std::string& folder, const Stop& stop) override;
  std::optional<std::string> read(const std::string& name, const Stop& stop) override;
  void add(const std::string& name, const std::string& text, const Stop& stop) override;
  void replace(const std::string& name, const std::string& text, const Stays& stays,
               const Stop& stop) override;
  std::string place(const std::string& name) const override { return (folder_ / name).string(); }

 private:
  // Gives `put` the opened folder of `name`, made where it is missing, and where that is.
  void write(const std::string& name,
             const std::function<void(const TrustedFolder&, const std::filesystem::path&)>& put);

  std::filesystem::path folder_;
};

}  // namespace drift::reporters
