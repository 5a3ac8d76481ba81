#include "drift/check/schema_reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <utility>

#include "drift/base/likely_secrets.h"
#include "drift/base/printable.h"
#include "drift/base/stop.h"
#include "drift/base/text.h"
#include "drift/base/url.h"
#include "drift/check/check.h"
#include "drift/report/report.h"
#include "drift/schema/catalog/catalog_reader.h"
#include "drift/schema/catalog/function_health.h"
#include "drift/schema/catalog/function_snapshot.h"
#include "drift/schema/catalog/health_reader.h"
#include "drift/schema/catalog/own_function.h"
#include "drift/schema/comparison_text.h"
#include "drift/sql/postgres.h"
#include "drift/verdict/findings.h"
#include "reporters/schema_archive.h"

namespace drift::check {
namespace {

using report::SchemaSection;
using std::chrono::milliseconds;

constexpr std::size_t kValueBytes = 500;
constexpr milliseconds kHealthTime{20'000};
constexpr const char* kNotAskedFor = "it was not asked for (--schema-expected)";

struct Expectation {
  report::SchemaExpectation expected;
  schema::Snapshot snapshot;
};

std::vector<std::string> distinct(std::vector<std::string> rows) {
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

report::SchemaExpectation expected_of(const char* from,
                                      const reporters::SchemaArchive::Found& found,
                                      std::optional<schema::Acceptance> acceptance) {
  report::SchemaExpectation expected;
  expected.from = from;
  expected.place = found.place;
  expected.version_rows = found.snapshot.header.version_rows.value_or(std::vector<std::string>{});
  expected.server_version_num = found.snapshot.header.server_version_num;
  expected.root = found.snapshot.root;
  expected.acceptance = std::move(acceptance);
  return expected;
}

// What is recorded for exactly these rows, else what was accepted and still holds. Nothing where
// there is neither, and then `missing` says so.
std::optional<Expectation> expectation(const SchemaQuestion& question,
                                       const std::vector<std::string>& rows, std::string& missing,
                                       const Stop& stop) {
  reporters::SchemaArchive archive =
      reporters::open_schemas(question.place, {}, question.aws->source());
  if (auto found = archive.recorded(rows, stop)) {
    auto expected = expected_of("recorded", *found, std::nullopt);
    return Expectation{std::move(expected), std::move(found->snapshot)};
  }
  missing = fmt::format("nothing is recorded for {} in {}", quoted(rows),
                        printable(redacted_url(question.place)));
  const auto given = archive.acceptance(question.target, rows, stop);
  if (!given) return std::nullopt;
  if (schema::state_of(*given, question.now) != schema::AcceptanceState::kInForce) {
    missing += fmt::format(", and what was {} has {}", schema::acceptance_in_words(*given),
                           given->withdrawn ? "been " + state_in_words(*given, question.now)
                                            : state_in_words(*given, question.now));
    return std::nullopt;
  }
  auto found = archive.accepted(*given, stop);
  auto expected = expected_of("accepted", found, given);
  return Expectation{std::move(expected), std::move(found.snapshot)};
}

struct Live {
  schema::Snapshot snapshot;
  std::string source;
};

// What is to be compared, where there is a way to it; else `because` says why there is none. Throws
// where it cannot be read.
using ReadLive = std::function<std::optional<Live>(std::string& because)>;

// Those that the verdict is about: the snapshot reads them anew.
void expect_rows(const Live& live, const std::vector<std::string>& rows) {
  const auto& version_rows = live.snapshot.header.version_rows;
  const auto read = distinct(version_rows.value_or(std::vector<std::string>{}));
  if (read == rows) return;
  throw Error{
      Fault::kSqlFailed,
      fmt::format("a deploy is in progress in {}: its version rows were {} and are {} now",
                  live.source, quoted(rows), read.empty() ? "not to be read" : quoted(read)),
      "run again when it has finished", true};
}

int weight(const schema::Finding& finding) {
  return finding.fails ? 2 : finding.severity == "warning" ? 1 : 0;
}

// What stands in a report is bounded, and holds no secret that shows by its name or shape.
std::string shown(const std::string& value) {
  return shortened(without_likely_secrets(value), kValueBytes);
}

void take_over(schema::Comparison comparison, SchemaAnswer& answer) {
  SchemaSection& section = answer.section;
  section.coverage = std::move(comparison.coverage);
  section.ignored = comparison.ignored.size();
  for (const std::string& warning : comparison.rule_warnings) answer.warnings.push_back(warning);
  for (schema::Finding& finding : comparison.findings) {
    finding.object = {};
    finding.expected = finding.expected.empty() ? "" : shown(finding.expected);
    finding.live = finding.live.empty() ? "" : shown(finding.live);
    ++(finding.fails                   ? section.failing
       : finding.severity == "warning" ? section.warnings
                                       : section.notes);
    if (finding.fails) answer.failing.push_back(finding);
  }
  std::stable_sort(comparison.findings.begin(), comparison.findings.end(),
                   [](const auto& a, const auto& b) { return weight(a) > weight(b); });
  if (comparison.findings.size() > report::kMostDifferences) {
    comparison.findings.resize(report::kMostDifferences);
  }
  section.differences = std::move(comparison.findings);
  std::vector<std::string> kinds;
  for (const auto& [kind, state] : section.coverage) {
    if (state == schema::kCompared || kind == schema::kVersionRows) continue;
    kinds.push_back(fmt::format("{} ({})", kind, printable(state)));
  }
  if (!kinds.empty()) {
    answer.warnings.push_back("the schema was compared in part: " + joined(kinds, "; "));
  }
}

void compare(const ReadLive& read_live, const SchemaQuestion& question, SchemaAnswer& answer,
             const Stop& stop) {
  std::string& because = answer.section.not_compared_because;
  const std::vector<std::string> rows = distinct(question.version_rows);
  if (question.tenants) {
    because = "each tenant has version rows of its own, and a snapshot is of one version table";
  } else if (rows.empty()) {
    because = "production has no version row to find a snapshot by";
  }
  if (question.tenants) {
    answer.warnings.push_back("the schema was not compared: " + because);
  }
  if (!because.empty()) return;
  std::optional<Expectation> found;
  {
    // A place that hangs must leave time to say so.
    const Stop part(stop.remaining() / 2, stop);
    found = expectation(question, rows, because, part);
  }
  if (!found) {
    answer.warnings.push_back(fmt::format(
        "the schema was not compared: {}; `schema-drift schema record` takes it from a database "
        "that was freshly upgraded to there",
        because));
    return;
  }
  because.clear();
  const std::optional<Live> live = read_live(because);
  if (!live) {
    answer.warnings.push_back("the schema was not compared: " + because);
    return;
  }
  expect_rows(*live, rows);
  schema::Comparison comparison =
      schema::compare(found->snapshot, live->snapshot, /*strict=*/false);
  answer.section.expected = std::move(found->expected);
  if (question.rules.at_ref) {
    answer.unjudged = {std::move(comparison), live->snapshot, question.now};
    return;
  }
  if (question.rules.read) {
    answer.section.rules = report::SchemaRulesUsed{question.rules.file, ""};
    schema::apply_rules(*question.rules.read, live->snapshot, question.now, comparison);
  }
  take_over(std::move(comparison), answer);
}

// Runs `body`; what it throws is handed to `fail`.
template <typename Body, typename Fail>
void guarded(Body body, Fail fail) {
  try {
    body();
  } catch (const Error& error) {
    fail(error);
  } catch (const std::exception& error) {
    fail(Error{Fault::kInternal, error.what(),
               "this is a defect of schema-drift: please report it"});
  }
}

// Compares where that was asked for; what keeps it from that becomes part of the answer.
void compare_guarded(const ReadLive& read_live, const SchemaQuestion& question,
                     SchemaAnswer& answer, const Stop& stop) {
  std::string& because = answer.section.not_compared_because;
  because = kNotAskedFor;
  if (question.place.empty()) return;
  because.clear();
  guarded([&] { compare(read_live, question, answer, stop); },
          [&](const Error& error) {
            because = error.what();
            answer.failure = error;
          });
}

}  // namespace

SchemaAnswer unread_schema(const SchemaQuestion& question, const Error& error) {
  SchemaAnswer answer;
  answer.section.health = schema::unchecked_health(error.what());
  answer.section.not_compared_because = kNotAskedFor;
  if (question.place.empty()) return answer;
  answer.section.not_compared_because = error.what();
  answer.failure = error;
  return answer;
}

SchemaAnswer read_schema_through(const aws::SessionSource& session, const std::string& function,
                                 const SchemaQuestion& question, const Stop& stop) {
  SchemaAnswer answer;
  guarded(
      [&] {
        const Stop part(std::min(kHealthTime, stop.remaining() / 3), stop);
        if (!question.own_api) {
          schema::function_does_not(function,
                                    "answers as another SQL API than schema-drift's, which alone "
                                    "tells the health of a schema");
        }
        answer.section.health = schema::function_health(session(), function, question.table, part);
      },
      [&](const Error& error) { answer.section.health = schema::unchecked_health(error.what()); });
  compare_guarded(
      [&](std::string& because) -> std::optional<Live> {
        std::string text;
        try {
          text = schema::snapshot_through_function(session(), function, question.table, stop);
        } catch (const Error& error) {
          if (error.fault != Fault::kUnsupported) throw;
          because = error.what();
          return {};
        }
        const std::string source = schema::function_in_words(function);
        return Live{schema::read_snapshot(std::move(text), source), source};
      },
      question, answer, stop);
  return answer;
}

SchemaAnswer read_schema(sql::Connection& connection, const SchemaQuestion& question,
                         const Stop& stop) {
  SchemaAnswer answer;
  SchemaSection& section = answer.section;
  // What the connection is of no more use after.
  Error lost{Fault::kTimedOut,
             fmt::format("{} did not answer within the time for it", connection.description()),
             "it may pass; a higher --timeout gives it more time"};
  guarded(
      [&] {
        const Stop part(std::min(kHealthTime, stop.remaining() / 3), stop);
        section.health = schema::read_health(connection, question.table, part);
      },
      [&](const Error& error) {
        section.health = schema::unchecked_health(error.what());
        lost = error;
      });
  if (!question.place.empty() && !connection.usable()) {
    section.not_compared_because = lost.what();
    answer.failure = lost;
    return answer;
  }
  compare_guarded(
      [&](std::string&) -> std::optional<Live> {
        schema::Catalog catalog = schema::read_catalog(connection, question.table, stop);
        std::string text = schema::snapshot_text(catalog.header, std::move(catalog.lines));
        return Live{schema::read_snapshot(std::move(text), connection.description()),
                    connection.description()};
      },
      question, answer, stop);
  return answer;
}

void judge_by_repository(SchemaAnswer& answer, const Codebase* codebase, const std::string& path) {
  SchemaAnswer::Unjudged judged = std::move(*answer.unjudged);
  answer.unjudged.reset();
  guarded(
      [&] {
        if (codebase == nullptr) {
          throw Error{Fault::kConfiguration,
                      fmt::format("its rules are {} of the repository, which could not be read",
                                  printable(path)),
                      "the report says why; or give the rules as a file on disk"};
        }
        const migrations::GitTree tree = codebase->repository.tree_at(codebase->commit.id);
        const auto rules = rules_in(tree, path);
        schema::apply_rules(*rules, judged.live, judged.now, judged.comparison);
        answer.section.rules = report::SchemaRulesUsed{path, tree.commit().id};
        take_over(std::move(judged.comparison), answer);
      },
      [&](const Error& error) {
        answer.section.expected.reset();
        answer.section.not_compared_because = error.what();
        answer.failure = error;
      });
}

void add_schema(report::Report& report, SchemaAnswer answer) {
  using verdict::Status;
  std::move(answer.warnings.begin(), answer.warnings.end(), std::back_inserter(report.warnings));
  std::vector<verdict::SchemaDifference> differences;
  for (const schema::Finding& finding : answer.failing) {
    differences.push_back(
        {finding_subject(finding), finding_sentence(finding), finding.fingerprint});
  }
  if (!differences.empty() && report.status != Status::kError) {
    verdict::find_schema_drift(differences, answer.section.expected->place, report.findings);
    if (report.status == Status::kSynced) report.status = Status::kSchemaDrift;
  }
  if (answer.failure && report.status == Status::kSynced) {
    report.status = Status::kError;
    report.failure = failure_of(*answer.failure, "schema");
    report.failure->message =
        fmt::format("the schema was not compared: {}", report.failure->message);
  } else if (answer.failure) {
    report.warnings.push_back(
        fmt::format("the schema was not compared: {}", answer.failure->what()));
  }
  report.schema = std::move(answer.section);
}

}  // namespace drift::check
