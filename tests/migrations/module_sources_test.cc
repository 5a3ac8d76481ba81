#include "migrations/module_sources.h"

#include <gtest/gtest.h>

#include "tests/migrations/script_repository.h"

namespace drift::migrations {
namespace {

TEST(ModuleSources, ModulesAreLookedUpAsPythonImportsThem) {
  const ScriptRepository repository;
  repository.write("app/cli.py", "root");
  repository.write("src/app/cli.py", "src");
  repository.write("src/only/__init__.py", "package");
  repository.write("src/only.py", "module");
  repository.write("db/versions/near.py", "near");
  repository.write("db/above.py", "above");
  repository.write("db/__init__.py", "db");
  const GitTree tree = repository.tree();

  ModuleSources sources{tree, {"", "src"}};
  const std::string path = "db/versions/1a.py";
  const ModuleLoader load = sources.loader_for(path);
  EXPECT_EQ(load("app.cli"), "root");
  EXPECT_EQ(load("app.cli"), "root");  // now from what was kept
  EXPECT_EQ(load("only"), "package");
  EXPECT_EQ(load(".near"), "near");
  EXPECT_EQ(load("..above"), "above");
  EXPECT_EQ(load(".."), "db");
  EXPECT_EQ(load("sqlalchemy"), std::nullopt);
  EXPECT_EQ(load("...."), std::nullopt);
  EXPECT_EQ(load(""), std::nullopt);
  EXPECT_EQ(load("app..cli"), std::nullopt);
  EXPECT_EQ(load("app/cli"), std::nullopt);
}

// A project may keep its models in another repository; its migrations are here all the same.
TEST(ModuleSources, WhatASubmoduleHasIsNotInTheTree) {
  const ScriptRepository repository;
  repository.write("app/cli.py", "root");
  const std::string commit = repository.commit();
  repository.git("update-index --add --cacheinfo 160000," + commit + ",base");
  repository.git("commit -q -m submodule");
  const GitTree tree = repository.head();
  ModuleSources sources{tree, {""}};
  const std::string path = "db/versions/1a.py";
  const ModuleLoader load = sources.loader_for(path);
  EXPECT_EQ(load("base"), std::nullopt);
  EXPECT_EQ(load("base.app.models"), std::nullopt);
  EXPECT_EQ(load("app.cli"), "root");
}

}  // namespace
}  // namespace drift::migrations
