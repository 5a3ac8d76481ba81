// --output: what is printed on standard output goes to a file, whole or not at all.
#pragma once

#include <string>

#include "drift/base/descriptor.h"

namespace drift::cli {

// From its construction standard output leads to a file that nobody sees yet; `keep` puts it in the
// place of `path`. Without `keep` what was there stays as it was, and nothing is left behind.
//
// What is no regular file (/dev/null, a pipe) is written to as it stands. A link is followed.
class OutputFile {
 public:
  // Throws Error{kReportNotStored} "cannot write PATH: REASON".
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Throws as the constructor does.
  void keep();

  // Whether it is no regular file, so that there is nothing to keep.
  bool in_place() const { return in_place_; }

 private:
  void remove_unfinished();

  std::string path_;        // links followed
  std::string unfinished_;  // a name for the file on its way, "" where it has none
  Descriptor file_;
  bool in_place_ = false;  // it was there, and is not replaced
};

}  // namespace drift::cli
