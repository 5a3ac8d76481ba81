#include "drift/sql_api/called_functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "drift/sql/json_text.h"
#include "drift/sql/sql_text.h"

namespace drift::sql_api {
namespace {

// Act at once, whatever becomes of the transaction, or run SQL that comes as text.
constexpr std::array kBesideTransaction = std::to_array<std::string_view>({
    // sessions and the server
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_rotate_logfile_old",
    "pg_promote",
    "pg_log_backend_memory_contexts",
    "set_config",
    "setseed",  // outlives the transaction, and DISCARD ALL
    "pg_prewarm",
    "autoprewarm_start_worker",
    "autoprewarm_dump_now",
    "pg_stat_statements_reset",
    "pg_export_snapshot",
    "pg_nextoid",
    "pg_import_system_collations",
    "pg_stop_making_pinned_objects",
    // the write-ahead log and backups
    "pg_switch_wal",
    "pg_switch_xlog",
    "pg_logical_emit_message",
    "pg_start_backup",
    "pg_stop_backup",
    "pg_backup_start",
    "pg_backup_stop",
    "pg_wal_replay_pause",
    "pg_wal_replay_resume",
    "pg_log_standby_snapshot",
    "pg_sync_replication_slots",
    // the server's files
    "pg_read_file",
    "pg_read_file_old",
    "pg_read_binary_file",
    "pg_stat_file",
    "pg_logdir_ls",
    "pg_current_logfile",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_show_all_file_settings",
    "lo_import",
    "lo_export",
    // tables, beside what MVCC sees
    "heap_force_kill",
    "heap_force_freeze",
    "pg_truncate_visibility_map",
    "gin_clean_pending_list",
    "brin_summarize_new_values",
    "brin_summarize_range",
    "brin_desummarize_range",
    // SQL as text
    "query_to_xml",
    "query_to_xmlschema",
    "query_to_xml_and_xmlschema",
    "ts_stat",
    "connectby",
    "xpath_table",
    // what managed services add
    "query_export_to_s3",
    "table_import_from_s3",
});
constexpr std::array kBesideTransactionBeginnings = std::to_array<std::string_view>({
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

// Volatile functions of PostgreSQL that change nothing, nor keep anybody else from it. What they
// return differs from call to call, which is all that makes them volatile.
constexpr std::string_view kHarmlessVolatile =
    "clock_timestamp timeofday random random_normal gen_random_uuid uuidv4 uuidv7 "
    "pg_sleep pg_sleep_for pg_sleep_until currval lastval pg_sequence_last_value lo_get "
    "pg_relation_size pg_table_size pg_indexes_size pg_total_relation_size pg_database_size "
    "pg_tablespace_size pg_tablespace_databases pg_partition_tree pg_partition_ancestors "
    "pg_is_in_recovery pg_is_wal_replay_paused pg_get_wal_replay_pause_state "
    "pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp "
    "pg_current_wal_lsn pg_current_wal_insert_lsn pg_current_wal_flush_lsn "
    "pg_blocking_pids pg_safe_snapshot_blocking_pids pg_lock_status pg_prepared_xact "
    "pg_collation_actual_version pg_database_collation_actual_version "
    "pg_notification_queue_usage pg_listening_channels pg_timezone_names pg_jit_available "
    "pg_xact_status txid_status pg_xact_commit_timestamp pg_xact_commit_timestamp_origin "
    "pg_last_committed_xact pg_get_multixact_members pg_show_replication_origin_status "
    "pg_control_system pg_control_checkpoint pg_control_recovery pg_control_init "
    "pg_get_backend_memory_contexts pg_get_shmem_allocations pg_get_wal_resource_managers "
    "pg_stat_have_stats pg_stat_get_recovery_prefetch pg_stat_get_xact_numscans "
    "pg_stat_get_xact_tuples_returned pg_stat_get_xact_tuples_fetched "
    "pg_stat_get_xact_tuples_inserted pg_stat_get_xact_tuples_updated "
    "pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_hot_updated "
    "pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit "
    "pg_stat_get_xact_function_calls pg_stat_get_xact_function_total_time "
    "pg_stat_get_xact_function_self_time";

// The same of the extensions that PostgreSQL brings: "extension.function".
constexpr std::string_view kHarmlessOfExtensions =
    "uuid-ossp.uuid_generate_v1 uuid-ossp.uuid_generate_v1mc uuid-ossp.uuid_generate_v4 "
    "pgcrypto.gen_salt pgcrypto.gen_random_bytes pgcrypto.gen_random_uuid "
    "pgcrypto.pgp_sym_encrypt pgcrypto.pgp_sym_encrypt_bytea pgcrypto.pgp_pub_encrypt "
    "pgcrypto.pgp_pub_encrypt_bytea pg_stat_statements.pg_stat_statements "
    "pg_stat_statements.pg_stat_statements_info pgstattuple.pgstattuple "
    "pgstattuple.pgstattuple_approx pgstattuple.pgstatindex pgstattuple.pgstatginindex "
    "pgstattuple.pgstathashindex pgstattuple.pg_relpages pg_buffercache.pg_buffercache_pages "
    "pg_buffercache.pg_buffercache_summary pg_freespacemap.pg_freespace "
    "pg_visibility.pg_visibility pg_visibility.pg_visibility_map "
    "pg_visibility.pg_visibility_map_summary pgrowlocks.pgrowlocks";

// Declared stable or immutable, and yet they run SQL that comes as text, or take a transaction id.
constexpr std::string_view kNotAsDeclared =
    "crosstab crosstab2 crosstab3 crosstab4 connectby xpath_table txid_current pg_current_xact_id";

// What the failing cast quotes, in whatever language the server speaks.
constexpr std::string_view kMark = "schema-drift: refused: ";

// Trusts no search_path, as in drift/production/version_catalog.cc. Of an aggregate its parts are
// looked at: it is called immutable itself whatever they do. Nobody can call what takes `internal`.
// Those that make ranges come with their type.
constexpr std::string_view kGuard = R"(
SELECT pg_catalog.concat('{mark}', refused.why, ' ', refused.name)::pg_catalog.int4
FROM (
  SELECT pg_catalog.concat(CASE WHEN n.nspname OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.name
                                THEN '' ELSE pg_catalog.concat(n.nspname, '.') END,
                           p.proname) AS name,
         CASE
         WHEN p.proname::pg_catalog.text OPERATOR(pg_catalog.=) ANY ($4::pg_catalog.text[])
           OR pg_catalog.concat(n.nspname, '.', p.proname)
              OPERATOR(pg_catalog.=) ANY ($4::pg_catalog.text[]) THEN NULL
         WHEN f.proname::pg_catalog.text OPERATOR(pg_catalog.=)
              ANY (pg_catalog.string_to_array('{not_as_declared}', ' ')) THEN 'undeclared'
         WHEN l.lanname OPERATOR(pg_catalog.=) ANY ('{{internal,c}}'::pg_catalog.name[])
          AND f.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
          AND e.extname IS NULL AND made.objid IS NULL THEN 'native'
         WHEN NOT l.lanname OPERATOR(pg_catalog.=)
              ANY ('{{internal,c,sql,plpgsql}}'::pg_catalog.name[]) THEN 'language'
         WHEN f.provolatile OPERATOR(pg_catalog.<>) 'v'::"char" THEN NULL
         WHEN f.oid OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
          AND f.proname::pg_catalog.text OPERATOR(pg_catalog.=)
              ANY (pg_catalog.string_to_array('{harmless}', ' ')) THEN NULL
         WHEN pg_catalog.concat(e.extname, '.', f.proname) OPERATOR(pg_catalog.=)
              ANY (pg_catalog.string_to_array('{of_extensions}', ' ')) THEN NULL
         ELSE 'volatile' END AS why
  FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]),
                  pg_catalog.unnest($3::pg_catalog.bool[])) AS called(schema, name, as_field)
  JOIN pg_catalog.pg_proc AS p
    ON p.proname OPERATOR(pg_catalog.=) called.name::pg_catalog.name
  JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
  CROSS JOIN LATERAL (
    SELECT p.oid WHERE NOT EXISTS (
      SELECT 1 FROM pg_catalog.pg_aggregate AS a
      WHERE a.aggfnoid::pg_catalog.oid OPERATOR(pg_catalog.=) p.oid)
    UNION ALL
    SELECT support.oid
    FROM pg_catalog.pg_aggregate AS a
    CROSS JOIN LATERAL pg_catalog.unnest(ARRAY[
      a.aggtransfn::pg_catalog.oid, a.aggfinalfn::pg_catalog.oid, a.aggcombinefn::pg_catalog.oid,
      a.aggserialfn::pg_catalog.oid, a.aggdeserialfn::pg_catalog.oid,
      a.aggmtransfn::pg_catalog.oid, a.aggminvtransfn::pg_catalog.oid,
      a.aggmfinalfn::pg_catalog.oid]) AS support(oid)
    WHERE a.aggfnoid::pg_catalog.oid OPERATOR(pg_catalog.=) p.oid
  ) AS part(oid)
  JOIN pg_catalog.pg_proc AS f ON f.oid OPERATOR(pg_catalog.=) part.oid
  JOIN pg_catalog.pg_language AS l ON l.oid OPERATOR(pg_catalog.=) f.prolang
  LEFT JOIN pg_catalog.pg_depend AS d
    ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid
   AND d.objid OPERATOR(pg_catalog.=) f.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'::"char"
  LEFT JOIN pg_catalog.pg_extension AS e
    ON e.oid OPERATOR(pg_catalog.=) d.refobjid
   AND d.refclassid OPERATOR(pg_catalog.=)
       'pg_catalog.pg_extension'::pg_catalog.regclass::pg_catalog.oid
  LEFT JOIN pg_catalog.pg_depend AS made
    ON made.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid
   AND made.objid OPERATOR(pg_catalog.=) f.oid AND made.deptype OPERATOR(pg_catalog.=) 'i'::"char"
   AND made.refclassid OPERATOR(pg_catalog.=)
       'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid
  WHERE CASE WHEN called.schema OPERATOR(pg_catalog.=) ''
             THEN pg_catalog.pg_function_is_visible(p.oid)
             ELSE n.nspname OPERATOR(pg_catalog.=) called.schema::pg_catalog.name END
    AND NOT 'pg_catalog.internal'::pg_catalog.regtype::pg_catalog.oid
            OPERATOR(pg_catalog.=) ANY (p.proargtypes::pg_catalog.oid[])
    AND (NOT called.as_field OR (
      p.pronargs OPERATOR(pg_catalog.=) 1::pg_catalog.int2 AND EXISTS (
        SELECT 1 FROM pg_catalog.pg_type AS t
        WHERE t.oid OPERATOR(pg_catalog.=) p.proargtypes[0]
          AND t.typtype OPERATOR(pg_catalog.=) ANY ('{{c,p}}'::"char"[]))))
) AS refused
WHERE refused.why IS NOT NULL
LIMIT 1)";

