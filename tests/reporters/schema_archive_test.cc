#include "reporters/schema_archive.h"

#include <gtest/gtest.h>

#include "drift/base/stop.h"
#include "tests/drift/schema/snapshots.h"
#include "tests/temporary_folder.h"
#include "tests/thrown_by.h"

namespace drift::reporters {
namespace {

using Recording = SchemaArchive::Recording;

aws::Session& no_session() { throw Error{Fault::kInternal, "a session was asked for"}; }

schema::Snapshot with_rows(std::vector<std::string> rows, const char* column = "id") {
  schema::Header header = schema::header_of();
  header.version_rows = std::move(rows);
  return schema::snapshot_of({schema::column("t", column)}, header);
}

class Archive : public testing::Test {
 protected:
  TemporaryFolder folder_;
  SchemaArchive archive_ = open_schemas(folder_.path(), {}, no_session);
  Stop stop_;
};

TEST_F(Archive, IsFoundByExactlyItsRows) {
  EXPECT_FALSE(archive_.recorded({"a1"}, stop_));
  EXPECT_EQ(archive_.record(with_rows({"a1", "b2"}), false, stop_), Recording::kNew);
  EXPECT_FALSE(archive_.recorded({"a1"}, stop_));
  EXPECT_EQ(archive_.recorded({"a1", "b2"}, stop_)->snapshot.root, with_rows({"a1", "b2"}).root);
  EXPECT_EQ(archive_.record(with_rows({"a1", "b2"}), false, stop_), Recording::kSameAlready);
}

TEST_F(Archive, RowsThatWouldShareANameDoNot) {
  archive_.record(with_rows({"a+b"}, "x"), false, stop_);
  EXPECT_FALSE(archive_.recorded({"a", "b"}, stop_));
  archive_.record(with_rows({"a", "b"}, "y"), false, stop_);
  EXPECT_NE(archive_.recorded({"a", "b"}, stop_)->snapshot.root,
            archive_.recorded({"a+b"}, stop_)->snapshot.root);
}

TEST_F(Archive, AnotherSchemaOfTheSameRowsNeedsToBeReplaced) {
  archive_.record(with_rows({"a1"}), false, stop_);
  expect_error(thrown_by([&] { archive_.record(with_rows({"a1"}, "other"), false, stop_); }),
               Fault::kReportNotStored,
               "another schema is recorded for 'a1' at " + archive_.place_of_recorded({"a1"}),
               "the same revisions made two schemas: compare them with schema-drift schema diff; "
               "--replace puts this one in its place");
  EXPECT_EQ(archive_.record(with_rows({"a1"}, "other"), true, stop_), Recording::kReplaced);
  EXPECT_EQ(archive_.recorded({"a1"}, stop_)->snapshot.root, with_rows({"a1"}, "other").root);
}

TEST_F(Archive, WhatWasAcceptedIsOfItsTargetAndItsRows) {
  schema::Acceptance given;
  given.target = "shop";
  given.by = "ana@host";
  given.reason = "by hand";
  archive_.accept(given, with_rows({"a1"}), stop_);
  EXPECT_FALSE(archive_.acceptance("other", {"a1"}, stop_));
  EXPECT_FALSE(archive_.acceptance("shop", {"b2"}, stop_));
  const auto found = archive_.acceptance("shop", {"a1"}, stop_);
  ASSERT_TRUE(found);
  EXPECT_EQ(archive_.accepted(*found, stop_).snapshot.root, with_rows({"a1"}).root);
  EXPECT_EQ(archive_.all_accepted("", stop_).all.size(), 1U);
  EXPECT_EQ(archive_.all_accepted("other", stop_).all.size(), 0U);
}

TEST(OpenSchemas, RefusesAPlaceThatIsNone) {
  expect_error(thrown_by([] { open_schemas("ftp://user:canary@host/x", {}, no_session); }),
               Fault::kUsage, "cannot keep schemas at ftp://user:***@host/x",
               "give a folder, file:///absolute/path or s3://bucket/prefix");
}

}  // namespace
}  // namespace drift::reporters
