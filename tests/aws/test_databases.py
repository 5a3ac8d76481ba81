"""Where --database may lead: the SQL API, secrets, parameters and RDS tokens, to a real PostgreSQL."""

import itertools
import json

import pytest

from operations import ACCOUNT
from postgres import Authority, Cluster
from program import check, run
from rds import RESOURCE, RdsWithIam
from repository import Repository
from service_rules import FunctionError
from sql_api import SqlApi

PASSWORD = "p@ss'w\\o rd/%canary"
RDS_HOST = "app.cluster-abc.eu-central-1.rds.amazonaws.com"
# A server on loopback has no certificate; a real one must show one.
PLAIN = {"PGSSLMODE": "prefer"}

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return Repository(tmp_path_factory.mktemp("code")).chain("a1", "b2", "c3").folder


@pytest.fixture(scope="module")
def cluster():
    with Cluster(tcp=True) as server:
        quoted = PASSWORD.replace("'", "''")
        server.psql(f"CREATE ROLE drift LOGIN PASSWORD '{quoted}' IN ROLE with_password;"
                    "CREATE ROLE token_user LOGIN; CREATE ROLE stranger LOGIN;"
                    "CREATE ROLE hasty LOGIN; ALTER ROLE hasty SET lock_timeout = '200ms'")  # fmt: skip
        server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                    "INSERT INTO alembic_version VALUES ('b2');"
                    "GRANT SELECT ON alembic_version TO drift, token_user, hasty", db="app")  # fmt: skip
        for name in ("unversioned", "fresh"):
            server.psql(f"CREATE DATABASE {name}")
        server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)", db="fresh")
        yield server


@pytest.fixture
def compare(aws, chain):
    """(exit code, report) of one target, as a user who may do everything that reading takes."""

    def one(*words, **env):
        user = aws.user({"Version": "2012-10-17", "Statement": [
            {"Sid": "Read", "Effect": "Allow", "Resource": "*", "Action": [
                "lambda:InvokeFunction", "secretsmanager:GetSecretValue",
                "ssm:GetParametersByPath"]}]})  # fmt: skip
        return check("--repository", chain, *words, env=aws.environment(user) | env)

    return one


def failed(outcome):
    """The failure of a run that could not tell; nothing that it says holds a secret."""
    code, report = outcome
    assert (code, report["status"], report["drift_detected"]) == (2, "error", None)
    assert "canary" not in json.dumps(report)
    return report["failure"]


# --- the SQL API ------------------------------------------------------------------------------


@pytest.mark.parametrize("envelope", ["bare", "object", "text"])
@pytest.mark.parametrize("rows", ["lists", "objects"])
def test_every_envelope_is_read_with_two_invocations(aws, cluster, compare, envelope, rows):
    function = aws.function("sql-api", SqlApi(cluster, "app", envelope=envelope, rows=rows))
    code, report = compare("--database", "lambda:sql-api")
    assert (code, report["status"]) == (1, "behind")
    assert report["production_versions"] == ["b2"]
    assert [revision["revision"] for revision in report["pending"]] == ["c3"]
    assert report["production"]["database"] == "lambda:sql-api"
    assert report["production"]["version_table"] == "public.alembic_version"
    # What only our own function tells is not asked of another: it may count that as its error.
    assert [set(payload) for payload in function.payloads] == [{"query"}, {"query"}]
    assert all(payload["query"].startswith("SELECT ") for payload in function.payloads)
    assert set(report["schema"]["health"]["coverage"].values()) == {
        "not checked: lambda:sql-api answers as another SQL API than schema-drift's, which alone tells the health of a schema"}


def test_objects_with_sorted_keys_and_without_columns_are_read(aws, cluster, compare):
    inner = SqlApi(cluster, "app", rows="objects")

    def answer(payload):
        return {"rows": [dict(sorted(row.items())) for row in inner(payload)["rows"]]}

    aws.function("sql-api", answer)
    code, report = compare("--database", "lambda:sql-api")
    assert (code, report["production_versions"]) == (1, ["b2"])


