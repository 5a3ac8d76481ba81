// The program from its arguments to its exit code, short of the process itself.
#pragma once

#include <functional>
#include <memory>

#include "drift/base/stop.h"
#include "drift/shell/session.h"

namespace drift::cli {

// Parses, resolves, runs. Answers go to standard output; what went wrong goes to standard error in
// words, and with --format json to standard output too, as {"status": "error", "failure": …}.
// `arm` is called with the run's Stop before anything slow begins, so that signals can request it.
// `run_session` is what `query` without a statement runs on a terminal; nullptr where that is a
// wrong call. Returns the exit code; never throws.
int run_program(int argc, const char* const* argv,
                const std::function<void(std::shared_ptr<Stop>)>& arm,
                shell::RunSession run_session);

}  // namespace drift::cli
