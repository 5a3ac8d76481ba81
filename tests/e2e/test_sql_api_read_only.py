"""Nothing that is sent as a query changes the database, or outlives its request."""

import json
import subprocess

import pytest

from postgres import POSTGRES_BIN, Cluster, clean_environment
from relay import Relay
from sql_api_caller import SqlApi

SQL = "sql_failed"
REFUSED = "refused"
INVALID = "invalid_request"

# (what is tried, type of the error, what its message says). Each is sent as {"query": ...}.
ATTEMPTS = [
    # changes, sent as they are
    ("INSERT INTO victim VALUES (9, 'x')", REFUSED, "the statement changes something (insert)"),
    ("UPDATE victim SET name = 'x'", REFUSED, "the statement changes something (update)"),
    ("DELETE FROM victim", REFUSED, "the statement changes something (delete)"),
    ("MERGE INTO victim USING (SELECT 1 AS i) s ON id = i WHEN MATCHED THEN DELETE", REFUSED, "(merge)"),
    ("TRUNCATE victim", REFUSED, "TRUNCATE is not allowed here"),
    ("DROP TABLE victim", REFUSED, "DROP is not allowed here"),
    ("CREATE TABLE loot AS SELECT * FROM victim", REFUSED, "CREATE is not allowed here"),
    ("CREATE TEMP TABLE loot (a int)", REFUSED, "CREATE is not allowed here"),
    ("ALTER ROLE owner PASSWORD 'x'", REFUSED, "ALTER is not allowed here"),
    ("GRANT ALL ON victim TO PUBLIC", REFUSED, "GRANT is not allowed here"),
    ("REFRESH MATERIALIZED VIEW m", REFUSED, "REFRESH is not allowed here"),
    ("COMMENT ON TABLE victim IS 'x'", REFUSED, "COMMENT is not allowed here"),
    ("VACUUM", REFUSED, "VACUUM is not allowed here"),
    ("CLUSTER", REFUSED, "CLUSTER is not allowed here"),
    ("ANALYZE", REFUSED, "ANALYZE is not allowed here"),
    ("CHECKPOINT", REFUSED, "CHECKPOINT is not allowed here"),
    # changes inside something that reads
    ("WITH gone AS (DELETE FROM victim RETURNING *) SELECT * FROM gone", REFUSED, "(select)"),
    ("WITH a AS (SELECT 1) INSERT INTO victim SELECT 9, 'x' FROM a", REFUSED, "(insert)"),
    ("WITH a AS MATERIALIZED (UPDATE victim SET name='x' RETURNING 1) TABLE a", REFUSED, "(table)"),
    ("SELECT * INTO loot FROM victim", SQL, "cannot execute SELECT INTO in a read-only transaction"),
    ("WITH a AS (SELECT 1) SELECT * INTO loot FROM a", SQL, "cannot execute SELECT INTO in a read-only transaction"),
    ("SELECT * FROM victim FOR UPDATE", SQL, "cannot execute SELECT FOR UPDATE in a read-only transaction"),
    ("SELECT * FROM victim FOR KEY SHARE", SQL, "cannot execute SELECT FOR KEY SHARE in a read-only transaction"),
    ("SELECT nextval('victim_id_seq')", SQL, "cannot execute nextval() in a read-only transaction"),
    ("SELECT setval('victim_id_seq', 99)", SQL, "cannot execute setval() in a read-only transaction"),
    ("SELECT writes()", SQL, "cannot execute INSERT in a read-only transaction"),
    ("SELECT * FROM victim_that_writes", SQL, "cannot execute INSERT in a read-only transaction"),
    ("SELECT runs('CREATE TABLE loot (a int)')", SQL, "cannot execute CREATE TABLE in a read-only transaction"),
    ("SELECT runs('TRUNCATE victim')", SQL, "cannot execute TRUNCATE TABLE in a read-only transaction"),
    ("SELECT runs('COMMIT')", SQL, ""),
    ("SELECT runs('SET TRANSACTION READ WRITE')", SQL, "transaction read-write mode must be set before any query"),
    ("SELECT runs('SET transaction_read_only = off')", SQL, "transaction read-write mode must be set before any query"),
    ("SELECT runs('COPY victim FROM PROGRAM ''echo 9''')", SQL, "cannot execute COPY FROM in a read-only transaction"),
    ("EXPLAIN ANALYZE DELETE FROM victim", SQL, "cannot execute DELETE in a read-only transaction"),
    ("EXPLAIN (ANALYZE) UPDATE victim SET name = 'x'", SQL, "cannot execute UPDATE in a read-only transaction"),
    ("EXPLAIN (ANALYZE) CREATE TABLE loot AS SELECT 1", REFUSED, "EXPLAIN CREATE is not allowed here"),
    ("EXPLAIN ANALYZE VERBOSE CREATE TABLE loot AS SELECT 1", REFUSED, "EXPLAIN CREATE is not allowed here"),
    ("EXPLAIN EXECUTE p", REFUSED, "EXPLAIN EXECUTE is not allowed here"),
    ("EXPLAIN ANALYZE REFRESH MATERIALIZED VIEW m", REFUSED, "EXPLAIN REFRESH is not allowed here"),
    ("EXPLAIN", REFUSED, "EXPLAIN explains nothing"),
    # leaving the transaction or the session
    ("COMMIT", REFUSED, "COMMIT is not allowed here"),
    ("END", REFUSED, "END is not allowed here"),
    ("ROLLBACK", REFUSED, "ROLLBACK is not allowed here"),
    ("ABORT", REFUSED, "ABORT is not allowed here"),
    ("COMMIT AND CHAIN", REFUSED, "COMMIT is not allowed here"),
    ("BEGIN READ WRITE", REFUSED, "BEGIN is not allowed here"),
    ("START TRANSACTION READ WRITE", REFUSED, "START is not allowed here"),
    ("SAVEPOINT s", REFUSED, "SAVEPOINT is not allowed here"),
    ("PREPARE TRANSACTION 'x'", REFUSED, "PREPARE is not allowed here"),
    ("SET TRANSACTION READ WRITE", REFUSED, "SET is not allowed here"),
    ("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", REFUSED, "SET is not allowed here"),
    ("SET transaction_read_only = off", REFUSED, "SET is not allowed here"),
    ("SET statement_timeout = 0", REFUSED, "SET is not allowed here"),
    ("RESET ALL", REFUSED, "RESET is not allowed here"),
    ("RESET ROLE", REFUSED, "RESET is not allowed here"),
    ("DISCARD ALL", REFUSED, "DISCARD is not allowed here"),
    ("PREPARE p AS DELETE FROM victim", REFUSED, "PREPARE is not allowed here"),
    ("EXECUTE p", REFUSED, "EXECUTE is not allowed here"),
    ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", REFUSED, "DECLARE is not allowed here"),
    ("LOAD 'auto_explain'", REFUSED, "LOAD is not allowed here"),
    ("LISTEN channel", REFUSED, "LISTEN is not allowed here"),
    ("NOTIFY channel", REFUSED, "NOTIFY is not allowed here"),
    ("LOCK TABLE victim", REFUSED, "LOCK is not allowed here"),
    ("COPY victim TO STDOUT", REFUSED, "COPY is not allowed here"),
    ("COPY victim TO PROGRAM 'cat > loot'", REFUSED, "COPY is not allowed here"),
    ("DO $$ BEGIN DELETE FROM victim; END $$", REFUSED, "DO is not allowed here"),
    ("CALL wipes()", REFUSED, "the statement changes something (call)"),
    ("EXPLAIN CALL wipes()", REFUSED, "EXPLAIN CALL is not allowed here"),
    ("(CALL wipes())", REFUSED, "CALL is not allowed here"),
    # more than one statement
    ("SELECT 1; DELETE FROM victim", INVALID, "there is more than one statement"),
    ("SELECT 1;; COMMIT", INVALID, "there is more than one statement"),
    ("SELECT 1 /* ; */; COMMIT; --", INVALID, "there is more than one statement"),
    ("SELECT E'\\'; DELETE FROM victim; --'; DELETE FROM victim", INVALID, "there is more than one statement"),
    ("SELECT E'a'\n'\\'; ' ; COMMIT; --'", INVALID, "there is more than one statement"),
    ("SELECT $a$ ; $a$; COMMIT", INVALID, "there is more than one statement"),
    ("SELECT /* /* */ 1 */ 1; COMMIT", INVALID, "there is more than one statement"),
    ("SELECT 'it''s'; COMMIT --'", INVALID, "there is more than one statement"),
    ("SELECT \"a\"\";\" ; COMMIT", INVALID, "there is more than one statement"),
    # hiding the verb
    ("/* SELECT */ DELETE FROM victim", REFUSED, "(delete)"),
    ("-- SELECT\nDELETE FROM victim", REFUSED, "(delete)"),
    ("-- x\rDELETE FROM victim", REFUSED, "(delete)"),
    ("/* a /* b */ SELECT */ TRUNCATE victim", REFUSED, "TRUNCATE is not allowed here"),
    ("(DELETE FROM victim)", REFUSED, "DELETE is not allowed here"),
    ("((SELECT 1)); DROP TABLE victim", INVALID, "there is more than one statement"),
    ("\"select\" 1", REFUSED, "the statement does not begin with a command that is allowed here"),
    ("\ufeffDELETE FROM victim", REFUSED, "is not allowed here"),
    ("SELECT 'x", INVALID, "the statement ends inside a string"),
    ("SELECT $$x", INVALID, "the statement ends inside a dollar-quoted string"),
    ("SELECT \"x", INVALID, "the statement ends inside a quoted identifier"),
    ("SELECT 1 /* /* */", INVALID, "the statement ends inside a comment"),
    ("--", INVALID, "the statement is empty"),
    (";", INVALID, "the statement is empty"),
    # functions that act whatever becomes of the transaction
    ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity", REFUSED, "a query may not call pg_terminate_backend: it is volatile"),
    ("SELECT PG_CATALOG . Pg_Cancel_Backend (1)", REFUSED, "may not call pg_cancel_backend"),
    ("SELECT \"pg_reload_conf\"()", REFUSED, "may not call pg_reload_conf"),
    ("SELECT \"pg_catalog\"/**/./**/\"pg_reload_conf\"--\n()", REFUSED, "may not call pg_reload_conf"),
    ("SELECT U&\"pg\\005frotate\\+00005flogfile\"()", REFUSED, "may not call pg_rotate_logfile"),
    ("SELECT U&\"pg!005fpromote\" UESCAPE '!' ()", REFUSED, "may not call pg_promote"),
    ("SELECT U&\"pg!005fcatalog\" UESCAPE '!' . pg_promote()", REFUSED, "may not call pg_promote"),
    ("SELECT U&\"pg\\00\"()", INVALID, "the statement has a U&\"\" identifier with an invalid escape"),
    ("SELECT 1 FROM pg_class WHERE pg_advisory_lock(1) IS NULL", REFUSED, "may not call pg_advisory_lock"),
    ("WITH a AS (SELECT pg_try_advisory_lock_shared(1)) TABLE a", REFUSED, "may not call pg_try_advisory_lock_shared"),
    ("VALUES (pg_switch_wal())", REFUSED, "may not call pg_switch_wal"),
    ("EXPLAIN ANALYZE SELECT pg_create_restore_point('x')", REFUSED, "may not call pg_create_restore_point"),
    ("SELECT pg_logical_emit_message(false, 'a', 'b')", REFUSED, "may not call pg_logical_emit_message"),
    ("SELECT pg_create_physical_replication_slot('x', true)", REFUSED, "may not call pg_create_physical_replication_slot"),
    ("SELECT pg_drop_replication_slot('x')", REFUSED, "may not call pg_drop_replication_slot"),
    ("SELECT pg_stat_reset()", REFUSED, "may not call pg_stat_reset"),
    ("SELECT pg_notify('channel', 'x')", REFUSED, "may not call pg_notify"),
    ("SELECT set_config('transaction_read_only', 'off', true)", REFUSED, "may not call set_config"),
    ("SELECT setseed(0.5)", REFUSED, "may not call setseed"),
    ("SELECT lo_import('/etc/passwd')", REFUSED, "may not call lo_import"),
    ("SELECT lo_create(0)", REFUSED, "may not call lo_create"),
    ("SELECT pg_read_file('/etc/passwd')", REFUSED, "may not call pg_read_file"),
    ("SELECT pg_read_file_old('/etc/passwd', 0, 9)", REFUSED, "may not call pg_read_file_old"),
    ("SELECT * FROM pg_ls_dir('/')", REFUSED, "may not call pg_ls_dir"),
    ("SELECT * FROM ROWS FROM (pg_ls_dir('/')) AS a", REFUSED, "may not call pg_ls_dir"),
    ("SELECT * FROM victim, LATERAL pg_ls_dir(name)", REFUSED, "may not call pg_ls_dir"),
    ("SELECT dblink_exec('dbname=app', 'DELETE FROM victim')", REFUSED, "may not call public.dblink_exec"),
    ("SELECT * FROM crosstab('SELECT 1, 2, 3') AS a(b int, c int)", REFUSED, "may not call public.crosstab: it runs SQL"),
    ("SELECT * FROM xpath_table('id', 'name', 'victim', '/a', 'true') AS a(b int, c text)", REFUSED, "may not call public.xpath_table"),
    ("SELECT txid_current()", REFUSED, "may not call txid_current: it runs SQL that comes as text, or takes a transaction id"),
    ("SELECT heap_force_kill('victim', ARRAY['(0,1)']::tid[])", REFUSED, "may not call public.heap_force_kill"),
    ("SELECT heap_force_freeze('victim', ARRAY['(0,1)']::tid[])", REFUSED, "may not call public.heap_force_freeze"),
    ("SELECT pg_truncate_visibility_map('victim')", REFUSED, "may not call public.pg_truncate_visibility_map"),
    ("SELECT query_to_xml('SELECT pg_advisory_' || 'lock(1)', true, true, '')", REFUSED, "may not call query_to_xml"),
    ("SELECT * FROM ts_stat('SELECT 1')", REFUSED, "may not call ts_stat"),
    # functions of the database itself
    ("SELECT wiped()", REFUSED, "a query may not call public.wiped: it is volatile, and so may do more than read"),
    ("SELECT \"Odd wiped\"()", REFUSED, "may not call public.Odd wiped"),
    ("SELECT other.wiped()", REFUSED, "may not call other.wiped"),
    ("SELECT v.wiped_row FROM victim v", REFUSED, "may not call public.wiped_row"),
    ("SELECT (v).wiped_row FROM victim v", REFUSED, "may not call public.wiped_row"),
    ("SELECT wiped_all(id) FROM victim", REFUSED, "may not call public.wiped_all"),
    ("SELECT wiped_all(id) OVER () FROM victim", REFUSED, "may not call public.wiped_all"),
    ("SELECT killed(1)", REFUSED, "may not call public.killed: it is native code that belongs to no extension"),
    ("SELECT " + "long_" * 20 + "wiped()", REFUSED, "may not call public." + ("long_" * 20)[:63]),
]  # fmt: skip

