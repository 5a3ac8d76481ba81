// Amazon Resource Names, as settings give them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
#pragma once

#include <string>
#include <string_view>

namespace drift::aws {

// What an ARN of ours may name.
enum class ArnOf { kFunction, kRole, kSecret, kTopic };

// arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE
struct Arn {
  std::string service;   // "lambda", "iam", "secretsmanager", "sns"
  std::string region;    // "" of a role
  std::string resource;  // all that follows the account: "function:NAME:QUALIFIER", "NAME"
};

// "arn:..." is meant to be one, whatever is wrong with it.
bool is_arn(std::string_view text);

// Throws Error{kUsage} that says what is wrong: `invalid ARN of an SNS topic "arn:aws:sns:::": no
// region`. The account must have its twelve digits, and the name be one that the service gives.
Arn read_arn(ArnOf what, std::string_view text);

// The name of the secret whose ARN this is: "prod/shop/database" of ...:secret:prod/shop/database-
// AbCdEf. Secrets Manager adds a hyphen and six characters to each, new ones where a secret is made
// again; an ARN that somebody wrote without them is left as it is unless its name looks the same,
// and then Secrets Manager itself would not find it.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
// Requires what read_arn accepts. Never throws.
std::string secret_name(std::string_view arn);

// Whether it can be a region's name: a part of a host name.
bool is_region(std::string_view text);

}  // namespace drift::aws
