"""`schema snapshot` and `schema diff` through the SQL API's function."""

import json

import pytest

from lambda_emulator import LambdaEmulator
from postgres import Cluster
from program import run
from sql_api import SqlApi


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as server:
        server.psql("CREATE TABLE orders (id integer PRIMARY KEY, note text);"
                    "CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('a1')", db="app")  # fmt: skip
        yield server


def test_a_snapshot_through_the_function_is_the_same_bytes(cluster):
    direct = run("schema", "snapshot", "--database", cluster.url(db="app"))
    with LambdaEmulator(["sql-api"], {"SCHEMA_DRIFT_DATABASE": cluster.url(db="app")}) as function:
        through = run("schema", "snapshot", "--database", "lambda:function", env=function.environment())
        assert (through.returncode, through.stderr) == (0, "")
        assert through.stdout == direct.stdout


def test_a_side_of_a_comparison_may_be_a_function(cluster, tmp_path):
    file = tmp_path / "ci.json"
    assert run("schema", "snapshot", "--database", cluster.url(db="app"), "-o", file).returncode == 0
    with LambdaEmulator(["sql-api"], {"SCHEMA_DRIFT_DATABASE": cluster.url(db="app")}) as function:
        done = run("schema", "diff", file, "lambda:function", env=function.environment())
        assert done.returncode == 0, done.stderr
        assert "live      lambda:function (PostgreSQL" in done.stdout
        cluster.psql("ALTER TABLE orders ADD COLUMN extra text", db="app")
        try:
            done = run("schema", "diff", file, "lambda:function", "--format", "json", env=function.environment())
            assert done.returncode == 1
            assert [f["name"] for f in json.loads(done.stdout)["findings"]] == ["extra"]
        finally:
            cluster.psql("ALTER TABLE orders DROP COLUMN extra", db="app")


INVOKE = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}]}  # fmt: skip


def test_another_sql_api_does_not_know_the_action(aws, cluster):
    aws.function("sql-api", SqlApi(cluster, "app"))
    done = run("schema", "snapshot", "--database", "lambda:sql-api", env=aws.environment(aws.user(INVOKE)))
    assert done.returncode == 2
    assert done.stderr == (
        'schema-drift: error: lambda:sql-api does not know the action "snapshot"\n'
        "  hint: schema-drift's own SQL API does, in this version: docs/sql-api.md; or give the database's own URL\n")  # fmt: skip


@pytest.mark.parametrize(
    "answer, says",
    [
        ({"rows": [[1]]}, "answered no snapshot: its answer is an object with the key rows"),
        ({"snapshot": "!", "page": 1, "pages": 1, "digest": "x"}, "answered no snapshot: a page is damaged"),
        ({"snapshot": "AAAA", "page": 1, "pages": 1, "digest": "x"}, "answered no snapshot: its digest does not match"),
        ({"snapshot": "AAAA", "page": 1, "pages": 1,
          "digest": "709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c"},
         "answered no snapshot: it is damaged"),
        ({"snapshot": "AAAA", "page": 1, "pages": 100000, "digest": "x"}, "answered no snapshot: a page is damaged"),
        ({"error": {"message": "out of order", "hint": "wait"}}, "out of order"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none(aws, answer, says):
    aws.function("strange", lambda payload: answer)
    done = run("schema", "snapshot", "--database", "lambda:strange", env=aws.environment(aws.user(INVOKE)))
    assert done.returncode == 2
    assert says in done.stderr, done.stderr
    assert ("hint: it must be schema-drift's own SQL API, of this version or a later one" in done.stderr) == (
        "answered no snapshot" in says), done.stderr  # fmt: skip
    assert done.stdout == ""