# Sent to the actions that take a name of a table: each is looked up, and none is found.
NAMES = [
    "victim; DROP TABLE victim", "victim--", "victim WHERE writes() IS NULL", "(SELECT writes())", "victim, victim",
    "\"victim\"\"; DROP TABLE victim; --\"", "pg_catalog.\"pg_class WHERE false\"", "victim'", "$1",
]  # fmt: skip
MALFORMED_NAMES = ["\"victim", "victim.", ".victim", "a.b.c", "\"\"", "victim\"x\"", "victim..x"]

SET_UP = """
CREATE TABLE victim (id serial PRIMARY KEY, name text);
INSERT INTO victim (name) VALUES ('one'), ('two');
CREATE MATERIALIZED VIEW m AS SELECT * FROM victim;
CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS $$ INSERT INTO victim VALUES (99, 'x') RETURNING id $$;
CREATE VIEW victim_that_writes AS SELECT writes() AS id;
CREATE FUNCTION runs(statement text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE statement; END $$;
CREATE PROCEDURE wipes() LANGUAGE sql AS $$ DELETE FROM victim $$;
CREATE EXTENSION dblink; CREATE EXTENSION tablefunc; CREATE EXTENSION pg_surgery; CREATE EXTENSION pg_visibility;
CREATE EXTENSION xml2; CREATE EXTENSION adminpack; CREATE EXTENSION pgcrypto; CREATE EXTENSION "uuid-ossp"; CREATE EXTENSION pg_trgm;
CREATE SCHEMA other;
CREATE FUNCTION wiped() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION "Odd wiped"() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION other.wiped() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION wiped_row(victim) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION wiped_step(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
CREATE AGGREGATE wiped_all(int) (SFUNC = wiped_step, STYPE = int);
CREATE FUNCTION killed(int) RETURNS bool STABLE LANGUAGE internal AS 'pg_terminate_backend';
CREATE FUNCTION {long}() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION reads(text) RETURNS bigint STABLE LANGUAGE sql AS $$ SELECT count(*) FROM victim WHERE name = $1 $$;
CREATE FUNCTION doubled(victim) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT $1.id * 2 $$;
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
""".replace("{long}", ("long_" * 20)[:63])


