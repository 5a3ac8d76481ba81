"""Secrets planted in every place that credentials come from, and looked for in every place that
people read: standard output and error, reports, alerts, the spool, the cache.

A secret may be written in other letters than it was planted: in a URL, in JSON, in base64.
"""

import base64
import json
import os
import urllib.parse

import pytest

import faults
from echo import WRITINGS, Echo, leaks
from github import private_github
from nightly import Nightly
from postgres import Cluster
from principals import Principal
from service_rules import FunctionError
from sql_api import SqlApi

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
GIT_TOKEN = "ghp_CANARYgithub0123456789"
DATABASE_PASSWORD = 'CANARY-db/p@ss:wörd%41"\\'
SECRET_KEY = "CANARYsecret/key+0123456789abcdefghijklmn"
SESSION_TOKEN = "CANARYsession//token+0123456789=="
WEB_TOKEN = "CANARYweb.eyJhbGciOiJub25lIn0.identity"
AGENT_TOKEN = "CANARYagent-authorization"
EXTERNAL_ID = "CANARYexternal-id"


def test_a_canary_is_found_however_it_is_written():
    for text in (DATABASE_PASSWORD, f"u:{urllib.parse.quote(DATABASE_PASSWORD)}@h",
                 json.dumps({"p": DATABASE_PASSWORD}),
                 base64.b64encode(f"x-access-token:{DATABASE_PASSWORD}".encode()).decode()):  # fmt: skip
        assert leaks({"text": text}, [DATABASE_PASSWORD]) == [("text", DATABASE_PASSWORD)]
    assert leaks({"text": "nothing here"}, [DATABASE_PASSWORD]) == []


def everything_that_people_read(nightly, done):
    texts = {"stdout": done.stdout, "stderr": done.stderr}
    s3 = nightly.aws.admin("s3")
    for found in s3.list_objects_v2(Bucket=nightly.bucket).get("Contents", []):
        body = s3.get_object(Bucket=nightly.bucket, Key=found["Key"])["Body"].read()
        texts[f"s3 {found['Key']}"] = body.decode()
    for number, alert in enumerate(nightly.alerts()):
        texts[f"alert {number}"] = json.dumps(alert, ensure_ascii=False)
    for path in nightly.folder.rglob("*"):
        if path.is_file() and "planted" not in path.parts:
            texts[str(path)] = path.read_bytes().decode("utf-8", "replace")
    return texts


@pytest.fixture(scope="module")
def cluster():
    with Cluster(tcp=True) as server:
        quoted = DATABASE_PASSWORD.replace("'", "''")
        server.psql(f"CREATE ROLE drift LOGIN PASSWORD '{quoted}' IN ROLE with_password")
        server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                    "INSERT INTO alembic_version VALUES ('a1');"
                    "GRANT SELECT ON alembic_version TO drift", db="app")  # fmt: skip
        yield server


@pytest.fixture(scope="module")
def github(tmp_path_factory):
    with private_github(tmp_path_factory.mktemp("github"), GIT_TOKEN, "a1", "b2") as server:
        yield server


@pytest.fixture
def planted(tmp_path):
    folder = tmp_path / "planted"
    folder.mkdir()
    return folder


def static(aws, **more):
    """A user whose secret key is the canary."""
    user = aws.user(EVERYTHING)
    return aws.principals.add(Principal(user.arn, user.key_id, SECRET_KEY, user.documents, **more))


def session(aws):
    return static(aws, token=SESSION_TOKEN, expires=aws.now() + 3600)


def in_environment(aws, planted):
    return session(aws).environment()


def in_credentials_file(aws, planted):
    user = session(aws)
    (planted / "credentials").write_text(
        f"[night]\naws_access_key_id={user.key_id}\naws_secret_access_key={user.secret}\n"
        f"aws_session_token={user.token}\n")  # fmt: skip
    return {"AWS_PROFILE": "night", "AWS_SHARED_CREDENTIALS_FILE": str(planted / "credentials")}


def in_process(aws, planted):
    user = session(aws)
    (planted / "answer").write_text(json.dumps({
        "Version": 1, "AccessKeyId": user.key_id, "SecretAccessKey": user.secret,
        "SessionToken": user.token, "Expiration": "2099-01-01T00:00:00Z"}))  # fmt: skip
    (planted / "config").write_text(
        f"[profile night]\ncredential_process = /bin/cat {planted / 'answer'}\n")  # fmt: skip
    return {"AWS_PROFILE": "night", "AWS_CONFIG_FILE": str(planted / "config")}


