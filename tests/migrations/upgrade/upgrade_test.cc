#include "migrations/upgrade/upgrade.h"

#include <gtest/gtest.h>

#include <string>

namespace drift::migrations {
namespace {

std::vector<UpgradeCall> calls_of(const std::string& source) {
  KeptModules kept;
  return read_upgrade(
      source, [](std::string_view) { return std::nullopt; }, kept);
}

TEST(Upgrade, CallsComeInTheOrderInWhichTheyRun) {
  const auto calls = calls_of(
      "from alembic import op\ndef upgrade():\n    for t in ['a', 'b']:\n"
      "        op.drop_table(t)\n    op.execute('x')\n");
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[1].arguments[0]->text, "b");
  EXPECT_EQ(calls[1].line, 4);
  EXPECT_EQ(calls[2].name, "execute");
}

TEST(Upgrade, WhatOnlyARunCanDecideIsConditionalBothWays) {
  const auto calls = calls_of(
      "from alembic import op\ndef upgrade():\n    if op.get_bind().execute('q').scalar():\n"
      "        return\n    op.drop_table('t')\n");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_FALSE(calls[0].conditional);
  EXPECT_TRUE(calls[1].conditional);
}

TEST(Upgrade, HostileFilesEndInOneCallThatIsNotRead) {
  const std::string head = "from alembic import op\n";
  const std::string deep(5000, '(');
  for (const std::string& body : std::vector<std::string>{
           "def upgrade():\n    while True:\n        pass\n",
           "def upgrade():\n    x = 'a' * 99999\n    while True:\n        x = x + x\n",
           "def upgrade():\n    upgrade()\n",
           std::string("def upgrade():\n    x = ") + deep + "\n",
           std::string("def upgrade(:\n    op.drop_table('x'\n"),
       }) {
    const auto calls = calls_of(head + body);
    for (const UpgradeCall& call : calls) {
      EXPECT_EQ(call.name, "") << body.substr(0, 40);
      EXPECT_NE(call.reason, "");
    }
    EXPECT_LE(calls.size(), 2u);
  }
}

TEST(Upgrade, WhatNoPythonCouldReadIsSaidOfEachBlockAlone) {
  const auto calls = calls_of(
      "from alembic import op\ndef a():\n    try:\n        op.drop_table('x')\n"
      "def b():\n    op.drop_table('b')\ndef c():\n    else: op.drop_table('x')\n"
      "def upgrade():\n    a()\n    b()\n    c()\n");
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].reason, "a, which no Python could read");
  EXPECT_EQ(calls[1].name, "drop_table");
  EXPECT_EQ(calls[2].reason, "c, which no Python could read");
}

TEST(Upgrade, ClassesAndManagersAreReadWhereTheyAreUsed) {
  const auto calls = calls_of(
      "from alembic import op\nclass Names:\n    table = 't'\n    @staticmethod\n"
      "    def other(): return 'u'\ndef upgrade():\n"
      "    with op.batch_alter_table(Names.table) as a, op.batch_alter_table('v') as b:\n"
      "        a.drop_column('c')\n        b.drop_column('d')\n"
      "    op.drop_table(Names.other())\n");
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0].batch->items[0]->text, "t");
  EXPECT_EQ(calls[1].batch->items[0]->text, "v");
  EXPECT_EQ(calls[2].arguments[0]->text, "u");
}

TEST(Upgrade, WhatADecoratorChangesIsNotFollowed) {
  const auto calls = calls_of(
      "from alembic import op\nfrom app import twice\n@twice\ndef a():\n    op.drop_table('x')\n"
      "def upgrade():\n    a()\n");
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].reason, "a, which a decorator changes");
}

TEST(Upgrade, ANameImportedBeforeABranchIsStillKnownAfterIt) {
  const auto calls = calls_of(
      "from subprocess import check_call\ndef a():\n    check_call('x')\nif unknown():\n    a()\n"
      "def upgrade():\n    a()\n");
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].reason, "a call of subprocess.check_call");
}

TEST(Upgrade, ANameThatBothBranchesImportFromOneModuleIsKnownAfterThem) {
  const auto calls = calls_of(
      "from os import environ\ndef upgrade():\n    if environ['X']:\n"
      "        from alembic import op\n    else:\n        from alembic import op\n"
      "    op.execute('x')\n");
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].name, "execute");
}

TEST(Upgrade, WhatStandsAfterALoopIsNotLostToABranchThatLeavesMore) {
  const std::string head =
      "from alembic import op\ndef upgrade():\n    for t in ['a']:\n"
      "        if op.get_bind().execute('q').scalar():\n            break\n";
  for (const std::string rest :
       {"        else:\n            return\n", "    else:\n        raise ValueError(t)\n"}) {
    const auto calls = calls_of(head + rest + "    op.drop_table('t')\n");
    ASSERT_EQ(calls.size(), 2u) << rest;
    EXPECT_EQ(calls[1].name, "drop_table") << rest;
  }
}

