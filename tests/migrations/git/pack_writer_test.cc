#include "migrations/git/pack_writer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "migrations/git/clone.h"
#include "tests/migrations/temporary_repository.h"
#include "tests/thrown_by.h"

namespace drift::migrations {
namespace {

class PackWriterTest : public testing::Test {
 protected:
  PackWriterTest() {
    start_libgit2();
    location_.url = "https://git.example.com/project.git";
    initialise_clone(folder_.path(), location_.url);
    source_.write("a.txt", "one\n");
    source_.write("v/b.txt", "two\n");
    source_.commit();
    // A part of the repository: the commit and its trees, without a file.
    source_.shell("git rev-list --objects --filter=blob:none HEAD | git pack-objects -q out");
    std::ifstream file(source_.path(source_.shell("ls out-*.pack")), std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    pack_ = bytes.str();
  }

  std::uint32_t write(const std::string& pack) {
    PackWriter writer(folder_.path(), location_, {}, stop_);
    for (std::size_t at = 0; at < pack.size(); at += 100) writer.take(pack.substr(at, 100));
    return writer.finish();
  }

  std::string packs() const {
    return source_.shell("ls -A '" + folder_.path("objects/pack") + "' | sed 's/.*[.]//' | sort");
  }

  TemporaryRepository source_;
  TemporaryFolder folder_;
  RepositoryLocation location_;
  Stop stop_;
  std::string pack_;
};

TEST_F(PackWriterTest, APartOfARepositoryIsIndexedThoughWhatItNamesIsMissing) {
  EXPECT_EQ(write(pack_), 3u);
  EXPECT_EQ(packs(), "idx\npack");
  const OpenRepository clone = open_clone(folder_.path(), location_.url);
  const git_oid head = oid_of(source_.git("rev-parse HEAD"));
  const git_oid file = oid_of(source_.git("rev-parse HEAD:a.txt"));
  EXPECT_EQ(git_odb_exists(clone.odb.get(), &head), 1);
  EXPECT_EQ(git_odb_exists(clone.odb.get(), &file), 0);
}

TEST_F(PackWriterTest, ACutPackLeavesNothing) {
  for (std::size_t size = 0; size < pack_.size(); size += 7) {
    const Error error = thrown_by([&] { write(pack_.substr(0, size)); });
    EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  }
  expect_error(thrown_by([&] { write(pack_.substr(0, 50)); }), Fault::kRepositoryUnreadable,
               "https://git.example.com/project.git sent a damaged pack: it ends in the middle",
               "run it again; where it stays so, run `git fsck` in the repository on its server");
  EXPECT_EQ(packs(), "");
}

TEST_F(PackWriterTest, NoFlippedBitPasses) {
  for (std::size_t at = 0; at < pack_.size(); ++at) {
    std::string spoilt = pack_;
    spoilt[at] = static_cast<char>(spoilt[at] ^ 1 << at % 8);
    EXPECT_THROW(write(spoilt), Error) << at;
  }
  EXPECT_EQ(packs(), "");
}

TEST_F(PackWriterTest, WhatAKilledWriterLeftIsRemovedAndNothingElse) {
  write(pack_);
  source_.shell("touch '" + folder_.path("objects/pack/pack_git2_abc123") + "'");
  remove_unfinished_packs(folder_.path());
  EXPECT_EQ(packs(), "idx\npack");
}

TEST_F(PackWriterTest, ARunThatMustEndWritesNoPack) {
  PackWriter writer(folder_.path(), location_, {}, stop_);
  stop_.request();
  const Error error = thrown_by([&] {
    writer.take(pack_);
    writer.finish();
  });
  EXPECT_EQ(error.fault, Fault::kInterrupted);
}

TEST_F(PackWriterTest, AFolderThatCannotBeWrittenIsTheCaches) {
  location_.url = "https://git.example.com/x";
  expect_error(
      thrown_by([&] { PackWriter("/nonexistent", location_, {}, stop_); }), Fault::kCacheUnusable,
      "the clone of https://git.example.com/x cannot be brought up to date: "
      "/nonexistent/objects/pack is not there",
      "--cache-dir names a folder that this user may write, on a disk with room for a bare "
      "clone");
}

}  // namespace
}  // namespace drift::migrations
