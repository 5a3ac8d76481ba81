#include "drift/sql/postgres.h"

#include <gtest/gtest.h>

#include "drift/base/stop.h"
#include "tests/thrown_by.h"

// What needs a server is in tests/e2e/test_production_*.py.
namespace drift::sql {
namespace {

TEST(Postgres, DatabaseIsNamedByItsUrl) {
  EXPECT_EQ(database_name("postgresql://u:p@db:5432/app?sslmode=require"), "app");
  EXPECT_EQ(database_name("postgresql:///my%20app?host=/run/postgresql"), "my app");
  EXPECT_EQ(database_name("host=db dbname=app"), "app");
  EXPECT_EQ(database_name("postgresql://db"), "");
}

TEST(Postgres, UrlThatLibpqCannotParseIsUsageWithoutASecret) {
  for (const char* url : {"postgresql://u:canary%zz@db/app", "host=db password=x canary",
                          "postgresql://[canary/app", "postgresql://u:canary@db/app?canary=1"}) {
    const Error error = thrown_by([&] { database_name(url); });
    EXPECT_EQ(error.fault, Fault::kUsage) << url;
    EXPECT_EQ(std::string(error.what()).rfind("the database URL is malformed: ", 0), 0U)
        << error.what();
    EXPECT_EQ(std::string(error.what()).find("canary"), std::string::npos) << error.what();
    EXPECT_EQ(error.hint,
              "write postgresql://USER@HOST:PORT/DATABASE with special characters "
              "percent-encoded");
  }
}

TEST(Postgres, PortsThatDoNotMatchTheHostsAreUsage) {
  const Stop stop{std::chrono::seconds(5)};
  const Error error =
      thrown_by([&] { Connection(url_options("host=a,b,c port=1,2 dbname=app"), stop); });
  EXPECT_EQ(error.fault, Fault::kUsage);
  EXPECT_STREQ(error.what(),
               "the database URL cannot be used: could not match 2 port numbers to 3 hosts");
}

TEST(Postgres, StopThatIsDueLetsNothingBegin) {
  Stop stop{std::chrono::seconds(5)};
  stop.request();
  const Error error =
      thrown_by([&] { Connection(url_options("postgresql://127.0.0.1:1/app"), stop); });
  EXPECT_EQ(error.fault, Fault::kInterrupted);
  EXPECT_STREQ(error.what(), "interrupted while connecting to app on 127.0.0.1:1");
}

}  // namespace
}  // namespace drift::sql
