#include "drift/sql_api/handler.h"

#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/sql/json_text.h"
#include "drift/sql_api/answer.h"
#include "drift/sql_api/audit_trail.h"
#include "drift/sql_api/binding.h"
#include "drift/sql_api/called_functions.h"
#include "drift/sql_api/catalog_actions.h"
#include "drift/sql_api/envelope.h"
#include "drift/sql_api/health_action.h"
#include "drift/sql_api/kept_answers.h"
#include "drift/sql_api/kept_connection.h"
#include "drift/sql_api/mutation.h"
#include "drift/sql_api/reading.h"
#include "drift/sql_api/request.h"
#include "drift/sql_api/script.h"
#include "drift/sql_api/snapshot_action.h"
#include "drift/sql_api/sql_tokens.h"
#include "drift/sql_api/statement.h"

namespace drift::sql_api {
namespace {

constexpr const char* kSendChange = "send a change as {\"sql\": \"...\"}";

bool is_table_action(Action action) {
  return action == Action::kTables || action == Action::kSchema || action == Action::kCount ||
         action == Action::kVersion || action == Action::kHealthCheck;
}

}  // namespace

class Handler::State {
 public:
  State(HandlerSettings settings, const aws::SessionSource& session, const Clock& clock,
        std::shared_ptr<const Log> log)
      : settings_(std::move(settings)),
        log_(std::move(log)),
        kept_(settings_.database, session, clock, log_),
        audit_(settings_.audit, session, clock),
        answers_(settings_.audit, session) {}

  std::string answer(const Call& call, const Stop& stop) {
    envelope_ = settings_.envelope;
    of_health_check_ = false;
    const Request request = read_request(call.payload, settings_.envelope, &envelope_);
    stop.check("reading the request");
    if (is_table_action(request.action)) {
      of_health_check_ = request.action == Action::kHealthCheck;
      std::string told = catalog_answer(kept_, request, settings_.max_answer_bytes, stop);
      const bool healthy =
          of_health_check_ && envelope_ == Envelope::kProxy && !is_error_answer(told);
      return healthy ? proxied_health(told) : told;
    }
    if (request.action == Action::kSnapshot) {
      return snapshot_answer(kept_, snapshot_, request, settings_.max_answer_bytes, stop);
    }
    if (request.action == Action::kHealth) {
      return health_answer(kept_, request, settings_.max_answer_bytes, stop);
    }
    if (request.action == Action::kMutate || request.action == Action::kDryRun) {
      return mutate_all(request, call, stop);
    }
    const StatementFacts facts = statement_facts(request.sql);
    const bool reads = facts.kind == StatementKind::kRead;
    switch (request.action) {
      case Action::kQuery:
        if (!reads) refuse_change(facts, kSendChange);
        return read(request, facts, stop);
      case Action::kInsert:
      case Action::kExecuteMany:
        require_change(request, facts);
        return change(request, {facts}, {}, call, stop);
      default: break;
    }
    if (!reads) return change(request, {facts}, {}, call, stop);
    bool needs_change = false;
    std::string answer = read(request, facts, stop, &needs_change);
    return needs_change ? change(request, {facts}, {}, call, stop) : answer;
  }

  std::optional<std::string> stream(const Call& call, RowReceiver& rows, const Stop& stop) {
    const Request request = read_request(call.payload);
    stop.check("reading the request");
    const StatementFacts facts = statement_facts(request.sql);
    if (facts.kind != StatementKind::kRead) refuse_change(facts, kSendChange);
    return stream_rows(kept_, request, facts,
                       {settings_.max_answer_bytes, settings_.allow_functions, nullptr}, rows,
                       stop);
  }

  // `answer` in the envelope of the request that was answered last: what is no error is in it.
  std::string enveloped(std::string answer) const {
    if (envelope_ == Envelope::kBare || !is_error_answer(answer)) return answer;
    return proxied_error(answer, of_health_check_);
  }

  KeptConnection& kept() { return kept_; }

 private:
  [[noreturn]] static void refuse_change(const StatementFacts& facts, const std::string& hint) {
    throw Error{
        Fault::kUnsupported,
        fmt::format("the statement changes something ({}), and a query only reads", facts.verb),
        hint};
  }

  // Of what an operation asks for it is not said whether it changes something: where that is
  // allowed, `needs_change` is set for a statement that only a change could carry out.
  std::string read(const Request& request, const StatementFacts& facts, const Stop& stop,
                   bool* needs_change = nullptr) {
    const bool may_change =
        settings_.allow_mutations && !request.read_only && !request.max_rows && facts.pageable;
    return reading_answer(kept_, request, facts,
                          {settings_.max_answer_bytes, settings_.allow_functions,
                           may_change ? needs_change : nullptr},
                          stop);
  }

  static void require_change(const Request& request, const StatementFacts& facts) {
    // A SELECT may change something, too: by a function, by FOR UPDATE.
    if (facts.verb != "explain" && facts.verb != "show") return;
    throw Error{Fault::kUnsupported,
                fmt::format("{} is for changes, and {} only reads", action_name(request.action),
                            facts.verb),
                "send it as {\"query\": \"...\"}"};
  }

