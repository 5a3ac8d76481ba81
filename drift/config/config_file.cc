#include "drift/config/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "drift/aws/services/secrets.h"
#include "drift/base/clock.h"
#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/base/url.h"
#include "drift/check/aws_access.h"
#include "reporters/store.h"

namespace drift::config {
namespace {

using Json = nlohmann::json;

enum class Place { kRun, kTarget };

[[noreturn]] void refuse(const std::string& path, const std::string& why, std::string hint) {
  throw Error{Fault::kConfiguration, path + ": " + why, std::move(hint)};
}

bool allowed(const OptionSpec& spec, Place place) {
  return spec.in_file && (place == Place::kTarget) == spec.in_target;
}

std::vector<std::string> known_keys(Place place) {
  std::vector<std::string> keys;
  for (const OptionSpec& spec : option_specs()) {
    if (allowed(spec, place)) keys.push_back(key_in_file(spec));
  }
  if (place == Place::kRun) keys.insert(keys.end(), {"defaults", "targets"});
  return keys;
}

const OptionSpec* find_spec(const std::string& key, Place place) {
  const auto& specs = option_specs();
  const auto found = std::find_if(specs.begin(), specs.end(), [&](const OptionSpec& spec) {
    return allowed(spec, place) && key_in_file(spec) == key;
  });
  return found == specs.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_key(const std::string& path, const std::string& key, Place place,
                             const std::string& where) {
  const std::vector<std::string> keys = known_keys(place);
  const std::string near = nearest(key, keys);
  refuse(path, fmt::format("unknown key \"{}\" in {}", key, where),
         near.empty() ? fmt::format("known keys there: {}", fmt::join(keys, ", "))
                      : fmt::format("did you mean \"{}\"?", near));
}

// One value into the field of its option. `where` names it in messages.
void set_field(Options& options, const OptionSpec& spec, const Json& value, const std::string& path,
               const std::string& where) {
  const auto wrong_type = [&](const char* expected) {
    refuse(path, fmt::format("{} must be {}, not {}", where, expected, value.type_name()), {});
  };
  if (const auto* text = std::get_if<std::optional<std::string> Options::*>(&spec.field)) {
    // A number is what people write for a timeout.
    if (value.is_number_integer()) {
      options.** text = value.dump();
    } else if (value.is_string()) {
      options.** text = value.get<std::string>();
    } else {
      wrong_type("a string");
    }
  } else if (const auto* flag = std::get_if<std::optional<bool> Options::*>(&spec.field)) {
    if (!value.is_boolean()) wrong_type("true or false");
    options.** flag = value.get<bool>();
  } else {
    std::vector<std::string> list;
    // Most databases have one schema, and it was one word before there could be several.
    const bool one_word = spec.name == "version-table-schema" && value.is_string();
    if (one_word) list.push_back(value.get<std::string>());
    if (!value.is_array() && !one_word) wrong_type("a list of strings");
    if (!one_word)
      for (const Json& element : value) {
        if (!element.is_string()) wrong_type("a list of strings");
        list.push_back(element.get<std::string>());
      }
    options.*std::get<std::optional<std::vector<std::string>> Options::*>(spec.field) = list;
  }
}

Options target_options(const Json& object, const std::string& path, const std::string& where) {
  if (!object.is_object()) refuse(path, where + " must be an object", {});
  Options options;
  for (const auto& [key, value] : object.items()) {
    const OptionSpec* spec = find_spec(key, Place::kTarget);
    if (spec == nullptr) refuse_key(path, key, Place::kTarget, where);
    set_field(options, *spec, value, path, fmt::format("\"{}\" in {}", key, where));
  }
  return options;
}

// nlohmann's own message names byte offsets and its exception numbers; people look for lines.
Json parse(const std::string& text, const std::string& path) {
  try {
    return Json::parse(text, nullptr, true, /*ignore_comments=*/true);
  } catch (const Json::parse_error& error) {
    const std::size_t at = std::min(error.byte == 0 ? 0 : error.byte - 1, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<long>(at), '\n');
    const std::size_t line_begin = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
    const std::size_t column = line_begin == std::string::npos ? at + 1 : at - line_begin;
    refuse(fmt::format("{}:{}:{}", path, line, column), "not JSON",
           "look for a missing comma, quote or bracket at or just before this place");
  }
}

void add_targets(ConfigFile& config, const Json& document, const std::string& path) {
  Options defaults;
  if (const auto found = document.find("defaults"); found != document.end()) {
    defaults = target_options(*found, path, "\"defaults\"");
    if (defaults.target) {
      refuse(path, "\"target\" is not allowed in \"defaults\"", "name each target on its own");
    }
  }
  const auto targets = document.find("targets");
  if (targets == document.end() || !targets->is_array() || targets->empty()) {
    refuse(path, "no targets",
           "give \"targets\": [{\"target\": \"orders\", \"repository\": …, \"database\": …}]");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < targets->size(); ++i) {
    const std::string where = fmt::format("targets[{}]", i);
    config.targets.push_back(merged(target_options((*targets)[i], path, where), defaults));
    const auto& name = config.targets.back().target;
    if (!name) {
      refuse(path, where + " has no \"target\"",
             "name it: reports and alerts are told apart by it");
    }
    if (!names.insert(*name).second) {
      refuse(path, fmt::format("two targets are named \"{}\"", *name),
             "their reports could not be told apart");
    }
  }
}

}  // namespace

ConfigFile parse_config(const std::string& text, const std::string& path) {
  const Json document = parse(text, path);
  if (!document.is_object()) refuse(path, "the configuration must be an object", {});
  ConfigFile config;
  for (const auto& [key, value] : document.items()) {
    if (key == "defaults" || key == "targets") continue;
    const OptionSpec* spec = find_spec(key, Place::kRun);
    if (spec == nullptr) {
      if (find_spec(key, Place::kTarget) != nullptr) {
        refuse(path, fmt::format("\"{}\" belongs to a target", key),
               "put it into \"defaults\" or into one of \"targets\"");
      }
      refuse_key(path, key, Place::kRun, "the configuration");
    }
    set_field(config.run, *spec, value, path, fmt::format("\"{}\"", key));
  }
  add_targets(config, document, path);
  return config;
}

namespace {

constexpr std::chrono::seconds kTimeOfAws{30};
constexpr std::string_view kSsm = "ssm:";
constexpr std::size_t kMostBytes = 4U << 20U;  // ten thousand targets

std::string object_of_s3(const std::string& url) {
  const std::size_t slash = url.rfind('/');
  const std::string key = url.substr(slash + 1);
  if (slash <= std::string_view("s3://").size() || key.empty()) {
    refuse(url, "names no object", "write s3://bucket/key");
  }
  static const SystemClock clock;
  check::AwsAccess aws(clock);
  const Stop stop{kTimeOfAws};
  const auto text = reporters::make_store(url.substr(0, slash), {}, aws.source())->read(key, stop);
  if (!text) refuse(url, "there is no such object", {});
  if (text->size() > kMostBytes) {
    refuse(url, fmt::format("more than {} MiB", kMostBytes >> 20U),
           "share the targets out among several configurations");
  }
  return *text;
}

std::string parameter_of_ssm(const std::string& name) {
  static const SystemClock clock;
  check::AwsAccess aws(clock);
  return aws::parameter(aws.source()(), name, Stop{kTimeOfAws});
}

}  // namespace

ConfigFile read_config(const std::string& path) {
  if (url_scheme(path) == "s3") return parse_config(object_of_s3(path), path);
  if (path.starts_with(kSsm)) return parse_config(parameter_of_ssm(path.substr(kSsm.size())), path);
  if (ascii_lower(path).ends_with(".ini")) {
    refuse(path, "an alembic.ini is no configuration of targets",
           "--alembic-ini takes its path in the repository; --config takes a JSON file");
  }
  const auto text = whole_file(path);
  if (!text) {
    throw Error{Fault::kConfiguration,
                fmt::format("cannot read the configuration {}: {}", path, std::strerror(errno))};
  }
  return parse_config(*text, path);
}

}  // namespace drift::config
