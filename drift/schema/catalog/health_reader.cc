#include "drift/schema/catalog/health_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/schema/catalog/health_queries.h"
#include "drift/sql/postgres.h"
#include "drift/sql/read_only_transaction.h"

namespace drift::schema {
namespace {

using std::chrono::milliseconds;

// Of a catalog of 5,000 tables the slowest takes a tenth of a second.
constexpr milliseconds kOneQuestion{5'000};
constexpr std::size_t kSequencesAtOnce = 100;
constexpr std::size_t kPagesAtOnce = 10;

std::string text_of(const sql::Cell& cell) { return std::string(cell.value_or("")); }

// Rows of (table, name, detail, other, busy), of which `count` is the whole number.
class Facts : public sql::RowSink {
 public:
  explicit Facts(std::string_view kind) : kind_(kind) {}

  void columns(const std::vector<sql::Column>&) override {}
  sql::Wanted row(const std::vector<sql::Cell>& row) override {
    facts.push_back({kind_, text_of(row[0]), text_of(row[1]), text_of(row[2]), text_of(row[3]), "",
                     row[4] == "t"});
    const std::string number = text_of(row[5]);
    std::from_chars(number.data(), number.data() + number.size(), count);
    return sql::Wanted::kMore;
  }

  std::vector<HealthFact> facts;
  std::size_t count = 0;

 private:
  const std::string_view kind_;
};

struct Sequence {
  std::string name, column, begin, end;
  std::optional<std::string> at;
  std::string state;  // "", "locked", or "no right"
};

// By OID.
using SequenceMap = std::map<std::string, Sequence>;

class Sequences : public sql::RowSink {
 public:
  explicit Sequences(SequenceMap& all) : all_(all) {}
  void columns(const std::vector<sql::Column>&) override {}
  sql::Wanted row(const std::vector<sql::Cell>& row) override {
    all_[text_of(row[0])] = {
        text_of(row[1]), text_of(row[2]), text_of(row[3]), text_of(row[4]), {}, {}};
    return sql::Wanted::kMore;
  }

 private:
  SequenceMap& all_;
};

class SequenceValues : public sql::RowSink {
 public:
  explicit SequenceValues(SequenceMap& all) : all_(all) {}
  void columns(const std::vector<sql::Column>&) override {}
  sql::Wanted row(const std::vector<sql::Cell>& row) override {
    Sequence& one = all_[text_of(row[0])];
    if (row[1]) one.at = std::string(*row[1]);
    one.state = text_of(row[2]);
    return sql::Wanted::kMore;
  }

 private:
  SequenceMap& all_;
};

std::string reason_of(const sql::ServerError& error) {
  if (error.sqlstate == "57014") return "it took longer than it may";
  if (error.sqlstate == "55P03") return "another session held a lock";
  return error.message;
}

class Reading {
 public:
  Reading(sql::Connection& connection, const Stop& stop) : connection_(connection), stop_(stop) {}

  // Each question in a transaction of its own, so that one that fails keeps no other from its
  // answer; all of them in one conversation.
  std::vector<std::optional<sql::ServerError>> ask(std::vector<sql::Statement> questions) {
    // All of them may be slow: the server gives each up in time, and the connection lives on.
    const auto share = stop_.remaining() / static_cast<int>(questions.size() + 1);
    const sql::TransactionLimits limits = sql::transaction_limits(share, kOneQuestion);
    std::vector<sql::Group> groups;
    const std::size_t before = std::exchange(begun_, true) ? 0 : 1;
    if (before > 0) groups.push_back({{"ROLLBACK", {}, nullptr}});
    for (sql::Statement& question : questions) {
      sql::Group group = sql::begin_read_only(limits);
      group.push_back({kHealthSettings, {}, nullptr});
      group.push_back(std::move(question));
      groups.push_back(std::move(group));
      groups.push_back({{"ROLLBACK", {}, nullptr}});
    }
    const auto outcomes = connection_.run(groups, stop_);
    std::vector<std::optional<sql::ServerError>> errors;
    for (std::size_t i = before; i < outcomes.size(); i += 2) errors.push_back(outcomes[i].error);
    return errors;
  }

  // Reads the values of `all`. Throws Error{kSqlFailed} with the reason alone.
  void read_values(SequenceMap& all);

 private:
  sql::Connection& connection_;
  const Stop& stop_;
  bool begun_ = false;  // the transaction of whoever had the connection before is ended
};

void Reading::read_values(SequenceMap& all) {
  SequenceValues values(all);
  std::vector<sql::Statement> pages;
  const auto ask_pages = [&] {
    for (const auto& error : ask(std::exchange(pages, {}))) {
      if (error) throw Error{Fault::kSqlFailed, reason_of(*error)};
    }
  };
  std::string oids;
  std::size_t in_page = 0;
  const auto end_page = [&] {
    pages.push_back({kSequenceValues, {'{' + oids + '}'}, &values});
    oids.clear();
    in_page = 0;
  };
  for (const auto& [oid, sequence] : all) {
    oids += (in_page == 0 ? "" : ",") + oid;
    if (++in_page == kSequencesAtOnce) end_page();
    if (pages.size() == kPagesAtOnce) ask_pages();
  }
  if (in_page > 0) end_page();
  if (!pages.empty()) ask_pages();
}

void add_sequences(Health& health, SequenceMap all) {
  const std::string kind(kSequenceNearEnd);
  std::size_t locked = 0, forbidden = 0;
  std::string first_forbidden;
  std::vector<std::pair<int, HealthFact>> near;
  for (auto& [oid, one] : all) {
    if (one.state == "locked") ++locked;
    if (one.state == "no right" && (++forbidden == 1 || one.name < first_forbidden)) {
      first_forbidden = one.name;
    }
    if (!one.at) continue;  // never used, or one of those
    const int percent = percent_of_way(one.begin, *one.at, one.end);
    if (percent < kNearEndPercent) continue;
    near.emplace_back(percent,
                      HealthFact{kSequenceNearEnd, std::move(one.column), std::move(one.name), "",
                                 std::move(one.end), std::move(*one.at)});
  }
  std::sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second.name < b.second.name;
  });
  if (!near.empty()) health.counts[kind] = near.size();
  for (std::size_t i = 0; i < std::min(near.size(), kHealthSingly); ++i) {
    health.findings.push_back(health_finding(near[i].second, near[i].first));
  }
  std::string& coverage = health.coverage[kind];
  coverage = "read";
  if (forbidden > 0) {
    coverage = fmt::format(
        "not checked: {} of {} sequences: the role may not read them; GRANT "
        "SELECT ON SEQUENCE {} and the like",
        forbidden, all.size(), first_forbidden);
  } else if (locked > 0) {
    coverage = fmt::format("not checked: {} of {} sequences: locked by another session", locked,
                           all.size());
  }
}

}  // namespace

