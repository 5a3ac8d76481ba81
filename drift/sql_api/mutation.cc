#include "drift/sql_api/mutation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/base/text.h"
#include "drift/sql/json_text.h"
#include "drift/sql_api/answer.h"
#include "drift/sql_api/idempotency.h"

namespace drift::sql_api {
namespace {

using sql::GroupOutcome;
using sql::TransactionState;

// "INSERT 0 3", "UPDATE 2": how many; nothing for "SELECT 1" and "CALL", which wrote an untold
// number.
std::optional<long long> affected(std::string_view tag) {
  if (tag.starts_with("SELECT")) return {};
  const std::size_t blank = tag.rfind(' ');
  if (blank == std::string_view::npos) return {};
  long long count = 0;
  std::from_chars(tag.data() + blank + 1, tag.data() + tag.size(), count);
  return count;
}

// "ALTER TABLE", and "SELECT 5" of CREATE TABLE AS.
bool is_of_definition(std::string_view tag, std::string_view verb) {
  const bool same =
      tag.size() >= verb.size() && std::equal(verb.begin(), verb.end(), tag.begin(),
                                              [](char a, char b) { return a == ascii_lower(b); });
  return same || (verb == "create" && tag.starts_with("SELECT "));
}

bool is_of_mutation(std::string_view tag) {
  constexpr std::array<std::string_view, 6> kTags = {"INSERT ", "UPDATE ", "DELETE ",
                                                     "MERGE ",  "SELECT ", "CALL"};
  return std::any_of(kTags.begin(), kTags.end(),
                     [&](std::string_view known) { return tag.starts_with(known); });
}

class Transaction {
 public:
  Transaction(KeptConnection& kept, const Mutation& mutation, const AuditTrail& audit,
              const Log& log, const Stop& stop)
      : kept_(kept),
        mutation_(mutation),
        audit_(audit),
        log_(log),
        stop_(stop),
        connection_(kept.get(stop)),
        rows_(mutation.shape, mutation.limits, kept.types()),
        record_(mutation.record) {
    record_.statement_sha256 = aws::sha256_hex(mutation.sql);
    record_.database = connection_.description();
    if (!mutation.idempotency_key.empty()) {
      key_ = idempotency_key(mutation.idempotency_key, record_.database, mutation.asked);
    }
    if (!mutation.script) return;
    for (std::size_t i = 0; i < mutation.runs.size(); ++i) {
      record_.statements.push_back(
          {aws::sha256_hex(mutation.runs[i].text), mutation.facts[i].verb, {}});
    }
  }

  // Nothing was changed, because the server only reads.
  bool met_reader() const { return met_reader_; }

  std::string run() {
    try {
      if (const auto error = execute()) return error_answer(*error);
      if (repeated_) {
        leave();
        return answer_;
      }
      if (key_) keep_answer(connection_, *mutation_.answers, *key_, answer_ + "}", stop_);
      if (mutation_.dry_run) return tried();
      audit_.write(record_, AuditStage::kExecuted, stop_);
    } catch (...) {
      roll_back();
      throw;
    }
    return commit();
  }

 private:
  // The server's error, once everything is rolled back; nothing where the transaction is open and
  // everything was done.
  std::optional<sql::ServerError> execute() {
    sql::Group group =
        sql::begin_read_write(limits_of(mutation_.options, stop_), mutation_.options.row_security);
    if (key_) {
      if (auto error = take_key(std::exchange(group, {}))) return error;
      if (repeated_) return {};
    }
    const std::size_t begun = group.size();
    const bool single = mutation_.runs.size() == 1;
    for (const BoundStatement& run : mutation_.runs) {
      sql::Statement& statement = group.emplace_back();
      statement.text = run.text;
      statement.parameters = run.parameters;
      statement.types = run.value_types;
      if (single && !mutation_.dry_run) statement.sink = &rows_;
      statement.most_row_bytes = most_row_bytes(mutation_.limits.bytes);
    }
    if (mutation_.dry_run) group.push_back({"SET CONSTRAINTS ALL IMMEDIATE", {}, nullptr});
    const GroupOutcome outcome = connection_.run({group}, stop_).front();
    require_room();
    if (outcome.error) return refused(outcome, begun);
    // First, because of what is no longer in the transaction nothing can be said.
    if (outcome.state != TransactionState::kOpen) {
      escaped_ = true;
      throw Error{Fault::kInternal, "the statement did not stay in its transaction",
                  "what it did is not known; the connection was closed"};
    }
    count(outcome, begun);
    finish_rows(connection_, kept_.types(), rows_, stop_);
    require_room();  // rows that waited for their types are written only now
    write_answer();
    return {};
  }

