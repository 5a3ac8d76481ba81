#include "drift/sql_api/binding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "drift/base/error.h"
#include "drift/sql_api/reading.h"
#include "drift/sql_api/type_catalog.h"

namespace drift::sql_api {
namespace {

// Of the places of `text`; none where the server finds fault with it.
std::vector<ValueType> types_of_places(KeptConnection& kept, const std::string& text,
                                       const Request& request, const Stop& stop) {
  std::vector<std::uint32_t> oids;
  sql::Statement question{text, {}, nullptr, &oids};
  if (read(kept, {question}, {request.row_security, request.timeout}, stop)) return {};
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

}  // namespace

BoundStatement bind(KeptConnection& kept, const Request& request, const Stop& stop) {
  BoundStatement bound = bound_statement(request.sql, request.params);
  if (bound.depends_on_types()) {
    bound.take_types(types_of_places(kept, bound.text, request, stop));
  }
  return bound;
}

std::vector<BoundStatement> bind_runs(KeptConnection& kept, const Request& request,
                                      const Stop& stop) {
  std::vector<BoundStatement> runs;
  runs.reserve(request.params.items.size());
  for (const sql::JsonValue& params : request.params.items) {
    runs.push_back(bound_statement(request.sql, params));
  }
  const bool ask = std::any_of(runs.begin(), runs.end(),
                               [](const BoundStatement& run) { return run.depends_on_types(); });
  if (!ask) return runs;
  // One statement and as many values each time, so one text.
  const auto types = types_of_places(kept, runs.front().text, request, stop);
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
