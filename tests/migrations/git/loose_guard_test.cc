// A loose object that ends too early is an error that names it. Without the guard these tests never
// end: that is what they are for.
#include "migrations/git/loose_guard.h"

#include <fmt/format.h>

#include "migrations/git/history.h"
#include "tests/migrations/opened.h"

namespace drift::migrations {
namespace {

class CutOff : public testing::Test {
 protected:
  CutOff() {
    repository_.write("v/a.py", "revision = 'a1'\n");
    first_ = repository_.commit();
    repository_.write("v/b.py", "revision = 'b2'\n" + noise(50'000));
    second_ = repository_.commit();
    repository_.write("other", "x");
    repository_.commit();
  }

  // That zlib cannot make small.
  static std::string noise(std::size_t size) {
    std::string text;
    for (unsigned x = 1; text.size() < size; x = x * 1103515245u + 12345u) {
      text += static_cast<char>('!' + (x >> 16) % 94);
    }
    return text;
  }

  std::string id_of(const std::string& what) const { return repository_.git("rev-parse " + what); }

  static std::string file_of(const std::string& id) {
    return ".git/objects/" + id.substr(0, 2) + "/" + id.substr(2);
  }

  std::uintmax_t size_of(const std::string& id) const {
    return std::filesystem::file_size(repository_.path(file_of(id)));
  }

  void cut(const std::string& id, std::uintmax_t size) const {
    repository_.shell("chmod u+w " + file_of(id));
    std::filesystem::resize_file(repository_.path(file_of(id)), size);
  }

  std::string message(const std::string& what, const std::string& id,
                      const std::string& why = "its file is cut off") const {
    return fmt::format("{} cannot be read from {} (object {}): {}", what, repository_.path(), id,
                       why);
  }

  void read_history() const {
    const GitRepository git = opened(repository_.path());
    git.history({object_id_of(git.tree_at("").commit().id)}, {"v"}, Stop());
  }

  TemporaryRepository repository_;
  std::string first_, second_;
};

TEST_F(CutOff, CommitsOfTheHistoryAreNamed) {
  for (std::uintmax_t size = size_of(first_); size-- > 0;) {
    cut(first_, size);
    const Error error = error_of([&] { read_history(); });
    EXPECT_EQ(error.fault, Fault::kRepositoryUnreadable);
    EXPECT_EQ(error.what(), message("an object of its history", first_)) << size;
    EXPECT_EQ(error.hint,
              "run `git fsck` there; a damaged repository is mended by cloning it anew");
  }
}

TEST_F(CutOff, TreesOfTheHistoryAreNamed) {
  const std::string tree = id_of(first_ + "^{tree}");
  cut(tree, size_of(tree) - 3);
  EXPECT_EQ(error_of([&] { read_history(); }).what(), message("an object of its history", tree));
}

TEST_F(CutOff, CommitsStopTheWalksForDatesToo) {
  cut(first_, 20);
  const GitRepository git = opened(repository_.path());
  const std::string head = git.tree_at("").commit().id;
  const std::string text = message("an object of its history", first_);
  EXPECT_EQ(error_of([&] { git.introductions(head, {"v/a.py"}, Stop()); }).what(), text);
  EXPECT_EQ(error_of([&] { git.arrivals(head, {"v/a.py"}, Stop()); }).what(), text);
}

TEST_F(CutOff, ContentsOfManyBlocksAreNamed) {
  const std::string id = id_of("HEAD:v/b.py");
  const GitTree tree = opened(repository_.path()).tree_at("");
  for (const std::uintmax_t size : {size_of(id) - 1, size_of(id) / 2, std::uintmax_t{16384}}) {
    cut(id, size);
    EXPECT_EQ(error_of([&] { tree.read("v/b.py"); }).what(), message("v/b.py", id)) << size;
  }
}

TEST_F(CutOff, ACommitThatARefNamesIsNamed) {
  cut(id_of("HEAD"), 30);
  const Error error = error_of([&] { opened(repository_.path()).tree_at(""); });
  EXPECT_EQ(error.what(), message("the commit that HEAD names", id_of("HEAD")));
}

TEST_F(CutOff, AnAbbreviatedIdIsNotWaitedFor) {
  cut(first_, 30);
  const std::string few = first_.substr(0, 9);
  EXPECT_EQ(
      error_of([&] { opened(repository_.path()).tree_at(few); }).what(),
      fmt::format("{} cannot be looked up in {}: its file is cut off", few, repository_.path()));
  EXPECT_EQ(opened(repository_.path()).tree_at(second_.substr(0, 9)).commit().id, second_);
}

TEST_F(CutOff, ObjectsOfAnAlternateAreNamed) {
  cut(first_, 30);
  const TemporaryRepository borrowing("--bare");
  for (const std::string& folder :
       {repository_.path(".git/objects"),
        std::filesystem::relative(repository_.path(".git/objects"), borrowing.path("objects"))
            .string()}) {
    borrowing.write("objects/info/alternates", "# where they are\n\n" + folder + "\n");
    borrowing.git("update-ref refs/heads/main " + id_of("HEAD"));
    const GitRepository git = opened(borrowing.path());
    const Error error =
        error_of([&] { git.history({object_id_of(git.tree_at("").commit().id)}, {"v"}, Stop()); });
    EXPECT_NE(std::string(error.what()).find("its file is cut off"), std::string::npos);
  }
}

// What was damaged in another way libgit2 tells by itself.
TEST_F(CutOff, OtherDamageIsStillTold) {
  const std::string file = file_of(first_);
  repository_.shell("chmod u+w " + file + "; printf '\\377\\377' | dd of=" + file +
                    " bs=1 seek=30 conv=notrunc status=none");
  EXPECT_EQ(error_of([&] { read_history(); }).fault, Fault::kRepositoryUnreadable);
  repository_.write(file, "no zlib stream");
  EXPECT_EQ(error_of([&] { read_history(); }).fault, Fault::kRepositoryUnreadable);
}

// The pack is asked first, whatever lies beside it.
TEST_F(CutOff, AFileThatAPackMakesUpForDoesNoHarm) {
  repository_.git("repack -q -a");
  cut(first_, 30);
  read_history();
}

}  // namespace
}  // namespace drift::migrations
