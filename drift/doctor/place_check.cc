#include "drift/doctor/checks.h"

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "drift/aws/services/s3.h"
#include "drift/report/report_path.h"

namespace drift::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOwnFolder =
    "give a folder that belongs to the user of the nightly run and that nobody else may write into "
    "(chmod 700)";

// `folder`, or the nearest folder above it that exists.
fs::path existing(fs::path folder) {
  std::error_code ignored;
  folder = fs::absolute(folder, ignored).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  while (folder.has_relative_path() && ::access(folder.c_str(), F_OK) != 0 && errno == ENOENT) {
    folder = folder.parent_path();
  }
  return folder;
}

std::optional<Space> space_of(const fs::path& folder) {
  struct statvfs found {};
  if (::statvfs(folder.c_str(), &found) != 0) return std::nullopt;
  // btrfs and others that make inodes as they go say that they have none at all.
  const bool counted = found.f_files > 0;
  return Space{std::uint64_t{found.f_bavail} * found.f_frsize, counted ? found.f_favail : 1};
}

}  // namespace

std::string space_problem(const Space& space) {
  if (space.bytes == 0) return "the disk is full";
  if (space.files == 0) return "the disk has no room for another file name (inodes)";
  if (space.bytes >= kLittleSpace) return "";
  return fmt::format("only {} MiB are free", space.bytes >> 20U);
}

Outcome examine_folder(std::string check, const fs::path& folder, TrustedFolder::Kind kind,
                       const std::string& hint) {
  Outcome outcome{std::move(check), folder.string(), State::kOk, "", ""};
  const fs::path place = existing(folder);
  std::error_code ignored;
  if (!fs::is_directory(place, ignored)) {
    outcome.state = State::kFail;
    outcome.seen = fmt::format("{} is not a folder", place.string());
    outcome.action = hint;
    // What cannot be passed through cannot be looked at either.
    if (::access(place.c_str(), F_OK) != 0) {
      outcome.seen = fmt::format("{} cannot be reached: {}", place.string(), std::strerror(errno));
    }
    return outcome;
  }
  if (::access(place.c_str(), W_OK | X_OK) != 0) {
    outcome.state = State::kFail;
    outcome.seen = fmt::format("{} cannot be written: {}", place.string(), std::strerror(errno));
    outcome.action = hint;
    return outcome;
  }
  fs::path normal = fs::absolute(folder, ignored).lexically_normal();
  if (!normal.has_filename()) normal = normal.parent_path();
  const bool there = place == normal;
  // The run would not use it, however well it could write there.
  if (there) {
    const auto trusted = TrustedFolder::open(normal, kind);
    if (const auto* why = std::get_if<Untrusted>(&trusted)) {
      outcome.state = State::kFail;
      outcome.seen = "is not trusted: " + why->reason;
      outcome.action = std::string(kOwnFolder);
      return outcome;
    }
  }
  outcome.seen = there ? "writable" : "is not there yet; the first run makes it";
  const auto space = space_of(place);
  if (!space) return outcome;
  const std::string problem = space_problem(*space);
  if (problem.empty()) return outcome;
  outcome.state = space->bytes == 0 || space->files == 0 ? State::kFail : State::kWarn;
  outcome.seen = problem;
  outcome.action = "make room on the file system of " + place.string();
  return outcome;
}

namespace {

using nlohmann::json;

// A summary of the week reads a week.
constexpr int kWeek = 8;

// A JSON value that is one text or a list of them.
bool names(const json& value, std::initializer_list<std::string_view> wanted) {
  const auto is_wanted = [&](const json& one) {
    return one.is_string() &&
           std::find(wanted.begin(), wanted.end(), one.get<std::string>()) != wanted.end();
  };
  if (value.is_array()) return std::any_of(value.begin(), value.end(), is_wanted);
  return is_wanted(value);
}

bool is_everybody(const json& principal) {
  return names(principal, {"*"}) ||
         (principal.is_object() && principal.contains("AWS") && names(principal["AWS"], {"*"}));
}

bool without_tls(const json& condition) {
  if (!condition.is_object() || condition.size() != 1 || !condition.contains("Bool")) return false;
  const json& test = condition["Bool"];
  if (!test.is_object() || test.size() != 1 || !test.contains("aws:SecureTransport")) return false;
  const json& value = test["aws:SecureTransport"];
  return value == json(false) || names(value, {"false"});
}

class Bucket {
 public:
  Bucket(const std::string& url, const reporters::ReportOptions& options, const std::string& target,
         const check::Run& run, const Stop& stop)
      : place_(aws::s3_place(url)), options_(options), target_(target), run_(run), stop_(stop) {}

