#include "drift/sql_api/kept_connection.h"

#include <algorithm>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/stop.h"

namespace drift::sql_api {
namespace {

using std::chrono::milliseconds;

// Between calls Lambda freezes the process, and whatever stands between (NAT, a proxy, a failover)
// may forget the connection without a word: then no answer ever comes. Only within a burst of calls
// is it used unasked, because asking takes a round trip.
constexpr std::chrono::seconds kTrustedFor{1};
constexpr milliseconds kPatience{2'000};

class Pid : public sql::RowSink {
 public:
  void columns(const std::vector<sql::Column>&) override {}
  sql::Wanted row(const std::vector<sql::Cell>& row) override {
    text = row.front().value_or("");
    return sql::Wanted::kMore;
  }
  std::string text;
};

}  // namespace

KeptConnection::KeptConnection(sql::DatabaseSettings database, aws::SessionSource session,
                               const Clock& clock, std::shared_ptr<const Log> log)
    : database_(std::move(database)),
      session_(std::move(session)),
      clock_(clock),
      log_(std::move(log)) {
  if (!sql::is_function(database_)) return;
  throw Error{Fault::kUsage, "the SQL API reaches its database itself, not through a function",
              "give a postgresql:// URL, the ARN of a secret or ssm:/path/prefix"};
}

sql::Connection& KeptConnection::get(const Stop& stop) {
  const bool expired = open_.renew_by && clock_.now() >= *open_.renew_by;
  if (kept() && (expired || !open_.connection->usable() || !works(stop))) {
    log_->info("opens the connection anew",
               {{"database", open_.connection->description()},
                {"why", expired ? "its token expires" : "it was lost"}});
    drop();
  }
  if (!kept()) {
    open_ = opened(stop);
    for (const std::string& warning : open_.connection->warnings()) log_->warning(warning);
    for (const std::string& warning : open_.warnings) log_->warning(warning);
  }
  used();
  return *open_.connection;
}

sql::OpenConnection KeptConnection::opened(const Stop& stop) {
  try {
    return sql::open_connection(database_, session_, stop, *log_);
  } catch (const Error& error) {
    // Whoever asks did not write the database's URL.
    if (error.fault != Fault::kUsage) throw;
    throw Error{Fault::kConfiguration, error.what(), error.hint};
  }
}

bool KeptConnection::works(const Stop& stop) {
  if (std::chrono::steady_clock::now() - last_used_ < kTrustedFor) return true;
  try {
    const Stop patience{std::min(kPatience, stop.remaining())};
    open_.connection->run({{{"SELECT 1", {}, nullptr}}}, patience);
    return open_.connection->usable();
  } catch (const Error&) {
    stop.check("asking the database whether it answers");
    return false;
  }
}

void KeptConnection::forget_session(const Stop& stop) noexcept {
  if (!kept()) return;
  // The change is made: whoever waits for its answer must not wait for this as well.
  const Stop soon{std::min(kPatience, stop.remaining())};
  try {
    if (!direct_) {
      Pid answering;
      open_.connection->run({{{"SELECT pg_catalog.pg_backend_pid()", {}, &answering}}}, soon);
      direct_ = answering.text == std::to_string(open_.connection->backend_pid());
    }
    if (!*direct_) return;
    const auto outcome = open_.connection->run({{{"DISCARD ALL", {}, nullptr}}}, soon).front();
    if (outcome.error) drop();
  } catch (const std::exception&) {
    drop();
  }
}

void KeptConnection::drop() {
  open_ = {};
  direct_.reset();
  types_.clear();
  functions_.clear();
  descriptions_.clear();
}

void KeptConnection::used() { last_used_ = std::chrono::steady_clock::now(); }

const sql::Description* Descriptions::find(const std::string& text) const {
  const auto found = known_.find(text);
  return found == known_.end() ? nullptr : &found->second;
}

void Descriptions::put(const std::string& text, const sql::Description& description) {
  constexpr std::size_t kMost = 200, kLongest = 8 * 1024;
  if (text.size() > kLongest || description.columns.size() > kMost) return;
  if (known_.size() >= kMost) known_.clear();
  known_[text] = description;
}

}  // namespace drift::sql_api
