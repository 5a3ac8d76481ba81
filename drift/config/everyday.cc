#include "drift/config/everyday.h"

#include <optional>

namespace drift::config {
namespace {

struct Everyday {
  std::string_view name;
  std::string_view brief;
  std::optional<Group> group = {};  // where several commands have options of one name
};

constexpr Everyday kEveryday[] = {
    {"repository", "A path, https://, ssh:// or github:owner/name (default: .)"},
    {"ref", "Branch, tag or commit (default: HEAD, a remote's default branch)"},
    {"alembic-ini", "alembic.ini in the tree (default: the usual places)"},
    {"script-location", "Script directory, instead of what alembic.ini says"},
    {"versions-path", "Versions folder, instead of what alembic.ini says; repeatable"},
    {"database", "postgresql://user@host/name, lambda:NAME, or an ARN"},
    {"version-table", "Alembic's version_table (default: alembic_version)"},
    {"version-table-schema", "Its schema (default: as the search_path says)"},
    {"config", "JSON file with several targets; --target selects one"},
    {"target", "Name in reports, or which one of --config"},
    {"schema-expected", "Compare the schema, too, with what is kept there"},
    {"at", "A version row of production; repeatable; none: an empty table"},
    {"reports", "Where reports are: a folder or s3://bucket/prefix"},
    {"alerts", "terminal, mailto:ADDRESS, an SNS topic, slack or webhook:URL"},
    {"notify-on-success", "Alert after every run, also when synced"},
    {"heartbeat", "Ask for this URL when the run is over"},
    {"dry-run", "Read, compare and print; store and send nothing", Group::kRun},
    {"dry-run", "prune: say what would be removed, and remove nothing", Group::kPast},
    {"since", "From then on: 2026-11-01, 2026-11-01T09:00:00Z, 7d or 36h"},
    {"until", "From before then", Group::kPast},
    {"until", "Tell it again from then on: 2026-12-01 (UTC) or 14d", Group::kAcknowledgement},
    {"until", "accept: it does not count from then on: 2026-12-01 or 14d", Group::kSchema},
    {"limit", "Most reports to list (default: 50)"},
    {"keep", "prune: remove what is older: 2y, 26w or 90d"},
    {"reason", "Why it may wait", Group::kAcknowledgement},
    {"reason", "accept: why production may stay as it is", Group::kSchema},
    {"withdraw", "Take the acknowledgement back", Group::kAcknowledgement},
    {"withdraw", "accept: take back what was accepted", Group::kSchema},
    {"list", "Print every acknowledgement", Group::kAcknowledgement},
    {"list", "accept: print everything that was accepted", Group::kSchema},
    {"write-test", "Also store a marked object where today's reports are"},
    {"allow-mutations", "Let Mutate and the like change the database"},
    {"listen", "Where to answer, on loopback (default: 127.0.0.1:0, a free port)"},
    {"audit", "Where changes are written down first: a file or s3://bucket/prefix", Group::kAudit},
    {"file", "Read statements from a file, - for standard input"},
    {"param", "For $1, $2, ... in turn, or NAME=VALUE for :NAME; repeatable"},
    {"mutate", "The statement changes data; asks before it is run"},
    {"dry-run", "Count the rows that a change would touch, and roll it back", Group::kStatement},
    {"yes", "Do not ask"},
    {"sql", "diff: print the statements that would bring LIVE to EXPECTED"},
    {"strict", "diff: every difference fails"},
    {"schema-rules", "What does not count, what fails: TOML", Group::kSchemaRules},
    {"expected", "record, accept: where schemas as they should be are kept"},
    {"replace", "record: put it in the place of another of the same rows"},
    {"commits", "Name the commit that introduced each file"},
    {"server-version", "PostgreSQL's major version, 11 to 18 (default: 18)"},
    {"fail-on", "high, medium or low: exit code 1 where an operation is that severe"},
    {"quiet", "Print nothing on standard output"},
    {"timeout", "Longest that it may take (default: 300)"},
    {"no-color", "No colours, as with NO_COLOR"},
    {"output", "Write what is printed to a file, whole or not at all"},
};

}  // namespace

std::string_view brief(const OptionSpec& spec) {
  for (const Everyday& one : kEveryday) {
    if (one.name == spec.name && one.group.value_or(spec.group) == spec.group) return one.brief;
  }
  return {};
}

}  // namespace drift::config