def in_assumed_role(aws, planted):
    user = static(aws)
    role = aws.role("night", EVERYTHING, trust=[user.arn], external_id=EXTERNAL_ID)
    (planted / "config").write_text(
        f"[profile base]\naws_access_key_id={user.key_id}\naws_secret_access_key={user.secret}\n"
        f"[profile night]\nrole_arn={role}\nsource_profile=base\nexternal_id={EXTERNAL_ID}\n")  # fmt: skip
    return {"AWS_PROFILE": "night", "AWS_CONFIG_FILE": str(planted / "config")}


def in_web_identity(aws, planted):
    (planted / "token").write_text(WEB_TOKEN)
    role = aws.role("pod", EVERYTHING, web_identity_token=WEB_TOKEN)
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": str(planted / "token"), "AWS_ROLE_ARN": role}


def in_container(aws, planted):
    return aws.container(session(aws), AGENT_TOKEN)


def in_instance(aws, planted):
    return aws.instance(session(aws))


SOURCES = [in_environment, in_credentials_file, in_process, in_assumed_role, in_web_identity,
           in_container, in_instance]  # fmt: skip


def explode(payload):
    raise FunctionError({"errorType": "OperationalError", "errorMessage": "connection refused"})


def nothing(nightly):
    pass


def s3_denies(nightly):
    nightly.aws.fault("HTTP 403", "s3:PutObject")


def expired(nightly):
    for action in ("s3:PutObject", "sns:Publish", "secretsmanager:GetSecretValue", "lambda:InvokeFunction",
                   "sts:AssumeRoleWithWebIdentity", "sts:AssumeRole"):
        nightly.aws.fault("expired token", action)


def everything_is_malformed(nightly):
    for action in ("s3:PutObject", "sns:Publish", "secretsmanager:GetSecretValue", "lambda:InvokeFunction",
                   "sts:AssumeRoleWithWebIdentity", "sts:AssumeRole", "container:GetCredentials",
                   "imds:GetCredentials"):
        nightly.aws.fault(faults.MALFORMED, action)


def function_fails(nightly):
    nightly.aws.function("sql-api", explode, log=f"connecting with password {'x' * 8}\n")


def git_refuses(nightly):
    nightly.github.git.token = "another"


@pytest.mark.parametrize("trouble", [nothing, s3_denies, expired, everything_is_malformed, function_fails, git_refuses],
                         ids=lambda f: f.__name__)  # fmt: skip
@pytest.mark.parametrize("source", SOURCES, ids=lambda f: f.__name__)
def test_no_canary_is_ever_shown(aws, tmp_path, planted, cluster, github, source, trouble, monkeypatch):
    monkeypatch.setattr("nightly.TOKEN", GIT_TOKEN)
    nightly = Nightly(aws, tmp_path, answer=SqlApi(cluster, "app"), github=github)
    variables = source(aws, planted)
    trouble(nightly)
    try:
        done = nightly.run(None, "--database", "lambda:sql-api", "--log", "json", **variables)
    finally:
        github.git.token = GIT_TOKEN
    if trouble is nothing:
        # Otherwise the secrets may not have been in play at all.
        assert (done.returncode, done.report["status"]) == (1, "behind"), done.stderr
        assert nightly.dated() and nightly.alerts()
    else:
        assert done.returncode in (2, 3)
    handed_out = {p.secret for p in aws.principals._by_key.values()}
    handed_out |= {p.token for p in aws.principals._by_key.values() if p.token}
    secrets = {GIT_TOKEN, SECRET_KEY, SESSION_TOKEN, WEB_TOKEN, AGENT_TOKEN, EXTERNAL_ID, *handed_out}
    read = everything_that_people_read(nightly, done)
    assert leaks(read, secrets) == []
    assert not any(word in text for text in read.values() for word in ("CANARY", "X-Amz-Signature", "AWS4-HMAC-SHA256"))
    # A secret key signs; it never travels.
    keys = {p.secret for p in aws.principals._by_key.values()}
    sent = {f"request {n}": raw for n, raw in enumerate(aws.raw)}
    assert leaks(sent, keys) == []


def refusing(writing):
    """What an endpoint of AWS says that repeats the whole request, in the shape of each service."""

    def say(method, path, headers, body):
        told = WRITINGS[writing](f"{method} {path} {headers} {body}")
        if headers.get("X-Amz-Target") or "/functions/" in path:
            return 400, {}, json.dumps({"__type": "ValidationException", "message": told})
        escaped = told.replace("&", "&amp;").replace("<", "&lt;")
        return 400, {}, f"<Error><Code>InvalidRequest</Code><Message>{escaped}</Message></Error>"

    return say


