"""Changes: only where they are allowed, all of a request or nothing, and never without a record."""

import hashlib
import json
import os
import signal
import stat

import pytest

from postgres import Cluster
from relay import Relay
from sql_api_caller import SqlApi, records
from version_table_reader import wait_until


@pytest.fixture
def db(cluster, database):
    cluster.psql("CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL)", db=database)
    return database


@pytest.fixture
def audit(tmp_path):
    return tmp_path / "audit.jsonl"


@pytest.fixture
def api(cluster, db, audit):
    with SqlApi(cluster.url(db=db), mutations="yes", audit=audit, caller="arn:aws:iam::123456789012:role/app") as caller:
        yield caller


def stages(audit):
    return [record["stage"] for record in records(audit)]


def rows(cluster, db):
    return cluster.psql("SELECT id, name FROM t ORDER BY id", db=db)


class TestPermission:
    @pytest.mark.parametrize(
        "request_",
        [{"sql": "INSERT INTO t VALUES (1, 'x')"}, {"action": "mutate", "query": "INSERT INTO t VALUES (1, 'x')"},
         {"operation": "execute_query", "query": "INSERT INTO t VALUES (1, 'x')"},
         {"operation": "execute_query_one", "query": "INSERT INTO t VALUES (1, 'x') RETURNING id"},
         {"operation": "execute_many", "query": "INSERT INTO t VALUES (%s, 'x')", "params": [[1], [2]]}])  # fmt: skip
    def test_without_it_nothing_is_changed(self, cluster, db, request_):
        with SqlApi(cluster.url(db=db)) as api:
            api.refuses(request_, "refused", "the statement changes something (insert), and changes are not allowed here",
                        "--allow-mutations allows them, and writes each to the audit log")  # fmt: skip
            assert api.close() == "", "and there is nothing to record"
        assert rows(cluster, db) == ""

    def test_read_only_takes_it_back_for_a_request(self, api, cluster, db):
        api.refuses({"sql": "DELETE FROM t", "read_only": True}, "refused",
                    "the statement changes something (delete), and a query only reads", 'leave "read_only" out')  # fmt: skip
        api.refuses({"query": "DELETE FROM t"}, "refused",
                    "the statement changes something (delete), and a query only reads",
                    'send a change as {"sql": "..."}')  # fmt: skip

    def test_a_change_has_no_pages(self, api):
        api.refuses({"operation": "execute_query", "query": "DELETE FROM t", "max_rows": 5}, "invalid_request",
                    '"max_rows" does not go with a change')  # fmt: skip

    def test_more_parameters_than_the_protocol_has_are_refused(self, api):
        api.refuses({"sql": "DELETE FROM t WHERE a = $1", "params": [1] * 65_536}, "invalid_request",
                    "there are more than 65535 parameters", "send a list as one parameter: = ANY ($1)")  # fmt: skip

    def test_what_can_only_read_is_no_change(self, api):
        for action, verb, request in (
            ("mutate", "explain", {"sql": "EXPLAIN SELECT 1"}), ("mutate", "show", {"sql": "SHOW work_mem"}),
            ("execute_many", "explain", {"operation": "execute_many", "query": "EXPLAIN SELECT %s", "params": [[1]]})):  # fmt: skip
            api.refuses(request, "refused", f"{action} is for changes, and {verb} only reads",
                        'send it as {"query": "..."}')  # fmt: skip

    def test_a_select_sent_as_a_change_needs_the_permission(self, api, cluster, db):
        with SqlApi(cluster.url(db=db)) as strict:
            strict.refuses({"sql": "SELECT 1"}, "refused", "mutate is for changes, and changes are not allowed here",
                           "--allow-mutations allows them, and writes each to the audit log")  # fmt: skip
        api.refuses({"sql": "SELECT 1", "read_only": True}, "refused",
                    "mutate is for changes, and a query only reads", 'leave "read_only" out')  # fmt: skip

    @pytest.mark.parametrize("statement", ["DROP TABLE t", "TRUNCATE t", "COMMIT", "SET x = 1", "COPY t FROM STDIN",
                                           "DO $$BEGIN END$$", "CREATE TABLE u (a int)", "GRANT ALL ON t TO PUBLIC"])  # fmt: skip
    def test_it_is_for_rows_alone(self, api, statement):
        error = api.error(sql=statement)
        assert (error["type"], error["message"]) == ("refused", f"{statement.split()[0]} is not allowed here")


    @pytest.mark.parametrize("statement", ["SELECT 1 AS a INTO loot", "SELECT 1 AS a INTO TEMP loot FROM t", "WITH a AS (SELECT 1) SELECT * INTO loot FROM a",
                                           "WITH a AS (INSERT INTO t VALUES (9, 'x') RETURNING id) SELECT * INTO loot FROM a"])  # fmt: skip
    def test_nor_does_a_select_make_a_table(self, api, cluster, db, statement):
        for request in ({"sql": statement}, {"operation": "execute_query", "query": statement, "return_dict": False}):
            assert "SELECT INTO is not allowed here" in str(api.call(request)) or "query" in request
        assert cluster.psql("SELECT to_regclass('loot') IS NULL, count(*) FROM t", db=db) == "t|0"
        assert api.ask(sql='SELECT id AS into, t."into" FROM (SELECT 1 AS id, 2 AS into) AS t')["rows"] == [[1, 2]]


