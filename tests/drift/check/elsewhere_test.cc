#include "drift/check/elsewhere.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "migrations/git/history_memory.h"

#include "tests/migrations/script_repository.h"

namespace drift::check {
namespace {

using migrations::FoundRevision;
using Where = FoundRevision::Where;

class LookingElsewhere : public testing::Test {
 protected:
  LookingElsewhere() {
    repository_.write("alembic.ini", "[alembic]\nscript_location = m\n");
    repository_.write("m/env.py", "");
    repository_.write_migration("m/versions/a.py", "a1b1");
    repository_.commit();
    settings_.repository = repository_.path();
    codebase_ = std::make_shared<const Codebase>(read_codebase(
        settings_, []() -> aws::Session& { throw std::logic_error("no token is read"); }, stop_,
        Log(LogFormat::kText, LogLevel::kError)));
  }

  std::optional<verdict::Elsewhere> look(const std::vector<std::string>& rows) {
    production::VersionTable table;
    table.exists = true;
    table.rows = rows;
    return look_elsewhere(codebase_, settings_, table, stop_);
  }

  Where where(const std::string& row) {
    const auto found = look({row});
    return found && found->find(row) != nullptr ? found->find(row)->where : Where::kInRef;
  }

  void add_branch(const std::string& name, const std::string& id) {
    repository_.git("checkout -q -b " + name);
    repository_.write_migration("m/versions/" + name + ".py", id, "'a1b1'");
    repository_.commit();
    repository_.git("checkout -q main");
  }

  migrations::ScriptRepository repository_;
  CodebaseSettings settings_;
  Stop stop_{std::chrono::seconds(60)};
  std::shared_ptr<const Codebase> codebase_;
};

TEST_F(LookingElsewhere, OfRowsThatTheRefHasIsNotDone) {
  EXPECT_FALSE(look({"a1b1"}));
  EXPECT_TRUE(codebase_->searches->done.empty());
}

// What came meanwhile is not seen: the answer is the one that the first of them got.
TEST_F(LookingElsewhere, ForTheSameRowsIsDoneOnce) {
  EXPECT_EQ(where("c3c3"), Where::kNowhere);
  add_branch("side", "c3c3");
  EXPECT_EQ(where("c3c3"), Where::kNowhere);
  EXPECT_EQ(codebase_->searches->done.size(), 1u);
  add_branch("other", "d4d4");
  EXPECT_EQ(where("d4d4"), Where::kElsewhere);
  EXPECT_EQ(look({"c3c3", "d4d4"})->search.revisions.front().where, Where::kElsewhere);
}

TEST_F(LookingElsewhere, GoesOnFromWhatTheSearchBeforeLearnt) {
  where("c3c3");
  const std::size_t learnt = codebase_->repository.memory().learnt();
  EXPECT_GT(learnt, 0u);
  where("d4d4");
  EXPECT_EQ(codebase_->repository.memory().learnt(), learnt);
}

TEST_F(LookingElsewhere, DoesNotBeginWhereASearchWasLeftBehind) {
  const Stop none(std::chrono::milliseconds(0), stop_);
  production::VersionTable table;
  table.exists = true;
  table.rows = {"c3c3"};
  EXPECT_EQ(look_elsewhere(codebase_, settings_, table, none)->ended_because,
            "it would have taken more than half of the time left");
  EXPECT_EQ(look({"c3c3"})->ended_because, "it would have taken more than half of the time left");
  EXPECT_EQ(look({"d4d4"})->ended_because,
            "a search for other rows took more than half of the time left");
}

}  // namespace
}  // namespace drift::check
