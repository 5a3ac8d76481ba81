#include "drift/doctor/checks.h"

#include <fmt/format.h>

#include <optional>

#include "drift/aws/credentials/sts.h"
#include "drift/base/printable.h"

namespace drift::doctor {
namespace {

using std::chrono::seconds;

constexpr const char* kRegion = "region";
constexpr const char* kCredentials = "credentials";
constexpr const char* kClock = "clock";
// Reports and lock dates are off by as much; the signature of a call may be off by five minutes.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
constexpr seconds kNoticeable{60};

bool is_unreachable(const Error& error) {
  return error.fault == Fault::kHttpFailed || error.fault == Fault::kTimedOut ||
         error.fault == Fault::kAccessDenied;
}

std::string validity(const aws::Credentials& credentials) {
  if (!credentials.expires) return "";
  return fmt::format(", valid until {}", rfc3339(*credentials.expires));
}

Outcome credentials_outcome(const aws::Credentials& credentials,
                            const std::optional<aws::CallerIdentity>& identity, bool in_lambda) {
  const std::string source = printable(credentials.source) + validity(credentials);
  Outcome outcome{kCredentials, "", State::kOk, "", ""};
  outcome.seen = fmt::format("{} of account {}, from {}", identity->arn, identity->account, source);
  if (identity->arn.ends_with(":root")) {
    outcome.state = State::kWarn;
    outcome.action = "these are the root user's keys: delete them, and use a role";
  } else if (credentials.source == "environment" && !credentials.keys.session_token.empty() &&
             !in_lambda) {
    // What a person's shell has is gone by the next night.
    outcome.state = State::kWarn;
    outcome.action =
        "these keys end with their session and nothing renews them: let the nightly run use a role "
        "(instance, container, web identity) or a profile";
  }
  return outcome;
}

}  // namespace

Outcome clock_outcome(TimePoint ours, TimePoint server) {
  const seconds off = ours - server;
  const seconds size = std::chrono::abs(off);
  Outcome outcome{kClock, "", State::kOk, fmt::format("within {} s of AWS's", size.count()), ""};
  if (size <= kNoticeable) return outcome;
  outcome.state = State::kWarn;
  outcome.seen =
      fmt::format("{} s {} AWS's", size.count(), off > seconds{0} ? "ahead of" : "behind");
  outcome.action =
      "switch time synchronisation on (timedatectl set-ntp true): calls to AWS are corrected by "
      "its "
      "clock, but the times in reports are not";
  return outcome;
}

Outcomes examine_identity(const check::Run& run, bool in_lambda, const Stop& stop) {
  aws::Session* session = nullptr;
  std::string region;
  try {
    session = &run.aws->session();
    region = session->region();
  } catch (const Error& error) {
    return {failed(kRegion, "", error), skipped(kCredentials, "", "no region is configured"),
            skipped(kClock, "", "no region is configured")};
  }
  Outcomes outcomes{{kRegion, "", State::kOk, printable(region), ""}};
  std::optional<aws::Credentials> credentials;
  try {
    credentials = session->credentials(stop);
    const aws::CallerIdentity identity = aws::caller_identity(*session, stop);
    const TimePoint ours = run.clock.now();
    outcomes.push_back(credentials_outcome(*credentials, identity, in_lambda));
    outcomes.push_back(identity.server_time
                           ? clock_outcome(ours, *identity.server_time)
                           : Outcome{kClock, "", State::kUnknown, "STS did not say its time", ""});
  } catch (const Error& error) {
    if (!credentials || !is_unreachable(error)) {
      outcomes.push_back(failed(kCredentials, "", error));
    } else {
      Outcome outcome = not_known(kCredentials, "", error);
      outcome.seen =
          fmt::format("from {}{}; whose they are could not be asked: {}",
                      printable(credentials->source), validity(*credentials), error.what());
      outcomes.push_back(std::move(outcome));
    }
    outcomes.push_back(skipped(kClock, "", "STS did not say its time"));
  }
  return outcomes;
}

}  // namespace drift::doctor
