#include "drift/sql/postgres.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <future>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/sql/connection_failure.h"
#include "drift/sql/connection_plan.h"
#include "drift/sql/connection_policy.h"
#include "drift/sql/read_only_transaction.h"
#include "drift/sql/server_text.h"

namespace drift::sql {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kGoodbye{500};
constexpr milliseconds kConnectGrace{1'000};
// What one answer may weigh. 100,000 revision ids are under 4 MiB.
constexpr std::size_t kMaxAnswerBytes = 16U << 20U;

struct Finish {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  void operator()(PGresult* result) const noexcept { PQclear(result); }
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
  void operator()(char* text) const noexcept { PQfreemem(text); }
};
using Connection = std::unique_ptr<PGconn, Finish>;
using Result = std::unique_ptr<PGresult, Finish>;
using Options = ConnectionOptions;

Options as_map(const PQconninfoOption* option) {
  Options found;
  for (; option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val != nullptr && *option->val != '\0') found[option->keyword] = option->val;
  }
  return found;
}

Connection start(const Options& options) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : options) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  // expand_dbname = 0: the database's name is a name, whatever it looks like.
  Connection connection(PQconnectStartParams(keywords.data(), values.data(), 0));
  if (!connection) throw std::bad_alloc();
  return connection;
}

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

class PostgresSource : public SqlSource {
 public:
  PostgresSource(ConnectionPlan plan, const Stop& stop) : plan_(std::move(plan)), stop_(stop) {
    connect();
    begin();
  }
  ~PostgresSource() override { end_transaction(); }
  PostgresSource(const PostgresSource&) = delete;
  PostgresSource& operator=(const PostgresSource&) = delete;

  std::variant<ResultSet, SqlFailure> query(const std::string& statement) override;
  std::string description() const override { return named(place()); }
  std::vector<std::string> warnings() const override;

 private:
  void connect();
  void begin();
  void end_transaction() noexcept;
  // Hands over every result of what was sent, until there are none.
  void read_results(const std::function<void(const PGresult*)>& take);
  void stop_if_due();
  void cancel() noexcept;
  // Which of the hosts it is once connected, all of them before.
  std::string place() const;
  std::string named(const std::string& where) const {
    return one_line(fmt::format("{} on {}", plan_.database, where));
  }
  Endpoint endpoint() const;
  [[noreturn]] void lost(const std::string& why);
  std::string without_password(std::string text) const;

  ConnectionPlan plan_;
  const Stop& stop_;
  Connection connection_;
  bool connected_ = false;
  bool in_transaction_ = false;
};

Endpoint PostgresSource::endpoint() const {
  return {PQhost(connection_.get()), PQhostaddr(connection_.get()), PQport(connection_.get())};
}

std::string PostgresSource::place() const {
  if (connected_) {
    Endpoint here = endpoint();
    if (here.port.empty()) here.port = plan_.where.front().port;
    return endpoint_name(here);
  }
  std::vector<std::string> names;
  for (const Endpoint& one : plan_.where) names.push_back(endpoint_name(one));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string PostgresSource::without_password(std::string text) const {
  // libpq does not repeat it, but a server may say what it likes.
  return connection_ ? without_secret(std::move(text), PQpass(connection_.get())) : text;
}

void PostgresSource::connect() {
  const std::string doing = "connecting to " + description();
  stop_.check(doing.c_str());
  connection_ = start(plan_.options);
  PGconn* connection = connection_.get();
  // Else WARNINGs of the server go straight to stderr.
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
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
                                   next == PGRES_POLLING_READING ? POLLIN : POLLOUT, stop_, until);
    stop_.check(doing.c_str());
    if (!answered) {
      throw Error{Fault::kTimedOut,
                  fmt::format("cannot connect to {}: no answer within {} s", description(),
                              plan_.connect_timeout.count()),
                  "check the host and port in the URL, and that a firewall or security group lets "
                  "this machine in; connect_timeout= in the URL waits longer",
                  true};
    }
    in_tls_handshake = PQstatus(connection) == CONNECTION_SSL_STARTUP;
    next = PQconnectPoll(connection);
  }
  if (PQstatus(connection) != CONNECTION_OK) {
    throw connection_error({without_password(PQerrorMessage(connection)), description(), plan_.user,
                            plan_.where.size() > 1, PQconnectionNeedsPassword(connection) != 0,
                            in_tls_handshake});
  }
  connected_ = true;
  if (PQsetnonblocking(connection, 1) != 0) lost(PQerrorMessage(connection));
}

