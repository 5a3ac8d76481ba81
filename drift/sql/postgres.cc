#include "drift/sql/postgres.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <future>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/secrets.h"
#include "drift/base/stop.h"
#include "drift/base/url.h"
#include "drift/sql/connection_failure.h"
#include "drift/sql/connection_plan.h"
#include "drift/sql/inflow.h"
#include "drift/sql/libpq.h"
#include "drift/sql/sql_text.h"

namespace drift::sql {
namespace {

using libpq::Handle;
using libpq::Result;

using std::chrono::milliseconds;

constexpr milliseconds kGoodbye{500};
constexpr milliseconds kConnectGrace{1'000};
// Rows that nobody wants any more: so many are read and passed over before the server is asked to
// stop. Fewer are here sooner than a cancellation, which takes a connection of its own.
constexpr int kPassedOver = 1'000;

// Waits until `socket` is ready for `events`; false when `until` has passed. Comes back early
// when stop is requested, which the caller checks.
bool wait_for(int socket, short events, const Stop& stop, Stop::Clock::time_point until) {
  const auto left = std::chrono::ceil<milliseconds>(until - Stop::Clock::now());
  const milliseconds wait = std::clamp(left, milliseconds{0}, stop.remaining());
  std::array<pollfd, 2> waiting{{{socket, events, 0}, {stop.wake_fd(), POLLIN, 0}}};
  // +1 ms: poll may come back a little before the deadline, and we would spin.
  const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(wait.count()) + 1);
  if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
  return ready != 0 || Stop::Clock::now() < until;
}

// The first line of a field, "" where the server left it out.
std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

std::vector<Column> columns_of(const PGresult* result) {
  std::vector<Column> columns;
  for (int i = 0; i < PQnfields(result); ++i) {
    columns.push_back({PQfname(result, i), PQftype(result, i)});
  }
  return columns;
}

// The password, wherever libpq found it. One that is a name of the connection as well is no secret
// to hide: "***" for the user would say what the password is.
void remember_password(const PGconn* connection) {
  const auto text = [](const char* from) { return std::string_view(from == nullptr ? "" : from); };
  const std::string_view password = text(PQpass(connection));
  for (const char* name : {PQuser(connection), PQdb(connection), PQhost(connection)}) {
    if (password == text(name)) return;
  }
  // A token of IAM begins with the host's name, and that may be told.
  const std::size_t query = password.find("/?Action=connect");
  if (query == std::string_view::npos) return remember_secret(password);
  for (const std::string_view name : {"X-Amz-Signature=", "X-Amz-Security-Token="}) {
    const std::size_t value = password.find(name, query);
    if (value == std::string_view::npos) continue;
    const std::string_view rest = password.substr(value + name.size());
    remember_secret(percent_decoded(rest.substr(0, rest.find('&'))));
  }
}

}  // namespace

class Connection::State {
 public:
  State(ConnectionPlan plan, const Stop& stop) : plan_(std::move(plan)) { connect(stop); }
  ~State() { end_transaction(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::vector<GroupOutcome> run(const std::vector<Group>& groups, const Stop& stop);
  bool usable() const;
  std::vector<std::string> warnings() const;
  const std::string& database() const { return plan_.database; }
  int backend_pid() const { return PQbackendPID(connection_.get()); }

  std::string description;

 private:
  void connect(const Stop& stop);
  void send(const std::vector<Group>& groups);
  GroupOutcome read_group(const Group& group, const Stop& stop);
  [[noreturn]] void refuse_row();
  void read_description(Description& told, GroupOutcome& into, const Stop& stop);
  void read_statement(const Statement& statement, GroupOutcome& into, const Stop& stop);
  // The next result, nothing where a statement has no more.
  Result next_result(const Stop& stop);
  // Whether the sink wants more.
  bool hand_over(const PGresult* result, RowSink& sink);
  ServerError server_error(const PGresult* result) const;
  void end_transaction() noexcept;
  void stop_if_due(const Stop& stop);
  // Asks the server to give up what it is doing.
  void cancel() noexcept;
  std::string named(const std::string& where) const {
    return one_line(fmt::format("{} on {}", plan_.database, where));
  }
  Endpoint endpoint() const {
    return {PQhost(connection_.get()), PQhostaddr(connection_.get()), PQport(connection_.get())};
  }
  [[noreturn]] void lost(const std::string& why);

  ConnectionPlan plan_;
  Handle connection_;
  // Something was sent whose outcome nobody will read.
  bool spoiled_ = false;
  bool nothing_to_end_ = false;
  // A server that ends the session says why first, as an error like any other.
  std::string last_words_;
  std::vector<Cell> cells_;
  // libpq takes a row whole, however large it is, and tells nothing of it before.
  Inflow inflow_;
  bool has_read_ = false;
  std::size_t most_row_bytes_ = kMostRowBytes;
};

void Connection::State::connect(const Stop& stop) {
  std::vector<std::string> names;
  for (const Endpoint& one : plan_.where) names.push_back(endpoint_name(one));
  description = named(fmt::format("{}", fmt::join(names, ", ")));
  const std::string doing = "connecting to " + description;
  stop.check(doing.c_str());
  connection_ = libpq::start(plan_.options);
  PGconn* connection = connection_.get();
  // libpq does not repeat it, but a server may say what it likes.
  remember_password(connection);
  // Else WARNINGs of the server go straight to stderr.
  PQsetNoticeReceiver(
      connection,
      [](void* state, const PGresult* notice) {
        if (field(notice, PG_DIAG_SQLSTATE) == "25P01") {
          static_cast<State*>(state)->nothing_to_end_ = true;
        }
      },
      this);
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);

  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  bool in_tls_handshake = false;
  std::string trying;
  Stop::Clock::time_point until;
  while (PQstatus(connection) != CONNECTION_BAD && next != PGRES_POLLING_OK &&
         next != PGRES_POLLING_FAILED) {
    const std::string address = fmt::format("{} {}", PQhost(connection), PQhostaddr(connection));
    if (address != trying) {
      trying = address;
      // The kernel gives up first and libpq goes on to the next address, unless the server took
      // the connection and then says nothing.
      until = Stop::Clock::now() + plan_.connect_timeout + kConnectGrace;
    }
    const bool answered = wait_for(PQsocket(connection),
                                   next == PGRES_POLLING_READING ? POLLIN : POLLOUT, stop, until);
    stop.check(doing.c_str());
    if (!answered) {
      throw Error{Fault::kTimedOut,
                  fmt::format("cannot connect to {}: no answer within {} s", description,
                              plan_.connect_timeout.count()),
                  "check the host and port in the URL, and that a firewall or security group lets "
                  "this machine in; connect_timeout= in the URL waits longer",
                  true};
    }
    in_tls_handshake = PQstatus(connection) == CONNECTION_SSL_STARTUP;
    next = PQconnectPoll(connection);
  }
  if (PQstatus(connection) != CONNECTION_OK) {
    throw connection_error({without_secrets(PQerrorMessage(connection)), description, plan_.user,
                            plan_.where.size() > 1, PQconnectionNeedsPassword(connection) != 0,
                            in_tls_handshake});
  }
  Endpoint here = endpoint();
  if (here.port.empty()) here.port = plan_.where.front().port;
  description = named(endpoint_name(here));
  if (PQsetnonblocking(connection, 1) != 0 || PQenterPipelineMode(connection) == 0) {
    lost(PQerrorMessage(connection));
  }
}

std::vector<GroupOutcome> Connection::State::run(const std::vector<Group>& groups,
                                                 const Stop& stop) {
  stop_if_due(stop);
  if (spoiled_)
    throw Error{Fault::kInternal, "a connection that cannot be used any more was asked again"};
  spoiled_ = true;
  nothing_to_end_ = false;
  last_words_.clear();
  send(groups);
  std::vector<GroupOutcome> outcomes;
  outcomes.reserve(groups.size());
  for (const Group& group : groups) outcomes.push_back(read_group(group, stop));
  spoiled_ = false;
  return outcomes;
}

void Connection::State::send(const std::vector<Group>& groups) {
  PGconn* connection = connection_.get();
  std::vector<const char*> values;
  for (const Group& group : groups) {
    // What the server has as its unnamed statement: the same text again need not be read again.
    const Statement* parsed = nullptr;
    for (const Statement& statement : group) {
      if (statement.describe != nullptr) {
        parsed = nullptr;
        if (PQsendPrepare(connection, "", statement.text.c_str(),
                          static_cast<int>(statement.types.size()), statement.types.data()) == 0 ||
            PQsendDescribePrepared(connection, "") == 0) {
          lost(PQerrorMessage(connection));
        }
        continue;
      }
      values.clear();
      for (const auto& value : statement.parameters) {
        values.push_back(value ? value->c_str() : nullptr);
      }
      const auto count = static_cast<int>(values.size());
      const bool again =
          parsed != nullptr && parsed->text == statement.text && parsed->types == statement.types;
      const Oid* types = statement.types.empty() ? nullptr : statement.types.data();
      const int sent =
          again ? PQsendQueryPrepared(connection, "", count, values.data(), nullptr, nullptr, 0)
                : PQsendQueryParams(connection, statement.text.c_str(), count, types, values.data(),
                                    nullptr, nullptr, 0);
      if (sent == 0) lost(PQerrorMessage(connection));
      parsed = &statement;
    }
    if (PQpipelineSync(connection) == 0) lost(PQerrorMessage(connection));
  }
}

GroupOutcome Connection::State::read_group(const Group& group, const Stop& stop) {
  GroupOutcome outcome;
  for (const Statement& statement : group) {
    if (statement.describe != nullptr) {
      read_description(*statement.describe, outcome, stop);
    } else {
      read_statement(statement, outcome, stop);
    }
  }
  const Result sync = next_result(stop);
  if (PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC)
    lost(last_words_.empty() ? "its answer does not end" : last_words_);
  switch (PQtransactionStatus(connection_.get())) {
    case PQTRANS_IDLE: outcome.state = TransactionState::kNone; break;
    case PQTRANS_INTRANS: outcome.state = TransactionState::kOpen; break;
    case PQTRANS_INERROR: outcome.state = TransactionState::kFailed; break;
    default: break;  // libpq tells it only while nothing is under way
  }
  last_words_.clear();
  outcome.nothing_to_end = std::exchange(nothing_to_end_, false);
  return outcome;
}

void Connection::State::read_description(Description& told, GroupOutcome& into, const Stop& stop) {
  for (const char* const of : {"Parse", "Describe"}) {
    while (const Result result = next_result(stop)) {
      const ExecStatusType status = PQresultStatus(result.get());
      if (status == PGRES_FATAL_ERROR) into.error = server_error(result.get());
      if (status == PGRES_FATAL_ERROR || status == PGRES_PIPELINE_ABORTED) continue;
      if (status != PGRES_COMMAND_OK) lost(fmt::format("it answered {} with something else", of));
      for (int i = 0; i < PQnparams(result.get()); ++i) {
        told.parameters.push_back(PQparamtype(result.get(), i));
      }
      for (Column& column : columns_of(result.get())) {
        told.columns.push_back(std::move(column));
      }
    }
  }
}

void Connection::State::read_statement(const Statement& statement, GroupOutcome& into,
                                       const Stop& stop) {
  most_row_bytes_ = statement.most_row_bytes;
  // Must be said after the last result of the statement before and before anything of this one is
  // read; the statement may have failed already, so a refusal means nothing.
  if (statement.sink != nullptr) PQsetSingleRowMode(connection_.get());
  bool described = false;
  bool wanted = statement.sink != nullptr;
  int passed_over = 0;
  while (const Result result = next_result(stop)) {
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_ABORTED) continue;
    if (status == PGRES_FATAL_ERROR) {
      into.error = server_error(result.get());
      continue;
    }
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
      // COPY, which cannot be taken part in in pipeline mode.
      lost("it sent an answer that nobody asked for");
    }
    if (wanted && !described && status != PGRES_COMMAND_OK) {
      described = true;
      statement.sink->columns(columns_of(result.get()));
    }
    if (wanted) {
      wanted = hand_over(result.get(), *statement.sink);
    } else if (statement.sink != nullptr && ++passed_over == kPassedOver) {
      cancel();
    }
    if (status != PGRES_SINGLE_TUPLE) into.tags.emplace_back(PQcmdStatus(result.get()));
  }
}

