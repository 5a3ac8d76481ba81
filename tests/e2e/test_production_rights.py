"""What a role may read decides what can be known; and nothing is ever written."""

import pytest
from postgres import Cluster
from version_table_reader import TABLE, TWO_ROWS, grant_reader, place, read, sessions_of_ours, wait_until

pytestmark = pytest.mark.usefixtures("roles")


class TestRights:
    @pytest.mark.usefixtures("both_ways")
    def test_missing_select_names_the_grant(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        read(cluster.url(user="reader", db=database)).refuses(
            "permission_denied",
            "role reader may not read public.alembic_version",
            "GRANT SELECT ON public.alembic_version TO reader",
        )

    @pytest.mark.usefixtures("both_ways")
    def test_select_on_the_one_column_is_enough(self, cluster, database):
        cluster.psql(
            "CREATE TABLE alembic_version (version_num TEXT, secret TEXT);"
            "INSERT INTO alembic_version VALUES ('a1', 'x');"
            "GRANT SELECT (version_num) ON alembic_version TO reader", db=database)  # fmt: skip
        assert read(cluster.url(user="reader", db=database)).rows == ["a1"]

    @pytest.mark.usefixtures("both_ways")
    def test_named_schema_without_usage_names_the_grant(self, cluster, database):
        cluster.psql(
            'CREATE SCHEMA "Audit"; CREATE TABLE "Audit".alembic_version (version_num TEXT);'
            'GRANT SELECT ON "Audit".alembic_version TO reader', db=database)  # fmt: skip
        read(cluster.url(user="reader", db=database), "alembic_version", "Audit").refuses(
            "permission_denied",
            'role reader may not use schema "Audit", where alembic_version is',
            'GRANT USAGE ON SCHEMA "Audit" TO reader',
        )

    @pytest.mark.usefixtures("both_ways")
    def test_table_that_the_search_path_hides_is_not_missing(self, cluster, database):
        cluster.psql(TWO_ROWS + "REVOKE ALL ON SCHEMA public FROM PUBLIC", db=database)
        read(cluster.url(user="reader", db=database)).refuses(
            "permission_denied",
            "role reader may not use schema public, where alembic_version is",
            "GRANT USAGE ON SCHEMA public TO reader",
        )

    @pytest.mark.usefixtures("both_ways")
    def test_closed_schema_that_is_not_on_the_search_path_is_only_listed(self, cluster, database):
        cluster.psql(
            "CREATE SCHEMA tenant_b; CREATE TABLE tenant_b.alembic_version (version_num TEXT)",
            db=database)  # fmt: skip
        answer = read(cluster.url(user="reader", db=database))
        assert not answer.exists
        assert answer.elsewhere == ["tenant_b.alembic_version"]

    @pytest.mark.usefixtures("both_ways")
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

    @pytest.mark.usefixtures("both_ways")
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

    @pytest.mark.usefixtures("both_ways")
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
    @pytest.mark.usefixtures("both_ways")
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

    @pytest.mark.usefixtures("both_ways")
    def test_neither_the_rows_nor_the_wal_change(self):
        # wal_level=minimal: the background writer then logs no snapshots of its own, so whatever
        # moves the WAL between two looks at an idle server is ours.
        with Cluster(settings={"wal_level": "minimal", "max_wal_senders": "0"}) as quiet:
            quiet.psql(TWO_ROWS + "VACUUM FREEZE;", db="app")
            state = (
                "SELECT xmin, xmax, ctid, version_num FROM alembic_version;"
                "SELECT txid_snapshot_xmax(txid_current_snapshot());"
                "SELECT pg_current_wal_insert_lsn()"
            )
            # The first session after a change prunes catalog pages and sets hint bits.
            for _ in range(2):
                read(quiet.url())
                quiet.psql("CHECKPOINT;" + state, db="app")
            before = quiet.psql(state, db="app")
            # As the superuser, who could write: only the transaction keeps it from doing so.
            for _ in range(20):
                assert read(quiet.url()).rows == ["a1", "b2"]
            assert quiet.psql(state, db="app") == before

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

    @pytest.mark.usefixtures("both_ways")
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

    @pytest.mark.usefixtures("both_ways")
    def test_no_session_is_left_behind(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        read(cluster.url(db=database))
        wait_until(lambda: sessions_of_ours(cluster) == 0)