void PostgresSource::begin() {
  const std::string statements = begin_read_only(stop_.remaining());
  if (PQsendQuery(connection_.get(), statements.c_str()) == 0) {
    lost(PQerrorMessage(connection_.get()));
  }
  std::string refusal;
  read_results([&](const PGresult* result) {
    if (PQresultStatus(result) == PGRES_COMMAND_OK) return;
    const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    refusal = message == nullptr ? "no reason given" : message;
  });
  if (!refusal.empty()) {
    throw Error{Fault::kSqlFailed, fmt::format("cannot begin a read-only transaction in {}: {}",
                                               description(), one_line(without_password(refusal)))};
  }
  in_transaction_ = true;
}

std::variant<ResultSet, SqlFailure> PostgresSource::query(const std::string& statement) {
  stop_if_due();
  PGconn* connection = connection_.get();
  if (!in_transaction_) throw Error{Fault::kInternal, "a failed transaction was asked again"};
  // The extended protocol takes one statement only, so nothing can ride along behind a ';'.
  if (PQsendQueryParams(connection, statement.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) ==
          0 ||
      PQsetSingleRowMode(connection) == 0) {
    lost(PQerrorMessage(connection));
  }
  ResultSet answer;
  std::optional<SqlFailure> failure;
  std::size_t weight = 0;
  read_results([&](const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK) {
      const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
      const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
      failure = SqlFailure{
          sqlstate == nullptr ? "" : sqlstate,
          one_line(without_password(message == nullptr ? "the statement gives no rows" : message))};
      return;
    }
    const int columns = PQnfields(result);
    if (answer.columns.empty()) {
      for (int i = 0; i < columns; ++i) answer.columns.emplace_back(PQfname(result, i));
    }
    for (int row = 0; row < PQntuples(result); ++row) {
      auto& values = answer.rows.emplace_back();
      values.reserve(static_cast<std::size_t>(columns));
      for (int i = 0; i < columns; ++i) {
        if (PQgetisnull(result, row, i) != 0) {
          values.emplace_back();
          continue;
        }
        const auto length = static_cast<std::size_t>(PQgetlength(result, row, i));
        weight += length;
        values.emplace_back(std::in_place, PQgetvalue(result, row, i), length);
      }
    }
    if (weight > kMaxAnswerBytes) {
      cancel();
      throw Error{Fault::kTooManyRows, fmt::format("{} answers with more than {} MiB",
                                                   description(), kMaxAnswerBytes >> 20U)};
    }
  });
  if (!failure) return answer;
  in_transaction_ = false;  // aborted: the server takes nothing but ROLLBACK now
  return *failure;
}

void PostgresSource::read_results(const std::function<void(const PGresult*)>& take) {
  PGconn* connection = connection_.get();
  // A server that ends the session says why first, as an error like any other.
  std::string last_words;
  while (true) {
    const int unsent = PQflush(connection);
    if (unsent < 0 || PQstatus(connection) == CONNECTION_BAD) {
      lost(last_words.empty() ? PQerrorMessage(connection) : last_words);
    }
    // A result is fetched only when it is here whole: PQgetResult would wait for it.
    if (PQisBusy(connection) != 0) {
      wait_for(PQsocket(connection), static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN),
               stop_, Stop::Clock::time_point::max());
      stop_if_due();
      // Where it fails, what had arrived before may still hold the server's last words.
      if (PQconsumeInput(connection) != 0 || PQisBusy(connection) != 0) continue;
    }
    const Result result(PQgetResult(connection));
    if (!result) return;
    const char* words = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
    if (words != nullptr) last_words = words;
    take(result.get());
  }
}

