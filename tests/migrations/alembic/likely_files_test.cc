#include "migrations/alembic/likely_files.h"

#include <gtest/gtest.h>

#include "tests/migrations/opened.h"
#include "tests/migrations/temporary_repository.h"

namespace drift::migrations {
namespace {

// Contents of the files that are likely, in no order that counts.
std::string likely(const TemporaryRepository& repository, const ScriptSettings& settings = {}) {
  repository.commit();
  const GitTree tree = opened(repository.path()).tree_at("");
  std::string contents;
  for (const TreeEntry& file : likely_configuration(tree, settings)) contents += tree.read(file);
  return contents;
}

TEST(LikelyFiles, TheConfigurationAtTheRoot) {
  TemporaryRepository repository;
  repository.write("alembic.ini", "ini;");
  repository.write("pyproject.toml", "toml;");
  repository.write("migrations/alembic.ini", "flask;");
  repository.write("other/alembic.ini", "other;");
  EXPECT_EQ(likely(repository), "ini;flask;toml;");
}

TEST(LikelyFiles, TheOnlyOneWhereNoneIsAtTheRoot) {
  TemporaryRepository repository;
  repository.write("backend/alembic.ini", "ini;");
  repository.write("backend/pyproject.toml", "toml;");
  EXPECT_EQ(likely(repository), "ini;toml;");
  repository.write("frontend/alembic.ini", "other;");
  EXPECT_EQ(likely(repository), "");
}

TEST(LikelyFiles, TheOneThatWasNamedAndWhatIsBesideIt) {
  TemporaryRepository repository;
  repository.write("alembic.ini", "root;");
  repository.write("pyproject.toml", "toml;");
  repository.write("db/own.ini", "own;");
  repository.write("db/alembic.ini", "beside;");
  ScriptSettings settings;
  settings.alembic_ini = "db/own.ini";
  EXPECT_EQ(likely(repository, settings), "beside;own;toml;");
  settings.alembic_ini = "../outside.ini";
  EXPECT_EQ(likely(repository, settings), "toml;");
}

TEST(LikelyFiles, ALocalRepositoryIsNotLookedThrough) {
  TemporaryRepository repository;
  repository.write("alembic.ini", "ini;");
  repository.commit();
  const GitTree tree = opened(repository.path()).tree_at("");
  EXPECT_FALSE(tree.fetches());
  need_likely_files(tree, {});  // and nothing is there that it could fetch from
}

}  // namespace
}  // namespace drift::migrations
