#include "migrations/git/remote_refs.h"

#include <gtest/gtest.h>

namespace drift::migrations {
namespace {

using Names = std::vector<std::string>;

RemoteRef ref(const std::string& name, char digit, char peeled = 0) {
  RemoteRef result;
  result.name = name;
  result.id = id_from_hex(std::string(40, digit));
  if (peeled != 0) result.peeled = id_from_hex(std::string(40, peeled));
  return result;
}

TEST(RemoteRefs, ANameStandsForTagsBeforeBranches) {
  EXPECT_EQ(candidates("main"), (Names{"refs/tags/main", "refs/heads/main"}));
  EXPECT_EQ(candidates("heads/main"),
            (Names{"refs/heads/main", "refs/tags/heads/main", "refs/heads/heads/main"}));
  EXPECT_EQ(candidates("refs/heads/main").front(), "refs/heads/main");
  EXPECT_EQ(candidates("HEAD").front(), "HEAD");
  EXPECT_EQ(candidates(std::string(4096, 'x')).size(), 2u);
  EXPECT_EQ(candidates(std::string(4097, 'x')), Names{});
}

TEST(RemoteRefs, OriginsBranchIsTheBranchWhereNoneIsCalledSo) {
  const std::vector<RemoteRef> refs = {ref("refs/heads/main", '1')};
  EXPECT_EQ(meant("origin/main", refs), &refs[0]);
  const std::vector<RemoteRef> both = {ref("refs/heads/main", '1'),
                                       ref("refs/heads/origin/main", '2')};
  EXPECT_EQ(meant("origin/main", both), &both[1]);
}

TEST(RemoteRefs, OnlyWhatIsNamedWholeIsMeant) {
  const std::vector<RemoteRef> refs = {ref("refs/heads/main2", '1'), ref("refs/pull/main", '2'),
                                       ref("refs/heads/x/main", '3')};
  EXPECT_EQ(meant("main", refs), nullptr);
  EXPECT_EQ(meant("pull/main", refs), nullptr);
  EXPECT_EQ(meant("x/main", refs), &refs[2]);
  RemoteRef unborn = ref("HEAD", '1');
  unborn.id.reset();
  EXPECT_EQ(meant("HEAD", {unborn}), nullptr);
}

TEST(RemoteRefs, AnExpressionBeginsWithARef) {
  EXPECT_EQ(base_of("main~3"), "main");
  EXPECT_EQ(base_of("v1^{}"), "v1");
  EXPECT_EQ(base_of("HEAD:alembic.ini"), "HEAD");
  EXPECT_EQ(base_of("feature/x"), "feature/x");
  EXPECT_EQ(base_of("@{1}"), "");
}

TEST(RemoteRefs, TipsAreBranchesAndWhatTagsLeadTo) {
  const auto tips = tips_among({ref("HEAD", '1'), ref("refs/heads/a/b", '1'),
                                ref("refs/tags/v1", '2', '3'), ref("refs/pull/1/head", '4')});
  ASSERT_EQ(tips.size(), 2u);
  EXPECT_EQ(tips[0].name, "a/b");
  EXPECT_EQ(tips[0].kind, RefTip::Kind::kBranch);
  EXPECT_EQ(tips[1].name, "v1");
  EXPECT_EQ(tips[1].kind, RefTip::Kind::kTag);
  EXPECT_EQ(hex_of(tips[1].commit), std::string(40, '3'));
}

}  // namespace
}  // namespace drift::migrations
