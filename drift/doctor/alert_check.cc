#include "drift/doctor/checks.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <optional>

#include "drift/aws/arn.h"
#include "drift/aws/services/sns.h"
#include "drift/base/output.h"
#include "reporters/alert_sink.h"
#include "reporters/mail_sink.h"

namespace drift::doctor {
namespace {

constexpr const char* kAlerts = "alerts";
constexpr const char* kSubscriptions = "subscriptions";
constexpr std::size_t kShown = 5;

std::string told(const aws::Subscription& subscription) {
  return fmt::format("{} {}", subscription.protocol,
                     masked_endpoint(subscription.protocol, subscription.endpoint));
}

std::string list_of(const std::vector<std::string>& all) {
  const auto shown = static_cast<std::ptrdiff_t>(std::min(all.size(), kShown));
  return fmt::format("{}{}", fmt::join(all.begin(), all.begin() + shown, ", "),
                     all.size() > kShown ? fmt::format(" and {} more", all.size() - kShown) : "");
}

Outcome subscriptions_outcome(const std::string& topic,
                              const std::vector<aws::Subscription>& subscriptions) {
  std::vector<std::string> confirmed, pending;
  for (const aws::Subscription& one : subscriptions) {
    if (one.arn == "Deleted") continue;
    (one.arn == "PendingConfirmation" ? pending : confirmed).push_back(told(one));
  }
  Outcome outcome{kSubscriptions, topic, State::kOk, "", ""};
  if (confirmed.empty() && pending.empty()) {
    outcome.state = State::kWarn;
    outcome.seen = "nobody is subscribed: alerts go nowhere";
    outcome.tells_nobody = true;
    outcome.action = fmt::format(
        "aws sns subscribe --topic-arn {} --protocol email --notification-endpoint ADDRESS, then "
        "confirm it by the link in the mail",
        topic);
    return outcome;
  }
  if (!pending.empty()) {
    outcome.state = State::kWarn;
    outcome.seen = fmt::format("{}: {}",
                               confirmed.empty() ? "no subscription is confirmed, so alerts go "
                                                   "nowhere; unconfirmed"
                                                 : "not confirmed",
                               list_of(pending));
    outcome.tells_nobody = confirmed.empty();
    if (!confirmed.empty()) outcome.seen += "; confirmed: " + list_of(confirmed);
    outcome.action =
        "click the link in the mail from AWS Notifications; after three days subscribe again for a "
        "new one";
    return outcome;
  }
  outcome.seen = fmt::format("{} confirmed: {}", confirmed.size(), list_of(confirmed));
  return outcome;
}

Outcomes examine_topic(const std::string& topic, const check::Run& run, const Stop& stop) {
  Outcomes outcomes;
  try {
    auto attributes = aws::topic_attributes(run.aws->session(), topic, stop);
    const std::string key = attributes["KmsMasterKeyId"];
    outcomes.push_back(
        {kAlerts, topic, State::kOk,
         fmt::format("the topic is there{}", key.empty() ? "" : ", encrypted with the key " + key),
         ""});
  } catch (const Error& error) {
    if (error.fault != Fault::kAccessDenied) {
      return {failed(kAlerts, topic, error),
              skipped(kSubscriptions, topic, "the topic did not answer")};
    }
    outcomes.push_back(not_known(kAlerts, topic, error));
  }
  try {
    outcomes.push_back(
        subscriptions_outcome(topic, aws::topic_subscriptions(run.aws->session(), topic, stop)));
  } catch (const Error& error) {
    outcomes.push_back(not_known(kSubscriptions, topic, error));
  }
  return outcomes;
}

Outcomes examine_terminal(const std::string& name, const check::Run&, const Stop&) {
  Outcome outcome{kAlerts, name, State::kOk,
                  "standard error: cron mails it; the journal of a systemd service tells nobody",
                  ""};
  if (is_journal(2)) {
    outcome.state = State::kWarn;
    outcome.seen = "standard error is the journal here, which tells nobody";
    outcome.tells_nobody = true;
    outcome.action = "give --alerts mailto:ADDRESS or another place that reaches a person";
  }
  return {outcome};
}

constexpr std::string_view kMail = "mailto:";

Outcomes examine_mail(const std::string& url, const check::Run&, const Stop&) {
  const std::string name = reporters::shown_alert_url(url);
  const auto program = reporters::sendmail_program();
  if (!program) {
    return {{kAlerts, name, State::kFail, "/usr/sbin/sendmail is not installed",
             reporters::kNoSendmailHint}};
  }
  // A program that takes another user's or group's rights, as those of Postfix and Exim do, gets
  // none where a sandbox forbids new privileges.
  Outcome outcome{kAlerts, name, State::kOk,
                  fmt::format("{} is there; whether a mail would arrive cannot be told without "
                              "sending",
                              *program),
                  ""};
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
    outcome.state = State::kWarn;
    outcome.seen = fmt::format("{} is there, but this sandbox forbids new privileges", *program);
    outcome.action =
        "a sendmail that queues mails itself fails here: use one that speaks SMTP, such as msmtp "
        "(docs/operations.md has the drop-in)";
  }
  return {outcome};
}

// Chosen as reporters/alert_sink.cc chooses the sink; what has no row here is only named.
struct Examiner {
  bool (*takes)(const std::string& url);
  Outcomes (*examine)(const std::string& url, const check::Run& run, const Stop& stop);
};
constexpr Examiner kExaminers[] = {
    {[](const std::string& url) { return url == "terminal"; }, examine_terminal},
    {[](const std::string& url) { return url.starts_with(kMail); }, examine_mail},
    {[](const std::string& url) { return aws::is_arn(url); }, examine_topic},
};

}  // namespace

Outcomes examine_alerts(const std::string& url, const reporters::AlertOptions& options,
                        const check::Run& run, const Stop& stop) {
  for (const Examiner& examiner : kExaminers) {
    if (examiner.takes(url)) return examiner.examine(url, run, stop);
  }
  // The sink knows what of its address may be shown.
  const std::string name = reporters::make_alert_sink(url, options, run.aws->source())->name();
  return {skipped(kAlerts, name, "whether it would arrive cannot be told without sending")};
}

std::string masked_endpoint(std::string_view protocol, std::string_view endpoint) {
  if (aws::is_arn(endpoint)) return std::string(endpoint);
  if (protocol == "email" || protocol == "email-json") {
    if (endpoint.find('@') == std::string_view::npos) return "***";
    return reporters::masked_address(endpoint);
  }
  const std::size_t scheme = endpoint.find("://");
  if (scheme != std::string_view::npos) {
    // User information and path may be secrets.
    std::string_view host = endpoint.substr(scheme + 3);
    host = host.substr(0, host.find_first_of("/?#"));
    if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
      host.remove_prefix(at + 1);
    }
    return fmt::format("{}://{}", endpoint.substr(0, scheme), host);
  }
  if (protocol == "sms" && endpoint.size() > 6) {
    return fmt::format("***{}", endpoint.substr(endpoint.size() - 2));
  }
  return "***";
}

}  // namespace drift::doctor