  // One statement or, where that is allowed, several.
  std::string mutate_all(const Request& request, const Call& call, const Stop& stop) {
    std::vector<ScriptStatement> script;
    if (settings_.allow_scripts) script = script_statements(request.sql);
    if (script.size() < 2) {
      const StatementFacts facts = statement_facts(request.sql, settings_.allow_ddl);
      require_change(request, facts);
      return change(request, {facts}, {}, call, stop);
    }
    if (!request.params.items.empty() || !request.params.members.empty()) {
      throw Error{Fault::kUsage, "\"params\" does not go with several statements",
                  "send them one by one, or the values in the statements"};
    }
    std::vector<StatementFacts> all;
    for (std::size_t i = 0; i < script.size(); ++i) {
      try {
        all.push_back(statement_facts(script[i].text, settings_.allow_ddl));
        require_change(request, all.back());
      } catch (const Error& error) {
        throw Error{error.fault,
                    fmt::format("statement {} of {}: {}", i + 1, script.size(), error.what()),
                    error.hint};
      }
    }
    return change(request, std::move(all), script, call, stop);
  }

  std::string change(const Request& request, std::vector<StatementFacts> all,
                     const std::vector<ScriptStatement>& script, const Call& call,
                     const Stop& stop) {
    const StatementFacts& facts = all.front();
    const std::string what = facts.kind != StatementKind::kRead
                                 ? fmt::format("the statement changes something ({})", facts.verb)
                                 : fmt::format("{} is for changes", action_name(request.action));
    if (request.read_only) {
      throw Error{Fault::kUnsupported, what + ", and a query only reads",
                  "leave \"read_only\" out"};
    }
    if (!settings_.allow_mutations) {
      throw Error{Fault::kUnsupported, what + ", and changes are not allowed here",
                  "--allow-mutations allows them, and writes each to the audit log"};
    }
    if (request.max_rows) {
      throw Error{Fault::kUsage, "\"max_rows\" does not go with a change"};
    }
    for (const StatementFacts& one : all) {
      if (!one.makes_table) continue;
      throw Error{Fault::kUnsupported, "SELECT INTO is not allowed here",
                  "send CREATE TABLE ... AS, where definitions are allowed (--allow-ddl)"};
    }
    Mutation mutation;
    mutation.sql = request.sql;
    mutation.many = request.action == Action::kExecuteMany;
    if (mutation.many && request.params.items.empty()) {
      return *closed(request.envelope, "{\"result\":0,\"affected_rows\":0", SIZE_MAX) + "}";
    }
    mutation.dry_run = request.action == Action::kDryRun;
    mutation.script = !script.empty();
    for (const ScriptStatement& one : script) {
      BoundStatement& run = mutation.runs.emplace_back();
      run.text = one.text;
      run.parts = {{0, one.begin}};
    }
    if (mutation.script) {
      // There is nothing to bind.
    } else if (mutation.many) {
      mutation.runs = bind_runs(kept_, request, stop);
    } else {
      mutation.runs.push_back(bind(kept_, request, false, false, stop).statement);
    }
    const std::string& sent = mutation.script ? request.sql : mutation.runs.front().text;
    require_within_transaction(called_functions(sql_tokens(sent)), settings_.allow_functions);
    mutation.record.request_id = call.request_id;
    mutation.record.caller = call.caller;
    mutation.record.actor = request.actor;
    if (settings_.audit_statements) mutation.record.statement = without_values(request.sql);
    mutation.record.kind = mutation.script ? "script" : facts.verb;
    mutation.facts = std::move(all);
    mutation.limits.bytes = settings_.max_answer_bytes;
    mutation.limits.envelope = request.envelope;
    mutation.limits.single = request.action == Action::kExecuteQueryOne;
    mutation.shape = request.rows;
    mutation.options = {request.row_security, request.timeout};
    mutation.idempotency_key = request.idempotency_key;
    if (!mutation.idempotency_key.empty()) {
      mutation.asked = fmt::format(
          "{} {} {} {}\n{}", action_name(request.action), request.rows == RowShape::kObjects,
          request.envelope == Envelope::kProxy, request.sql, sql::json_text(request.params));
      mutation.answers = &answers_;
    }
    return mutate(kept_, mutation, audit_, *log_, stop);
  }

  HandlerSettings settings_;
  Envelope envelope_ = Envelope::kBare;
  bool of_health_check_ = false;
  std::shared_ptr<const Log> log_;
  KeptConnection kept_;
  KeptSnapshot snapshot_;
  AuditTrail audit_;
  KeptAnswers answers_;
};

Handler::Handler(HandlerSettings settings, aws::SessionSource session, const Clock& clock,
                 std::shared_ptr<const Log> log)
    : state_(std::make_unique<State>(std::move(settings), session, clock, std::move(log))) {}
Handler::~Handler() = default;

template <typename Answering>
auto Handler::guarded(Answering answering) -> decltype(answering()) {
  try {
    return answering();
  } catch (const Error& error) {
    return error_answer(error);
  } catch (const std::exception&) {
    // What it says is not known to be free of what it was about.
    state_->kept().drop();
    return error_answer(Error{Fault::kInternal, "the request could not be handled",
                              "the connection was closed; the next request opens a new one"});
  }
}

std::string Handler::answer(const Call& call, const Stop& stop) {
  return state_->enveloped(guarded([&] { return state_->answer(call, stop); }));
}

std::optional<std::string> Handler::stream(const Call& call, RowReceiver& rows, const Stop& stop) {
  return guarded([&] { return state_->stream(call, rows, stop); });
}

void Handler::connect(const Stop& stop) { state_->kept().get(stop); }

}  // namespace drift::sql_api
