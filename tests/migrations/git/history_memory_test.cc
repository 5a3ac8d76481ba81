#include "migrations/git/history_memory.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "migrations/git/object.h"

namespace drift::migrations {
namespace {

using Ids = std::vector<ObjectId>;

ObjectId id_of(char digit) { return object_id_of(std::string(40, digit)); }

FileChange changed(const std::string& path, std::optional<ObjectId> before,
                   std::optional<ObjectId> after, bool becomes_link = false) {
  return {path, before, after, becomes_link};
}

// Something of each kind.
HistoryMemory filled() {
  HistoryMemory memory;
  const std::size_t one = memory.list_of({"v"}), two = memory.list_of({"v", "w"});
  memory.learn_commit(id_of('1'), one, {id_of('a'), {id_of('2'), id_of('3')}, -5}, {id_of('b')});
  memory.learn_commit(id_of('2'), one, {id_of('a'), {}, 7}, {kNoTree});
  memory.learn_commit(id_of('2'), two, {id_of('a'), {}, 7}, {kNoTree, id_of('c')});
  memory.learn_changes(id_of('b'), id_of('c'), false, {changed("x.py", {}, id_of('d'))});
  memory.learn_changes(
      id_of('b'), id_of('c'), true,
      {changed("s/y.py", id_of('d'), {}, true), changed("z.py", id_of('d'), id_of('e'))});
  memory.learn_changes(id_of('c'), id_of('b'), true, {});
  memory.learn_revision(id_of('d'), "", "a1b1");
  memory.learn_revision(id_of('d'), "c2.py", "c2");
  memory.learn_folders(id_of('1'), "settings", {"v", "w"});
  memory.learn_folders(id_of('2'), "settings", {});
  return memory;
}

void expect_filled(HistoryMemory& memory) {
  const std::size_t one = memory.list_of({"v"}), two = memory.list_of({"v", "w"});
  const auto merge = memory.commit(id_of('1'), one);
  ASSERT_TRUE(merge);
  EXPECT_EQ(merge->time, -5);
  EXPECT_EQ(*merge->parents, (Ids{id_of('2'), id_of('3')}));
  EXPECT_EQ(*merge->state, Ids{id_of('b')});
  EXPECT_EQ(*memory.commit(id_of('2'), one)->state, Ids{kNoTree});
  EXPECT_EQ(*memory.commit(id_of('2'), two)->state, (Ids{kNoTree, id_of('c')}));
  EXPECT_EQ(memory.commit(id_of('2'), two)->time, 7);
  // Not of these folders, and not at all.
  EXPECT_FALSE(memory.commit(id_of('1'), two));
  EXPECT_FALSE(memory.commit(id_of('3'), one));
  EXPECT_FALSE(memory.commit(id_of('1'), memory.list_of({"w", "v"})));

  const auto* flat = memory.changes(id_of('b'), id_of('c'), false);
  ASSERT_NE(flat, nullptr);
  ASSERT_EQ(flat->size(), 1u);
  EXPECT_EQ(flat->front().path, "x.py");
  EXPECT_FALSE(flat->front().before);
  EXPECT_EQ(flat->front().after, id_of('d'));
  EXPECT_FALSE(flat->front().becomes_link);
  const auto* deep = memory.changes(id_of('b'), id_of('c'), true);
  ASSERT_EQ(deep->size(), 2u);
  EXPECT_EQ(deep->front().before, id_of('d'));
  EXPECT_FALSE(deep->front().after);
  EXPECT_TRUE(deep->front().becomes_link);
  EXPECT_EQ(deep->back().before, id_of('d'));
  EXPECT_EQ(deep->back().after, id_of('e'));
  EXPECT_TRUE(memory.changes(id_of('c'), id_of('b'), true)->empty());
  EXPECT_EQ(memory.changes(id_of('c'), id_of('b'), false), nullptr);

  EXPECT_EQ(*memory.revision(id_of('d'), ""), "a1b1");
  EXPECT_EQ(*memory.revision(id_of('d'), "c2.py"), "c2");
  EXPECT_EQ(memory.revision(id_of('d'), "c3.py"), nullptr);
  EXPECT_EQ(memory.revision(id_of('e'), ""), nullptr);

  EXPECT_EQ(*memory.folders(id_of('1'), "settings"), (std::vector<std::string>{"v", "w"}));
  EXPECT_TRUE(memory.folders(id_of('2'), "settings")->empty());
  EXPECT_EQ(memory.folders(id_of('1'), "others"), nullptr);
  EXPECT_EQ(memory.folders(id_of('3'), "settings"), nullptr);
}

TEST(HistoryMemories, KnowWhatTheyLearntAndNothingElse) {
  HistoryMemory memory = filled();
  EXPECT_EQ(memory.learnt(), 10u);
  expect_filled(memory);
}

TEST(HistoryMemories, AreRestoredWhole) {
  const std::string bytes = filled().stored();
  HistoryMemory memory;
  memory.learn_revision(id_of('e'), "", "gone");
  ASSERT_TRUE(memory.restore(bytes));
  EXPECT_EQ(memory.learnt(), 0u);
  expect_filled(memory);
  EXPECT_EQ(memory.learnt(), 0u);
  ASSERT_TRUE(memory.restore(bytes));
  EXPECT_EQ(memory.stored(), bytes);
}

TEST(HistoryMemories, GoOnLearningWhereTheyWereRestored) {
  HistoryMemory memory;
  ASSERT_TRUE(memory.restore(filled().stored()));
  const std::size_t one = memory.list_of({"v"});
  memory.learn_commit(id_of('4'), one, {id_of('a'), {id_of('1')}, 9}, {id_of('b')});
  memory.learn_commit(id_of('5'), one, {id_of('a'), {id_of('4')}, 9}, {id_of('f')});
  // Known of other folders so far.
  memory.learn_commit(id_of('1'), memory.list_of({"v", "w"}),
                      {id_of('a'), {id_of('2'), id_of('3')}, -5}, {id_of('b'), id_of('c')});
  EXPECT_EQ(memory.learnt(), 3u);
  HistoryMemory again;
  ASSERT_TRUE(again.restore(memory.stored()));
  EXPECT_EQ(*again.commit(id_of('1'), one)->state, Ids{id_of('b')});
  EXPECT_EQ(*again.commit(id_of('4'), one)->state, Ids{id_of('b')});
  EXPECT_EQ(*again.commit(id_of('5'), one)->state, Ids{id_of('f')});
  EXPECT_EQ(*again.commit(id_of('1'), again.list_of({"v", "w"}))->state,
            (Ids{id_of('b'), id_of('c')}));
}

TEST(HistoryMemories, AreNotRestoredFromBytesOfWhichOneChanged) {
  const std::string whole = filled().stored();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    HistoryMemory memory = filled();
    EXPECT_FALSE(memory.restore(damaged)) << i;
    EXPECT_FALSE(memory.commit(id_of('1'), memory.list_of({"v"}))) << i;
  }
}

TEST(HistoryMemories, AreNotRestoredFromBytesThatWereCutOrAddedTo) {
  const std::string whole = filled().stored();
  HistoryMemory memory;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(memory.restore(whole.substr(0, size))) << size;
  }
  EXPECT_FALSE(memory.restore(whole + '\0'));
}