bool is_name(const Token& token) {
  return token.kind == TokenKind::kWord || token.kind == TokenKind::kQuoted;
}

// Stand before brackets, and are reserved: no function can be called so without quotes.
bool is_reserved(const Token& token) {
  constexpr std::array kReserved = std::to_array<std::string_view>(
      {"all",  "and",    "any",  "array",     "as",      "case",  "distinct", "else",   "except",
       "from", "having", "in",   "intersect", "lateral", "limit", "not",      "offset", "on",
       "or",   "select", "some", "then",      "union",   "using", "when",     "where",  "with"});
  return token.kind == TokenKind::kWord &&
         std::find(kReserved.begin(), kReserved.end(), token.text) != kReserved.end();
}

std::string text_array(const std::vector<std::string>& values) {
  std::string array = "{";
  for (const std::string& value : values) {
    if (array.size() > 1) array += ',';
    array += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') array += '\\';
      array += c;
    }
    array += '"';
  }
  return array + "}";
}

bool names(const std::vector<std::string>& allowed, const CalledFunction& called) {
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& one) {
    return one == called.name || one == called.schema + "." + called.name;
  });
}

}  // namespace

std::vector<CalledFunction> called_functions(const std::vector<Token>& tokens) {
  std::set<CalledFunction> called;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!is_name(tokens[i]) || is_reserved(tokens[i])) continue;
    const bool dotted = i > 0 && tokens[i - 1].is_symbol(".");
    const bool brackets = i + 1 < tokens.size() && tokens[i + 1].is_symbol("(");
    if (!dotted && !brackets) continue;
    if (brackets && !dotted && i > 0) {
      // The name of a subquery, an alias with its columns, the type of a cast.
      const Token& before = tokens[i - 1];
      if (before.is_word("with") || before.is_word("recursive") || before.is_word("as")) continue;
    }
    CalledFunction one;
    one.name = tokens[i].text;
    one.as_field = !brackets;
    if (dotted && brackets && i > 1 && is_name(tokens[i - 2])) one.schema = tokens[i - 2].text;
    called.insert(std::move(one));
  }
  return {called.begin(), called.end()};
}

