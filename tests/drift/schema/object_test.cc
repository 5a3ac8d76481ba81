#include "drift/schema/object.h"

#include <gtest/gtest.h>

#include "tests/drift/schema/snapshots.h"

namespace drift::schema {
namespace {

TEST(ObjectLine, SaysNothingOfWhatItHasNot) {
  std::string line;
  append_line(line, thing("table", "app", "t"));
  EXPECT_EQ(line, R"({"schema":"app","object":"t","kind":"table"})");
}

TEST(ObjectLine, PropertiesStandByFacet) {
  const Object object = thing("column", "app", "t", "a",
                              {property("not_null", "yes"), property("type", "text"),
                               property("comment", "x", Facet::kComment)});
  std::string line;
  append_line(line, object);
  EXPECT_EQ(line, R"({"schema":"app","object":"t","kind":"column","name":"a",)"
                  R"("structure":{"not_null":"yes","type":"text"},"comment":{"comment":"x"}})");
  const auto read = read_line(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key(), object.key());
  EXPECT_EQ(read->properties, object.properties);
}

TEST(ObjectLine, WhatIsNoObjectIsNone) {
  for (const char* line :
       {"", "[]", "{}", "{\"kind\":\"table\"}", R"({"schema":"","object":"t","kind":1})",
        R"({"schema":"","object":"t","kind":"table","more":"x"})",
        R"({"schema":"","object":"t","kind":"table","structure":"x"})",
        R"({"schema":"","object":"t","kind":"table","structure":{"a":1}})",
        R"({"schema":"","object":"t","kind":"table","structure":{"b":"1","a":"2"}})"}) {
    EXPECT_FALSE(read_line(line)) << line;
  }
}

}  // namespace
}  // namespace drift::schema
