"""Several statements in one change, and definitions: each only where it is allowed, all of them or none."""

import hashlib
import json

import pytest

from sql_api_caller import SqlApi, records

INSERTS = "".join(f"INSERT INTO t VALUES ({i}, 'name {i};');\n" for i in range(50))


@pytest.fixture
def db(cluster, database):
    cluster.psql("CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL)", db=database)
    return database


@pytest.fixture
def audit(tmp_path):
    return tmp_path / "audit.jsonl"


@pytest.fixture
def api(cluster, db, audit):
    with SqlApi(cluster.url(db=db), mutations="yes", scripts="yes", ddl="yes", audit=audit) as caller:
        yield caller


class TestScripts:
    def test_fifty_inserts_in_one_call(self, api, cluster, db, audit):
        answer = api.ask(sql=INSERTS)
        assert answer == {"affected_rows": 50, "statements": [{"kind": "insert", "affected_rows": 1}] * 50}
        assert cluster.psql("SELECT count(*), max(name) FROM t", db=db) == "50|name 9;"
        executed, committed = records(audit)
        assert (executed["kind"], executed["affected_rows"], committed["stage"]) == ("script", 50, "committed")
        assert executed["statement_sha256"] == hashlib.sha256(INSERTS.encode()).hexdigest()
        first = {"statement_sha256": hashlib.sha256(b"INSERT INTO t VALUES (0, 'name 0;')").hexdigest(), "kind": "insert",
                 "affected_rows": 1}  # fmt: skip
        assert executed["statements"][0] == first and len(executed["statements"]) == 50

    def test_all_or_nothing(self, api, cluster, db, audit):
        error = api.error(sql="INSERT INTO t VALUES (1, 'a'); UPDATE t SET name = 'b'; INSERT INTO t VALUES (2, NULL); DELETE FROM t")
        assert error["message"].startswith('statement 3 of 4: null value in column "name"')
        assert cluster.psql("SELECT count(*) FROM t", db=db) == "0"
        assert [record["stage"] for record in records(audit)] == ["rolled_back"]

    def test_position_is_that_in_the_script(self, api):
        script = "INSERT INTO t VALUES (1, 'é');\nDELETE FROM t WHERE nope = 1"
        error = api.error(sql=script)
        assert (error["sqlstate"], error["position"]) == ("42703", script.index("nope") + 1)

    def test_a_later_statement_sees_what_an_earlier_one_did(self, api):
        answer = api.ask(sql="CREATE TABLE u (a int); INSERT INTO u VALUES (1), (2); UPDATE u SET a = 3; SELECT count(*) FROM u; TRUNCATE u")
        assert answer["statements"] == [
            {"kind": "create", "affected_rows": None}, {"kind": "insert", "affected_rows": 2}, {"kind": "update", "affected_rows": 2},
            {"kind": "select", "affected_rows": None}, {"kind": "truncate", "affected_rows": None}]  # fmt: skip
        assert answer["affected_rows"] is None

    @pytest.mark.parametrize(
        "script, type_, message",
        [("INSERT INTO t VALUES (1, 'a'); COMMIT; DELETE FROM t", "refused", "statement 2 of 3: COMMIT is not allowed here"),
         ("INSERT INTO t VALUES (1, 'a'); EXPLAIN SELECT 1", "refused", "statement 2 of 2: mutate is for changes, and explain only reads"),
         ("INSERT INTO t VALUES (1, 'a'); SET role = x", "refused", "statement 2 of 2: SET is not allowed here"),
         ("SELECT 1; SELECT pg_advisory_lock(1)", "refused", None), ("DELETE FROM t; COPY t TO STDOUT", "refused", None),
         ("DELETE FROM t; DO $$BEGIN COMMIT; END$$", "refused", None)])  # fmt: skip
    def test_each_goes_through_the_gate(self, api, cluster, db, script, type_, message):
        error = api.error(sql=script)
        assert error["type"] == type_ and (message is None or error["message"] == message)
        assert cluster.psql("SELECT count(*) FROM t", db=db) == "0"

    def test_have_no_parameters(self, api):
        api.refuses({"sql": "DELETE FROM t WHERE id = $1; DELETE FROM t", "params": [1]}, "invalid_request",
                    '"params" does not go with several statements', "send them one by one, or the values in the statements")  # fmt: skip

    def test_are_for_mutate_alone(self, api):
        for request in ({"query": "SELECT 1; SELECT 2"}, {"operation": "execute_query", "query": "DELETE FROM t; DELETE FROM t"},
                        {"operation": "execute_query", "query": "DELETE FROM t; DELETE FROM t", "return_dict": False}):  # fmt: skip
            assert "there is more than one statement" in json.dumps(api.call(request))
        assert api.error(sql="DELETE FROM t; DELETE FROM t", read_only=True)["type"] == "refused"

    def test_without_the_option_there_is_one_statement(self, cluster, db):
        with SqlApi(cluster.url(db=db), mutations="yes") as strict:
            strict.refuses({"sql": INSERTS}, "invalid_request", "there is more than one statement", "send one statement a request")
        with SqlApi(cluster.url(db=db), scripts="yes", ddl="yes") as reader:
            for sql in (INSERTS, "DROP TABLE t"):
                assert reader.error(sql=sql)["type"] == "refused"

    def test_of_six_megabytes(self, api, cluster, db):
        script = "".join(f"INSERT INTO t VALUES ({i}, '{'x' * 118_000}');" for i in range(50))
        assert 5_900_000 < len(script) < 6_000_000
        assert api.ask(sql=script)["affected_rows"] == 50
        assert cluster.psql("SELECT sum(length(name)) FROM t", db=db) == str(50 * 118_000)

    def test_of_a_million_values_is_refused_before_it_is_sent(self, api):
        error = api.error(sql="SELECT " + "1," * 500_001 + "1")
        assert error["message"] == "the statement has more than 1000000 words, values and signs"


