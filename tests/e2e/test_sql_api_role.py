"""The role of docs/sql-api.md, made from the very SQL that stands there."""

import pathlib
import re

import pytest

from postgres import Cluster
from program import check
from repository import Repository
from sql_api_caller import SqlApi
from version_table_reader import read

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs/sql-api.md"


@pytest.fixture(scope="module")
def server():
    statements = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert len(statements) == 2
    with Cluster() as cluster:
        cluster.psql(
            "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('a1');"
            "CREATE TABLE secret (a int); CREATE SEQUENCE s; CREATE SCHEMA other; CREATE TABLE other.t (a int);"
            "CREATE VIEW v AS SELECT * FROM secret; CREATE MATERIALIZED VIEW m AS SELECT 1 AS one", db="app")  # fmt: skip
        for statement in statements:
            cluster.psql(statement, db="app")
        yield cluster


def url(server):
    return server.url(user="schema_drift")


class TestDetectorsRole:
    def test_check_works_with_it(self, server, tmp_path):
        repository = Repository(tmp_path).chain("a1").folder
        code, report = check("--repository", repository, "--database", url(server))
        assert (code, report["status"]) == (0, "synced")
        assert read(url(server)).rows == ["a1"]

    def test_handler_works_with_it(self, server):
        with SqlApi(url(server)) as api:
            assert api.rows("SELECT version_num FROM alembic_version") == [["a1"]]
            assert "public.alembic_version" in api.ask(action="tables")["tables"]
            assert api.ask(operation="health_check")["role"] == "schema_drift"

    def test_nothing_else_can_be_read(self, server):
        may = server.psql(
            "SELECT n.nspname || '.' || relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') "
            "AND CASE relkind WHEN 'S' THEN has_sequence_privilege('schema_drift', c.oid, 'USAGE, SELECT, UPDATE') "
            "ELSE has_table_privilege('schema_drift', c.oid, 'SELECT') OR has_any_column_privilege('schema_drift', c.oid, 'SELECT') END",
            db="app")  # fmt: skip
        assert may == "public.alembic_version"
        with SqlApi(url(server)) as api:
            for table in ("secret", "v", "m"):
                assert api.error(query=f"SELECT * FROM {table}")["sqlstate"] == "42501"
            assert api.error(query="SELECT * FROM other.t")["sqlstate"] == "42501"
            for secret in ("pg_authid", "pg_statistic", "pg_user_mapping", "pg_largeobject"):
                assert api.error(query=f"SELECT * FROM {secret}")["sqlstate"] == "42501"

    def test_nothing_can_be_written(self, server):
        rights = server.psql(
            "SELECT bool_or(has_table_privilege('schema_drift', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')),"
            " has_database_privilege('schema_drift', 'app', 'CREATE, TEMPORARY'),"
            " bool_or(has_schema_privilege('schema_drift', n.oid, 'CREATE')) "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'v', 'p', 'm', 'f') "
            "AND relname <> 'pg_settings'", db="app")  # fmt: skip
        assert rights == "f|f|f"
        # Even a change that the function lets through, in a transaction that may write.
        with SqlApi(url(server), mutations="yes") as api:
            for statement in ("INSERT INTO alembic_version VALUES ('b2')", "DELETE FROM alembic_version",
                              "UPDATE alembic_version SET version_num = 'b2'", "INSERT INTO secret VALUES (1)"):  # fmt: skip
                assert api.error(sql=statement)["sqlstate"] == "42501"
        for statement in ("CREATE TABLE loot (a int)", "CREATE TEMP TABLE loot (a int)", "CREATE SCHEMA loot"):
            with pytest.raises(RuntimeError, match="permission denied|read-only"):
                server.psql("SET default_transaction_read_only = off; " + statement, db="app", user="schema_drift")

    def test_it_is_no_member_of_anything(self, server):
        assert server.psql("SELECT count(*) FROM pg_auth_members WHERE member = 'schema_drift'::regrole") == "0"
        assert server.psql(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = 'schema_drift'"
        ) == "f|f|f|f|f"  # fmt: skip
