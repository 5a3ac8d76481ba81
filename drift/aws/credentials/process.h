// Credentials that a program prints.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
#pragma once

#include <chrono>
#include <string>

#include "drift/aws/credentials/source.h"

namespace drift::aws {

// Runs `command` (see shell_words; found in PATH, no shell) with nothing on stdin and reads the
// JSON (Version 1) that it prints. `source` is for messages and becomes the credentials' own.
// The program's stderr is thrown away and its stdout never repeated: either may hold a secret, and
// so may its arguments.
// Throws Error{kNoCredentials} where it cannot be run, fails, prints more than 1 MiB, does not end
// in `timeout` (it is killed with its children then) or prints no credentials;
// Error{kInterrupted, kTimedOut} with `stop`.
Credentials process_credentials(const std::string& command, const std::string& source,
                                std::chrono::milliseconds timeout, const Stop& stop);

// How long one may take: some wait for a person's second factor on a phone.
constexpr std::chrono::seconds kProcessTimeout{60};

}  // namespace drift::aws
