#include "drift/pending/rule_book.h"

#include <algorithm>

namespace drift::pending {

const std::vector<Rule>& rule_book() {
  static const std::vector<Rule> rules = {
      {"create-index", "CREATE INDEX keeps writers out while it reads the table",
       "postgresql_concurrently=True in autocommit_block()"},
      {"concurrently-in-transaction", "what cannot run inside a transaction stands inside one",
       "with op.get_context().autocommit_block()"},
      {"add-unique", "a unique or primary key builds its index while nobody may read or write",
       "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX"},
      {"add-foreign-key", "a foreign key is checked while nobody may write to either table",
       "postgresql_not_valid=True, then VALIDATE CONSTRAINT in a later revision"},
      {"add-check", "a CHECK is checked while nobody may read or write",
       "postgresql_not_valid=True, then VALIDATE CONSTRAINT in a later revision"},
      {"set-not-null", "SET NOT NULL reads the table while nobody may read or write",
       "CHECK (column IS NOT NULL) NOT VALID, VALIDATE in a later revision, then nullable=False"},
      {"add-column-rewrite", "the new column makes PostgreSQL write the whole table anew",
       "add it without the default, set the default, fill it in batches"},
      {"add-column-not-null", "a new NOT NULL column without a default fails where there are rows",
       "give a constant server_default, or add it as nullable and fill it"},
      {"add-column-constraint", "the new column's constraint or index reads the table at once",
       "add the column alone; index and constraint in revisions of their own"},
      {"change-type", "the new type makes PostgreSQL write the whole table anew",
       "a new column, filled in batches, that takes the old one's place"},
      {"rewrite-table", "the whole table is written anew while nobody may read or write",
       "pg_repack, or a new table that takes the old one's place"},
      {"attach-partition", "the new partition is read from end to end",
       "a CHECK with the bounds, validated before it is attached"},
      {"reindex", "REINDEX keeps writers out while it reads the table",
       "REINDEX ... CONCURRENTLY in autocommit_block()"},
      {"refresh-materialized-view", "the view cannot be read while it is computed",
       "REFRESH MATERIALIZED VIEW CONCURRENTLY"},
      {"alter-domain", "the domain's new constraint is checked in every table that uses it",
       "NOT VALID, then VALIDATE CONSTRAINT in a later revision"},
      {"alter-type", "a composite type's change reaches every table that uses it", ""},
      {"held-lock", "long work while the transaction holds a lock that keeps others out",
       "a revision of its own, or autocommit_block()"},
      {"data-change", "rows are changed inside the migration", "in batches, outside the migration"},
      {"drop-column", "the column's data is lost, and running code may still use it",
       "first deploy code that does not use it; then drop it"},
      {"drop-table", "the table's data is lost", "first rename it or keep a copy; then drop it"},
      {"truncate", "the table's data is lost", "keep a copy"},
      {"drop-schema", "what the schema holds is lost", "drop what it holds one by one"},
      {"drop-cascade", "CASCADE drops what only the catalog knows", "name what goes, one by one"},
      {"drop-view", "running code may still read the view",
       "first deploy code that does not use it"},
      {"rename", "running code uses the old name",
       "a second column or a view under the old name until no code uses it"},
      {"unread", "what it does could not be read", "write it so that it can be read, or review it"},
  };
  return rules;
}

const Rule* find_rule(std::string_view id) {
  const auto& rules = rule_book();
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return id == rule.id; });
  return found == rules.end() ? nullptr : &*found;
}

std::string rule_page(std::string_view id) { return "docs/rules.md#" + std::string(id); }

}  // namespace drift::pending