TEST(Upgrade, ConditionsOfAComprehensionOverWhatIsNotKnownAreFollowed) {
  const auto calls = calls_of(
      "from alembic import op\ndef upgrade():\n"
      "    [1 for row in op.get_bind().execute('q') if op.execute(row)]\n"
      "    {**op.get_bind().execute('r')}\n");
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_TRUE(calls[1].conditional);
  EXPECT_FALSE(calls[2].conditional);
}

TEST(Upgrade, OfAKeyThatIsWrittenTwiceTheLastCounts) {
  const auto calls = calls_of(
      "from alembic import op\ndef upgrade():\n    names = {'a': 'x', 'a': 'y'}\n"
      "    op.drop_table(names['a'])\n    names['a'] = 'z'\n    op.drop_table(names['a'])\n");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].arguments[0]->text, "y");
  EXPECT_EQ(calls[1].arguments[0]->text, "z");
}

TEST(Upgrade, ALongChainOfOperatorsIsBounded) {
  std::string body = "from alembic import op\ndef upgrade():\n    x = 'a'";
  for (int i = 0; i < 50000; ++i) body += " + 'a'";
  const auto calls = calls_of(body + "\n    op.drop_table(x)\n");
  EXPECT_LE(calls.size(), 2u);
}

std::string text_of(const std::string& expression, const std::string& before = "pass") {
  const auto calls = calls_of("from alembic import op\ndef upgrade():\n    " + before +
                              "\n    op.execute(" + expression + ")\n");
  if (calls.size() != 1 || calls[0].arguments.size() != 1) return "?";
  const Object& made = *calls[0].arguments[0];
  return made.is(ObjectKind::kText) ? made.text : "?";
}

TEST(Upgrade, TextsAreFormattedAsPythonDoes) {
  EXPECT_EQ(text_of("f'{5:03d} {True} {None}'"), "005 True None");
  EXPECT_EQ(text_of("'{} {1} {a!r} {{}}'.format(1, 2, a='x')"), "1 2 'x' {}");
  EXPECT_EQ(text_of("'%s %03d %% {}' % ('a', 7)"), "a 007 % {}");
  EXPECT_EQ(text_of("'%(a)s-%(b)d' % {'a': 'x', 'b': 2}"), "x-2");
  EXPECT_EQ(text_of("'a, b'.replace(', ', '_').upper().strip('A')"), "_B");
  EXPECT_EQ(text_of("'-'.join(' a  b '.split())"), "a-b");
}

TEST(Upgrade, WhatPythonWouldFormatOtherwiseIsNotKnown) {
  for (const char* expression :
       {"'%5s' % 'a'", "f'{1.50}'", "f'{5:>3}'", "f'{5:{4}}'", "f'{5:999999}'",
        "'{a.b}'.format(a=1)", "'%x' % 5", "repr('it\\'s')", "'%s %s' % ('a',)"}) {
    EXPECT_EQ(text_of(expression), "?") << expression;
  }
}

TEST(Upgrade, ListsAreFollowedIntoListsOnlySoFar) {
  const std::string deep = "x = []; y = []\n    for i in range(9000): x, y = [x], [y]\n    pass";
  EXPECT_EQ(text_of("f'{x}'", deep), "?");
  EXPECT_EQ(text_of("'same' if x == y else 'other'", deep), "?");
}

TEST(Upgrade, AnOperationWhoseNameOnlyARunCanTellIsNotPassedOver) {
  const auto calls = calls_of(
      "from alembic import op\nimport os\ndef upgrade():\n"
      "    getattr(op, os.environ['X'])('t')\n");
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].reason, "a call of what getattr() gives");
}

TEST(Upgrade, WhatIsEqualIsOneKeyOfADictAndOneElementOfASet) {
  EXPECT_EQ(text_of("','.join({'a': 'x', 'b': 'z', 'a': 'y'}.values())"), "y,z");
  EXPECT_EQ(text_of("','.join({k: k for k in ['a', 'b', 'a']})"), "a,b");
  EXPECT_EQ(text_of("'%d' % len(set(['b', 'b', ('c', 1), ('c', 1)]))"), "2");
  EXPECT_EQ(text_of("'%d' % len(s)", "s = set(); s.add('a'); s.add('a'); s.update(['b', 'a'])"),
            "2");
}

TEST(Upgrade, SearchesForEqualKeysAreBounded) {
  const std::string pairs = "x = set([((1, 2, 3), i) for i in range(50000)])";
  EXPECT_EQ(text_of("'%d' % len(x)", pairs), "?");
}

