#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "drift/schema/statements/definitions.h"
#include "drift/schema/statements/grants.h"
#include "drift/schema/statements/steps.h"
#include "drift/sql/sql_text.h"

namespace drift::schema {
namespace {

// "character varying(80)" as its name and its length; no length is -1.
std::pair<std::string_view, int> parts_of(std::string_view type) {
  const std::size_t open = type.find('(');
  if (open == std::string_view::npos) return {type, -1};
  int length = -1;
  std::from_chars(type.data() + open + 1, type.data() + type.size(), length);
  return {type.substr(0, open), length};
}

bool is_text(std::string_view name) { return name == "text" || name == "character varying"; }

// Whether each value of `from` is the same value in `to`.
bool keeps_values(std::string_view from, std::string_view to) {
  constexpr std::array<std::string_view, 4> kNumbers = {"smallint", "integer", "bigint", "numeric"};
  const auto rank = [&](std::string_view type) {
    return std::find(kNumbers.begin(), kNumbers.end(), type) - kNumbers.begin();
  };
  if (rank(from) < 4 && rank(to) < 4) return rank(from) <= rank(to);
  const auto [from_name, from_length] = parts_of(from);
  const auto [to_name, to_length] = parts_of(to);
  // What is too long for an ALTER without USING is an error, and nothing is cut off.
  if (is_text(from_name) && is_text(to_name)) return true;
  if (from_name == "numeric" && to == "numeric") return true;
  return from == "real" && to == "double precision";
}

class OneColumn {
 public:
  OneColumn(const Finding& finding, const Sides& sides)
      : finding_(finding),
        sides_(sides),
        table_(qualified(finding.schema, sides.table(finding))),
        column_(written_name(sides.column(finding))),
        should_(sides.expected.find("column", finding.schema, sides.table(finding),
                                    sides.column(finding))) {}

  Steps changed() const;
  Steps missing() const;
  Steps unexpected() const;

 private:
  std::string alter(std::string_view what) const {
    return fmt::format("ALTER TABLE {} ALTER COLUMN {} {}", table_, column_, what);
  }
  Steps one(std::string_view what, Phase phase = kColumns) const {
    return {step(phase, {alter(what)})};
  }
  Steps type() const;
  Steps not_null() const;
  Steps identity() const;
  Steps tuning() const;
  const Object* identity_of() const {
    return sides_.expected.find("identity", finding_.schema, sides_.table(finding_),
                                sides_.column(finding_));
  }

