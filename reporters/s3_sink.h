// Reports in an S3 bucket.
#pragma once

#include <string>
#include <utility>

#include "drift/aws/services/s3.h"
#include "reporters/report_sink.h"

namespace drift::reporters {

// PREFIX/YYYY/MM/DD/TARGET-TIMESTAMP-RUNID.json, put only where nothing is, then
// PREFIX/latest/TARGET.json, which is meant to be replaced. Both encrypted and checked by SHA-256.
class S3Sink : public ReportSink {
 public:
  // `url`: s3://bucket[/prefix]. Throws Error{kUsage} for a name that can be no bucket.
  S3Sink(const std::string& url, ReportOptions options, aws::SessionSource session)
      : place_(aws::s3_place(url)), options_(std::move(options)), session_(std::move(session)) {}
  std::string store(const report::ReportName& name, const std::string& json, bool latest,
                    const Stop& stop) override;

 private:
  aws::S3Place place_;
  ReportOptions options_;
  aws::SessionSource session_;
};

}  // namespace drift::reporters