TEST(Upgrade, WhatAnUpdateGaveIsWhatGetGives) {
  EXPECT_EQ(text_of("d.get('a') + d['b']", "d = {'a': 'x', 'b': 'y'}; d.update({'a': 'z'}, b='w')"),
            "zw");
  EXPECT_EQ(text_of("d.get('a', 'n')", "d = {'a': 'x'}; d.clear()"), "?");
}

TEST(Upgrade, WhatARoundLeavesInAListTheNextOneFindsThere) {
  const auto calls = calls_of(
      "from alembic import op\ndef upgrade():\n    gone = []\n"
      "    while True:\n"
      "        for t in gone:\n            op.execute('DELETE FROM ' + t)\n"
      "        row = op.get_bind().execute('q').fetchone()\n"
      "        if row is None:\n            break\n        gone.append(row.t)\n");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].name, "execute");
  EXPECT_TRUE(calls[0].conditional);
  EXPECT_TRUE(calls[0].arguments[0]->is_unknown());
  EXPECT_EQ(calls[1].arguments[0]->text, "q");
}

TEST(Upgrade, WhatEitherBranchWouldHaveCalledIsNotPassedOver) {
  const auto calls = calls_of(
      "from alembic import op\ndef a(): op.drop_table('a')\ndef b(): op.drop_table('b')\n"
      "def upgrade():\n    if op.get_bind().execute('q').scalar():\n        f = a\n"
      "    else:\n        f = b\n    f()\n");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[1].reason, "a call of `f` depends on what only a run can tell");
  const auto imported = calls_of(
      "if unknown():\n    from alembic import op\nelse:\n    from other import op\n"
      "def upgrade():\n    op.drop_table('t')\n");
  ASSERT_EQ(imported.size(), 1u);
  EXPECT_EQ(imported[0].reason, "a call of `op` depends on what only a run can tell");
}

// What a call of op.drop_table says of its table: the name, "?" where only a run can tell; with a
// "+" before it where it is certain. Of what cannot be read it is "!".
std::vector<std::string> tables_of(const std::string& body) {
  const std::string head = "from alembic import op\ndef coin(): return op.get_bind().closed\n";
  std::vector<std::string> tables;
  for (const UpgradeCall& call : calls_of(head + body)) {
    const bool known = !call.name.empty() && call.arguments[0]->is(ObjectKind::kText);
    const std::string table = call.name.empty() ? "!" : known ? call.arguments[0]->text : "?";
    tables.push_back((call.conditional ? "" : "+") + table);
  }
  return tables;
}

using Tables = std::vector<std::string>;

TEST(Upgrade, WhatATestLeavesEarlyKeepsItsNames) {
  // Onyx asks whether any of its tables has such a row, and then works on all of them.
  EXPECT_EQ(tables_of("def upgrade():\n    found = False\n    for t in ['a', 'b']:\n"
                      "        if coin():\n            found = True\n            break\n"
                      "    if not found:\n        return\n    op.drop_table('c')\n"),
            Tables{"c"});
  EXPECT_EQ(tables_of("def upgrade():\n    for t in ['a', 'b']:\n        if coin(): break\n"
                      "    op.drop_table(t)\n"),
            Tables{"+?"});
  EXPECT_EQ(tables_of("def upgrade():\n    x = 'x'\n    for t in ['a', 'b']:\n"
                      "        if coin(): continue\n        x = t\n    op.drop_table(x)\n"),
            Tables{"+?"});
  EXPECT_EQ(tables_of("def upgrade():\n    for t in ['a', 'b']:\n        if coin(): break\n"
                      "        return\n    op.drop_table('c')\n"),
            Tables{"c"});
  EXPECT_EQ(tables_of("def upgrade():\n    for t in ['a', 'b']:\n        op.drop_table(t)\n"
                      "        if coin(): continue\n        break\n"),
            (Tables{"+a", "b"}));
  EXPECT_EQ(tables_of("def upgrade():\n    x = 'a'\n    names = ['i']\n"
                      "    while len(names) < 3:\n        op.drop_table(x)\n        x = 'b'\n"
                      "        if coin(): break\n"),
            (Tables{"+a", "b"}));
}

TEST(Upgrade, AnEndlessLoopIsFollowedOnceWhateverEndsIt) {
  for (const std::string end : {"break", "return", "raise ValueError"}) {
    EXPECT_EQ(tables_of("def upgrade():\n  try:\n    while True:\n        op.drop_table('a')\n"
                        "        if coin(): " +
                        end + "\n  except ValueError: raise\n"),
              Tables{"+a"})
        << end;
  }
}

