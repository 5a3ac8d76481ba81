// How the tests of the git side open a repository, and what they expect of a failure.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "drift/base/error.h"
#include "migrations/git/repository.h"
#include "tests/migrations/temporary_repository.h"

namespace drift::migrations {

using Names = std::vector<std::string>;

inline GitRepository opened(const std::string& location) {
  const Stop no_stop;
  const Log quiet(LogFormat::kText, LogLevel::kError);
  return GitRepository::open(location, RemoteAccess{}, no_stop, quiet);
}

// The error that `action` throws; fails the test where it throws none.
template <class Action>
Error error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error{Fault::kInternal, "nothing was thrown"};
}

}  // namespace drift::migrations
