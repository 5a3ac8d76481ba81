#include "reporters/report_archive.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "drift/base/stop.h"
#include "drift/base/surroundings.h"
#include "drift/report/report.h"
#include "reporters/folder_store.h"
#include "tests/temporary_folder.h"
#include "tests/thrown_by.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;

class ReportArchiveTest : public testing::Test {
 protected:
  static report::Report report_at(std::int64_t hours, const std::string& run_id) {
    report::Report report;
    report.timestamp = TimePoint{std::chrono::seconds{1'795'143'600} + std::chrono::hours{hours}};
    report.run_id = run_id;
    report.target = "orders";
    return report;
  }
  static std::string contents(const fs::path& path) {
    return whole_file(path.string()).value_or("");
  }
  std::string store(const report::Report& report, const std::string& json, bool latest = true) {
    return archive_.store(report::name_of(report), json, latest, Stop{});
  }
  const TemporaryFolder vanishing_;
  const fs::path folder_{vanishing_.path()};
  ReportArchive archive_{std::make_unique<FolderStore>(folder_)};
};

TEST_F(ReportArchiveTest, KeepsTheReportUnderItsDateAndAsTheLatest) {
  const auto report = report_at(0, "00000000000000aa");
  const std::string json = report::to_json(report);
  const fs::path stored = store(report, json);
  EXPECT_EQ(stored, folder_ / "2026/11/20/orders-20261120T030000Z-00000000000000aa.json");
  EXPECT_EQ(contents(stored), json);
  EXPECT_EQ(contents(folder_ / "latest/orders.json"), json);
}

TEST_F(ReportArchiveTest, NeverOverwritesAReport) {
  const auto report = report_at(0, "00000000000000aa");
  const fs::path stored = store(report, "first");
  const Error error = thrown_by([&] { store(report, "second"); });
  EXPECT_EQ(error.fault, Fault::kReportNotStored);
  EXPECT_EQ(error.what(), "cannot write " + stored.string() + ": File exists");
  EXPECT_EQ(contents(stored), "first");
}

TEST_F(ReportArchiveTest, TheSameReportAgainIsNoError) {
  const auto report = report_at(0, "00000000000000aa");
  EXPECT_EQ(store(report, "first"), store(report, "first"));
}

TEST_F(ReportArchiveTest, ASpooledReportDoesNotBecomeTheLatest) {
  store(report_at(0, "00000000000000aa"), "late", /*latest=*/false);
  EXPECT_FALSE(fs::exists(folder_ / "latest"));
}

TEST_F(ReportArchiveTest, AnEarlierRunThatEndsLaterLeavesTheLatestAlone) {
  auto earlier = report_at(0, "00000000000000aa");
  earlier.sequence = 4;
  auto later = report_at(1, "00000000000000bb");
  later.sequence = 5;
  store(later, report::to_json(later));
  store(earlier, report::to_json(earlier));
  EXPECT_EQ(contents(folder_ / "latest/orders.json"), report::to_json(later));
}

// A clock that was ahead once must not freeze the latest until then.
TEST_F(ReportArchiveTest, ALaterRunReplacesALatestOfTheFuture) {
  auto ahead = report_at(24 * 365, "00000000000000aa");
  ahead.sequence = 4;
  auto later = report_at(0, "00000000000000bb");
  later.sequence = 5;
  store(ahead, report::to_json(ahead));
  store(later, report::to_json(later));
  EXPECT_EQ(contents(folder_ / "latest/orders.json"), report::to_json(later));
  // Nor must one that could not count.
  later = report_at(1, "00000000000000cc");
  store(later, report::to_json(later));
  EXPECT_EQ(contents(folder_ / "latest/orders.json"), report::to_json(later));
}

TEST_F(ReportArchiveTest, ADamagedLatestIsReplaced) {
  fs::create_directories(folder_ / "latest");
  std::ofstream(folder_ / "latest/orders.json") << "{\"timestamp\": ";
  const auto report = report_at(0, "00000000000000aa");
  store(report, report::to_json(report));
  EXPECT_EQ(contents(folder_ / "latest/orders.json"), report::to_json(report));
}

TEST_F(ReportArchiveTest, TargetsAreThoseThatHaveALatestReport) {
  store(report_at(0, "00000000000000aa"), "report");
  archive_.keep_seen("users", "0123456789abcdef", "{}", Stop{});
  archive_.keep_told("users", "0123456789abcdef", "{}", Stop{});
  std::ofstream(folder_ / "latest/notes.txt") << "of somebody else";
  EXPECT_EQ(archive_.targets(Stop{}), std::vector<std::string>{"orders"});
}

// Whoever verifies must hear of a report that is not where it belongs, however deep it is.
TEST_F(ReportArchiveTest, GivesFilesOfADaysSubfoldersToo) {
  const auto report = report_at(0, "00000000000000aa");
  const fs::path stored = store(report, "report");
  fs::create_directories(stored.parent_path() / "put/here");
  fs::rename(stored, stored.parent_path() / "put/here" / stored.filename());
  std::vector<std::string> found;
  archive_.each_file({}, Stop{}, [&](const auto& file, const auto& text) {
    EXPECT_FALSE(file.in_its_folder);
    EXPECT_EQ(text.json, "report");
    found.push_back(file.path);
  });
  EXPECT_EQ(found, std::vector<std::string>{"2026/11/20/put/here/" + stored.filename().string()});
}

TEST_F(ReportArchiveTest, LeavesNoTemporaryFilesBehind) {
  const auto report = report_at(0, "00000000000000aa");
  store(report, "first");
  EXPECT_THROW(store(report, "second"), Error);
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
  }
}

TEST_F(ReportArchiveTest, AFolderThatIsAFileIsAClearError) {
  std::ofstream(folder_ / "2026") << "not a folder";
  const Error error = thrown_by([&] { store(report_at(0, "00000000000000aa"), "x"); });
  EXPECT_EQ(std::string(error.what()),
            "cannot write " + (folder_ / "2026").string() + ": Not a directory");
  EXPECT_EQ(error.hint,
            "check that its folder exists or can be made, is writable by this user and has space");
}

}  // namespace
}  // namespace drift::reporters
