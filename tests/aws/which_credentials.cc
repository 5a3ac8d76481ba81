// Whose credentials schema-drift would use here, for test_credentials.py and
// test_credential_order.py. Never prints a secret.
//
//   which_credentials [GETS [SECONDS]]
//
// Asks the chain GETS times (1) with the environment of this process, SECONDS (0) later by its
// clock each time, and prints one JSON object a line: {"source", "access_key_id", "has_token",
// "expires"} or {"error", "hint", "fault"}. With variables on stdin, one JSON object a line, it
// does so for each of them instead of the process's own.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "drift/aws/credentials/chain.h"
#include "drift/base/error.h"
#include "drift/base/retry.h"
#include "drift/http/http.h"

namespace {

using drift::aws::Environment;
using nlohmann::json;

class SettableClock : public drift::Clock {
 public:
  drift::TimePoint now() const override { return drift::SystemClock{}.now() + ahead_; }
  void advance(std::chrono::seconds by) { ahead_ += by; }

 private:
  std::chrono::seconds ahead_{0};
};

json ask(drift::aws::RenewingCredentials& chain) {
  const drift::Stop stop{std::chrono::seconds{30}};
  try {
    const auto credentials = chain.get(stop);
    return {{"source", credentials.source},
            {"access_key_id", credentials.keys.access_key_id},
            {"has_token", !credentials.keys.session_token.empty()},
            {"expires", credentials.expires ? json(drift::rfc3339(*credentials.expires)) : json()}};
  } catch (const drift::Error& error) {
    return {
        {"error", error.what()}, {"hint", error.hint}, {"fault", drift::fault_name(error.fault)}};
  }
}

void ask_all(const Environment& environment, int gets, std::chrono::seconds apart) {
  SettableClock clock;
  drift::HttpClient http;
  drift::RetryQuota quota;
  const drift::aws::CredentialContext context{environment, http, quota, clock};
  drift::aws::RenewingCredentials chain(
      [&](const drift::Stop& stop) { return drift::aws::find_credentials(context, stop); }, clock);
  for (int i = 0; i < gets; ++i) {
    std::cout << ask(chain).dump() << std::endl;
    clock.advance(apart);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int gets = argc > 1 ? std::stoi(argv[1]) : 1;
  const std::chrono::seconds apart{argc > 2 ? std::stoi(argv[2]) : 0};
  bool asked = false;
  for (std::string line; std::getline(std::cin, line); asked = true) {
    const json variables = json::parse(line);
    ask_all(Environment([variables](const std::string& name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              return found == variables.end() ? std::nullopt
                                              : std::optional{found->get<std::string>()};
            }),
            gets, apart);
  }
  if (!asked) ask_all(Environment::of_process(), gets, apart);
}
