#include "drift/base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>

namespace drift {
namespace {

// What a log writes, read back from a pipe.
class LogTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::pipe(pipe_), 0); }
  void TearDown() override {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }
  std::string written() {
    char buffer[4096];
    const ssize_t size = ::read(pipe_[0], buffer, sizeof buffer);
    return {buffer, static_cast<std::size_t>(size)};
  }
  int pipe_[2];
};

TEST_F(LogTest, TextIsOneLineForAPerson) {
  Log log{LogFormat::kText, LogLevel::kInfo, pipe_[1]};
  log.warning("the table\nis odd", {{"table", "public.\x1b[0m"}});
  EXPECT_EQ(written(), "schema-drift: warning: the table\\nis odd table=public.\\x1b[0m\n");
}

TEST_F(LogTest, JsonIsOneObjectALineWithTheRun) {
  Log log{LogFormat::kJson, LogLevel::kInfo, pipe_[1]};
  log.set_run_id("00ff");
  log.info("report stored", {{"at", "/r/\xff.json"}});
  const std::string line = written();
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto object = nlohmann::json::parse(line);
  EXPECT_EQ(object["level"], "info");
  EXPECT_EQ(object["run_id"], "00ff");
  EXPECT_EQ(object["event"], "report stored");
  EXPECT_EQ(object["at"], "/r/\xef\xbf\xbd.json");
  EXPECT_EQ(object["time"].get<std::string>().size(), std::string("2026-11-20T03:00:00Z").size());
}

TEST_F(LogTest, DropsWhatIsBelowItsLevel) {
  Log log{LogFormat::kText, LogLevel::kWarning, pipe_[1]};
  log.info("quiet");
  log.write(LogLevel::kError, "loud");
  EXPECT_EQ(written(), "schema-drift: error: loud\n");
}

TEST_F(LogTest, AClosedStreamDoesNotEndTheRun) {
  Log log{LogFormat::kText, LogLevel::kInfo, -1};
  EXPECT_NO_THROW(log.info("nobody listens"));
}

}  // namespace
}  // namespace drift
