#include "reporters/s3_sink.h"

#include <fmt/format.h>

#include "drift/base/error.h"
#include "drift/report/report.h"

namespace drift::reporters {
namespace {

[[noreturn]] void fail(const std::string& place, const Error& error) {
  throw Error{Fault::kReportNotStored,
              fmt::format("cannot store the report at {}: {}", place, error.what()), error.hint,
              error.retryable};
}

}  // namespace

std::string S3Sink::store(const report::ReportName& name, const std::string& json, bool latest,
                          const Stop& stop) {
  aws::PutObject object;
  object.bucket = place_.bucket;
  object.key =
      fmt::format("{}{}/{}", place_.prefix, report::dated_folder(name), report::file_name(name));
  object.body = json;
  object.kms_key = options_.kms_key;
  object.lock_mode = options_.lock_mode;
  if (!object.lock_mode.empty()) object.lock_until = name.timestamp + options_.lock_for;
  const std::string place = fmt::format("s3://{}/{}", place_.bucket, object.key);
  try {
    // kExists is our own report: the key holds this run's random id. An answer was lost and the
    // call repeated, or another run uploaded the same spooled report first.
    aws::put_object(session_(), object, stop);
    if (latest) {
      object.key = fmt::format("{}latest/{}.json", place_.prefix, name.target);
      object.only_if_absent = false;
      // It is there to be replaced; the dated report is the evidence.
      object.lock_mode.clear();
      object.lock_until.reset();
      aws::put_object(session_(), object, stop);
    }
  } catch (const Error& error) {
    fail(fmt::format("s3://{}/{}", place_.bucket, object.key), error);
  }
  return place;
}

}  // namespace drift::reporters
