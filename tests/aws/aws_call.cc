// Calls AWS for test_services.py with what the program itself calls it with: one JSON document a
// line in, one a line out, all of them in one session.
#include <chrono>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "drift/aws/credentials/chain.h"
#include "drift/aws/credentials/sts.h"
#include "drift/aws/services/lambda.h"
#include "drift/aws/services/s3.h"
#include "drift/aws/services/secrets.h"
#include "drift/aws/services/sns.h"
#include "drift/aws/session.h"
#include "drift/base/clock.h"
#include "drift/base/error.h"
#include "drift/base/stop.h"

namespace {

using nlohmann::json;
namespace aws = drift::aws;

// A clock that may be wrong, as clocks are.
class ShiftedClock : public drift::SystemClock {
 public:
  explicit ShiftedClock(std::chrono::seconds shift) : shift_(shift) {}
  drift::TimePoint now() const override { return SystemClock::now() + shift_; }

 private:
  std::chrono::seconds shift_;
};

json put_object(aws::Session& session, const json& question, const drift::Stop& stop) {
  aws::PutObject object;
  object.bucket = question.at("bucket");
  object.key = question.at("key");
  object.body = question.at("body");
  object.kms_key = question.value("kms_key", "");
  object.only_if_absent = question.value("only_if_absent", true);
  object.lock_mode = question.value("lock_mode", "");
  if (question.contains("lock_until")) {
    object.lock_until =
        drift::TimePoint{std::chrono::seconds{question.at("lock_until").get<long long>()}};
  }
  const aws::Put put = aws::put_object(session, object, stop);
  return put == aws::Put::kStored ? "stored" : "exists";
}

json publish(aws::Session& session, const json& question, const drift::Stop& stop) {
  aws::Publication publication;
  publication.topic_arn = question.at("topic_arn");
  publication.subject = question.value("subject", "");
  publication.message = question.at("message");
  publication.attributes = question.value("attributes", publication.attributes);
  publication.group_id = question.value("group_id", "");
  publication.deduplication_id = question.value("deduplication_id", "");
  return aws::publish(session, publication, stop);
}

json invoke(aws::Session& session, const json& question, const drift::Stop& stop) {
  const aws::Invocation invocation =
      aws::invoke(session, question.at("function"), question.at("payload"), stop);
  return {{"payload", invocation.payload},
          {"function_error", invocation.function_error},
          {"log_tail", invocation.log_tail}};
}

json answer(aws::Session& session, const json& question, const drift::Stop& stop) {
  const std::string operation = question.at("operation");
  if (operation == "put-object") return put_object(session, question, stop);
  if (operation == "publish") return publish(session, question, stop);
  if (operation == "invoke") return invoke(session, question, stop);
  if (operation == "secret") return aws::secret_value(session, question.at("secret_id"), stop);
  if (operation == "parameters") {
    return aws::parameters_by_path(session, question.at("path"), stop);
  }
  throw drift::Error{drift::Fault::kUsage, "unknown operation " + operation};
}

}  // namespace

// Arguments: one JSON object {"clock_shift", "role_arn", "external_id"}, all of them optional.
int main(int argc, char** argv) {
  const json settings = argc > 1 ? json::parse(argv[1]) : json::object();
  const ShiftedClock clock{std::chrono::seconds{settings.value("clock_shift", 0)}};
  aws::Session own{aws::Environment::of_process(), clock, aws::find_credentials};
  std::optional<aws::Session> other;
  if (settings.contains("role_arn")) {
    other.emplace(own, aws::assuming(aws::Role{settings.at("role_arn"), "",
                                               settings.value("external_id", ""), 0}));
  }
  aws::Session& session = other ? *other : own;
  std::string line;
  while (std::getline(std::cin, line)) {
    json result;
    try {
      const json question = json::parse(line);
      const drift::Stop stop{std::chrono::milliseconds{question.value("timeout_ms", 20'000)}};
      result["result"] = answer(session, question, stop);
    } catch (const drift::Error& error) {
      result["error"] = {{"fault", drift::fault_name(error.fault)},
                         {"message", error.what()},
                         {"hint", error.hint},
                         {"retryable", error.retryable}};
    }
    std::cout << result.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
  }
  return 0;
}
