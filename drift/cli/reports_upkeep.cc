#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "drift/aws/digest.h"
#include "drift/base/clock.h"
#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/surroundings.h"
#include "drift/base/text.h"
#include "drift/base/url.h"
#include "drift/cli/report_archive_words.h"
#include "drift/report/chain.h"
#include "reporters/folder_prune.h"

namespace drift::cli {
namespace {

using report::TargetChain;

std::optional<report::Sha256> anchor_of(const config::Options& options) {
  if (!options.anchor) return std::nullopt;
  const auto anchor = report::parse_sha256(*options.anchor);
  if (anchor) return anchor;
  throw Error{Fault::kUsage,
              fmt::format("invalid --anchor \"{}\": not a SHA-256", printable(*options.anchor)),
              "give the 64 hex digits that an alert, a summary or the page shows as sha256"};
}

void add(std::map<std::string, TargetChain>& chains,
         const reporters::ReportArchive::DatedFile& found,
         const reporters::ReportArchive::Text& text) {
  TargetChain& chain = chains[found.name.target];
  if (found.name.suffix == report::kAckSuffix) {
    ++chain.acknowledgements;
  } else if (found.name.suffix == report::kPrunedSuffix) {
    if (!text.json) return;
    if (auto record = report::read_prune_record(*text.json)) chain.pruned.push_back(*record);
  } else if (text.json) {
    add_to_chain(chain, found.name, found.in_its_folder, *text.json);
  } else if (!text.unreadable_because.empty()) {
    add_unread(chain, found.name, text.unreadable_because);
  }
}

void add_latest(std::map<std::string, TargetChain>& chains, const std::string& only,
                reporters::ReportArchive& archive, const Stop& stop) {
  for (const std::string& target : archive.targets(stop)) {
    if (only.empty() || only == target) chains.try_emplace(target);
  }
  for (auto& [target, chain] : chains) {
    try {
      chain.latest = archive.latest(target, stop);
    } catch (const Error& error) {
      if (error.fault != Fault::kReportUnreadable) throw;
      chain.latest_unreadable_because = error.what();
    }
  }
}

}  // namespace

int verify_reports(const Context& context, const reporters::ReportFilter& filter,
                   reporters::ReportArchive& archive) {
  const config::Options& options = context.resolved.run;
  report::ChainScope scope;
  scope.since = filter.since;
  scope.until = filter.until;
  scope.anchor = anchor_of(options);
  scope.expires = url_scheme(options.reports.value_or("")) == "s3";
  std::map<std::string, TargetChain> chains;
  // The latest first: what a run stores meanwhile is found among the dated ones then.
  if (!scope.until) add_latest(chains, filter.target, archive, *context.stop);
  archive.each_file(filter, *context.stop,
                    [&](const auto& found, const auto& text) { add(chains, found, text); });
  if (chains.empty() && !filter.target.empty()) {
    latest_report(archive, filter.target, *context.stop);  // says which targets there are
  }
  std::vector<report::ChainVerdict> verdicts;
  for (auto& [target, chain] : chains) {
    chain.target = target;
    verdicts.push_back(verify_chain(chain, scope));
    chain = {};
  }
  write_fully(1, context.resolved.run.format.value_or("text") == "json"
                     ? report::chain_json(verdicts, scope)
                     : report::chain_text(verdicts, scope));
  return report::exit_code(verdicts, scope);
}

namespace {

using reporters::Pruned;

constexpr const char* kKeepHint = "give a number of days, weeks or years: --keep 90d, 26w or 2y";

TimePoint kept_since(const config::Options& options, TimePoint now) {
  if (!options.keep) {
    throw Error{Fault::kUsage, "reports prune needs --keep", kKeepHint};
  }
  const std::string& text = *options.keep;
  const bool is_span =
      !text.empty() && std::string_view("dwy").find(text.back()) != std::string::npos;
  const auto time = is_span ? time_of(text, now, /*ahead=*/false) : std::nullopt;
  if (!time) {
    throw Error{Fault::kUsage,
                fmt::format("invalid --keep \"{}\": not a length of time", printable(text)),
                kKeepHint};
  }
  if (*time > now - std::chrono::days{1}) {
    throw Error{Fault::kUsage,
                fmt::format("invalid --keep \"{}\": less than a day", printable(text)), kKeepHint};
  }
  return *time;
}

std::string as_text(const std::map<std::string, Pruned>& targets,
                    const reporters::PruneRules& rules) {
  std::string text;
  Pruned sum;
  for (const auto& [target, pruned] : targets) {
    sum.reports += pruned.reports;
    sum.records += pruned.records;
    if (pruned.reports == 0) continue;
    text += fmt::format("{}: {} removed, the newest of {}", printable(target),
                        counted(pruned.reports, "report"), rfc3339(*pruned.newest_removed));
    if (pruned.oldest_kept) {
      text += fmt::format("; the oldest that is kept is of {}", rfc3339(*pruned.oldest_kept));
    }
    text += "\n";
  }
  text += fmt::format("{} and {} from before {} removed\n", counted(sum.reports, "report"),
                      counted(sum.records, "record"), rfc3339(rules.before));
  return rules.dry_run ? text + "this was a dry run: nothing was removed\n" : text;
}

std::string as_json(const std::map<std::string, Pruned>& targets,
                    const reporters::PruneRules& rules) {
  using Json = nlohmann::ordered_json;
  const auto time = [](const auto& at) { return at ? Json(rfc3339(*at)) : Json(nullptr); };
  Json document;
  document["before"] = rfc3339(rules.before);
  document["dry_run"] = rules.dry_run;
  document["targets"] = Json::array();
  for (const auto& [target, pruned] : targets) {
    document["targets"].push_back({{"target", valid_utf8(target)},
                                   {"reports_removed", pruned.reports},
                                   {"records_removed", pruned.records},
                                   {"newest_removed", time(pruned.newest_removed)},
                                   {"oldest_kept", time(pruned.oldest_kept)}});
  }
  return document.dump(2) + "\n";
}

}  // namespace

int prune_reports(const Context& context, TimePoint now) {
  const config::Options& options = context.resolved.run;
  reporters::PruneRules rules;
  rules.before = kept_since(options, now);
  rules.now = now;
  rules.by = user_at_host();
  rules.run_id = aws::random_hex(8);
  rules.dry_run = options.dry_run.value_or(false);
  const std::string folder = reporters::prunable_folder(options.reports.value_or(""));
  const auto targets = reporters::prune_folder(folder, rules, *context.stop);
  write_fully(1, options.format.value_or("text") == "json" ? as_json(targets, rules)
                                                           : as_text(targets, rules));
  return 0;
}

}  // namespace drift::cli
