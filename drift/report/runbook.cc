#include "drift/report/runbook.h"

namespace drift::report {

const std::vector<RunbookEntry>& runbook() {
  static const std::vector<RunbookEntry> entries = {
      {kSilent,
       "Nothing has run for more than 26 hours, so nobody knows how production is now. The last "
       "verdict is as old as its report.",
       {"Is the schedule switched on? `systemctl list-timers schema-drift.timer`, the line in the "
        "crontab, or the rule of EventBridge.",
        "Does the run end early, or does it fail to store its report? Its log says so.",
        "`schema-drift doctor` tries each thing that a run needs and names the one that fails."}},
      {"unknown_revision",
       "A row of the version table is not a revision of this ref.",
       {"Let nobody run Alembic against this database until it is known where the row came from.",
        "Search all of history: `git log --all --oneline -S ID`.",
        "Found on another branch: merge it, or check that branch with `--ref`. Found in a deleted "
        "file: restore the file, or write a migration in its place.",
        "Found nowhere: look whether `--database`, `--version-table` and `--script-location` are "
        "the "
        "right ones.",
        "A row that only resembles a revision is mended with the statement of the finding, once "
        "you know that this revision is what was applied."}},
      {"inconsistent",
       "Every row is a revision of this ref, yet no upgrade could have left them so.",
       {"Make sure that the later revision, which the finding names, was really applied.",
        "Run the finding's `DELETE` in a transaction, and check again.",
        "Where a row stands twice, give the table its primary key on `version_num`."}},
      {"unversioned",
       "There is no version table, or it has no rows.",
       {"Is this the right database, schema and table? `--database`, "
        "`--version-table-schema`, `--version-table`.",
        "A new and empty database: `alembic upgrade heads`.",
        "The tables are there: find out which revision they match, then `alembic stamp REVISION`. "
        "Do not upgrade first: that begins at the base and fails at the first table."}},
      {"error",
       "One side could not be read, so nothing is known.",
       {"Follow the hint below the failure.",
        "`schema-drift doctor` tries each side piece by piece.",
        "An error that comes back every night is as urgent as drift: nobody watches meanwhile."}},
      {"behind",
       "Every row is a revision of this ref, and some revisions are not applied.",
       {"Is a deploy under way? Then check again when it is through.",
        "Otherwise apply what is pending with your usual deploy, or `alembic upgrade heads`; "
        "`alembic upgrade ROW:heads --sql` shows the statements first.",
        "It may wait for a known reason? `schema-drift ack TARGET --until DATE --reason TEXT`."}},
  };
  return entries;
}

}  // namespace drift::report
