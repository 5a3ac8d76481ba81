#include "drift/schema/folding.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "drift/schema/identifiers.h"

namespace drift::schema {
namespace {

// kind, schema, what it is on, name; and the state, so that a missing table takes no unexpected
// column along.
using Key = std::tuple<std::string, std::string, std::string, std::string, State>;

class Folder {
 public:
  Folder(const std::vector<Finding>& findings, const Parents& parents)
      : findings_(findings), parents_(parents) {
    for (const Finding& finding : findings) {
      keys_.insert({finding.kind, finding.schema, finding.on, finding.name, finding.state});
      if (finding.on.empty() && gone_or_new(finding)) {
        whole_.insert({finding.schema, finding.name, finding.state});
      }
    }
  }

  bool told_by_another(const Finding& finding) const {
    return in_schema(finding) || on_whole(finding) || of_constraint(finding) ||
           of_column(finding) || of_class(finding) || of_view(finding) || of_parent(finding) ||
           of_parents(finding);
  }

 private:
  static bool gone_or_new(const Finding& finding) {
    return finding.state == State::kMissing || finding.state == State::kUnexpected;
  }
  bool has(const std::string& kind, const std::string& schema, const std::string& on,
           const std::string& name, State state) const {
    return keys_.count({kind, schema, on, name, state}) > 0;
  }
  bool in_schema(const Finding& finding) const {
    return gone_or_new(finding) && !finding.schema.empty() &&
           has("schema", "", "", finding.schema, finding.state);
  }
  bool on_whole(const Finding& finding) const {
    return gone_or_new(finding) && !finding.on.empty() &&
           whole_.count({finding.schema, finding.on, finding.state}) > 0;
  }
  bool of_constraint(const Finding& finding) const {
    if (finding.kind != "index") return false;
    const std::string constraint(finding.object.structure("constraint"));
    if (constraint.empty()) return false;
    // A finding of kRenamed has the old name, and the object the new one's.
    if (finding.state == State::kRenamed) {
      return has("constraint", finding.schema, finding.on, finding.name, State::kRenamed);
    }
    const bool follows = finding.state != State::kChanged || finding.property == "keys" ||
                         finding.property == "include" || finding.property == "nulls_not_distinct";
    return follows && has("constraint", finding.schema, finding.on, constraint, finding.state);
  }
  bool of_column(const Finding& finding) const {
    if (finding.kind == "identity") {
      return has("column", finding.schema, finding.on, finding.name, finding.state) ||
             (gone_or_new(finding) &&
              has("column", finding.schema, finding.on, finding.name, State::kChanged));
    }
    if (finding.kind != "sequence" || !gone_or_new(finding)) return false;
    const std::string_view owner = finding.object.structure("owned_by");
    if (owner.empty()) return false;
    const std::vector<std::string> parts = name_parts(owner);
    if (parts.size() != 3) return false;
    return has("column", parts[0], parts[1], parts[2], finding.state) ||
           whole_.count({parts[0], parts[1], finding.state}) > 0;
  }
  bool of_class(const Finding& finding) const {
    return finding.kind == "operator family" &&
           has("operator class", finding.schema, finding.on, finding.name, finding.state);
  }
  bool of_view(const Finding& finding) const {
    if (finding.kind != "column") return false;
    return std::any_of(findings_.begin(), findings_.end(), [&](const Finding& other) {
      return (other.kind == "view" || other.kind == "materialized view") &&
             other.property == "definition" && other.schema == finding.schema &&
             other.name == finding.on;
    });
  }
  bool of_parents(const Finding& finding) const {
    return finding.property == "inherited" &&
           std::any_of(findings_.begin(), findings_.end(), [&](const Finding& other) {
             return other.property == "inherits" && other.schema == finding.schema &&
                    other.name == finding.on;
           });
  }
  // The same in a table that this one inherits from. Indexes have names of their own.
  bool of_parent(const Finding& finding) const {
    if (finding.on.empty() || finding.object.structure("inherited").empty()) return false;
    for (const auto& [schema, table] : parents_(finding.schema, finding.on)) {
      for (const Finding& other : findings_) {
        if (other.schema != schema || other.on != table || other.kind != finding.kind ||
            other.state != finding.state || other.property != finding.property ||
            other.expected != finding.expected || other.live != finding.live) {
          continue;
        }
        const bool same = finding.kind == "index"
                              ? other.object.structure("keys") == finding.object.structure("keys")
                              : other.name == finding.name && other.to == finding.to;
        if (same) return true;
      }
    }
    return false;
  }

  const std::vector<Finding>& findings_;
  const Parents& parents_;
  std::set<Key> keys_;
  std::set<std::tuple<std::string, std::string, State>> whole_;
};

}  // namespace

void fold(std::vector<Finding>& findings, const Parents& parents) {
  const Folder folder(findings, parents);
  std::vector<bool> told;
  for (const Finding& finding : findings) told.push_back(folder.told_by_another(finding));
  std::size_t at = 0;
  findings.erase(
      std::remove_if(findings.begin(), findings.end(), [&](const Finding&) { return told[at++]; }),
      findings.end());
}

}  // namespace drift::schema