@pytest.fixture(scope="module")
def own_cluster():
    with Cluster() as server:
        server.psql(SET_UP, db="app")
        yield server


def dump(cluster):
    """Everything that is in the database and beside it, as text."""
    done = subprocess.run(
        [POSTGRES_BIN / "pg_dumpall", "--no-sync", "-h", cluster.folder, "-p", str(cluster.port), "-U", "owner"],
        capture_output=True, text=True, check=True, env=clean_environment())  # fmt: skip
    state = cluster.psql(
        "SELECT count(*) FROM pg_replication_slots; SELECT count(*) FROM pg_largeobject_metadata;"
        "SELECT count(*) FROM pg_prepared_xacts; SELECT last_value, is_called FROM victim_id_seq",
        db="app")  # fmt: skip
    # Some releases put a random word against injection into every dump.
    lines = [line for line in done.stdout.split("\n") if not line.startswith(("\\restrict", "\\unrestrict"))]
    return "\n".join(lines) + state


def left_in_session(api):
    """What a request may have left behind in the connection that the next one uses."""
    return api.rows(
        "SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), (SELECT count(*) FROM pg_prepared_statements),"
        "(SELECT count(*) FROM pg_cursors WHERE name <> ''), (SELECT count(*) FROM pg_listening_channels()),"
        "current_setting('transaction_read_only'), current_setting('search_path'), current_user,"
        "(SELECT count(*) FROM pg_class WHERE relpersistence = 't')"
    )


