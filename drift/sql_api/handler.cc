#include "drift/sql_api/handler.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/sql_api/error_answer.h"
#include "drift/sql_api/kept_connection.h"
#include "drift/sql_api/reading.h"
#include "drift/sql_api/request.h"

namespace drift::sql_api {

class Handler::State {
 public:
  State(HandlerSettings settings, aws::SessionSource session, const Clock& clock,
        std::shared_ptr<const Log> log)
      : settings_(std::move(settings)),
        kept_(settings_.database, std::move(session), clock, std::move(log)) {}

  std::string answer(const Call& call, const Stop& stop) {
    const Request request = read_request(call.payload);
    switch (request.action) {
      case Action::kQuery: return query(request, stop);
      case Action::kVersion: return version(request, stop);
      default: break;
    }
    throw Error{Fault::kUnsupported, "not yet"};
  }

  KeptConnection& kept() { return kept_; }

 private:
  ReadOptions options(const Request& request) const {
    return {request.row_security, request.timeout};
  }

  std::string query(const Request& request, const Stop& stop) {
    AnswerRows rows(request.rows, {settings_.max_answer_bytes}, kept_.types());
    const auto error = read_rows(kept_, {{request.sql, {}, &rows}}, rows, options(request), stop);
    if (error) return error_answer(*error);
    if (rows.too_large()) throw too_large();
    return rows.take_json() + "}";
  }

  Error too_large() const {
    return {Fault::kTooManyRows,
            fmt::format("the answer is larger than {} bytes", settings_.max_answer_bytes),
            "ask for fewer rows or columns, or page: \"max_rows\", then \"cursor\""};
  }

  std::string version(const Request& request, const Stop& stop) {
    AnswerRows rows(request.rows, {settings_.max_answer_bytes, 1, false, true}, kept_.types());
    const auto error = read_rows(kept_, {{"SELECT pg_catalog.version()", {}, &rows}}, rows,
                                 options(request), stop);
    if (error) return error_answer(*error);
    return rows.take_json() + "}";
  }

  HandlerSettings settings_;
  KeptConnection kept_;
};

Handler::Handler(HandlerSettings settings, aws::SessionSource session, const Clock& clock,
                 std::shared_ptr<const Log> log)
    : state_(std::make_unique<State>(std::move(settings), std::move(session), clock,
                                     std::move(log))) {}
Handler::~Handler() = default;

std::string Handler::answer(const Call& call, const Stop& stop) {
  try {
    return state_->answer(call, stop);
  } catch (const Error& error) {
    return error_answer(error);
  } catch (const std::exception&) {
    // What it says is not known to be free of what it was about.
    state_->kept().drop();
    return error_answer(Error{Fault::kInternal, "the request could not be handled"});
  }
}

void Handler::connect(const Stop& stop) { state_->kept().get(stop); }

}  // namespace drift::sql_api
