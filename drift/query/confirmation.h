// Asking a person before something is changed.
#pragma once

#include <string>

namespace drift {
class Stop;
}

namespace drift::query {

// Shows `statement` and `where` it would run on the terminal, and waits for an answer there.
// True for "yes" alone. Standard input and output may be redirected: the terminal itself is asked.
// Throws Error{kUsage} where nobody can be asked (no terminal, or standard error does not lead to
// one), and Error{kInterrupted} once `stop` is due.
bool confirmed(const std::string& statement, const std::string& where, const Stop& stop);

}  // namespace drift::query
