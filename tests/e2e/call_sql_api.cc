// The SQL API's handler for the tests that need a real PostgreSQL:
//   call_sql_api URL [OPTION=VALUE]...
// reads one payload a line and answers each with one line. Options: mutations=yes, scripts=yes,
// ddl=yes, allow=FUNCTION, audit=WHERE, max_bytes=N, timeout_ms=N, iam=yes, time=SECONDS (a clock
// that stands still; "@N" in a line of its own moves it), caller=WHO, statements=yes,
// envelope=proxy. A line
// "?PAYLOAD" is only read: the answer is an empty line where it is a request, else why it is none.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "drift/aws/credentials/chain.h"
#include "drift/aws/environment.h"
#include "drift/aws/session.h"
#include "drift/base/clock.h"
#include "drift/base/error.h"
#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/sql_api/handler.h"
#include "drift/sql_api/request.h"

namespace {

class MovableClock : public drift::Clock {
 public:
  drift::TimePoint now() const override {
    return fixed == 0 ? drift::SystemClock().now() : drift::TimePoint{std::chrono::seconds{fixed}};
  }
  long fixed = 0;
};

}  // namespace

namespace {

std::string refusal_of(const std::string& payload) {
  try {
    drift::sql_api::read_request(payload);
    return "";
  } catch (const drift::Error& error) {
    return error.what();
  }
}

}  // namespace

int main(int argc, char** argv) {
  drift::sql_api::HandlerSettings settings;
  settings.database.location = argc > 1 ? argv[1] : "";
  MovableClock clock;
  long timeout = 60'000;
  std::string caller;
  for (int i = 2; i < argc; ++i) {
    const std::string option = argv[i];
    const std::size_t equals = option.find('=');
    const std::string name = option.substr(0, equals);
    const std::string value = option.substr(equals + 1);
    if (name == "mutations") settings.allow_mutations = value == "yes";
    if (name == "statements") settings.audit_statements = value == "yes";
    if (name == "scripts") settings.allow_scripts = value == "yes";
    if (name == "ddl") settings.allow_ddl = value == "yes";
    if (name == "allow") settings.allow_functions.push_back(value);
    if (name == "audit") settings.audit = value;
    if (name == "max_bytes") settings.max_answer_bytes = std::stoul(value);
    if (name == "timeout_ms") timeout = std::stol(value);
    if (name == "iam") settings.database.iam_auth = value == "yes";
    if (name == "time") clock.fixed = std::stol(value);
    if (name == "caller") caller = value;
    if (name == "envelope" && value == "proxy")
      settings.envelope = drift::sql_api::Envelope::kProxy;
  }
  try {
    std::unique_ptr<drift::aws::Session> session;
    const drift::aws::SessionSource source = [&]() -> drift::aws::Session& {
      if (!session) {
        session = std::make_unique<drift::aws::Session>(drift::aws::Environment::of_process(),
                                                        clock, drift::aws::find_credentials);
      }
      return *session;
    };
    drift::sql_api::Handler handler(
        settings, source, clock,
        std::make_shared<drift::Log>(drift::LogFormat::kText, drift::LogLevel::kWarning));
    std::string line;
    int number = 0;
    while (std::getline(std::cin, line)) {
      if (!line.empty() && line.front() == '@') {
        clock.fixed = std::stol(line.substr(1));
        continue;
      }
      if (!line.empty() && line.front() == '?') {
        std::cout << refusal_of(line.substr(1)) << "\n" << std::flush;
        continue;
      }
      const drift::Stop stop{std::chrono::milliseconds{timeout}};
      const std::string request = "request-" + std::to_string(++number);
      std::cout << handler.answer({line, request, {caller, false}}, stop) << "\n" << std::flush;
    }
    return 0;
  } catch (const drift::Error& error) {
    std::cout << drift::fault_name(error.fault) << ": " << error.what() << "\n"
              << error.hint << "\n";
    return 2;
  }
}