class TestChangesByFunctionsAndLocks:
    @pytest.fixture
    def db(self, cluster, db):
        cluster.psql(
            "CREATE SEQUENCE s; INSERT INTO t VALUES (1, 'a'), (2, 'b');"
            "CREATE FUNCTION adds(int) RETURNS int LANGUAGE sql AS $$ INSERT INTO t VALUES ($1, 'f') RETURNING id $$;"
            "CREATE PROCEDURE drops(INOUT n int) LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t WHERE id = n; n := 7; END $$;"
            "CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$", db=db)  # fmt: skip
        return db

    @pytest.mark.parametrize("how", [{"action": "mutate"}, {"operation": "execute_query", "rows": "lists"}])
    def test_a_select_may_change_something(self, api, cluster, db, audit, how):
        key = "sql" if "action" in how else "query"
        answer = api.ask(**how, **{key: "SELECT setval('s', 40), adds(9)"})
        assert (answer["rows"], answer["affected_rows"]) == ([[40, 9]], None)
        answer = api.ask(**how, **{key: "SELECT nextval('s') FROM t WHERE id = $1 FOR UPDATE", "params": [1]})
        assert answer["rows"] == [[41]]
        assert rows(cluster, db) == "1|a\n2|b\n9|f"
        assert [record["kind"] for record in records(audit)] == ["select"] * 4
        assert stages(audit) == ["executed", "committed"] * 2

    def test_an_operation_that_only_reads_leaves_no_record(self, api, audit):
        assert api.ask(operation="execute_query", query="SELECT id FROM t ORDER BY id", rows="lists")["rows"] == [[1], [2]]
        assert not audit.exists() or audit.read_text() == ""

    def test_a_query_stays_one(self, api, cluster, db):
        for request in ({"query": "SELECT adds(9)"}, {"operation": "execute_query", "query": "SELECT adds(9)", "read_only": True},
                        {"operation": "execute_query", "query": "SELECT adds(9)", "max_rows": 5}):  # fmt: skip
            api.refuses(request, "refused", "a query may not call public.adds: it is volatile, and so may do more than read",
                        "--allow-function public.adds lets queries call it")  # fmt: skip
        assert api.error(operation="execute_query", query="SELECT 1 FROM t FOR UPDATE", read_only=True)["sqlstate"] == "25006"
        assert rows(cluster, db) == "1|a\n2|b"

    def test_call(self, api, cluster, db, audit):
        answer = api.ask(sql="CALL drops(%s)", params=[1])
        assert (answer["rows"], answer["affected_rows"]) == ([[7]], None)
        assert api.ask(operation="execute_query_one", query="CALL drops(%s)", params=[2])["row"] == {"n": 7}
        assert rows(cluster, db) == ""
        assert [record["kind"] for record in records(audit)] == ["call"] * 4
        api.refuses({"query": "CALL drops(1)"}, "refused", "the statement changes something (call), and a query only reads",
                    'send a change as {"sql": "..."}')  # fmt: skip

    def test_a_procedure_cannot_end_the_transaction(self, api, audit):
        assert api.error(sql="CALL commits()")["sqlstate"] == "2D000"
        assert stages(audit) == ["rolled_back"]

    def test_a_change_by_select_that_does_not_fit_is_not_made(self, cluster, db):
        with SqlApi(cluster.url(db=db), mutations="yes", max_bytes=20_000) as api:
            error = api.error(operation="execute_query", query="SELECT adds(9), repeat('x', 30000)")
            assert error["type"] == "answer_too_large"
        assert rows(cluster, db) == "1|a\n2|b"