  Outcomes examine() {
    Outcomes outcomes{reachable()};
    const bool there = outcomes[0].state != State::kFail;
    for (const auto& [check, look] : looks()) {
      if (!there) {
        outcomes.push_back(skipped(check, place_.bucket, "the bucket did not answer"));
        continue;
      }
      try {
        Outcome outcome{check, place_.bucket, State::kOk, "", ""};
        (this->*look)(outcome);
        outcomes.push_back(std::move(outcome));
      } catch (const Error& error) {
        outcomes.push_back(not_known(check, place_.bucket, error));
      }
    }
    return outcomes;
  }

 private:
  using Look = void (Bucket::*)(Outcome&);

  static const std::vector<std::pair<const char*, Look>>& looks() {
    static const std::vector<std::pair<const char*, Look>> all = {
        {"reports_versioning", &Bucket::versioning}, {"reports_encryption", &Bucket::encryption},
        {"reports_public_access", &Bucket::access},  {"reports_lifecycle", &Bucket::lifecycle},
        {"reports_retention", &Bucket::retention},   {"reports_tls", &Bucket::tls}};
    return all;
  }

  aws::Session& session() { return run_.aws->session(); }

  Outcome reachable() {
    Outcome outcome{"reports", place_.bucket, State::kOk, "", ""};
    try {
      aws::list_objects(session(), place_.bucket, place_.prefix, "/", "", stop_);
      const std::string region = session().bucket_region(place_.bucket);
      outcome.seen = fmt::format("answers, in {}", region.empty() ? session().region() : region);
      return outcome;
    } catch (const Error& error) {
      // Whoever may only put may not ask; whether the bucket is there, the first report tells.
      return error.fault == Fault::kAccessDenied ? not_known("reports", place_.bucket, error)
                                                 : failed("reports", place_.bucket, error);
    }
  }

  void versioning(Outcome& outcome) {
    const std::string state = aws::bucket_versioning(session(), place_.bucket, stop_);
    outcome.seen = state.empty() ? "never switched on" : state;
    if (state == "Enabled") return;
    outcome.state = State::kWarn;
    outcome.action = fmt::format(
        "what is deleted or replaced is gone: aws s3api put-bucket-versioning --bucket {} "
        "--versioning-configuration Status=Enabled",
        place_.bucket);
  }

  void encryption(Outcome& outcome) {
    const auto found = aws::bucket_encryption(session(), place_.bucket, stop_);
    outcome = encryption_outcome(place_.bucket, found, options_.kms_key, std::nullopt);
    try {
      const auto last = aws::object_encryption(session(), place_.bucket,
                                               place_.prefix + report::latest_path(target_), stop_);
      if (last) outcome = encryption_outcome(place_.bucket, found, options_.kms_key, last);
    } catch (const Error& error) {
      if (error.fault == Fault::kInterrupted) throw;  // the row last_report says what is wrong
    }
  }

  void access(Outcome& outcome) {
    const auto off = aws::public_access_block_gaps(session(), place_.bucket, stop_);
    if (off && off->empty()) {
      outcome.seen = "public access is blocked";
      return;
    }
    outcome.state = State::kWarn;
    outcome.seen = off ? fmt::format("not all is blocked: {} off", fmt::join(*off, ", "))
                       : "the bucket itself blocks no public access (its account may)";
    outcome.action = fmt::format(
        "aws s3api put-public-access-block --bucket {} --public-access-block-configuration "
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,"
        "RestrictPublicBuckets=true",
        place_.bucket);
  }

  void lifecycle(Outcome& outcome) {
    outcome =
        lifecycle_outcome(place_.bucket, aws::bucket_lifecycle(session(), place_.bucket, stop_),
                          place_.prefix, options_);
  }

  void retention(Outcome& outcome) {
    const auto lock = aws::bucket_object_lock(session(), place_.bucket, stop_);
    const bool asked = !options_.lock_mode.empty();
    if (!lock) {
      outcome.seen = "no Object Lock: whoever may delete reports can";
      if (!asked) return;
      outcome.state = State::kFail;
      outcome.seen = "no Object Lock, which --object-lock needs: S3 would refuse every report";
      outcome.action = "use a bucket with Object Lock, or leave --object-lock out";
      return;
    }
    outcome.seen = lock->mode.empty()
                       ? std::string("Object Lock without a default retention")
                       : fmt::format("{} for {} days by default", lock->mode, lock->days);
    if (asked) {
      outcome.seen += fmt::format("; reports ask for {} for {} days", options_.lock_mode,
                                  options_.lock_for.count());
    } else if (lock->mode.empty()) {
      outcome.state = State::kWarn;
      outcome.action = "nothing is retained: give --object-lock, or the bucket a default retention";
    }
  }

  void tls(Outcome& outcome) {
    const auto policy = aws::bucket_policy(session(), place_.bucket, stop_);
    if (policy && demands_tls(*policy)) {
      outcome.seen = "the bucket's policy denies calls without TLS";
      return;
    }
    outcome.state = State::kWarn;
    outcome.seen = policy ? "the bucket's policy lets calls without TLS through"
                          : "the bucket has no policy, so calls without TLS get through";
    outcome.action =
        "deny s3:* to everybody where aws:SecureTransport is false, on the bucket and its objects";
  }