Health read_health(sql::Connection& connection, const production::VersionTableName& name,
                   const Stop& stop) {
  Health health = unchecked_health("the time for it was over");
  try {
    Reading reading(connection, stop);
    const std::vector<HealthQuery> queries = health_queries();
    std::vector<Facts> sinks;
    std::vector<sql::Statement> questions;
    sinks.reserve(queries.size());
    for (const HealthQuery& query : queries) {
      sinks.emplace_back(query.kind);
      questions.push_back({query.sql, {}, &sinks.back()});
      if (query.kind == kVersionTableWritable) {
        questions.back().parameters = {name.table, name.schema};
      }
    }
    SequenceMap sequences;
    Sequences sequence_sink(sequences);
    questions.push_back({sequence_query(), {}, &sequence_sink});
    const auto errors = reading.ask(std::move(questions));
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const std::string kind(queries[i].kind);
      if (errors[i]) {
        health.coverage[kind] = "not checked: " + reason_of(*errors[i]);
        continue;
      }
      health.coverage[kind] = "read";
      if (sinks[i].count > 0) health.counts[kind] = sinks[i].count;
      for (const HealthFact& fact : sinks[i].facts) {
        health.findings.push_back(health_finding(fact));
      }
    }
    try {
      if (const auto& error = errors.back()) throw Error{Fault::kSqlFailed, reason_of(*error)};
      reading.read_values(sequences);
      add_sequences(health, std::move(sequences));
    } catch (const Error& error) {
      if (error.fault != Fault::kSqlFailed) throw;
      health.coverage[std::string(kSequenceNearEnd)] = fmt::format("not checked: {}", error.what());
    }
  } catch (const Error& error) {
    if (error.fault != Fault::kTimedOut) throw;
  }
  const auto& kinds = health_kinds();
  const auto place = [&](const HealthFinding& finding) {
    return std::find(kinds.begin(), kinds.end(), finding.kind) - kinds.begin();
  };
  std::stable_sort(
      health.findings.begin(), health.findings.end(),
      [&](const HealthFinding& a, const HealthFinding& b) { return place(a) < place(b); });
  return health;
}

}  // namespace drift::schema