bool Connection::State::hand_over(const PGresult* result, RowSink& sink) {
  const int columns = PQnfields(result);
  for (int row = 0; row < PQntuples(result); ++row) {
    cells_.clear();
    for (int i = 0; i < columns; ++i) {
      if (PQgetisnull(result, row, i) != 0) {
        cells_.emplace_back();
      } else {
        cells_.emplace_back(std::in_place, PQgetvalue(result, row, i),
                            static_cast<std::size_t>(PQgetlength(result, row, i)));
      }
    }
    if (sink.row(cells_) == Wanted::kNoMore) return false;
  }
  return true;
}

Result Connection::State::next_result(const Stop& stop) {
  PGconn* connection = connection_.get();
  while (true) {
    const int unsent = PQflush(connection);
    if (unsent < 0 || PQstatus(connection) == CONNECTION_BAD) {
      lost(last_words_.empty() ? PQerrorMessage(connection) : last_words_);
    }
    // A result is fetched only when it is here whole: PQgetResult would wait for it.
    if (PQisBusy(connection) == 0) break;
    wait_for(PQsocket(connection), static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN), stop,
             Stop::Clock::time_point::max());
    stop_if_due(stop);
    inflow_.before_read(PQsocket(connection));
    has_read_ = true;
    // Where it fails, what had arrived before may still hold the server's last words.
    if (PQconsumeInput(connection) == 0 && PQisBusy(connection) == 0) break;
    if (PQisBusy(connection) != 0 && inflow_.bytes(PQsocket(connection)) > most_row_bytes_) {
      refuse_row();
    }
  }
  // Not for each row: many come with one read.
  if (std::exchange(has_read_, false)) inflow_.begin(PQsocket(connection));
  Result result(PQgetResult(connection));
  const char* words = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
  if (words != nullptr) last_words_ = words;
  return result;
}

