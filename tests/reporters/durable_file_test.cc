#include "reporters/durable_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "drift/base/descriptor.h"
#include "drift/base/error.h"
#include "drift/base/surroundings.h"
#include "tests/temporary_folder.h"
#include "tests/thrown_by.h"

namespace drift::reporters {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) { return whole_file(path.string()).value_or(""); }

class DurableFile : public testing::Test {
 protected:
  const TemporaryFolder vanishing_;
  const fs::path folder_{vanishing_.path()};
  const Descriptor fd_{::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
};

TEST_F(DurableFile, ATemporaryFileLeadsNowhereElse) {
  std::ofstream(folder_ / "victim") << "of somebody else";
  fs::create_symlink(folder_ / "victim", folder_ / ".report.tmp");
  const Error error =
      thrown_by([&] { const TemporaryFile file(fd_.get(), folder_, ".report.tmp", "ours", 0600); });
  EXPECT_EQ(error.what(), "cannot write " + (folder_ / ".report.tmp").string() + ": File exists");
  EXPECT_EQ(contents(folder_ / "victim"), "of somebody else");
  EXPECT_TRUE(fs::is_symlink(folder_ / ".report.tmp"));
}

TEST_F(DurableFile, ATemporaryFileTakesOverNoOther) {
  std::ofstream(folder_ / ".report.tmp") << "of another run, and longer than ours";
  EXPECT_THROW(const TemporaryFile file(fd_.get(), folder_, ".report.tmp", "ours", 0600), Error);
  EXPECT_EQ(contents(folder_ / ".report.tmp"), "of another run, and longer than ours");
}

TEST_F(DurableFile, WhatAKilledRunLeftIsNotInTheWay) {
  std::ofstream(folder_ / (".metrics.prom." + std::to_string(::getpid()) + ".tmp")) << "half";
  replace_file(folder_ / "metrics.prom", "whole");
  EXPECT_EQ(contents(folder_ / "metrics.prom"), "whole");
}

TEST_F(DurableFile, ErrorsNameThePathAndCallNothingAReport) {
  std::ofstream(folder_ / "file") << "no folder";
  const Error error = thrown_by([&] { replace_file(folder_ / "file/metrics.prom", "x"); });
  EXPECT_EQ(error.what(), "cannot write " + (folder_ / "file").string() + ": Not a directory");
  EXPECT_EQ(error.hint,
            "check that its folder exists or can be made, is writable by this user and has space");
}

}  // namespace
}  // namespace drift::reporters