TEST(HistoryMemories, AreNotRestoredFromAnotherVersion) {
  std::string bytes = filled().stored();
  bytes.replace(bytes.find(", of ") + 5, 1, "9");
  HistoryMemory memory;
  EXPECT_FALSE(memory.restore(bytes));
}

// Whoever can write the file can write its hash as well: then no count may lead beyond the bytes.
TEST(HistoryMemories, OutliveAnyBytesUnderTheRightHash) {
  const std::string whole = filled().stored();
  const std::size_t header = whole.find('\n') + 1, body = header + sizeof(ObjectId);
  std::size_t refused = 0;
  for (std::size_t i = body; i < whole.size(); ++i) {
    for (const int value : {0x00, 0x01, 0x7f, 0xff}) {
      std::string forged = whole;
      forged[i] = static_cast<char>(value);
      const ObjectId hash = object_hash("blob", std::string_view(forged).substr(body));
      std::copy(hash.begin(), hash.end(), forged.begin() + static_cast<std::ptrdiff_t>(header));
      HistoryMemory memory;
      if (!memory.restore(forged)) ++refused;
      const std::size_t list = memory.list_of({"v"});
      for (const char digit : {'1', '2', '3'}) memory.commit(id_of(digit), list);
      memory.learn_commit(id_of('9'), list, {}, {kNoTree});
      memory.stored();
    }
  }
  EXPECT_GT(refused, 100u);
}

TEST(HistoryMemories, ForgetChangesWhereTheyAreVeryMany) {
  HistoryMemory memory;
  const std::string longest(HistoryMemory::kMostChangedBytes / 3, 'x');
  memory.learn_changes(id_of('1'), id_of('2'), false, {changed(longest, {}, {})});
  memory.learn_changes(id_of('1'), id_of('2'), false, {changed(longest, {}, {})});
  memory.learn_changes(id_of('2'), id_of('3'), false, {changed(longest, {}, {})});
  memory.learn_changes(id_of('3'), id_of('4'), false, {changed(longest, {}, {})});
  EXPECT_EQ(memory.learnt(), 2u);
  EXPECT_NE(memory.changes(id_of('2'), id_of('3'), false), nullptr);
  EXPECT_EQ(memory.changes(id_of('3'), id_of('4'), false), nullptr);
  // Of those restored, too.
  ASSERT_TRUE(memory.restore(memory.stored()));
  memory.learn_changes(id_of('3'), id_of('4'), false, {changed(longest, {}, {})});
  EXPECT_EQ(memory.learnt(), 0u);
}

}  // namespace
}  // namespace drift::migrations
