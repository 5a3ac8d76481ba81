#include "reporters/s3_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "drift/aws/s3.h"
#include "drift/base/error.h"
#include "drift/report/report.h"

namespace drift::reporters {
namespace {

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
bool is_bucket_name(const std::string& name) {
  return name.size() >= 3 && name.size() <= 63 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::islower(c) || std::isdigit(c) || c == '.' || c == '-';
         });
}

[[noreturn]] void fail(const std::string& place, const Error& error) {
  throw Error{Fault::kReportNotStored,
              fmt::format("cannot store the report at {}: {}", place, error.what()), error.hint,
              error.retryable};
}

}  // namespace

S3Sink::S3Sink(const std::string& url, ReportOptions options, aws::SessionSource session)
    : options_(std::move(options)), session_(std::move(session)) {
  const std::string place = url.substr(std::string_view("s3://").size());
  const std::size_t slash = std::min(place.find('/'), place.size());
  bucket_ = place.substr(0, slash);
  prefix_ = place.substr(std::min(slash + 1, place.size()));
  while (!prefix_.empty() && prefix_.back() == '/') prefix_.pop_back();
  if (!prefix_.empty()) prefix_ += '/';
  if (!is_bucket_name(bucket_)) {
    throw Error{Fault::kUsage, fmt::format("\"{}\" cannot name an S3 bucket", bucket_),
                "give s3://bucket/prefix to --reports"};
  }
}

void S3Sink::prepare() {
  try {
    aws::connect_ahead_to_bucket(session_(), bucket_);
  } catch (const Error&) {  // `store` will say so
  }
}

std::string S3Sink::store(const report::ReportName& name, const std::string& json, bool latest,
                          const Stop& stop) {
  aws::PutObject object;
  object.bucket = bucket_;
  object.key = fmt::format("{}{}/{}", prefix_, report::dated_folder(name), report::file_name(name));
  object.body = json;
  object.kms_key = options_.kms_key;
  object.lock_mode = options_.lock_mode;
  if (!object.lock_mode.empty()) object.lock_until = name.timestamp + options_.lock_for;
  const std::string place = fmt::format("s3://{}/{}", bucket_, object.key);
  try {
    // kExists is our own report: the key holds this run's random id. An answer was lost and the
    // call repeated, or another run uploaded the same spooled report first.
    aws::put_object(session_(), object, stop);
    if (latest) {
      object.key = fmt::format("{}latest/{}.json", prefix_, name.target);
      object.only_if_absent = false;
      // It is there to be replaced; the dated report is the evidence.
      object.lock_mode.clear();
      object.lock_until.reset();
      aws::put_object(session_(), object, stop);
    }
  } catch (const Error& error) {
    fail(fmt::format("s3://{}/{}", bucket_, object.key), error);
  }
  return place;
}

}  // namespace drift::reporters
