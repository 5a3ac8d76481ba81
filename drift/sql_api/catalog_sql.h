// What the catalog is asked for a request. Trusts no search_path, as version_catalog.h says why.
#pragma once

namespace drift::sql_api {

// name (schema-qualified, quoted where SQL needs it), schema, table, kind; $1 is a schema, or NULL
// for all that the role may use but PostgreSQL's own.
extern const char* const kTablesSql;

// $1: schema or NULL, $2: table, $3: the name verbatim or NULL. One row for each column of the
// relation that this means (and one where it has none): schema, table, kind, name, type, nullable,
// default, primary_key (its place in the key, or NULL), identity, generated, comment.
extern const char* const kColumnsSql;

// $1, $2 and $3 as above: the relation that this means, schema and table and whether the role may
// read it; where it means none, those of the same name elsewhere, with `found` false.
extern const char* const kFindSql;

}  // namespace drift::sql_api
