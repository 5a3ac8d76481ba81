#include "drift/pending/sqlalchemy_types.h"

#include <algorithm>

#include "drift/base/text.h"
#include "drift/pending/sql_rules.h"

// https://docs.sqlalchemy.org/en/20/core/type_basics.html and dialects/postgresql.html

namespace drift::pending {
namespace {

bool is_construct(const Object& object, std::string_view name) {
  return object.is(ObjectKind::kConstruct) && last_name(object) == name;
}

std::optional<int> number(const Object* object) {
  if (object == nullptr || !object->is(ObjectKind::kInteger)) return std::nullopt;
  return static_cast<int>(object->number);
}

// How server_default is computed.
Default default_of(const Object* given) {
  if (given == nullptr || given->is(ObjectKind::kNone)) return Default::kNone;
  switch (given->kind) {
    case ObjectKind::kText:
    case ObjectKind::kBoolean:
    case ObjectKind::kInteger:
    case ObjectKind::kFloat: return Default::kOnce;
    default: break;
  }
  if (const auto sql = sql_text(*given)) {
    const std::string plain = ascii_lower(*sql);
    if (plain == "null") return Default::kNone;
    return pending::default_of(*sql);
  }
  const std::string name = last_name(*given);
  if (name == "FetchedValue") return Default::kNone;
  if (name == "true" || name == "false" || name == "literal" || name == "literal_column" ||
      name == "true_" || name == "false_" || name == "inline_literal" ||
      name == "current_timestamp") {
    if (name == "literal_column") {
      const auto sql = given->items.empty() ? std::nullopt : known_text(given->items[0].get());
      return sql ? pending::default_of(*sql) : Default::kUnknown;
    }
    return Default::kOnce;
  }
  if (name == "null") return Default::kNone;
  if (given->text.find(".func.") != std::string::npos) return pending::default_of(name + "()");
  if (name == "next_value" || name == "Sequence") return Default::kEachRow;
  if (name == "utcnow") return Default::kOnce;
  return Default::kUnknown;
}

}  // namespace

std::string last_name(const Object& object) {
  return object.text.substr(object.text.rfind('.') + 1);
}

std::optional<std::string> known_text(const Object* object) {
  if (object == nullptr) return std::nullopt;
  if (object->is(ObjectKind::kText)) return object->text;
  if (object->is(ObjectKind::kConstruct)) {
    const std::string name = last_name(*object);
    if ((name == "quoted_name" || name == "conv" || name == "_truncated_label" ||
         name == "Identifier") &&
        !object->items.empty()) {
      return known_text(object->items[0].get());
    }
    if (object->text == "enum.member") return known_text(object->argument("value"));
  }
  return std::nullopt;
}

bool says(const Object* object, bool otherwise) {
  if (object == nullptr) return otherwise;
  if (object->is(ObjectKind::kBoolean) || object->is(ObjectKind::kInteger)) {
    return object->number != 0;
  }
  if (object->is(ObjectKind::kNone)) return false;
  return otherwise;
}

std::optional<std::string> sql_text(const Object& object) {
  if (object.is(ObjectKind::kText)) return object.text;
  if (!object.is(ObjectKind::kConstruct)) return std::nullopt;
  // .bindparams(), .execution_options(), .columns() leave the text as it is.
  if (object.text.starts_with(".") && object.base) {
    for (const char* name : {"bindparams", "execution_options", "columns", "execute_if"}) {
      if (object.text.substr(1) == name) return sql_text(*object.base);
    }
    return std::nullopt;
  }
  if (object.text.starts_with("sqlalchemy.func.") && object.items.empty()) {
    return last_name(object) + "()";
  }
  const std::string name = last_name(object);
  if ((name == "text" || name == "DDL" || name == "TextClause") && !object.items.empty()) {
    return sql_text(*object.items[0]);
  }
  return std::nullopt;
}

ColumnType type_of(const Object* type, const Ledger& ledger, int depth) {
  ColumnType found;
  if (type == nullptr || depth > 8) return found;
  if (type->is(ObjectKind::kConstruct) && type->text == ".with_variant" && type->base) {
    const Object* dialect = type->argument(1, "dialect_name");
    if (dialect != nullptr && known_text(dialect) == "postgresql") {
      return type_of(type->argument(0, "type_"), ledger, depth + 1);
    }
    return type_of(type->base.get(), ledger, depth + 1);
  }
  if (!type->is(ObjectKind::kConstruct) && !type->is(ObjectKind::kSymbol) &&
      !type->is(ObjectKind::kClass)) {
    return found;
  }
  const std::string name = last_name(*type);
  const auto argument = [&](std::size_t place, const char* key) -> const Object* {
    return type->is(ObjectKind::kConstruct) ? type->argument(place, key) : nullptr;
  };
  const auto modifier = [&](const char* key) {
    if (const auto size = number(argument(0, key))) found.modifier.push_back(*size);
  };
  const std::string lower = ascii_lower(name);
  if (lower == "array") {
    found = type_of(argument(0, "item_type"), ledger, depth + 1);
    found.array = true;
    return found;
  }
  if (name == "DOMAIN") {
    found.name = known_text(argument(0, "name")).value_or("domain");
    const Object* check = argument(99, "check");
    found.checked_domain = (check != nullptr && !check->is(ObjectKind::kNone)) ||
                           says(argument(99, "not_null"), false);
    return found;
  }
  if (lower == "enum") {
    const Object* given = argument(99, "name");
    if (const auto named = known_text(given)) {
      if (says(argument(99, "native_enum"), true)) {
        found.name = "enum " + *named;
      } else {
        found.name = "varchar";
        found.modifier = {0};
      }
    } else if (type->is(ObjectKind::kConstruct) && !type->items.empty() &&
               type->items[0]->is(ObjectKind::kClass)) {
      found.name = "enum " + ascii_lower(type->items[0]->text);
    }
    return found;
  }
  if (name == "String" || name == "Unicode" || name == "VARCHAR" || name == "NVARCHAR" ||
      name == "AutoString") {
    found.name = "varchar";
    modifier("length");
    return found;
  }
  if (lower == "text" || name == "UnicodeText" || name == "CLOB") {
    found.name = "text";
    return found;
  }
  if (name == "CHAR" || name == "NCHAR") {
    found.name = "bpchar";
    modifier("length");
    return found;
  }
  if (name == "Numeric" || name == "NUMERIC" || name == "DECIMAL") {
    found.name = "numeric";
    modifier("precision");
    if (const auto scale = number(argument(1, "scale")); scale && !found.modifier.empty()) {
      found.modifier.push_back(*scale);
    }
    return found;
  }
  if (name == "Float" || name == "FLOAT") {
    found.name = "float8";
    if (const auto precision = number(argument(0, "precision")); precision && *precision <= 24) {
      found.name = "float4";
    }
    return found;
  }
  if (name == "DateTime" || name == "TIMESTAMP" || name == "DATETIME" || name == "Time" ||
      name == "TIME") {
    const bool zone = says(argument(0, "timezone"), false);
    const bool is_time = name == "Time" || name == "TIME";
    found.name = std::string(is_time ? "time" : "timestamp") + (zone ? "tz" : "");
    if (const auto digits = number(argument(1, "precision"))) found.modifier.push_back(*digits);
    return found;
  }
  if (name == "Interval" || name == "INTERVAL") {
    found.name = "interval";
    if (name == "INTERVAL") modifier("precision");
    return found;
  }
  if (name == "BIT") {
    found.name = says(argument(1, "varying"), false) ? "varbit" : "bit";
    modifier("length");
    return found;
  }
  if (name == "LargeBinary" || name == "BINARY" || name == "VARBINARY" || name == "BLOB" ||
      name == "PickleType") {
    found.name = "bytea";
    return found;
  }
  if (name == "SmallInteger" || name == "SMALLINT") found.name = "int2";
  if (name == "Integer" || name == "INTEGER" || name == "INT") found.name = "int4";
  if (name == "BigInteger" || name == "BIGINT") found.name = "int8";
  if (name == "Boolean" || name == "BOOLEAN") found.name = "bool";
  if (name == "REAL") found.name = "float4";
  if (name == "Double" || name == "DOUBLE" || name == "DOUBLE_PRECISION") found.name = "float8";
  if (name == "Uuid" || name == "UUID" || name == "GUID") found.name = "uuid";
  if (!found.name.empty()) return found;
  const std::string plain = type_name(lower);
  if (is_plain_type(plain)) {
    found.name = plain;
    return found;
  }
  // A type of the project's own: what its `impl` is.
  const Object* own = type->is(ObjectKind::kClass)                       ? type
                      : type->base && type->base->is(ObjectKind::kClass) ? type->base.get()
                                                                         : nullptr;
  if (own != nullptr) {
    if (const Object* impl = own->argument("impl")) return type_of(impl, ledger, depth + 1);
  }
  return found;
}

std::string referred_table(const Object* target, const std::string& schema) {
  auto text = known_text(target);
  if (!text) return "";
  const std::size_t dot = text->rfind('.');
  if (dot == std::string::npos) return *text;
  const std::string table = text->substr(0, dot);
  // A target without a schema is in that of the MetaData, which is none.
  (void)schema;
  return table;
}

bool hides_items(const Object& column) {
  const std::size_t plain = column.argument("type_") == nullptr ? 2 : 1;
  if (!is_construct(column, "Column") && !is_construct(column, "mapped_column")) return false;
  return !column.whole ||
         std::any_of(column.items.begin() + std::min(plain, column.items.size()),
                     column.items.end(), [](const auto& one) { return one->is_unknown(); });
}

const Object* unknown_part(const Object& column) {
  static const Object hidden = {.kind = ObjectKind::kUnknown,
                                .text = "unpacked from what only a run can tell"};
  if (hides_items(column)) return &hidden;
  for (const char* name : {"nullable", "primary_key", "unique", "index"}) {
    const Object* given = column.argument(name);
    if (given != nullptr && given->is_unknown()) return given;
  }
  return nullptr;
}

std::optional<NewColumn> column_of(const Object& object, const Ledger& ledger) {
  if (!object.is(ObjectKind::kConstruct)) return std::nullopt;
  if (last_name(object) != "Column" && last_name(object) != "mapped_column") return std::nullopt;
  const auto name = known_text(object.argument(0, "name"));
  if (!name) return std::nullopt;
  NewColumn column;
  column.name = *name;
  const Object* type = object.argument("type_");
  bool serial = true;  // as far as its arguments say
  for (std::size_t i = 1; i < object.items.size(); ++i) {
    const Object& one = *object.items[i];
    if (is_construct(one, "ForeignKey")) {
      const std::string table = referred_table(one.argument(0, "column"), "");
      column.referred.push_back(table);
      serial = false;
    } else if (is_construct(one, "Identity")) {
      column.identity = true;
    } else if (is_construct(one, "Computed")) {
      const Object* persisted = one.argument(1, "persisted");
      const bool said = persisted != nullptr && persisted->is(ObjectKind::kBoolean);
      column.stored = said && persisted->number != 0;
      column.virtual_generated = said && persisted->number == 0;
      column.generated_by_version = !said;
    } else if (is_construct(one, "Sequence")) {
      column.fallback = Default::kNone;
    } else if (is_construct(one, "CheckConstraint")) {
      column.check = true;
    } else if (i == 1 && type == nullptr) {
      type = &one;
    }
  }
  column.type = type_of(type, ledger);
  const Object* nullable = object.argument("nullable");
  column.primary = false;
  const bool primary = says(object.argument("primary_key"), false);
  column.not_null = nullable != nullptr ? !says(nullable, true) : primary;
  const Object* fallback = object.argument("server_default");
  if (fallback != nullptr && is_construct(*fallback, "Identity")) {
    column.identity = true;
  } else if (fallback != nullptr && is_construct(*fallback, "Computed")) {
    column.generated_by_version = true;
  } else {
    column.fallback = default_of(fallback);
  }
  const Object* autoincrement = object.argument("autoincrement");
  const bool integer =
      column.type.name == "int2" || column.type.name == "int4" || column.type.name == "int8";
  const bool wanted = autoincrement == nullptr || says(autoincrement, true);
  column.type.serial = primary && integer && serial && wanted && !column.identity &&
                       column.fallback == Default::kNone;
  column.unique = says(object.argument("unique"), false);
  column.index = says(object.argument("index"), false);
  return column;
}

}  // namespace drift::pending
