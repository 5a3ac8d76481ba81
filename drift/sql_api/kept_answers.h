// What changes answered that came with an idempotency key, kept beside the audit log.
#pragma once

#include <optional>
#include <string>

#include "drift/aws/services/s3.h"
#include "drift/aws/session.h"

namespace drift {
class Stop;
}

namespace drift::sql_api {

struct KeptAnswer {
  std::string request;      // checksum of what was asked for
  std::string transaction;  // the database's number of the transaction that did it
  std::string answer;       // whole
};

// Beside the audit log: a folder AUDIT.answers (mode 0700) with a file for each key, or objects
// answers/NAME.json under an s3:// prefix. Nothing takes them away again.
class KeptAnswers {
 public:
  // Requires that AuditTrail takes `audit`. Touches nothing.
  KeptAnswers(std::string audit, aws::SessionSource session);

  // The last answer that was put under `name`, letters and digits; nothing where there is none.
  // Throws Error{kUnsupported} where the audit log is standard error, which cannot be read again,
  // and Error{kReportNotStored} where the place cannot be read.
  std::optional<KeptAnswer> find(const std::string& name, const Stop& stop) const;

  // Takes the place of what was there. Throws as find, where it is not known to be stored.
  void put(const std::string& name, const KeptAnswer& kept, const Stop& stop) const;

 private:
  std::string path(const std::string& name) const;
  std::string object_key(const std::string& name) const;
  void require_place() const;

  std::string where_;
  std::optional<aws::S3Place> place_;
  aws::SessionSource session_;
};

}  // namespace drift::sql_api