  // Begins the transaction and waits for the key; `repeated_` where its change was made before.
  std::optional<sql::ServerError> take_key(sql::Group group) {
    const std::size_t begun = group.size();
    group.push_back(lock_statement(*key_));
    const GroupOutcome outcome = connection_.run({group}, stop_).front();
    if (outcome.error) {
      if (auto busy = still_under_way(*outcome.error)) throw *std::move(busy);
      return refused(outcome, begun);
    }
    if (auto answer = earlier_answer(connection_, *mutation_.answers, *key_, stop_)) {
      repeated_ = true;
      answer_ = *std::move(answer);
    }
    return {};
  }

  // The server's error against what was sent behind `begun` statements, once all is rolled back.
  sql::ServerError refused(const GroupOutcome& outcome, std::size_t begun) {
    sql::ServerError error = *outcome.error;
    const std::size_t failed = outcome.tags.size() - std::min(begun, outcome.tags.size());
    if (failed < mutation_.runs.size()) {
      error.position = mutation_.runs[failed].original_position(error.position, mutation_.sql);
      if (mutation_.runs.size() > 1) {
        error.message = fmt::format("{} {} of {}: {}", mutation_.script ? "statement" : "run",
                                    failed + 1, mutation_.runs.size(), error.message);
      }
    }
    record_.sqlstate = error.sqlstate;
    // A standby refuses BEGIN READ WRITE, a reader of Aurora the change itself.
    met_reader_ =
        error.sqlstate == "25006" || (error.sqlstate == "0A000" && outcome.tags.size() < begun);
    roll_back();
    return error;
  }

  void require_room() const {
    if (rows_.too_large()) throw too_large();
  }
  Error too_large() const {
    return {Fault::kTooManyRows,
            fmt::format("the rows of RETURNING are larger than {} bytes; nothing was changed",
                        mutation_.limits.bytes),
            "return fewer columns, or change fewer rows at once"};
  }

  // Before COMMIT: once that is sent nothing may keep the caller from its answer.
  void write_answer() {
    const Envelope envelope = mutation_.limits.envelope;
    const std::string affected =
        record_.affected_rows ? std::to_string(*record_.affected_rows) : "null";
    std::string json = "{";
    if (rows_.described()) {
      json = rows_.take_json() + ",";
    } else if (envelope == Envelope::kProxy) {
      json += fmt::format("\"result\":{},", mutation_.many            ? affected
                                            : mutation_.limits.single ? "null"
                                                                      : "[]");
    }
    json += "\"affected_rows\":" + affected;
    if (mutation_.script) json += ",\"statements\":" + statements_json(record_.statements, false);
    auto answer = closed(envelope, std::move(json), mutation_.limits.bytes);
    if (!answer) throw too_large();
    answer_ = *std::move(answer);
  }

  const StatementFacts& facts_of(std::size_t run) const {
    return mutation_.facts[std::min(run, mutation_.facts.size() - 1)];
  }

  void count(const GroupOutcome& outcome, std::size_t begun) {
    long long total = 0;
    bool all_told = true;
    const std::size_t end = std::min(outcome.tags.size(), begun + mutation_.runs.size());
    for (std::size_t i = begun; i < end; ++i) {
      const StatementFacts& facts = facts_of(i - begun);
      const bool defines = facts.kind == StatementKind::kDefinition;
      const std::string& tag = outcome.tags[i];
      const bool known = defines ? is_of_definition(tag, facts.verb) : is_of_mutation(tag);
      if (!known) {
        throw Error{Fault::kInternal, "the statement was not the change that it was taken for",
                    "nothing was changed"};
      }
      const std::optional<long long> one = defines ? std::nullopt : affected(tag);
      if (mutation_.script) record_.statements[i - begun].affected_rows = one;
      all_told = all_told && one;
      total += one.value_or(0);
    }
    if (all_told) record_.affected_rows = total;
  }