class TestChanges:
    def test_are_committed_and_counted(self, api, cluster, db):
        assert api.ask(sql="INSERT INTO t VALUES (1, 'a'), (2, 'b')") == {"affected_rows": 2}
        assert api.ask(sql="UPDATE t SET name = $1 WHERE id = $2", params=["z", 2]) == {"affected_rows": 1}
        assert api.ask(operation="execute_query", query="DELETE FROM t WHERE id = %s", params=[1]) == {"affected_rows": 1}
        assert api.ask(sql="DELETE FROM t WHERE false") == {"affected_rows": 0}
        assert api.ask(sql="MERGE INTO t USING (VALUES (2), (3)) AS s(i) ON id = i WHEN MATCHED THEN DELETE "
                           "WHEN NOT MATCHED THEN INSERT VALUES (i, 'm')") == {"affected_rows": 2}  # fmt: skip
        assert rows(cluster, db) == "3|m"

    def test_returning_gives_rows(self, api):
        assert api.ask(sql="INSERT INTO t VALUES (1, 'a'), (2, 'b') RETURNING id, name") == {
            "columns": ["id", "name"], "types": ["int4", "text"], "rows": [[1, "a"], [2, "b"]], "row_count": 2,
            "affected_rows": 2}  # fmt: skip
        answer = api.ask(operation="execute_query_one", query="UPDATE t SET name = 'c' WHERE id = 1 RETURNING name")
        assert answer["row"] == {"name": "c"} and answer["affected_rows"] == 1
        answer = api.ask(sql="WITH gone AS (DELETE FROM t RETURNING id) SELECT id FROM gone ORDER BY id", rows="objects")
        assert answer["rows"] == [{"id": 1}, {"id": 2}]
        assert answer["affected_rows"] is None, "PostgreSQL tells how many were selected, not how many deleted"

    def test_returning_a_type_of_the_database_costs_nothing_but_a_look(self, api, cluster, db):
        cluster.psql("CREATE TYPE mood AS ENUM ('sad'); ALTER TABLE t ADD m mood", db=db)
        answer = api.ask(sql="INSERT INTO t VALUES (1, 'a', 'sad') RETURNING m, ARRAY[m] AS ms")
        assert (answer["types"], answer["rows"]) == (["public.mood", "public.mood[]"], [["sad", ["sad"]]])
        assert rows(cluster, db) == "1|a"

    def test_execute_many_is_one_transaction(self, api, cluster, db, audit):
        insert = "INSERT INTO t VALUES (%s, %s)"
        assert api.ask(operation="execute_many", query=insert, params=[[1, "a"], [2, "b"], [3, "c"]]) == {"affected_rows": 3}
        error = api.error(operation="execute_many", query=insert, params=[[4, "d"], [2, "again"], [5, "e"]])
        assert error["message"] == 'run 2 of 3: duplicate key value violates unique constraint "t_pkey"'
        assert error["sqlstate"] == "23505"
        assert rows(cluster, db) == "1|a\n2|b\n3|c"
        assert stages(audit) == ["executed", "committed", "rolled_back"]
        named = api.ask(operation="execute_many", query="UPDATE t SET name = %(n)s WHERE id = %(i)s",
                        params=[{"n": "x", "i": 1}, {"n": "y", "i": 2}])  # fmt: skip
        assert named == {"affected_rows": 2}

    def test_execute_many_of_thousands(self, api, cluster, db):
        params = [[i, f"name {i}"] for i in range(5000)]
        assert api.ask(operation="execute_many", query="INSERT INTO t VALUES ($1, $2)", params=params) == {"affected_rows": 5000}
        assert cluster.psql("SELECT count(*), max(id) FROM t", db=db) == "5000|4999"

    def test_execute_many_needs_a_run(self, api):
        api.refuses('{"operation": "execute_many", "query": "DELETE FROM t WHERE id = %s", "params": []}', "invalid_request",
                    "execute_many needs the parameters of one run at least")  # fmt: skip

    def test_failure_changes_nothing(self, api, cluster, db, audit):
        api.ask(sql="INSERT INTO t VALUES (1, 'a')")
        assert api.error(sql="INSERT INTO t VALUES (2, 'b'), (1, 'c')")["sqlstate"] == "23505"
        assert api.error(sql="INSERT INTO t VALUES (2, NULL)")["sqlstate"] == "23502"
        assert rows(cluster, db) == "1|a"
        assert [(r["stage"], r.get("sqlstate")) for r in records(audit)[2:]] == [
            ("rolled_back", "23505"), ("rolled_back", "23502")]  # fmt: skip
        assert api.value("SELECT count(*) FROM t") == 1, "the connection is good again"

    def test_constraint_that_fails_at_commit_rolls_back(self, api, cluster, db, audit):
        cluster.psql("CREATE TABLE child (t int REFERENCES t DEFERRABLE INITIALLY DEFERRED)", db=db)
        assert api.error(sql="INSERT INTO child VALUES (7)")["sqlstate"] == "23503"
        assert stages(audit) == ["executed", "rolled_back"]
        assert cluster.psql("SELECT count(*) FROM child", db=db) == "0"

    @pytest.mark.parametrize("statement, count", [
        ("INSERT INTO t VALUES (8, 'x'), (9, 'y') RETURNING id", 2), ("UPDATE t SET name = 'z'", 1),
        ("DELETE FROM t WHERE id = 7", 0), ("WITH a AS (DELETE FROM t) SELECT 1", None)])  # fmt: skip
    def test_dry_run_counts_and_changes_nothing(self, api, cluster, db, audit, statement, count):
        api.ask(sql="INSERT INTO t VALUES (1, 'a')")
        assert api.ask(action="dry_run", statement=statement) == {"affected_rows": count, "dry_run": True}
        assert rows(cluster, db) == "1|a"
        assert stages(audit) == ["executed", "committed", "tried"]
        assert api.ask(action="dry_run", statement="DELETE FROM t WHERE id = $1", params=[1])["affected_rows"] == 1
        assert rows(cluster, db) == "1|a"

    def test_dry_run_finds_what_commit_would(self, api, cluster, db, audit):
        cluster.psql("CREATE TABLE child (t int REFERENCES t DEFERRABLE INITIALLY DEFERRED)", db=db)
        assert api.error(action="dry_run", statement="INSERT INTO child VALUES (7)")["sqlstate"] == "23503"
        assert stages(audit) == ["rolled_back"]

    def test_dry_run_takes_no_value_of_a_sequence_back(self, api, cluster, db):
        cluster.psql("CREATE TABLE numbered (id serial, x int)", db=db)
        api.ask(action="dry_run", statement="INSERT INTO numbered (x) VALUES (1), (2)")
        api.ask(sql="INSERT INTO numbered (x) VALUES (3)")
        assert cluster.psql("SELECT id FROM numbered", db=db) == "3"

    def test_dry_run_that_cannot_be_recorded_is_an_error(self, cluster, db, tmp_path):
        with SqlApi(cluster.url(db=db), mutations="yes", audit=tmp_path / "no" / "where") as api:
            assert api.error(action="dry_run", statement="INSERT INTO t VALUES (1, 'x')")["type"] == "audit_failed"

    def test_dry_run_needs_the_permission(self, cluster, db):
        with SqlApi(cluster.url(db=db)) as api:
            api.refuses({"action": "dry_run", "statement": "DELETE FROM t"}, "refused",
                        "the statement changes something (delete), and changes are not allowed here",
                        "--allow-mutations allows them, and writes each to the audit log")  # fmt: skip
            api.refuses({"action": "dry_run", "sql": "DELETE FROM t"}, "invalid_request",
                        '"sql" does not go with dry_run', "docs/sql-api.md describes every request")  # fmt: skip
            api.refuses({"action": "dry_run", "statement": " "}, "invalid_request",
                        "dry_run needs a statement", 'send it as "statement"')  # fmt: skip

    def test_returning_too_much_changes_nothing(self, cluster, db, audit):
        with SqlApi(cluster.url(db=db), mutations="yes", audit=audit, max_bytes=2000) as small:
            small.refuses(
                {"sql": "INSERT INTO t SELECT g, repeat('x', 100) FROM generate_series(1, 5000) g RETURNING name"},
                "answer_too_large", "the rows of RETURNING are larger than 2000 bytes; nothing was changed",
                "return fewer columns, or change fewer rows at once")  # fmt: skip
            assert small.value("SELECT count(*) FROM t") == 0
        assert stages(audit) == ["rolled_back"]

    def test_two_that_wait_for_each_other(self, api, cluster, db):
        api.ask(sql="INSERT INTO t VALUES (1, 'a')")
        with cluster.session(db=db) as other:
            other.ask("BEGIN; UPDATE t SET name = 'b' WHERE id = 1")
            error = api.error(sql="UPDATE t SET name = 'c' WHERE id = 1", timeout_ms=600)
            assert (error["sqlstate"], error["message"]) == ("55P03", "canceling statement due to lock timeout")
            other.ask("ROLLBACK")
        assert api.ask(sql="UPDATE t SET name = 'c' WHERE id = 1") == {"affected_rows": 1}


