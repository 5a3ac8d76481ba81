"""`schema snapshot` and `schema diff` through the SQL API's function."""

import json
import time

import pytest

from lambda_emulator import LambdaEmulator
from postgres import Cluster
from program import check, run
from repository import Repository
from schema import EVERY_KIND
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


@pytest.fixture(scope="module")
def everything():
    with Cluster() as server:
        server.psql("CREATE ROLE app_reader; CREATE ROLE app_writer")
        server.psql(EVERY_KIND, db="app")
        yield server


INVOKE = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}]}  # fmt: skip


@pytest.mark.parametrize("how", [{}, {"envelope": "text", "rows": "objects", "errors": "status"}])
def test_another_sql_api_is_asked_by_queries_and_gives_the_same_bytes(aws, everything, how):
    api = SqlApi(everything, "app", **how)
    asked = []

    def answer(payload):
        asked.append(payload)
        return api(payload)

    aws.function("sql-api", answer)
    done = run("schema", "snapshot", "--database", "lambda:sql-api", env=aws.environment(aws.user(INVOKE)))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == run("schema", "snapshot", "--database", everything.url(db="app")).stdout
    assert all(one["query"].lstrip().startswith("SELECT") for one in asked if "query" in one)


def test_what_another_sql_api_refuses_is_not_checked(aws, cluster):
    api = SqlApi(cluster, "app")

    def answer(payload):
        if "pg_get_viewdef" in payload.get("query", ""):
            return {"error": "pg_get_viewdef may not be called"}
        if "indnatts" in payload.get("query", ""):
            return {"rows": [], "columns": ["answer"], "truncated": True}
        return api(payload)

    aws.function("sql-api", answer)
    env = aws.environment(aws.user(INVOKE))
    done = run("schema", "snapshot", "--database", "lambda:sql-api", env=env)
    coverage = json.loads(done.stdout)["coverage"]
    assert coverage["view"] == coverage["materialized view"] == "not checked: pg_get_viewdef may not be called"
    assert coverage["index"].startswith("not checked: lambda:sql-api: the SQL API answered")
    assert coverage["table"] == coverage["column"] == "read"
    assert "view not checked: pg_get_viewdef may not be called" in done.stderr
    refused = run("schema", "record", "--database", "lambda:sql-api", "--expected", "/nonexistent", env=env)
    assert "was not read whole: index not checked" in refused.stderr


NOTHING = (
    'schema-drift: error: lambda:sql-api does not know the action "snapshot"; and lambda:sql-api cannot be asked '
    "for its catalog: {}\n"
    "  hint: schema-drift's own SQL API does, in this version: docs/sql-api.md; or give the database's own URL\n"
)


@pytest.mark.parametrize("refuse, says", [
    (lambda query: {"error": "function set_config is not allowed"} if "set_config" in query else None,
     "function set_config is not allowed"),
    (lambda query: {"rows": [["<table><row><j>{&quot;</j></row></table>"]]} if "set_config" in query else None,
     "it answered another thing"),
    (lambda query: {"rows": [['<table><row><j>{"path": "public", "rows": []}</j></row></table>']]}
     if "set_config" in query else None, "it lets no query set its search_path"),
])  # fmt: skip
def test_a_sql_api_that_answers_no_question_is_told_with_both_reasons(aws, cluster, refuse, says):
    api = SqlApi(cluster, "app")
    aws.function("sql-api", lambda payload: refuse(payload.get("query", "")) or api(payload))
    done = run("schema", "snapshot", "--database", "lambda:sql-api", env=aws.environment(aws.user(INVOKE)))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == NOTHING.format(says)


def test_a_catalog_that_moves_between_two_queries_is_read_again(aws, cluster):
    api = SqlApi(cluster, "app")
    moves = iter(["ALTER TABLE orders ADD COLUMN later text", "ALTER TABLE orders ALTER later SET DEFAULT 'x'"])

    def answer(payload):
        if "pg_get_constraintdef" in payload.get("query", ""):
            for statement in moves:
                cluster.psql(statement, db="app")
                break
        return api(payload)

    aws.function("sql-api", answer)
    try:
        done = run("schema", "snapshot", "--database", "lambda:sql-api", env=aws.environment(aws.user(INVOKE)))
        assert done.returncode == 0, done.stderr
        assert done.stdout == run("schema", "snapshot", "--database", cluster.url(db="app")).stdout
    finally:
        cluster.psql("ALTER TABLE orders DROP COLUMN later", db="app")


