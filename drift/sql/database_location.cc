#include "drift/sql/database_location.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "drift/aws/arn.h"
#include "drift/aws/services/lambda.h"
#include "drift/base/error.h"
#include "drift/base/text.h"
#include "drift/base/url.h"
#include "drift/sql/sql_text.h"

namespace drift::sql {
namespace {

constexpr const char* kForms =
    "write postgresql://USER@HOST:PORT/DATABASE, lambda:NAME, the ARN of a Lambda function, the "
    "ARN of a Secrets Manager secret, or ssm:/PATH";

bool all_of(std::string_view text, std::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           others.find(c) != std::string_view::npos;
  });
}

[[noreturn]] void refuse(std::string_view location, std::string_view why) {
  throw Error{Fault::kUsage,
              fmt::format("the database location {} {}", one_line(location, 200), why), kForms};
}

DatabaseLocation location_of_function(std::string_view location, std::string_view function) {
  try {
    aws::read_function_name(std::string(function));
  } catch (const Error&) {
    refuse(location, "names no Lambda function");
  }
  return {LocationKind::kFunction, std::string(function)};
}

DatabaseLocation location_of_arn(std::string_view arn) {
  const auto fields = split(arn, ':', 4);
  const std::string_view service = fields.size() > 2 ? fields[2] : std::string_view{};
  if (service == "lambda") {
    aws::read_function_name(std::string(arn));
    return {LocationKind::kFunction, std::string(arn)};
  }
  if (service == "secretsmanager") {
    aws::read_arn(aws::ArnOf::kSecret, arn);
    return {LocationKind::kSecret, std::string(arn)};
  }
  refuse(arn, "is the ARN of neither a Lambda function nor a Secrets Manager secret");
}

}  // namespace

DatabaseLocation database_location(std::string_view text) {
  if (aws::is_arn(text)) return location_of_arn(text);
  if (text.starts_with("lambda:")) {
    return location_of_function(text, text.substr(7));
  }
  if (text.starts_with("ssm:")) {
    std::string_view path = text.substr(4);
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    // https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
    if (path.size() < 2 || path.front() != '/' || !all_of(path, "/_.-")) {
      refuse(text, "does not name a path of parameters");
    }
    return {LocationKind::kParameters, std::string(path)};
  }
  // What is left is libpq's to read; a text that cannot be for libpq may be anything, a password
  // too, so it is not repeated.
  if (text.find("://") == std::string_view::npos && text.find('=') == std::string_view::npos) {
    throw Error{Fault::kUsage, "unknown form of database location", kForms};
  }
  return {LocationKind::kPostgres, std::string(text)};
}

std::string shown_location(std::string_view text) {
  if (!url_scheme(text).empty()) return redacted_url(text);
  for (const char* form : {"lambda:", "arn:", "ssm:"}) {
    if (text.starts_with(form)) return std::string(text);
  }
  return text.empty() ? "" : "a libpq connection string";
}

std::string region_of_host(std::string_view host) {
  while (!host.empty() && host.back() == '.') host.remove_suffix(1);
  const std::string name = ascii_lower(host);
  constexpr std::array<std::string_view, 2> kEnds = {".rds.amazonaws.com", ".rds.amazonaws.com.cn"};
  for (const std::string_view end : kEnds) {
    if (name.size() <= end.size() || name.substr(name.size() - end.size()) != end) continue;
    const std::string before = name.substr(0, name.size() - end.size());
    const std::size_t dot = before.rfind('.');
    if (dot == std::string::npos) return {};
    const std::string region = before.substr(dot + 1);
    return all_of(region, "-") ? region : std::string();
  }
  return {};
}

HostAndPort host_and_port(std::string_view text) {
  const std::size_t bracket = text.find(']');
  if (text.starts_with("[") && bracket != std::string_view::npos) {
    const std::string_view rest = text.substr(bracket + 1);
    return {std::string(text.substr(1, bracket - 1)),
            std::string(rest.starts_with(":") ? rest.substr(1) : "")};
  }
  const std::size_t colon = text.find(':');
  // More than one colon is an IPv6 address without a port.
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return {std::string(text), ""};
  }
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

}  // namespace drift::sql
