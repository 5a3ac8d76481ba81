#include "drift/schema/catalog/query_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "drift/base/error.h"
#include "drift/base/stop.h"
#include "drift/base/text.h"
#include "drift/schema/catalog/catalog_queries.h"
#include "drift/schema/catalog/line_sink.h"
#include "drift/schema/catalog/query_parts.h"
#include "drift/schema/catalog/version_rows.h"
#include "drift/sql/sql_source.h"
#include "drift/sql/strict_json.h"

namespace drift::schema {
namespace {

constexpr int kTries = 3;
// A row is some hundred bytes, and an answer at most 6 MB of Lambda's.
constexpr std::size_t kRowsOfAnswer = 5'000;
constexpr std::string_view kQuestionMark = "$schema_drift$";

// Of attributes, and of everything else that there may be many of.
constexpr const char* kCounts = R"(
SELECT (SELECT count(*) FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0) AS attributes,
  (SELECT count(*) FROM pg_class WHERE oid >= 16384) +
  (SELECT count(*) FROM pg_constraint WHERE oid >= 16384) +
  (SELECT count(*) FROM pg_proc WHERE oid >= 16384) AS others)";

struct Answer {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

class Reading {
 public:
  Reading(sql::SqlSource& source, const Stop& stop) : source_(source), stop_(stop) {}

  // Nothing where the catalog moved meanwhile.
  std::optional<Catalog> attempt();

 private:
  // Or why there is none.
  std::variant<Answer, std::string> ask(const std::string& question, std::size_t part,
                                        std::size_t parts);
  std::string one_value(const std::string& question, std::size_t column = 0);
  void read(const CatalogQuery& query, std::size_t parts);
  [[noreturn]] void gives_none(const std::string& why) const {
    throw Error{Fault::kUnsupported,
                fmt::format("{} cannot be asked for its catalog: {}", source_.description(), why),
                "schema-drift's own SQL API gives snapshots: docs/sql-api.md; or give the "
                "database's own URL"};
  }

