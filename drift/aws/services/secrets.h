// AWS Secrets Manager and SSM Parameter Store: reading, nothing else.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "drift/aws/client.h"

namespace drift::aws {

// SecretString of a secret named by ARN (which decides the region) or name. Throws as Client::call,
// Error{kUsage} for a broken ARN, and Error{kAwsFailed} for a binary secret or an answer that is
// none of Secrets Manager's.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
std::string secret_value(Session& session, const std::string& secret_id, const Stop& stop);

// What a secret is asked for.
struct SecretText {
  std::string_view what;               // for messages: "token"
  std::vector<std::string_view> keys;  // at least one; the first that has a text counts
  bool one_line = false;               // text of several lines is something else
};

// The text of a secret that holds one thing: all of a plain one or of a JSON string; in a JSON
// object that of one of the keys, or its only value. Without blanks around it.
// Throws Error{kConfiguration}, with `secret_id` and the keys that are there, never a value.
std::string text_of_secret(const std::string& secret, const std::string& secret_id,
                           const SecretText& sought);

// `setting` itself, without blanks around it, or where it is the ARN of a secret, its text.
// Throws as secret_value and text_of_secret.
std::string setting_or_secret(const std::string& setting, const SecretText& sought,
                              const SessionSource& session, const Stop& stop);

// Every parameter directly under `path` ("/app/prod/database"), decrypted, by its last component;
// an empty map where there is none. Follows NextToken. Throws as Client::call,
// Error{kConfiguration} for a path that does not begin with '/', and Error{kAwsFailed} for an
// answer that is none of SSM's.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
std::map<std::string, std::string> parameters_by_path(Session& session, const std::string& path,
                                                      const Stop& stop);

// One parameter, by name ("/app/targets", "targets:3" for its third version) or ARN, decrypted. A
// parameter has 4 KB, an advanced one 8. Throws as Client::call, Error{kConfiguration} for no name,
// and Error{kAwsFailed} for an answer that is none of SSM's.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
std::string parameter(Session& session, const std::string& name, const Stop& stop);

}  // namespace drift::aws
