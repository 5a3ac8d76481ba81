#include "drift/aws/credentials/chain.h"

#include <fmt/format.h>

#include "drift/aws/credentials/sources.h"
#include "drift/base/error.h"

namespace drift::aws {
Credentials find_credentials(const CredentialContext& context, const Stop& stop) {
  using Source = SourceResult (*)(const CredentialContext&, const Stop&);
  struct Place {
    const char* name;
    Source find;
  };
  constexpr Place kOrder[] = {
      {"environment", [](const CredentialContext& here,
                         const Stop&) { return environment_credentials(here.environment); }},
      {"profile", profile_credentials},
      {"container", container_credentials},
      {"instance metadata", instance_credentials},
  };
  require_named_profile(context.environment);
  std::string why;
  for (const Place& place : kOrder) {
    stop.check("looking for AWS credentials");
    SourceResult result = place.find(context, stop);
    if (result.credentials) {
      check_keys(result.credentials->keys, result.credentials->source);
      return *result.credentials;
    }
    why += fmt::format("{}{}: {}", why.empty() ? "" : "; ", place.name, result.none_because);
  }
  throw Error{Fault::kNoCredentials, fmt::format("no AWS credentials ({})", why),
              "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run it where a "
              "role is attached"};
}

}  // namespace drift::aws
