// What may be longer than the screen.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace drift::shell {

// Whoever read the output has gone: it wants no more. No std::exception, so that it ends whatever
// writes.
struct PagerLeft {};

// Standard output, and once it is more than the screen holds, $PAGER (less where that is not set;
// none where it is empty or there is no such program), which sh runs as man(1) does.
class PagedOutput {
 public:
  PagedOutput();
  // Waits for the pager.
  ~PagedOutput();
  PagedOutput(const PagedOutput&) = delete;
  PagedOutput& operator=(const PagedOutput&) = delete;

  // Throws PagerLeft, and Error{kInternal} where the terminal cannot be written to.
  void write(std::string_view text);
  // Prints what is held. Throws as write.
  void finish();

 private:
  bool overflows() const;
  void start_pager();

  std::string pager_;
  std::string held_;
  bool holds_ = false;
  int pipe_ = -1;
  pid_t child_ = 0;
};

}  // namespace drift::shell
