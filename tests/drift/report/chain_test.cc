#include "drift/report/chain.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "drift/aws/digest.h"

namespace drift::report {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const TimePoint kFirstNight{std::chrono::seconds{1'795'143'600}};  // 2026-11-20T03:00:00Z

// A night's report as it lies in the store.
struct Stored {
  Report report;
  std::string json;
  std::string suffix;

  ReportName name() const { return {report.target, report.timestamp, report.run_id, suffix}; }
};

class ChainTest : public testing::Test {
 protected:
  // The report that follows `before`, or the first one.
  static Stored next(const Stored* before, std::chrono::seconds after = hours{24}) {
    static std::uint64_t run = 0;
    Stored stored;
    stored.report.target = "shop";
    stored.report.status = verdict::Status::kSynced;
    char id[17];
    std::snprintf(id, sizeof id, "%016llx", static_cast<unsigned long long>(++run));
    stored.report.run_id = id;
    stored.report.timestamp = before == nullptr ? kFirstNight : before->report.timestamp + after;
    stored.report.sequence = 1;
    if (before != nullptr) follow(stored.report, before->report.sequence, before->json);
    stored.json = to_json(stored.report);
    return stored;
  }

  static std::vector<Stored> nights(std::size_t count) {
    std::vector<Stored> all = {next(nullptr)};
    while (all.size() < count) all.push_back(next(&all.back()));
    return all;
  }

  ChainVerdict verify(const std::vector<Stored>& stored, const std::string& latest) {
    TargetChain chain;
    chain.target = "shop";
    chain.latest = latest;
    chain.pruned = pruned_;
    for (const Stored& one : stored) add_to_chain(chain, one.name(), true, one.json);
    return verify_chain(chain, scope_);
  }
  ChainVerdict verify(const std::vector<Stored>& stored) {
    return verify(stored, stored.back().json);
  }

  // "wrong missing: the reports ..."; one line each.
  static std::string shown(const ChainVerdict& verdict) {
    static constexpr std::array kGravities = {"note", "unknown", "wrong"};
    std::string text;
    for (const ChainFinding& finding : verdict.findings) {
      text += std::string(kGravities.at(static_cast<std::size_t>(finding.gravity))) + " " +
              finding.kind + ": " + finding.message + "\n";
    }
    return text;
  }

  static std::string file(const Stored& stored) { return file_name(stored.name()); }
  static std::string sha(const Stored& stored) { return aws::sha256_hex(stored.json); }

