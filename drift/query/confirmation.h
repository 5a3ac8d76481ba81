// Asking a person before something is changed.
#pragma once

#include <string>

#include "drift/base/descriptor.h"

namespace drift {
class Stop;
}

namespace drift::query {

// Standard input and output may be redirected: the terminal itself is asked.
class Confirmation {
 public:
  // Throws Error{kUsage} where nobody can be asked (no terminal, or standard error does not lead
  // to one).
  Confirmation();

  // Shows `statement`, `where` it would run, and the sentence that says what it would do, and waits
  // for an answer. True for "yes" alone. Throws Error{kInterrupted} once `stop` is due.
  bool ask(const std::string& statement, const std::string& where, const std::string& trial,
           const Stop& stop) const;

 private:
  std::string read_line(const Stop& stop) const;

  Descriptor terminal_;
};

}  // namespace drift::query
