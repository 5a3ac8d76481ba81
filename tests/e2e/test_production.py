"""Reading production: what every state of a real PostgreSQL makes of the version table."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from postgres import Authority, Cluster, PgBouncer, Session, clean_environment, free_port

BUILD = pathlib.Path(os.environ.get("SCHEMA_DRIFT_BUILD", "build/release"))
READER = BUILD / "tests" / "read_version_table"
CANARY = "c@nary/p:ss?w%rd"

TABLE = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);"
TWO_ROWS = TABLE + "INSERT INTO alembic_version VALUES ('b2'), ('a1');"


@pytest.fixture(scope="module", autouse=True)
def roles(cluster):
    cluster.psql(
        "CREATE ROLE reader LOGIN; CREATE ROLE stranger LOGIN;"
        f"CREATE ROLE guarded LOGIN PASSWORD '{CANARY}' IN ROLE with_password;"
        "CREATE ROLE short_lived LOGIN PASSWORD 'gone' VALID UNTIL '2001-01-01' IN ROLE with_password;"
        "CREATE ROLE limited LOGIN CONNECTION LIMIT 0"
    )


class Answer:
    def __init__(self, text, code):
        document = json.loads(text)
        self.error = document.get("error")
        self.code = code
        self.table = document
        self.text = text

    def __getattr__(self, name):
        assert self.error is None, self.error
        return self.table[name]

    def refuses(self, kind, message, hint, retryable=False):
        assert self.error == {
            "kind": kind,
            "message": message,
            "hint": hint,
            "retryable": retryable,
        }
        assert self.code == 2


def start(url, table="alembic_version", schema="", timeout_ms=60_000, **environment):
    environment.setdefault("HOME", "/nonexistent")
    return subprocess.Popen(
        [READER, url, table, schema, str(timeout_ms)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=clean_environment(**environment))  # fmt: skip


def finish(process):
    out, err = process.communicate(timeout=60)
    assert err == ""
    assert process.returncode in (0, 2), (process.returncode, out)
    return Answer(out, process.returncode)


def read(url, *arguments, **options):
    return finish(start(url, *arguments, **options))


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def grant_reader(cluster, database, table="alembic_version"):
    cluster.psql(f"GRANT SELECT ON {table} TO reader", db=database)


def place(cluster, database):
    return f"{database} on {cluster.folder}"


class TestStatesOfTheTable:
    def test_rows_come_sorted_and_the_table_is_named(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        grant_reader(cluster, database)
        answer = read(cluster.url(user="reader", db=database))
        assert answer.table == {
            "exists": True,
            "schema": "public",
            "table": "alembic_version",
            "qualified_name": "public.alembic_version",
            "rows": ["a1", "b2"],
            "elsewhere": [],
            "database": place(cluster, database),
            "database_name": database,
            "warnings": [],
        }

    def test_missing_table_is_a_value(self, cluster, database):
        answer = read(cluster.url(user="reader", db=database))
        assert not answer.exists
        assert answer.rows == []
        assert answer.qualified_name == "alembic_version"
        assert (answer.schema, answer.table["table"]) == ("", "alembic_version")

    def test_missing_table_in_a_named_schema_says_where_it_was_looked_for(self, cluster, database):
        answer = read(cluster.url(user="reader", db=database), "alembic_version", "Audit")
        assert not answer.exists
        assert answer.qualified_name == '"Audit".alembic_version'

    def test_empty_table_exists(self, cluster, database):
        cluster.psql(TABLE, db=database)
        grant_reader(cluster, database)
        answer = read(cluster.url(user="reader", db=database))
        assert answer.exists
        assert answer.rows == []

    def test_table_in_another_schema_is_named_first(self, cluster, database):
        cluster.psql(
            "CREATE SCHEMA zeta; CREATE SCHEMA audit; SET search_path = zeta;" + TWO_ROWS +
            "CREATE TABLE audit.a_alembic_version (version_num TEXT)", db=database)  # fmt: skip
        answer = read(cluster.url(user="reader", db=database))
        assert not answer.exists
        assert answer.elsewhere == ["zeta.alembic_version", "audit.a_alembic_version"]
        assert answer.warnings == [
            "2 other tables look like a version table and were not read: "
            "zeta.alembic_version, audit.a_alembic_version"
        ]

    def test_named_schema_is_read_whatever_the_search_path(self, cluster, database):
        cluster.psql("CREATE SCHEMA audit; SET search_path = audit;" + TWO_ROWS, db=database)
        cluster.psql("GRANT USAGE ON SCHEMA audit TO reader; GRANT SELECT ON audit.alembic_version TO reader", db=database)  # fmt: skip
        answer = read(cluster.url(user="reader", db=database), "alembic_version", "audit")
        assert answer.rows == ["a1", "b2"]
        assert answer.qualified_name == "audit.alembic_version"

    def test_search_path_of_the_role_decides(self, cluster, database):
        cluster.psql(
            TABLE + "CREATE SCHEMA tenant;"
            "CREATE TABLE tenant.alembic_version (version_num TEXT);"
            "INSERT INTO tenant.alembic_version VALUES ('tenants');"
            "GRANT USAGE ON SCHEMA tenant TO reader; GRANT SELECT ON tenant.alembic_version TO reader;"
            f"ALTER ROLE reader IN DATABASE {database} SET search_path = tenant, public",
            db=database)  # fmt: skip
        answer = read(cluster.url(user="reader", db=database))
        assert answer.rows == ["tenants"]
        assert answer.elsewhere == ["public.alembic_version"]
        assert answer.warnings == [
            "1 other table looks like a version table and was not read: public.alembic_version"
        ]

    def test_many_lookalikes_are_counted_and_some_are_named(self, cluster, database):
        cluster.psql(
            TWO_ROWS + "DO $$ BEGIN FOR i IN 100..249 LOOP EXECUTE format("
            "'CREATE SCHEMA t%s CREATE TABLE alembic_version (version_num TEXT)', i);"
            "END LOOP; END $$", db=database)  # fmt: skip
        grant_reader(cluster, database)
        answer = read(cluster.url(user="reader", db=database))
        assert answer.rows == ["a1", "b2"]
        assert len(answer.elsewhere) == 100
        named = ", ".join(f"t{i}.alembic_version" for i in range(100, 110))
        assert answer.warnings == [
            f"150 other tables look like a version table and were not read: {named} and 140 more"
        ]

    def test_lookalike_without_the_column_or_of_another_kind_is_not_listed(self, cluster, database):
        cluster.psql(
            TWO_ROWS + "CREATE TABLE alembic_version_notes (note TEXT);"
            "CREATE TABLE alembicXversion (version_num TEXT);"
            "CREATE VIEW alembic_version_view AS SELECT * FROM alembic_version;", db=database)  # fmt: skip
        grant_reader(cluster, database)
        assert read(cluster.url(user="reader", db=database)).elsewhere == []

    def test_repeated_rows_are_kept(self, cluster, database):
        cluster.psql(
            "CREATE TABLE alembic_version (version_num TEXT);"
            "INSERT INTO alembic_version VALUES ('b'), ('a'), ('b')", db=database)  # fmt: skip
        grant_reader(cluster, database)
        assert read(cluster.url(user="reader", db=database)).rows == ["a", "b", "b"]

    def test_thousands_of_rows_are_read(self, cluster, database):
        cluster.psql(
            TABLE + "INSERT INTO alembic_version SELECT lpad(i::text, 32, '0') "
            "FROM generate_series(1, 20000) i", db=database)  # fmt: skip
        grant_reader(cluster, database)
        rows = read(cluster.url(user="reader", db=database)).rows
        assert rows == [f"{i:032}" for i in range(1, 20001)]

    def test_more_rows_than_any_version_table_has_are_refused(self, cluster, database):
        cluster.psql(
            TABLE + "INSERT INTO alembic_version SELECT i::text FROM generate_series(1, 100001) i",
            db=database)  # fmt: skip
        grant_reader(cluster, database)
        read(cluster.url(user="reader", db=database)).refuses(
            "too_many_rows",
            "public.alembic_version holds more than 100000 rows",
            "it is not Alembic's: --version-table names another table, as in env.py",
        )

    def test_answer_that_would_fill_the_memory_is_refused(self, cluster, database):
        cluster.psql(
            "CREATE TABLE alembic_version (version_num TEXT);"
            "INSERT INTO alembic_version SELECT repeat('x', 1000) FROM generate_series(1, 20000) i",
            db=database)  # fmt: skip
        grant_reader(cluster, database)
        answer = read(cluster.url(user="reader", db=database))
        assert answer.error["kind"] == "too_many_rows"
        assert answer.error["message"] == f"{place(cluster, database)} answers with more than 16 MiB"

    def test_huge_value_is_refused_without_being_fetched(self, cluster, database):
        cluster.psql(
            "CREATE TABLE alembic_version (version_num TEXT);"
            "INSERT INTO alembic_version VALUES (repeat('x', 200 * 1024 * 1024))",
            db=database)  # fmt: skip
        grant_reader(cluster, database)
        read(cluster.url(user="reader", db=database)).refuses(
            "wrong_column",
            "public.alembic_version holds a version_num of more than 1024 bytes, which no revision is",
            "--version-table names another table, as in env.py",
        )

    def test_null_is_refused(self, cluster, database):
        cluster.psql(
            "CREATE TABLE alembic_version (version_num TEXT);"
            "INSERT INTO alembic_version VALUES ('a'), (NULL)", db=database)  # fmt: skip
        grant_reader(cluster, database)
        read(cluster.url(user="reader", db=database)).refuses(
            "null_row",
            "public.alembic_version holds a row whose version_num is NULL",
            "Alembic never writes one; look at it, then DELETE FROM public.alembic_version "
            "WHERE version_num IS NULL",
        )

    @pytest.mark.parametrize(
        ("columns", "told"),
        [
            ('id INT, "Version" TEXT', 'it has id, "Version"'),
            ('"VERSION_NUM" TEXT', 'it has "VERSION_NUM"'),
            ("", "it has no columns"),
        ],
    )
    def test_table_without_the_column_is_not_alembics(self, cluster, database, columns, told):
        cluster.psql(f"CREATE TABLE alembic_version ({columns})", db=database)
        grant_reader(cluster, database)
        read(cluster.url(user="reader", db=database)).refuses(
            "wrong_column",
            f"public.alembic_version has no column version_num; {told}",
            "it is not Alembic's: --version-table and --version-table-schema name another table, "
            "as in env.py",
        )

    def test_column_of_another_type_is_read_as_text(self, cluster, database):
        cluster.psql(
            "CREATE TABLE alembic_version (version_num BIGINT);"
            "INSERT INTO alembic_version VALUES (20251230), (7)", db=database)  # fmt: skip
        grant_reader(cluster, database)
        assert read(cluster.url(user="reader", db=database)).rows == ["20251230", "7"]

    @pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED VIEW"])
    def test_view_is_read_with_a_warning(self, cluster, database, kind):
        cluster.psql(
            f"CREATE {kind} alembic_version AS SELECT 'a1'::varchar AS version_num", db=database)  # fmt: skip
        grant_reader(cluster, database)
        answer = read(cluster.url(user="reader", db=database))
        assert answer.rows == ["a1"]
        assert answer.warnings == [
            f"public.alembic_version is a {kind.lower()}, not a plain table; Alembic did not make it"
        ]

    def test_relation_that_is_no_table_is_refused(self, cluster, database):
        cluster.psql("CREATE SEQUENCE alembic_version", db=database)
        read(cluster.url(user="reader", db=database)).refuses(
            "wrong_column",
            "public.alembic_version is a sequence, not a table",
            "--version-table and --version-table-schema name another table, as in env.py",
        )

    def test_rows_of_inheriting_tables_count_as_for_alembic(self, cluster, database):
        cluster.psql(
            TWO_ROWS + "CREATE TABLE child () INHERITS (alembic_version);"
            "INSERT INTO child VALUES ('c3')", db=database)  # fmt: skip
        grant_reader(cluster, database)
        assert read(cluster.url(user="reader", db=database)).rows == ["a1", "b2", "c3"]

    @pytest.mark.parametrize("name", ["Alembic Version", 'quo"te', "o'clock", "back\\slash", "vérsion", "select"])  # fmt: skip
    def test_odd_names_are_found_and_case_counts(self, cluster, database, name):
        quoted = '"' + name.replace('"', '""') + '"'
        cluster.psql(
            f"CREATE SCHEMA {quoted}; CREATE TABLE {quoted}.{quoted} (version_num TEXT);"
            f"INSERT INTO {quoted}.{quoted} VALUES ('odd');"
            f"GRANT USAGE ON SCHEMA {quoted} TO reader; GRANT SELECT ON {quoted}.{quoted} TO reader",
            db=database)  # fmt: skip
        url = cluster.url(user="reader", db=database)
        assert read(url, name, name).rows == ["odd"]
        assert not read(url, name.swapcase(), name).exists

    def test_name_is_never_executed(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        name = "alembic_version'; DROP TABLE alembic_version; --"
        assert not read(cluster.url(db=database), name, '"; DROP TABLE alembic_version; --').exists
        assert cluster.psql("SELECT count(*) FROM alembic_version", db=database) == "2"


class TestRights:
    def test_missing_select_names_the_grant(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        read(cluster.url(user="reader", db=database)).refuses(
            "permission_denied",
            "role reader may not read public.alembic_version",
            "GRANT SELECT ON public.alembic_version TO reader",
        )

    def test_select_on_the_one_column_is_enough(self, cluster, database):
        cluster.psql(
            "CREATE TABLE alembic_version (version_num TEXT, secret TEXT);"
            "INSERT INTO alembic_version VALUES ('a1', 'x');"
            "GRANT SELECT (version_num) ON alembic_version TO reader", db=database)  # fmt: skip
        assert read(cluster.url(user="reader", db=database)).rows == ["a1"]

    def test_named_schema_without_usage_names_the_grant(self, cluster, database):
        cluster.psql(
            'CREATE SCHEMA "Audit"; CREATE TABLE "Audit".alembic_version (version_num TEXT);'
            'GRANT SELECT ON "Audit".alembic_version TO reader', db=database)  # fmt: skip
        read(cluster.url(user="reader", db=database), "alembic_version", "Audit").refuses(
            "permission_denied",
            'role reader may not use schema "Audit", where alembic_version is',
            'GRANT USAGE ON SCHEMA "Audit" TO reader',
        )

    def test_table_that_the_search_path_hides_is_not_missing(self, cluster, database):
        cluster.psql(TWO_ROWS + "REVOKE ALL ON SCHEMA public FROM PUBLIC", db=database)
        read(cluster.url(user="reader", db=database)).refuses(
            "permission_denied",
            "role reader may not use schema public, where alembic_version is",
            "GRANT USAGE ON SCHEMA public TO reader",
        )

    def test_closed_schema_that_is_not_on_the_search_path_is_only_listed(self, cluster, database):
        cluster.psql(
            "CREATE SCHEMA tenant_b; CREATE TABLE tenant_b.alembic_version (version_num TEXT)",
            db=database)  # fmt: skip
        answer = read(cluster.url(user="reader", db=database))
        assert not answer.exists
        assert answer.elsewhere == ["tenant_b.alembic_version"]

    def test_rows_hidden_by_row_level_security_are_no_empty_table(self, cluster, database):
        cluster.psql(TWO_ROWS + "ALTER TABLE alembic_version ENABLE ROW LEVEL SECURITY", db=database)
        grant_reader(cluster, database)
        read(cluster.url(user="reader", db=database)).refuses(
            "permission_denied",
            "row level security on public.alembic_version may hide rows from role reader",
            "ALTER ROLE reader BYPASSRLS, or ALTER TABLE public.alembic_version DISABLE ROW LEVEL "
            "SECURITY",
        )
        assert read(cluster.url(db=database)).rows == ["a1", "b2"], "its owner sees all"

    def test_rows_hidden_beneath_a_view_are_no_empty_view(self, cluster, database):
        cluster.psql(
            "CREATE TABLE beneath (version_num TEXT); ALTER TABLE beneath ENABLE ROW LEVEL SECURITY;"
            "CREATE VIEW alembic_version WITH (security_invoker) AS SELECT * FROM beneath;"
            "GRANT SELECT ON beneath TO reader", db=database)  # fmt: skip
        grant_reader(cluster, database)
        answer = read(cluster.url(user="reader", db=database))
        assert answer.error["kind"] == "permission_denied"
        assert answer.error["message"] == (
            "role reader may not read public.alembic_version: query would be affected by row-level "
            'security policy for table "beneath"'
        )
        assert answer.error["hint"] == (
            "GRANT SELECT ON public.alembic_version TO reader; if row level security is the reason, "
            "let a role with BYPASSRLS read"
        )

    def test_hostile_search_path_cannot_answer_for_the_catalog(self, cluster, database):
        cluster.psql(
            TWO_ROWS + "CREATE SCHEMA evil;"
            "CREATE FUNCTION evil.eq(oid, oid) RETURNS boolean LANGUAGE sql AS 'SELECT false';"
            "CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.eq);"
            "CREATE FUNCTION evil.eqt(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';"
            "CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.eqt);"
            "CREATE FUNCTION evil.left(text, int) RETURNS text LANGUAGE sql AS $$SELECT 'forged'$$;"
            "CREATE FUNCTION evil.current_schemas(boolean) RETURNS name[] LANGUAGE sql AS $$SELECT NULL::name[]$$;"
            "CREATE TABLE evil.pg_class (oid oid); CREATE TABLE evil.pg_namespace (oid oid);"
            "CREATE DOMAIN evil.text AS int;"
            "GRANT ALL ON SCHEMA evil TO reader;"
            f"ALTER ROLE reader IN DATABASE {database} SET search_path = evil, public, pg_catalog",
            db=database)  # fmt: skip
        grant_reader(cluster, database)
        assert read(cluster.url(user="reader", db=database)).rows == ["a1", "b2"]

    def test_no_connect_right_names_the_grant(self, cluster, database):
        cluster.psql(f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")
        read(cluster.url(user="reader", db=database)).refuses(
            "permission_denied",
            f"cannot connect to {place(cluster, database)}: permission denied for database "
            f'"{database}"',
            "GRANT CONNECT on the database to this role: reading needs no more than CONNECT, USAGE "
            "on the schema and SELECT on the version table",
        )


class TestItNeverWrites:
    def test_role_without_any_write_right_is_enough(self, cluster, database):
        cluster.psql(TWO_ROWS + f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC", db=database)
        grant_reader(cluster, database)
        rights = cluster.psql(
            "SELECT bool_or(has_table_privilege('reader', c.oid, "
            "'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')) FROM pg_class c "
            "WHERE relkind IN ('r', 'v', 'p', 'm', 'f') AND NOT (relname = 'pg_settings')",
            db=database)  # fmt: skip
        assert rights == "f"
        assert read(cluster.url(user="reader", db=database)).rows == ["a1", "b2"]

    def test_neither_the_rows_nor_the_wal_change(self, cluster, database):
        cluster.psql(TWO_ROWS + "VACUUM FREEZE;", db=database)
        state = (
            "SELECT xmin, xmax, ctid, version_num FROM alembic_version;"
            "SELECT txid_snapshot_xmax(txid_current_snapshot());"
            "SELECT pg_current_wal_insert_lsn()"
        )
        # The first session after a change prunes catalog pages and sets hint bits; that is not ours.
        for _ in range(2):
            read(cluster.url(db=database))
            cluster.psql("SELECT pg_sleep(0); CHECKPOINT;" + state, db=database)
        # A checkpoint on an idle server writes no more, so whatever moves the WAL now is ours. The
        # background writer logs a snapshot of running transactions only after others wrote.
        time.sleep(0.1)
        before = cluster.psql(state, db=database)
        # As the superuser, who could write: only the transaction keeps it from doing so.
        for _ in range(20):
            assert read(cluster.url(db=database)).rows == ["a1", "b2"]
        assert cluster.psql(state, db=database) == before

    def test_transaction_is_read_only_repeatable_and_bounded(self, cluster, database):
        # A view tells what the session is like at the very moment it is read.
        cluster.psql(
            f"ALTER DATABASE {database} SET default_transaction_read_only = off;"
            "CREATE VIEW alembic_version AS SELECT name || '=' || current_setting(name) AS version_num "
            "FROM unnest(ARRAY['transaction_read_only', 'transaction_isolation', 'statement_timeout', "
            "'lock_timeout', 'idle_in_transaction_session_timeout', 'row_security', "
            "'application_name', 'client_encoding']) AS name "
            "UNION ALL SELECT 'xid=' || coalesce(txid_current_if_assigned()::text, 'none')",
            db=database)  # fmt: skip
        assert read(cluster.url(db=database)).rows == [
            "application_name=schema-drift",
            "client_encoding=UTF8",
            "idle_in_transaction_session_timeout=1min",
            "lock_timeout=5s",
            "row_security=off",
            "statement_timeout=30s",
            "transaction_isolation=repeatable read",
            "transaction_read_only=on",
            "xid=none",
        ]

    def test_view_that_writes_is_stopped(self, cluster, database):
        cluster.psql(
            "CREATE TABLE trace (t TEXT);"
            "CREATE FUNCTION writes() RETURNS TEXT LANGUAGE sql AS "
            "$$ INSERT INTO trace VALUES ('x') RETURNING 'a1' $$;"
            "CREATE VIEW alembic_version AS SELECT writes() AS version_num", db=database)  # fmt: skip
        answer = read(cluster.url(db=database))
        assert answer.error["kind"] == "sql_failed"
        assert answer.error["message"] == (
            "reading public.alembic_version failed: cannot execute INSERT in a read-only transaction "
            "(SQLSTATE 25006)"
        )
        assert cluster.psql("SELECT count(*) FROM trace", db=database) == "0"

    def test_no_session_is_left_behind(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        read(cluster.url(db=database))
        wait_until(lambda: sessions_of_ours(cluster) == 0)


def sessions_of_ours(cluster, condition="true"):
    return int(
        cluster.psql(
            "SELECT count(*) FROM pg_stat_activity "
            f"WHERE application_name = 'schema-drift' AND {condition}"
        )
    )


class TestTimeAndLoss:
    def test_locked_table_is_told_as_such(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with cluster.session(db=database) as migration:
            migration.ask("BEGIN; LOCK TABLE alembic_version")
            read(cluster.url(db=database), timeout_ms=1500).refuses(
                "timed_out",
                "public.alembic_version is locked by another session",
                "a migration may be running: run again when it has finished",
                retryable=True,
            )

    def test_table_rewritten_while_we_waited_does_not_pass_for_empty(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with cluster.session(db=database) as migration:
            migration.ask("BEGIN; TRUNCATE alembic_version; INSERT INTO alembic_version VALUES ('c3')")
            waiting = start(cluster.url(db=database))
            wait_until(lambda: sessions_of_ours(cluster, "wait_event_type = 'Lock'") == 1)
            migration.ask("COMMIT")
            finish(waiting).refuses(
                "sql_failed",
                "public.alembic_version was rewritten while it was being read",
                "a migration may be running: run again when it has finished",
                retryable=True,
            )
        assert read(cluster.url(db=database)).rows == ["c3"]

    def test_table_dropped_while_we_waited_changed(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with cluster.session(db=database) as migration:
            migration.ask("BEGIN; DROP TABLE alembic_version")
            waiting = start(cluster.url(db=database))
            wait_until(lambda: sessions_of_ours(cluster, "wait_event_type = 'Lock'") == 1)
            migration.ask("COMMIT")
            finish(waiting).refuses(
                "sql_failed",
                "public.alembic_version changed while it was being read: relation "
                '"public.alembic_version" does not exist',
                "a migration may be running: run again when it has finished",
                retryable=True,
            )

    def test_row_committed_while_we_waited_is_not_half_seen(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with cluster.session(db=database) as migration:
            migration.ask("BEGIN; LOCK TABLE alembic_version; UPDATE alembic_version SET version_num = 'z' WHERE version_num = 'a1'")  # fmt: skip
            waiting = start(cluster.url(db=database))
            wait_until(lambda: sessions_of_ours(cluster, "wait_event_type = 'Lock'") == 1)
            migration.ask("COMMIT")
            assert finish(waiting).rows == ["a1", "b2"]

    def test_statement_timeout_is_told_by_the_server(self, cluster, database):
        cluster.psql("CREATE VIEW alembic_version AS SELECT pg_sleep(30)::text AS version_num", db=database)  # fmt: skip
        begun = time.monotonic()
        read(cluster.url(db=database), timeout_ms=1000).refuses(
            "timed_out",
            "the server gave up reading public.alembic_version: canceling statement due to statement "
            "timeout",
            "the server is overloaded, or somebody cancelled the query: run again later",
            retryable=True,
        )
        assert time.monotonic() - begun < 5

    def test_interruption_cancels_the_query_at_the_server(self, cluster, database):
        cluster.psql("CREATE VIEW alembic_version AS SELECT pg_sleep(30)::text AS version_num", db=database)  # fmt: skip
        process = start(cluster.url(db=database))
        wait_until(lambda: sessions_of_ours(cluster, "wait_event = 'PgSleep'") == 1)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        finish(process).refuses(
            "interrupted",
            f"interrupted while reading from {place(cluster, database)}",
            "nothing was changed; run it again",
        )
        assert time.monotonic() - begun < 3
        wait_until(lambda: sessions_of_ours(cluster) == 0, seconds=5)

    def test_stopped_server_process_cannot_hold_us(self, cluster, database):
        cluster.psql("CREATE VIEW alembic_version AS SELECT pg_sleep(30)::text AS version_num", db=database)  # fmt: skip
        process = start(cluster.url(db=database), timeout_ms=1500)
        wait_until(lambda: sessions_of_ours(cluster, "wait_event = 'PgSleep'") == 1)
        backend = int(cluster.psql("SELECT pid FROM pg_stat_activity WHERE application_name = 'schema-drift'"))  # fmt: skip
        os.kill(backend, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            answer = finish(process)
            assert time.monotonic() - begun < 5
        finally:
            os.kill(backend, signal.SIGCONT)
        answer.refuses(
            "timed_out",
            f"out of time while reading from {place(cluster, database)}",
            "raise --timeout, or find out what is slow: the report lists each stage's duration",
        )
        wait_until(lambda: sessions_of_ours(cluster) == 0)

    def test_session_ended_by_an_administrator_is_a_lost_connection(self, cluster, database):
        cluster.psql("CREATE VIEW alembic_version AS SELECT pg_sleep(30)::text AS version_num", db=database)  # fmt: skip
        process = start(cluster.url(db=database))
        wait_until(lambda: sessions_of_ours(cluster, "wait_event = 'PgSleep'") == 1)
        cluster.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'schema-drift'")  # fmt: skip
        finish(process).refuses(
            "connection_failed",
            f"lost the connection to {place(cluster, database)}: terminating connection due to "
            "administrator command",
            "the server ended the session or cannot be reached any more; run again",
            retryable=True,
        )

    def test_crashing_server_is_a_lost_connection(self):
        with Cluster() as server:
            server.psql("CREATE VIEW alembic_version AS SELECT pg_sleep(30)::text AS version_num", db="app")  # fmt: skip
            process = start(server.url())
            wait_until(lambda: sessions_of_ours(server, "wait_event = 'PgSleep'") == 1)
            server.process.send_signal(signal.SIGQUIT)
            answer = finish(process)
            assert answer.error["kind"] == "connection_failed"
            assert answer.error["retryable"]
            assert answer.error["message"].startswith(f"lost the connection to app on {server.folder}: ")

    def test_server_that_says_nothing_is_given_up(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(5)
            port = silent.getsockname()[1]
            begun = time.monotonic()
            read(f"postgresql://reader@127.0.0.1:{port}/app?connect_timeout=1").refuses(
                "timed_out",
                f"cannot connect to app on 127.0.0.1:{port}: no answer within 1 s",
                "check the host and port in the URL, and that a firewall or security group lets this "
                "machine in; connect_timeout= in the URL waits longer",
                retryable=True,
            )
            assert time.monotonic() - begun < 4
            read(f"postgresql://reader@127.0.0.1:{port}/app", timeout_ms=700).refuses(
                "timed_out",
                f"out of time while connecting to app on 127.0.0.1:{port}",
                "raise --timeout, or find out what is slow: the report lists each stage's duration",
            )

    def test_server_that_speaks_another_protocol_is_refused(self):
        with socket.socket() as web:
            web.bind(("127.0.0.1", 0))
            web.listen(5)

            def answer_once():
                peer, _ = web.accept()
                with peer:
                    peer.recv(1000)
                    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

            thread = threading.Thread(target=answer_once)
            thread.start()
            port = web.getsockname()[1]
            answer = read(f"postgresql://reader@127.0.0.1:{port}/app?sslmode=disable")
            thread.join()
        assert answer.error["kind"] == "connection_failed"
        assert answer.error["message"].startswith(f"cannot connect to app on 127.0.0.1:{port}: ")


class TestConnecting:
    def test_nobody_listening(self):
        port = free_port()
        read(f"postgresql://reader@127.0.0.1:{port}/app").refuses(
            "connection_failed",
            f"cannot connect to app on 127.0.0.1:{port}: connection refused",
            "check the host and port in the URL, that the server runs, and that a firewall or "
            "security group lets this machine in",
            retryable=True,
        )

    def test_missing_database(self, cluster):
        read(cluster.url(db="no_such_db")).refuses(
            "connection_failed",
            f'cannot connect to no_such_db on {cluster.folder}: database "no_such_db" does not exist',
            "check the database name in the URL",
        )

    def test_missing_role(self, cluster):
        read(cluster.url(user="no_such_role")).refuses(
            "database_authentication_failed",
            f'cannot connect to app on {cluster.folder}: role "no_such_role" does not exist',
            "check the user, and the server's pg_hba.conf for this user, database and address",
        )

    def test_full_server(self, cluster):
        read(cluster.url(user="limited")).refuses(
            "connection_failed",
            f'cannot connect to app on {cluster.folder}: too many connections for role "limited"',
            "the server has no free connection; run again later, or connect through a pooler",
            retryable=True,
        )

    def test_missing_password(self, cluster):
        read(cluster.url(user="guarded")).refuses(
            "database_authentication_failed",
            f"cannot connect to app on {cluster.folder}: the server asks for the password of guarded "
            "and none was given",
            "give the password by PGPASSWORD, ~/.pgpass or the URL",
        )

    def test_password_from_the_url_the_environment_and_pgpass(self, cluster, tmp_path):
        assert not read(cluster.url(user="guarded", password=CANARY)).exists
        assert not read(cluster.url(user="guarded"), PGPASSWORD=CANARY).exists
        pgpass = tmp_path / ".pgpass"
        pgpass.write_text("*:*:*:guarded:" + CANARY.replace(":", "\\:") + "\n")
        pgpass.chmod(0o600)
        assert not read(cluster.url(user="guarded"), HOME=str(tmp_path)).exists

    def test_password_is_in_no_error(self, cluster, database):
        cluster.psql("CREATE TABLE alembic_version (version_num TEXT)", db=database)
        wrong = "wr@ng/" + CANARY
        for answer in (
            read(cluster.url(user="guarded", password=wrong)),
            read(cluster.url(user="guarded"), PGPASSWORD=wrong),
            read(cluster.url(user="no_such_role", password=wrong)),
            read(cluster.url(user="guarded", password=CANARY, db="no_such_db")),
            read(cluster.url(user="guarded", password=CANARY, db=database)),
            read(f"postgresql://u:{wrong}@127.0.0.1:1/app"),
            read(f"postgresql://u:nary%zz@127.0.0.1:1/app"),
            read("postgresql://u:nary%40@127.0.0.1:1/app"),
            read("postgresql://u:5432/nary@127.0.0.1:1/app"),
            read("host=127.0.0.1 password=x nary"),
            read("host=127.0.0.1 port=1 password='nary'"),
            read("postgresql://nosuch.invalid/app?password=nary"),
        ):
            assert answer.error is not None
            assert "nary" not in answer.text
            assert "wr@ng" not in answer.text

    def test_server_that_repeats_the_password_is_not_quoted(self):
        with socket.socket() as hostile:
            hostile.bind(("127.0.0.1", 0))
            hostile.listen(1)

            def serve():
                peer, _ = hostile.accept()
                with peer:
                    peer.recv(10_000)
                    peer.sendall(b"R\x00\x00\x00\x08\x00\x00\x00\x03")  # AuthenticationCleartextPassword
                    password = peer.recv(10_000)[5:-1]
                    fields = b"SFATAL\0C28P01\0M\x1b[31mno: " + password + b"\0\0"
                    peer.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)

            thread = threading.Thread(target=serve)
            thread.start()
            port = hostile.getsockname()[1]
            answer = read(f"postgresql://u:canary-secret@127.0.0.1:{port}/app?sslmode=disable")
            thread.join()
        assert answer.error["kind"] == "database_authentication_failed"
        assert answer.error["message"] == (
            f"cannot connect to app on 127.0.0.1:{port}: \\x1B[31mno: ***"
        )

    def test_message_in_german_is_understood(self):
        with Cluster(settings={"lc_messages": "C.UTF-8"}, environment={"LANGUAGE": "de"}) as server:
            answer = read(server.url(db="nichts"))
            if "does not exist" in answer.error["message"]:
                pytest.skip("no German messages installed")
            assert answer.error["message"].endswith("Datenbank »nichts« existiert nicht")
            assert answer.error["hint"] == "check the database name in the URL"
            server.psql(TWO_ROWS + "CREATE ROLE reader LOGIN; CREATE ROLE guarded LOGIN PASSWORD 'x' IN ROLE with_password", db="app")  # fmt: skip
            assert read(server.url(user="guarded", password="y")).error["kind"] == (
                "database_authentication_failed"
            )
            assert read(server.url(user="reader")).error["kind"] == "permission_denied"
            assert read(server.url()).rows == ["a1", "b2"]

    def test_database_in_latin1_is_converted(self, cluster):
        cluster.psql("CREATE DATABASE in_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        cluster.psql(TABLE + "INSERT INTO alembic_version VALUES (U&'caf\\00E9')", db="in_latin1")
        assert cluster.psql("SELECT octet_length(version_num) FROM alembic_version", db="in_latin1") == "4"  # fmt: skip
        assert read(cluster.url(db="in_latin1")).rows == ["café"]

    def test_bytes_that_are_no_text_are_refused(self, cluster):
        cluster.psql("CREATE DATABASE in_ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        cluster.psql(TWO_ROWS, db="in_ascii")
        assert read(cluster.url(db="in_ascii")).rows == ["a1", "b2"]
        cluster.psql("INSERT INTO alembic_version VALUES (E'caf\\xe9')", db="in_ascii")
        read(cluster.url(db="in_ascii")).refuses(
            "wrong_column",
            "public.alembic_version holds bytes that are not UTF-8, which no revision is",
            "look at the rows, and at the encoding of the database",
        )


class TestPgBouncer:
    def test_transaction_mode_works_again_and_again(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        grant_reader(cluster, database)
        with PgBouncer(cluster) as pooler:
            for _ in range(5):
                answer = read(pooler.url(user="reader", db=database))
                assert answer.rows == ["a1", "b2"]
                assert answer.database == f"{database} on {pooler.folder}:6432"
            log = pooler.log.read_text()
            assert log.count("new connection to server") == 1, "the server connection is given back"
            assert "unclean" not in log

    def test_settings_do_not_leak_to_the_next_client(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with PgBouncer(cluster) as pooler:
            assert read(pooler.url(user="owner", db=database)).rows == ["a1", "b2"]
            with Session(["psql", "-X", "-q", "-A", "-t", "-d", pooler.url(user="owner", db=database)]) as other:  # fmt: skip
                assert other.ask(
                    "SELECT current_setting('transaction_read_only'), current_setting('lock_timeout'), "
                    "current_setting('row_security')"
                ) == "off|0|on"  # fmt: skip

    def test_temporary_table_of_another_client_is_passed_over(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with PgBouncer(cluster) as pooler:
            with Session(["psql", "-X", "-q", "-A", "-t", "-d", pooler.url(user="owner", db=database)]) as other:  # fmt: skip
                other.ask("CREATE TEMP TABLE alembic_version (version_num TEXT)")
                answer = read(pooler.url(user="owner", db=database))
                assert answer.rows == ["a1", "b2"]
                assert answer.qualified_name == "public.alembic_version"
                assert answer.warnings == [
                    "a temporary table alembic_version hides the permanent one in this session; it "
                    "was passed over"
                ]

    def test_user_that_pgbouncer_does_not_know(self, cluster):
        with PgBouncer(cluster) as pooler:
            answer = read(pooler.url(user="no_such_role"))
            assert answer.error["kind"] == "database_authentication_failed"


class TestStandby:
    def test_hot_standby_is_read(self):
        with Cluster() as primary:
            primary.psql(TWO_ROWS, db="app")
            with Cluster(standby_of=primary) as standby:
                assert standby.psql("SELECT pg_is_in_recovery()") == "t"
                assert read(standby.url()).rows == ["a1", "b2"]

                both = (
                    f"postgresql:///app?user=owner&host={primary.folder},{standby.folder}"
                    "&port=5432,5432&target_session_attrs="
                )
                assert read(both + "standby").database == f"app on {standby.folder}"
                assert read(both + "primary").database == f"app on {primary.folder}"
                only_primary = primary.url(target_session_attrs="standby")
                read(only_primary).refuses(
                    "connection_failed",
                    f"cannot connect to app on {primary.folder}: server is not in hot standby mode",
                    "none of the hosts is what target_session_attrs in the URL asks for",
                    retryable=True,
                )


class TestSeveralHosts:
    def test_second_host_answers_where_the_first_does_not(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        nothing = free_port()
        url = (
            f"postgresql:///{database}?user=owner&host=127.0.0.1,{cluster.folder}"
            f"&port={nothing},{cluster.port}"
        )
        answer = read(url)
        assert answer.rows == ["a1", "b2"]
        assert answer.database == place(cluster, database)

    def test_host_that_swallows_packets_is_passed_over_in_time(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            port = full.getsockname()[1]
            # A full queue drops every SYN, as a firewall does.
            fillers = []
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
                fillers.append(filler)
            time.sleep(0.1)
            url = (
                f"postgresql:///{database}?user=owner&host=127.0.0.1,{cluster.folder}"
                f"&port={port},{cluster.port}&connect_timeout=2"
            )
            answer = read(url, timeout_ms=20_000)
            for filler in fillers:
                filler.close()
        assert answer.rows == ["a1", "b2"]

    def test_every_host_that_failed_is_named(self):
        one, two = free_port(), free_port()
        answer = read(f"postgresql://127.0.0.1:{one},127.0.0.1:{two}/app")
        assert answer.error["message"] == (
            f"cannot connect to app on 127.0.0.1:{one}, 127.0.0.1:{two}: "
            f"127.0.0.1:{one}: connection refused; 127.0.0.1:{two}: connection refused"
        )


@pytest.fixture(scope="class")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="class")
def tls_cluster(authority):
    with Cluster(tls=authority.issue("db.example.test", "localhost")) as server:
        server.psql(TWO_ROWS, db="app")
        yield server


@pytest.mark.usefixtures("roles")
class TestTls:
    """hostaddr= makes a name reach the loopback without a resolver. The loopback counts as local
    whatever its name, so the mode is asked for where the test is about it."""

    def url(self, server, name="db.example.test", **parameters):
        return server.url(host=name, hostaddr="127.0.0.1", **parameters)

    def test_certificate_of_a_private_authority_is_verified(self, tls_cluster, authority):
        answer = read(self.url(tls_cluster, sslmode="verify-full", sslrootcert=authority.file))
        assert answer.rows == ["a1", "b2"]
        assert answer.database == f"app on db.example.test:{tls_cluster.port}"
        assert answer.warnings == []

    def test_authority_of_the_home_directory_counts(self, tls_cluster, authority, tmp_path):
        (tmp_path / ".postgresql").mkdir()
        shutil.copy(authority.file, tmp_path / ".postgresql" / "root.crt")
        url = self.url(tls_cluster, sslmode="verify-full")
        assert read(url, HOME=str(tmp_path)).rows == ["a1", "b2"]
        assert read(url, PGSSLROOTCERT=str(authority.file)).rows == ["a1", "b2"]

    def test_wrong_host_name_is_refused(self, tls_cluster, authority):
        answer = read(
            self.url(tls_cluster, name="other.example.test", sslmode="verify-full", sslrootcert=authority.file))  # fmt: skip
        answer.refuses(
            "tls_failed",
            f"cannot connect to app on other.example.test:{tls_cluster.port}: server certificate for "
            '"db.example.test" (and 1 other name) does not match host name "other.example.test"',
            "connect by a name that the certificate holds; hostaddr= can give the address beside it",
        )

    def test_untrusted_certificate_is_refused(self, tls_cluster, tmp_path):
        stranger = Authority(tmp_path / "stranger", "another CA")
        for parameters in ({"sslrootcert": stranger.file}, {}):
            # Without a file of ours the system's public authorities are asked: not one of them.
            answer = read(self.url(tls_cluster, sslmode="verify-full", **parameters))
            answer.refuses(
                "tls_failed",
                f"cannot connect to app on db.example.test:{tls_cluster.port}: SSL error: certificate "
                "verify failed",
                "give the certificate authority that signed the server's certificate as "
                "sslrootcert=FILE in the URL; for Amazon RDS and Aurora that is the downloaded "
                "global-bundle.pem",
            )

    def test_missing_root_certificate_is_named(self, tls_cluster):
        answer = read(self.url(tls_cluster, sslmode="verify-full", sslrootcert="/nowhere.pem"))
        answer.refuses(
            "tls_failed",
            f"cannot connect to app on db.example.test:{tls_cluster.port}: root certificate file "
            '"/nowhere.pem" does not exist',
            "give a readable PEM file of the certificate authority as sslrootcert=FILE in the URL",
        )

    def test_server_without_tls_is_refused_where_it_is_demanded(self):
        with Cluster(tcp=True) as plain:
            for parameters, environment in (
                ({"sslmode": "verify-full"}, {}),
                ({}, {"PGSSLMODE": "verify-full"}),
            ):
                url = plain.url(host="localhost", **parameters)
                read(url, **environment).refuses(
                    "tls_failed",
                    f"cannot connect to app on localhost:{plain.port}: server does not support SSL, "
                    "but SSL was required",
                    "turn on ssl at the server; only where nobody can listen in, add "
                    "sslmode=disable to the URL",
                )
            assert not read(plain.url(host="localhost")).exists, "the loopback may go without"

    def test_address_beyond_the_loopback_demands_a_verified_certificate(self, tls_cluster, authority):
        address = own_address()
        if address is None:
            pytest.skip("this machine has no address but the loopback")
        with Cluster(tls=authority.issue("db.example.test"), settings={"listen_addresses": address}) as far:  # fmt: skip
            with open(far.data / "pg_hba.conf", "a") as hba:
                hba.write("host all all all trust\n")
            far.psql("SELECT pg_reload_conf();" + TWO_ROWS, db="app")

            def url(name="db.example.test", **parameters):
                return far.url(host=name, hostaddr=address, **parameters)

            assert read(url(sslrootcert=authority.file)).rows == ["a1", "b2"]
            assert read(url()).error["kind"] == "tls_failed", "nobody vouches for a private authority"
            assert read(url(name="other.test", sslrootcert=authority.file)).error["kind"] == "tls_failed"  # fmt: skip
            where = f"db.example.test:{far.port}"
            weaker = {
                "require": f"the certificate of {where} is not verified (sslmode=require)",
                "prefer": f"the certificate of {where} is not verified (sslmode=prefer)",
                "disable": f"the connection to {where} is not encrypted (sslmode=disable)",
            }
            for mode, warning in weaker.items():
                answer = read(url(sslmode=mode))
                assert answer.rows == ["a1", "b2"]
                assert answer.warnings == [warning]
                assert read(url(), PGSSLMODE=mode).warnings == [warning]
            answer = read(url(name="other.test", sslmode="verify-ca", sslrootcert=authority.file))
            assert answer.warnings == [
                f"the certificate of other.test:{far.port} is not checked against its host name "
                "(sslmode=verify-ca)"
            ]

    def test_service_file_counts(self, tls_cluster, authority, tmp_path):
        services = tmp_path / "services"
        services.write_text(
            f"[production]\nhost=db.example.test\nhostaddr=127.0.0.1\nport={tls_cluster.port}\n"
            f"dbname=app\nuser=owner\nsslmode=verify-full\nsslrootcert={authority.file}\n"
        )
        answer = read("postgresql://?service=production", PGSERVICEFILE=str(services))
        assert answer.database == f"app on db.example.test:{tls_cluster.port}"
        assert answer.rows == ["a1", "b2"]
        read("postgresql://?service=nothing", PGSERVICEFILE=str(services)).refuses(
            "usage",
            'the database URL cannot be used: definition of service "nothing" not found',
            "check the options in the database URL and in PG* variables",
        )


def own_address():
    """An address of this machine that is not the loopback; no packet is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
        return None if address.startswith("127.") else address
