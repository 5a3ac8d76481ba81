#include <fmt/format.h>

#include "drift/schema/statements/definitions.h"
#include "drift/schema/statements/grants.h"
#include "drift/schema/statements/steps.h"

namespace drift::schema {
namespace {

// CONCURRENTLY is refused there, and USING INDEX.
bool is_partitioned(const Known& known, const std::string& schema, const std::string& table) {
  const Object* found = known.find("table", schema, table);
  return found != nullptr && !found->structure("partitioned_by").empty();
}

bool is_new(const Sides& sides, const std::string& schema, const std::string& table) {
  for (const auto& [live, expected] : sides.tables) {
    if (live.first == schema && expected == table) return false;
  }
  return sides.live.kind_of(schema, table).empty();
}

class OneIndex {
 public:
  OneIndex(const Finding& finding, const Sides& sides)
      : finding_(finding),
        sides_(sides),
        table_(sides.table(finding)),
        should_(sides.expected.find("index", finding.schema, table_, finding.name)) {}

  Steps changed() const;
  Steps missing() const;
  Steps recreated() const;
  bool concurrently() const {
    return !is_partitioned(sides_.live, finding_.schema, finding_.on) &&
           !is_partitioned(sides_.expected, finding_.schema, table_);
  }
  std::string name() const { return qualified(finding_.schema, finding_.name); }

 private:
  Steps tuning() const;

  const Finding& finding_;
  const Sides& sides_;
  const std::string table_;
  const Object* should_;
};

Steps OneIndex::missing() const {
  if (!finding_.object.structure("inherited").empty()) {
    return {follows("it comes with the index of the table that this is a part of")};
  }
  if (!finding_.object.structure("constraint").empty()) {
    return {follows("it comes with its constraint")};
  }
  const bool slowly = concurrently() && !is_new(sides_, finding_.schema, table_);
  Steps steps = {step(kIndexes, {create_index(finding_.object, slowly)})};
  if (slowly) {
    steps[0].notes.push_back("where it fails, an invalid index is left: drop that first");
  }
  std::vector<std::string> more = said_of_new(finding_.object, sides_);
  const std::string table = qualified(finding_.schema, table_);
  const auto is_set = [&](const char* what) {
    return !property_of(finding_.object, Facet::kTuning, what).empty();
  };
  if (is_set("clustered")) {
    more.push_back(fmt::format("ALTER TABLE {} CLUSTER ON {}", table, written_name(finding_.name)));
  }
  if (is_set("replica_identity")) {
    more.push_back(fmt::format("ALTER TABLE {} REPLICA IDENTITY USING INDEX {}", table,
                               written_name(finding_.name)));
  }
  if (!more.empty()) steps.push_back(step(kDescriptions, std::move(more)));
  return steps;
}

// The new one first, so that nothing is without an index meanwhile.
Steps OneIndex::recreated() const {
  if (should_ == nullptr) return {without("the expected side does not have it")};
  if (!should_->structure("constraint").empty() ||
      !finding_.object.structure("constraint").empty()) {
    return {without("it belongs to a constraint, on one side at least")};
  }
  if (!concurrently()) return {without("an index of a partitioned table is made anew by hand")};
  const std::string other = "schema_drift_" + finding_.fingerprint;
  Step one =
      step(kIndexes, {create_index(*should_, true, other), "DROP INDEX CONCURRENTLY " + name(),
                      fmt::format("ALTER INDEX {} RENAME TO {}", qualified(finding_.schema, other),
                                  written_name(finding_.name))});
  for (std::string& more : said_of_new(*should_, sides_)) {
    one.sql.push_back(std::move(more));
  }
  one.key = "index " + name();
  return {one};
}

Steps OneIndex::tuning() const {
  const std::string table = qualified(finding_.schema, table_);
  const std::string& value = finding_.expected;
  if (finding_.property == "options") {
    std::vector<std::string> sql;
    if (const auto set = options_to_set(value, finding_.live); !set.empty()) {
      sql.push_back(fmt::format("ALTER INDEX {} SET ({})", name(), set));
    }
    if (const auto reset = options_to_reset(finding_.live, value); !reset.empty()) {
      sql.push_back(fmt::format("ALTER INDEX {} RESET ({})", name(), reset));
    }
    return {step(kTuning, std::move(sql))};
  }
  if (finding_.property == "clustered") {
    return {step(kTuning, {value.empty() ? fmt::format("ALTER TABLE {} SET WITHOUT CLUSTER", table)
                                         : fmt::format("ALTER TABLE {} CLUSTER ON {}", table,
                                                       written_name(finding_.name))})};
  }
  if (finding_.property == "replica_identity") {
    if (value.empty()) return {follows("its table says what the replica identity is")};
    return {step(kTuning, {fmt::format("ALTER TABLE {} REPLICA IDENTITY USING INDEX {}", table,
                                       written_name(finding_.name))})};
  }
  return {step(kTuning, {fmt::format("ALTER INDEX {} SET TABLESPACE {}", name(),
                                     value.empty() ? "pg_default" : written_name(value))})};
}

Steps OneIndex::changed() const {
  if (finding_.facet == Facet::kTuning) return tuning();
  const std::string& property = finding_.property;
  if (property == "invalid" || property == "not_ready") {
    if (!finding_.expected.empty()) return {without("nobody makes an index invalid on purpose")};
    if (!concurrently()) return {without("the index of each part is made valid by itself")};
    Step one = step(kIndexes, {"REINDEX INDEX CONCURRENTLY " + name()});
    one.key = "index " + name();
    return {one};
  }
  if (property == "inherited") return {without("it tells where the index came from, and no more")};
  return recreated();
}

// A constraint that an index keeps.
bool has_index(std::string_view definition) {
  return definition.starts_with("PRIMARY KEY") || definition.starts_with("UNIQUE") ||
         definition.starts_with("EXCLUDE");
}

std::string deferral_of(std::string_view definition) {
  const std::size_t at = definition.rfind(" DEFERRABLE");
  return at == std::string_view::npos ? "" : std::string(definition.substr(at));
}

class OneConstraint {
 public:
  OneConstraint(const Finding& finding, const Sides& sides)
      : finding_(finding),
        sides_(sides),
        table_(sides.table(finding)),
        on_domain_((finding.state == State::kMissing ? sides.expected : sides.live)
                       .kind_of(finding.schema, finding.on) == "domain"),
        should_(sides.expected.find("constraint", finding.schema, table_, finding.name)) {}

