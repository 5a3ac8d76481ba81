#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/surroundings.h"
#include "drift/cli/commands.h"
#include "drift/doctor/examination.h"
#include "drift/doctor/outcome.h"

namespace drift::cli {
namespace {

constexpr int kNobodyIsTold = 1;
constexpr int kFailing = 2;
constexpr int kUsage = 64;

}  // namespace

int run_doctor(const Context& context) {
  const check::Settings settings = config::check_settings(context.resolved);
  // Threads may be left behind (see check::Side).
  static const SystemClock clock;
  const check::Run run{aws::random_hex(8), clock, context.stop, context.log,
                       std::make_shared<check::AwsAccess>(clock)};
  doctor::Examination examination;
  examination.write_test = context.resolved.run.write_test.value_or(false);
  examination.function = environment_or_empty("AWS_LAMBDA_FUNCTION_NAME");
  const doctor::Outcomes outcomes = doctor::examine(settings, run, examination);
  write_fully(1, context.format == Format::kJson ? doctor::to_json(outcomes, clock.now())
                                                 : doctor::to_text(outcomes, wants_colour(1)));
  if (outcomes.front().state == doctor::State::kFail) return kUsage;
  if (doctor::worst(outcomes) == doctor::State::kFail) return kFailing;
  return doctor::nobody_is_told(outcomes, settings) ? kNobodyIsTold : 0;
}

}  // namespace drift::cli
