#include "drift/check/impact_reading.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/check/side.h"
#include "drift/impact/impact.h"

namespace drift::check {
namespace {

constexpr std::chrono::milliseconds kMostTime{10'000};

using Opening = std::function<std::unique_ptr<sql::SqlSource>(const Stop&)>;

struct Reading {
  impact::LiveTables live;
  VersionRows rows;
};

VersionRows read_rows(sql::SqlSource& source, const production::VersionTableName& name) {
  try {
    source.begin_anew();
    return version_rows_of(production::read_version_table(source, name));
  } catch (const Error& error) {
    if (error.fault == Fault::kInterrupted) throw;
    return {{}, error.what()};
  }
}

// The tables, and the rows of the version table where one is named.
Reading read_bounded(const Opening& open, const impact::Concerned& concerned,
                     const std::shared_ptr<const Stop>& stop,
                     const std::optional<production::VersionTableName>& name) {
  // Side waits a moment even then.
  stop->check("reading the sizes of tables");
  const auto time = std::min(kMostTime, stop->remaining() / 3);
  const auto part = std::make_shared<const Stop>(time, *stop);
  Reading reading;
  reading.live.asked = true;
  try {
    Side<Reading> side([open, concerned, part, name] {
      const auto opened = open(*part);
      Reading read;
      read.live = impact::read_live_tables(*opened, concerned);
      if (name) read.rows = read_rows(*opened, *name);
      return read;
    });
    return side.wait(*part, "reading the sizes of tables");
  } catch (const std::exception& error) {
    reading.live.why_not = reading.rows.why_not = error.what();
  }
  stop->check("reading the sizes of tables");
  return reading;
}

Opening opening_of(const Whereabouts& where, std::shared_ptr<AwsAccess> aws,
                   std::shared_ptr<const Log> log) {
  return [where, aws = std::move(aws), log = std::move(log)](const Stop& part) {
    return sql::open_database(where.database, aws->source(where.role), part, *log);
  };
}

}  // namespace

JudgedOperations judge_operations(const migrations::GitTree& tree,
                                  const OperationsQuestion& question, const TablesReader& tables,
                                  const Stop& stop) {
  if (tables) {
    return judge_operations(
        pending::Upgrades::read(tree, question.script, question.asked, question.all, stop),
        question.server_version, tables);
  }
  JudgedOperations judged;
  judged.server_version = question.server_version.value_or(pending::kNewestServer);
  judged.operations = pending::read_operations(tree, question.script, question.asked, question.all,
                                               judged.server_version, stop);
  return judged;
}

JudgedOperations judge_operations(const pending::Upgrades& upgrades,
                                  std::optional<int> server_version, const TablesReader& tables) {
  JudgedOperations judged;
  judged.server_version = server_version.value_or(pending::kNewestServer);
  judged.operations = upgrades.operations(judged.server_version, nullptr);
  if (!tables) return judged;
  impact::Concerned concerned;
  for (const pending::RevisionOperations& one : judged.operations.revisions) {
    concerned.merge(impact::concerned_by(one.operations));
  }
  judged.live = tables(concerned);
  if (!judged.live.read) return judged;
  if (!server_version && judged.live.server_version != 0) {
    judged.server_version =
        std::clamp(judged.live.server_version, pending::kOldestServer, pending::kNewestServer);
  }
  judged.operations = upgrades.operations(judged.server_version, &judged.live.catalog);
  for (pending::RevisionOperations& one : judged.operations.revisions) {
    for (pending::Operation& operation : one.operations) impact::judge(operation, judged.live);
  }
  return judged;
}

TablesReader tables_reader(std::function<std::unique_ptr<sql::SqlSource>(const Stop&)> source,
                           std::shared_ptr<const Stop> stop) {
  return [source = std::move(source), stop = std::move(stop)](const impact::Concerned& concerned) {
    return read_bounded(source, concerned, stop, std::nullopt).live;
  };
}

TablesReader unread_tables(std::string why) {
  return [why = std::move(why)](const impact::Concerned&) {
    impact::LiveTables live;
    live.asked = true;
    live.why_not = why;
    return live;
  };
}

TablesReader tables_reader(const Whereabouts& where, std::shared_ptr<AwsAccess> aws,
                           std::shared_ptr<const Log> log, std::shared_ptr<const Stop> stop) {
  return tables_reader(opening_of(where, std::move(aws), std::move(log)), std::move(stop));
}

TablesReader tables_reader(const Whereabouts& where, const production::VersionTableName& name,
                           std::shared_ptr<AwsAccess> aws, std::shared_ptr<const Log> log,
                           std::shared_ptr<const Stop> stop, std::shared_ptr<VersionRows> rows) {
  return [open = opening_of(where, std::move(aws), std::move(log)), name, stop = std::move(stop),
          rows = std::move(rows)](const impact::Concerned& concerned) {
    Reading reading = read_bounded(open, concerned, stop, name);
    *rows = std::move(reading.rows);
    return std::move(reading.live);
  };
}

}  // namespace drift::check