@pytest.mark.parametrize("service", ["S3", "SNS", "SECRETS_MANAGER", "LAMBDA", "STS"])
@pytest.mark.parametrize("writing", WRITINGS)
def test_a_service_that_repeats_the_request_shows_no_canary(aws, tmp_path, planted, cluster, github, writing, service,
                                                            monkeypatch):  # fmt: skip
    monkeypatch.setattr("nightly.TOKEN", GIT_TOKEN)
    nightly = Nightly(aws, tmp_path, answer=SqlApi(cluster, "app"), github=github)
    source = in_web_identity if service == "STS" else in_environment
    with Echo(refusing(writing)) as endpoint:
        done = nightly.run(None, "--database", "lambda:sql-api", "--log", "json",
                           **{**source(aws, planted), f"AWS_ENDPOINT_URL_{service}": endpoint.origin})  # fmt: skip
        assert endpoint.asked, "the secrets were not in play"
    assert done.returncode in (2, 3)
    read = everything_that_people_read(nightly, done)
    assert leaks(read, {GIT_TOKEN, SECRET_KEY, SESSION_TOKEN, WEB_TOKEN}) == []
    assert not any(word in text.upper() for text in read.values() for word in ("CANARY",))


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_database_that_repeats_its_password_does_not_show_it(aws, tmp_path, cluster, github, writing, monkeypatch):
    """A function whose log and error hold what it was configured with."""
    monkeypatch.setattr("nightly.TOKEN", GIT_TOKEN)

    def say(event):
        raise FunctionError({"errorType": "OperationalError", "errorMessage": WRITINGS[writing](
            f"connect failed: {{'password': '{SECRET_KEY}', 'token': '{SESSION_TOKEN}'}}")})  # fmt: skip

    nightly = Nightly(aws, tmp_path, answer=say, github=github)
    nightly.aws.function("sql-api", say, log=f"DB_PASS: {SECRET_KEY}\nBearer {SESSION_TOKEN}\n")
    done = nightly.run(session(aws), "--database", "lambda:sql-api", "--log", "json")
    assert done.returncode == 2
    assert leaks(everything_that_people_read(nightly, done), {SECRET_KEY, SESSION_TOKEN}) == []


@pytest.mark.parametrize("place", ["secret", "parameters"])
@pytest.mark.parametrize("trouble", ["nothing", "wrong password", "no such host", "malformed"])
def test_the_password_of_the_database_is_never_shown(aws, tmp_path, cluster, github, place, trouble, monkeypatch):
    monkeypatch.setattr("nightly.TOKEN", GIT_TOKEN)
    password = DATABASE_PASSWORD + ("CANARY2" if trouble == "wrong password" else "")
    record = {"username": "drift", "password": password, "port": str(cluster.port), "dbname": "app",
              "host": "no-such-host.invalid" if trouble == "no such host" else "127.0.0.1"}  # fmt: skip
    nightly = Nightly(aws, tmp_path, github=github, database=record)
    if trouble == "malformed":
        nightly.database_secret = aws.secret(f"{nightly.prefix}/database", json.dumps(record)[:-3] + "\n")
        record["port"] = f"not a port, {password}"
    words = []
    if place == "parameters":
        aws.parameters(f"/{nightly.prefix}/database", **record)
        words = ["--database", f"ssm:/{nightly.prefix}/database"]
    done = nightly.run(static(aws), *words, "--log", "json", PGSSLMODE="prefer")
    if trouble == "nothing":
        assert (done.returncode, done.report["status"]) == (1, "behind"), done.stderr
    else:
        assert done.returncode == 2
        assert done.report["failure"]["stage"] in ("production", "configuration")
    read = everything_that_people_read(nightly, done)
    assert leaks(read, [password, DATABASE_PASSWORD, GIT_TOKEN, SECRET_KEY]) == []
    assert not any("CANARY" in text for text in read.values())


def test_the_cache_of_the_repository_holds_no_token(aws, tmp_path, cluster, github, monkeypatch):
    monkeypatch.setattr("nightly.TOKEN", GIT_TOKEN)
    nightly = Nightly(aws, tmp_path, answer=SqlApi(cluster, "app"), github=github)
    nightly.run(static(aws), "--database", "lambda:sql-api")
    (config,) = (tmp_path / "cache").rglob("config")
    assert "[core]" in config.read_text()
    assert "CANARY" not in config.read_text()
    assert not any("CANARY" in word for word in os.environ.values())
