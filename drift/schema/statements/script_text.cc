#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "drift/base/printable.h"
#include "drift/base/text.h"
#include "drift/pending/sql_rules.h"
#include "drift/schema/statements/script.h"

namespace drift::schema {
namespace {

constexpr std::string_view kMark = "--! ";

// What it locks, or nothing where the text is not the one statement that it should be: a snapshot
// is a file, and what stands in it as an expression could be any text.
std::optional<std::string> locks_of(const std::string& sql, pending::Ledger& ledger) {
  const std::vector<pending::Operation> operations = pending::operations_of_sql(sql, {}, ledger);
  if (operations.size() != 1) return {};
  const pending::Operation& operation = operations.front();
  if (operation.opaque) {
    // What the grammar does not know may be new, or may be two statements, or a command of psql.
    if (sql.find_first_of(";\\") != std::string::npos) return {};
    return "locks not known: " + operation.reason;
  }
  std::string text;
  for (const auto& [table, lock] : operation.locks) {
    text += fmt::format("{}{} on {}", text.empty() ? "" : ", ", word_of(lock), printable(table));
  }
  if (text.empty()) return "";
  if (!operation.rewrites) return text + ", while the table may be written anew";
  if (*operation.rewrites) return text + ", while the table is written anew";
  if (!operation.scans) return text + ", while the table may be read from end to end";
  return text + (*operation.scans ? ", while the table is read from end to end" : "");
}

std::string commented(std::string_view text, std::string_view mark) {
  std::string result;
  for (const std::string_view line : split(text, '\n')) {
    result += fmt::format("{}{}\n", mark, line);
  }
  return result;
}

// What waits for it, and what it proves, statement after statement. A table that the step itself
// makes is one like any other once it is there.
pending::Ledger ledger_of(const Step& step, const pending::KnownCatalog& live, int major) {
  pending::Ledger ledger(std::clamp(major, 11, 18));
  ledger.take(live);
  ledger.set_autocommit(!step.atomic);
  return ledger;
}

bool makes_a_table(const Step& step) {
  return std::any_of(step.sql.begin(), step.sql.end(),
                     [](const std::string& sql) { return sql.starts_with("CREATE TABLE "); });
}

std::string text_of(const Step& step, const pending::KnownCatalog& live, int major) {
  std::string text;
  for (const std::string& about : step.about) text += fmt::format("-- {}\n", about);
  if (step.sql.empty()) {
    return text + fmt::format("-- {}: {}\n\n", step.follows ? "nothing to do" : "no statement",
                              printable(step.why_not));
  }
  pending::Ledger ledger = ledger_of(step, live, major);
  const bool anew = !step.atomic && makes_a_table(step);
  std::string body;
  std::string said;
  bool readable = true;
  if (step.atomic) body += "BEGIN;\n";
  for (const std::string& sql : step.sql) {
    if (anew) ledger = ledger_of(step, live, major);
    if (!step.atomic) ledger.begin_transaction();
    const auto locks = locks_of(sql, ledger);
    readable = readable && locks.has_value();
    if (locks && !locks->empty() && *locks != said) {
      body += fmt::format("-- {}\n", printable(*locks));
      said = *locks;
    }
    body += sql + ";\n";
  }
  if (step.atomic) body += "COMMIT;\n";
  for (const std::string& note : step.notes) text += fmt::format("-- note: {}\n", note);
  if (!readable) {
    return text +
           "-- no statement: the snapshot holds a text that is not the part of one statement\n\n";
  }
  if (!step.removes.empty()) {
    text += fmt::format("-- takes away: {}\n", printable(step.removes));
    return text + commented(body.substr(0, body.size() - 1), kMark) + '\n';
  }
  return text + body + '\n';
}

}  // namespace

std::string script_text(const Script& script, std::string_view expected, std::string_view live,
                        int server_version_num) {
  const auto removing = std::count_if(script.steps.begin(), script.steps.end(),
                                      [](const Step& each) { return !each.removes.empty(); });
  std::string text = fmt::format(
      "-- What would bring the live schema to the expected one. Nobody has run it: read it first.\n"
      "-- expected: {}\n-- live: {}\n-- {}: {} with statements, {} brought along by others, {} "
      "without",
      printable(expected), printable(live),
      counted(script.certain + script.following + script.without, "difference"), script.certain,
      script.following, script.without);
  text += script.not_failing == 0
              ? "\n"
              : fmt::format("; {} that do not fail were left out (--strict has them too)\n",
                            script.not_failing);
  if (removing > 0) {
    text += fmt::format("-- {} something away and {} commented out, behind --!\n",
                        removing == 1 ? "1 takes" : fmt::format("{} take", removing),
                        removing == 1 ? "stands" : "stand");
  }
  if (script.steps.empty()) return text;
  text +=
      "-- Not in one transaction, which CREATE INDEX CONCURRENTLY refuses:\n"
      "--   psql -X -v ON_ERROR_STOP=1 -f FILE\n"
      "-- Locks are those of tables; nobody waits for one longer than lock_timeout says.\n\n"
      "SET search_path = '';\nSET check_function_bodies = off;\nSET lock_timeout = '5s';\n\n";
  for (const Step& step : script.steps)
    text += text_of(step, script.live, server_version_num / 10'000);
  text.pop_back();
  return text;
}

}  // namespace drift::schema
