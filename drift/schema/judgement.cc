#include "drift/schema/judgement.h"

#include <array>
#include <string_view>

namespace drift::schema {
namespace {

struct Reason {
  std::string why;
  bool drift = true;  // for a person to know; else no drift at all
};

constexpr std::string_view kPrivilegesOf = "privileges of ";

bool is_partition(const Object& object) { return !object.structure("partition_bound").empty(); }

Reason reason_of_privilege(const Finding& finding, const std::set<std::string>& known_roles) {
  if (finding.kind == "default privileges")
    return {"default privileges differ by environment", false};
  if (finding.kind == "schema" && finding.name == "public") {
    return {"the privileges of schema public differ by version and provider", false};
  }
  const std::string role = finding.property.size() > kPrivilegesOf.size()
                               ? finding.property.substr(kPrivilegesOf.size())
                               : "";
  if (role != "PUBLIC" && role != "@owner" && known_roles.count(role) == 0) {
    return {"the expected side names no such role", false};
  }
  return {};
}

Reason reason_of_tuning(const Finding& finding) {
  if (finding.property == "tablespace") return {"tablespaces differ by environment", false};
  if (finding.property == "version") return {"versions of extensions differ by server", false};
  return {"a setting of storage, statistics or replication"};
}

Reason reason_of_structure(const Finding& finding) {
  const bool unexpected = finding.state == State::kUnexpected;
  const std::string& kind = finding.kind;
  if (kind == "publication" || kind == "subscription")
    return {"replication is set up by operations"};
  if (kind == "statistics") return {"statistics objects change plans, not results"};
  if (kind == "default privileges") return {"default privileges differ by environment", false};
  if (finding.property == "inherited") {
    return {"whether it came from a parent or was there before", false};
  }
  if (kind == "index" && unexpected && finding.object.structure("unique").empty()) {
    return {"an index made by hand"};
  }
  if (kind == "index" && finding.state == State::kRenamed &&
      !finding.object.structure("inherited").empty()) {
    return {"the name of a partition's index", false};
  }
  if (unexpected && kind == "schema") return {"one more schema"};
  if (unexpected && kind == "extension") return {"one more extension"};
  if (kind == "table" && is_partition(finding.object)) {
    if (unexpected) return {"a partition that nobody declared", false};
    if (finding.state == State::kMissing) return {"a partition that retention may have dropped"};
  }
  return {};
}

Reason reason_of(const Finding& finding, const std::set<std::string>& known_roles) {
  switch (finding.facet) {
    case Facet::kOwner: return {"owners differ by environment", false};
    case Facet::kPrivilege: return reason_of_privilege(finding, known_roles);
    case Facet::kComment: return {"a comment"};
    case Facet::kTuning: return reason_of_tuning(finding);
    case Facet::kStructure: break;
  }
  return reason_of_structure(finding);
}

}  // namespace

void judge(std::vector<Finding>& findings, const std::set<std::string>& known_roles, bool strict) {
  for (Finding& finding : findings) {
    const Reason reason = strict ? Reason{} : reason_of(finding, known_roles);
    finding.fails = reason.why.empty();
    finding.why_not_failing = reason.why;
    finding.severity = finding.fails ? "critical" : reason.drift ? "warning" : "info";
  }
}

}  // namespace drift::schema
