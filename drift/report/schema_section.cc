#include "drift/report/schema_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/schema/comparison_text.h"
#include "drift/schema/snapshot.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(valid_utf8(text));
}

Json by_kind(const std::map<std::string, std::string>& coverage) {
  Json object = Json::object();
  for (const auto& [kind, state] : coverage) object[kind] = valid_utf8(state);
  return object;
}

Json expected_json(const SchemaExpectation& expected) {
  Json object;
  object["from"] = expected.from;
  object["place"] = valid_utf8(expected.place);
  object["version_rows"] = Json::array();
  for (const std::string& row : expected.version_rows) {
    object["version_rows"].push_back(valid_utf8(row));
  }
  object["server_version_num"] = expected.server_version_num;
  object["root"] = expected.root;
  object["accepted"] = nullptr;
  if (expected.acceptance) {
    const schema::Acceptance& given = *expected.acceptance;
    object["accepted"] = {{"at", rfc3339(given.at)},
                          {"by", valid_utf8(given.by)},
                          {"reason", valid_utf8(given.reason)},
                          {"until", given.until ? Json(rfc3339(*given.until)) : Json(nullptr)}};
  }
  return object;
}

Json health_json(const schema::Health& health) {
  Json object;
  object["coverage"] = by_kind(health.coverage);
  object["counts"] = Json::object();
  for (const auto& [kind, count] : health.counts) object["counts"][kind] = count;
  object["findings"] = Json::array();
  for (const schema::HealthFinding& finding : health.findings) {
    Json subjects = Json::array();
    for (const std::string& subject : finding.subjects) subjects.push_back(valid_utf8(subject));
    object["findings"].push_back({{"kind", finding.kind},
                                  {"severity", finding.severity},
                                  {"fingerprint", finding.fingerprint},
                                  {"message", valid_utf8(finding.message)},
                                  {"action", valid_utf8(finding.action)},
                                  {"subjects", std::move(subjects)}});
  }
  return object;
}

}  // namespace

std::size_t SchemaSection::kinds_not_compared() const {
  return static_cast<std::size_t>(
      std::count_if(coverage.begin(), coverage.end(), [](const auto& one) {
        return one.second != schema::kCompared && one.first != schema::kViewDefinition &&
               one.first != schema::kVersionRows;
      }));
}

std::optional<std::size_t> health_findings(const SchemaSection& section) {
  const auto& coverage = section.health.coverage;
  const bool any = std::any_of(coverage.begin(), coverage.end(),
                               [](const auto& one) { return one.second == schema::kRead; });
  if (!any) return std::nullopt;
  std::size_t all = 0;
  for (const auto& [kind, count] : section.health.counts) all += count;
  return all;
}

std::string in_words(const SchemaSection& section) {
  if (!section.expected) return "not compared: " + section.not_compared_because;
  const SchemaExpectation& expected = *section.expected;
  std::string text =
      expected.acceptance
          ? fmt::format("compared with production as it was {} ({})",
                        schema::acceptance_in_words(*expected.acceptance),
                        printable(expected.place))
          : fmt::format("compared with what was recorded at {}", printable(expected.place));
  const std::size_t others = section.warnings + section.notes;
  text += section.failing > 0 ? fmt::format(": {}", counted(section.failing, "difference"))
          : section.kinds_not_compared() > 0 ? ": no difference in what was compared"
                                             : ": no difference";
  if (section.failing == 0 && others > 0) text += " that fails";
  if (others > 0) text += fmt::format(", and {} that {} not", others, others == 1 ? "does" : "do");
  if (section.ignored > 0) text += fmt::format("; {} ignored by rules", section.ignored);
  if (section.rules && !section.rules->commit.empty()) {
    text += fmt::format("; rules: {} at {}", printable(section.rules->file),
                        section.rules->commit.substr(0, 12));
  }
  if (const std::size_t kinds = section.kinds_not_compared(); kinds > 0) {
    text += fmt::format("; {} not compared", counted(kinds, "kind of thing", "kinds of things"));
  }
  return text;
}

std::string to_json(const SchemaSection& section) {
  Json object;
  object["compared"] = section.compared();
  object["not_compared_because"] = text_or_null(section.not_compared_because);
  object["expected"] = section.expected ? expected_json(*section.expected) : Json(nullptr);
  object["rules"] = nullptr;
  if (section.rules) {
    object["rules"] = {{"file", valid_utf8(section.rules->file)},
                       {"commit", text_or_null(section.rules->commit)}};
  }
  object["coverage"] = by_kind(section.coverage);
  object["counts"] = {{"failing", section.failing},
                      {"warning", section.warnings},
                      {"info", section.notes},
                      {"ignored", section.ignored}};
  object["differences"] = Json::array();
  for (const schema::Finding& finding : section.differences) {
    object["differences"].push_back(Json::parse(schema::finding_json(finding)));
  }
  object["health"] = health_json(section.health);
  return object.dump();
}

}  // namespace drift::report
