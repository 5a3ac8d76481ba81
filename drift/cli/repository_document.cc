#include "drift/cli/repository_document.h"

#include <nlohmann/json.hpp>

#include "drift/base/error.h"
#include "drift/base/printable.h"
#include "drift/check/aws_access.h"
#include "drift/check/check.h"

namespace drift::cli {

check::Codebase read_sound_codebase(const Context& context) {
  const auto settings =
      config::codebase_settings(context.resolved.targets.front(), context.resolved.run);
  static const SystemClock clock;
  check::AwsAccess aws(clock);
  check::Codebase codebase =
      check::read_codebase(settings, aws.source(), *context.stop, *context.log);
  if (!codebase.problems.empty()) {
    const auto& first = codebase.problems.front();
    std::string hint = first.hint;
    for (std::size_t i = 1; i < codebase.problems.size(); ++i) {
      hint += (hint.empty() ? "also: " : "\nalso: ") + codebase.problems[i].message;
    }
    throw Error{first.kind, first.message, std::move(hint)};
  }
  return codebase;
}

nlohmann::ordered_json repository_document(const Context& context,
                                           const check::Codebase& codebase) {
  const auto& ref = context.resolved.targets.front().ref;
  nlohmann::ordered_json document;
  document["repository"] = drift::valid_utf8(codebase.repository.url());
  document["ref"] = ref && !ref->empty() ? drift::valid_utf8(*ref) : "HEAD";
  document["commit"] = codebase.commit.id;
  document["script_location"] = drift::valid_utf8(codebase.script_location);
  return document;
}

void log_warnings(const Context& context, const check::Codebase& codebase) {
  for (const std::string& warning : codebase.warnings) context.log->warning(warning);
}

std::vector<std::string> ids(const migrations::RevisionGraph& graph,
                             const std::vector<migrations::RevisionGraph::Index>& indices) {
  std::vector<std::string> result;
  result.reserve(indices.size());
  for (const auto index : indices) result.push_back(drift::valid_utf8(graph.at(index).id));
  return result;
}

std::vector<std::string> valid_utf8(const std::vector<std::string>& texts) {
  std::vector<std::string> result;
  for (const std::string& text : texts) result.push_back(drift::valid_utf8(text));
  return result;
}

}  // namespace drift::cli
