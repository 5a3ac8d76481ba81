#include "drift/sql_api/audit_trail.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/descriptor.h"
#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/url.h"
#include "drift/sql/json_text.h"

namespace drift::sql_api {
namespace {

constexpr std::string_view kS3 = "s3://";

std::string_view stage_name(AuditStage stage) {
  switch (stage) {
    case AuditStage::kExecuted: return "executed";
    case AuditStage::kCommitted: return "committed";
    case AuditStage::kRolledBack: return "rolled_back";
    case AuditStage::kTried: return "tried";
    case AuditStage::kUnknown: break;
  }
  return "unknown";
}

std::string number(const std::optional<long long>& count) {
  return count ? std::to_string(*count) : "null";
}

std::string json_line(const AuditRecord& record, AuditStage stage, TimePoint now) {
  sql::JsonObject line;
  line.add("event", "sql_api_mutation")
      .add("stage", stage_name(stage))
      .add("time", rfc3339(now))
      .add("request_id", record.request_id)
      .add("caller", record.caller.name)
      .add_json("caller_verified", record.caller.verified ? "true" : "false")
      .add("actor", record.actor)
      .add("statement_sha256", record.statement_sha256)
      .add("kind", record.kind)
      .add_json("affected_rows", number(record.affected_rows))
      .add("database", record.database);
  // Of what the server may not have taken, names may be values that were quoted wrongly.
  if (stage != AuditStage::kRolledBack) line.add_if_any("statement", record.statement);
  if (!record.statements.empty()) {
    line.add_json("statements", statements_json(record.statements, true));
  }
  return line.add_if_any("sqlstate", record.sqlstate).take() + "\n";
}

Error not_written(const std::string& where, const std::string& why) {
  return {Fault::kReportNotStored,
          fmt::format("the audit record cannot be written to {}: {}", where, why),
          "nothing is changed without one"};
}

}  // namespace

std::string statements_json(const std::vector<AuditedStatement>& statements, bool checksums) {
  std::string json = "[";
  for (const AuditedStatement& one : statements) {
    if (json.size() > 1) json += ',';
    sql::JsonObject object;
    if (checksums) object.add("statement_sha256", one.sha256);
    json +=
        object.add("kind", one.kind).add_json("affected_rows", number(one.affected_rows)).take();
  }
  return json + "]";
}

AuditTrail::AuditTrail(std::string where, aws::SessionSource session, const Clock& clock)
    : where_(std::move(where)), session_(std::move(session)), clock_(clock) {
  if (where_.rfind(kS3, 0) != 0) {
    if (where_.find("://") == std::string::npos && where_.find('\0') == std::string::npos) return;
    throw Error{Fault::kUsage, "the audit log can only be a file or s3://BUCKET/PREFIX",
                "leave it out for standard error"};
  }
  place_ = aws::s3_place(where_);
}

void AuditTrail::write(const AuditRecord& record, AuditStage stage, const Stop& stop) const {
  const std::string line = json_line(record, stage, clock_.now());
  if (!place_) return append_line(line);
  try {
    put_object(record, stage, line, stop);
  } catch (const Error& error) {
    throw not_written(printable(redacted_url(where_)), error.what());
  }
}

void AuditTrail::append_line(std::string_view line) const {
  if (where_.empty()) {
    try {
      write_fully(2, line);
    } catch (const Error& error) {
      throw not_written("standard error", error.what());
    }
    return;
  }
  // A link could lead the records to a file of somebody else's choice, and a pipe that nobody reads
  // would hold us up: O_NONBLOCK makes that an error and means nothing to a file.
  errno = 0;
  const Descriptor file(::open(
      where_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  // One write: lines of two processes do not mix.
  const bool written =
      file.get() >= 0 &&
      ::write(file.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
      ::fsync(file.get()) == 0;
  if (written) return;
  // A write that was cut short has no errno.
  throw not_written(printable(where_), errno == 0 ? "it took only a part of the record"
                                                  : std::generic_category().message(errno));
}

void AuditTrail::put_object(const AuditRecord& record, AuditStage stage, const std::string& line,
                            const Stop& stop) const {
  const std::string time = basic_timestamp(clock_.now());
  aws::PutObject object;
  object.bucket = place_->bucket;
  // Nobody can choose the random part, so an object that is there already is this very one, whose
  // first answer was lost.
  object.key = fmt::format("{}{}/{}/{}/{}-{}-{}.json", place_->prefix, time.substr(0, 4),
                           time.substr(4, 2), time.substr(6, 2), time,
                           record.request_id.empty() ? "request" : record.request_id.substr(0, 64),
                           fmt::format("{}-{}", aws::random_hex(8), stage_name(stage)));
  object.body = line;
  aws::put_object(session_(), object, stop);
}

}  // namespace drift::sql_api
