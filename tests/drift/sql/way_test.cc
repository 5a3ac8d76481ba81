#include "drift/sql/way.h"

#include <gtest/gtest.h>

#include "drift/base/error.h"

namespace drift::sql {
namespace {

ResultSet reads(std::optional<std::string> database, std::optional<std::string> address) {
  return {{"database", "address"}, {{std::move(database), std::move(address)}}};
}

TEST(Way, TheSameDatabaseHasItsNameAndOneOfItsAddresses) {
  EXPECT_EQ(why_another(reads("app", "10.0.1.5"), "app", {"10.0.1.4", "10.0.1.5"}), "");
  ResultSet sorted{{"address", "database"}, {{"10.0.1.5", "app"}}};
  EXPECT_EQ(why_another(sorted, "app", {"10.0.1.5"}), "");
  ResultSet nameless{{}, {{"app", "10.0.1.5"}}};
  EXPECT_EQ(why_another(nameless, "app", {"10.0.1.5"}), "");
}

TEST(Way, AnotherDatabaseIsNotTakenForTheSecrets) {
  EXPECT_EQ(why_another(reads("staging", "10.0.1.5"), "app", {"10.0.1.5"}),
            "reads the database staging, not app");
  EXPECT_EQ(why_another(reads("app", "10.0.9.9"), "app", {"10.0.1.4", "10.0.1.5"}),
            "reads a server at 10.0.9.9, and the secret's host is at 10.0.1.4, 10.0.1.5");
}

TEST(Way, WhatIsNotSaidIsNotTheSame) {
  EXPECT_EQ(why_another(reads("app", std::nullopt), "app", {"10.0.1.5"}),
            "does not say which server it reads");
  EXPECT_EQ(why_another(reads(std::nullopt, "10.0.1.5"), "app", {"10.0.1.5"}),
            "does not say what it reads");
  EXPECT_EQ(why_another(reads("app", "10.0.1.5"), "app", {}),
            "may read another server: the secret's host has no address here");
  EXPECT_EQ(why_another({{"database", "address"}, {}}, "app", {"10.0.1.5"}),
            "does not say what it reads");
}

TEST(Way, WhatTheServerSaidOfUsIsNotOutOfReach) {
  EXPECT_TRUE(is_out_of_reach(Error{Fault::kTimedOut, "cannot connect to app on db:5432"}));
  EXPECT_TRUE(is_out_of_reach(Error{Fault::kConnectionFailed, "cannot connect to app on db:5432"}));
  EXPECT_FALSE(is_out_of_reach(Error{Fault::kTimedOut, "secretsmanager:GetSecretValue failed"}));
  for (const Fault fault : {Fault::kDatabaseAuthenticationFailed, Fault::kTlsFailed,
                            Fault::kPermissionDenied, Fault::kAccessDenied, Fault::kUsage}) {
    EXPECT_FALSE(is_out_of_reach(Error{fault, "cannot connect to app on db:5432"}));
  }
}

TEST(Way, TheHintNamesTheOneVariableToSet) {
  EXPECT_EQ(function_hint(""),
            "set SQL_API_FUNCTION to the name of the function that reads this database; to be "
            "reached directly, its security group has to let this machine in");
  EXPECT_EQ(function_hint("it reads the database staging, not app"),
            "set SQL_API_FUNCTION to the name of the function that reads this database (sql-api "
            "was asked: it reads the database staging, not app); to be reached directly, its "
            "security group has to let this machine in");
}

}  // namespace
}  // namespace drift::sql
