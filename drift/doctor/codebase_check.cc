#include "drift/doctor/checks.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

#include "drift/base/text.h"
#include "drift/check/check.h"

namespace drift::doctor {
namespace {

constexpr const char* kRepository = "repository";
constexpr const char* kScriptDirectory = "script_directory";

Outcome repository_outcome(const check::CodebaseSettings& settings, const std::string& about,
                           const check::OpenedRepository& opened, double seconds) {
  const migrations::Commit& commit = opened.tree.commit();
  return {kRepository, about, State::kOk,
          fmt::format("{} at {} is {} of {}, read in {:.1f} s", opened.repository.url(),
                      settings.ref.empty() ? "HEAD" : settings.ref, commit.id.substr(0, 12),
                      rfc3339(commit.committed_at), seconds),
          ""};
}

Outcome directory_outcome(const std::string& about, const check::Codebase& codebase) {
  if (!codebase.problems.empty()) {
    const report::Failure failure = check::failure_of(codebase.problems);
    return {kScriptDirectory, about, State::kFail, failure.message, failure.hint};
  }
  const std::size_t heads = codebase.graph.effective_heads().size();
  Outcome outcome{
      kScriptDirectory, about, State::kOk,
      fmt::format("{} has {} and {}", codebase.script_location,
                  counted(codebase.graph.revisions().size(), "revision"), counted(heads, "head")),
      ""};
  if (heads > 1) {
    outcome.state = State::kWarn;
    outcome.action = "`alembic upgrade head` will fail: use `alembic upgrade heads`, or merge them";
  }
  return outcome;
}

}  // namespace

Outcomes examine_codebase(const check::CodebaseSettings& settings, const std::string& about,
                          const check::Run& run, const Stop& stop) {
  const auto begin = std::chrono::steady_clock::now();
  std::optional<check::OpenedRepository> opened;
  try {
    opened = check::open_codebase(settings, run.aws->source(), stop, *run.log);
  } catch (const Error& error) {
    return {failed(kRepository, about, error),
            skipped(kScriptDirectory, about, "the repository could not be read")};
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  Outcomes outcomes{repository_outcome(settings, about, *opened, took.count())};
  try {
    outcomes.push_back(directory_outcome(
        about, check::read_codebase(std::move(*opened), settings, stop, *run.log)));
  } catch (const Error& error) {
    outcomes.push_back(failed(kScriptDirectory, about, error));
  }
  return outcomes;
}

}  // namespace drift::doctor
