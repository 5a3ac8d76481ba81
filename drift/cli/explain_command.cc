#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "drift/base/error.h"
#include "drift/base/output.h"
#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/check/aws_access.h"
#include "drift/check/codebase.h"
#include "drift/cli/commands.h"
#include "drift/report/found_revision_json.h"
#include "drift/verdict/where_found.h"
#include "migrations/revision_search.h"

namespace drift::cli {
namespace {

using migrations::FoundRevision;
using migrations::RevisionSearch;
using Where = FoundRevision::Where;

std::string paragraph(const FoundRevision& found, const std::string& ref, bool shallow) {
  std::string text;
  if (found.asked != found.revision) {
    text += fmt::format("{} abbreviates {}. ", printable(found.asked), printable(found.revision));
  }
  return text + printable(found.revision) + verdict::shown_message(found) + ' ' +
         verdict::where_found(found, ref, shallow) + '\n';
}

int exit_code(const RevisionSearch& search) {
  int code = 0;
  for (const FoundRevision& found : search.revisions) {
    if (found.where == Where::kNowhere) code = std::max(code, found.certain ? 1 : 2);
  }
  return code;
}

}  // namespace

int run_explain(const Context& context, const std::vector<std::string>& words) {
  if (words.empty()) {
    throw Error{Fault::kUsage, "explain needs a revision",
                "give ids of migrations, such as the rows of alembic_version"};
  }
  const auto settings =
      config::codebase_settings(context.resolved.targets.front(), context.resolved.run);
  static const SystemClock clock;
  check::AwsAccess aws(clock);
  const check::OpenedRepository opened =
      check::open_codebase(settings, aws.source(), *context.stop, *context.log);
  const std::string ref = settings.ref.empty() ? "HEAD" : settings.ref;
  const RevisionSearch search = migrations::search_revisions(opened.repository, opened.tree, ref,
                                                             settings.script, words, *context.stop);
  for (const std::string& warning : search.warnings) context.log->warning(warning);
  std::string text;
  if (context.format == Format::kJson) {
    nlohmann::ordered_json document;
    document["revisions"] = nlohmann::ordered_json::array();
    for (const FoundRevision& found : search.revisions) {
      document["revisions"].push_back(report::found_revision_json(found, ref, search.shallow));
    }
    text = document.dump(2) + "\n";
  } else {
    for (const FoundRevision& found : search.revisions) {
      if (!text.empty()) text += '\n';
      text += paragraph(found, printable(ref), search.shallow);
    }
  }
  write_fully(1, text);
  return exit_code(search);
}

}  // namespace drift::cli