class TestRecord:
    def test_says_who_what_and_how_much(self, api, cluster, db, audit):
        statement = "INSERT INTO t VALUES ($1, $2)"
        api.ask(sql=statement, params=[1, "canary"], actor="somebody@example.com")
        executed, committed = records(audit)
        assert executed.pop("time").endswith("Z") and committed.pop("time")
        assert executed == {
            "event": "sql_api_mutation", "stage": "executed", "request_id": "request-1",
            "caller": "arn:aws:iam::123456789012:role/app", "caller_verified": False, "actor": "somebody@example.com",
            "statement_sha256": hashlib.sha256(statement.encode()).hexdigest(), "kind": "insert", "affected_rows": 1,
            "database": f"{db} on {cluster.folder}"}  # fmt: skip
        assert committed == {**executed, "stage": "committed"}
        assert "canary" not in audit.read_text(), "parameters are not recorded"
        assert stat.S_IMODE(audit.stat().st_mode) == 0o600

    def test_says_the_statement_without_its_values_where_that_is_asked_for(self, cluster, db, audit):
        with SqlApi(cluster.url(db=db), mutations="yes", scripts="yes", audit=audit, statements="yes") as api:
            api.ask(sql="INSERT INTO t /* canary */ VALUES (4711, 'canary'), (1e1, $q$canary$q$) -- canary")
            api.ask(sql="UPDATE t SET name = 'canary' WHERE id = 4711; DELETE FROM t WHERE id IN (SELECT 4711)")
            api.ask(operation="execute_many", query="INSERT INTO t VALUES (%s, %s)", params=[[4712, "canary"]])
            assert api.call({"table": "t", "data": {"id": 4713, "name": "canary"}})["statusCode"] == 200
            # What MySQL takes for a string is a name here, and there is none of it.
            assert api.error(sql='UPDATE t SET name = "canary"')["sqlstate"] == "42703"
        assert [record.get("statement") for record in records(audit)][::2] == [
            "INSERT INTO t VALUES (?, ?), (?, ?)", "UPDATE t SET name = ? WHERE id = ?; DELETE FROM t WHERE id IN (SELECT ?)",
            "INSERT INTO t VALUES (%s, %s)", 'INSERT INTO "t" ("id", "name") VALUES ($1, $2)', None]  # fmt: skip
        assert "canary" not in audit.read_text()

    @pytest.mark.parametrize("kind, why", [("folder", "Is a directory"), ("missing", "No such file or directory"),
                                           ("link", "Too many levels of symbolic links"), ("full", "No space left on device"),
                                           ("pipe", "No such device or address")])  # fmt: skip
    def test_that_cannot_be_written_changes_nothing(self, cluster, db, tmp_path, kind, why):
        (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
        os.mkfifo(tmp_path / "pipe")
        where = {"folder": tmp_path, "missing": tmp_path / "no" / "audit", "link": tmp_path / "link", "full": "/dev/full",
                 "pipe": tmp_path / "pipe"}[kind]
        with SqlApi(cluster.url(db=db), mutations="yes", audit=where) as api:
            api.refuses({"sql": "INSERT INTO t VALUES (1, 'a')"}, "audit_failed",
                        f"the audit record cannot be written to {where}: {why}", "nothing is changed without one")  # fmt: skip
            assert api.value("SELECT count(*) FROM t") == 0
        assert not (tmp_path / "elsewhere").exists()

    def test_goes_to_standard_error_where_no_place_is_named(self, cluster, db):
        with SqlApi(cluster.url(db=db), mutations="yes") as api:
            api.ask(sql="INSERT INTO t VALUES (1, 'a')")
            lines = [json.loads(line) for line in api.close().splitlines()]
        assert [line["stage"] for line in lines] == ["executed", "committed"]

    @pytest.mark.parametrize(
        "where, message",
        [("s3://", "usage: invalid S3 bucket \"\": no name"),
         ("s3://a:b/c", "usage: invalid S3 bucket \"a:b\": a name has letters, digits, '.', '-' and '_' alone"),
         ("https://example.com/x", "usage: the audit log can only be a file or s3://BUCKET/PREFIX")])  # fmt: skip
    def test_place_that_is_none_is_refused_at_the_start(self, cluster, where, message):
        api = SqlApi(cluster.url(), audit=where)
        assert api.process.stdout.readline().strip() == message
        api.close()


class TestNotWhatWasAsked:
    """The server does something else than was sent: nothing of that may be called a success."""

    INSERT = "INSERT INTO t VALUES (1, 'a')"

    @pytest.fixture
    def through(self, cluster, db, audit):
        def ask(changes):
            with Relay(cluster, changes) as relay, SqlApi(relay.url(db=db), mutations="yes", audit=audit) as api:
                error = api.error(sql=self.INSERT)
                assert api.value("SELECT 1") == 1, "the next one is answered"
            return error

        return ask

    def test_commit_that_rolls_back_is_no_success(self, through, cluster, db, audit):
        error = through({"COMMIT": "ROLLBACK"})
        assert (error["type"], error["message"]) == ("internal", "the transaction could not be committed")
        assert stages(audit) == ["executed", "rolled_back"]
        assert rows(cluster, db) == ""

    def test_statement_that_was_taken_for_a_change_changes_nothing(self, through, cluster, db, audit):
        error = through({self.INSERT: "CREATE TABLE stray (a int)"})
        assert (error["type"], error["message"], error["hint"]) == (
            "internal", "the statement was not the change that it was taken for", "nothing was changed")  # fmt: skip
        assert stages(audit) == ["rolled_back"]
        assert cluster.psql("SELECT to_regclass('stray') IS NULL", db=db) == "t"

    def test_change_outside_of_its_transaction_is_not_called_rolled_back(self, through, cluster, db, audit):
        error = through({"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE": "SELECT"})
        assert (error["type"], error["message"], error["hint"]) == (
            "internal", "the statement did not stay in its transaction",
            "what it did is not known; the connection was closed")  # fmt: skip
        assert rows(cluster, db) == "1|a", "it was done at once"
        assert stages(audit) == ["unknown"]

    def test_statement_that_ends_its_transaction_leaves_nothing_to_be_said(self, through, audit):
        error = through({self.INSERT: "COMMIT"})
        assert error["message"] == "the statement did not stay in its transaction"
        assert stages(audit) == ["unknown"]


class TestLostDuringCommit:
    """Debug build or not, the moment is found with a trigger that runs inside COMMIT."""

    SLOW = """
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()
    """

    def test_outcome_is_said_to_be_unknown(self, audit):
        with Cluster() as own:
            own.psql("CREATE TABLE t (id int PRIMARY KEY, name text);" + self.SLOW, db="app")
            with SqlApi(own.url(), mutations="yes", audit=audit) as api:
                api.send(json.dumps({"sql": "INSERT INTO t VALUES (1, 'a')"}))
                wait_until(lambda: own.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "1")
                assert stages(audit) == ["executed"], "the record is there before the change is"
                assert own.psql("SELECT count(*) FROM t", db="app") == "0"
                own.process.send_signal(signal.SIGQUIT)
                error = api.receive()[1]["error"]
        assert error["type"] == "outcome_unknown"
        assert error["message"].startswith("it is not known whether the change was made: lost the connection to app on ")
        assert error["hint"] == "look at the rows before sending it again"
        assert stages(audit) == ["executed", "unknown"]

    def test_session_ended_before_commit_changes_nothing(self, cluster, db, audit, api):
        cluster.psql("CREATE FUNCTION nap() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM pg_sleep(30)'", db=db)
        api.send(json.dumps({"sql": "INSERT INTO t SELECT nap(), 'a'"}))
        wait_until(lambda: cluster.psql(
            f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{db}' AND wait_event = 'PgSleep'") == "1")  # fmt: skip
        cluster.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{db}' AND wait_event = 'PgSleep'")
        error = api.receive()[1]["error"]
        assert error["type"] == "connection_failed"
        assert error["message"].endswith(": terminating connection due to administrator command")
        assert stages(audit) == ["rolled_back"]
        assert api.ask(sql="INSERT INTO t VALUES (1, 'a')") == {"affected_rows": 1}, "the next one connects anew"
