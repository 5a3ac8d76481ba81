#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/check/aws_access.h"
#include "drift/check/codebase.h"
#include "drift/check/impact_reading.h"
#include "drift/check/pending_operations.h"
#include "drift/check/version_rows.h"
#include "drift/cli/commands.h"
#include "drift/cli/operations_formats.h"
#include "drift/cli/operations_output.h"
#include "drift/impact/operation_json.h"
#include "drift/impact/operation_text.h"
#include "drift/report/found_revision_json.h"
#include "drift/verdict/where_found.h"
#include "migrations/revision_graph.h"
#include "migrations/revision_search.h"
#include "migrations/script_directory.h"

namespace drift::cli {
namespace {

using migrations::FoundRevision;
using migrations::RevisionSearch;
using Where = FoundRevision::Where;

std::string paragraph(const FoundRevision& found, const std::string& ref, bool shallow) {
  std::string text;
  if (found.asked != found.revision) {
    text += fmt::format("{} abbreviates {}. ", printable(found.asked), printable(found.revision));
  }
  return text + printable(found.revision) + verdict::shown_message(found) + ' ' +
         verdict::where_found(found, ref, shallow) + '\n';
}

int exit_code(const RevisionSearch& search) {
  int code = 0;
  for (const FoundRevision& found : search.revisions) {
    if (found.where == Where::kNowhere) code = std::max(code, found.certain ? 1 : 2);
  }
  return code;
}

const pending::RevisionOperations* operations_of(const FoundRevision& found,
                                                 const pending::UpgradeOperations& operations) {
  if (found.where != Where::kInRef) return nullptr;
  for (const pending::RevisionOperations& one : operations.revisions) {
    if (one.revision == found.revision) return &one;
  }
  return nullptr;
}

// What production has already runs no more.
int gated(const check::JudgedOperations& judged, const check::AppliedRevisions& applied,
          const std::optional<pending::Severity>& gate) {
  if (!gate) return 0;
  std::vector<pending::RevisionOperations> left;
  for (const pending::RevisionOperations& one : judged.operations.revisions) {
    if (!applied.has(one.revision).value_or(false)) left.push_back(one);
  }
  return check::any_at_least(left, *gate) ? 1 : 0;
}

nlohmann::ordered_json applied_json(const check::AppliedRevisions& applied,
                                    const std::string& revision) {
  const auto has = applied.has(revision);
  return has ? nlohmann::ordered_json(*has) : nlohmann::ordered_json();
}

// A line where production has it.
std::string applied_text(const check::AppliedRevisions& applied, const std::string& revision) {
  return applied.has(revision).value_or(false) ? "  applied in production already\n" : "";
}

// What the revisions of the ref mean for the rows that were read.
check::AppliedRevisions applied_revisions(const migrations::GitTree& tree,
                                          const migrations::ScriptSettings& script,
                                          const check::VersionRows& rows, const Stop& stop) {
  auto built = migrations::RevisionGraph::build(
      migrations::read_script_directory(tree, script, stop).revisions);
  check::VersionRows believed = rows;
  if (!built.problems.empty() && believed.rows) {
    believed = {{}, "the migrations have a problem: " + built.problems.front().message};
  }
  return {built.graph, believed};
}

nlohmann::ordered_json production_json(const check::JudgedOperations& judged,
                                       const check::VersionRows& rows,
                                       const check::AppliedRevisions& applied) {
  nlohmann::ordered_json production = impact::tables_json(judged.live);
  production["version_rows"] = nullptr;
  if (rows.rows) {
    production["version_rows"] = nlohmann::ordered_json::array();
    for (const std::string& row : *rows.rows) production["version_rows"].push_back(row);
  }
  const std::string& why = applied.why_not();
  production["applied_unknown_because"] =
      why.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(valid_utf8(why));
  return production;
}

std::string applied_summary(const check::AppliedRevisions& applied) {
  if (applied.why_not().empty()) return "";
  return fmt::format("what production has already is not known: {}\n",
                     printable(applied.why_not()));
}

std::string text_of(const pending::RevisionOperations& revision, const impact::LiveTables& live) {
  return live.asked ? impact::revision_text(revision, live) : operations_text(revision);
}

// Those that the ref has change places among themselves, into upgrade order.
void put_in_order(std::vector<FoundRevision>& revisions,
                  const pending::UpgradeOperations& operations) {
  std::vector<FoundRevision*> places;
  std::vector<FoundRevision> present;
  for (FoundRevision& found : revisions) {
    if (operations_of(found, operations) == nullptr) continue;
    places.push_back(&found);
    present.push_back(found);
  }
  std::stable_sort(present.begin(), present.end(),
                   [&](const FoundRevision& a, const FoundRevision& b) {
                     return operations_of(a, operations) < operations_of(b, operations);
                   });
  for (std::size_t i = 0; i < places.size(); ++i) *places[i] = std::move(present[i]);
}

// Without a word: what all revisions of the ref do, and nothing of their history.
void explain_all(const check::JudgedOperations& judged, const check::VersionRows& rows,
                 const check::AppliedRevisions& applied, const std::string& ref, bool said,
                 Format format) {
  const pending::UpgradeOperations& operations = judged.operations;
  std::string text;
  if (is_form(format)) {
    text = formatted(
        operations_as_output("explain", operations.revisions, judged.live, operations.warnings),
        format);
  } else if (format == Format::kJson) {
    nlohmann::ordered_json document;
    document["server_version"] = judged.server_version;
    if (judged.live.asked) document["production"] = production_json(judged, rows, applied);
    document["revisions"] = nlohmann::ordered_json::array();
    for (const pending::RevisionOperations& one : operations.revisions) {
      document["revisions"].push_back({{"revision", valid_utf8(one.revision)},
                                       {"found", "in_ref"},
                                       {"file", valid_utf8(one.file)},
                                       {"message", valid_utf8(one.message)},
                                       {"refs", {valid_utf8(ref)}},
                                       {"operations", impact::revision_json(one, judged.live)},
                                       {"tables", impact::locks_json(one.tables)}});
      if (judged.live.asked) {
        document["revisions"].back()["applied"] = applied_json(applied, one.revision);
      }
    }
    text = document.dump(2) + "\n";
  } else {
    for (const pending::RevisionOperations& one : operations.revisions) {
      text += printable(one.revision);
      if (!one.message.empty()) text += "  " + shortened(one.message);
      text += "\n" + applied_text(applied, one.revision) + text_of(one, judged.live);
    }
    text += operations_summary(judged, said);
    if (judged.live.asked) text += applied_summary(applied);
  }
  write_fully(1, text);
}

}  // namespace

int run_explain(const Context& context, const std::vector<std::string>& words) {
  const config::Options& options = context.resolved.targets.front();
  std::vector<std::string> asked = words;
  for (const std::string& one : options.revision.value_or(std::vector<std::string>{})) {
    asked.push_back(one);
  }
  for (const std::string& one : asked) config::require_no_url("explain", "revisions", one);
  const auto gate = fail_on(context.resolved.run);
  const bool said = options.server_version.has_value();
  check::OperationsQuestion question;
  if (said) {
    question.server_version = config::whole_number("--server-version", *options.server_version,
                                                   pending::kOldestServer, pending::kNewestServer);
  }
  const auto rows = std::make_shared<check::VersionRows>();
  const check::TablesReader tables = tables_of(context, options, rows);
  const auto settings = config::codebase_settings(options, context.resolved.run);
  static const SystemClock clock;
  check::AwsAccess aws(clock);
  const check::OpenedRepository opened =
      check::open_codebase(settings, aws.source(), *context.stop, *context.log);
  question.script = settings.script;
  const std::string ref = settings.ref.empty() ? "HEAD" : settings.ref;
  const auto applied_now = [&](const check::JudgedOperations& judged) {
    if (!judged.live.asked) return check::AppliedRevisions();
    return applied_revisions(opened.tree, settings.script, *rows, *context.stop);
  };
  if (asked.empty()) {
    question.all = true;
    const auto all = check::judge_operations(opened.tree, question, tables, *context.stop);
    for (const std::string& warning : all.operations.warnings) context.log->warning(warning);
    const auto applied = applied_now(all);
    explain_all(all, *rows, applied, ref, said, context.format);
    return gated(all, applied, gate);
  }
  RevisionSearch search = migrations::search_revisions(opened.repository, opened.tree, ref,
                                                       settings.script, asked, *context.stop);
  for (const std::string& warning : search.warnings) context.log->warning(warning);
  for (const FoundRevision& found : search.revisions) {
    if (found.where == Where::kInRef) question.asked.push_back(found.revision);
  }
  check::JudgedOperations judged;
  if (!question.asked.empty()) {
    judged = check::judge_operations(opened.tree, question, tables, *context.stop);
    put_in_order(search.revisions, judged.operations);
  }
  const check::AppliedRevisions applied = applied_now(judged);
  const pending::UpgradeOperations& operations = judged.operations;
  for (const std::string& warning : operations.warnings) context.log->warning(warning);
  std::string text;
  if (is_form(context.format)) {
    report::Output output =
        operations_as_output("explain", operations.revisions, judged.live, operations.warnings);
    for (const FoundRevision& found : search.revisions) {
      if (found.where == Where::kInRef) continue;
      output.checks.push_back({"revision " + found.revision, "is not at " + ref, true});
    }
    text = formatted(output, context.format);
  } else if (context.format == Format::kJson) {
    nlohmann::ordered_json document;
    document["server_version"] = judged.server_version;
    if (judged.live.asked) document["production"] = production_json(judged, *rows, applied);
    document["revisions"] = nlohmann::ordered_json::array();
    for (const FoundRevision& found : search.revisions) {
      document["revisions"].push_back(report::found_revision_json(found, ref, search.shallow));
      const auto* own = operations_of(found, operations);
      auto& last = document["revisions"].back();
      last["operations"] =
          own != nullptr ? impact::revision_json(*own, judged.live) : nlohmann::ordered_json();
      last["tables"] = own != nullptr ? impact::locks_json(own->tables) : nlohmann::ordered_json();
      if (!judged.live.asked) continue;
      last["applied"] = nullptr;
      if (found.where == Where::kInRef) last["applied"] = applied_json(applied, found.revision);
    }
    text = document.dump(2) + "\n";
  } else {
    for (const FoundRevision& found : search.revisions) {
      if (!text.empty()) text += '\n';
      text += paragraph(found, printable(ref), search.shallow);
      if (found.where == Where::kInRef) text += applied_text(applied, found.revision);
      if (const auto* own = operations_of(found, operations)) text += text_of(*own, judged.live);
    }
    if (const std::string summary = operations_summary(judged, said); !summary.empty()) {
      text += '\n' + summary;
      if (judged.live.asked) text += applied_summary(applied);
    }
  }
  write_fully(1, text);
  return std::max(exit_code(search), gated(judged, applied, gate));
}

}  // namespace drift::cli
