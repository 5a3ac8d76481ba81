// The S3 bucket that keeps the reports.
#pragma once

#include <string>
#include <vector>

#include "drift/aws/services/bucket_settings.h"
#include "drift/check/check.h"
#include "drift/doctor/outcome.h"

namespace drift::doctor {

// The rows reports and reports_versioning, _encryption, _public_access, _lifecycle, _retention and
// _tls. Only a bucket that does not answer, or an Object Lock that --object-lock needs and the
// bucket has not, fails: the nightly run looks at nothing else, so what may not be looked at is
// kUnknown with the right that is missing. Requires: `url` begins with "s3://".
Outcomes examine_bucket(const std::string& url, const reporters::ReportOptions& options,
                        const check::Run& run, const Stop& stop);

// The row reports_lifecycle. `prefix` is that of the reports, "" or ending in '/'.
Outcome lifecycle_outcome(const std::string& about, const std::vector<aws::LifecycleRule>& rules,
                          const std::string& prefix, const reporters::ReportOptions& options);

// Whether a bucket's policy denies everybody every action without TLS.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
bool demands_tls(const std::string& policy_json);

}  // namespace drift::doctor