  aws::S3Place place_;
  const reporters::ReportOptions& options_;
  const std::string& target_;
  const check::Run& run_;
  const Stop& stop_;
};

}  // namespace

Outcomes examine_bucket(const std::string& url, const reporters::ReportOptions& options,
                        const std::string& target, const check::Run& run, const Stop& stop) {
  return Bucket(url, options, target, run, stop).examine();
}

std::string encryption_words(const std::string& algorithm, const std::string& kms_key) {
  if (algorithm.empty()) return "nothing";
  return algorithm + (kms_key.empty() ? "" : " with the key " + kms_key);
}

Outcome encryption_outcome(const std::string& bucket,
                           const std::optional<aws::BucketEncryption>& by_default,
                           const std::string& asked,
                           const std::optional<aws::ObjectEncryption>& last) {
  Outcome outcome{"reports_encryption", bucket, State::kOk, "no default encryption", ""};
  if (by_default) {
    outcome.seen = encryption_words(by_default->algorithm, by_default->kms_key) + " by default";
  } else {
    outcome.state = State::kWarn;
    outcome.action = "set the bucket's default encryption to AES256 or a KMS key";
  }
  outcome.seen +=
      asked.empty() ? "; reports ask for nothing else" : fmt::format("; reports ask for {}", asked);
  if (!last) return outcome;
  outcome.seen += "; the last report got " + encryption_words(last->algorithm, last->kms_key);
  const std::string wanted = asked.empty()       ? by_default ? by_default->algorithm : ""
                             : asked == "AES256" ? asked
                                                 : "aws:kms";
  if (outcome.state == State::kOk && last->algorithm != wanted) {
    outcome.state = State::kWarn;
    outcome.action =
        "the next report shows whether that is over: releases before this one asked for AES256, "
        "whatever the bucket said";
  }
  return outcome;
}

Outcome lifecycle_outcome(const std::string& about, const std::vector<aws::LifecycleRule>& rules,
                          const std::string& prefix, const reporters::ReportOptions& options) {
  Outcome outcome{"reports_lifecycle", about, State::kOk, "", ""};
  // A rule may name what holds a folder, or a part of it.
  const auto meets = [](const aws::LifecycleRule& rule, const std::string& folder) {
    return folder.starts_with(rule.prefix) || rule.prefix.starts_with(folder);
  };
  int shortest = 0;
  bool of_memory = false;
  for (const aws::LifecycleRule& rule : rules) {
    if (!rule.enabled || rule.conditional || rule.expires_after == 0) continue;
    for (const std::string_view folder : {report::kAcknowledgementFolder, report::kLatestFolder}) {
      of_memory |= meets(rule, fmt::format("{}{}", prefix, folder));
    }
    // Dated folders begin with their year.
    if (!meets(rule, prefix + "2")) continue;
    shortest = shortest == 0 ? rule.expires_after : std::min(shortest, rule.expires_after);
  }
  outcome.seen = shortest == 0 ? "no rule ends reports: they are kept for good"
                               : fmt::format("reports end after {} days", shortest);
  if (of_memory) {
    outcome.state = State::kWarn;
    outcome.seen += "; a rule also ends acknowledgements or the latest reports";
    outcome.action = fmt::format(
        "let the rule take the prefix {}2, with which only dated reports begin: what was "
        "acknowledged or told is forgotten with them, and told again",
        prefix);
    return outcome;
  }
  if (shortest == 0) return outcome;
  if (!options.lock_mode.empty() && shortest < options.lock_for.count()) {
    outcome.state = State::kWarn;
    outcome.action = fmt::format(
        "--object-lock keeps them for {} days: until then they would be there, but hidden by "
        "delete markers; let the rule wait as long",
        options.lock_for.count());
  } else if (shortest < kWeek) {
    outcome.state = State::kWarn;
    outcome.action = "the weekly summary reads seven days, and who comes back from a holiday more";
  }
  return outcome;
}

bool demands_tls(const std::string& policy_json) {
  const json policy = json::parse(policy_json, nullptr, /*allow_exceptions=*/false);
  if (!policy.is_object() || !policy.contains("Statement")) return false;
  const json& said = policy["Statement"];
  const json statements = said.is_array() ? said : json::array({said});
  return std::any_of(statements.begin(), statements.end(), [](const json& statement) {
    return statement.is_object() && statement.value("Effect", json()) == "Deny" &&
           is_everybody(statement.value("Principal", json())) &&
           names(statement.value("Action", json()), {"s3:*", "*"}) &&
           without_tls(statement.value("Condition", json()));
  });
}

}  // namespace drift::doctor
