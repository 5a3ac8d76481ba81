// What a request is answered: rows, written as JSON while they arrive, or an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drift/base/error.h"
#include "drift/sql/postgres.h"
#include "drift/sql_api/envelope.h"
#include "drift/sql_api/value_type.h"

namespace drift::sql_api {

enum class RowShape { kLists, kObjects };

// Types that the catalog told, by oid.
using TypeCache = std::map<std::uint32_t, ValueType>;

struct RowLimits {
  std::size_t bytes = 0;  // that the answer may have, all in all
  // Rows past this many are counted as `more`, and not written: the statement may be cancelled.
  std::size_t rows = SIZE_MAX;
  // Rows that do not fit in `bytes` end the page as if `rows` were reached. Else that is an error.
  bool page = false;
  // The first row, which is an answer's "row" and not a list of one; those after it are passed over
  // without cancelling a statement that may have more to change.
  bool single = false;
  Envelope envelope = Envelope::kBare;
};

class AnswerRows : public sql::RowSink {
 public:
  AnswerRows(RowShape shape, RowLimits limits, const TypeCache& known)
      : shape_(shape), limits_(limits), known_(known) {}

  // Throws Error{kUsage} for rows as objects where two columns have one name.
  void columns(const std::vector<sql::Column>& columns) override;
  sql::Wanted row(const std::vector<sql::Cell>& row) override;

  // Types that are neither built in nor in the cache; while there are any, rows are kept as they
  // came.
  const std::vector<std::uint32_t>& unknown_types() const { return unknown_; }
  // Writes what was kept; the cache now has them all.
  void resolve();

  // {"columns":[...],"types":[...],"rows":[...],"row_count":2 or, for the proxy's callers,
  // {"result":[...], and no closing brace, so that more can follow. Requires that there are no
  // unknown types, and is good for one call.
  std::string take_json();
  std::size_t row_count() const { return count_; }
  bool described() const { return described_; }
  // It wants no more rows: what follows, an error of a cancelled statement too, does not matter.
  bool has_enough() const { return enough_; }
  // There were more rows than are written here.
  bool more() const { return more_; }
  // A row did not fit (and no page ends before it).
  bool too_large() const { return too_large_; }

 private:
  void begin_json();
  sql::Wanted write(const std::vector<sql::Cell>& row);
  sql::Wanted keep(const std::vector<sql::Cell>& row);

  RowShape shape_;
  RowLimits limits_;
  const TypeCache& known_;
  bool described_ = false;
  std::vector<sql::Column> columns_;
  std::vector<ValueType> types_;   // empty while some are unknown
  std::vector<std::string> keys_;  // of a row that is an object: {"id": , "name":
  std::vector<std::uint32_t> unknown_;
  // Rows whose types are not known yet: their values one after the other, and the size of each, -1
  // for NULL.
  std::string kept_;
  std::vector<std::int64_t> kept_sizes_;
  std::size_t kept_rows_ = 0;
  std::string json_;
  std::size_t count_ = 0;
  bool enough_ = false;
  bool more_ = false;
  bool too_large_ = false;
};

// {"error": {"type", "message", "hint"}} with the type that docs/sql-api.md names for the fault.
std::string error_answer(const Error& error);

// The same with a type that is no fault's.
std::string error_answer(std::string_view type, std::string_view message, std::string_view hint);

// {"error": {"type": "sql_failed", "sqlstate", "message", "detail", "hint", "position"}}, as much
// of it as the server gave.
std::string error_answer(const sql::ServerError& error);

}  // namespace drift::sql_api