def test_a_function_is_found_by_its_arn_and_qualifier(aws, cluster, compare):
    aws.function("sql-api", SqlApi(cluster, "app"), qualifier="live")
    arn = f"arn:aws:lambda:{aws.region}:{ACCOUNT}:function:sql-api:live"
    code, report = compare("--database", arn)
    assert (code, report["status"], report["production"]["database"]) == (1, "behind", arn)
    assert compare("--database", "lambda:sql-api:live")[0] == 1


@pytest.mark.parametrize("envelope", ["bare", "text"])
@pytest.mark.parametrize("errors", ["text", "object", "status"])
def test_a_missing_table_and_an_empty_one_are_told_apart(aws, cluster, compare, envelope, errors):
    for database, reason, invocations in (("unversioned", "table_missing", 1), ("fresh", "table_empty", 3)):
        function = aws.function("sql-api", SqlApi(cluster, database, envelope=envelope, errors=errors))
        code, report = compare("--database", "lambda:sql-api")
        assert (code, report["status"], report["reason"]) == (1, "unversioned", reason)
        assert len([payload for payload in function.payloads if "query" in payload]) == invocations


@pytest.mark.parametrize("errors", ["text", "object", "status"])
def test_a_missing_right_is_told_with_the_grant_that_mends_it(aws, cluster, compare, errors):
    aws.function("sql-api", SqlApi(cluster, "app", user="stranger", errors=errors))
    failure = failed(compare("--database", "lambda:sql-api"))
    assert failure["kind"] == "permission_denied"
    assert failure["message"] == "role stranger may not read public.alembic_version"
    assert failure["hint"] == "GRANT SELECT ON public.alembic_version TO stranger"


