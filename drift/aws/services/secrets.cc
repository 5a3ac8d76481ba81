#include "drift/aws/services/secrets.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "drift/aws/arn.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"

namespace drift::aws {
namespace {

using nlohmann::json;

// Fifty pages of ten: nobody keeps one database's settings in more parameters.
constexpr int kMostPages = 50;

void set_json(Call& call, const std::string& target, const json& body) {
  call.method = "POST";
  call.target = "/";
  call.headers = {{"Content-Type", "application/x-amz-json-1.1"}, {"X-Amz-Target", target}};
  // Text that is no UTF-8 names nothing that exists, and the service shall say so.
  call.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  call.max_response_bytes = 1u << 20;
}

[[noreturn]] void fail(const Call& call, const std::string& what, const std::string& hint) {
  throw Error{Fault::kAwsFailed,
              fmt::format("{} on {} {}", call.operation, printable(call.resource), what), hint};
}

// The body of an answer. Nothing of it may be quoted: it holds secrets.
json read_answer(const Call& call, const HttpResponse& response) {
  json document = json::parse(response.body, nullptr, false);
  if (document.is_object()) return document;
  fail(call, "was answered with success, but not by AWS (no JSON object)",
       "a proxy may have answered: check HTTPS_PROXY and AWS_ENDPOINT_URL");
}

std::string last_component(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string::npos ? name : name.substr(slash + 1);
}

// Adds the page's parameters; returns its NextToken.
std::string read_page(const Call& call, const json& page,
                      std::map<std::string, std::string>& parameters) {
  const auto list = page.find("Parameters");
  if (list == page.end() || !list->is_array()) {
    fail(call, "gave an answer without parameters", "what answered may not be AWS SSM");
  }
  for (const json& entry : *list) {
    const auto name = entry.find("Name");
    const auto value = entry.find("Value");
    if (!entry.is_object() || name == entry.end() || !name->is_string() || value == entry.end() ||
        !value->is_string()) {
      fail(call, "gave a parameter without name or value", "what answered may not be AWS SSM");
    }
    parameters[last_component(name->get<std::string>())] = value->get<std::string>();
  }
  const auto token = page.find("NextToken");
  return token != page.end() && token->is_string() ? token->get<std::string>() : std::string{};
}

}  // namespace

std::string secret_value(Session& session, const std::string& secret_id, const Stop& stop) {
  Call call;
  call.service = Service::kSecretsManager;
  if (is_arn(secret_id)) call.region = read_arn(ArnOf::kSecret, secret_id).region;
  call.operation = "secretsmanager:GetSecretValue";
  call.resource = secret_id;
  set_json(call, "secretsmanager.GetSecretValue", {{"SecretId", secret_id}});
  const json answer = read_answer(call, Client(session).call(call, stop));
  const auto text = answer.find("SecretString");
  if (text != answer.end() && text->is_string()) return text->get<std::string>();
  if (answer.contains("SecretBinary")) {
    fail(call, "gave a binary secret", "store it as text or as a JSON object");
  }
  fail(call, "gave an answer without a secret", "what answered may not be AWS Secrets Manager");
}

std::string text_of_secret(const std::string& secret, const std::string& secret_id,
                           const SecretText& sought) {
  const auto refuse = [&](const std::string& why) {
    throw Error{Fault::kConfiguration, fmt::format("the secret {} {}", printable(secret_id), why),
                fmt::format("keep the {} as plain text, or as {{\"{}\": \"...\"}}", sought.what,
                            sought.keys.front())};
  };
  // No exceptions: theirs quote the text.
  const json document = json::parse(secret, nullptr, /*allow_exceptions=*/false);
  const auto text = [](const json& value) {
    return value.is_string() ? std::string(trimmed(value.get_ref<const std::string&>())) : "";
  };
  std::string found;
  if (!document.is_object()) {
    found = document.is_string() ? text(document) : std::string(trimmed(secret));
    if (found.empty()) refuse("is empty");
  }
  for (const std::string_view key : sought.keys) {
    if (found.empty() && document.contains(key)) found = text(document[std::string(key)]);
  }
  if (found.empty() && document.size() == 1) found = text(document.front());
  if (found.empty()) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : document.items()) keys.push_back(printable(key));
    refuse(fmt::format("holds no {}; its keys are: {}", sought.what, joined(keys)));
  }
  // What spans several lines is a key or a document.
  if (sought.one_line && found.find_first_of("\r\n") != std::string::npos) {
    refuse(fmt::format("holds no {}", sought.what));
  }
  return found;
}

std::string setting_or_secret(const std::string& setting, const SecretText& sought,
                              const SessionSource& session, const Stop& stop) {
  if (!is_arn(setting)) return std::string(trimmed(setting));
  return text_of_secret(secret_value(session(), setting, stop), setting, sought);
}

std::map<std::string, std::string> parameters_by_path(Session& session, const std::string& path,
                                                      const Stop& stop) {
  if (!path.starts_with('/')) {
    throw Error{Fault::kConfiguration,
                fmt::format("invalid path of SSM parameters \"{}\": no slash at its beginning",
                            printable(path)),
                "write it as /app/prod/database"};
  }
  json request{{"Path", path}, {"Recursive", false}, {"WithDecryption", true}, {"MaxResults", 10}};
  std::map<std::string, std::string> parameters;
  Call call;
  call.service = Service::kSsm;
  call.operation = "ssm:GetParametersByPath";
  call.resource = path;
  for (int page = 0; page < kMostPages; ++page) {
    set_json(call, "AmazonSSM.GetParametersByPath", request);
    const std::string next =
        read_page(call, read_answer(call, Client(session).call(call, stop)), parameters);
    if (next.empty()) return parameters;
    request["NextToken"] = next;
  }
  fail(call, fmt::format("gave more than {} pages", kMostPages),
       "name a path with fewer parameters directly under it");
}

std::string parameter(Session& session, const std::string& name, const Stop& stop) {
  if (name.empty()) {
    throw Error{Fault::kConfiguration, "ssm: names no parameter", "write ssm:NAME"};
  }
  Call call;
  call.service = Service::kSsm;
  call.operation = "ssm:GetParameter";
  call.resource = name;
  set_json(call, "AmazonSSM.GetParameter", {{"Name", name}, {"WithDecryption", true}});
  const json answer = read_answer(call, Client(session).call(call, stop));
  const auto found = answer.find("Parameter");
  if (found == answer.end() || !found->is_object() || !found->contains("Value") ||
      !(*found)["Value"].is_string()) {
    fail(call, "gave an answer without a parameter", "what answered may not be AWS SSM");
  }
  return (*found)["Value"];
}

}  // namespace drift::aws