  const Finding& finding_;
  const Sides& sides_;
  const std::string table_, column_;
  const Object* should_;
};

Steps OneColumn::type() const {
  if (should_ == nullptr) return {without("the expected side does not have the column")};
  const std::string_view to = should_->structure("type");
  const Object* is = sides_.live.find("column", finding_.schema, finding_.on, finding_.name);
  const std::string_view from = is == nullptr ? "" : is->structure("type");
  const std::string_view collation = should_->structure("collation");
  std::string what = fmt::format("TYPE {}", to);
  if (!collation.empty()) what += fmt::format(" COLLATE {}", collation);
  const bool same = keeps_values(from, to) || from == to;
  if (!same) what += fmt::format(" USING {}::{}", column_, to);
  Step change = step(kColumns, {});
  change.key = fmt::format("type of {}.{}", table_, column_);
  // A default that was made for the other type may have no cast to this one.
  const std::string_view value = should_->structure("default");
  const bool other_default =
      !same && is != nullptr && (!is->structure("default").empty() || !value.empty());
  if (other_default) change.sql.push_back(alter("DROP DEFAULT"));
  change.sql.push_back(alter(what));
  if (other_default && !value.empty()) {
    change.sql.push_back(alter(fmt::format("SET DEFAULT {}", value)));
  }
  change.atomic = change.sql.size() > 1;
  if (!same) {
    change.removes =
        fmt::format("values of {} that {} cannot hold are rounded, cut off or refused", from, to);
  }
  change.notes.push_back("refused while a view, a rule or a policy uses the column");
  return {change};
}

// The table is read under a weak lock, in a transaction of its own: the last step finds the proof.
// https://www.postgresql.org/docs/15/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL
Steps OneColumn::not_null() const {
  if (finding_.expected.empty()) return one("DROP NOT NULL");
  const std::string proof = "schema_drift_" + finding_.fingerprint;
  Step set = step(
      kColumns,
      {fmt::format("ALTER TABLE {} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", table_,
                   proof, column_),
       fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {}", table_, proof), alter("SET NOT NULL"),
       fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", table_, proof)});
  set.notes.push_back("fails where a row has no value: fill those first");
  return {set};
}

Steps OneColumn::identity() const {
  if (finding_.expected.empty()) return one("DROP IDENTITY");
  const std::string how = finding_.expected == "always" ? "ALWAYS" : "BY DEFAULT";
  if (!finding_.live.empty()) return one(fmt::format("SET GENERATED {}", how));
  const Object* options = identity_of();
  Step add = step(
      kColumns,
      {alter(fmt::format(
          "ADD GENERATED {} AS IDENTITY{}", how,
          options == nullptr ? std::string() : fmt::format(" ({})", sequence_options(*options))))});
  add.notes.push_back("its sequence begins at its start: set it above the largest value there is");
  return {add};
}

Steps OneColumn::tuning() const {
  const std::string& property = finding_.property;
  const std::string& value = finding_.expected;
  if (property == "statistics")
    return one("SET STATISTICS " + (value.empty() ? "-1" : value), kTuning);
  if (property == "compression") {
    return one("SET COMPRESSION " + (value.empty() ? "default" : value), kTuning);
  }
  if (property == "options") {
    std::vector<std::string> sql;
    if (const auto set = options_to_set(value, finding_.live); !set.empty()) {
      sql.push_back(alter(fmt::format("SET ({})", set)));
    }
    if (const auto reset = options_to_reset(finding_.live, value); !reset.empty()) {
      sql.push_back(alter(fmt::format("RESET ({})", reset)));
    }
    return {step(kTuning, std::move(sql))};
  }
  if (property != "storage") return {without("nobody knows how this is set")};
  if (!value.empty()) return one("SET STORAGE " + value, kTuning);
  if (sides_.major() >= 16) return one("SET STORAGE DEFAULT", kTuning);
  const std::string_view type = parts_of(finding_.object.structure("type")).first;
  if (type.ends_with("[]") || is_text(type) || type == "jsonb" || type == "json" ||
      type == "bytea" || type == "character") {
    return one("SET STORAGE EXTENDED", kTuning);
  }
  if (type == "numeric") return one("SET STORAGE MAIN", kTuning);
  return {without(fmt::format("the default storage of {} is not known here", type))};
}

Steps OneColumn::changed() const {
  const std::string& property = finding_.property;
  if (finding_.facet == Facet::kTuning) return tuning();
  if (!finding_.object.structure("inherited").empty() && property != "default" &&
      property != "not_null") {
    return {follows("it comes from the table's parent")};
  }
  const std::string kind = sides_.live.kind_of(finding_.schema, finding_.on);
  const bool of_view = kind == "view" || kind == "materialized view";
  if (property == "default") {
    return one(finding_.expected.empty() ? std::string("DROP DEFAULT")
                                         : "SET DEFAULT " + finding_.expected);
  }
  if (of_view) return {follows("it follows from the query of its view")};
  if (property == "type" || property == "collation") return type();
  if (property == "not_null") return not_null();
  if (property == "identity") return identity();
  if (property == "generated") {
    if (finding_.expected.empty() && finding_.live.starts_with("stored")) {
      return one("DROP EXPRESSION");
    }
    const std::size_t colon = finding_.expected.find(": ");
    if (sides_.major() >= 17 && !finding_.live.empty() && colon != std::string::npos) {
      return one(fmt::format("SET EXPRESSION AS ({})", finding_.expected.substr(colon + 2)));
    }
    return {without("a column becomes a generated one only by being dropped and added again")};
  }
  if (property == "inherited") return {without("it tells where the column came from, and no more")};
  return {without("a snapshot does not hold the values of such options")};
}

Steps OneColumn::missing() const {
  if (!finding_.object.structure("inherited").empty()) {
    return {follows("it comes from the table's parent")};
  }
  const std::string kind = sides_.live.kind_of(finding_.schema, finding_.on);
  if (kind != "table") return {follows("it follows from what it is a column of")};
  const std::string table = sides_.table(finding_);
  const Object* whole = sides_.expected.find("table", finding_.schema, table);
  if (whole != nullptr && !whole->structure("of_type").empty()) {
    return {follows("it comes with the type of its table")};
  }
  Steps steps;
  for (const Object* sequence :
       sides_.expected.sequences_of(finding_.schema, table, finding_.name)) {
    if (sides_.live.find("sequence", sequence->schema, sequence->object) != nullptr) continue;
    for (Step& more : made_anew(*sequence, sides_)) steps.push_back(std::move(more));
  }
  Step add = step(kColumns, {fmt::format("ALTER TABLE {} ADD COLUMN {}", table_,
                                         column_definition(finding_.object, identity_of()))});
  const auto has = [&](std::string_view property) {
    return !finding_.object.structure(property).empty();
  };
  if (has("not_null") && !has("default") && !has("identity") && !has("generated")) {
    add.notes.push_back("fails where the table has rows: add it without NOT NULL, fill it, set it");
  }
  add.notes.push_back("the values that it once had are not to be had from here");
  steps.push_back(std::move(add));
  std::vector<std::string> more = said_of_new(finding_.object, sides_);
  if (!more.empty()) steps.push_back(step(kDescriptions, std::move(more)));
  for (const Property& property : finding_.object.properties) {
    if (property.facet != Facet::kTuning) continue;
    Finding tuning = finding_;
    tuning.state = State::kChanged;
    tuning.facet = Facet::kTuning;
    tuning.property = property.name;
    tuning.expected = property.value;
    tuning.live.clear();
    for (Step& one : OneColumn(tuning, sides_).tuning()) steps.push_back(std::move(one));
  }
  return steps;
}

Steps OneColumn::unexpected() const {
  if (!finding_.object.structure("inherited").empty()) {
    return {follows("it comes from the table's parent")};
  }
  const Object* whole = sides_.live.find("table", finding_.schema, finding_.on);
  if (whole == nullptr) return {follows("it follows from what it is a column of")};
  if (!whole->structure("of_type").empty()) return {follows("it comes with the type of its table")};
  return {removal(3, fmt::format("ALTER TABLE {} DROP COLUMN {}", table_, column_),
                  "the column and every value in it")};
}

}  // namespace

Steps column_steps(const Finding& finding, const Sides& sides) {
  const OneColumn column(finding, sides);
  if (finding.kind == "identity") {
    const std::string table = sides.table(finding);
    const Object* should = sides.expected.find("identity", finding.schema, table, finding.name);
    Object plain;
    // Each option of an identity is set by a SET of its own.
    std::string options = sequence_options(should == nullptr ? plain : *should);
    for (const std::string_view word : {"INCREMENT", "NO MINVALUE", "MINVALUE", "NO MAXVALUE",
                                        "MAXVALUE", "START", "CACHE", "NO CYCLE", "CYCLE"}) {
      for (std::size_t at = options.find(word); at != std::string::npos;
           at = options.find(word, at + word.size() + 4)) {
        const bool begins = at == 0 || options[at - 1] == ' ';
        const bool negated = at >= 3 && options.compare(at - 3, 3, "NO ") == 0;
        const bool set = at >= 4 && options.compare(at - 4, 4, "SET ") == 0;
        if (begins && !negated && !set) options.insert(at, "SET ");
      }
    }
    Step one = step(kColumns, {fmt::format("ALTER TABLE {} ALTER COLUMN {} {}",
                                           qualified(finding.schema, table),
                                           written_name(finding.name), options)});
    one.key = "identity of " + table + '.' + finding.name;
    return {one};
  }
  switch (finding.state) {
    case State::kMissing: return column.missing();
    case State::kUnexpected: return column.unexpected();
    case State::kChanged: return column.changed();
    case State::kRenamed: break;
  }
  if (!finding.object.structure("inherited").empty()) {
    return {follows("it comes from the table's parent")};
  }
  Step one = step(kRenames, {fmt::format("ALTER TABLE {} RENAME COLUMN {} TO {}",
                                         qualified(finding.schema, sides.table(finding)),
                                         written_name(finding.to), written_name(finding.name))});
  one.phase = kSchemas;  // behind the tables' own renames
  one.notes.push_back("whatever still uses the other name fails from then on");
  return {one};
}

}  // namespace drift::schema
