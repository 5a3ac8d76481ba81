// Rows of one question to the catalog, as lines of a snapshot.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "drift/schema/catalog/catalog_queries.h"
#include "drift/schema/object.h"
#include "drift/sql/postgres.h"

namespace drift::schema {

// What extensions own, by class and OID. What they own is theirs, and not compared.
class ExtensionMembers : public sql::RowSink {
 public:
  static constexpr const char* kQuery = "SELECT classid, objid FROM pg_depend WHERE deptype = 'e'";

  void columns(const std::vector<sql::Column>&) override {}
  sql::Wanted row(const std::vector<sql::Cell>& row) override;
  bool has(std::uint32_t object_class, std::string_view oid) const;

 private:
  std::unordered_set<std::uint64_t> members_;
};

// Reads what CatalogQuery says of its columns, and appends a line a row to `lines`.
// Throws Error{kSqlFailed} for a column whose name says nothing.
class LineSink : public sql::RowSink {
 public:
  LineSink(const CatalogQuery& query, const ExtensionMembers& members,
           std::vector<std::string>& lines)
      : query_(query), members_(members), lines_(lines) {}

  void columns(const std::vector<sql::Column>& columns) override;
  sql::Wanted row(const std::vector<sql::Cell>& row) override;

 private:
  enum class Form { kPlain, kExpression, kHidden, kLocale };
  struct Source {
    std::size_t column;
    Facet facet;
    Form form;
    std::string name;
  };
  void add_privileges(const std::vector<sql::Cell>& row);
  std::string value_of(const Source& source, std::string_view cell) const;

  const CatalogQuery& query_;
  const ExtensionMembers& members_;
  std::vector<std::string>& lines_;
  std::vector<Source> sources_;  // in the order of a line
  int schema_ = -1, object_ = -1, name_ = -1, kind_ = -1, member_ = -1, member_type_ = -1;
  int acl_ = -1, acl_default_ = -1, acl_owner_ = -1;
  Object object_of_row_;
};

}  // namespace drift::schema
