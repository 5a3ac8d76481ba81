#include "drift/report/stored_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <variant>

#include "drift/verdict/findings.h"

namespace drift::report {
namespace {

using Json = nlohmann::ordered_json;
using verdict::Status;

const TimePoint kRunTime{std::chrono::seconds{1'795'143'600}};  // 2026-11-20T03:00:00Z

Report behind() {
  Report report;
  report.timestamp = kRunTime;
  report.run_id = "0123456789abcdef";
  report.target = "orders";
  report.repository = {"/srv/orders.git", "", std::string(40, 'a'), kRunTime, "migrations", {}};
  report.production = {"orders on db.example.com:5432", "public.alembic_version"};
  report.status = Status::kBehind;
  report.codebase_heads = {"b2", "c3"};
  report.production_versions = {"a1"};
  report.pending = {{"b2", "add an index", "migrations/versions/b2.py", "example",
                     kRunTime - std::chrono::days{3}},
                    {"c3", "", "migrations/versions/c3.py", {}, {}}};
  report.findings = {{"pending_revisions",
                      verdict::Severity::kWarning,
                      verdict::fingerprint("pending_revisions", {"b2", "c3"}),
                      "2 are pending",
                      "upgrade",
                      {"b2", "c3"}}};
  report.warnings = {"a warning"};
  report.undelivered = {"cannot send the alert"};
  report.not_checked = {"the tables"};
  follow(report, 41, "the report before");
  report.duration_ms = 12;
  report.stage_durations_ms = {{"repository", 7}, {"production", 9}};
  report.acknowledgement = Acknowledgement{kRunTime + std::chrono::days{2}, kRunTime, "ops@db1",
                                           "later", known_findings(report.findings)};
  report.alert = decide_alert(Seen{{}, Seen::Failing{{kRunTime, 41}, "timed_out"}},
                              {{kRunTime, 42}, report.status, report.findings, ""},
                              {{"terminal"}, {"webhook hooks.example.com"}}, std::nullopt, {});
  return report;
}

StoredReport read(const std::string& json) {
  auto result = read_stored_report(json);
  if (auto* refusal = std::get_if<StoredReportRefusal>(&result)) ADD_FAILURE() << refusal->reason;
  return std::get<StoredReport>(std::move(result));
}

std::string refusal(const std::string& json) {
  const auto result = read_stored_report(json);
  const auto* refused = std::get_if<StoredReportRefusal>(&result);
  return refused == nullptr ? "taken" : refused->reason;
}

TEST(StoredReport, HoldsWhatTheReportHeld) {
  const Report report = behind();
  const StoredReport stored = read(to_json(report));
  EXPECT_EQ(stored.timestamp, report.timestamp);
  EXPECT_EQ(stored.run_id, report.run_id);
  EXPECT_EQ(stored.target, report.target);
  EXPECT_EQ(stored.status, "behind");
  EXPECT_EQ(stored.repository_url, report.repository.url);
  EXPECT_EQ(stored.ref, "HEAD");
  EXPECT_EQ(stored.commit, report.repository.commit);
  EXPECT_EQ(stored.database, report.production.database);
  EXPECT_EQ(stored.codebase_heads, report.codebase_heads);
  EXPECT_EQ(stored.production_versions, report.production_versions);
  ASSERT_EQ(stored.pending.size(), 2u);
  EXPECT_EQ(stored.pending[0].committed_at, report.pending[0].committed_at);
  EXPECT_EQ(stored.pending[1].author, std::nullopt);
  EXPECT_EQ(known_findings(stored.findings), known_findings(report.findings));
  EXPECT_EQ(stored.findings[0].severity, verdict::Severity::kWarning);
  EXPECT_EQ(stored.warnings, report.warnings);
  EXPECT_EQ(stored.undelivered, report.undelivered);
  EXPECT_EQ(stored.stage_durations_ms, report.stage_durations_ms);
  EXPECT_EQ(stored.alert_kind, "first_drift");
  EXPECT_TRUE(stored.alert_due);
  EXPECT_TRUE(stored.records_told);
  EXPECT_EQ(stored.seen, report.alert->seen);
  EXPECT_EQ(stored.not_checked, report.not_checked);
  EXPECT_EQ(stored.sequence, 42);
  EXPECT_EQ(stored.previous_sha256, report.previous_sha256);
  EXPECT_EQ(stored.previous_unknown_because, "");
}

TEST(StoredReport, TellsAReportWithoutAPredecessorFromOneOfAnOlderRelease) {
  Report report = behind();
  report.sequence = 0;
  report.previous_sha256.reset();
  report.previous_unknown_because = "the last report is not JSON";
  const StoredReport unknown = read(to_json(report));
  EXPECT_EQ(unknown.sequence, 0);
  EXPECT_EQ(unknown.previous_sha256, std::nullopt);
  EXPECT_EQ(unknown.previous_unknown_because, "the last report is not JSON");
  Json older = Json::parse(to_json(report));
  for (const char* key : {"sequence", "previous_sha256", "not_checked"}) older.erase(key);
  EXPECT_EQ(read(older.dump()).sequence, std::nullopt);
}

TEST(StoredReport, RefusesANumberOrAHashThatIsNone) {
  Json json = Json::parse(to_json(behind()));
  json["sequence"] = 0;
  EXPECT_EQ(refusal(json.dump()), "has no positive whole number \"sequence\"");
  json["sequence"] = 2;
  json["previous_sha256"] = std::string(64, 'G');
  EXPECT_EQ(refusal(json.dump()), "has no SHA-256 \"previous_sha256\"");
}

TEST(StoredReport, KeepsWhatWasSeenBeforeAFailure) {
  Report report = behind();
  report.status = Status::kError;
  report.failure = Failure{"production", "timed_out", "no answer", ""};
  Seen drifting = report.alert->seen;
  drifting.drift->acknowledged = true;
  drifting.drift->resumed = Sight{kRunTime, 7};
  report.alert =
      decide_alert(drifting, {{kRunTime, 0}, Status::kError, {}, "timed_out"}, {}, {}, {});
  EXPECT_EQ(seen_in(read(to_json(report))), report.alert->seen);
  EXPECT_TRUE(report.alert->seen.drift);
  EXPECT_TRUE(report.alert->seen.failing);
}

// Reports of the time before decisions have no "alert" at all; dry runs have null.
TEST(StoredReport, WithoutADecisionTellsWhatItSawItself) {
  for (const bool missing : {true, false}) {
    Report report = behind();
    Json json = Json::parse(to_json(report));
    if (missing) json.erase("alert");
    if (!missing) json["alert"] = nullptr;
    const StoredReport stored = read(json.dump());
    EXPECT_FALSE(stored.records_told);
    const Seen seen = seen_in(stored);
    ASSERT_TRUE(seen.drift);
    EXPECT_EQ(seen.drift->first, (Sight{kRunTime, 0}));
    EXPECT_EQ(seen.drift->findings, known_findings(report.findings));
  }
}

TEST(StoredReport, OfASyncedRunHasSeenNothing) {
  Report report = behind();
  report.status = Status::kSynced;
  report.alert.reset();
  EXPECT_EQ(seen_in(read(to_json(report))), Seen{});
}

// As releases wrote it that counted an alert as told before it was sent: since when is taken over,
// who was told is not known.
TEST(StoredReport, OfVersion1TellsSinceWhen) {
  Json json = Json::parse(to_json(behind()));
  json["schema_version"] = 1;
  json["alert"].erase("destinations");
  json["alert"].erase("seen");
  json["alert"]["state"] = Json::parse(R"({
    "drift": {"since": "2026-11-01T03:00:00Z", "alerted_at": "2026-11-19T03:00:00Z",
              "acknowledged": true,
              "told": [{"kind": "pending_revisions", "fingerprint": "0123456789abcdef",
                        "subjects": ["b2"]}]},
    "failing": {"since": "2026-11-18T03:00:00Z", "alerted_at": "2026-11-19T03:00:00Z",
                "kind": "timed_out"},
    "delivered": true})");
  const StoredReport stored = read(json.dump());
  EXPECT_FALSE(stored.records_told);
  const Seen seen = seen_in(stored);
  EXPECT_EQ(seen.drift, (Seen::Drift{{kRunTime - std::chrono::days{19}, 0},
                                     {{"pending_revisions", "0123456789abcdef", {"b2"}}},
                                     true}));
  EXPECT_EQ(seen.failing, (Seen::Failing{{kRunTime - std::chrono::days{2}, 0}, "timed_out"}));
}

TEST(AlertMemory, ReadsBackWhatItWrote) {
  const Report report = behind();
  const Place place{"orders", "/srv/orders.git", "main"};
  Told told = report.alert->destinations.at(0).after;
  told.at = kRunTime + std::chrono::seconds{9};
  told.failing = Seen::Failing{{kRunTime, 0}, "timed_out"};
  const std::string json = to_json(place, "webhook hooks.example.com", told);
  EXPECT_EQ(std::get<Told>(read_told(json)), told);
  EXPECT_TRUE(json.starts_with(
      "{\n  \"schema_version\": 2,\n  \"target\": \"orders\",\n  \"repository\": "
      "\"/srv/orders.git\""
      ",\n  \"ref\": \"main\",\n  \"destination\": \"webhook hooks.example.com\",\n"
      "  \"told_at\": \"2026-11-20T03:00:09Z\""));
  told.drift.reset();
  told.failing.reset();
  EXPECT_EQ(std::get<Told>(read_told(to_json(place, "terminal", told))), told);

  Seen seen = report.alert->seen;
  seen.drift->resumed = Sight{kRunTime, 0};
  const auto stored = std::get<StoredSeen>(read_seen(to_json(place, seen, {kRunTime, 42})));
  EXPECT_EQ(stored.seen, seen);
  EXPECT_EQ(stored.by, (Sight{kRunTime, 42}));
}

TEST(AlertMemory, RefusesWhatIsNone) {
  const auto why = [](const auto& read) { return std::get<StoredReportRefusal>(read).reason; };
  EXPECT_EQ(why(read_told("")), "is not JSON");
  EXPECT_EQ(why(read_told("{}")), "has no object \"report\"");
  EXPECT_EQ(why(read_seen("{\"drift\": {}}")), "has no text \"since\"");
  EXPECT_EQ(why(read_seen("{}")), "has no text \"at\"");
}

TEST(AlertMemory, HasAKeyOfItsOwnForEachPlaceAndDestination) {
  const Place place{"orders", "/srv/orders.git", "main"};
  Place other = place;
  other.ref = "release";
  EXPECT_NE(told_key(place, "terminal"), told_key(other, "terminal"));
  EXPECT_NE(told_key(place, "terminal"), told_key(place, "slack"));
  EXPECT_NE(seen_key(place), seen_key(other));
  other = place;
  other.repository = "/srv/users.git";
  EXPECT_NE(told_key(place, "terminal"), told_key(other, "terminal"));
}

TEST(AlertMemory, OrdersReportsByNumberAndWhereOneHasNoneByTime) {
  const Sight early{kRunTime, 8}, late{kRunTime - std::chrono::days{1}, 9};
  EXPECT_TRUE(earlier(early, late));
  EXPECT_FALSE(earlier(late, early));
  EXPECT_FALSE(earlier(early, early));
  EXPECT_TRUE(earlier({late.at, 0}, early));
  EXPECT_FALSE(earlier(early, {late.at, 0}));
  EXPECT_TRUE(earlier(late, {early.at, 0}));
}

TEST(StoredReport, RefusesWhatIsNone) {
  EXPECT_EQ(refusal(""), "is not JSON");
  EXPECT_EQ(refusal("{\"a\": 1"), "is not JSON");
  EXPECT_EQ(refusal("[]"), "is no JSON object");
  EXPECT_EQ(refusal("{}"), "has no text \"timestamp\"");
  Json json = Json::parse(to_json(behind()));
  json["timestamp"] = "yesterday";
  EXPECT_EQ(refusal(json.dump()), "has no time \"timestamp\"");
  json = Json::parse(to_json(behind()));
  json["pending"] = 3;
  EXPECT_EQ(refusal(json.dump()), "has no list \"pending\"");
  json = Json::parse(to_json(behind()));
  json["alert"]["seen"]["drift"]["acknowledged"] = "yes";
  EXPECT_EQ(refusal(json.dump()), "has no true or false \"acknowledged\"");
}

// Whatever single field is missing or of another kind: an answer, never an exception.
TEST(StoredReport, BearsAnyFieldBeingWrong) {
  const Json whole = Json::parse(to_json(behind()));
  const Json flat = whole.flatten();
  for (const auto& pointer : flat.items()) {
    for (const Json& wrong : {Json(nullptr), Json(7), Json("x"), Json::array(), Json::object()}) {
      Json json = whole;
      json[Json::json_pointer(pointer.key())] = wrong;
      EXPECT_NO_THROW(read_stored_report(json.dump())) << pointer.key();
    }
  }
}

TEST(StoredReport, PassesOverWhatLaterVersionsAdd) {
  Json json = Json::parse(to_json(behind()));
  json["risk"] = {{"level", "high"}};
  json["status"] = "ahead";
  EXPECT_EQ(read(json.dump()).status, "ahead");
}

TEST(AcknowledgementJson, ReadsBackWhatItWrote) {
  Acknowledgement given = *behind().acknowledgement;
  const std::string json = to_json("orders", given);
  EXPECT_EQ(read_acknowledgement(json), given);
  given.sequence = 41;
  given.withdrawn = Withdrawal{kRunTime + std::chrono::hours{1}, "ops@db2"};
  EXPECT_EQ(read_acknowledgement(to_json("orders", given)), given);
  EXPECT_TRUE(
      json.starts_with("{\n  \"schema_version\": 2,\n  \"target\": \"orders\",\n  \"until\""));
  // As the version before wrote it, without these two.
  Json old = Json::parse(json);
  old.erase("sequence");
  old.erase("withdrawn");
  EXPECT_EQ(read_acknowledgement(old.dump()), *behind().acknowledgement);
  old["withdrawn"] = "yes";
  EXPECT_EQ(read_acknowledgement(old.dump()), std::nullopt);
  for (const char* broken : {"", "[]", "{}", "{\"until\": 3}"}) {
    EXPECT_EQ(read_acknowledgement(broken), std::nullopt);
  }
}

TEST(KnownFindings, StandInOneOrderWhateverTheRunFoundFirst) {
  using verdict::Finding;
  const Finding a{"a", verdict::Severity::kWarning, "2", "m", "", {}};
  const Finding b{"b", verdict::Severity::kWarning, "1", "m", "", {}};
  EXPECT_EQ(known_findings({b, a}), known_findings({a, b}));
  EXPECT_EQ(known_findings({b, a}).front().kind, "a");
}

TEST(MemoryKey, IsThatOfEarlierReleasesWhichWroteTheFilesDown) {
  const Place place{"orders", "/repository", "HEAD"};
  EXPECT_EQ(seen_key(place), "7c311b0ff87e7c2b");
  EXPECT_EQ(told_key(place, "terminal"), "210e8361f455ccd6");
}

}  // namespace
}  // namespace drift::report
