#include "drift/aws/credentials/sources.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>
#include <vector>

#include "drift/base/child_process.h"
#include "drift/base/error.h"

namespace drift::aws {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kLongestOutput = 1u << 20;

constexpr const char* kHint = "run the command by hand to see what it says";

// What it printed. Throws Error{kNoCredentials} for any end but a good one.
std::string output_of(const std::vector<std::string>& words, const std::string& source,
                      milliseconds timeout, const Stop& stop) {
  ChildProcess child;
  child.words = words;
  child.most_kept = kLongestOutput;
  const Stop part(timeout, stop);
  ChildEnd end = run_child(child, part);
  std::string what;
  switch (end.how) {
    case ChildEnd::How::kNotStarted:
      throw Error{
          Fault::kNoCredentials,
          fmt::format("cannot run the command of {}: {}", source, std::strerror(end.number)),
          "check the path of its program, which is looked for in PATH; no shell is run, so "
          "~ and $NAME are not filled in"};
    case ChildEnd::How::kUnreadable:
      throw Error{
          Fault::kNoCredentials,
          fmt::format("cannot read from the command of {}: {}", source, std::strerror(end.number)),
          kHint};
    case ChildEnd::How::kStopped:
      stop.check("running a credential_process");
      what = fmt::format("did not end in {} s",
                         std::chrono::ceil<std::chrono::seconds>(timeout).count());
      break;
    case ChildEnd::How::kTalkative: what = "printed more than 1 MiB"; break;
    case ChildEnd::How::kKilled: what = fmt::format("was killed by signal {}", end.number); break;
    case ChildEnd::How::kExited:
      if (end.number == 0) return std::move(end.kept);
      what = fmt::format("failed with exit code {}", end.number);
  }
  throw Error{Fault::kNoCredentials, fmt::format("the command of {} {}", source, what), kHint};
}

}  // namespace

Credentials process_credentials(const std::string& command, const std::string& source,
                                milliseconds timeout, const Stop& stop) {
  const auto words = shell_words(command);
  if (!words || words->empty() || words->front().empty()) {
    throw Error{Fault::kNoCredentials,
                fmt::format("the command of {} {}", source,
                            words ? "is empty" : "has an open quotation or ends in a backslash"),
                "quote it as for a shell"};
  }
  const std::string output = output_of(*words, source, timeout, stop);
  const CredentialDocument document = parse_credential_document(output);
  const auto refuse = [&](const std::string& what) {
    throw Error{Fault::kNoCredentials, fmt::format("the command of {} printed {}", source, what),
                "it must print {\"Version\": 1, \"AccessKeyId\": ..., \"SecretAccessKey\": ...}"};
  };
  if (!document.is_object) refuse("no JSON object");
  if (document.version != 1) refuse("a document that is not of Version 1");
  if (document.keys.access_key_id.empty()) refuse("no AccessKeyId");
  if (document.keys.secret_access_key.empty()) refuse("no SecretAccessKey");
  Credentials credentials;
  credentials.keys = document.keys;
  credentials.source = source;
  if (!document.expiration.empty()) {
    credentials.expires = parse_rfc3339(document.expiration);
    if (!credentials.expires) refuse("an Expiration that is not a time");
  }
  return credentials;
}

}  // namespace drift::aws