  ChainScope scope_;
  std::vector<PruneRecord> pruned_;
};

TEST_F(ChainTest, ThatLinksFromFirstToLastIsWhole) {
  const auto all = nights(5);
  const ChainVerdict verdict = verify(all);
  EXPECT_EQ(shown(verdict), "");
  EXPECT_EQ(exit_code({verdict}, scope_), 0);
  EXPECT_EQ(verdict.first->sequence, 1u);
  EXPECT_EQ(verdict.newest->sequence, 5u);
  EXPECT_EQ(hex_text(verdict.newest->sha256), sha(all[4]));
}

TEST_F(ChainTest, AnEditedReportIsNotTheOneThatTheNextNames) {
  auto all = nights(5);
  all[2].json.replace(all[2].json.find("\"synced\""), 8, "\"behind\"");
  const std::string original = aws::sha256_hex(to_json(all[2].report));
  EXPECT_EQ(shown(verify(all)), "wrong edited: report 4 (" + file(all[3]) +
                                    ") names as the one before it a report with "
                                    "sha256 " +
                                    original + "; report 3 (" + file(all[2]) + ") has " +
                                    sha(all[2]) +
                                    ": it was changed, or the one that is named is missing\n");
}

TEST_F(ChainTest, OneByteMoreIsAnEditToo) {
  auto all = nights(3);
  all[0].json += "\n";
  EXPECT_EQ(verify(all).findings.at(0).kind, "edited");
  EXPECT_EQ(exit_code({verify(all)}, scope_), 1);
}

TEST_F(ChainTest, TheNewestIsComparedWithTheLatest) {
  auto all = nights(3);
  const std::string latest = all[2].json;
  all[2].json += "\n";
  EXPECT_EQ(shown(verify(all, latest)), "wrong edited: " + file(all[2]) +
                                            " and latest/shop.json, which are the same report, "
                                            "differ\n");
  all.pop_back();
  EXPECT_EQ(shown(verify(all, latest)),
            "wrong missing: the newest report, number 3 of 2026-11-22T03:00:00Z (run " +
                nlohmann::json::parse(latest)["run_id"].get<std::string>() +
                "), is in latest/shop.json alone: its dated one is missing\n");
}

TEST_F(ChainTest, MissingReportsAreCounted) {
  auto all = nights(7);
  const Stored second = all[1], sixth = all[5];
  all.erase(all.begin() + 2, all.begin() + 5);
  EXPECT_EQ(shown(verify(all)),
            "wrong missing: the reports 3 to 5 are missing, between report 2 (" + file(second) +
                ") and report 6 (" + file(sixth) + ")\n");
}

TEST_F(ChainTest, AMissingBeginningIsNotAPrunedOne) {
  auto all = nights(4);
  const Stored removed = all[1], oldest = all[2];
  all.erase(all.begin(), all.begin() + 2);
  const std::string begins = "the chain begins at number 3, " + file(oldest);
  EXPECT_EQ(shown(verify(all)),
            "wrong missing: " + begins +
                ": the one before it is missing, and no record says that it was "
                "pruned\n");
  pruned_ = {
      {"shop", kFirstNight + hours{99}, "ops@db1", kFirstNight + hours{48}, 2, 2, sha(removed)}};
  EXPECT_EQ(shown(verify(all)), "note pruned: " + begins +
                                    ": what was older than 2026-11-22T03:00:00Z was pruned on "
                                    "2026-11-24T06:00:00Z by ops@db1, a record says\n");
  // One more is gone than the record knows of.
  all.erase(all.begin());
  EXPECT_EQ(verify(all).findings.at(0).kind, "missing");
  scope_.expires = true;
  EXPECT_EQ(verify(all).findings.at(0).kind, "begins_late");
  EXPECT_EQ(exit_code({verify(all)}, scope_), 0);
  scope_ = {};
  scope_.since = kFirstNight + hours{50};
  EXPECT_EQ(shown(verify(all)), "");
}

TEST_F(ChainTest, ARecordOfPruningIsReadBack) {
  const PruneRecord record{"shop", kFirstNight, "ops@db1",           kFirstNight - hours{48},
                           12,     11,          std::string(64, 'a')};
  const auto read = read_prune_record(to_json(record));
  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read), to_json(record));
  EXPECT_FALSE(read_prune_record("{}"));
  EXPECT_FALSE(read_prune_record("["));
}

TEST_F(ChainTest, ReportsThatChangedPlacesAreMisplacedAndNotMissing) {
  auto all = nights(5);
  std::swap(all[1].json, all[2].json);
  EXPECT_EQ(shown(verify(all)), "wrong misplaced: " + file(all[1]) +
                                    " holds the report that belongs to " + file(all[2]) +
                                    "\nwrong misplaced: " + file(all[2]) +
                                    " holds the report that belongs to " + file(all[1]) + "\n");
}

TEST_F(ChainTest, AReplayedReportIsACopy) {
  auto all = nights(4);
  Stored replayed = all[0];
  replayed.report.timestamp = kFirstNight + hours{60};
  all.insert(all.begin() + 3, replayed);
  EXPECT_EQ(shown(verify(all)),
            "wrong copy: " + file(replayed) + " holds a copy of " + file(all[0]) + "\n");
  // Under the name of a run's second report.
  all = nights(2);
  replayed = all[0];
  replayed.suffix = "undelivered";
  all.insert(all.begin() + 1, replayed);
  EXPECT_EQ(shown(verify(all)),
            "wrong copy: " + file(replayed) + " holds a copy of " + file(all[0]) + "\n");
}

TEST_F(ChainTest, AReportOfAnotherTargetOrStoreIsForeign) {
  auto all = nights(5);
  Stored other = next(&all[1], hours{30});
  other.report.target = "billing";
  other.json = to_json(other.report);
  other.report.target = "shop";  // its name
  all.push_back(other);
  other.report.target = "billing";
  EXPECT_EQ(shown(verify(all, all[4].json)),
            "wrong foreign: " + file(all[5]) + " holds a report of another target: " + file(other) +
                "\n");
  all.pop_back();
  const auto elsewhere = nights(3);
  Stored foreign = next(&elsewhere[2], hours{6});
  all.push_back(foreign);
  EXPECT_EQ(shown(verify(all, all[4].json)),
            "wrong foreign: report 4 (" + file(foreign) +
                ") follows a report that is not here (sha256 " + sha(elsewhere[2]) +
                "), and comes between reports that follow each other: it was put "
                "in, or comes from another store, or the one that it follows was removed\n");
}

TEST_F(ChainTest, TwoRunsAtOnceAreAForkAndNoBrokenChain) {
  auto all = nights(3);
  const Stored one = next(&all[2]), other = next(&all[2], hours{24} + minutes{1});
  all.insert(all.end(), {one, other, next(&other)});
  const ChainVerdict verdict = verify(all);
  EXPECT_EQ(shown(verdict), "note fork: a fork: " + file(one) + " and " + file(other) +
                                " follow report 3 (" + file(all[2]) +
                                "): two runs were at work at once\n");
  EXPECT_EQ(exit_code({verdict}, scope_), 0);
  // On the first night of all.
  const Stored first = next(nullptr), also = next(nullptr);
  EXPECT_EQ(shown(verify({first, also, next(&also, minutes{0})})),
            "note fork: " + file(first) + " and " + file(also) +
                " are both the first: two runs were at work at once\n");
}

TEST_F(ChainTest, AForkOverNightsIsNoneOfTwoRunsAtOnce) {
  auto all = nights(4);
  const Stored late = next(&all[1], hours{80});
  all.push_back(late);
  const ChainVerdict verdict = verify(all);
  EXPECT_EQ(shown(verdict),
            "unknown fork: a fork: " + file(all[2]) + " and " + file(late) + " follow report 2 (" +
                file(all[1]) +
                "): they are too far apart for two runs at once; latest/shop.json was "
                "not replaced or was put back, or one of them was put in\n");
  EXPECT_EQ(exit_code({verdict}, scope_), 2);
}

TEST_F(ChainTest, ThatBeginsAnewSaysSo) {
  auto all = nights(3);
  Stored anew = next(&all[2]);
  anew.report.sequence = 0;
  anew.report.previous_sha256.reset();
  anew.report.previous_unknown_because = "the last report is not JSON";
  anew.json = to_json(anew.report);
  all.insert(all.end(), {anew, next(&anew)});
  EXPECT_EQ(shown(verify(all)), "unknown begins_anew: the chain begins anew with " + file(anew) +
                                    ": the last report is not JSON; whether reports before it are "
                                    "missing cannot be told\n");
  // Where the chain goes on beside it, nothing is missing.
  all = nights(3);
  anew.report.timestamp = all[1].report.timestamp + hours{1};
  anew.json = to_json(anew.report);
  all.insert(all.begin() + 2, anew);
  EXPECT_EQ(shown(verify(all)),
            "note beside: " + file(anew) +
                " has no number: the last report is not JSON; the chain goes on "
                "beside it\n");
  // One that says that it was the first, and was not.
  all = nights(3);
  Stored first = next(nullptr);
  first.report.timestamp = kFirstNight + hours{72};
  first.json = to_json(first.report);
  all.push_back(first);
  EXPECT_EQ(shown(verify(all)),
            "wrong begins_anew: report 1 (" + file(first) +
                ") says that it is the first of shop, but 3 reports are older: "
                "latest/shop.json was missing then, and whether reports before it "
                "are missing cannot be told\n");
}

TEST_F(ChainTest, FollowsReportsOfAReleaseWithoutNumbers) {
  auto all = nights(2);
  for (Stored& one : all) {
    auto json = nlohmann::ordered_json::parse(one.json);
    for (const char* key :
         {"sequence", "previous_sha256", "previous_unknown_because", "not_checked"}) {
      json.erase(key);
    }
    one.json = json.dump(2) + "\n";
    one.report.sequence = 0;
  }
  all.push_back(next(&all[1]));
  all.push_back(next(&all[2]));
  const ChainVerdict verdict = verify(all);
  EXPECT_EQ(shown(verdict), "");
  EXPECT_EQ(verdict.of_older_releases, 2u);
  EXPECT_EQ(verdict.first->sequence, 1u);
}

TEST_F(ChainTest, AClockThatWasAheadBreaksNothing) {
  auto all = nights(2);
  all.push_back(next(&all[1], hours{24 * 400}));
  all.push_back(next(&all[2], -hours{24 * 399}));
  all.push_back(next(&all[3]));
  EXPECT_EQ(shown(verify(all)), "");
  scope_.anchor = parse_sha256(sha(all[4]));
  EXPECT_EQ(verify(all).anchor_proves,
            "report 5 (" + file(all[4]) + ") and the 4 before it in its chain, back to report 1 (" +
                file(all[0]) + "), are as they were when the anchor was noted");
}

TEST_F(ChainTest, RunsWithinOneSecondBreakNothing) {
  std::vector<Stored> all;
  for (const char* run_id : {"00000000000000cc", "00000000000000bb", "00000000000000aa"}) {
    Stored one = next(all.empty() ? nullptr : &all.back(), hours{0});
    one.report.run_id = run_id;
    one.json = to_json(one.report);
    all.push_back(one);
  }
  EXPECT_EQ(shown(verify(all)), "");
}

TEST_F(ChainTest, ANumberThatDoesNotFollowIsWrong) {
  auto all = nights(2);
  Stored wrong = next(&all[1]);
  wrong.report.sequence = 9;
  wrong.json = to_json(wrong.report);
  all.push_back(wrong);
  EXPECT_EQ(shown(verify(all)), "wrong misnumbered: report 9 (" + file(wrong) +
                                    ") follows report 2 (" + file(all[1]) +
                                    "): its number should be 3\n");
}

TEST_F(ChainTest, ADamagedReportIsNamedOnce) {
  auto all = nights(4);
  all[1].json = "{";
  EXPECT_EQ(shown(verify(all)),
            "wrong damaged: " + file(all[1]) + " is not a report: it is not JSON\n");
}

TEST_F(ChainTest, WithoutALatestNobodyKnowsTheNewest) {
  auto all = nights(2);
  TargetChain chain;
  chain.target = "shop";
  for (const Stored& one : all) add_to_chain(chain, one.name(), true, one.json);
  EXPECT_EQ(
      shown(verify_chain(chain, scope_)),
      "wrong latest_missing: latest/shop.json is missing: whether newer reports than those here "
      "are missing cannot be told\n");
  EXPECT_EQ(shown(verify(all, "{")),
            "wrong damaged: latest/shop.json is not a report: it is not JSON\n");
  EXPECT_EQ(shown(verify(all, all[0].json)), "note latest_behind: latest/shop.json is report 1 (" +
                                                 file(all[0]) + "), which others follow\n");
}

TEST_F(ChainTest, AnAnchorProvesWhatCameBeforeIt) {
  auto all = nights(5);
  scope_.anchor = parse_sha256(sha(all[3]));
  EXPECT_EQ(
      verify(all).anchor_proves,
      "report 4 (" + file(all[3]) + ") and the 3 before it in its chain, back to report 1 (" +
          file(all[0]) +
          "), are as they were when the anchor was noted; nothing is proven of 1 report after it");
  scope_.anchor = parse_sha256(sha(all[0]));
  EXPECT_EQ(verify({all[0]}).anchor_proves,
            "report 1 (" + file(all[0]) + ") is as it was when the anchor was noted");
}

// The newest are deleted and the latest is put back: nothing in the store tells, the anchor does.
TEST_F(ChainTest, AnAnchorTellsWhatTheStoreCannot) {
  const auto all = nights(5);
  const std::vector<Stored> left(all.begin(), all.begin() + 3);
  EXPECT_EQ(shown(verify(left)), "");
  scope_.anchor = parse_sha256(sha(all[4]));
  const ChainVerdict verdict = verify(left);
  EXPECT_EQ(verdict.anchor_proves, "");
  EXPECT_EQ(exit_code({verdict}, scope_), 1);
  EXPECT_NE(chain_text({verdict}, scope_)
                .find("the anchor " + sha(all[4]) +
                      " is of no report here: the one that it was noted of "
                      "was changed or is missing\n"),
            std::string::npos);
  scope_.since = kFirstNight;
  EXPECT_EQ(exit_code({verdict}, scope_), 2);
}

TEST_F(ChainTest, HoldsNoMoreFindingsThanAnybodyReads) {
  auto all = nights(200);
  for (Stored& one : all) one.json += "\n";
  const ChainVerdict verdict = verify(all);
  EXPECT_EQ(verdict.findings.size(), kMostChainFindings);
  EXPECT_EQ(verdict.further_findings, 199 - kMostChainFindings);
}

TEST(Sha256Text, IsSixtyFourHexDigits) {
  const std::string hex = aws::sha256_hex("abc");
  EXPECT_EQ(hex_text(*parse_sha256(hex)), hex);
  EXPECT_EQ(hex_text(*parse_sha256(std::string(64, 'B'))), std::string(64, 'b'));
  for (const std::string& text : {std::string(), hex.substr(1), hex + "0", "g" + hex.substr(1)}) {
    EXPECT_FALSE(parse_sha256(text)) << text;
  }
}

}  // namespace
}  // namespace drift::report
