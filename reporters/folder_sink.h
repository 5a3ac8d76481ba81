// Reports in a folder of this machine.
#pragma once

#include <string>

#include "reporters/report_sink.h"

namespace drift::reporters {

// FOLDER/YYYY/MM/DD/TARGET-TIMESTAMP-RUNID.json, and FOLDER/latest/TARGET.json. Each file appears
// whole or not at all (written beside its place, fsync, link or rename), whoever else writes there.
// A report never replaces a latest with a higher number.
// Root writes as the folder's owner, so that whoever runs nightly can go on.
class FolderSink : public ReportSink {
 public:
  explicit FolderSink(std::string folder) : folder_(std::move(folder)) {}
  std::string store(const report::ReportName& name, const std::string& json, bool latest,
                    const Stop& stop) override;

 private:
  std::string store_there(const report::ReportName& name, const std::string& json,
                          bool latest) const;

  std::string folder_;
};

}  // namespace drift::reporters
