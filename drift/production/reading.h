// What reading one version table and reading those of many schemas have in common.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "drift/base/error.h"

namespace drift::sql {
class SqlSource;
struct ResultSet;
struct SqlFailure;
}  // namespace drift::sql

namespace drift::production {

struct Relation;

// Alembic's column holds 32 characters, and people who widen it stop at 255. What is longer is no
// revision, and only its beginning is ever fetched.
inline constexpr std::size_t kMaxRowBytes = 1'024;

// A failed statement as an Error. The SQLSTATE decides, never the words: they may be in the
// server's language. https://www.postgresql.org/docs/15/errcodes-appendix.html
// `what` was to be read; `role` may be "".
Error failed(const sql::SqlFailure& failure, const std::string& what, const std::string& role);

// The answer to `statement`. Throws `failed`, and what the source throws.
sql::ResultSet ask(sql::SqlSource& source, const std::string& statement, const std::string& what,
                   const std::string& role);

// "a view", of pg_class.relkind.
std::string kind_name(char kind);

// Throws Error{kWrongColumn, kPermissionDenied} where its rows could not be read, or not all.
void require_readable(const Relation& relation, const std::string& role);

// A value of version_num. Throws Error{kNullRow, kWrongColumn} for what can be no revision.
std::string version_num(const std::optional<std::string>& value, const std::string& table);

}  // namespace drift::production