TEST(Upgrade, WhatIsRaisedAndCaughtMakesTheRestConditional) {
  EXPECT_EQ(tables_of("def upgrade():\n    x = 'x'\n    try:\n        op.drop_table('a')\n"
                      "        if coin(): raise ValueError\n        op.drop_table('b')\n"
                      "    except ValueError:\n        x = 'y'\n    else:\n"
                      "        op.drop_table('c')\n    op.drop_table(x)\n"),
            (Tables{"a", "b", "c", "+?"}));
  EXPECT_EQ(tables_of("def check():\n    if coin(): raise ValueError\ndef upgrade():\n"
                      "    try:\n        check()\n        op.drop_table('a')\n"
                      "    except ValueError:\n        return\n    op.drop_table('b')\n"),
            (Tables{"a", "b"}));
  EXPECT_EQ(tables_of("def upgrade():\n    try:\n        return\n    except ValueError:\n"
                      "        pass\n    op.drop_table('a')\n"),
            Tables{"a"});
  EXPECT_EQ(tables_of("def upgrade():\n    x = 'x'\n    try:\n        if coin(): return\n"
                      "        x = 'y'\n    finally:\n        op.drop_table(x)\n"),
            Tables{"?"});
}

TEST(Upgrade, WhatATryGuardsMayFailAnywhere) {
  EXPECT_EQ(tables_of("def upgrade():\n    x = 'x'\n    try:\n        op.drop_table('a')\n"
                      "        x = 'y'\n        op.drop_table('b')\n    except Exception:\n"
                      "        op.drop_table(x)\n    op.drop_table(x)\n"),
            (Tables{"a", "b", "?", "+?"}));
  EXPECT_EQ(tables_of("def upgrade():\n    x = 'x'\n    try:\n        op.drop_table('a')\n"
                      "        x = 'y'\n    except Exception:\n        print('failed')\n"
                      "        raise\n    finally:\n        op.drop_table('b')\n"
                      "    op.drop_table(x)\n"),
            (Tables{"+a", "+b", "+y"}));
  EXPECT_EQ(tables_of("from contextlib import suppress\ndef upgrade():\n    x = 'x'\n"
                      "    with suppress(Exception):\n        op.drop_table('a')\n"
                      "        x = 'y'\n    op.drop_table(x)\n"),
            (Tables{"a", "+?"}));
}

TEST(Upgrade, ArgumentsThatCannotBeKnownAreNotPassedOver) {
  const std::string head =
      "def each(*tables, **more):\n    for t in tables:\n        op.drop_table(t)\n"
      "    if 'a' in more:\n        op.drop_table('b')\n"
      "def second(a, b='b'):\n    op.drop_table(b)\n";
  EXPECT_EQ(tables_of(head + "def upgrade(): each('a', *coin())\n"), (Tables{"?", "b"}));
  EXPECT_EQ(tables_of(head + "def upgrade(): each(**coin())\n"), (Tables{"?", "b"}));
  EXPECT_EQ(tables_of(head + "def upgrade(): second(*coin(), 'c')\n"), Tables{"+?"});
  EXPECT_EQ(tables_of(head + "def upgrade(): each('a', 'c', a=1)\n"), (Tables{"+a", "+c", "+b"}));
}

TEST(Upgrade, NamesOfEnclosingFunctionsAreBoundWhereTheyStand) {
  EXPECT_EQ(tables_of("x = 'x'\ndef upgrade():\n    x = 'a'\n    def f():\n"
                      "        nonlocal x\n        x = 'b'\n    f()\n    op.drop_table(x)\n"),
            Tables{"+b"});
  EXPECT_EQ(tables_of("x = 'x'\ndef f():\n    global x\n    x = 'b'\ndef upgrade():\n"
                      "    f()\n    op.drop_table(x)\n    if coin(): f()\n"
                      "    op.drop_table(x)\n"),
            (Tables{"+b", "+?"}));
}

TEST(Upgrade, LoopsAndSetsSeeWhatPythonSees) {
  EXPECT_EQ(tables_of("def upgrade():\n    names = ['a']\n    for t in names:\n"
                      "        op.drop_table(t)\n"
                      "        if len(names) < 3: names.append('b')\n"),
            (Tables{"+a", "+b", "+b"}));
  EXPECT_EQ(tables_of("def upgrade():\n    for t in {'a', 'a'}: op.drop_table(t)\n"), Tables{"+a"});
}

TEST(Upgrade, ClassesOfOtherModulesAreKeptFromOneFileToTheNext) {
  KeptModules kept;
  const auto load = [](std::string_view name) -> std::optional<std::string> {
    if (name != "models") return std::nullopt;
    return "class User:\n    __tablename__ = 'users'\n";
  };
  const std::string_view source =
      "from alembic import op\nfrom models import User\n"
      "def upgrade(): op.drop_table(User.__tablename__)\n";
  for (int round = 0; round < 2; ++round) {
    const auto calls = read_upgrade(source, load, kept);
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(calls[0].arguments[0]->text, "users") << round;
  }
}

}  // namespace
}  // namespace drift::migrations
