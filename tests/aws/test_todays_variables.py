"""The night with the six variables of the function that did this job before, and nothing else: its
secret names a host that often only the SQL API's function can reach."""

import contextlib
import json
import socket

import pytest

from lambda_emulator import LambdaEmulator
from nightly import PASSWORD, Nightly
from postgres import Cluster
from program import run
from repository import Repository
from sql_api import SqlApi

SIX = {"SNS_TOPIC_ARN", "RDS_SECRET_ARN", "GITHUB_TOKEN_SECRET_ARN", "GITHUB_REPO", "REPORTS_BUCKET",
       "NOTIFY_ON_SUCCESS"}  # fmt: skip
HINT = ("set SQL_API_FUNCTION to the name of the function that reads this database{}; to be reached "
        "directly, its security group has to let this machine in")  # fmt: skip


@pytest.fixture(scope="module")
def cluster():
    with Cluster(tcp=True) as server:
        server.psql(f"CREATE ROLE drift LOGIN PASSWORD '{PASSWORD}' IN ROLE with_password")
        for database in ("app", "staging"):
            if database != "app":
                server.psql(f"CREATE DATABASE {database}")
            server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                        "INSERT INTO alembic_version VALUES ('b2');"
                        "GRANT SELECT ON alembic_version TO drift", db=database)  # fmt: skip
        yield server


@contextlib.contextmanager
def silent_port():
    """Takes connections and never says a word, as a security group's host looks to libpq."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


class Today(Nightly):
    """`port`: of the host that the secret names."""

    def __init__(self, aws, folder, github, port, password=PASSWORD):
        super().__init__(aws, folder, github=github, database={
            "username": "drift", "password": password, "host": "127.0.0.1", "port": port, "dbname": "app"})  # fmt: skip

    def environment(self, principal=None, door=None):
        env = super().environment(principal, door) | {"NOTIFY_ON_SUCCESS": "false"}
        del env["SCHEMA_DRIFT_TARGET"]
        ours = set(env) - set(self.aws.environment(principal)) - set(self.github.environment)
        assert ours - {"HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"} == SIX
        return env

    def night(self, **more):
        self.aws.calls.clear()
        done = self.run(self.aws.user(self.policy), **more)
        self.invoked = sum(call.action == "lambda:InvokeFunction" for call in self.aws.calls)
        return done

    @property
    def target(self):
        return f"{self.prefix}-database"


@pytest.fixture
def today(aws, tmp_path, github):
    with contextlib.ExitStack() as held:

        def with_port(port, **more):
            if port is None:
                port = held.enter_context(silent_port())
            return Today(aws, tmp_path, github, port, **more)

        yield with_port


@pytest.fixture
def closed():
    """A port that refuses."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def warning(why, port):
    return (f"production could not be reached directly (cannot connect to app on 127.0.0.1:{port}: {why}), so "
            "lambda:sql-api was asked, whose database has the same name and the same address; set "
            "SQL_API_FUNCTION=sql-api to ask it at once")  # fmt: skip


def test_a_host_that_answers_is_asked_itself(today, cluster):
    night = today(cluster.port)
    done = night.night()
    assert (done.returncode, done.report["status"], done.report["target"]) == (1, "behind", night.target)
    assert night.invoked == 0
    assert not [w for w in done.report["warnings"] if "SQL_API_FUNCTION" in w]


def test_where_the_host_refuses_the_function_is_asked_and_the_report_says_so(aws, today, cluster, closed):
    aws.function("sql-api", SqlApi(cluster, "app", tcp=True))
    night = today(closed)
    done = night.night()
    assert (done.returncode, done.report["status"], done.report["target"]) == (1, "behind", night.target)
    assert done.report["production_version"] == "b2"
    assert warning("connection refused", closed) in done.report["warnings"]
    assert night.rights_used()[1] == set()
    assert len(night.alerts()) == 1


def test_where_the_host_is_silent_the_function_is_asked_too(aws, today, cluster):
    aws.function("sql-api", SqlApi(cluster, "app", tcp=True, rows="objects", envelope="text"))
    done = today(None).night(PGCONNECT_TIMEOUT="2")
    assert (done.returncode, done.report["status"]) == (1, "behind")
    assert [w for w in done.report["warnings"] if w.startswith("production could not be reached directly")]


def test_a_function_that_may_read_another_database_is_not_believed(aws, today, cluster, closed):
    """What it says would be taken for production's, and might even be `synced`."""
    for answer, tried in [
        (SqlApi(cluster, "staging", tcp=True), "it reads the database staging, not app"),
        (SqlApi(cluster, "app"), "it does not say which server it reads"),
        ([{"columns": ["database", "address"], "rows": [["app", "10.0.9.9"]], "row_count": 1}],
         "it reads a server at 10.0.9.9, and the secret's host is at 127.0.0.1"),
    ]:  # fmt: skip
        aws.function("sql-api", answer)
        night = today(closed)
        done = night.night()
        failure = done.report["failure"]
        assert (done.returncode, done.report["status"], failure["kind"]) == (2, "error", "connection_failed")
        assert failure["message"] == f"cannot connect to app on 127.0.0.1:{closed}: connection refused"
        assert failure["hint"] == HINT.format(f" (sql-api was asked: {tried})")
        assert PASSWORD not in done.stdout + done.stderr