void Connection::State::refuse_row() {
  spoiled_ = true;
  throw Error{Fault::kTooManyRows,
              fmt::format("one row alone is larger than {} bytes", most_row_bytes_),
              "ask for fewer columns, or for a part of a long value"};
}

ServerError Connection::State::server_error(const PGresult* result) const {
  const auto told = [&](int code) { return one_line(without_secrets(field(result, code)), 1'000); };
  ServerError error;
  error.sqlstate = field(result, PG_DIAG_SQLSTATE);
  error.message = one_line(without_secrets(field(result, PG_DIAG_MESSAGE_PRIMARY)));
  if (error.message.empty()) error.message = "no reason given";
  error.detail = told(PG_DIAG_MESSAGE_DETAIL);
  error.hint = told(PG_DIAG_MESSAGE_HINT);
  error.routine = field(result, PG_DIAG_SOURCE_FUNCTION);
  const std::string position = field(result, PG_DIAG_STATEMENT_POSITION);
  std::from_chars(position.data(), position.data() + position.size(), error.position);
  return error;
}

bool Connection::State::usable() const {
  PGconn* connection = connection_.get();
  if (spoiled_ || PQstatus(connection) != CONNECTION_OK ||
      PQtransactionStatus(connection) != PQTRANS_IDLE) {
    return false;
  }
  // Nothing should be there to be read: a server that closes says why, then ends the stream.
  pollfd waiting{PQsocket(connection), POLLIN, 0};
  if (::poll(&waiting, 1, 0) == 0) return true;
  return PQconsumeInput(connection) != 0 && PQstatus(connection) == CONNECTION_OK &&
         ::poll(&waiting, 1, 0) == 0;
}

void Connection::State::lost(const std::string& why) {
  spoiled_ = true;
  throw Error{
      Fault::kConnectionFailed,
      fmt::format("lost the connection to {}: {}", description, one_line(without_secrets(why))),
      "the server ended the session or cannot be reached any more; run again", true};
}

void Connection::State::stop_if_due(const Stop& stop) {
  if (!stop.due()) return;
  if (PQtransactionStatus(connection_.get()) == PQTRANS_ACTIVE) cancel();
  spoiled_ = true;
  stop.check(("reading from " + description).c_str());
}

void Connection::State::cancel() noexcept {
  try {
    // PQcancel connects anew and blocks while it does. A thread of its own keeps a dead network
    // from holding us up; what it uses belongs to it, so it may be left behind.
    PGcancel* request = PQgetCancel(connection_.get());
    if (request == nullptr) return;
    auto done = std::make_shared<std::promise<void>>();
    std::future<void> answered = done->get_future();
    std::thread([request, done] {
      std::array<char, 256> complaint{};
      PQcancel(request, complaint.data(), static_cast<int>(complaint.size()));
      PQfreeCancel(request);
      done->set_value();
    }).detach();
    answered.wait_for(kGoodbye);
  } catch (const std::exception&) {
    // No thread to be had. Closing the connection and statement_timeout end the query as well.
  }
}

void Connection::State::end_transaction() noexcept {
  // Closing alone would do for the server, but PgBouncer throws away a server connection that its
  // client leaves inside a transaction.
  PGconn* connection = connection_.get();
  if (connection == nullptr || spoiled_ || PQstatus(connection) != CONNECTION_OK) return;
  const PGTransactionStatusType state = PQtransactionStatus(connection);
  if (state != PQTRANS_INTRANS && state != PQTRANS_INERROR) return;
  try {
    const Stop soon{kGoodbye};
    run({{{"ROLLBACK", {}, nullptr}}}, soon);
  } catch (const std::exception&) {
    // It is closed now in any case.
  }
}

std::vector<std::string> Connection::State::warnings() const {
  PGconn* connection = connection_.get();
  const std::string warning =
      protection_warning(endpoint(), {PQsslInUse(connection) != 0 || PQgssEncInUse(connection) != 0,
                                      plan_.sslmode, plan_.has_root_certificate});
  return warning.empty() ? std::vector<std::string>{} : std::vector<std::string>{warning};
}

Connection::Connection(const ConnectionOptions& options, const Stop& stop)
    : state_(std::make_unique<State>(plan_connection(options, completed_options(options)), stop)) {}
Connection::~Connection() = default;
std::vector<GroupOutcome> Connection::run(const std::vector<Group>& groups, const Stop& stop) {
  return state_->run(groups, stop);
}
bool Connection::usable() const { return state_->usable(); }
int Connection::backend_pid() const { return state_->backend_pid(); }
const std::string& Connection::description() const { return state_->description; }
const std::string& Connection::database() const { return state_->database(); }
std::vector<std::string> Connection::warnings() const { return state_->warnings(); }

}  // namespace drift::sql
