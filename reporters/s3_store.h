// Reports in an S3 bucket, read back.
#pragma once

#include <string>
#include <utility>

#include "drift/aws/services/s3.h"
#include "reporters/report_store.h"

namespace drift::reporters {

// Reading takes s3:GetObject and s3:ListBucket, which a role that only reports need not have.
class S3Store : public ReportStore {
 public:
  S3Store(const std::string& url, ReportOptions options, aws::SessionSource session)
      : place_(aws::s3_place(url)), options_(std::move(options)), session_(std::move(session)) {}

  std::vector<std::string> folders(const std::string& folder, const Stop& stop) override;
  std::vector<std::string> files(const std::string& folder, const Stop& stop) override;
  std::optional<std::string> read(const std::string& name, const Stop& stop) override;
  void write(const std::string& name, const std::string& text, bool replace,
             const Stop& stop) override;
  std::string place(const std::string& name) const override;

 private:
  aws::S3Place place_;
  ReportOptions options_;
  aws::SessionSource session_;
};

}  // namespace drift::reporters
