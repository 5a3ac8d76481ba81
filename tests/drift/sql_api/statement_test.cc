#include "drift/sql_api/statement.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/thrown_by.h"

// Attempts to get something past it are in tests/e2e/test_sql_api_read_only.py.
namespace drift::sql_api {
namespace {

std::string told(std::string_view sql) {
  const StatementFacts facts = statement_facts(sql);
  return std::string(facts.kind == StatementKind::kRead ? "reads " : "changes ") + facts.verb +
         (facts.pageable ? " in pages" : "");
}

TEST(Statement, ReadsAreToldFromChanges) {
  EXPECT_EQ(told("select 1"), "reads select in pages");
  EXPECT_EQ(told(" ( (SELECT 1)) ;"), "reads select in pages");
  EXPECT_EQ(told("(select"), "reads select in pages");  // PostgreSQL says what is missing
  EXPECT_EQ(told("VALUES (1)"), "reads values in pages");
  EXPECT_EQ(told("TABLE t"), "reads table in pages");
  EXPECT_EQ(told("SHOW ALL"), "reads show");
  EXPECT_EQ(told("EXPLAIN (ANALYZE, BUFFERS) SELECT 1"), "reads explain");
  EXPECT_EQ(told("EXPLAIN ANALYZE (SELECT 1)"), "reads explain");
  EXPECT_EQ(told("explain (select 1)"), "reads explain");
  EXPECT_EQ(told("EXPLAIN DELETE FROM t"), "reads explain");
  EXPECT_EQ(told("INSERT INTO t VALUES (1);"), "changes insert");
  EXPECT_EQ(told("/* x */ merge into t"), "changes merge");
}

TEST(Statement, WithIsWhatItsPartsAre) {
  EXPECT_EQ(told("WITH a AS (SELECT 1) SELECT * FROM a"), "reads with in pages");
  EXPECT_EQ(told("WITH RECURSIVE a(n) AS (SELECT 1 UNION SELECT 2) TABLE a"),
            "reads with in pages");
  EXPECT_EQ(told("WITH a AS (SELECT 1) UPDATE t SET a = 1"), "changes update");
  EXPECT_EQ(told("WITH a AS NOT MATERIALIZED (DELETE FROM t RETURNING 1) SELECT 1"),
            "changes select");
  EXPECT_EQ(told("WITH a AS (WITH b AS (INSERT INTO t VALUES (1)) SELECT 1) SELECT 1"),
            "changes select");
  EXPECT_EQ(told("WITH a AS (SELECT 1 FOR UPDATE) SELECT 1"), "reads with in pages");
}

TEST(Statement, NamesOfFunctionsInStringsAreNoNames) {
  EXPECT_EQ(told("SELECT 'pg_terminate_backend(1)', $$dblink$$"), "reads select in pages");
  EXPECT_EQ(told("SELECT my_dblink, lo_price FROM t"), "reads select in pages");
  const Error error = thrown_by([] { statement_facts("SELECT x.\"dblink_exec\"('')"); });
  EXPECT_EQ(error.fault, Fault::kUnsupported);
  EXPECT_STREQ(error.what(), "dblink_exec may not be named here");
}

TEST(Statement, FunctionsThatActOutsideOfTheTransactionMayNotBeNamed) {
  for (const std::string name : {"pg_terminate_backend",
                                 "pg_cancel_backend",
                                 "pg_reload_conf",
                                 "pg_rotate_logfile",
                                 "pg_promote",
                                 "pg_log_backend_memory_contexts",
                                 "pg_notify",
                                 "set_config",
                                 "pg_prewarm",
                                 "autoprewarm_start_worker",
                                 "autoprewarm_dump_now",
                                 "pg_stat_statements_reset",
                                 "pg_export_snapshot",
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
                                 "pg_read_file",
                                 "pg_read_binary_file",
                                 "pg_stat_file",
                                 "pg_logdir_ls",
                                 "pg_current_logfile",
                                 "pg_hba_file_rules",
                                 "pg_ident_file_mappings",
                                 "pg_show_all_file_settings",
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
                                 "gin_clean_pending_list",
                                 "brin_summarize_new_values",
                                 "brin_summarize_range",
                                 "brin_desummarize_range",
                                 "query_to_xml",
                                 "query_to_xmlschema",
                                 "query_to_xml_and_xmlschema",
                                 "ts_stat",
                                 "ts_rewrite",
                                 "connectby",
                                 "xpath_table",
                                 "query_export_to_s3",
                                 "table_import_from_s3",
                                 "pg_advisory_lock",
                                 "pg_advisory_xact_lock_shared",
                                 "pg_try_advisory_lock",
                                 "pg_stat_reset",
                                 "pg_stat_reset_shared",
                                 "pg_create_logical_replication_slot",
                                 "pg_drop_replication_slot",
                                 "pg_copy_physical_replication_slot",
                                 "pg_replication_slot_advance",
                                 "pg_replication_origin_create",
                                 "pg_logical_slot_get_changes",
                                 "pg_ls_dir",
                                 "pg_file_write",
                                 "binary_upgrade_set_next_pg_type_oid",
                                 "dblink",
                                 "dblink_exec",
                                 "crosstab",
                                 "crosstab2",
                                 "postgres_fdw_disconnect_all",
                                 "cursor_to_xml",
                                 "cursor_to_xmlschema"}) {
    const Error error = thrown_by([&] { statement_facts("SELECT " + name + "(1)"); });
    expect_error(
        error, Fault::kUnsupported, name + " may not be named here",
        "it acts outside of the transaction that a request runs in, or runs SQL that comes "
        "as text");
    EXPECT_STREQ(
        thrown_by([&] { statement_facts("INSERT INTO t SELECT x.\"" + name + "\"()"); }).what(),
        error.what());
  }
}

TEST(Statement, OtherVerbsAreRefusedByName) {
  for (const char* sql : {"commit", "COMMIT WORK", "/**/Commit;"}) {
    const Error error = thrown_by([&] { statement_facts(sql); });
    EXPECT_EQ(error.fault, Fault::kUnsupported);
    EXPECT_STREQ(error.what(), "COMMIT is not allowed here");
  }
  EXPECT_STREQ(thrown_by([] { statement_facts("EXPLAIN (COSTS off)"); }).what(),
               "EXPLAIN explains nothing");
  EXPECT_STREQ(thrown_by([] { statement_facts("('x')"); }).what(),
               "the statement does not begin with a command that is allowed here");
}

}  // namespace
}  // namespace drift::sql_api
