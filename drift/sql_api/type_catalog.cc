#include "drift/sql_api/type_catalog.h"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include "drift/base/error.h"
#include "drift/base/stop.h"

namespace drift::sql_api {
namespace {

using sql::Cell;

// Domains are followed to what is below them, and so are those that an array holds. Trusts no
// search_path, as in drift/production/version_catalog.cc.
constexpr const char* kTypes = R"(
WITH RECURSIVE below(asked, oid, next) AS (
  SELECT t.oid, t.oid, t.typbasetype
  FROM pg_catalog.pg_type AS t
  WHERE t.oid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])
  UNION ALL
  SELECT below.asked, t.oid, t.typbasetype
  FROM below
  JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) below.next
), element(asked, oid, next, delimiter) AS (
  SELECT below.asked, e.oid, e.typbasetype, e.typdelim
  FROM below
  JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) below.oid
  JOIN pg_catalog.pg_type AS e ON e.oid OPERATOR(pg_catalog.=) t.typelem
  WHERE below.next OPERATOR(pg_catalog.=) 0::pg_catalog.oid
    AND t.typoutput::pg_catalog.oid OPERATOR(pg_catalog.=)
        'pg_catalog.array_out'::pg_catalog.regproc::pg_catalog.oid
  UNION ALL
  SELECT element.asked, t.oid, t.typbasetype, element.delimiter
  FROM element
  JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) element.next
)
SELECT t.oid,
       CASE WHEN n.nspname OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.name THEN ''
            ELSE pg_catalog.concat(pg_catalog.quote_ident(n.nspname::pg_catalog.text), '.') END,
       pg_catalog.quote_ident(CASE WHEN t.typtype OPERATOR(pg_catalog.=) 'b'::"char"
                                    AND element.oid IS NOT NULL THEN e.typname
                                   ELSE t.typname END::pg_catalog.text),
       t.typtype OPERATOR(pg_catalog.=) 'b'::"char",
       below.oid, element.oid, element.delimiter
FROM pg_catalog.pg_type AS t
JOIN below ON below.asked OPERATOR(pg_catalog.=) t.oid
     AND below.next OPERATOR(pg_catalog.=) 0::pg_catalog.oid
LEFT JOIN pg_catalog.pg_type AS e ON e.oid OPERATOR(pg_catalog.=) t.typelem
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) t.typnamespace
LEFT JOIN element ON element.asked OPERATOR(pg_catalog.=) t.oid
     AND element.next OPERATOR(pg_catalog.=) 0::pg_catalog.oid)";

std::uint32_t oid_of(const Cell& cell) {
  std::uint32_t oid = 0;
  if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), oid);
  return oid;
}

class TypeSink : public sql::RowSink {
 public:
  explicit TypeSink(TypeCache& types) : types_(types) {}
  void columns(const std::vector<sql::Column>&) override {}
  sql::Wanted row(const std::vector<Cell>& row) override {
    const bool is_array = row[5].has_value(), is_domain = row[3] != "t";
    ValueType type;
    if (const auto below = builtin_type(oid_of(row[4]))) type = *below;
    if (is_array) {
      type.is_array = true;
      if (row[6] && !row[6]->empty()) type.delimiter = row[6]->front();
      const auto element = builtin_type(oid_of(row[5]));
      if (element && !element->is_array) type.notation = element->notation;
    }
    type.name = fmt::format("{}{}{}", row[1].value_or(""), row[2].value_or(""),
                            is_array && !is_domain ? "[]" : "");
    types_[oid_of(row[0])] = type;
    return sql::Wanted::kMore;
  }

 private:
  TypeCache& types_;
};

}  // namespace

void learn_types(sql::Connection& connection, TypeCache& types,
                 const std::vector<std::uint32_t>& oids, const Stop& stop) {
  if (oids.empty()) return;
  TypeSink sink(types);
  const sql::Group ask = {{kTypes, {fmt::format("{{{}}}", fmt::join(oids, ","))}, &sink}};
  const auto error = connection.run({ask}, stop).front().error;
  if (error) {
    throw Error{Fault::kSqlFailed, "cannot read the types from the catalog: " + error->message};
  }
  // Dropped since: the values are here, only the name is not.
  for (const std::uint32_t oid : oids) {
    if (types.count(oid) == 0) types[oid].name = fmt::format("{}", oid);
  }
}

}  // namespace drift::sql_api
