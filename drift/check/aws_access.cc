#include "drift/check/aws_access.h"

namespace drift::check {

aws::Session& AwsAccess::session(const Role& role) {
  const std::lock_guard lock(mutex_);
  auto& base = sessions_[Role{}];
  if (!base) base = std::make_unique<aws::Session>(aws::Environment::of_process(), clock_);
  if (role.arn.empty()) return *base;
  auto& session = sessions_[role];
  if (!session) session = std::make_unique<aws::Session>(*base, role.arn, role.external_id);
  return *session;
}

aws::SessionSource AwsAccess::source(const Role& role) {
  return [this, role]() -> aws::Session& { return session(role); };
}

}  // namespace drift::check
