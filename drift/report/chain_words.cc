#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/report/chain.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;
using Gravity = ChainFinding::Gravity;

constexpr const char* kWithoutAnchor =
    "no anchor was given: whoever can replace every report from some point on can make their "
    "hashes "
    "fit";

const char* gravity_name(Gravity gravity) {
  switch (gravity) {
    case Gravity::kNote: return "note";
    case Gravity::kUnknown: return "unknown";
    case Gravity::kWrong: return "wrong";
  }
  return "wrong";
}

bool is_anchored(const std::vector<ChainVerdict>& verdicts) {
  return std::any_of(verdicts.begin(), verdicts.end(),
                     [](const ChainVerdict& one) { return !one.anchor_proves.empty(); });
}

// An anchor that is of no report here. Of a part of the time it says nothing.
Gravity anchor_gravity(const std::vector<ChainVerdict>& verdicts, const ChainScope& scope) {
  if (!scope.anchor || is_anchored(verdicts)) return Gravity::kNote;
  const bool all = !scope.since && !scope.until && !scope.expires;
  return all ? Gravity::kWrong : Gravity::kUnknown;
}

std::string anchor_sentence(const std::vector<ChainVerdict>& verdicts, const ChainScope& scope) {
  if (!scope.anchor) return kWithoutAnchor;
  for (const ChainVerdict& one : verdicts) {
    if (!one.anchor_proves.empty()) {
      return fmt::format("the anchor proves: {}: {}", printable(one.target), one.anchor_proves);
    }
  }
  const std::string hex = hex_text(*scope.anchor);
  if (scope.since || scope.until) {
    return fmt::format("the anchor {} is of no report of this time", hex);
  }
  return fmt::format(
      "the anchor {} is of no report here: the one that it was noted of {}", hex,
      scope.expires ? "was changed, is missing or has expired" : "was changed or is missing");
}

Gravity gravest(const std::vector<ChainVerdict>& verdicts, const ChainScope& scope) {
  Gravity worst = anchor_gravity(verdicts, scope);
  for (const ChainVerdict& one : verdicts) worst = std::max(worst, one.gravest);
  return worst;
}

std::string headline(const ChainVerdict& one) {
  std::string text = fmt::format("{}: ", printable(one.target));
  switch (one.gravest) {
    case Gravity::kNote: text += "whole"; break;
    case Gravity::kUnknown: text += "CANNOT TELL"; break;
    case Gravity::kWrong: text += "WRONG"; break;
  }
  text += fmt::format(", {}", counted(one.reports, "report"));
  if (one.first) {
    text += fmt::format(", number {} to {}", one.first->sequence, one.newest->sequence);
  }
  if (one.of_older_releases > 0) {
    text += fmt::format(", {} of releases without numbers", one.of_older_releases);
  }
  if (one.acknowledgements > 0) {
    text += fmt::format(", {} beside them", counted(one.acknowledgements, "acknowledgement"));
  }
  return text;
}

Json report_json(const std::optional<ChainVerdict::Report>& report) {
  if (!report) return nullptr;
  return {{"sequence", report->sequence},
          {"timestamp", rfc3339(report->timestamp)},
          {"sha256", hex_text(report->sha256)}};
}

Json truth_of(Gravity gravity) {
  if (gravity == Gravity::kUnknown) return nullptr;
  return gravity == Gravity::kNote;
}

}  // namespace

std::optional<Sha256> parse_sha256(std::string_view hex) {
  Sha256 sha256{};
  if (hex.size() != 2 * sha256.size()) return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const int value = hex_digit(hex[i]);
    if (value < 0) return std::nullopt;
    sha256.at(i / 2) = static_cast<unsigned char>(sha256.at(i / 2) << 4 | value);
  }
  return sha256;
}

std::string hex_text(const Sha256& sha256) {
  std::string hex;
  for (const unsigned char byte : sha256) hex += fmt::format("{:02x}", byte);
  return hex;
}

