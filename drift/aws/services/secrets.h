// AWS Secrets Manager and SSM Parameter Store: reading, nothing else.
#pragma once

#include <map>
#include <string>

#include "drift/aws/client.h"

namespace drift::aws {

// SecretString of a secret named by ARN (which decides the region) or name. Throws as Client::call,
// and Error{kAwsFailed} for a binary secret or an answer that is none of Secrets Manager's.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
std::string secret_value(Session& session, const std::string& secret_id, const Stop& stop);

// Every parameter directly under `path` ("/app/prod/database"), decrypted, by its last component;
// an empty map where there is none. Follows NextToken. Throws as Client::call,
// Error{kConfiguration} for a path that does not begin with '/', and Error{kAwsFailed} for an
// answer that is none of SSM's.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
std::map<std::string, std::string> parameters_by_path(Session& session, const std::string& path,
                                                      const Stop& stop);

}  // namespace drift::aws
