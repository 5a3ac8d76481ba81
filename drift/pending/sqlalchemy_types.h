// Types, columns and defaults as SQLAlchemy writes them.
#pragma once

#include <optional>
#include <string>

#include "drift/pending/column_type.h"
#include "drift/pending/ledger.h"
#include "drift/pending/rules.h"
#include "migrations/python/object.h"

namespace drift::pending {

using migrations::Object;
using migrations::ObjectKind;

// Unknown where `type` is null or no type that PostgreSQL's dialect of SQLAlchemy has.
ColumnType type_of(const Object* type, const Ledger& ledger, int depth = 0);

// Of sa.Column(...): nothing where it is something else, or its name cannot be known.
std::optional<NewColumn> column_of(const Object& column, const Ledger& ledger);

// Whether a column has arguments, beside its name and type, that only a run can tell: one may be a
// foreign key.
bool hides_items(const Object& column);
// What cannot be known of how a column is added: the first such argument; null where there is none.
const Object* unknown_part(const Object& column);

// The last part of a dotted name: "Column" of "sqlalchemy.Column".
std::string last_name(const Object& object);

// The text of a string, a quoted name or an identifier; nothing where it cannot be known.
std::optional<std::string> known_text(const Object* object);
// Whether an argument says True. `otherwise` where it is left out or not known.
bool says(const Object* object, bool otherwise);

// SQL in sa.text(), sa.DDL() or a string, as it is sent; nothing for anything else.
std::optional<std::string> sql_text(const Object& object);

// "users" of "users.id", "app.users" of "app.users.id"; "" where it cannot be known.
std::string referred_table(const Object* target, const std::string& schema);

}  // namespace drift::pending
