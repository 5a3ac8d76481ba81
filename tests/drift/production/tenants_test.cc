#include "drift/production/tenants.h"

#include <gtest/gtest.h>

namespace drift::production {
namespace {

TEST(Tenants, OneSchemaWithoutAPatternIsNoTenant) {
  EXPECT_FALSE(names_tenants({}));
  EXPECT_FALSE(names_tenants({"accounts"}));
  EXPECT_TRUE(names_tenants({"*"}));
  EXPECT_TRUE(names_tenants({"tenant_*"}));
  EXPECT_TRUE(names_tenants({"a", "b"}));
}

}  // namespace
}  // namespace drift::production