std::optional<sql::Statement> function_guard(const std::vector<CalledFunction>& called,
                                             const std::vector<std::string>& allowed) {
  if (called.empty()) return {};
  std::vector<std::string> schemas, function_names, fields;
  for (const CalledFunction& one : called) {
    schemas.push_back(one.schema);
    function_names.push_back(one.name);
    fields.emplace_back(one.as_field ? "t" : "f");
  }
  sql::Statement guard;
  guard.text = fmt::format(kGuard, fmt::arg("mark", kMark), fmt::arg("harmless", kHarmlessVolatile),
                           fmt::arg("of_extensions", kHarmlessOfExtensions),
                           fmt::arg("not_as_declared", kNotAsDeclared));
  guard.parameters = {text_array(schemas), text_array(function_names), text_array(fields),
                      text_array(allowed)};
  return guard;
}

std::vector<CalledFunction> HarmlessFunctions::unknown_of(std::vector<CalledFunction> called) {
  constexpr std::chrono::seconds kLong{60};
  const auto now = std::chrono::steady_clock::now();
  const auto known = [&](const CalledFunction& one) {
    const auto found = known_.find(one);
    return found != known_.end() && now - found->second < kLong;
  };
  called.erase(std::remove_if(called.begin(), called.end(), known), called.end());
  return called;
}

