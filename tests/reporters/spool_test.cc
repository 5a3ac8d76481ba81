#include "reporters/spool.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "drift/base/log.h"
#include "drift/base/stop.h"
#include "drift/base/surroundings.h"
#include "drift/report/report.h"
#include "reporters/folder_store.h"
#include "reporters/report_archive.h"
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
  // As a run would have spooled it.
  static std::string report_at(int hours, const std::string& note = "") {
    report::Report report;
    report.target = name_at(hours).target;
    report.timestamp = name_at(hours).timestamp;
    report.run_id = name_at(hours).run_id;
    if (!note.empty()) report.warnings.push_back(note);
    return report::to_json(report);
  }
  // What the spool says while it uploads.
  std::string told_by_upload(ReportArchive& archive) const {
    int pipe[2];
    EXPECT_EQ(::pipe(pipe), 0);
    const Log log{LogFormat::kText, LogLevel::kWarning, pipe[1]};
    spool_.upload(archive, stop_, log);
    ::close(pipe[1]);
    std::string told(4096, '\0');
    const ssize_t size = ::read(pipe[0], told.data(), told.size());
    ::close(pipe[0]);
    told.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return told;
  }
  static std::string contents(const fs::path& path) {
    return whole_file(path.string()).value_or("");
  }
  static mode_t mode_of(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777;
  }
  const TemporaryFolder folder_;
  const Spool spool_{folder_.path("spool"), "s3://bucket/prefix", {"orders-eu"}};
  ReportArchive archive_{std::make_unique<FolderStore>(folder_.path("reports"))};
  const Log log_{LogFormat::kText, LogLevel::kError};
  const Stop stop_;
};

TEST_F(SpoolTest, KeepsAReportForItsOwnerAlone) {
  const fs::path path = spool_.keep(name_at(0), report_at(0));
  EXPECT_EQ(contents(path), report_at(0));
  EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_EQ(mode_of(path.parent_path()), 0700u);
}

TEST_F(SpoolTest, TellsHowManyWaitAndSinceWhen) {
  EXPECT_EQ(spool_.waiting().reports, 0u);
  EXPECT_FALSE(spool_.waiting().oldest);
  const fs::path later = spool_.keep(name_at(1), "later");
  spool_.keep(name_at(0), report_at(0, "first"));
  std::ofstream(later.parent_path() / "no-report.txt") << "x";
  EXPECT_EQ(spool_.folder(), later.parent_path());
  EXPECT_EQ(spool_.waiting().reports, 2u);
  EXPECT_EQ(spool_.waiting().oldest, name_at(0).timestamp);
}

TEST_F(SpoolTest, LaterRunsStoreItUnderItsOwnTimeAndForgetIt) {
  const fs::path second = spool_.keep(name_at(1), report_at(1, "second"));
  const fs::path first = spool_.keep(name_at(0), report_at(0, "first"));
  EXPECT_EQ(spool_.upload(archive_, stop_, log_), 0u);
  const fs::path day = folder_.path("reports/2026/11/20");
  EXPECT_EQ(contents(day / "orders-eu-20261120T030000Z-00000000000000aa.json"),
            report_at(0, "first"));
  EXPECT_EQ(contents(day / "orders-eu-20261120T040000Z-00000000000000aa.json"),
            report_at(1, "second"));
  EXPECT_FALSE(fs::exists(first));
  EXPECT_FALSE(fs::exists(second));
  EXPECT_FALSE(fs::exists(folder_.path("reports/latest"))) << "an old report is not the latest";
}

TEST_F(SpoolTest, KeepsWhatStillCannotBeStored) {
  const fs::path path = spool_.keep(name_at(0), report_at(0));
  std::ofstream(folder_.path("reports")) << "in the way";
  EXPECT_EQ(spool_.upload(archive_, stop_, log_), 1u);
  EXPECT_EQ(contents(path), report_at(0));
}

