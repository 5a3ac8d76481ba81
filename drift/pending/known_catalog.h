// What a database's catalog says of the tables that operations are about, as far as rules need it.
#pragma once

#include <string>
#include <vector>

namespace drift::pending {

// Tables have the names that migrations use for them.
struct KnownCatalog {
  struct ForeignKey {
    std::string table, constraint;
    std::vector<std::string> columns;
    std::string referred;
  };
  struct Index {
    std::string name, table;
  };
  struct Column {
    std::string table, name;
    std::string type;  // as format_type() writes it
    bool not_null = false;
  };
  // A CHECK (column IS NOT NULL).
  struct NotNullCheck {
    std::string table, constraint, column;
    bool valid = false;
  };
  std::vector<ForeignKey> foreign_keys;
  std::vector<Index> indexes;
  std::vector<Column> columns;
  std::vector<NotNullCheck> not_null_checks;
};

}  // namespace drift::pending
