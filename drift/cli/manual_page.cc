#include "drift/cli/manual_page.h"

#include <fmt/format.h>

#include <string_view>

#include "drift/base/text.h"
#include "drift/cli/command_table.h"
#include "drift/cli/help_page.h"
#include "drift/report/report.h"

namespace drift::cli {
namespace {

constexpr std::string_view kBefore = R"(.SH NAME
schema\-drift \- tell when a database is not at the Alembic revision of its repository
.SH SYNOPSIS
.B schema\-drift
.I COMMAND
.RI [ OPTION "]..."
.SH DESCRIPTION
Compares the Alembic revision graph at a git ref with the rows of alembic_version in production,
keeps a JSON report and sends an alert where they differ.
It runs none of the project's Python and changes nothing in the database.
)";

constexpr std::string_view kAfter = R"(.SH ENVIRONMENT
Every option is also a variable: SCHEMA_DRIFT_ and its name in capitals with underscores.
Lists are separated by commas.
SCHEMA_DRIFT_GIT_TOKEN holds the token of an https repository; GITHUB_TOKEN is used for github.com
alone.
The variables of libpq (PGUSER, PGSSLROOTCERT, ...) and of AWS (AWS_REGION, AWS_PROFILE, ...) mean
what they mean elsewhere.
.SH FILES
.TP
.I /etc/schema\-drift/environment
Settings of schema\-drift.service, one variable a line.
.TP
.I /etc/credstore/schema\-drift.database
.TQ
.I /etc/credstore/schema\-drift.git\-token
Secrets that systemd hands to the service; the file above says which of them it uses.
.SH EXIT STATUS
Of
.BR check :
.TP
.B 0
synced
.TP
.B 1
drift
.TP
.B 2
could not tell
.TP
.B 3
the verdict stands, but a report or an alert was not delivered
.TP
.B 64
wrong usage or configuration
.PP
Each other command says its own above.
.SH EXAMPLES
.nf
schema\-drift check \-\-repository github:example/shop \e
  \-\-database postgresql://drift@db.example.com/shop \-\-alerts terminal
.fi
.SH SEE ALSO
.BR psql (1),
.BR systemd.timer (5)
)";

// A line that begins with a dot or an apostrophe would be a request.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  if (!result.empty() && (result.front() == '.' || result.front() == '\'')) result.insert(0, "\\&");
  return result;
}

std::string entry(const std::string& name, std::string_view description) {
  return fmt::format(".TP\n.B {}\n{}.\n", escaped(name), escaped(description));
}

std::string options(const CommandSpec& command) {
  std::string upper(command.name);
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  std::string text = fmt::format(".SH OPTIONS OF {}\n", escaped(upper));
  if (!command.words.empty()) {
    text += entry(std::string(command.words), command.words_description);
  }
  for (const config::OptionSpec* option : options_of(command)) {
    std::string flags = flags_of(*option);
    if (!option->also.empty()) flags += fmt::format(",{}", option->also);
    if (!option->value.empty()) flags += fmt::format(" {}", option->value);
    text += entry(flags, option->description);
  }
  return text + fmt::format(".PP\nExit status: {}.\n", escaped(command.exit_codes));
}

}  // namespace

std::string manual_page() {
  std::string text =
      fmt::format(".TH SCHEMA\\-DRIFT 1 \"\" \"schema\\-drift {}\" \"User Commands\"\n",
                  escaped(report::tool_version()));
  text += kBefore;
  text += ".SH COMMANDS\n";
  for (const CommandSpec& command : command_specs()) {
    text += entry(std::string(command.name), command.description);
  }
  for (const CommandSpec& command : command_specs()) text += options(command);
  text += kAfter;
  return text;
}

}  // namespace drift::cli
