// Texts in an S3 bucket, as objects below a prefix.
#pragma once

#include <string>
#include <utility>

#include "drift/aws/services/s3.h"
#include "reporters/store.h"

namespace drift::reporters {

// Encrypted and checked by SHA-256. What is added is put only where nothing is, and may be locked;
// what may be replaced is not. Reading takes s3:GetObject and s3:ListBucket, which a role that only
// reports need not have.
class S3Store : public Store {
 public:
  // `url`: s3://bucket[/prefix]. Throws Error{kUsage} for a name that can be no bucket.
  S3Store(const std::string& url, ReportOptions options, aws::SessionSource session)
      : place_(aws::s3_place(url)), options_(std::move(options)), session_(std::move(session)) {}

  Listing list(const std::string& folder, const Stop& stop) override;
  std::optional<std::string> read(const std::string& name, const Stop& stop) override;
  void add(const std::string& name, const std::string& text, const Stop& stop) override;
  void replace(const std::string& name, const std::string& text, const Stays& stays,
               const Stop& stop) override;
  std::string place(const std::string& name) const override;

 private:
  aws::PutObject object(const std::string& name, const std::string& text) const;

  aws::S3Place place_;
  ReportOptions options_;
  aws::SessionSource session_;
};

}  // namespace drift::reporters
