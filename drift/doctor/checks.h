// The checks of the doctor: who calls AWS, the repository, production, the places that are written
// to, what earlier runs left, and the alerts. Each gives rows and throws nothing but kInterrupted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/aws/services/bucket_settings.h"
#include "drift/aws/services/s3.h"
#include "drift/aws/services/watch.h"
#include "drift/base/trusted_folder.h"
#include "drift/check/check.h"
#include "drift/doctor/outcome.h"
#include "drift/production/version_table.h"
#include "drift/report/stored_report.h"
#include "drift/sql/sql_source.h"
#include "reporters/alert_sink.h"
#include "reporters/report_archive.h"

namespace drift::doctor {

// ------------------------------------------------- who calls AWS, from where, and by which clock

// The rows region, credentials and clock. A missing region or credentials that AWS refuses fail; an
// STS that cannot be reached is kUnknown, because the nightly run need not reach it. `in_lambda`:
// the keys of the environment are renewed by Lambda.
Outcomes examine_identity(const check::Run& run, bool in_lambda, const Stop& stop);

// The clock's row, where AWS's said `server` while ours said `ours`.
Outcome clock_outcome(TimePoint ours, TimePoint server);

// ------------------------------------------------------------- the repository's side of one target

// The rows repository and script_directory. `about` names the targets that read it.
Outcomes examine_codebase(const check::CodebaseSettings& settings, const std::string& about,
                          const check::Run& run, const Stop& stop);

// ----------------------------------------------------------------- production's side of one target

// The rows database, version_table and database_rights. What the nightly run reads is read in the
// same way; one statement more asks the catalog about the session.
Outcomes examine_database(const check::Target& target, const check::Run& run, const Stop& stop);

// --------------------------------- what the server says of our session and of what its role may do

struct SessionFacts {
  std::string role;
  std::string server_version;      // "15.8 (Debian 15.8-0+deb12u1)"
  std::optional<std::string> tls;  // "TLSv1.3"; "" without TLS; nothing where it is not told
  bool standby = false;

  // A superuser is all of what follows.
  bool superuser = false;
  bool bypasses_row_security = false;
  bool makes_roles = false;
  bool makes_databases = false;
  bool replicates = false;
  bool makes_schemas = false;              // in this database
  std::vector<std::string> makes_objects;  // schemas, quoted where they must be; at most 10
  std::vector<std::string> member_of;      // roles that may much
  std::vector<std::string> may_become;     // roles by SET ROLE alone that may write; at most 10
  bool owns_version_table = false;
  std::vector<std::string> version_table;  // "INSERT", "UPDATE", "DELETE", "TRUNCATE"
  int other_tables = 0;                    // that the role may write; counted up to 1,000
};

// The one statement: catalog alone, no search_path trusted, one row. No word that changes anything
// stands in it: functions that let only reading through are known to search the text for such
// words.
std::string session_facts_statement(const production::VersionTable& table);

// The answer to it. Throws Error{kSqlFailed} for an answer of another shape.
SessionFacts parse_session_facts(const sql::ResultSet& answer);

// What the role may do beyond reading, each a phrase that completes "the role may ...". `table` is
// the version table's name for people.
std::vector<std::string> rights_too_wide(const SessionFacts& facts, const std::string& table);

// ----------------------------------------- a folder of this machine that the nightly run writes to

struct Space {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;  // names that can still be made; what some file systems do not count: 1
};

// Ok where this user may make files in `folder`, or may make the folder itself, the run would trust
// it (drift/base/trusted_folder.h) and there is room.
// Nothing is written. `hint` is what to do where it may not.
Outcome examine_folder(std::string check, const std::filesystem::path& folder,
                       TrustedFolder::Kind kind, const std::string& hint);

// The same for room alone: "" where there is enough, else what is wrong. Below kLittleSpace.
std::string space_problem(const Space& space);

inline constexpr std::uint64_t kLittleSpace = 100U << 20U;

// ------------------------------------------------------------ the S3 bucket that keeps the reports

// The rows reports and reports_versioning, _encryption, _public_access, _lifecycle, _retention and
// _tls. Only a bucket that does not answer, or an Object Lock that --object-lock needs and the
// bucket has not, fails: the nightly run looks at nothing else, so what may not be looked at is
// kUnknown with the right that is missing. What reports are encrypted with is told of the last one
// of `target`, too. Requires: `url` begins with "s3://".
Outcomes examine_bucket(const std::string& url, const reporters::ReportOptions& options,
                        const std::string& target, const check::Run& run, const Stop& stop);

// The row reports_encryption: what the bucket says, what reports ask for, what the last one got
// (nothing where there is none).
Outcome encryption_outcome(const std::string& bucket,
                           const std::optional<aws::BucketEncryption>& by_default,
                           const std::string& asked,
                           const std::optional<aws::ObjectEncryption>& last);

// "aws:kms with the key arn:...", "nothing".
std::string encryption_words(const std::string& algorithm, const std::string& kms_key);

// The row reports_lifecycle. `prefix` is that of the reports, "" or ending in '/'.
Outcome lifecycle_outcome(const std::string& about, const std::vector<aws::LifecycleRule>& rules,
                          const std::string& prefix, const reporters::ReportOptions& options);

// Whether a bucket's policy denies everybody every action without TLS.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
bool demands_tls(const std::string& policy_json);

// ---------------------------------------------------- what earlier runs left where the reports are

// The rows last_report, and acknowledgement where there is drift and one was given for it.
Outcomes examine_history(reporters::ReportArchive& archive, const std::string& target,
                         TimePoint now, const Stop& stop);

Outcome last_report_outcome(const report::StoredReport& last, TimePoint now);
// `last` is the target's last report.
Outcome acknowledgement_outcome(const std::string& target, const report::Acknowledgement& given,
                                const report::StoredReport& last, TimePoint now);

// The row reports_write: puts doctor.TIMESTAMP.RUNID.json beside today's reports, as they are put,
// and leaves it there, because the role that writes evidence cannot remove any.
Outcome try_to_write(const check::Settings& settings, const check::Run& run, const Stop& stop);

// -------------------------------------------------- where alerts go, and whether anybody gets them

// The rows alerts and, of an SNS topic, subscriptions. `url` as for --alerts.
Outcomes examine_alerts(const std::string& url, const reporters::AlertOptions& options,
                        const check::Run& run, const Stop& stop);

// ---------------------------------------------------- what starts the run, and notices its absence

// The rows schedule of the Lambda function and alarms of each target. The nightly run needs
// neither, so what may not be looked at is kUnknown.
Outcomes examine_schedule(const std::string& function, const std::vector<std::string>& targets,
                          const check::Run& run, const Stop& stop);

Outcome schedule_outcome(const std::string& function, const std::vector<aws::Rule>& rules);
Outcome alarms_outcome(const std::string& target, const std::vector<aws::Alarm>& alarms);

// An address by which a person knows whose it is, and nobody else can write to it:
// d***@example.com,
// ***67 of a telephone number, the origin of a URL. ARNs stay as they are.
std::string masked_endpoint(std::string_view protocol, std::string_view endpoint);

}  // namespace drift::doctor
