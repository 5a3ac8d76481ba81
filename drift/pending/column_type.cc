#include "drift/pending/column_type.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace drift::pending {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 28> kNames = {{
    {"integer", "int4"},
    {"int", "int4"},
    {"bigint", "int8"},
    {"smallint", "int2"},
    {"real", "float4"},
    {"float", "float8"},
    {"double precision", "float8"},
    {"double", "float8"},
    {"decimal", "numeric"},
    {"boolean", "bool"},
    {"character varying", "varchar"},
    {"string", "varchar"},
    {"character", "bpchar"},
    {"char", "bpchar"},
    {"nchar", "bpchar"},
    {"nvarchar", "varchar"},
    {"datetime", "timestamp"},
    {"timestamp without time zone", "timestamp"},
    {"timestamp with time zone", "timestamptz"},
    {"time without time zone", "time"},
    {"time with time zone", "timetz"},
    {"largebinary", "bytea"},
    {"blob", "bytea"},
    {"bit varying", "varbit"},
    {"serial", "int4"},
    {"bigserial", "int8"},
    {"smallserial", "int2"},
    {"clob", "text"},
}};

constexpr std::array<std::string_view, 56> kPlain = {
    "int2",      "int4",      "int8",     "float4",    "float8",      "numeric",  "bool",
    "varchar",   "bpchar",    "text",     "timestamp", "timestamptz", "date",     "time",
    "timetz",    "interval",  "bytea",    "json",      "jsonb",       "uuid",     "inet",
    "cidr",      "macaddr",   "macaddr8", "bit",       "varbit",      "tsvector", "tsquery",
    "hstore",    "citext",    "oid",      "money",     "xml",         "point",    "line",
    "lseg",      "box",       "path",     "polygon",   "circle",      "geometry", "geography",
    "vector",    "halfvec",   "ltree",    "int4range", "int8range",   "numrange", "tsrange",
    "tstzrange", "daterange", "regclass", "pg_lsn",    "name",        "cube",     "sparsevec"};

bool is_text(const std::string& name) { return name == "text" || name == "varchar"; }

// 0 stands for "no limit".
int first(const ColumnType& type) { return type.modifier.empty() ? 0 : type.modifier[0]; }

// Of timestamp, timestamptz, time, timetz: 6 digits where none are written.
int digits(const ColumnType& type) { return type.modifier.empty() ? 6 : type.modifier[0]; }

}  // namespace

std::string type_name(const std::string& written) {
  for (const auto& [name, internal] : kNames) {
    if (written == name) return std::string(internal);
  }
  return written;
}

bool is_plain_type(const std::string& name) {
  return std::find(kPlain.begin(), kPlain.end(), name) != kPlain.end();
}

bool depends_on_time_zone(const ColumnType& from, const ColumnType& to) {
  return !from.array && !to.array &&
         ((from.name == "timestamp" && to.name == "timestamptz") ||
          (from.name == "timestamptz" && to.name == "timestamp"));
}

std::optional<bool> rewritten_by(const ColumnType& from, const ColumnType& to, int server_version) {
  if (!from.known() || !to.known()) return std::nullopt;
  if (to.checked_domain) return true;
  if (from.array || to.array) {
    return from.array != to.array || from.name != to.name || from.modifier != to.modifier;
  }
  if (is_text(from.name) && is_text(to.name)) {
    const int before = from.name == "text" ? 0 : first(from);
    const int after = to.name == "text" ? 0 : first(to);
    return after != 0 && (before == 0 || after < before);
  }
  if (from.name != to.name) {
    if (from.name == "cidr" && to.name == "inet") return false;
    if (depends_on_time_zone(from, to)) {
      return server_version < 12 || digits(to) < digits(from);
    }
    if (from.name == "varbit" || from.name == "bit") return true;
    // citext and text are one on the disk.
    if (from.name == "citext" && is_text(to.name)) return to.name == "varchar" && first(to) != 0;
    if (from.name == "varchar" && to.name == "citext") return false;
    if (from.name == "text" && to.name == "citext") return false;
    return true;
  }
  const std::string& name = from.name;
  if (name == "numeric") {
    if (to.modifier.empty()) return false;
    if (from.modifier.empty()) return true;
    const auto scale = [](const ColumnType& type) {
      return type.modifier.size() > 1 ? type.modifier[1] : 0;
    };
    return scale(from) != scale(to) || first(to) < first(from);
  }
  if (name == "timestamp" || name == "timestamptz" || name == "time" || name == "timetz") {
    return digits(to) < digits(from);
  }
  if (name == "interval") {
    if (to.modifier.size() == from.modifier.size() && to.modifier == from.modifier) return false;
    if (to.modifier.empty()) return false;
    if (from.modifier.empty()) return true;
    return to.modifier.back() < from.modifier.back();
  }
  if (name == "varbit") return first(to) != 0 && (first(from) == 0 || first(to) < first(from));
  // char(n) and bit(n) are padded to n; char is char(1).
  if (name == "bpchar" || name == "bit") return std::max(first(from), 1) != std::max(first(to), 1);
  return from.modifier != to.modifier;
}

}  // namespace drift::pending
