#include "drift/base/error.h"

#include "drift/base/likely_secrets.h"
#include "drift/base/secrets.h"

namespace drift {

std::string_view fault_name(Fault fault) {
  switch (fault) {
    case Fault::kUsage: return "usage";
    case Fault::kConfiguration: return "configuration";
    case Fault::kRepositoryNotFound: return "repository_not_found";
    case Fault::kRepositoryUnreadable: return "repository_unreadable";
    case Fault::kRefNotFound: return "ref_not_found";
    case Fault::kRemoteUnreachable: return "remote_unreachable";
    case Fault::kAuthenticationFailed: return "authentication_failed";
    case Fault::kHostNotVerified: return "host_not_verified";
    case Fault::kCacheUnusable: return "cache_unusable";
    case Fault::kAlembicIniNotFound: return "alembic_ini_not_found";
    case Fault::kAlembicIniInvalid: return "alembic_ini_invalid";
    case Fault::kScriptDirectoryNotFound: return "script_directory_not_found";
    case Fault::kVersionsEmpty: return "versions_empty";
    case Fault::kUnsupported: return "unsupported";
    case Fault::kIncompleteGraph: return "incomplete_graph";
    case Fault::kSyntax: return "syntax";
    case Fault::kMissingVariable: return "missing_variable";
    case Fault::kUnknownValue: return "unknown_value";
    case Fault::kInvalidRevisionId: return "invalid_revision_id";
    case Fault::kDuplicateRevision: return "duplicate_revision";
    case Fault::kMissingRevision: return "missing_revision";
    case Fault::kSelfLoop: return "self_loop";
    case Fault::kCycle: return "cycle";
    case Fault::kDependencyLoop: return "dependency_loop";
    case Fault::kDependencyCycle: return "dependency_cycle";
    case Fault::kLabelConflict: return "label_conflict";
    case Fault::kConnectionFailed: return "connection_failed";
    case Fault::kDatabaseAuthenticationFailed: return "database_authentication_failed";
    case Fault::kTlsFailed: return "tls_failed";
    case Fault::kPermissionDenied: return "permission_denied";
    case Fault::kWrongColumn: return "wrong_column";
    case Fault::kNullRow: return "null_row";
    case Fault::kTooManyRows: return "too_many_rows";
    case Fault::kSqlFailed: return "sql_failed";
    case Fault::kHttpFailed: return "http_failed";
    case Fault::kNoCredentials: return "no_credentials";
    case Fault::kAccessDenied: return "access_denied";
    case Fault::kAwsFailed: return "aws_failed";
    case Fault::kSqlApiFailed: return "sql_api_failed";
    case Fault::kReportNotStored: return "report_not_stored";
    case Fault::kReportUnreadable: return "report_unreadable";
    case Fault::kAlertNotSent: return "alert_not_sent";
    case Fault::kTimedOut: return "timed_out";
    case Fault::kInterrupted: return "interrupted";
    case Fault::kInternal: return "internal";
  }
  return "internal";
}

Error::Error(Fault what_kind, const std::string& message, const std::string& what_to_try,
             bool may_be_retried)
    : std::runtime_error(without_url_passwords(without_secrets(message))),
      fault(what_kind),
      hint(without_secrets(what_to_try)),
      retryable(may_be_retried) {}

}  // namespace drift
