#include "drift/check/expansion.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/check/side.h"
#include "drift/check/side_by_side.h"
#include "drift/sql/database.h"

namespace drift::check {
namespace {

constexpr std::size_t kMostDatabases = 10'000;
constexpr std::size_t kLongestName = 100;

bool is_name_character(char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; }

Error refused(const Target& target, Fault fault, const std::string& why, const std::string& hint) {
  return {fault, fmt::format("databases_from of {} {}", target.name, why), hint};
}

// Everything it uses is its own (see Side).
std::vector<std::string> ask(const Target& target, const aws::SessionSource& session,
                             const Stop& stop, const Log& log) {
  const auto source = sql::open_database(target.database, session, stop, log);
  const auto answer = source->query(target.databases_from);
  if (const auto* failure = std::get_if<sql::SqlFailure>(&answer)) {
    throw refused(target, Fault::kSqlFailed, "failed: " + failure->message,
                  "it is one SELECT that gives names of databases");
  }
  std::set<std::string> names;
  for (const auto& row : std::get<sql::ResultSet>(answer).rows) {
    if (row.size() != 1) {
      throw refused(target, Fault::kConfiguration,
                    fmt::format("gives {}, not one", counted(row.size(), "column")),
                    "select the name of the database alone");
    }
    if (!row[0] || row[0]->empty()) {
      throw refused(target, Fault::kConfiguration, "gives a row without a name",
                    "leave out what is NULL or empty");
    }
    names.insert(*row[0]);
    if (names.size() > kMostDatabases) {
      throw refused(target, Fault::kTooManyRows,
                    fmt::format("gives more than {} databases", kMostDatabases),
                    "share them out among several targets");
    }
  }
  if (names.empty()) {
    throw refused(target, Fault::kConfiguration, "gives no database",
                  "ask it with psql, as the same role");
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> databases_of(const Target& target, const Run& run,
                                      std::chrono::milliseconds time) {
  const auto stop = std::make_shared<const Stop>(time, *run.stop);
  Side<std::vector<std::string>> side(
      [target, aws = run.aws, stop, whole = run.stop, log = run.log] {
        return ask(target, aws->source(target.role), *stop, *log);
      });
  return side.wait(*stop, "asking for the databases");
}

std::vector<Target> targets_of(const Target& target, const std::vector<std::string>& databases,
                               const std::set<std::string>& taken) {
  std::vector<Target> all;
  std::map<std::string, std::string> database_of;
  for (const std::string& database : databases) {
    Target one = target;
    one.databases_from.clear();
    one.expanded_from = target.name;
    one.database.dbname = database;
    one.name = name_of_expanded(target.name, database);
    const auto [other, is_new] = database_of.emplace(one.name, database);
    if (!is_new || taken.count(one.name) > 0) {
      throw refused(
          target, Fault::kConfiguration,
          fmt::format("gives \"{}\"{}, which would be the target {}", printable(database),
                      is_new ? std::string() : fmt::format(" and \"{}\"", printable(other->second)),
                      is_new ? one.name + " that there is already" : one.name + ", too"),
          "their reports could not be told apart: leave one out, or list them as targets");
    }
    if (one.name.size() > kLongestName) {
      throw refused(target, Fault::kConfiguration,
                    fmt::format("gives \"{}\", whose target's name would have more than {} letters",
                                printable(database), kLongestName),
                    "give the target a shorter name");
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

std::string name_of_expanded(const std::string& target, const std::string& database) {
  std::string name = target + "-" + database;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_name_character(c); }, '-');
  return name;
}

std::vector<Target> expanded(const std::vector<Target>& targets, const Run& run,
                             const FleetLimits& limits) {
  std::vector<std::size_t> templates;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].databases_from.empty()) {
      taken.insert(targets[i].name);
    } else {
      templates.push_back(i);
    }
  }
  if (templates.empty()) return targets;
  std::vector<std::variant<std::vector<std::string>, Error>> found(targets.size());
  side_by_side(
      templates.size(),
      [&](std::size_t i) {
        const std::size_t index = templates[i];
        try {
          found[index] =
              databases_of(targets[index], run, limits.target_time.value_or(kTargetTime));
        } catch (const Error& error) {
          found[index] = error;
        } catch (const std::exception& error) {
          found[index] = Error{Fault::kInternal, error.what(),
                               "this is a defect of schema-drift: please report it"};
        }
      },
      limits.jobs);
  std::vector<Target> all;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].databases_from.empty()) {
      all.push_back(targets[i]);
      continue;
    }
    try {
      if (const auto* error = std::get_if<Error>(&found[i])) throw Error(*error);
      auto some = targets_of(targets[i], std::get<0>(found[i]), taken);
      for (const Target& one : some) taken.insert(one.name);
      std::move(some.begin(), some.end(), std::back_inserter(all));
    } catch (const Error& error) {
      all.push_back(targets[i]);
      all.back().impossible = error;
    }
  }
  return all;
}

}  // namespace drift::check