void PostgresSource::lost(const std::string& why) {
  const std::string message =
      fmt::format("lost the connection to {}: {}", description(), one_line(without_password(why)));
  in_transaction_ = false;
  throw Error{Fault::kConnectionFailed, message,
              "the server ended the session or cannot be reached any more; run again", true};
}

void PostgresSource::stop_if_due() {
  if (!stop_.due()) return;
  cancel();
  stop_.check(("reading from " + description()).c_str());
}

void PostgresSource::cancel() noexcept {
  in_transaction_ = false;
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

void PostgresSource::end_transaction() noexcept {
  // Closing alone would do for the server, but PgBouncer throws away a server connection that its
  // client leaves inside a transaction.
  if (!connected_ || PQstatus(connection_.get()) != CONNECTION_OK || stop_.due()) return;
  if (PQtransactionStatus(connection_.get()) == PQTRANS_ACTIVE) return;
  if (PQsendQuery(connection_.get(), "ROLLBACK") == 0) return;
  const auto until = Stop::Clock::now() + kGoodbye;
  try {
    while (PQflush(connection_.get()) >= 0 && PQisBusy(connection_.get()) != 0 && !stop_.due()) {
      if (!wait_for(PQsocket(connection_.get()), POLLIN, stop_, until)) return;
      if (PQconsumeInput(connection_.get()) == 0) return;
    }
  } catch (const std::exception&) {
  }
}

std::vector<std::string> PostgresSource::warnings() const {
  PGconn* connection = connection_.get();
  const std::string warning =
      protection_warning(endpoint(), {PQsslInUse(connection) != 0 || PQgssEncInUse(connection) != 0,
                                      plan_.sslmode, plan_.has_root_certificate});
  return warning.empty() ? std::vector<std::string>{} : std::vector<std::string>{warning};
}

}  // namespace

ConnectionOptions url_options(const std::string& url) {
  check_database_url(url);
  char* complaint = nullptr;
  const std::unique_ptr<PQconninfoOption, Finish> options(PQconninfoParse(url.c_str(), &complaint));
  const std::unique_ptr<char, Finish> owned(complaint);
  if (!options) {
    throw Error{Fault::kUsage,
                "the database URL is malformed: " +
                    parse_failure_reason(complaint == nullptr ? "" : complaint),
                "write postgresql://USER@HOST:PORT/DATABASE with special characters "
                "percent-encoded"};
  }
  return as_map(options.get());
}

// libpq tells them only of a connection, so this is one that an impossible value keeps from being
// tried at all.
ConnectionOptions completed_options(const ConnectionOptions& asked) {
  Options options = asked;
  const std::string impossible = "none";
  options["channel_binding"] = impossible;
  options["password"] = "unused";  // else ~/.pgpass is read twice, and complained of twice
  const Connection never = start(options);
  const std::string complaint = PQerrorMessage(never.get());
  if (complaint.find("channel_binding") == std::string::npos) {
    throw Error{Fault::kUsage, "the database URL cannot be used: " + one_line(complaint),
                "check the options in the database URL and in PG* variables"};
  }
  const std::unique_ptr<PQconninfoOption, Finish> known(PQconninfo(never.get()));
  Options all = as_map(known.get());
  if (value_of(all, "host").empty() && value_of(all, "hostaddr").empty()) {
    all["host"] = PQhost(never.get());
  }
  if (value_of(all, "dbname").empty()) all["dbname"] = value_of(all, "user");
  return all;
}

std::unique_ptr<SqlSource> open_postgres(const std::string& url, const Stop& stop) {
  return open_postgres(url_options(url), stop);
}

std::unique_ptr<SqlSource> open_postgres(const ConnectionOptions& options, const Stop& stop) {
  return std::make_unique<PostgresSource>(plan_connection(options, completed_options(options)),
                                          stop);
}

std::string database_name(const std::string& url) { return value_of(url_options(url), "dbname"); }

}  // namespace drift::sql
