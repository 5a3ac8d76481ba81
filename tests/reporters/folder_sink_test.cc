#include "reporters/folder_sink.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "drift/base/stop.h"
#include "drift/report/report.h"
#include "tests/temporary_folder.h"
#include "tests/thrown_by.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;

class FolderSinkTest : public testing::Test {
 protected:
  static report::Report report_at(std::int64_t hours, const std::string& run_id) {
    report::Report report;
    report.timestamp = TimePoint{std::chrono::seconds{1'795'143'600} + std::chrono::hours{hours}};
    report.run_id = run_id;
    report.target = "orders";
    return report;
  }
  static std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::string store(FolderSink& sink, const report::Report& report, const std::string& json,
                           bool latest = true) {
    return sink.store(report::name_of(report), json, latest, Stop{});
  }
  const TemporaryFolder vanishing_;
  const fs::path folder_{vanishing_.path()};
};

TEST_F(FolderSinkTest, KeepsTheReportUnderItsDateAndAsTheLatest) {
  FolderSink sink{folder_.string()};
  const auto report = report_at(0, "00000000000000aa");
  const std::string json = report::to_json(report);
  const fs::path stored = store(sink, report, json);
  EXPECT_EQ(stored, folder_ / "2026/11/20/orders-20261120T030000Z-00000000000000aa.json");
  EXPECT_EQ(contents(stored), json);
  EXPECT_EQ(contents(folder_ / "latest/orders.json"), json);
}

TEST_F(FolderSinkTest, NeverOverwritesAReport) {
  FolderSink sink{folder_.string()};
  const auto report = report_at(0, "00000000000000aa");
  const fs::path stored = store(sink, report, "first");
  const Error error = thrown_by([&] { store(sink, report, "second"); });
  EXPECT_EQ(error.fault, Fault::kReportNotStored);
  EXPECT_EQ(error.what(), "cannot write " + stored.string() + ": File exists");
  EXPECT_EQ(contents(stored), "first");
}

TEST_F(FolderSinkTest, TheSameReportAgainIsNoError) {
  FolderSink sink{folder_.string()};
  const auto report = report_at(0, "00000000000000aa");
  EXPECT_EQ(store(sink, report, "first"), store(sink, report, "first"));
}

TEST_F(FolderSinkTest, ASpooledReportDoesNotBecomeTheLatest) {
  FolderSink sink{folder_.string()};
  store(sink, report_at(0, "00000000000000aa"), "late", /*latest=*/false);
  EXPECT_FALSE(fs::exists(folder_ / "latest"));
}

TEST_F(FolderSinkTest, AnEarlierRunThatEndsLaterLeavesTheLatestAlone) {
  FolderSink sink{folder_.string()};
  auto earlier = report_at(0, "00000000000000aa");
  earlier.sequence = 4;
  auto later = report_at(1, "00000000000000bb");
  later.sequence = 5;
  store(sink, later, report::to_json(later));
  store(sink, earlier, report::to_json(earlier));
  EXPECT_EQ(contents(folder_ / "latest/orders.json"), report::to_json(later));
}

// A clock that was ahead once must not freeze the latest until then.
TEST_F(FolderSinkTest, ALaterRunReplacesALatestOfTheFuture) {
  FolderSink sink{folder_.string()};
  auto ahead = report_at(24 * 365, "00000000000000aa");
  ahead.sequence = 4;
  auto later = report_at(0, "00000000000000bb");
  later.sequence = 5;
  store(sink, ahead, report::to_json(ahead));
  store(sink, later, report::to_json(later));
  EXPECT_EQ(contents(folder_ / "latest/orders.json"), report::to_json(later));
  // Nor must one that could not count.
  later = report_at(1, "00000000000000cc");
  store(sink, later, report::to_json(later));
  EXPECT_EQ(contents(folder_ / "latest/orders.json"), report::to_json(later));
}

TEST_F(FolderSinkTest, ADamagedLatestIsReplaced) {
  fs::create_directories(folder_ / "latest");
  std::ofstream(folder_ / "latest/orders.json") << "{\"timestamp\": ";
  FolderSink sink{folder_.string()};
  const auto report = report_at(0, "00000000000000aa");
  store(sink, report, report::to_json(report));
  EXPECT_EQ(contents(folder_ / "latest/orders.json"), report::to_json(report));
}

TEST_F(FolderSinkTest, LeavesNoTemporaryFilesBehind) {
  FolderSink sink{folder_.string()};
  const auto report = report_at(0, "00000000000000aa");
  store(sink, report, "first");
  EXPECT_THROW(store(sink, report, "second"), Error);
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
  }
}

TEST_F(FolderSinkTest, AFolderThatIsAFileIsAClearError) {
  std::ofstream(folder_ / "2026") << "not a folder";
  FolderSink sink{folder_.string()};
  const Error error = thrown_by([&] { store(sink, report_at(0, "00000000000000aa"), "x"); });
  EXPECT_EQ(std::string(error.what()),
            "cannot write " + (folder_ / "2026").string() + ": Not a directory");
  EXPECT_EQ(error.hint,
            "check that its folder exists or can be made, is writable by this user and has space");
}

}  // namespace
}  // namespace drift::reporters
