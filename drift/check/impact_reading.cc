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

}  // namespace

JudgedOperations judge_operations(const migrations::GitTree& tree,
                                  const OperationsQuestion& question, const TablesReader& tables,
                                  const Stop& stop) {
  JudgedOperations judged;
  judged.server_version = question.server_version.value_or(pending::kNewestServer);
  const auto read = [&](const pending::KnownCatalog* catalog) {
    judged.operations = pending::read_operations(
        tree, question.script, question.asked, question.all, judged.server_version, stop, catalog);
  };
  read(nullptr);
  if (!tables) return judged;
  impact::Concerned concerned;
  for (const pending::RevisionOperations& one : judged.operations.revisions) {
    concerned.merge(impact::concerned_by(one.operations));
  }
  judged.live = tables(concerned);
  if (!judged.live.read) return judged;
  if (!question.server_version && judged.live.server_version != 0) {
    judged.server_version =
        std::clamp(judged.live.server_version, pending::kOldestServer, pending::kNewestServer);
  }
  read(&judged.live.catalog);
  for (pending::RevisionOperations& one : judged.operations.revisions) {
    for (pending::Operation& operation : one.operations) impact::judge(operation, judged.live);
  }
  return judged;
}

TablesReader tables_reader(std::function<std::unique_ptr<sql::SqlSource>(const Stop&)> source,
                           std::shared_ptr<const Stop> stop) {
  return [source = std::move(source), stop = std::move(stop)](const impact::Concerned& concerned) {
    const auto time = std::min(kMostTime, stop->remaining() / 3);
    const auto part = std::make_shared<const Stop>(time, *stop);
    impact::LiveTables live;
    live.asked = true;
    try {
      Side<impact::LiveTables> side([source, concerned, part, stop] {
        const auto opened = source(*part);
        return impact::read_live_tables(*opened, concerned);
      });
      return side.wait(*part, "reading the sizes of tables");
    } catch (const std::exception& error) {
      live.why_not = error.what();
    }
    stop->check("reading the sizes of tables");
    return live;
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
  return tables_reader(
      [where, aws = std::move(aws), log = std::move(log)](const Stop& part) {
        return sql::open_database(where.database, aws->source(where.role), part, *log);
      },
      std::move(stop));
}

}  // namespace drift::check
