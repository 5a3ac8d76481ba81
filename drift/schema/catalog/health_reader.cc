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

  std::string_view kind() const { return kind_; }

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

 private:
  sql::Connection& connection_;
  const Stop& stop_;
  bool begun_ = false;  // the transaction of whoever had the connection before is ended
};

// The questions for the values of `all`.
std::vector<sql::Statement> value_pages(const SequenceMap& all, SequenceValues& values) {
  std::vector<sql::Statement> pages;
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
  }
  if (in_page > 0) end_page();
  return pages;
}

// Which of the queries with a condition may have a row: all of them until the server says
// otherwise.
class Glance : public sql::RowSink {
 public:
  void columns(const std::vector<sql::Column>&) override {}
  sql::Wanted row(const std::vector<sql::Cell>& row) override {
    for (const sql::Cell& cell : row) possible_.push_back(cell != "f");
    return sql::Wanted::kMore;
  }

  bool possible(std::size_t which) const { return which >= possible_.size() || possible_[which]; }

 private:
  std::vector<bool> possible_;
};

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

// What one kind's query gave, into `health`.
void take(const Facts& facts, const std::optional<sql::ServerError>& error, Health& health) {
  const std::string kind(facts.kind());
  if (error) {
    health.coverage[kind] = "not checked: " + reason_of(*error);
    return;
  }
  health.coverage[kind] = "read";
  if (facts.count > 0) health.counts[kind] = facts.count;
  for (const HealthFact& fact : facts.facts) health.findings.push_back(health_finding(fact));
}

void read_health(sql::Connection& connection, const production::VersionTableName& name,
                 const Stop& stop, Health& health) {
  Reading reading(connection, stop);
  const std::vector<HealthQuery> queries = health_queries();
  std::vector<Facts> sinks;
  for (const HealthQuery& query : queries) sinks.emplace_back(query.kind);
  const auto question = [&](std::size_t i) {
    sql::Statement statement{queries[i].sql, {}, &sinks[i]};
    if (queries[i].kind == kVersionTableWritable) statement.parameters = {name.table, name.schema};
    return statement;
  };

  Glance glance;
  SequenceMap sequences;
  Sequences sequence_sink(sequences);
  std::vector<sql::Statement> questions{{glance_query(), {name.table}, &glance},
                                        {sequence_query(), {}, &sequence_sink}};
  std::vector<std::size_t> asked, rest;  // of `queries`
  for (std::size_t i = 0; i < queries.size(); ++i) {
    (queries[i].possible.empty() ? asked : rest).push_back(i);
  }
  for (const std::size_t i : asked) questions.push_back(question(i));
  auto errors = reading.ask(std::move(questions));
  std::optional<std::string> sequences_unread;
  if (errors[1]) sequences_unread = reason_of(*errors[1]);
  for (std::size_t i = 0; i < asked.size(); ++i) take(sinks[asked[i]], errors[2 + i], health);

  questions.clear();
  asked.clear();
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (glance.possible(i)) {
      asked.push_back(rest[i]);
      questions.push_back(question(rest[i]));
    } else {
      take(sinks[rest[i]], std::nullopt, health);
    }
  }
  SequenceValues values(sequences);
  std::vector<sql::Statement> pages;
  if (!sequences_unread) pages = value_pages(sequences, values);
  for (std::size_t done = 0; done < pages.size() || !questions.empty();) {
    const std::size_t end = std::min(done + kPagesAtOnce, pages.size());
    questions.insert(questions.end(), pages.begin() + static_cast<std::ptrdiff_t>(done),
                     pages.begin() + static_cast<std::ptrdiff_t>(end));
    errors = reading.ask(std::exchange(questions, {}));
    for (std::size_t i = 0; i < asked.size(); ++i) take(sinks[asked[i]], errors[i], health);
    for (std::size_t i = asked.size(); i < errors.size(); ++i) {
      if (errors[i] && !sequences_unread) sequences_unread = reason_of(*errors[i]);
    }
    asked.clear();
    done = sequences_unread ? pages.size() : end;
  }
  if (sequences_unread) {
    health.coverage[std::string(kSequenceNearEnd)] = "not checked: " + *sequences_unread;
  } else {
    add_sequences(health, std::move(sequences));
  }
}

}  // namespace

Health read_health(sql::Connection& connection, const production::VersionTableName& name,
                   const Stop& stop) {
  Health health = unchecked_health("the time for it was over");
  try {
    read_health(connection, name, stop, health);
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
