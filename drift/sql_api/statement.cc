#include "drift/sql_api/statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "drift/base/error.h"
#include "drift/sql/sql_text.h"
#include "drift/sql_api/sql_tokens.h"

namespace drift::sql_api {
namespace {

constexpr std::array<std::string_view, 6> kReads = {"select", "with",    "values",
                                                    "table",  "explain", "show"};
constexpr std::array<std::string_view, 4> kWrites = {"insert", "update", "delete", "merge"};

// Functions of PostgreSQL and its extensions that act at once, whatever becomes of the transaction,
// or that run SQL which comes as text and so is not seen here.
constexpr std::array kForbidden = std::to_array<std::string_view>({
    // sessions and the server
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_promote",
    "pg_log_backend_memory_contexts",
    "pg_notify",
    "set_config",
    "setseed",  // outlives the transaction, and DISCARD ALL
    "pg_prewarm",
    "autoprewarm_start_worker",
    "autoprewarm_dump_now",
    "pg_stat_statements_reset",
    "pg_export_snapshot",
    // the write-ahead log and backups
    "pg_switch_wal",
    "pg_switch_xlog",
    "pg_create_restore_point",
    "pg_logical_emit_message",
    "pg_start_backup",
    "pg_stop_backup",
    "pg_backup_start",
    "pg_backup_stop",
    "pg_wal_replay_pause",
    "pg_wal_replay_resume",
    "pg_log_standby_snapshot",
    "pg_sync_replication_slots",
    "txid_current",
    "pg_current_xact_id",
    // the server's files
    "pg_read_file",
    "pg_read_binary_file",
    "pg_stat_file",
    "pg_logdir_ls",
    "pg_current_logfile",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_show_all_file_settings",
    // large objects
    "lo_import",
    "lo_export",
    "lo_create",
    "lo_creat",
    "lo_unlink",
    "lo_put",
    "lo_from_bytea",
    "lo_open",
    "lo_truncate",
    "lo_truncate64",
    "lowrite",
    // index maintenance
    "gin_clean_pending_list",
    "brin_summarize_new_values",
    "brin_summarize_range",
    "brin_desummarize_range",
    // SQL as text
    "query_to_xml",
    "query_to_xmlschema",
    "query_to_xml_and_xmlschema",
    "ts_stat",
    "ts_rewrite",
    "connectby",
    "xpath_table",
    // what managed services add
    "query_export_to_s3",
    "table_import_from_s3",
});
constexpr std::array kForbiddenBeginnings = std::to_array<std::string_view>({
    "pg_advisory_",
    "pg_try_advisory_",
    "pg_stat_reset",
    "pg_create_",
    "pg_drop_",
    "pg_copy_",
    "pg_replication_slot",
    "pg_replication_origin_",
    "pg_logical_slot_",
    "pg_ls_",
    "pg_file_",
    "binary_upgrade_",
    "dblink",
    "crosstab",
    "postgres_fdw_",
    "cursor_to_xml",
});

std::string upper(std::string_view word) {
  std::string text(word);
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return sql::one_line(text, 40);
}

template <std::size_t kSize>
bool holds(const std::array<std::string_view, kSize>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void refuse_functions(const std::vector<Token>& tokens) {
  for (const Token& token : tokens) {
    if (token.kind != TokenKind::kWord && token.kind != TokenKind::kQuoted) continue;
    const bool begins =
        std::any_of(kForbiddenBeginnings.begin(), kForbiddenBeginnings.end(),
                    [&](std::string_view beginning) { return token.text.starts_with(beginning); });
    if (!begins && !holds(kForbidden, token.text)) continue;
    throw Error{Fault::kUnsupported,
                fmt::format("{} may not be named here", sql::one_line(token.text, 63)),
                "it acts outside of the transaction that a request runs in, or runs SQL that comes "
                "as text"};
  }
}

// The verb of what follows WITH, and whether any part of it writes.
struct WithParts {
  std::string verb;
  bool writes = false;
};
WithParts with_parts(const std::vector<Token>& tokens, std::size_t at) {
  WithParts parts;
  int depth = 0;
  for (; at < tokens.size(); ++at) {
    const Token& token = tokens[at];
    if (token.is_symbol("(")) ++depth;
    if (token.is_symbol(")")) --depth;
    if (token.kind != TokenKind::kWord) continue;
    const bool write = holds(kWrites, token.text);
    if (write && at > 0 && tokens[at - 1].is_symbol("(")) parts.writes = true;
    if (depth == 0 && parts.verb.empty() &&
        (write || token.text == "select" || token.text == "values" || token.text == "table")) {
      parts.verb = token.text;
      parts.writes = parts.writes || write;
    }
  }
  return parts;
}

// The verb that EXPLAIN explains. With ANALYZE it runs: a change is then refused by the database,
// but not CREATE TABLE AS, which only the ROLLBACK would undo.
std::string explained_verb(const std::vector<Token>& tokens, std::size_t at) {
  const auto reads_here = [&](std::size_t i) {
    return i < tokens.size() && (tokens[i].is_symbol("(") || holds(kReads, tokens[i].text));
  };
  if (at < tokens.size() && tokens[at].is_symbol("(") && !reads_here(at + 1)) {
    while (at < tokens.size() && !tokens[at].is_symbol(")")) ++at;
    ++at;
  }
  while (at < tokens.size() && (tokens[at].is_word("analyze") || tokens[at].is_word("analyse") ||
                                tokens[at].is_word("verbose") || tokens[at].is_symbol("("))) {
    ++at;
  }
  return at < tokens.size() && tokens[at].kind == TokenKind::kWord ? tokens[at].text : "";
}

}  // namespace

StatementFacts statement_facts(std::string_view sql) {
  std::vector<Token> tokens = sql_tokens(sql);
  while (!tokens.empty() && tokens.back().is_symbol(";")) tokens.pop_back();
  if (tokens.empty()) {
    throw Error{Fault::kUsage, "the statement is empty", "send one statement"};
  }
  if (std::any_of(tokens.begin(), tokens.end(), [](const Token& t) { return t.is_symbol(";"); })) {
    throw Error{Fault::kUsage, "there is more than one statement", "send one statement a request"};
  }
  std::size_t first = 0;
  while (first + 1 < tokens.size() && tokens[first].is_symbol("(")) ++first;
  const Token& verb = tokens[first];
  StatementFacts facts;
  facts.verb = verb.kind == TokenKind::kWord ? verb.text : "";
  const bool in_brackets = first > 0;
  const bool reads = holds(kReads, facts.verb) &&
                     !(in_brackets && (facts.verb == "explain" || facts.verb == "show"));
  if (!reads && (in_brackets || !holds(kWrites, facts.verb))) {
    throw Error{Fault::kUnsupported,
                facts.verb.empty()
                    ? "the statement does not begin with a command that is allowed here"
                    : upper(facts.verb) + " is not allowed here",
                "SELECT, WITH, VALUES, TABLE, EXPLAIN and SHOW read; INSERT, UPDATE, DELETE and "
                "MERGE change, where changes are allowed"};
  }
  if (facts.verb == "explain") {
    const std::string explained = explained_verb(tokens, first + 1);
    if (!holds(kWrites, explained) &&
        (!holds(kReads, explained) || explained == "explain" || explained == "show")) {
      throw Error{Fault::kUnsupported,
                  explained.empty() ? "EXPLAIN explains nothing"
                                    : "EXPLAIN " + upper(explained) + " is not allowed here",
                  "EXPLAIN explains SELECT, WITH, VALUES, TABLE, INSERT, UPDATE, DELETE and MERGE"};
    }
  }
  refuse_functions(tokens);
  facts.pageable = reads && facts.verb != "explain" && facts.verb != "show";
  if (!reads) facts.kind = StatementKind::kMutation;
  if (facts.verb == "with") {
    const WithParts parts = with_parts(tokens, first + 1);
    if (!parts.writes) return facts;
    facts.kind = StatementKind::kMutation;
    facts.pageable = false;
    // Without one PostgreSQL finds it to be no statement.
    if (!parts.verb.empty()) facts.verb = parts.verb;
  }
  return facts;
}

}  // namespace drift::sql_api