  // Records it first, because what it did outside of the transaction stays.
  std::string tried() {
    audit_.write(record_, AuditStage::kTried, stop_);
    leave();
    kept_.forget_session(stop_);
    return answer_ + ",\"dry_run\":true}";
  }

  std::string commit() {
    GroupOutcome outcome;
    try {
      outcome = connection_.run({{{"COMMIT", {}, nullptr}}}, stop_).front();
    } catch (const Error& error) {
      kept_.drop();
      after(AuditStage::kUnknown);
      return error_answer(
          "outcome_unknown",
          fmt::format("it is not known whether the change was made: {}", error.what()),
          key_ ? "ask again with the same idempotency key: it is made once"
               : "look at the rows before sending it again");
    }
    const bool committed = !outcome.error && !outcome.tags.empty() &&
                           outcome.tags.front() == "COMMIT" && !outcome.nothing_to_end;
    if (!committed) {
      if (outcome.error) record_.sqlstate = outcome.error->sqlstate;
      after(AuditStage::kRolledBack);
      if (outcome.error) return error_answer(*outcome.error);
      kept_.drop();
      throw Error{Fault::kInternal, "the transaction could not be committed"};
    }
    kept_.used();
    const std::string warning = after(AuditStage::kCommitted);
    kept_.forget_session(stop_);
    if (!warning.empty()) {
      answer_ += ",\"warnings\":[";
      sql::append_json_string(answer_, warning);
      answer_ += ']';
    }
    return answer_ + "}";
  }

  void roll_back() noexcept {
    if (escaped_) {
      kept_.drop();
      after(AuditStage::kUnknown);
      return;
    }
    leave();
    after(AuditStage::kRolledBack);
    // ROLLBACK, too, leaves locks of the session, currval and the seed of random().
    kept_.forget_session(stop_);
  }

  void leave() noexcept {
    try {
      connection_.run({{{"ROLLBACK", {}, nullptr}}}, stop_);
      if (!connection_.usable()) kept_.drop();
    } catch (const std::exception&) {
      // A server that loses its client rolls back.
      kept_.drop();
    }
  }

  // Once the outcome is settled a record more or less does not change it. What kept it from being
  // written, or "".
  std::string after(AuditStage stage) noexcept {
    try {
      audit_.write(record_, stage, stop_);
      return "";
    } catch (const std::exception& error) {
      log_.write(LogLevel::kError, error.what());
      return error.what();
    }
  }

  KeptConnection& kept_;
  const Mutation& mutation_;
  const AuditTrail& audit_;
  const Log& log_;
  const Stop& stop_;
  sql::Connection& connection_;
  AnswerRows rows_;
  AuditRecord record_;
  std::string answer_;  // without its end, but of a repeated change whole
  std::optional<IdempotencyKey> key_;
  bool repeated_ = false;  // it was made before
  bool met_reader_ = false;
  bool escaped_ = false;  // what was done is not, or not all, in the transaction
};

}  // namespace

std::string mutate(KeptConnection& kept, const Mutation& mutation, const AuditTrail& audit,
                   const Log& log, const Stop& stop) {
  const bool was_kept = kept.kept();
  {
    Transaction transaction(kept, mutation, audit, log, stop);
    std::string answer = transaction.run();
    if (!transaction.met_reader()) return answer;
    // After a failover the name leads to another server than the connection does.
    kept.drop();
    if (!was_kept) return answer;
  }
  log.info("opens the connection anew", {{"why", "it leads to a server that only reads"}});
  Transaction again(kept, mutation, audit, log, stop);
  std::string answer = again.run();
  if (again.met_reader()) kept.drop();
  return answer;
}

}  // namespace drift::sql_api