TEST_F(SpoolTest, ReportsMeantForAnotherPlaceAreLeftAlone) {
  const Spool other{folder_.path("spool"), "s3://elsewhere"};
  const fs::path path = other.keep(name_at(0), "report");
  EXPECT_EQ(spool_.upload(archive_, stop_, log_), 0u);
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(SpoolTest, WhatIsNoReportIsLeftAlone) {
  const fs::path path = spool_.keep(name_at(0), report_at(0));
  std::ofstream(path.parent_path() / "notes.txt") << "mine";
  EXPECT_EQ(spool_.upload(archive_, stop_, log_), 0u);
  EXPECT_TRUE(fs::exists(path.parent_path() / "notes.txt"));
}

TEST_F(SpoolTest, TellsHowManyAreLeftFromTheFirstThatCannotBeStored) {
  for (int hours = 0; hours < 3; ++hours) spool_.keep(name_at(hours), report_at(hours));
  // The second one is there already, and says something else.
  const fs::path day = folder_.path("reports/2026/11/20");
  fs::create_directories(day);
  std::ofstream(day / report::file_name(name_at(1))) << "another";
  EXPECT_EQ(spool_.upload(archive_, stop_, log_), 2u);
  EXPECT_EQ(spool_.waiting().reports, 2u);
  EXPECT_EQ(spool_.waiting().oldest, name_at(1).timestamp);
}

// Takes away the next report while it stores one, as a run would that overlaps.
class TakingStore : public FolderStore {
 public:
  TakingStore(fs::path folder, fs::path next)
      : FolderStore(std::move(folder)), next_(std::move(next)) {}
  void add(const std::string& name, const std::string& text, const Stop& stop) override {
    fs::remove(next_);
    FolderStore::add(name, text, stop);
  }

 private:
  fs::path next_;
};

TEST_F(SpoolTest, AReportThatAnotherRunTookAwayIsNotStoredEmpty) {
  spool_.keep(name_at(0), report_at(0));
  const fs::path next = spool_.keep(name_at(1), report_at(1));
  ReportArchive taking{std::make_unique<TakingStore>(folder_.path("reports"), next)};
  EXPECT_EQ(told_by_upload(taking), "");
  const fs::path day = folder_.path("reports/2026/11/20");
  EXPECT_EQ(contents(day / report::file_name(name_at(0))), report_at(0));
  EXPECT_FALSE(fs::exists(day / report::file_name(name_at(1))));
}

TEST_F(SpoolTest, WhatIsNoReportOfATargetIsLeftAloneAndToldOnce) {
  struct Case {
    const char* what;
    report::ReportName name;
    std::string text;
    const char* because;
  };
  report::ReportName elsewhere = name_at(0);
  elsewhere.target = "users";
  report::ReportName other_run = name_at(0);
  other_run.run_id = "00000000000000bb";
  const Case cases[] = {
      {"no JSON", name_at(0), "root:x:0:0\n", "it is not JSON"},
      {"no report", name_at(0), "{}", "it has no text \"timestamp\""},
      {"of another target", elsewhere, report_at(0), "its target is not one of this run"},
      {"of another time", name_at(1), report_at(0), "it is not the report that its name says"},
      {"of another run", other_run, report_at(0), "it is not the report that its name says"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    const fs::path path = spool_.keep(one.name, one.text);
    EXPECT_EQ(told_by_upload(archive_),
              "schema-drift: warning: files in the spool are left alone files=1 first=" +
                  path.string() + " because=" + one.because + "\n");
    EXPECT_EQ(contents(path), one.text);
    EXPECT_FALSE(fs::exists(folder_.path("reports")));
    fs::remove(path);
  }
}

TEST_F(SpoolTest, OneWarningTellsOfAllThatIsLeftAlone) {
  const fs::path path = spool_.keep(name_at(0), "no report");
  std::ofstream(path.parent_path() / "notes.txt") << "mine";
  std::ofstream(path.parent_path() / ".killed.tmp") << "half";
  EXPECT_EQ(told_by_upload(archive_),
            "schema-drift: warning: files in the spool are left alone files=2 first=" +
                (path.parent_path() / "notes.txt").string() + " because=not named like a report\n");
}

TEST_F(SpoolTest, LinksPipesAndEndlessFilesAreLeftAlone) {
  const fs::path folder = fs::path(spool_.keep(name_at(9), report_at(9))).parent_path();
  fs::remove(folder / report::file_name(name_at(9)));
  std::ofstream(folder_.path("secret")) << report_at(0);
  const fs::path path = folder / report::file_name(name_at(0));
  const auto told = [&](const char* because) {
    EXPECT_EQ(told_by_upload(archive_),
              "schema-drift: warning: files in the spool are left alone files=1 first=" +
                  path.string() + " because=" + because + "\n");
    EXPECT_FALSE(fs::exists(folder_.path("reports")));
    fs::remove(path);
  };
  fs::create_symlink(folder_.path("secret"), path);
  told("it is a link");
  fs::create_symlink("/dev/zero", path);
  told("it is a link");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  told("it is not a regular file");
  fs::create_directory(path);
  told("it is not a regular file");
  std::ofstream(path) << "{";
  fs::resize_file(path, 4'000'000'000);  // with a hole: it takes no room
  told("it is larger than 64 MiB");
  std::ofstream(path) << report_at(0);
  fs::permissions(path, fs::perms::all);
  told("others may change it");
}

TEST_F(SpoolTest, AFolderThatOthersMayWriteIntoIsLeftAlone) {
  const fs::path path = spool_.keep(name_at(0), report_at(0));
  const fs::path folder = path.parent_path();
  for (const auto& [mode, because] : {std::pair{0777, "everybody may write into it"},
                                      std::pair{01777, "everybody may write into it"},
                                      std::pair{0770, "its group may write into it"}}) {
    ASSERT_EQ(::chmod(folder.c_str(), static_cast<mode_t>(mode)), 0);
    EXPECT_EQ(told_by_upload(archive_), "schema-drift: warning: the spool is left alone spool=" +
                                            folder.string() + " because=" + because + "\n");
    EXPECT_EQ(spool_.waiting().reports, 0u);
    EXPECT_EQ(spool_.waiting().problem, folder.string() + ": " + because);
    const Error error = thrown_by([&] { spool_.keep(name_at(1), report_at(1)); });
    EXPECT_EQ(error.what(), "cannot write " + folder.string() + ": " + because);
  }
  EXPECT_EQ(contents(path), report_at(0));
}

TEST_F(SpoolTest, WithoutAFolderNothingIsKeptAndItIsSaid) {
  const Spool none{"", "s3://bucket/prefix", {"orders-eu"}};
  const Error error = thrown_by([&] { none.keep(name_at(0), report_at(0)); });
  expect_error(error, Fault::kReportNotStored,
               "there is no folder for it: neither --spool-dir, XDG_STATE_HOME nor HOME is set",
               "give --spool-dir a folder that belongs to the user of the nightly run");
  EXPECT_EQ(none.upload(archive_, stop_, log_), 0u);
  EXPECT_EQ(none.waiting().reports, 0u);
  EXPECT_EQ(none.waiting().problem, "");
}

TEST_F(SpoolTest, AFolderThatCannotBeMadeIsAClearError) {
  std::ofstream(folder_.path("file")) << "in the way";
  const Spool blocked{folder_.path("file"), "s3://bucket"};
  const Error error = thrown_by([&] { blocked.keep(name_at(0), "x"); });
  EXPECT_EQ(error.fault, Fault::kReportNotStored);
  EXPECT_TRUE(std::string(error.what()).ends_with(": Not a directory")) << error.what();
}

TEST_F(SpoolTest, GivesTheTextsOfOneTarget) {
  EXPECT_TRUE(spool_.reports_of("orders-eu").empty());
  spool_.keep(name_at(0), report_at(0, "older"));
  spool_.keep(name_at(1), report_at(1, "newer"));
  spool_.keep(name_at(2), "put there by somebody else");
  report::ReportName other = name_at(3);
  other.target = "orders";
  spool_.keep(other, report_at(3));
  EXPECT_EQ(spool_.reports_of("orders-eu"),
            (std::vector<std::string>{report_at(0, "older"), report_at(1, "newer")}));
  EXPECT_TRUE(spool_.reports_of("orders").empty()) << "it is none of this run's targets";
}

}  // namespace
}  // namespace drift::reporters
