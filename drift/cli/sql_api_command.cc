#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/surroundings.h"
#include "drift/check/aws_access.h"
#include "drift/cli/commands.h"
#include "drift/config/database_settings.h"
#include "drift/runtime_api/local_server.h"
#include "drift/runtime_api/runtime.h"
#include "drift/sql_api/answer.h"
#include "drift/sql_api/gateway_event.h"

namespace drift::cli {
namespace {

// Lambda gives the start of an environment ten seconds.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
constexpr std::chrono::seconds kConnectingAtStart{5};

std::unique_ptr<sql_api::Handler> make_handler(const config::SqlApiSettings& settings,
                                               const Context& context) {
  static const SystemClock clock;
  static check::AwsAccess aws(clock);
  return std::make_unique<sql_api::Handler>(settings.handler, aws.source(settings.role), clock,
                                            context.log);
}

// A database that cannot be reached at the start may be there when somebody asks; each answer says
// what is wrong until then. Settings that cannot work end the start.
void connect_early(sql_api::Handler& handler, const Context& context) {
  try {
    const Stop connecting{kConnectingAtStart, *context.stop};
    handler.connect(connecting);
  } catch (const Error& error) {
    if (error.fault == Fault::kUsage || error.fault == Fault::kConfiguration) throw;
    context.log->warning("no connection at the start", {{"error", error.what()}});
  }
}

// What a request that came to the function is answered.
std::string answer_to(sql_api::Handler& handler, bool gateway, sql_api::Call call,
                      const Stop& stop) {
  if (!gateway) return handler.answer(call, stop);
  try {
    sql_api::GatewayRequest request = sql_api::gateway_request(call.payload);
    call.payload = std::move(request.payload);
    call.caller = std::move(request.caller);
  } catch (const Error& error) {
    return sql_api::gateway_answer(sql_api::error_answer(error));
  }
  return sql_api::gateway_answer(handler.answer(call, stop));
}

void serve_lambda(const Context& context, const std::string& api) {
  std::unique_ptr<sql_api::Handler> handler;
  bool gateway = false;
  runtime_api::serve(
      api,
      [&] {
        const config::SqlApiSettings settings =
            config::sql_api_settings(context.resolved.targets.front());
        gateway = settings.gateway;
        handler = make_handler(settings, context);
        connect_early(*handler, context);
      },
      [&](const runtime_api::Invocation& invocation, const Stop& stop) {
        return answer_to(*handler, gateway,
                         {invocation.payload, invocation.request_id,
                          sql_api::caller_of_context(invocation.client_context)},
                         stop);
      },
      *context.stop, *context.log);
}

void serve_loopback(const Context& context) {
  const config::SqlApiSettings settings =
      config::sql_api_settings(context.resolved.targets.front());
  const auto handler = make_handler(settings, context);
  runtime_api::LocalServer server(
      {settings.listen, settings.caller_header, settings.invocation_timeout});
  write_fully(1, fmt::format("listening on {0}\n"
                             "  aws lambda invoke --endpoint-url {0} --function-name sql-api "
                             "--payload '{{\"query\": \"SELECT 1\"}}' "
                             "--cli-binary-format raw-in-base64-out /dev/stdout\n",
                             server.url()));
  server.serve(
      [&](const runtime_api::Invocation& invocation, const Stop& stop) {
        sql_api::Caller caller = sql_api::caller_of_context(invocation.client_context);
        if (caller.name.empty()) caller.name = "loopback";
        if (!invocation.caller.empty()) caller = {invocation.caller, true};
        return answer_to(*handler, settings.gateway,
                         {invocation.payload, invocation.request_id, std::move(caller)}, stop);
      },
      *context.stop, *context.log);
}

}  // namespace

int run_sql_api(const Context& context) {
  if (const auto api = nonempty_variable("AWS_LAMBDA_RUNTIME_API")) {
    serve_lambda(context, *api);
  } else {
    serve_loopback(context);
  }
  return 0;
}

}  // namespace drift::cli