class TestNothingIsChanged:
    @pytest.fixture(scope="class")
    def api(self, own_cluster):
        # The superuser, whom no right would stop, and mutations allowed: a query is a query.
        # Some of their functions may be called, so that what the database refuses by itself is seen.
        with SqlApi(own_cluster.url(), "nextval", "setval", "public.writes", "runs", mutations="yes") as caller:
            yield caller

    def test_there_are_enough_attempts(self):
        assert len(ATTEMPTS) >= 60

    def test_all_of_them_are_refused_and_leave_nothing_behind(self, api, own_cluster):
        before, fresh = dump(own_cluster), left_in_session(api)
        for statement, type_, says in ATTEMPTS:
            for request in ({"query": statement}, {"operation": "execute_query", "query": statement, "read_only": True}):
                error = api.error(**request)
                assert (error["type"], statement) == (type_, statement)
                assert says in error["message"], (statement, error)
        assert left_in_session(api) == fresh
        assert dump(own_cluster) == before

    def test_pages_and_single_rows_refuse_the_same(self, api, own_cluster):
        before = dump(own_cluster)
        for statement, type_, _ in ATTEMPTS:
            assert api.error(query=statement, max_rows=10)["type"] in (type_, SQL, REFUSED), statement
            assert api.error(operation="execute_query_one", query=statement, read_only=True)["type"] == type_
            for operation in ("execute_query", "execute_query_one"):
                answer = api.call({"operation": operation, "query": statement, "read_only": True, "return_dict": False})
                assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (500, type_), statement
        assert dump(own_cluster) == before

    def test_a_parameter_is_never_part_of_the_statement(self, api, own_cluster):
        before = dump(own_cluster)
        for evil in ("'; DELETE FROM victim; --", "x') ; COMMIT; --", "\\'; DROP TABLE victim", "$1", "%s", "\";", "{}"):
            assert api.value("SELECT $1::text", params=[evil]) == evil
            assert api.value("SELECT %s::text", params=[evil]) == evil
            assert api.value("SELECT %(p)s::text", params={"p": evil}) == evil
            assert api.rows("SELECT id FROM victim WHERE name = ANY ($1)", params=[[evil, "two"]]) == [[2]]
            assert api.value("SELECT $1::text[]", params=[[evil, None]]) == [evil, None]
            assert api.value("SELECT $1::jsonb", params=[{"k": evil}]) == {"k": evil}
        assert dump(own_cluster) == before

    @pytest.mark.parametrize("action", ["schema", "count"])
    def test_a_table_name_is_looked_up_and_never_run(self, api, own_cluster, action):
        before = dump(own_cluster)
        for name in NAMES:
            error = api.error(action=action, table=name)
            assert (error.get("sqlstate"), name) == ("42P01", name)
            error = api.error(action=action, table="victim", schema=name)
            assert (error.get("sqlstate"), name) == ("42P01", name)
        for name in MALFORMED_NAMES:
            api.refuses({"action": action, "table": name}, "invalid_request", 'invalid "table": not the name of a table',
                        'write it as in SQL: users, public.users, "Odd Name"')  # fmt: skip
        assert dump(own_cluster) == before

    def test_the_database_refuses_by_itself(self, own_cluster):
        """Without the tokenizer: what its transaction lets through is what it would let anybody do."""
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT set_config('lock_timeout', '1', true);"
        before = dump(own_cluster)
        for statement in ("INSERT INTO victim VALUES (9, 'x')", "SET TRANSACTION READ WRITE",
                          "SELECT set_config('transaction_read_only', 'off', true)"):  # fmt: skip
            with pytest.raises(RuntimeError, match="read-"):
                own_cluster.psql(begin + statement, db="app")
        assert dump(own_cluster) == before

    def test_rows_that_were_read_outside_of_the_transaction_are_not_shown(self, own_cluster):
        with Relay(own_cluster, {"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY": "SELECT"}) as relay:
            with SqlApi(relay.url()) as api:
                api.refuses({"query": "SELECT name FROM victim"}, "internal",
                            "the statement did not stay in its read-only transaction",
                            "its result is not shown; the connection was closed")  # fmt: skip

    def test_statement_that_was_taken_for_a_query_changes_nothing(self, own_cluster):
        before = dump(own_cluster)
        with Relay(own_cluster, {"SELECT 1": "SET LOCAL work_mem = '1MB'"}) as relay, SqlApi(relay.url()) as api:
            api.refuses({"query": "SELECT 1"}, "internal", "the statement did not stay in its read-only transaction",
                        "its result is not shown; the connection was closed")  # fmt: skip
        assert dump(own_cluster) == before


