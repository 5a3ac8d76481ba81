#include <algorithm>

#include "drift/base/output.h"
#include "drift/check/aws_access.h"
#include "drift/cli/commands.h"
#include "drift/verdict/verdict.h"

namespace drift::cli {

int run_pending(const Context& context) {
  const config::Options& options = context.resolved.targets.front();
  check::Target target;
  target.name = "pending";
  target.codebase = config::codebase_settings(options, context.resolved.run);

  production::VersionTable table;
  table.exists = true;
  table.schema = options.version_table_schema.value_or("");
  table.table = options.version_table.value_or(target.version_table.table);
  table.qualified_name = table.schema.empty() ? table.table : table.schema + "." + table.table;
  table.rows = options.at.value_or(std::vector<std::string>{});
  std::sort(table.rows.begin(), table.rows.end());

  static const SystemClock clock;
  check::AwsAccess aws(clock);
  const check::Codebase codebase =
      check::read_codebase(target.codebase, aws.source(), *context.stop, *context.log);
  const report::Report report = check::compare_codebase(target, codebase, table, *context.stop);
  if (context.format == Format::kJson) {
    write_fully(1, report::verdict_json(report));
  } else if (report.failure) {
    write_fully(2, report::to_text(report, wants_colour(2)));
  } else {
    write_fully(1, report::to_text(report, wants_colour(1)));
  }
  return verdict::exit_code(report.status);
}

}  // namespace drift::cli
