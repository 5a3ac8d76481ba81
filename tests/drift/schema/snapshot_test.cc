#include "drift/schema/snapshot.h"

#include <gtest/gtest.h>

#include "drift/aws/digest.h"
#include "drift/base/error.h"
#include "tests/drift/schema/snapshots.h"
#include "tests/thrown_by.h"

namespace drift::schema {
namespace {

const std::vector<Object> kObjects = {
    thing("table", "app", "t", "", {property("owner", "me", Facet::kOwner)}), column("t", "a"),
    column("t", "b\n\"c", "te}xt"), thing("schema", "", "app")};

Error refusal(const std::string& text) {
  return thrown_by([&] { read_snapshot(text, "x.json"); });
}

// `text` with another body, and the digest of that.
std::string with_digest(const std::string& body) {
  return "{\"format\":1,\n\"digest\":\"" + aws::sha256_hex(body) + "\",\n" + body;
}

TEST(Snapshot, SaysTheSameInWhateverOrderItWasRead) {
  std::vector<Object> reversed(kObjects.rbegin(), kObjects.rend());
  EXPECT_EQ(text_of(kObjects), text_of(reversed));
}

TEST(Snapshot, ReadsWhatItWrote) {
  const Snapshot read = snapshot_of(kObjects);
  EXPECT_EQ(read.header.server_version_num, 150'018);
  EXPECT_EQ(read.header.version_rows, std::vector<std::string>{"a1"});
  EXPECT_EQ(read.header.version_table, "public.alembic_version");
  EXPECT_EQ(read.header.coverage.at("table"), "read");
  ASSERT_EQ(read.lines.size(), kObjects.size());
  const auto odd = read_line(read.lines[2]);
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->name, "b\n\"c");
  EXPECT_EQ(odd->structure("type"), "te}xt");
}

TEST(Snapshot, RowsThatWereNotReadAreNotNoRows) {
  Header header = header_of();
  header.version_rows.reset();
  EXPECT_FALSE(snapshot_of(kObjects, header).header.version_rows);
  header.version_rows.emplace();
  EXPECT_EQ(snapshot_of(kObjects, header).header.version_rows, std::vector<std::string>{});
}

TEST(Snapshot, NothingIsASnapshotToo) { EXPECT_TRUE(snapshot_of({}).lines.empty()); }

TEST(Snapshot, OneDigestForEachObjectAndFacet) {
  const std::string text = text_of(kObjects);
  const std::string digests = text.substr(text.find("\"digests\":"));
  EXPECT_NE(digests.find("\"object\":\"t\",\"structure\":\""), std::string::npos);
  EXPECT_NE(digests.find("\",\"owner\":\""), std::string::npos);
  std::vector<Object> other = kObjects;
  other[0].properties[0].value = "you";
  const std::string changed = text_of(other);
  const auto structure = [](const std::string& document) {
    const std::string after = document.substr(document.find("\"digests\":"));
    return after.substr(after.find("\"object\":\"t\",\"structure\":"), 62);
  };
  EXPECT_EQ(structure(text), structure(changed));
  EXPECT_NE(text, changed);
}

TEST(Snapshot, OneThatWasEditedIsRefused) {
  std::string text = text_of(kObjects);
  text.replace(text.find("integer"), 7, "numeric");
  const Error error = refusal(text);
  EXPECT_STREQ(error.what(), "x.json was changed after it was written: its digest does not match");
  EXPECT_EQ(error.hint,
            "snapshots are not for editing: take it again with schema-drift schema snapshot, and "
            "check that no program rewrites the file (git's autocrlf, a formatter)");
  EXPECT_EQ(refusal(text_of(kObjects) + "\n").fault, Fault::kReportUnreadable);
}

TEST(Snapshot, OneOfANewerFormatIsRefusedAsThat) {
  const Error error = refusal("{\"format\":2,\n\"whatever\":1}");
  EXPECT_EQ(error.fault, Fault::kUnsupported);
  EXPECT_STREQ(error.what(), "x.json is of format 2, and this program reads formats up to 1");
  EXPECT_EQ(error.hint, "a newer schema-drift wrote it: compare with that one");
}

TEST(Snapshot, WhatIsNoneIsRefused) {
  const auto what = [](const std::string& text) { return std::string(refusal(text).what()); };
  const std::string none = "x.json is not a snapshot of schema-drift: ";
  EXPECT_EQ(what(""), none + "it does not begin with its format");
  EXPECT_EQ(what("{}"), none + "it does not begin with its format");
  EXPECT_EQ(what("{\"format\":x"), none + "its format is not a number");
  EXPECT_EQ(what("{\"format\":1}"), none + "it has no digest");
  EXPECT_EQ(what("{\"format\":1,\n\"digest\":\"abc\",\n"), none + "it has no digest");
  EXPECT_EQ(what(with_digest("{}")), none + "it has no objects");
  EXPECT_EQ(what(with_digest("],\n\"digests\":[\n\"objects\":[\n")), none + "it has no objects");
  EXPECT_EQ(what(with_digest("x\"objects\":[\n],\n\"digests\":[\n")),
            none + "its header cannot be read");
  EXPECT_EQ(what(with_digest("\"root\":\"a\",\n\"objects\":[\n],\n\"digests\":[\n")),
            none + "its header has no server_version_num");
  EXPECT_EQ(what(with_digest("\"server_version_num\":15,\"version_table\":\"\",\"root\":\"\","
                             "\"coverage\":{},\"objects\":[\nb,\na\n],\n\"digests\":[\n")),
            none + "its objects are not sorted");
}

}  // namespace
}  // namespace drift::schema
