// Damage to a repository's objects is an error that names them, and never other contents.
#include "migrations/git/object.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "tests/migrations/opened.h"

namespace drift::migrations {
namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class DamagedRepository : public testing::Test {
 protected:
  DamagedRepository() {
    repository.write("versions/1a_first.py", "revision = '1a'\ndown_revision = None\n");
    repository.write("versions/2b_second.py", "revision = '2b'\ndown_revision = '1a'\n");
    repository.write("other/3c_third.py", "revision = '3c'\ndown_revision = '2b'\n");
    head = repository.commit();
  }

  std::string id_of(const std::string& what) const { return repository.git("rev-parse " + what); }

  // Puts a well-formed object under another's name: only its hash gives it away.
  void replace(const std::string& id, const std::string& by) const {
    const auto file = [](const std::string& name) {
      return ".git/objects/" + name.substr(0, 2) + "/" + name.substr(2);
    };
    repository.shell("cp -f " + file(by) + " " + file(id));
  }

  std::string mismatch(const std::string& what, const std::string& id,
                       const std::string& found) const {
    return fmt::format(
        "{} cannot be read from {} (object {}): object hash mismatch - expected {} but got {}",
        what, repository.path(), id, id, found);
  }

  TemporaryRepository repository;
  std::string head;
};

TEST(ObjectHash, IsGitsOwn) {
  EXPECT_EQ(object_hash("blob", "")[0], 0xe6);  // e69de29bb2d1d6434b8b29ae775ad8c2e48c5391
  const TemporaryRepository repository;
  repository.write("file", std::string(100'000, 'x') + '\0');
  const auto hash = object_hash("blob", bytes_of(repository.path("file")));
  EXPECT_EQ(hex(oid_of(hash)), repository.git("hash-object file"));
}

TEST_F(DamagedRepository, AnotherFilesContentsAreNoticed) {
  const std::string id = id_of("HEAD:versions/1a_first.py");
  const std::string other = id_of("HEAD:other/3c_third.py");
  replace(id, other);
  const GitTree tree = opened(repository.path()).tree_at("");
  const Error error = error_of([&] { tree.read("versions/1a_first.py"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(), mismatch("versions/1a_first.py", id, other));
  EXPECT_EQ(error.hint, "run `git fsck` there; a damaged repository is mended by cloning it anew");
}

TEST_F(DamagedRepository, AnotherFoldersFilesAreNoticed) {
  const std::string id = id_of("HEAD:versions");
  const std::string other = id_of("HEAD:other");
  replace(id, other);
  const GitTree tree = opened(repository.path()).tree_at("");
  const Error error = error_of([&] { tree.list("versions"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(), mismatch("the folder versions", id, other));
}

TEST_F(DamagedRepository, AnotherCommitIsNoticed) {
  repository.write("versions/4d_fourth.py", "revision = '4d'\ndown_revision = '2b'\n");
  const std::string newer = repository.commit();
  replace(newer, head);
  const Error error = error_of([&] { opened(repository.path()).tree_at("main"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(), mismatch("the commit that main names", newer, head));
}

TEST_F(DamagedRepository, AnotherCommitOnTheWayToAnOlderOneIsNoticed) {
  const std::string middle = repository.commit("a second one");
  const std::string third = repository.commit("a third one");
  const std::string newest = repository.commit("a fourth one");
  replace(third, middle);
  const Error error = error_of([&] { opened(repository.path()).tree_at("main~2"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(),
            fmt::format("main~2 cannot be looked up in {}: object hash mismatch - expected {} but "
                        "got {}",
                        repository.path(), third, middle));
}

TEST_F(DamagedRepository, AnotherTagIsNoticed) {
  repository.git("tag -a -m one v1");
  const std::string newer = repository.commit("a second one");
  repository.git("tag -a -m two v2");
  const std::string two = id_of("v2");
  replace(two, id_of("v1"));
  const Error error = error_of([&] { opened(repository.path()).tree_at("v2"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(), mismatch("the commit that v2 names", two, id_of("v1")));
}

TEST_F(DamagedRepository, AnotherCommitInItsHistoryIsNoticed) {
  repository.write("versions/4d_fourth.py", "revision = '4d'\ndown_revision = '2b'\n");
  const std::string middle = repository.commit();
  const std::string newest = repository.commit("nothing more");
  replace(middle, head);
  const GitRepository damaged = opened(repository.path());
  const Error error = error_of([&] {
    damaged.introductions(newest, {"versions/1a_first.py"}, Stop{std::chrono::hours{1}});
  });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(error.what(), mismatch("an object of its history", middle, head));
}

// Not for every bit an error: some belong to what is not read here. Never other files or contents.
TEST_F(DamagedRepository, NoWrongByteOfAPackGivesOtherFiles) {
  // Similar enough that the pack holds one as a delta of the other.
  const std::string body(400, 'x');
  repository.write("versions/1a_first.py", "revision = '1a'\n" + body);
  repository.write("versions/2b_second.py", "revision = '2b'\n" + body);
  repository.commit();
  repository.git("repack -q -a -d -f");
  const std::string pack = repository.shell("ls .git/objects/pack/*.pack");
  EXPECT_NE(repository.git("verify-pack -v " + pack).find("chain length = 1"), std::string::npos);

  const auto everything = [&] {
    const GitTree tree = opened(repository.path()).tree_at("");
    std::string all;
    for (const char* folder : {"versions", "other"}) {
      const auto entries = tree.list(folder);
      for (const TreeEntry& entry : entries.value()) all += entry.name + tree.read(entry);
    }
    return all;
  };
  const std::string sound = everything();
  const std::string path = repository.path(pack);
  repository.shell("chmod u+w " + pack);
  const std::string bytes = bytes_of(path);
  std::size_t refused = 0;
  constexpr std::string_view kFlips = "\x01\x10\xff";
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ kFlips[at % kFlips.size()]);
    std::ofstream(path, std::ios::binary) << damaged;
    try {
      EXPECT_EQ(everything(), sound) << "byte " << at;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, bytes.size() / 2);
}

// git would take the sound copy; here damage is told, so that somebody mends it.
TEST_F(DamagedRepository, AnObjectDamagedInAPackIsNotTakenFromElsewhere) {
  const std::string id = id_of("HEAD:versions/1a_first.py");
  const std::string loose = ".git/objects/" + id.substr(0, 2) + "/" + id.substr(2);
  repository.shell("cp " + loose + " kept; git repack -q -a -d; mkdir -p $(dirname " + loose +
                   "); cp kept " + loose);
  const std::string pack = repository.shell("ls .git/objects/pack/*.pack");
  const auto at = std::stoul(
      repository.shell("git verify-pack -v " + pack + " | awk '/^" + id + "/ {print $5}'"));
  repository.shell("chmod u+w " + pack);
  std::string bytes = bytes_of(repository.path(pack));
  bytes[at + 8] = static_cast<char>(bytes[at + 8] ^ 0x55);
  std::ofstream(repository.path(pack), std::ios::binary) << bytes;
  const GitTree tree = opened(repository.path()).tree_at("");
  const Error error = error_of([&] { tree.read("versions/1a_first.py"); });
  EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
  EXPECT_EQ(std::string(error.what()).rfind("versions/1a_first.py cannot be read from ", 0), 0u)
      << error.what();
}

// ------------------------------------------------------------------------------------- size

TEST_F(DamagedRepository, AFileStoredAsADeltaOfOneTooLargeIsStillRead) {
  std::string lines;
  for (int line = 0; lines.size() < GitTree::kMaxFileBytes + 1'000'000; ++line) {
    lines += fmt::format("# {:x}\n", line * 2654435761u);
  }
  repository.write("first.py", lines);
  lines.resize(GitTree::kMaxFileBytes);
  repository.write("second.py", lines);
  repository.commit();
  repository.git("repack -q -a -d -f");
  const std::string pack = repository.shell("ls .git/objects/pack/*.pack");
  const std::string second = id_of("HEAD:second.py");
  ASSERT_EQ(repository.shell("git verify-pack -v " + pack + " | grep '^" + second +
                             "' | awk '{print NF}'"),
            "7")
      << "not stored as a delta";
  const GitTree tree = opened(repository.path()).tree_at("");
  EXPECT_EQ(tree.read("second.py")->size(), GitTree::kMaxFileBytes);
  EXPECT_STREQ(
      error_of([&] { tree.read("first.py"); }).what(),
      fmt::format("first.py has {} bytes, more than the 16777216 that a migration may have",
                  bytes_of(repository.path("first.py")).size())
          .c_str());
}

}  // namespace
}  // namespace drift::migrations
