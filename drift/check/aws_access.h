// The AWS sessions of one run.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "drift/aws/client.h"
#include "drift/base/clock.h"

namespace drift::check {

// A role to be assumed for one target (another account's database); "" stays who we are.
struct Role {
  std::string arn;
  std::string external_id;

  auto operator<=>(const Role&) const = default;
};

// Makes each session once, when it is first needed, and keeps it for the run. Thread-safe. Sessions
// live as long as this does, which is as long as the process (see Side).
class AwsAccess {
 public:
  explicit AwsAccess(const Clock& clock) : clock_(clock) {}

  // Throws what Environment throws.
  aws::Session& session(const Role& role = {});

  // The same as a function, for those who may never need it.
  aws::SessionSource source(const Role& role = {});

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::map<Role, std::unique_ptr<aws::Session>> sessions_;
};

}  // namespace drift::check