def test_many_objects_are_asked_for_in_parts(aws):
    with Cluster() as server:
        server.psql("".join(
            f"CREATE TABLE t{number} (id integer PRIMARY KEY, {', '.join(f'c{i} text' for i in range(40))});"
            for number in range(300)), db="app")  # fmt: skip
        api, most = SqlApi(server, "app"), []

        def answer(payload):
            got = api(payload)
            most.append(len(json.dumps(got)))
            return got

        aws.function("sql-api", answer)
        done = run("schema", "snapshot", "--database", "lambda:sql-api", env=aws.environment(aws.user(INVOKE)))
        assert done.stdout == run("schema", "snapshot", "--database", server.url(db="app")).stdout
        assert max(most) < 2_000_000


@pytest.mark.parametrize(
    "answer, says",
    [
        ({"rows": [[1]]}, "gives no snapshot: its answer is an object with the key rows"),
        ({"snapshot": 1, "digest": "x"}, "answered no snapshot: its answer is an object with the keys snapshot, digest"),
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


# --- check -------------------------------------------------------------------------------------


class Checked:
    """A repository whose head is a1, and what is recorded of its database."""

    def __init__(self, cluster, folder):
        self.cluster, self.place = cluster, folder / "schemas"
        self.repository = Repository(folder / "repository").chain("a1").folder
        assert self.record().returncode == 0

    def record(self):
        return run("schema", "record", "--database", self.cluster.url(db="app"), "--expected", self.place)

    def check(self, env, *words, database="lambda:function"):
        return check("--repository", self.repository, "--database", database,
                     "--schema-expected", self.place, *words, env=env)  # fmt: skip


@pytest.fixture
def checked(cluster, tmp_path):
    return Checked(cluster, tmp_path)


@pytest.fixture
def function(cluster):
    with LambdaEmulator(["sql-api"], {"SCHEMA_DRIFT_DATABASE": cluster.url(db="app")}) as emulator:
        yield emulator


@pytest.fixture
def drifted(cluster):
    cluster.psql("ALTER TABLE orders ADD COLUMN extra text", db="app")
    yield
    cluster.psql("ALTER TABLE orders DROP COLUMN extra", db="app")


def test_a_check_compares_the_schema_behind_the_function(checked, function):
    code, report = checked.check(function.environment())
    assert (code, report["status"], report["warnings"]) == (0, "synced", [])
    schema = report["schema"]
    assert schema["expected"]["from"] == "recorded" and schema["not_compared_because"] is None
    assert schema["coverage"]["column"] == "compared"
    assert report["not_checked"] == []
    assert report["stage_durations_ms"]["schema"] > 0
    assert set(schema["health"]["coverage"].values()) == {"read"}


def test_a_check_finds_the_same_drift_behind_the_function_as_over_libpq(checked, function, drifted, cluster):
    code, report = checked.check(function.environment())
    assert (code, report["status"]) == (1, "schema_drift")
    assert [(one["name"], one["state"]) for one in report["schema"]["differences"]] == [("extra", "unexpected")]
    _, direct = checked.check(None, database=cluster.url(db="app"))
    assert direct["schema"] == report["schema"]
    assert direct["findings"] == report["findings"]


def test_rules_hold_behind_the_function_too(checked, function, drifted, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text('[[ignore]]\nkind = "column"\nreason = "comes soon"\n')
    code, report = checked.check(function.environment(), "--schema-rules", rules)
    assert (code, report["status"], report["schema"]["counts"]["ignored"]) == (0, "synced", 1)


def test_nothing_recorded_is_said_before_the_function_is_asked(checked, function):
    (checked.place / "recorded/a1.json").unlink()
    code, report = checked.check(function.environment())
    assert (code, report["status"]) == (0, "synced")
    assert report["schema"]["not_compared_because"].startswith("nothing is recorded for 'a1'")


@pytest.mark.parametrize("health, coverage, count", [
    (None, "read", 1),  # our own
    ({"error": {"type": "invalid_request", "message": 'unknown action "health"'}},
     'not checked: lambda:sql-api does not know the action "health"', None),
    ({"error": "no"}, "not checked: lambda:sql-api does not tell the health of its schema: no", None),
    ({"rows": []}, "not checked: lambda:sql-api does not tell the health of its schema: "
                   "its answer is an object with the key rows", None),
    ({"health": {"coverage": "read"}}, "not checked: lambda:sql-api answered no health that is understood", None),
    ({"error": {"type": "sql_failed", "message": "it is broken"}}, "not checked: lambda:sql-api: it is broken", None),
])  # fmt: skip
def test_health_is_told_where_the_function_knows_it(aws, checked, cluster, function, health, coverage, count):
    def answer(payload):
        if payload.get("action") == "health" and health:
            return health
        return function.invoke(payload).json

    aws.function("sql-api", answer)
    cluster.psql("ALTER TABLE orders ADD CONSTRAINT later CHECK (id > 0) NOT VALID", db="app")
    try:
        code, report = check("--repository", checked.repository, "--database", "lambda:sql-api",
                             env=aws.environment(aws.user(INVOKE)))  # fmt: skip
    finally:
        cluster.psql("ALTER TABLE orders DROP CONSTRAINT later", db="app")
    assert (code, report["status"]) == (0, "synced")
    said = report["schema"]["health"]
    assert set(said["coverage"].values()) == {coverage}
    assert said["counts"].get("constraint_not_validated") == count
    assert len(said["findings"]) == (count or 0)


@pytest.mark.parametrize("snapshot, code, status, because", [
    ({"error": {"type": "invalid_request", "message": "unknown action \"snapshot\""}}, 0, "synced",
     'lambda:sql-api does not know the action "snapshot"'),
    ({"error": "no"}, 0, "synced", "lambda:sql-api gives no snapshot: no"),
    ({"error": {"type": "sql_failed", "message": "it is broken"}}, 2, "error", "lambda:sql-api: it is broken"),
    ({"snapshot": "AAAA", "page": 1, "pages": 1, "digest": "x"}, 2, "error",
     "lambda:sql-api answered no snapshot: its digest does not match"),
])  # fmt: skip
def test_what_gives_no_snapshot_is_not_compared_and_never_hidden(aws, checked, cluster, snapshot, code, status, because):
    api = SqlApi(cluster, "app")

    def answer(payload):
        if payload.get("action") == "snapshot":
            return snapshot
        return api(payload) if "version_num" in payload["query"] else {"error": "nothing else"}

    aws.function("sql-api", answer)
    got, report = checked.check(aws.environment(aws.user(INVOKE)), database="lambda:sql-api")
    assert (got, report["status"]) == (code, status)
    assert report["production_versions"] == ["a1"]
    assert because in report["schema"]["not_compared_because"]
    if code == 0:
        assert any(f"the schema was not compared: {because}" in one for one in report["warnings"])
        assert report["not_checked"][0].startswith("the tables, columns and indexes")
    else:
        assert report["failure"]["stage"] == "schema"
        assert report["failure"]["message"].startswith("the schema was not compared: " + because)


def test_a_snapshot_that_hangs_costs_nothing_that_is_said_of_the_rows(aws, checked, cluster):
    api = SqlApi(cluster, "app")
    aws.function("sql-api", lambda payload: time.sleep(6) if payload.get("action") == "snapshot" else api(payload))
    code, report = checked.check(aws.environment(aws.user(INVOKE)), "--timeout", "6", database="lambda:sql-api")
    assert (code, report["status"], report["failure"]["stage"]) == (2, "error", "schema")
    assert report["production_versions"] == ["a1"]


def test_rows_that_change_meanwhile_are_a_deploy(aws, checked, cluster):
    api = SqlApi(cluster, "app")
    with LambdaEmulator(["sql-api"], {"SCHEMA_DRIFT_DATABASE": cluster.url(db="app")}) as function:

        def answer(payload):
            if payload.get("action") == "snapshot":
                cluster.psql("UPDATE alembic_version SET version_num = 'b2'", db="app")
                return function.invoke(payload).json
            return api(payload)

        aws.function("sql-api", answer)
        try:
            code, report = checked.check(aws.environment(aws.user(INVOKE)), database="lambda:sql-api")
        finally:
            cluster.psql("UPDATE alembic_version SET version_num = 'a1'", db="app")
    assert (code, report["status"]) == (2, "error")
    assert "a deploy is in progress in lambda:sql-api: its version rows were 'a1' and are 'b2' now" in report["failure"]["message"]


@pytest.mark.parametrize("words", [["record"], ["accept", "app", "--reason", "as it is", "--target", "app"]])
def test_record_and_accept_take_a_function(checked, function, words, tmp_path):
    place = tmp_path / "other"
    done = run("schema", *words, "--database", "lambda:function", "--expected", place, env=function.environment())
    assert done.returncode == 0, done.stderr
    direct = run("schema", "snapshot", "--database", checked.cluster.url(db="app")).stdout
    assert direct in [path.read_text() for path in place.rglob("*.*")]
