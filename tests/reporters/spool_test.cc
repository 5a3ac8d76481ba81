#include "reporters/spool.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/report/report.h"
#include "reporters/folder_sink.h"
#include "tests/temporary_folder.h"
#include "tests/thrown_by.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;

class SpoolTest : public testing::Test {
 protected:
  static report::ReportName name_at(int hours) {
    return {"orders-eu", TimePoint{std::chrono::seconds{1'795'143'600} + std::chrono::hours{hours}},
            "00000000000000aa", ""};
  }
  static std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static mode_t mode_of(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777;
  }
  const TemporaryFolder folder_;
  const Spool spool_{folder_.path("spool"), "s3://bucket/prefix"};
  const Log log_{LogFormat::kText, LogLevel::kError};
  const Stop stop_;
};

TEST_F(SpoolTest, KeepsAReportForItsOwnerAlone) {
  const fs::path path = spool_.keep(name_at(0), "report");
  EXPECT_EQ(contents(path), "report");
  EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_EQ(mode_of(path.parent_path()), 0700u);
}

TEST_F(SpoolTest, TellsHowManyWaitAndSinceWhen) {
  EXPECT_EQ(spool_.waiting().reports, 0u);
  EXPECT_FALSE(spool_.waiting().oldest);
  const fs::path later = spool_.keep(name_at(1), "later");
  spool_.keep(name_at(0), "first");
  std::ofstream(later.parent_path() / "no-report.txt") << "x";
  EXPECT_EQ(spool_.folder(), later.parent_path());
  EXPECT_EQ(spool_.waiting().reports, 2u);
  EXPECT_EQ(spool_.waiting().oldest, name_at(0).timestamp);
}

TEST_F(SpoolTest, LaterRunsStoreItUnderItsOwnTimeAndForgetIt) {
  const fs::path second = spool_.keep(name_at(1), "second");
  const fs::path first = spool_.keep(name_at(0), "first");
  FolderSink sink{folder_.path("reports")};
  EXPECT_EQ(spool_.upload(sink, stop_, log_), 0u);
  const fs::path day = folder_.path("reports/2026/11/20");
  EXPECT_EQ(contents(day / "orders-eu-20261120T030000Z-00000000000000aa.json"), "first");
  EXPECT_EQ(contents(day / "orders-eu-20261120T040000Z-00000000000000aa.json"), "second");
  EXPECT_FALSE(fs::exists(first));
  EXPECT_FALSE(fs::exists(second));
  EXPECT_FALSE(fs::exists(folder_.path("reports/latest"))) << "an old report is not the latest";
}

TEST_F(SpoolTest, KeepsWhatStillCannotBeStored) {
  const fs::path path = spool_.keep(name_at(0), "report");
  std::ofstream(folder_.path("reports")) << "in the way";
  FolderSink sink{folder_.path("reports")};
  EXPECT_EQ(spool_.upload(sink, stop_, log_), 1u);
  EXPECT_EQ(contents(path), "report");
}

TEST_F(SpoolTest, ReportsMeantForAnotherPlaceAreLeftAlone) {
  const Spool other{folder_.path("spool"), "s3://elsewhere"};
  const fs::path path = other.keep(name_at(0), "report");
  FolderSink sink{folder_.path("reports")};
  EXPECT_EQ(spool_.upload(sink, stop_, log_), 0u);
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(SpoolTest, WhatIsNoReportIsLeftAlone) {
  const fs::path path = spool_.keep(name_at(0), "report");
  std::ofstream(path.parent_path() / "notes.txt") << "mine";
  FolderSink sink{folder_.path("reports")};
  EXPECT_EQ(spool_.upload(sink, stop_, log_), 0u);
  EXPECT_TRUE(fs::exists(path.parent_path() / "notes.txt"));
}

TEST_F(SpoolTest, AFolderThatCannotBeMadeIsAClearError) {
  std::ofstream(folder_.path("file")) << "in the way";
  const Spool blocked{folder_.path("file"), "s3://bucket"};
  const Error error = thrown_by([&] { blocked.keep(name_at(0), "x"); });
  EXPECT_EQ(error.fault, Fault::kReportNotStored);
  EXPECT_TRUE(std::string(error.what()).ends_with(": Not a directory")) << error.what();
}

}  // namespace
}  // namespace drift::reporters