class TestDefinitions:
    def test_are_made_and_recorded(self, api, cluster, db, audit):
        for sql in ("ALTER TABLE t ADD COLUMN at timestamptz", "CREATE UNIQUE INDEX i ON t (name)", "COMMENT ON TABLE t IS 'x'",
                    "CREATE OR REPLACE VIEW v AS SELECT 1 AS one", "CREATE MATERIALIZED VIEW m AS SELECT 1 AS one",
                    "CREATE TABLE copy AS SELECT * FROM t", "CREATE SCHEMA s", "CREATE TYPE mood AS ENUM ('sad')",
                    "ALTER TYPE mood RENAME TO moods", "DROP TABLE copy", "TRUNCATE t", "DROP VIEW v"):  # fmt: skip
            assert api.ask(sql=sql) == {"affected_rows": None}, sql
        assert cluster.psql("SELECT count(*) FROM information_schema.columns WHERE table_name = 't'", db=db) == "3"
        assert [(r["kind"], r["stage"]) for r in records(audit)][:2] == [("alter", "executed"), ("alter", "committed")]

    @pytest.mark.parametrize(
        "sql", ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE OR REPLACE PROCEDURE p() LANGUAGE sql AS ''",
                "CREATE TRIGGER x AFTER INSERT ON t EXECUTE FUNCTION f()", "CREATE EXTENSION dblink", "CREATE ROLE x", "ALTER ROLE owner SUPERUSER",
                "DROP ROLE owner", "GRANT ALL ON t TO PUBLIC", "ALTER SYSTEM SET work_mem = '1MB'", "CREATE TEMP TABLE x (a int)",
                "CREATE DATABASE x", "DROP DATABASE x", "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p", "CREATE SERVER s FOREIGN DATA WRAPPER w",
                "COMMENT ON ROLE owner IS 'x'", "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC", "CREATE USER MAPPING FOR x SERVER y",
                "CREATE POLICY p ON t", "SET x = 1", "COPY t FROM STDIN", "VACUUM t", "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()",
                "ALTER FUNCTION f() OWNER TO x", "CREATE RULE r AS ON INSERT TO t DO NOTHING", "CREATE", "DROP OWNED BY owner",
                "REASSIGN OWNED BY a TO b", "CREATE FOREIGN DATA WRAPPER w"])  # fmt: skip
    def test_of_code_roles_and_the_like_are_refused(self, api, sql):
        assert (api.error(sql=sql)["type"], api.error(sql="DELETE FROM t; " + sql)["type"]) == ("refused", "refused")

    def test_only_as_a_mutation_and_only_with_the_option(self, api, cluster, db):
        for request in ({"query": "DROP TABLE t"}, {"operation": "execute_query", "query": "DROP TABLE t"},
                        {"operation": "execute_query", "query": "DROP TABLE t", "return_dict": False}):  # fmt: skip
            assert "DROP is not allowed here" in json.dumps(api.call(request))
        with SqlApi(cluster.url(db=db), mutations="yes", scripts="yes") as strict:
            assert strict.error(sql="ALTER TABLE t ADD x int")["message"] == "ALTER is not allowed here"
        assert cluster.psql("SELECT to_regclass('t') IS NOT NULL", db=db) == "t"

    def test_one_that_calls_what_no_rollback_takes_back(self, api):
        error = api.error(sql="ALTER TABLE t ADD COLUMN p boolean DEFAULT pg_terminate_backend(1)")
        assert error["type"] == "refused" and "pg_terminate_backend" in error["message"]

    def test_that_fails_changes_nothing(self, api, cluster, db, audit):
        error = api.error(sql="INSERT INTO t VALUES (1, 'a'); ALTER TABLE t ADD CONSTRAINT c CHECK (id > 5)")
        assert error["sqlstate"] == "23514"
        assert cluster.psql("SELECT count(*) FROM t", db=db) == "0"
        assert api.error(sql="CREATE INDEX CONCURRENTLY i ON t (id)")["sqlstate"] == "25001"