def test_without_the_function_or_the_right_the_variable_is_named(aws, today, closed):
    aws.functions.clear()
    night = today(closed)
    hint = night.night().report["failure"]["hint"]
    assert hint.startswith("set SQL_API_FUNCTION to the name of the function that reads this database (sql-api was asked: "
                           "lambda:InvokeFunction on ")  # fmt: skip
    assert "Function not found" in hint
    night.policy = night.without("AskSqlApi")
    hint = night.night().report["failure"]["hint"]
    assert "was denied" in hint and "set SQL_API_FUNCTION" in hint


def test_a_server_that_refuses_us_has_answered(aws, today, cluster):
    aws.function("sql-api", SqlApi(cluster, "app", tcp=True))
    night = today(cluster.port, password="an older one")
    done = night.night()
    assert done.report["failure"]["kind"] == "database_authentication_failed"
    assert night.invoked == 0


@pytest.mark.parametrize("name", ["sql-api-of-today", "lambda:sql-api-of-today", "ARN"])
def test_the_variable_leads_to_the_function_at_once(aws, today, cluster, name):
    aws.function("sql-api-of-today", SqlApi(cluster, "app"))
    night = today(None)
    (ask,) = [s for s in night.policy["Statement"] if s["Sid"] == "AskSqlApi"]
    ask["Resource"] += "-of-today"
    if name == "ARN":
        name = ask["Resource"]
    done = night.night(SQL_API_FUNCTION=name)
    assert (done.returncode, done.report["status"], done.report["target"]) == (1, "behind", night.target)
    assert not [w for w in done.report["warnings"] if "SQL_API_FUNCTION" in w]
    assert "secretsmanager:GetSecretValue" not in {
        call.action for call in aws.calls if "database" in call.resource}  # fmt: skip


def test_neither_a_recreated_secret_nor_the_variable_begins_a_new_history(aws, today, cluster, closed):
    aws.function("sql-api", SqlApi(cluster, "app", tcp=True))
    night = today(closed)
    first = night.night().report
    manager, old = aws.admin("secretsmanager"), night.database_secret
    value = manager.get_secret_value(SecretId=old)["SecretString"]
    manager.delete_secret(SecretId=old, ForceDeleteWithoutRecovery=True)
    night.database_secret = aws.secret(f"{night.prefix}/database", value)
    assert night.database_secret != old
    night.policy = json.loads(json.dumps(night.policy).replace(old, night.database_secret))
    second = night.night().report
    third = night.night(SQL_API_FUNCTION="sql-api").report
    assert {r["target"] for r in (first, second, third)} == {night.target}
    assert [r["sequence"] for r in (first, second, third)] == [1, 2, 3]
    assert [r["alert"]["kind"] for r in (first, second, third)] == ["first_drift", "drift_unchanged", "drift_unchanged"]


def test_in_lambda_the_six_variables_are_enough(aws, today, cluster, closed):
    """No HOME and no XDG folders there: what the function before needed is all that it has."""
    aws.function("sql-api", SqlApi(cluster, "app", tcp=True))
    night = today(closed)
    env = night.environment(aws.principals.session("schema-drift", [night.policy]))
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        del env[name]
    with LambdaEmulator([], env | {"_HANDLER": "check"}) as function:
        answered = function.invoke({})
    assert answered.function_error == "", answered.payload
    body = answered.json["body"]
    assert (body["status"], body["target"], body["production_version"]) == ("behind", night.target, "b2")


def test_a_question_names_the_variable_and_a_served_sql_api_is_not_its_own_client(aws, today, cluster, closed):
    night = today(closed)
    env = night.environment(aws.user(night.policy))
    done = run("query", "SELECT 1", env=env)
    assert done.returncode == 2
    assert HINT.format("") in done.stderr
    aws.function("sql-api", SqlApi(cluster, "app"))
    assert run("query", "SELECT 1 AS one", "--format", "csv", env=env | {"SQL_API_FUNCTION": "sql-api"}).stdout == "one\n1\n"
    with LambdaEmulator(["sql-api"], env | {"SQL_API_FUNCTION": "sql-api"}) as function:
        answered = function.invoke({"query": "SELECT 1"})
    assert "cannot connect to app on 127.0.0.1" in json.dumps(answered.json)


def test_what_is_pending_and_the_doctor_go_the_same_way(aws, today, cluster, closed, tmp_path):
    aws.function("sql-api", SqlApi(cluster, "app", tcp=True))
    night = today(closed)
    env = night.environment(aws.user(night.policy))
    done = run("pending", "--format", "json", env=env)
    assert (done.returncode, json.loads(done.stdout)["production_version"]) == (1, "b2")
    rows = json.loads(run("doctor", "--format", "json", env=env).stdout)["checks"]
    (database,) = [row for row in rows if row["check"] == "database"]
    assert (database["about"], database["state"]) == (night.target, "warn")
    assert database["seen"].startswith("lambda:sql-api, ")
    assert database["action"] == "set SQL_API_FUNCTION=sql-api to ask it at once"


def test_a_name_that_is_none_is_refused(aws, today, closed):
    night = today(closed)
    done = run("doctor", env=night.environment(aws.user(night.policy)) | {"SQL_API_FUNCTION": "sql api"})
    assert done.returncode == 64
    assert "the database location lambda:sql api names no Lambda function" in done.stdout + done.stderr
