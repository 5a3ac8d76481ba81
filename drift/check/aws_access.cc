#include "drift/check/aws_access.h"

#include "drift/aws/credentials/chain.h"
#include "drift/aws/credentials/sts.h"

namespace drift::check {

aws::Session& AwsAccess::session(const Role& role) {
  const std::lock_guard lock(mutex_);
  auto& base = sessions_[Role{}];
  if (!base)
    base = std::make_unique<aws::Session>(aws::Environment::of_process(), clock_,
                                          aws::find_credentials);
  if (role.arn.empty()) return *base;
  auto& session = sessions_[role];
  if (!session) {
    session = std::make_unique<aws::Session>(
        *base, aws::assuming(aws::Role{role.arn, "", role.external_id, 0}));
  }
  return *session;
}

aws::SessionSource AwsAccess::source(const Role& role) {
  return [this, role]() -> aws::Session& { return session(role); };
}

}  // namespace drift::check
