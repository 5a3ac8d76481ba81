#include "migrations/git/memory_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "drift/base/descriptor.h"
#include "tests/temporary_folder.h"

namespace drift::migrations {
namespace {

namespace fs = std::filesystem;

// As many entries as are worth a file.
HistoryMemory long_one(const std::string& id = "a1b1") {
  HistoryMemory memory;
  for (std::size_t i = 0; i < MemoryFile::kFewEntries; ++i) {
    memory.learn_revision(kNoTree, std::to_string(i), id);
  }
  return memory;
}

class MemoryFiles : public testing::Test {
 protected:
  MemoryFile file() const { return MemoryFile(cache(), "/srv/project"); }
  std::string cache() const { return folder_.path("cache"); }
  std::string path() const {
    for (const auto& entry : fs::directory_iterator(cache())) {
      if (entry.path().extension() == ".history") return entry.path();
    }
    ADD_FAILURE() << "no file";
    return "";
  }
  // The id that is kept, or "".
  std::string kept() const {
    const HistoryMemory memory = file().read();
    const std::string* id = memory.revision(kNoTree, "7");
    return id == nullptr ? "" : *id;
  }
  static std::string bytes(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static mode_t mode_of(const std::string& path) {
    struct stat status {};
    ::stat(path.c_str(), &status);
    return status.st_mode & 07777;
  }

  TemporaryFolder folder_;
};

TEST_F(MemoryFiles, KeepWhatWasLearntForThisUserAlone) {
  EXPECT_EQ(kept(), "");
  file().write(long_one());
  EXPECT_EQ(kept(), "a1b1");
  EXPECT_EQ(mode_of(path()), 0600u);
  EXPECT_EQ(mode_of(cache()), 0700u);
  EXPECT_EQ(std::distance(fs::directory_iterator(cache()), {}), 1);
  EXPECT_EQ(MemoryFile(cache(), "/srv/other").read().revision(kNoTree, "7"), nullptr);
}

TEST_F(MemoryFiles, AreWrittenWhereEnoughIsNew) {
  HistoryMemory memory = long_one();
  HistoryMemory few;
  for (std::size_t i = 1; i < MemoryFile::kFewEntries; ++i) {
    few.learn_revision(kNoTree, std::to_string(i), "few");
  }
  file().write(few);
  EXPECT_FALSE(fs::exists(cache()));
  file().write(memory);
  file().write(few);
  EXPECT_EQ(kept(), "a1b1");
  file().write(long_one("c2c2"));
  EXPECT_EQ(kept(), "c2c2");
  // What was read counts as old.
  fs::remove(path());
  ASSERT_TRUE(memory.restore(memory.stored()));
  file().write(memory);
  EXPECT_EQ(kept(), "");
}

TEST_F(MemoryFiles, AreNowhereWithoutAFolder) {
  const MemoryFile nowhere("", "/srv/project");
  // Not in the folder that the run was started from, either.
  file().write(long_one());
  const fs::path before = fs::current_path();
  fs::current_path(cache());
  const HistoryMemory read = nowhere.read();
  nowhere.write(long_one("c2c2"));
  fs::current_path(before);
  EXPECT_EQ(read.revision(kNoTree, "7"), nullptr);
  EXPECT_EQ(kept(), "a1b1");
}

TEST_F(MemoryFiles, ThatAreDamagedAreAsGoodAsNone) {
  file().write(long_one());
  const std::string whole = bytes(path());
  for (const std::size_t size : {std::size_t{0}, std::size_t{20}, whole.size() - 1}) {
    std::ofstream(path(), std::ios::binary) << whole.substr(0, size);
    EXPECT_EQ(kept(), "") << size;
  }
  file().write(long_one("c2c2"));
  EXPECT_EQ(kept(), "c2c2");
}

TEST_F(MemoryFiles, OfAFolderThatEverybodyMayWriteToAreNotBelieved) {
  file().write(long_one());
  fs::permissions(cache(), fs::perms::all);
  EXPECT_EQ(kept(), "");
  file().write(long_one("c2c2"));
  fs::permissions(cache(), fs::perms::owner_all);
  EXPECT_EQ(kept(), "a1b1");
}

TEST_F(MemoryFiles, AreNoLinks) {
  file().write(long_one());
  const std::string target = folder_.path("target"), name = path();
  fs::rename(name, target);
  fs::create_symlink(target, name);
  EXPECT_EQ(kept(), "");
  // Nor is one followed to write.
  std::ofstream(folder_.path("precious")) << "precious";
  fs::create_symlink(folder_.path("precious"), name + ".new");
  file().write(long_one());
  EXPECT_EQ(bytes(folder_.path("precious")), "precious");
  fs::remove(name + ".new");
  fs::create_hard_link(folder_.path("precious"), name + ".new");
  file().write(long_one());
  EXPECT_EQ(bytes(folder_.path("precious")), "precious");
}

TEST_F(MemoryFiles, AreWrittenByOneRunAtATime) {
  file().write(long_one());
  const std::string growing = path() + ".new";
  {
    const Descriptor other{::open(growing.c_str(), O_WRONLY | O_CREAT, 0600)};
    ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
    file().write(long_one("c2c2"));
    EXPECT_EQ(kept(), "a1b1");
  }
  // That run was killed; what it left is in nobody's way.
  std::ofstream(growing) << "half";
  file().write(long_one("c2c2"));
  EXPECT_EQ(kept(), "c2c2");
  EXPECT_FALSE(fs::exists(growing));
}

TEST_F(MemoryFiles, AreDoneWithoutWhereTheFolderCannotBeMade) {
  std::ofstream(cache()) << "a file";
  file().write(long_one());
  EXPECT_EQ(kept(), "");
  EXPECT_EQ(bytes(cache()), "a file");
}

}  // namespace
}  // namespace drift::migrations