void HarmlessFunctions::remember(const std::vector<CalledFunction>& called) {
  constexpr std::size_t kMost = 10'000;
  if (known_.size() + called.size() > kMost) known_.clear();
  const auto now = std::chrono::steady_clock::now();
  for (const CalledFunction& one : called) known_[one] = now;
}

std::optional<Error> refused_function(const sql::ServerError& error) {
  const std::size_t mark = error.message.find(kMark);
  if (error.sqlstate != "22P02" || mark == std::string::npos) return {};
  const std::string_view told = std::string_view(error.message).substr(mark + kMark.size());
  const std::size_t blank = told.find(' ');
  const std::string_view why = told.substr(0, blank);
  std::string_view name = blank == std::string_view::npos ? "" : told.substr(blank + 1);
  name = name.substr(0, name.rfind('"'));
  const std::string_view reason =
      why == "volatile"   ? "it is volatile, and so may do more than read"
      : why == "native"   ? "it is native code that belongs to no extension"
      : why == "language" ? "it is in a language whose functions may act beside the transaction"
                          : "it runs SQL that comes as text, or takes a transaction id";
  const std::string shown = sql::one_line(name, 130);
  return Error{Fault::kUnsupported, fmt::format("a query may not call {}: {}", shown, reason),
               fmt::format("--allow-function {} lets queries call it", shown)};
}

void require_within_transaction(const std::vector<CalledFunction>& called,
                                const std::vector<std::string>& allowed) {
  for (const CalledFunction& one : called) {
    const auto begins = [&](std::string_view part) { return one.name.starts_with(part); };
    const bool beside = std::find(kBesideTransaction.begin(), kBesideTransaction.end(), one.name) !=
                            kBesideTransaction.end() ||
                        std::any_of(kBesideTransactionBeginnings.begin(),
                                    kBesideTransactionBeginnings.end(), begins);
    // A column may have the name of a function.
    if (!beside || one.as_field || names(allowed, one)) continue;
    const std::string shown = sql::one_line(one.name, 63);
    throw Error{Fault::kUnsupported, fmt::format("{} may not be called here", shown),
                fmt::format("it acts outside of the transaction that a request runs in, or runs "
                            "SQL that comes as text; --allow-function {} allows it",
                            shown)};
  }
}

}  // namespace drift::sql_api
