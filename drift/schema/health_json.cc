#include "drift/schema/health_json.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "drift/sql/json_text.h"
#include "drift/sql/strict_json.h"

namespace drift::schema {
namespace {

using sql::JsonValue;
using Kind = JsonValue::Kind;

constexpr std::string_view kRead = "read";
constexpr std::string_view kNotChecked = "not checked: ";
constexpr std::size_t kMostSubjects = 100;

// The text of a member; nothing where there is none.
const std::string* text_in(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  return value != nullptr && value->is(Kind::kString) ? &value->text : nullptr;
}

bool is_known(const std::string& kind) {
  const auto& kinds = health_kinds();
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool is_severity(const std::string& word) {
  return word == "critical" || word == "warning" || word == "info";
}

bool is_fingerprint(const std::string& text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::optional<HealthFinding> finding_in(const JsonValue& object) {
  const std::string* kind = text_in(object, "kind");
  const std::string* severity = text_in(object, "severity");
  const std::string* fingerprint = text_in(object, "fingerprint");
  const std::string* message = text_in(object, "message");
  const std::string* action = text_in(object, "action");
  const JsonValue* subjects = object.find("subjects");
  if (kind == nullptr || severity == nullptr || fingerprint == nullptr || message == nullptr ||
      action == nullptr || subjects == nullptr || !subjects->is(Kind::kList)) {
    return std::nullopt;
  }
  if (!is_severity(*severity) || !is_fingerprint(*fingerprint)) return std::nullopt;
  HealthFinding finding{*kind, *severity, *fingerprint, *message, *action, {}};
  if (subjects->items.size() > kMostSubjects) return std::nullopt;
  for (const JsonValue& subject : subjects->items) {
    if (!subject.is(Kind::kString)) return std::nullopt;
    finding.subjects.push_back(subject.text);
  }
  return finding;
}

bool take_coverage(const JsonValue& coverage, Health& health) {
  for (const sql::JsonMember& member : coverage.members) {
    const std::string& state = member.value.text;
    if (!member.value.is(Kind::kString) || (state != kRead && !state.starts_with(kNotChecked))) {
      return false;
    }
    if (is_known(member.key)) health.coverage[member.key] = state;
  }
  return true;
}

bool take_counts(const JsonValue& counts, Health& health) {
  for (const sql::JsonMember& member : counts.members) {
    const std::string& digits = member.value.text;
    std::size_t count = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (!member.value.is(Kind::kNumber) || read.ec != std::errc{} ||
        read.ptr != digits.data() + digits.size()) {
      return false;
    }
    if (is_known(member.key)) health.counts[member.key] = count;
  }
  return true;
}

}  // namespace

std::string to_json(const Health& health) {
  sql::JsonObject coverage, counts;
  for (const auto& [kind, state] : health.coverage) coverage.add(kind, state);
  for (const auto& [kind, count] : health.counts) counts.add_json(kind, std::to_string(count));
  std::string findings;
  for (const HealthFinding& one : health.findings) {
    std::string subjects;
    for (const std::string& subject : one.subjects) {
      if (!subjects.empty()) subjects += ',';
      sql::append_json_string(subjects, subject);
    }
    if (!findings.empty()) findings += ',';
    findings += sql::JsonObject()
                    .add("kind", one.kind)
                    .add("severity", one.severity)
                    .add("fingerprint", one.fingerprint)
                    .add("message", one.message)
                    .add("action", one.action)
                    .add_json("subjects", "[" + subjects + "]")
                    .take();
  }
  return sql::JsonObject()
      .add_json("coverage", coverage.take())
      .add_json("counts", counts.take())
      .add_json("findings", "[" + findings + "]")
      .take();
}

std::optional<Health> read_health_json(const JsonValue& object) {
  const JsonValue* coverage = object.find("coverage");
  const JsonValue* counts = object.find("counts");
  const JsonValue* findings = object.find("findings");
  if (coverage == nullptr || !coverage->is(Kind::kObject) || counts == nullptr ||
      !counts->is(Kind::kObject) || findings == nullptr || !findings->is(Kind::kList)) {
    return std::nullopt;
  }
  Health health = unchecked_health("the function does not tell");
  if (!take_coverage(*coverage, health) || !take_counts(*counts, health)) return std::nullopt;
  if (findings->items.size() > health_kinds().size() * kHealthSingly) return std::nullopt;
  for (const JsonValue& item : findings->items) {
    std::optional<HealthFinding> finding = finding_in(item);
    if (!finding) return std::nullopt;
    if (is_known(finding->kind)) health.findings.push_back(std::move(*finding));
  }
  return health;
}

}  // namespace drift::schema
