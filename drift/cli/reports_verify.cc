#include <map>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/url.h"
#include "drift/cli/report_archive_words.h"
#include "drift/report/chain.h"

#include <fmt/format.h>

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

}  // namespace drift::cli
