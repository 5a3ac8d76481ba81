#include "drift/aws/services/caller_identity.h"

#include "drift/aws/form.h"
#include "drift/aws/retry_rules.h"
#include "drift/aws/xml.h"
#include "drift/base/error.h"

namespace drift::aws {

CallerIdentity caller_identity(Session& session, const Stop& stop) {
  Call call;
  call.service = Service::kSts;
  call.operation = "sts:GetCallerIdentity";
  call.max_response_bytes = 1u << 20;
  set_form(call, {{"Action", "GetCallerIdentity"}, {"Version", "2011-06-15"}});
  const HttpResponse response = Client(session).call(call, stop);
  auto texts = xml_texts(response.body, {"Arn", "Account"});
  if (texts["Arn"].empty() || texts["Account"].empty()) {
    throw Error{Fault::kAwsFailed,
                "sts:GetCallerIdentity was answered with success, but not by STS (no Arn)",
                "a proxy may have answered: check HTTPS_PROXY and AWS_ENDPOINT_URL_STS"};
  }
  return {texts["Account"], texts["Arn"], server_time(response)};
}

}  // namespace drift::aws
