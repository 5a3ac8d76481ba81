#include "drift/report/stored_operations.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "drift/impact/operation_text.h"
#include "drift/report/operations_card.h"
#include "drift/report/report.h"
#include "drift/report/stored_report.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;
using pending::Lock;
using pending::Severity;

pending::Operation index_on(const std::string& table) {
  pending::Operation one;
  one.operation = "create_index";
  one.table = table;
  one.index = "ix";
  one.columns = {"n"};
  one.locks[table] = Lock::kShare;
  one.scans = true;
  one.line = 14;
  one.hazard("create-index", Severity::kHigh, pending::Work::kIndex);
  return one;
}

pending::Operation unread() {
  pending::Operation one;
  one.opaque = true;
  one.reason = "a call of <helper>";
  one.line = 30;
  one.hazard("unread");
  return one;
}

// Behind by two revisions, of which the second creates an index on a table of 12 GB.
Report behind(std::size_t indexes = 1) {
  Report report;
  report.target = "orders";
  report.production.database = "orders on db.example.com:5432";
  report.status = verdict::Status::kBehind;
  report.pending = {{"b2", "", "versions/b2.py", {}, {}}, {"c3", "", "versions/c3.py", {}, {}}};
  PendingImpact impact;
  impact.revisions = {{"b2", "versions/b2.py", "", {}, {}},
                      {"c3", "versions/c3.py", "", {}, {{"app.<orders>", Lock::kShare}}}};
  for (std::size_t i = 0; i < indexes; ++i) {
    impact.revisions[1].operations.push_back(index_on("app.<orders>"));
  }
  impact.revisions[1].operations.push_back(unread());
  impact.live.asked = impact.live.read = true;
  impact.live.database = report.production.database;
  impact::LiveTable& table = impact.live.tables["app.<orders>"];
  table.kind = 'p';
  table.parts = 3;
  table.heap_bytes = 12'000'000'000;
  table.total_bytes = 12'000'000'000;
  table.rows = 41'000'000;
  table.owner = "ann";
  table.lock_timeout_ms = 5'000;
  table.holders = {{Lock::kRowExclusive, 2, 77, 90.0, "idle in transaction", "psql"}};
  report.impact = std::move(impact);
  return report;
}

StoredOperations read(const Report& report) {
  return stored_operations(Json::parse(to_json(report)));
}

TEST(StoredOperations, HoldWhatTheReportSays) {
  const Report report = behind();
  const StoredOperations all = read(report);
  EXPECT_EQ(all.why_not, "");
  EXPECT_EQ(all.count, 2u);
  EXPECT_EQ(all.high, 2u);
  EXPECT_EQ(all.opaque, 1u);
  ASSERT_EQ(all.revisions.size(), 1u);  // one that does nothing has no line
  const StoredRevision& revision = all.revisions[0];
  EXPECT_EQ(revision.revision, "c3");
  EXPECT_EQ(revision.file, "versions/c3.py");
  EXPECT_EQ(revision.tables, report.impact->revisions[1].tables);
  const pending::Operation& one = revision.operations[0].operation;
  EXPECT_EQ(impact::shown(one), "create_index app.<orders> (n) ix");
  EXPECT_EQ(one.severity, Severity::kHigh);
  EXPECT_EQ(one.locks, report.impact->revisions[1].operations[0].locks);
  EXPECT_EQ(one.line, 14);
  EXPECT_EQ(revision.operations[0].wait, "SHARE: writers wait 1 to 10 min");
  EXPECT_EQ(revision.operations[1].operation.reason, "a call of <helper>");
  EXPECT_EQ(impact::size_in_words(all.live, "app.<orders>"), "12 GB, ~41 M rows in 3 partitions");
  EXPECT_EQ(impact::queue_of(revision.tables, all.live),
            impact::queue_of(revision.tables, report.impact->live));
  EXPECT_EQ(impact::lock_timeout_in_words(revision.tables, all.live),
            "role ann gives up after 5000 ms");
  EXPECT_EQ(impact::sizes_in_words(all.live), impact::sizes_in_words(report.impact->live));
}

TEST(StoredOperations, SayWhyThereAreNone) {
  Report report = behind();
  report.impact = PendingImpact{};
  report.impact->why_not = "the tree is <gone>";
  EXPECT_EQ(operations_card(read(report)),
            "<p>What the pending revisions do was not read: the tree is &lt;gone&gt;</p>\n");
  EXPECT_EQ(operations_card({}), "");
}

TEST(StoredOperations, AreKeptUpToABoundAndCountedBeyondIt) {
  Report report = behind(150);
  report.impact->left_out = 7;
  const StoredOperations all = read(report);
  EXPECT_EQ(all.count, 158u);
  EXPECT_EQ(all.high, 151u);
  EXPECT_EQ(all.revisions.at(0).operations.size(), kMostOperationsHeld);
  const std::string html = operations_card(all);
  EXPECT_NE(html.find("<summary>what they do: 158 operations, 151 high, 1 not read</summary>"),
            std::string::npos);
  EXPECT_NE(html.find("and 58 more, of which the report has 51<"), std::string::npos) << html;
}

TEST(StoredOperations, OfAnOlderOrADamagedReportCostNothingElse) {
  Json json = Json::parse(to_json(behind()));
  json["pending"][1]["operations"][0]["wait"] = 7;
  json["pending"][1]["operations"][0]["line"] = "x";
  json["pending"][1]["operations"][1] = nullptr;
  json["pending"][1]["tables"] = Json::array({1});
  json["operations"]["production"]["tables"]["app.<orders>"] = nullptr;
  const StoredOperations all = stored_operations(json);
  EXPECT_EQ(all.count, 2u);
  EXPECT_EQ(all.revisions.at(0).operations.at(0).wait, "");
  EXPECT_EQ(all.revisions.at(0).operations.at(0).operation.line, 0);
  EXPECT_TRUE(all.revisions.at(0).tables.empty());
  json["operations"] = "x";
  json["pending"] = 1;
  EXPECT_EQ(stored_operations(json).count, 0u);
}

TEST(OperationsCard, EscapesEverything) {
  const std::string html = operations_card(read(behind()));
  EXPECT_NE(html.find("<details open><summary>what they do: 2 operations, 2 high, 1 not read<"),
            std::string::npos);
  EXPECT_NE(
      html.find("<div class=\"finding critical\"><b>high</b> app.&lt;orders&gt; (12 GB, ~41 M "
                "rows in 3 partitions) · create_index (n) ix · SHARE: writers wait 1 to 10 "
                "min<p>→ <code>postgresql_concurrently=True in autocommit_block()</code></p>"
                "<p class=\"faint\">versions/c3.py:14</p></div>"),
      std::string::npos)
      << html;
  EXPECT_NE(html.find("cannot read a call of &lt;helper&gt;"), std::string::npos);
  EXPECT_NE(
      html.find("<p>queue: app.&lt;orders&gt;: session 77 (idle in transaction, psql) holds "),
      std::string::npos);
  EXPECT_EQ(html.find("<orders>"), std::string::npos);
  EXPECT_EQ(html.find("<helper>"), std::string::npos);
}

}  // namespace
}  // namespace drift::report
