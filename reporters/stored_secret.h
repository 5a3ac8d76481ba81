// A secret that a setting holds, or names.
#pragma once

#include <string>

#include "drift/aws/session.h"

namespace drift::reporters {

// `setting` itself, or where it is the ARN of a secret in Secrets Manager, that secret's value: its
// text, or of a JSON object the value under `key`, or its only one. Without blanks around it.
// Throws as aws::secret_value, and Error{kConfiguration} for a secret that holds nothing of it.
std::string stored_secret(const std::string& setting, const std::string& key,
                          const aws::SessionSource& session, const Stop& stop);

}  // namespace drift::reporters
