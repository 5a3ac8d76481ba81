#include "drift/sql_api/request.h"

#include <gtest/gtest.h>

namespace drift::sql_api {
namespace {

TEST(TableName, IsReadAsInSql) {
  EXPECT_EQ(table_name("Users", "").table, "users");
  EXPECT_EQ(table_name("Users", "").verbatim, "Users");
  EXPECT_EQ(table_name("Audit.\"L\"\"og\"", "").schema, "audit");
  EXPECT_EQ(table_name("Audit.\"L\"\"og\"", "").table, "L\"og");
  EXPECT_EQ(table_name("Audit.\"Log\"", "").verbatim, "");
  EXPECT_EQ(table_name("users", "Audit").schema, "Audit");
}

}  // namespace
}  // namespace drift::sql_api
