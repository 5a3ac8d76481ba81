// AWS Secrets Manager and SSM Parameter Store: reading, nothing else.
#pragma once

#include <map>
#include <string>

#include "drift/aws/client.h"

namespace drift::aws {

// SecretString of a secret named by ARN or name. Throws as Client::call, and Error{kAwsFailed}
// for a binary secret.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
std::string secret_value(Session& session, const std::string& secret_id, const Stop& stop);

// Every parameter directly under `path` ("/app/prod/database"), decrypted, by its last component.
// Follows NextToken. Throws as Client::call.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
std::map<std::string, std::string> parameters_by_path(Session& session, const std::string& path,
                                                      const Stop& stop);

}  // namespace drift::aws