int exit_code(const std::vector<ChainVerdict>& verdicts, const ChainScope& scope) {
  switch (gravest(verdicts, scope)) {
    case Gravity::kNote: return 0;
    case Gravity::kUnknown: return 2;
    case Gravity::kWrong: return 1;
  }
  return 1;
}

std::string chain_text(const std::vector<ChainVerdict>& verdicts, const ChainScope& scope) {
  std::string text;
  for (const ChainVerdict& one : verdicts) {
    text += headline(one) + "\n";
    if (one.newest) {
      text += fmt::format("  {:<10}report {} of {}, sha256 {}\n", "newest", one.newest->sequence,
                          rfc3339(one.newest->timestamp), hex_text(one.newest->sha256));
    }
    for (const ChainFinding& finding : one.findings) {
      text += fmt::format("  {:<10}{}\n", gravity_name(finding.gravity), finding.message);
    }
    if (one.further_findings > 0) text += fmt::format("  and {} more\n", one.further_findings);
  }
  if (verdicts.empty()) text += "there is no report here\n";
  return text + anchor_sentence(verdicts, scope) + "\n";
}

std::string chain_json(const std::vector<ChainVerdict>& verdicts, const ChainScope& scope) {
  Json document;
  document["whole"] = truth_of(gravest(verdicts, scope));
  document["anchor"] = scope.anchor ? Json(hex_text(*scope.anchor)) : Json(nullptr);
  document["anchor_found"] = scope.anchor ? Json(is_anchored(verdicts)) : Json(nullptr);
  document["proof"] = anchor_sentence(verdicts, scope);
  document["targets"] = Json::array();
  for (const ChainVerdict& one : verdicts) {
    Json findings = Json::array();
    for (const ChainFinding& finding : one.findings) {
      findings.push_back({{"gravity", gravity_name(finding.gravity)},
                          {"kind", finding.kind},
                          {"message", valid_utf8(finding.message)}});
    }
    document["targets"].push_back({{"target", valid_utf8(one.target)},
                                   {"whole", truth_of(one.gravest)},
                                   {"reports", one.reports},
                                   {"of_older_releases", one.of_older_releases},
                                   {"acknowledgements", one.acknowledgements},
                                   {"first", report_json(one.first)},
                                   {"newest", report_json(one.newest)},
                                   {"findings", std::move(findings)},
                                   {"further_findings", one.further_findings}});
  }
  return document.dump(2) + "\n";
}

std::string to_json(const PruneRecord& record) {
  Json document;
  document["target"] = record.target;
  document["pruned_at"] = rfc3339(record.at);
  document["by"] = valid_utf8(record.by);
  document["before"] = rfc3339(record.before);
  document["removed"] = record.removed;
  document["last_sequence"] =
      record.last_sequence == 0 ? Json(nullptr) : Json(record.last_sequence);
  document["last_sha256"] = record.last_sha256;
  return document.dump(2) + "\n";
}

std::optional<PruneRecord> read_prune_record(std::string_view json) {
  const Json document = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return std::nullopt;
  const auto text = [&](const char* key) {
    const auto found = document.find(key);
    return found != document.end() && found->is_string() ? found->get<std::string>() : "";
  };
  PruneRecord record;
  const auto at = parse_rfc3339(text("pruned_at"));
  const auto before = parse_rfc3339(text("before"));
  if (!at || !before || !parse_sha256(text("last_sha256"))) return std::nullopt;
  record.at = *at;
  record.before = *before;
  record.target = text("target");
  record.by = text("by");
  record.last_sha256 = text("last_sha256");
  const auto number = [&](const char* key) -> std::uint64_t {
    const auto found = document.find(key);
    return found != document.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
  };
  record.removed = number("removed");
  record.last_sequence = number("last_sequence");
  return record;
}

}  // namespace drift::report
