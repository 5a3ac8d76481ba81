// Reads AWS settings from stdin, one JSON object a line, and prints what schema-drift makes of
// each: the subject of test_aws_settings.py.
//   {"config": text or null, "credentials": text or null, "variables": {...}, "names": [...],
//    "words": [...], "folder": where the two files may stand}
//   {"variables": {...}, "endpoints": [[service, region], ...]}
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "drift/aws/endpoint.h"
#include "drift/aws/environment.h"
#include "drift/base/error.h"

namespace {

using drift::aws::Environment;
using drift::aws::Service;
using nlohmann::json;

constexpr Service kServices[] = {Service::kLambda,         Service::kS3,  Service::kSns,
                                 Service::kSecretsManager, Service::kSsm, Service::kSts};

Environment environment_of(const json& variables) {
  return Environment([variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional{found->get<std::string>()};
  });
}

json error_of(const drift::Error& error) { return {{"error", error.what()}, {"hint", error.hint}}; }

template <class Value>
json or_null(const Value& value) {
  return value ? json(*value) : json(nullptr);
}

template <class Question>
json or_error(Question question) {
  try {
    return question();
  } catch (const drift::Error& error) {
    return error_of(error);
  }
}

// The endpoint of a service, or its refusal.
json endpoint(const Environment& environment, Service service, const std::string& region) {
  return or_error([&]() -> json {
    const auto found = drift::aws::endpoint_of(service, region, environment);
    return {{"url", found.origin + found.path_prefix}, {"custom", found.custom}};
  });
}

json settings(const json& request) {
  const std::string folder = request.at("folder");
  for (const char* name : {"config", "credentials"}) {
    const std::filesystem::path path = folder + "/" + name;
    std::filesystem::remove(path);
    if (request.at(name).is_null()) continue;
    std::ofstream(path, std::ios::binary) << request.at(name).get<std::string>();
  }
  const Environment environment = environment_of(request.at("variables"));
  json answer;
  for (const std::string name : request.at("names")) {
    answer["config"][name] = or_null(environment.config_profile(name));
    answer["credentials"][name] = or_null(environment.credentials_profile(name));
    answer["services"][name] = or_null(environment.services(name));
  }
  answer["region"] = or_error([&] { return or_null(environment.region()); });
  answer["ca_bundle"] = or_error([&] { return json(environment.ca_bundle()); });
  for (const Service service : kServices) {
    const json one = endpoint(environment, service, "eu-central-1");
    answer["endpoint"][std::string(drift::aws::service_name(service))] =
        one.contains("error") || one.at("custom").get<bool>() ? one : json(nullptr);
  }
  return answer;
}

json read(const json& request) {
  if (request.contains("endpoints")) {
    const Environment environment = environment_of(request.at("variables"));
    json urls = json::array();
    for (const auto& [name, region] :
         request.at("endpoints").get<std::vector<std::pair<std::string, std::string>>>()) {
      for (const Service service : kServices) {
        if (drift::aws::service_name(service) == name) {
          urls.push_back(endpoint(environment, service, region));
        }
      }
    }
    return urls;
  }
  if (request.contains("words")) {
    json answers = json::array();
    for (const std::string text : request.at("words")) {
      answers.push_back(or_null(drift::aws::shell_words(text)));
    }
    return answers;
  }
  return or_error([&] { return settings(request); });
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << read(json::parse(line)).dump() << '\n';
  }
}
