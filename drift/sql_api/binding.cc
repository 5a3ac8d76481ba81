#include "drift/sql_api/binding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "drift/base/error.h"
#include "drift/sql_api/reading.h"
#include "drift/sql_api/type_catalog.h"

namespace drift::sql_api {
namespace {

// Nothing where the server finds fault with the statement.
sql::Description description_of(KeptConnection& kept, const BoundStatement& statement,
                                const Request& request, const Stop& stop) {
  sql::Description description;
  sql::Statement question;
  question.text = statement.text;
  question.types = statement.value_types;
  question.describe = &description;
  if (read(kept, {question}, {request.row_security, request.timeout}, stop)) return {};
  return description;
}

std::vector<ValueType> types_of(KeptConnection& kept, const std::vector<std::uint32_t>& oids,
                                const Stop& stop) {
  std::vector<std::uint32_t> unknown;
  for (const std::uint32_t oid : oids) {
    if (!builtin_type(oid) && kept.types().count(oid) == 0) unknown.push_back(oid);
  }
  learn_types(kept.get(stop), kept.types(), unknown, stop);
  std::vector<ValueType> types;
  types.reserve(oids.size());
  for (const std::uint32_t oid : oids) {
    const auto builtin = builtin_type(oid);
    types.push_back(builtin ? *builtin : kept.types().at(oid));
  }
  return types;
}

// The DB proxy's callers wrote their statements for psycopg; an insert's are ours.
bool is_of_psycopg(const Request& request) {
  return request.envelope == Envelope::kProxy && request.action != Action::kInsert;
}

}  // namespace

std::string name_of(const BoundStatement& statement) {
  return statement.value_types.empty()
             ? statement.text
             : fmt::format("{}\n{}", statement.text, fmt::join(statement.value_types, ","));
}

BoundRequest bind(KeptConnection& kept, const Request& request, bool wants_columns,
                  bool may_remember, const Stop& stop) {
  BoundRequest bound;
  const bool by_value = is_of_psycopg(request);
  bound.statement = bound_statement(request.sql, request.params, by_value);
  if (by_value) bound.statement.type_by_value();
  const bool wants_types = !by_value && bound.statement.depends_on_types();
  if (!wants_types && !wants_columns) return bound;
  const std::string name = name_of(bound.statement);
  const sql::Description* known = may_remember ? kept.descriptions().find(name) : nullptr;
  bound.remembered = known != nullptr;
  bound.description =
      bound.remembered ? *known : description_of(kept, bound.statement, request, stop);
  // Of a statement that the server finds fault with nothing is known.
  if (may_remember && !bound.remembered && !bound.description.columns.empty()) {
    kept.descriptions().put(name, bound.description);
  }
  if (wants_types) {
    bound.statement.take_types(types_of(kept, bound.description.parameters, stop));
  }
  return bound;
}

std::vector<BoundStatement> bind_runs(KeptConnection& kept, const Request& request,
                                      const Stop& stop) {
  const bool by_value = is_of_psycopg(request);
  std::vector<BoundStatement> runs;
  runs.reserve(request.params.items.size());
  for (const sql::JsonValue& params : request.params.items) {
    runs.push_back(bound_statement(request.sql, params, by_value));
    if (by_value) runs.back().type_by_value();
  }
  const bool ask =
      !by_value && std::any_of(runs.begin(), runs.end(),
                               [](const BoundStatement& run) { return run.depends_on_types(); });
  if (!ask) return runs;
  // One statement and as many values each time, so one text.
  const auto types =
      types_of(kept, description_of(kept, runs.front(), request, stop).parameters, stop);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    try {
      runs[i].take_types(types);
    } catch (const Error& error) {
      throw Error{error.fault, fmt::format("run {} of {}: {}", i + 1, runs.size(), error.what()),
                  error.hint};
    }
  }
  return runs;
}

}  // namespace drift::sql_api
