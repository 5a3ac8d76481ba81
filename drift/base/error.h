// The one exception type of the program, and the vocabulary of what can go wrong.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace drift {

// What kind of thing went wrong. `fault_name` gives the word that stands in a report as
// `failure.kind`; those words are part of the report's contract (docs/report.schema.json), so a
// value may be added here but never renamed.
enum class Fault {
  // The command line or the configuration file (exit code 64).
  kUsage,
  kConfiguration,

  // The repository.
  kRepositoryNotFound,
  kRepositoryUnreadable,
  kRefNotFound,
  kRemoteUnreachable,
  kAuthenticationFailed,
  kHostNotVerified,
  kCacheUnusable,

  // The script directory inside the repository.
  kAlembicIniNotFound,
  kAlembicIniInvalid,
  kScriptDirectoryNotFound,
  kVersionsEmpty,
  kUnsupported,
  kIncompleteGraph,

  // One migration file, or the graph that they form together.
  kSyntax,
  kMissingVariable,
  kUnknownValue,
  kInvalidRevisionId,
  kDuplicateRevision,
  kMissingRevision,
  kSelfLoop,
  kCycle,
  kDependencyLoop,
  kDependencyCycle,
  kLabelConflict,

  // The database.
  kConnectionFailed,
  kDatabaseAuthenticationFailed,
  kTlsFailed,
  kPermissionDenied,
  kWrongColumn,
  kNullRow,
  kTooManyRows,
  kSqlFailed,

  // AWS.
  kHttpFailed,
  kNoCredentials,
  kAccessDenied,
  kAwsFailed,
  kSqlApiFailed,

  // Delivery.
  kReportNotStored,
  kReportUnreadable,
  kAlertNotSent,

  // The run itself.
  kTimedOut,
  kInterrupted,
  kInternal,
};

// The stable lower_snake_case word of a fault, such as "ref_not_found".
std::string_view fault_name(Fault fault);

// Thrown for everything that the immediate caller does not branch on. Caught in the retry loop, in
// drift/check (where it becomes the report's `failure`) and last in main.
//
// `what()` is the message: lower case, no full stop, names the thing it is about (file:line, host,
// ref). `hint` says what to try, or is empty. Neither holds a secret of this run: both are built
// `without_secrets` (drift/base/secrets.h), because servers repeat what they were sent, and the
// message `without_url_passwords`, because a URL may be given where a file's name belongs. Who
// builds one from the words of another program passes them through `without_likely_secrets`.
class Error : public std::runtime_error {
 public:
  Error(Fault what_kind, const std::string& message, const std::string& what_to_try = {},
        bool may_be_retried = false);

  Fault fault;
  std::string hint;
  bool retryable;
};

}  // namespace drift
