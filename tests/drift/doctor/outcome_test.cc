#include "drift/doctor/outcome.h"

#include <gtest/gtest.h>

namespace drift::doctor {
namespace {

const Outcomes kOutcomes = {
    {"region", "", State::kOk, "eu-central-1", ""},
    {"database_rights", "shop", State::kWarn, "role \x1b[2J may write", "one\ntwo"},
    {"alerts", "", State::kUnknown, "denied", "grant it"},
};

TEST(OutcomeText, TableSaysWhatStateSeenAndWhatToDo) {
  EXPECT_EQ(to_text(kOutcomes, /*colour=*/false),
            "STATE    CHECK            SEEN\n"
            "ok       region           eu-central-1\n"
            "warn     database rights  shop: role \\x1b[2J may write\n"
            "                          -> one\n"
            "                             two\n"
            "unknown  alerts           denied\n"
            "                          -> grant it\n"
            "1 ok, 1 warn, 1 unknown\n");
}

TEST(OutcomeText, ColourIsTheStatesAlone) {
  const std::string text = to_text({kOutcomes[0]}, /*colour=*/true);
  EXPECT_NE(text.find("\x1b[32mok\x1b[0m       region"), std::string::npos);
}

TEST(OutcomeText, JsonHasNullForNothing) {
  EXPECT_NE(to_json(kOutcomes, TimePoint{})
                .find("\"timestamp\": \"1970-01-01T00:00:00Z\",\n"
                      "  \"state\": \"warn\""),
            std::string::npos);
  EXPECT_NE(to_json(kOutcomes, TimePoint{})
                .find("\"check\": \"region\",\n"
                      "      \"about\": null,\n"
                      "      \"state\": \"ok\",\n"
                      "      \"seen\": \"eu-central-1\",\n"
                      "      \"action\": null"),
            std::string::npos);
}

TEST(Outcome, WorstIsTheGravest) {
  const auto of = [](std::initializer_list<State> states) {
    Outcomes outcomes;
    for (const State state : states) outcomes.push_back({"x", "", state, "", ""});
    return worst(outcomes);
  };
  EXPECT_EQ(of({}), State::kOk);
  EXPECT_EQ(of({State::kSkipped, State::kOk}), State::kOk);
  EXPECT_EQ(of({State::kOk, State::kUnknown}), State::kUnknown);
  EXPECT_EQ(of({State::kUnknown, State::kWarn}), State::kWarn);
  EXPECT_EQ(of({State::kWarn, State::kFail, State::kOk}), State::kFail);
}

}  // namespace
}  // namespace drift::doctor
