#include "drift/aws/endpoint.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <optional>

#include "drift/aws/arn.h"
#include "drift/aws/environment.h"
#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/base/url.h"

namespace drift::aws {
namespace {

struct Partition {
  std::string_view region_prefix;
  std::string_view name;
  std::string_view suffix;
  std::string_view dualstack_suffix;
};

// https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
// The suffixes are those of botocore's partitions.json; tests/differential compares them.
constexpr std::array<Partition, 7> kPartitions = {{
    {"cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"us-gov-", "aws-us-gov", "amazonaws.com", "api.aws"},
    {"us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov"},
    {"us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"},
    {"us-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"eusc-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"},
}};
constexpr Partition kCommercial = {"", "aws", "amazonaws.com", "api.aws"};

const Partition& partition(std::string_view region) {
  for (const Partition& one : kPartitions) {
    if (region.starts_with(one.region_prefix)) return one;
  }
  return kCommercial;
}

// The region becomes part of a host name that gets signed requests, so "x.evil.com/" must not pass.
void check_region(std::string_view region) {
  if (!is_region(region)) {
    throw Error{Fault::kConfiguration, fmt::format("invalid AWS region \"{}\"", printable(region)),
                "set AWS_REGION to one such as eu-central-1"};
  }
  if (region.starts_with("fips-") || region.ends_with("-fips")) {
    throw Error{Fault::kConfiguration,
                fmt::format("invalid AWS region \"{}\": an old way to ask for FIPS", region),
                "set AWS_REGION to the region alone, and AWS_USE_FIPS_ENDPOINT=true"};
  }
  if (region.ends_with("-global")) {
    throw Error{Fault::kConfiguration,
                fmt::format("invalid AWS region \"{}\": the name of a whole partition", region),
                "set AWS_REGION to one such as eu-central-1"};
  }
}

std::string setting_name(Service service) {
  if (service == Service::kSecretsManager) return "secrets_manager";
  if (service == Service::kEventBridge) return "eventbridge";
  if (service == Service::kCloudWatch) return "cloudwatch";
  return std::string(service_name(service));
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

struct CustomUrl {
  std::string url;
  std::string from;  // for messages
};

std::optional<CustomUrl> custom_url(Service service, const Environment& environment) {
  if (environment.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")) {
    return std::nullopt;
  }
  const std::string name = setting_name(service);
  for (const std::string& variable : {"AWS_ENDPOINT_URL_" + upper(name),  //
                                      std::string("AWS_ENDPOINT_URL")}) {
    if (const auto url = environment.variable(variable)) return CustomUrl{*url, variable};
  }
  const std::string profile = printable(environment.profile_name());
  if (const auto section = environment.profile_setting("services")) {
    const ProfileSettings* services = environment.services(*section);
    if (services == nullptr) {
      throw Error{Fault::kConfiguration,
                  fmt::format("profile {} names the services section {}, which is not in {}",
                              profile, printable(*section), printable(environment.config_path())),
                  fmt::format("add [services {}], or remove the profile's setting services",
                              printable(*section))};
    }
    const std::string where = fmt::format("[services {}]", printable(*section));
    if (const auto url = single_line(*services, name + ".endpoint_url", where)) {
      return CustomUrl{*url, fmt::format("endpoint_url of {} in {}", name, where)};
    }
  }
  if (const auto url = environment.profile_setting("endpoint_url")) {
    return CustomUrl{*url, "endpoint_url of profile " + profile};
  }
  return std::nullopt;
}

Endpoint custom_endpoint(const CustomUrl& custom, bool fips, bool dualstack) {
  if (fips || dualstack) {
    throw Error{Fault::kConfiguration,
                fmt::format("{} names an endpoint, and {} asks for another", custom.from,
                            fips ? "AWS_USE_FIPS_ENDPOINT (use_fips_endpoint)"
                                 : "AWS_USE_DUALSTACK_ENDPOINT (use_dualstack_endpoint)"),
                "unset one of the two"};
  }
  const auto url = parse_http_url(custom.url);
  if (!url || url->target.find('?') != std::string::npos) {
    throw Error{Fault::kConfiguration, "invalid endpoint URL in " + custom.from,
                "write it as https://host[:port][/path], without user, query or fragment"};
  }
  std::string path = url->target;
  while (!path.empty() && path.back() == '/') path.pop_back();
  return {url->origin, path, true};
}

// GovCloud's plain hosts of these services are FIPS hosts already.
bool plain_host_is_fips(Service service, std::string_view region) {
  return region.starts_with("us-gov-") &&
         (service == Service::kSns || service == Service::kSsm || service == Service::kSts ||
          service == Service::kEventBridge);
}

std::string s3_host(const std::string& region, const Partition& where, bool fips, bool dualstack) {
  if (fips && where.name == "aws-cn") {
    throw Error{Fault::kConfiguration, "S3 has no FIPS endpoints in China",
                "unset AWS_USE_FIPS_ENDPOINT for regions of the partition aws-cn"};
  }
  return fmt::format("s3{}{}.{}.{}", fips ? "-fips" : "", dualstack ? ".dualstack" : "", region,
                     where.suffix);
}

}  // namespace

std::string_view service_name(Service service) {
  switch (service) {
    case Service::kLambda: return "lambda";
    case Service::kS3: return "s3";
    case Service::kSns: return "sns";
    case Service::kSecretsManager: return "secretsmanager";
    case Service::kSsm: return "ssm";
    case Service::kSts: return "sts";
    case Service::kEventBridge: return "events";
    case Service::kCloudWatch: return "monitoring";
  }
  return "";
}

std::string host_header(const std::string& origin) {
  std::string host = origin.substr(origin.find("://") + 3);
  const std::string_view port = origin.starts_with("https:") ? ":443" : ":80";
  if (host.ends_with(port)) host.resize(host.size() - port.size());
  return host;
}

std::string_view partition_of(std::string_view region) { return partition(region).name; }

Endpoint endpoint_of(Service service, const std::string& region, const Environment& environment) {
  const bool fips = environment.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
  const bool dualstack = environment.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
  check_region(region);
  if (const auto custom = custom_url(service, environment)) {
    return custom_endpoint(*custom, fips, dualstack);
  }
  const Partition& where = partition(region);
  if (service == Service::kS3) {
    return {"https://" + s3_host(region, where, fips, dualstack), "", false};
  }
  // Secrets Manager answers both protocols on its plain hosts, in the two oldest partitions and
  // GovCloud; China's FIPS hosts are the exception of the exception.
  const bool plain_is_dualstack =
      service == Service::kSecretsManager &&
      (where.suffix == kCommercial.suffix || (where.name == "aws-cn" && !fips));
  const bool plain_is_fips = !dualstack && plain_host_is_fips(service, region);
  return {fmt::format("https://{}{}.{}.{}", service_name(service),
                      fips && !plain_is_fips ? "-fips" : "", region,
                      dualstack && !plain_is_dualstack ? where.dualstack_suffix : where.suffix),
          "", false};
}

}  // namespace drift::aws