  // `drop`: one of this name is there.
  Steps made(bool drop) const;
  Steps changed() const;
  std::string alter() const {
    return fmt::format("ALTER {} {}", on_domain_ ? "DOMAIN" : "TABLE",
                       qualified(finding_.schema, table_));
  }
  std::string name() const { return written_name(finding_.name); }

 private:
  Steps with_index(std::string_view definition, bool drop) const;

  const Finding& finding_;
  const Sides& sides_;
  const std::string table_;
  const bool on_domain_;
  const Object* should_;
};

// The index is built first, while everybody reads and writes, and the constraint takes it over.
Steps OneConstraint::with_index(std::string_view definition, bool drop) const {
  const Object* index = sides_.expected.find("index", finding_.schema, table_, finding_.name);
  const bool is_exclusion = definition.starts_with("EXCLUDE");
  const std::string replace = drop ? fmt::format("DROP CONSTRAINT {}, ", name()) : "";
  const bool slowly = !is_exclusion && index != nullptr &&
                      !is_partitioned(sides_.expected, finding_.schema, table_) &&
                      !is_new(sides_, finding_.schema, table_);
  if (!slowly) {
    return {step(kKeys,
                 {fmt::format("{} {}ADD CONSTRAINT {} {}", alter(), replace, name(), definition)})};
  }
  const std::string kind = definition.starts_with("PRIMARY") ? "PRIMARY KEY" : "UNIQUE";
  const std::string add =
      fmt::format("{} {}ADD CONSTRAINT {} {} USING INDEX ", alter(), replace, name(), kind);
  const Object* there = sides_.live.find("index", finding_.schema, finding_.on, finding_.name);
  // What is a plain index of that name already, only has to be taken over.
  if (!drop && there != nullptr && there->structure("constraint").empty() &&
      there->structure("keys") == index->structure("keys") && !there->structure("unique").empty()) {
    return {step(kKeys, {add + name() + deferral_of(definition)})};
  }
  const std::string other = "schema_drift_" + finding_.fingerprint;
  Step one =
      step(kKeys, {create_index(*index, true, other), add + other + deferral_of(definition)});
  one.notes.push_back("fails where rows are alike: an invalid index is left then, drop that");
  if (drop) one.notes.push_back("refused while a foreign key refers to it");
  return {one};
}

Steps OneConstraint::made(bool drop) const {
  const Object& object = should_ == nullptr ? finding_.object : *should_;
  if (!object.structure("inherited").empty()) {
    return {follows("it comes from the table's parent")};
  }
  const std::string_view definition = object.structure("definition");
  const bool valid = object.structure("not_validated").empty();
  Steps steps;
  if (has_index(definition)) {
    steps = with_index(definition, drop);
  } else {
    const bool foreign = definition.starts_with("FOREIGN KEY");
    const bool at_once = (foreign && is_partitioned(sides_.expected, finding_.schema, table_)) ||
                         (valid && is_new(sides_, finding_.schema, table_));
    const std::string add =
        fmt::format("ADD CONSTRAINT {} {}{}", name(), definition, at_once ? "" : " NOT VALID");
    std::vector<std::string> sql;
    if (drop && on_domain_) sql.push_back(fmt::format("{} DROP CONSTRAINT {}", alter(), name()));
    sql.push_back(drop && !on_domain_
                      ? fmt::format("{} DROP CONSTRAINT {}, {}", alter(), name(), add)
                      : fmt::format("{} {}", alter(), add));
    if (valid && !at_once) {
      sql.push_back(fmt::format("{} VALIDATE CONSTRAINT {}", alter(), name()));
    }
    steps = {step(foreign ? kForeignKeys : kChecks, std::move(sql))};
    if (valid) {
      steps[0].notes.push_back(
          "fails where a row is against it; from the first statement on new "
          "rows are not");
    }
  }
  steps[0].key = fmt::format("constraint {} of {}", name(), qualified(finding_.schema, table_));
  if (const auto comment = property_of(object, Facet::kComment, "comment"); !comment.empty()) {
    std::string one = comment_statement(object, comment);
    if (on_domain_) one.replace(one.find(" ON ", 11), 4, " ON DOMAIN ");
    steps.push_back(step(kDescriptions, {std::move(one)}));
  }
  return steps;
}

Steps OneConstraint::changed() const {
  if (finding_.property == "inherited") {
    return {without("it tells where the constraint came from, and no more")};
  }
  if (should_ == nullptr) return {without("the expected side does not have it")};
  const Object* is = sides_.live.find("constraint", finding_.schema, finding_.on, finding_.name);
  const bool same =
      is != nullptr && is->structure("definition") == should_->structure("definition");
  if (finding_.property == "not_validated" && same) {
    if (!finding_.expected.empty()) {
      return {without("every row was looked at, which is more than is expected")};
    }
    return {step(kChecks, {fmt::format("{} VALIDATE CONSTRAINT {}", alter(), name())})};
  }
  return made(true);
}

}  // namespace

Steps index_steps(const Finding& finding, const Sides& sides) {
  const OneIndex index(finding, sides);
  switch (finding.state) {
    case State::kMissing: return index.missing();
    case State::kChanged: return index.changed();
    case State::kRenamed:
      return {step(kRenames, {fmt::format("ALTER INDEX {} RENAME TO {}",
                                          qualified(finding.schema, finding.to),
                                          written_name(finding.name))})};
    case State::kUnexpected: break;
  }
  if (!finding.object.structure("inherited").empty()) {
    return {follows("it comes with the index of the table that this is a part of")};
  }
  return {removal(
      2, fmt::format("DROP INDEX {}{}", index.concurrently() ? "CONCURRENTLY " : "", index.name()),
      "what somebody made it for is slower then")};
}

Steps constraint_steps(const Finding& finding, const Sides& sides) {
  const OneConstraint constraint(finding, sides);
  switch (finding.state) {
    case State::kMissing: return constraint.made(false);
    case State::kChanged: return constraint.changed();
    case State::kRenamed: {
      // Behind the tables' renames.
      Step one = step(kSchemas, {fmt::format("{} RENAME CONSTRAINT {} TO {}", constraint.alter(),
                                             written_name(finding.to), constraint.name())});
      return {one};
    }
    case State::kUnexpected: break;
  }
  if (!finding.object.structure("inherited").empty()) {
    return {follows("it comes from the table's parent")};
  }
  return {removal(1, fmt::format("{} DROP CONSTRAINT {}", constraint.alter(), constraint.name()),
                  "rows against it are let in then")};
}

}  // namespace drift::schema