class TestFunctionsThatOnlyRead:
    """What a list of words would refuse, and a catalog does not."""

    @pytest.fixture(scope="class")
    def api(self, own_cluster):
        with SqlApi(own_cluster.url()) as caller:
            yield caller

    @pytest.mark.parametrize("statement", [
        "WITH a AS (SELECT 5 AS delete) SELECT delete FROM a",
        "WITH a(delete) AS (SELECT 5) SELECT delete FROM a",
        "WITH delete AS (SELECT 5 AS n), insert(n) AS (SELECT 5) SELECT n FROM delete JOIN insert USING (n)",
        "SELECT dblink_count FROM (SELECT 5 AS dblink_count) AS a",
        "SELECT pg_notify FROM (SELECT 5) AS setval(pg_notify)",
        "WITH dblink(n) AS (SELECT 5) SELECT n FROM dblink",
        "WITH RECURSIVE wiped(n) AS (SELECT 5) SELECT n FROM wiped",
        "SELECT 5 AS pg_read_file",
        "SELECT 'pg_terminate_backend(1)'",
        "SELECT count(*), max(id), string_agg(name, ',' ORDER BY id) FROM victim TABLESAMPLE bernoulli (100)",
        "SELECT reads('one'), public.reads('two'), clock_timestamp() > now(), random() < 1",
        "SELECT v.doubled, doubled(v), total(v.id) OVER () FROM victim v ORDER BY v.id",
        "SELECT gen_random_uuid() <> uuid_generate_v4(), length(gen_salt('md5')), similarity('a', 'b')",
        "SELECT pg_total_relation_size('victim') > 0, pg_is_in_recovery(), pg_sleep(0)",
        "SELECT numeric(10, 2) '1.5', CAST(1 AS numeric(10, 2)), left('abc', 2), coalesce(NULL, 1)",
        "SELECT EXTRACT(year FROM now()) > 2000, OVERLAY('abc' PLACING 'x' FROM 2), POSITION('b' IN 'abc')",
        "SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS a(b, c) WHERE b IN (1, 2)",
        "SELECT * FROM json_to_recordset('[{\"a\":1}]') AS j(a int)",
        "SELECT rank() OVER (ORDER BY id), lag(id) OVER w FROM victim WINDOW w AS (ORDER BY id)",
    ])  # fmt: skip
    def test_is_answered(self, api, statement):
        assert api.rows(statement)

    def test_the_same_statements_in_pages(self, api):
        assert api.ask(query="SELECT reads('one') FROM victim", max_rows=1)["next_cursor"]
        error = api.error(query="SELECT wiped() FROM victim", max_rows=1)
        assert (error["type"], "public.wiped" in error["message"]) == (REFUSED, True)

    def test_a_refusal_says_which_option_lets_it_be_called(self, api, own_cluster):
        api.refuses({"query": "SELECT other.wiped()"}, REFUSED,
                    "a query may not call other.wiped: it is volatile, and so may do more than read",
                    "--allow-function other.wiped lets queries call it")  # fmt: skip
        with SqlApi(own_cluster.url(), "other.wiped") as allowing:
            assert allowing.value("SELECT other.wiped()") == 1
            assert "public.wiped" in allowing.error(query="SELECT wiped()")["message"]

    def test_what_was_harmless_once_makes_nothing_else_harmless(self, api, own_cluster):
        for _ in range(3):
            assert api.rows("SELECT reads('one'), length('x')")
            assert "public.wiped" in api.error(query="SELECT reads('one'), wiped()")["message"]
            assert "other.wiped" in api.error(query="SELECT length('x'), other.wiped()")["message"]
            assert "wiped_row" in api.error(query="SELECT length('x'), v.wiped_row FROM victim v")["message"]
        assert api.error(query="SELECT left('x', 1 / 0)")["sqlstate"] == "22012"

    def test_a_change_may_call_what_stays_in_its_transaction(self, own_cluster):
        with SqlApi(own_cluster.url(), mutations="yes") as api:
            assert api.ask(sql="INSERT INTO victim SELECT 50, wiped()::text")["affected_rows"] == 1
            assert api.ask(sql="DELETE FROM victim WHERE id = 50")["affected_rows"] == 1
            api.refuses({"sql": "DELETE FROM victim WHERE dblink_exec('dbname=app', 'x') IS NULL"}, REFUSED,
                        "dblink_exec may not be called here",
                        "it acts outside of the transaction that a request runs in, or runs SQL that comes as text; "
                        "--allow-function dblink_exec allows it")  # fmt: skip


class TestHiddenRows:
    @pytest.fixture
    def guarded(self, cluster, roles, database):
        cluster.psql(
            "CREATE TABLE t (tenant text); INSERT INTO t VALUES ('a'), ('b'); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
            "CREATE POLICY p ON t USING (tenant = 'a'); GRANT SELECT ON t TO reader", db=database)  # fmt: skip
        with SqlApi(cluster.url(user="reader", db=database)) as caller:
            yield caller

    def test_rows_that_a_policy_hides_are_an_error_unless_the_request_says_otherwise(self, guarded):
        error = guarded.error(query="SELECT * FROM t")
        assert error["sqlstate"] == "42501"
        assert error["message"] == 'query would be affected by row-level security policy for table "t"'
        assert error["hint"] == '"row_security": true in the request lets the policies choose the rows'
        assert guarded.rows("SELECT * FROM t", row_security=True) == [["a"]]
        assert guarded.error(action="count", table="t")["sqlstate"] == "42501"
        assert guarded.ask(action="count", table="t", row_security=True)["count"] == 1