  sql::SqlSource& source_;
  const Stop& stop_;
  ExtensionMembers members_;
  Catalog catalog_;
  std::string refused_;  // the first reason
};

// The columns that any row has; the values in their order.
Answer answer_of(const sql::JsonValue& rows) {
  Answer answer;
  std::set<std::string> names;
  for (const sql::JsonValue& row : rows.items) {
    for (const auto& [key, value] : row.members) names.insert(key);
  }
  answer.columns.assign(names.begin(), names.end());
  for (const sql::JsonValue& row : rows.items) {
    auto& values = answer.rows.emplace_back();
    for (const std::string& name : answer.columns) {
      const sql::JsonValue* value = row.find_set(name);
      values.push_back(value == nullptr ? std::nullopt : std::optional(value->text));
    }
  }
  return answer;
}

std::variant<Answer, std::string> Reading::ask(const std::string& question, std::size_t part,
                                               std::size_t parts) {
  stop_.check("reading the schema");
  std::variant<sql::ResultSet, sql::SqlFailure> result;
  try {
    result = source_.query(wrapped_question(question, part, parts));
  } catch (const Error& error) {
    if (error.fault != Fault::kSqlApiFailed && error.fault != Fault::kTooManyRows) throw;
    return std::string(error.what());
  }
  if (const auto* failure = std::get_if<sql::SqlFailure>(&result)) return failure->message;
  const auto& rows = std::get<sql::ResultSet>(result).rows;
  if (rows.size() != 1 || rows[0].size() != 1 || !rows[0][0]) return "it answered another thing";
  const auto read = sql::read_json(unwrapped_answer(*rows[0][0]));
  const auto* document = std::get_if<sql::JsonValue>(&read);
  const sql::JsonValue* path = document == nullptr ? nullptr : document->find("path");
  const sql::JsonValue* all = document == nullptr ? nullptr : document->find("rows");
  if (path == nullptr || all == nullptr) return "it answered another thing";
  if (!path->text.empty()) return "it lets no query set its search_path";
  return answer_of(*all);
}

void hand_over(const Answer& answer, sql::RowSink& sink) {
  std::vector<sql::Column> columns;
  for (const std::string& name : answer.columns) columns.push_back({name});
  sink.columns(columns);
  for (const auto& row : answer.rows) {
    std::vector<sql::Cell> cells;
    for (const auto& value : row) cells.emplace_back(value);
    sink.row(cells);
  }
}

std::string Reading::one_value(const std::string& question, std::size_t column) {
  const auto answer = ask(question, 0, 1);
  if (const auto* why = std::get_if<std::string>(&answer)) gives_none(*why);
  const auto& rows = std::get<Answer>(answer).rows;
  if (rows.size() != 1 || rows[0].size() <= column) gives_none("it answered another thing");
  return rows[0][column].value_or("");
}

void Reading::read(const CatalogQuery& query, std::size_t parts) {
  const std::size_t before = catalog_.lines.size();
  std::string why;
  for (std::size_t part = 0; part < parts && why.empty(); ++part) {
    const auto answer = ask(query.sql, part, parts);
    if (const auto* refusal = std::get_if<std::string>(&answer)) {
      why = *refusal;
    } else if (!std::get<Answer>(answer).rows.empty()) {
      LineSink sink(query, members_, catalog_.lines);
      hand_over(std::get<Answer>(answer), sink);
    }
  }
  if (!why.empty()) {
    catalog_.lines.resize(before);
    if (refused_.empty()) refused_ = why;
  }
  for (const std::string& kind : query.kinds) {
    catalog_.header.coverage[kind] = why.empty() ? std::string(kRead) : "not checked: " + why;
  }
}

std::size_t number(const std::string& digits) {
  std::size_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::optional<Catalog> Reading::attempt() {
  const int version =
      static_cast<int>(number(one_value("SELECT current_setting('server_version_num') AS v")));
  if (version < kOldestServer) {
    throw Error{
        Fault::kUnsupported,
        fmt::format("{} is PostgreSQL {}, and the schemas of PostgreSQL 13 and later are read",
                    source_.description(), version / 10'000),
        ""};
  }
  catalog_.header.server_version_num = version;
  const std::string fingerprint = fmt::format("SELECT ({}) AS v", kFingerprint);
  const std::string before = one_value(fingerprint);
  // Of an empty answer there are no columns; of this one there always are two.
  const std::size_t attributes = number(one_value(kCounts, 0));
  const std::size_t others = number(one_value(kCounts, 1));
  const auto members = ask(ExtensionMembers::kQuery, 0, 1);
  if (const auto* why = std::get_if<std::string>(&members)) gives_none(*why);
  hand_over(std::get<Answer>(members), members_);
  for (const CatalogQuery& query : catalog_queries(version)) {
    const bool of_columns = query.kinds.front() == "column";
    read(query, 1 + (of_columns ? attributes : others) / kRowsOfAnswer);
  }
  const auto& coverage = catalog_.header.coverage;
  if (std::none_of(coverage.begin(), coverage.end(),
                   [](const auto& one) { return one.second == kRead; })) {
    gives_none(refused_);
  }
  if (one_value(fingerprint) != before) return {};
  return std::move(catalog_);
}

}  // namespace

// query_to_xml runs a query that is given as text, once its arguments were evaluated: what
// set_config sets there holds for it, wherever a planner would put it in a larger query. JSON
// within it, because a row of XML has no way to tell NULL from nothing in few bytes.
// https://www.postgresql.org/docs/15/functions-xml.html#FUNCTIONS-XML-MAPPING
std::string wrapped_question(const std::string& sql, std::size_t part, std::size_t parts) {
  const std::string share =
      parts <= 1
          ? ""
          : fmt::format(
                " WHERE (hashtext(coalesce(q.schema::text, '') || '.' || coalesce(q.object::text, "
                "'')) & 2147483647) % {} = {}",
                parts, part);
  return fmt::format(
      "SELECT pg_catalog.query_to_xml(pg_catalog.left(pg_catalog.concat("
      "pg_catalog.set_config('search_path', '', true),"
      "pg_catalog.set_config('quote_all_identifiers', 'off', true),"
      "pg_catalog.set_config('lock_timeout', '1000', true),"
      "pg_catalog.set_config('jit', 'off', true),"
      "pg_catalog.set_config('DateStyle', 'ISO, YMD', true),"
      "pg_catalog.set_config('TimeZone', 'UTC', true),"
      "pg_catalog.set_config('IntervalStyle', 'iso_8601', true),"
      "pg_catalog.set_config('bytea_output', 'hex', true),"
      "pg_catalog.set_config('extra_float_digits', '1', true)), 0) || {0}"
      "SELECT json_build_object('path', current_setting('search_path'), 'rows', "
      "coalesce(json_agg(json_strip_nulls(to_json(q))), '[]'::json)) AS j FROM ({1}) q{2}"
      "{0}, true, false, '')::text AS answer",
      kQuestionMark, sql, share);
}

std::string unwrapped_answer(const std::string& xml) {
  constexpr std::string_view kBegin = "<j>";
  const std::size_t begin = xml.find(kBegin);
  const std::size_t end = xml.rfind("</j>");
  if (begin == std::string::npos || end == std::string::npos || end < begin) return "";
  std::string_view rest =
      std::string_view(xml).substr(begin + kBegin.size(), end - begin - kBegin.size());
  // All that PostgreSQL escapes. https://www.postgresql.org/docs/15/functions-xml.html
  static constexpr std::array<std::pair<std::string_view, char>, 4> kEscapes = {
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&#x0d;", '\r'}}};
  std::string json;
  json.reserve(rest.size());
  while (!rest.empty()) {
    const std::size_t plain = std::min(rest.find('&'), rest.size());
    json += rest.substr(0, plain);
    rest.remove_prefix(plain);
    if (rest.empty()) break;
    const auto* escape = std::find_if(kEscapes.begin(), kEscapes.end(),
                                      [&](const auto& one) { return rest.starts_with(one.first); });
    if (escape == kEscapes.end()) return "";
    json += escape->second;
    rest.remove_prefix(escape->first.size());
  }
  return json;
}

Catalog read_catalog_by_queries(sql::SqlSource& source, const production::VersionTableName& name,
                                const Stop& stop) {
  const VersionRows first = read_version_rows(source, name);
  for (int i = 0; i < kTries; ++i) {
    std::optional<Catalog> catalog = Reading(source, stop).attempt();
    if (!catalog) continue;
    take_over_rows(first, read_version_rows(source, name), source.description(), catalog->header);
    return std::move(*catalog);
  }
  throw never_still(source.description(), kTries, "the catalog is not what it was before");
}

}  // namespace drift::schema
