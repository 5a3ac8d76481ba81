// The record of changes that were made through the SQL API.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/aws/services/s3.h"
#include "drift/base/clock.h"
#include "drift/sql_api/caller.h"

namespace drift {
class Stop;
}

namespace drift::sql_api {

// What became of a change. `executed` is written before COMMIT, and one of the others after it;
// `tried`, of a dry run, before its ROLLBACK.
enum class AuditStage { kExecuted, kCommitted, kRolledBack, kUnknown, kTried };

// One of several that were sent together.
struct AuditedStatement {
  std::string sha256, kind;
  std::optional<long long> affected_rows;
};

struct AuditRecord {
  std::string request_id;
  Caller caller;                 // as far as the place where the handler runs can tell
  std::string actor;             // what the request claims
  std::string statement_sha256;  // of the statement as it was sent, without its parameters
  std::string kind;              // "insert", "update", "delete", "merge", "select" of WITH
  std::optional<long long> affected_rows;
  std::string database;
  std::string sqlstate;                      // of what failed, "" where nothing did
  std::vector<AuditedStatement> statements;  // of a script
  // Without its values, "" where it is not recorded. Never written of what was rolled back.
  std::string statement;
};

// [{"kind":"insert","affected_rows":1}], with the checksums where `checksums`.
std::string statements_json(const std::vector<AuditedStatement>& statements, bool checksums);

class AuditTrail {
 public:
  // `where`: "" for standard error (a JSON line each), the path of a file (the same; made with mode
  // 0600, appended to, synced), or s3://bucket/prefix (an object each).
  // Throws Error{kUsage} for an impossible bucket or prefix; writes nothing.
  AuditTrail(std::string where, aws::SessionSource session, const Clock& clock);

  // Throws Error{kReportNotStored}, naming the place, where the record is not known to be written.
  void write(const AuditRecord& record, AuditStage stage, const Stop& stop) const;

 private:
  void append_line(std::string_view line) const;
  void put_object(const AuditRecord& record, AuditStage stage, const std::string& line,
                  const Stop& stop) const;

  std::string where_;
  std::optional<aws::S3Place> place_;  // of s3://
  aws::SessionSource session_;
  const Clock& clock_;
};

}  // namespace drift::sql_api