@pytest.mark.parametrize("errors, kind", [("object", "timed_out"), ("status", "timed_out"), ("text", "sql_failed")])
def test_a_locked_table_is_told_by_its_sqlstate(aws, cluster, compare, errors, kind):
    aws.function("sql-api", SqlApi(cluster, "app", user="hasty", errors=errors))
    with cluster.session() as migration:
        migration.ask("BEGIN; LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        failure = failed(compare("--database", "lambda:sql-api"))
    assert failure["kind"] == kind
    if kind == "timed_out":
        assert failure["message"] == "public.alembic_version is locked by another session"
    else:
        assert "canceling statement due to lock timeout" in failure["message"]


def test_odd_table_names_reach_the_server_as_they_are(aws, cluster, compare):
    name = "o'dd \"table\\ %s :x"
    quoted = name.replace('"', '""')
    cluster.psql(f'CREATE TABLE "{quoted}" (version_num text); INSERT INTO "{quoted}" VALUES (\'c3\')', db="app")
    try:
        aws.function("sql-api", SqlApi(cluster, "app"))
        code, report = compare("--database", "lambda:sql-api", "--version-table", name)
    finally:
        cluster.psql(f'DROP TABLE "{quoted}"', db="app")
    assert (code, report["status"]) == (0, "synced")


@pytest.mark.parametrize("answer, message", [
    ({"columns": ["version_num"], "rows": []}, "the catalog's answer has an unexpected shape"),
    ({"columns": ["version_num"], "rows": [["c3"]]}, "the catalog's answer has an unexpected shape"),
    ({}, "lambda:sql-api: the SQL API answered an empty object where rows should be"),
    ({"statusCode": 200, "body": "{}"},
     "lambda:sql-api: the SQL API answered an empty object where rows should be"),
    (None, "lambda:sql-api: the SQL API answered a text that is null, not an object"),
    (b"", "lambda:sql-api: the SQL API answered nothing"),
    (b"\xff{}", "lambda:sql-api: the SQL API answered a text that is not JSON (at byte 1)"),
    ({"statusCode": 401, "body": {"message": "token canary"}}, "reading the catalog of lambda:sql-api failed: status 401: token canary"),
])  # fmt: skip
def test_an_answer_that_tells_nothing_is_never_a_verdict(aws, compare, answer, message):
    aws.function("sql-api", [answer])
    code, report = compare("--database", "lambda:sql-api")
    assert (code, report["status"]) == (2, "error")
    assert report["failure"]["message"] == message


@pytest.mark.parametrize("spoil", [
    lambda answer: answer | {"rows": answer["rows"][:-1]},
    lambda answer: answer | {"truncated": True},
    lambda answer: answer | {"row_count": answer["row_count"] + 1},
    lambda answer: answer | {"rows": None},
    lambda answer: {"statusCode": 500, "body": answer},
    lambda answer: answer | {"success": False},
])  # fmt: skip
def test_rows_that_were_cut_off_are_never_a_verdict(aws, cluster, compare, spoil):
    inner = SqlApi(cluster, "app")
    calls = []

    def answer(payload):
        calls.append(payload)
        whole = inner(payload)
        return whole if len(calls) == 1 else spoil(whole)

    aws.function("sql-api", answer)
    assert failed(compare("--database", "lambda:sql-api"))["kind"] in ("sql_api_failed", "sql_failed")
    assert len(calls) == 2


def test_a_function_that_fails_tells_why_with_the_end_of_its_log(aws, compare):
    aws.function("sql-api", [FunctionError({
        "errorType": "OperationalError",
        "errorMessage": "could not connect: host=db password=canary dbname=app\n"})],
        log="START RequestId: 1 Version: $LATEST\nasking secret\n[ERROR] OperationalError: "
            "{'password': 'canary'}\rTraceback (most recent call last):\nEND RequestId: 1\n")  # fmt: skip
    failure = failed(compare("--database", "lambda:sql-api"))
    assert failure["kind"] == "sql_api_failed"
    assert failure["message"] == (
        "lambda:sql-api failed (Unhandled): OperationalError: could not connect: host=db password=*** "
        "dbname=app; its log ends: asking secret | [ERROR] OperationalError: {'password': ***} | "
        "Traceback (most recent call last):")  # fmt: skip
    assert failure["hint"] == (
        "the function's log group in CloudWatch tells more; a function that cannot connect often "
        "lacks its secret or its network")  # fmt: skip


def test_a_function_that_runs_out_of_time_is_told(aws, compare):
    function = aws.function("sql-api", [FunctionError(
        {"errorMessage": "2026-11-20T03:00:05.005Z 1 Task timed out after 3.00 seconds"})], log="")  # fmt: skip
    failure = failed(compare("--database", "lambda:sql-api"))
    assert "Task timed out after 3.00 seconds" in failure["message"]
    assert failure["hint"] == (
        "the database may not answer the function: look at its security group and its connections, "
        "or raise the function's timeout")  # fmt: skip
    assert len(function.payloads) == 1


# --- secrets ----------------------------------------------------------------------------------


def secret_of(aws, value):
    text = value if isinstance(value, str) else json.dumps(value)
    return aws.secret(f"prod/database-{next(_numbers)}", text)


def connection(cluster, **more):
    return {"username": "drift", "password": PASSWORD, "host": "127.0.0.1", "port": cluster.port,
            "dbname": "app", "engine": "postgres"} | more  # fmt: skip


def test_a_secret_leads_to_the_database(aws, cluster, compare):
    code, report = compare("--database", secret_of(aws, connection(cluster)), **PLAIN)
    assert (code, report["status"], report["production_versions"]) == (1, "behind", ["b2"])
    assert report["production"]["database"] == f"app on 127.0.0.1:{cluster.port}"


def test_a_secret_whose_password_is_old_says_so(aws, cluster, compare):
    secret = secret_of(aws, connection(cluster, password="old-canary"))
    failure = failed(compare("--database", secret, **PLAIN))
    assert failure["kind"] == "database_authentication_failed"
    assert 'password authentication failed for user "drift"' in failure["message"]
    assert failure["hint"] == (
        f"check username and password in {secret}: the secret may have been rotated without the "
        "database, or the other way round")  # fmt: skip


@pytest.mark.parametrize("value, message", [
    ({"username": "drift", "password": "canary"},
     "there is no host, no dbname in the secret {secret}, which has the keys username, password"),
    ("just-a-canary", "the secret {secret} is not JSON (at byte 1)"),
    ("[1]", "the secret {secret} is a list of 1, not a JSON object"),
    ({"engine": "mysql", "host": "canary"},
     "the engine in the secret {secret}, which has the keys engine, host is mysql, not PostgreSQL"),
])  # fmt: skip
def test_a_secret_that_tells_too_little_names_its_keys(aws, compare, value, message):
    secret = secret_of(aws, value)
    failure = failed(compare("--database", secret))
    assert failure["kind"] == "configuration"
    assert failure["message"] == message.format(secret=secret)


# --- parameters -------------------------------------------------------------------------------


def parameters_of(aws, **values):
    path = f"/experimentation/prod-{next(_numbers)}/database"
    aws.parameters(path, **{name.replace("_", "-"): str(value) for name, value in values.items()})
    return path


def test_parameters_and_their_secret_lead_to_the_database(aws, cluster, compare):
    secret = secret_of(aws, {"username": "drift", "password": PASSWORD})
    path = parameters_of(aws, writer_endpoint="127.0.0.1", reader_endpoint="nowhere.example.com",
                         port=cluster.port, db_name="app", secret_arn=secret)  # fmt: skip
    code, report = compare("--database", f"ssm:{path}", **PLAIN)
    assert (code, report["status"]) == (1, "behind")
    assert not any("lag" in warning for warning in report["warnings"])
    assert [call.action for call in aws.calls] == ["ssm:GetParametersByPath", "secretsmanager:GetSecretValue"]


def test_a_reader_endpoint_that_stands_alone_is_used_with_a_warning(aws, cluster, compare):
    secret = secret_of(aws, {"username": "drift", "password": PASSWORD})
    path = parameters_of(aws, reader_endpoint=f"127.0.0.1:{cluster.port}", database="app", secretArn=secret)
    code, report = compare("--database", f"ssm:{path}", **PLAIN)
    assert (code, report["status"]) == (1, "behind")
    assert "read through the reader endpoint 127.0.0.1, which may lag behind the writer" in report["warnings"]


def test_parameters_that_are_not_there_are_told(aws, compare):
    failure = failed(compare("--database", "ssm:/nowhere/at/all"))
    assert (failure["kind"], failure["message"]) == (
        "configuration", "there are no parameters under /nowhere/at/all")  # fmt: skip


def test_parameters_that_tell_too_little_are_named(aws, compare):
    path = parameters_of(aws, port=5432, user="canary")
    failure = failed(compare("--database", f"ssm:{path}"))
    assert failure["message"] == (
        f"there is no host, no password, no dbname in the parameters under {path}, which are port, user")  # fmt: skip


# --- IAM authentication -----------------------------------------------------------------------


def connect_policy(region):
    return {"Version": "2012-10-17", "Statement": [
        {"Sid": "Connect", "Effect": "Allow", "Action": "rds-db:connect",
         "Resource": f"arn:aws:rds-db:{region}:{ACCOUNT}:dbuser:{RESOURCE}/token_user"}]}  # fmt: skip


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def rds(aws, cluster, authority):
    with RdsWithIam(cluster, aws.principals, authority.issue(RDS_HOST, "localhost"), aws.region) as server:
        yield server


@pytest.fixture
def with_token(aws, chain, authority, rds):
    def one(*words, policy=connect_policy(aws.region), session=False, **env):
        who = aws.principals.session("nightly", [policy]) if session else aws.user(policy)
        variables = aws.environment(who) | {"PGSSLROOTCERT": str(authority.file)} | env
        return check("--repository", chain, "--auth", "iam", *words,
                     env={name: value for name, value in variables.items() if value is not None})  # fmt: skip

    return one


def test_a_token_opens_the_database_and_the_host_names_its_region(rds, with_token):
    url = f"postgresql://token_user@{RDS_HOST}:{rds.port}/app?hostaddr=127.0.0.1"
    code, report = with_token("--database", url, AWS_REGION=None)
    assert rds.attempts == [{"user": "token_user", "host": f"{RDS_HOST}:{rds.port}", "why": None}]
    assert (code, report["status"], report["production_versions"]) == (1, "behind", ["b2"])
    assert report["warnings"] == []


def test_the_token_of_a_session_carries_the_session(rds, with_token):
    url = f"postgresql://token_user@localhost:{rds.port}/app"
    assert with_token("--database", url, session=True)[0] == 1
    assert [attempt["why"] for attempt in rds.attempts] == [None]


def test_proxy_endpoint_region_and_database_come_from_the_environment(rds, with_token):
    code, report = with_token(PROXY_ENDPOINT=f"localhost:{rds.port}", DB_REGION="eu-central-1", DB_NAME="app",
                              PGUSER="token_user", AWS_REGION=None)  # fmt: skip
    assert (code, report["status"]) == (1, "behind")
    assert rds.attempts[0]["why"] is None


def test_a_token_for_another_region_opens_nothing(rds, with_token):
    url = f"postgresql://token_user@localhost:{rds.port}/app"
    assert failed(with_token("--database", url, DB_REGION="us-east-1"))["stage"] == "production"
    assert [attempt["why"] for attempt in rds.attempts] == ["signed for rds-db in us-east-1: ['host']"]


def test_without_the_right_to_connect_the_hint_names_it(aws, rds, with_token):
    nothing = {"Version": "2012-10-17", "Statement": []}
    url = f"postgresql://token_user@localhost:{rds.port}/app"
    failure = failed(with_token("--database", url, policy=nothing))
    assert [attempt["why"] for attempt in rds.attempts] == ["denied"]
    assert failure["kind"] == "database_authentication_failed"
    assert 'PAM authentication failed for user "token_user"' in failure["message"]
    assert failure["hint"] == (
        "allow rds-db:connect on arn:aws:rds-db:eu-central-1:ACCOUNT:dbuser:RESOURCE/token_user to "
        "environment, and GRANT rds_iam TO token_user in the database")  # fmt: skip


def test_a_token_is_never_sent_without_tls(aws, chain, rds, with_token):
    url = f"postgresql://token_user@localhost:{rds.port}/app?sslmode=disable"
    failure = failed(with_token("--database", url))
    assert failure["message"] == "--auth iam needs TLS, and the database URL asks for sslmode=disable"
    # Nor to a server that shows a certificate of somebody else, though it stands on loopback.
    failure = failed(with_token("--database", f"postgresql://token_user@127.0.0.1:{rds.port}/app"))
    assert failure["kind"] == "tls_failed"
    assert (rds.attempts, rds.plain) == ([], 0)


def test_parameters_and_a_token_need_no_secret(aws, rds, with_token):
    path = parameters_of(aws, endpoint=f"localhost:{rds.port}", db_name="app", username="token_user",
                         secret_arn="arn:aws:secretsmanager:eu-central-1:123456789012:secret:never-read")  # fmt: skip
    policy = connect_policy(aws.region)
    policy["Statement"].append({"Sid": "Read", "Effect": "Allow", "Action": "ssm:GetParametersByPath",
                                "Resource": "*"})  # fmt: skip
    code, report = with_token("--database", f"ssm:{path}", policy=policy)
    assert (code, report["status"]) == (1, "behind")
    assert [call.action for call in aws.calls] == ["ssm:GetParametersByPath"]


def test_a_function_takes_no_token(aws, chain):
    done = run("check", "--repository", chain, "--auth", "iam", "--database", "lambda:sql-api",
               "--format", "json", env=aws.environment(aws.user()))  # fmt: skip
    assert done.returncode in (2, 64)
    assert "--auth iam is for a database that is reached directly" in done.stdout + done.stderr
    assert aws.calls == []
