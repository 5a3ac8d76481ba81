"""The shipped policy is enough for a whole run, and not one right of it can be missing."""

import base64
import hashlib

import pytest
from botocore.exceptions import ClientError

from nightly import MEMORY, PASSWORD, TOKEN, Nightly, filled_in
from operations import ACCOUNT
from postgres import Cluster
from program import run
from sql_api import SqlApi
from verifying_server import Aws


@pytest.fixture
def aws():
    """Over TLS, because the bucket's policy refuses everything else."""
    with Aws(tls=True) as server:
        yield server


def with_bucket_policy(nightly):
    nightly.aws.obey_bucket_policy(
        nightly.bucket, filled_in("bucket-policy.json", REPORTS_BUCKET=nightly.bucket))  # fmt: skip
    return nightly


@pytest.fixture(scope="module")
def cluster():
    with Cluster(tcp=True) as server:
        server.psql(f"CREATE ROLE drift LOGIN PASSWORD '{PASSWORD}' IN ROLE with_password")
        server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                    "INSERT INTO alembic_version VALUES ('b2');"
                    "GRANT SELECT ON alembic_version TO drift", db="app")  # fmt: skip
        yield server


@pytest.fixture
def by_function(aws, tmp_path, cluster, github):
    """Production through the SQL API, as today."""
    return with_bucket_policy(
        Nightly(aws, tmp_path, answer=SqlApi(cluster, "app", user="owner"), github=github))  # fmt: skip


@pytest.fixture
def by_secret(aws, tmp_path, cluster, github):
    """Production over libpq, with what the database's secret says."""
    return with_bucket_policy(Nightly(aws, tmp_path, github=github, database={
        "username": "drift", "password": PASSWORD, "host": "127.0.0.1", "port": cluster.port,
        "dbname": "app"}))  # fmt: skip


THROUGH_FUNCTION = ("--database", "lambda:sql-api")
# A server on loopback has no certificate; a real one must show one.
PLAIN = {"PGSSLMODE": "prefer"}


def check_whole_run(nightly, done):
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    assert done.report["status"] == "behind"
    assert [revision["revision"] for revision in done.report["pending"]] == ["c3"]
    (kept,) = nightly.dated().values()
    assert kept == done.report == nightly.latest()
    (alert,) = nightly.alerts()
    assert alert["attributes"] == {"status": "behind", "target": "shop", "severity": alert["attributes"]["severity"]}
    (key,) = nightly.dated()
    assert f"s3://{nightly.bucket}/{key}" in alert["message"]
    assert nightly.rights_used()[1] == set()
    assert f"example:{TOKEN}".partition(":")[2] in {c.partition(":")[2] for c in nightly.github.git.credentials}


def test_the_shipped_policy_is_enough_through_the_sql_api(aws, by_function):
    user = aws.user(by_function.policy)
    done = by_function.run(user, *THROUGH_FUNCTION)
    check_whole_run(by_function, done)
    used, _ = by_function.rights_used()
    (dated,) = by_function.dated()
    bucket = f"arn:aws:s3:::{by_function.bucket}/schema-drift"
    memory = {right for right in used if MEMORY.search(right[1])}
    assert sorted(right[0] for right in memory) == ["s3:GetObject"] * 2 + ["s3:PutObject"] * 2
    assert used - memory == {
        ("s3:GetObject", f"{bucket}/acks/shop.json"),
        ("secretsmanager:GetSecretValue", by_function.token_secret),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{aws.region}:{ACCOUNT}:function:sql-api"),
        ("s3:GetObject", f"arn:aws:s3:::{by_function.bucket}/schema-drift/latest/shop.json"),
        ("s3:PutObject", f"arn:aws:s3:::{by_function.bucket}/{dated}"),
        ("s3:PutObject", f"arn:aws:s3:::{by_function.bucket}/schema-drift/latest/shop.json"),
        ("sns:Publish", by_function.topic),
    }  # fmt: skip


def test_the_shipped_policy_is_enough_through_the_database_secret(aws, by_secret):
    user = aws.user(by_secret.policy)
    check_whole_run(by_secret, by_secret.run(user, **PLAIN))
    assert ("secretsmanager:GetSecretValue", by_secret.database_secret) in by_secret.rights_used()[0]


def test_what_is_stored_is_encrypted_checked_and_never_overwrites(aws, by_function):
    by_function.run(aws.user(by_function.policy), *THROUGH_FUNCTION)
    dated, latest, told, seen = aws.puts
    assert ("/latest/told/" in told["key"], "/latest/seen/" in seen["key"]) == (True, True)
    for put in aws.puts:
        assert "x-amz-server-side-encryption" not in put["headers"], "the bucket's default stays"
        assert put["headers"]["content-type"] == "application/json"
        assert "x-amz-checksum-sha256" in put["headers"]
    assert dated["headers"]["if-none-match"] == "*"
    assert not any("if-none-match" in put["headers"] for put in (latest, told, seen))


def test_a_temporary_session_is_enough(aws, by_function):
    """As in Lambda: keys of a role, with a token."""
    session = aws.principals.session("schema-drift", [by_function.policy])
    check_whole_run(by_function, by_function.run(session, *THROUGH_FUNCTION))


def only_denied(nightly, action):
    assert nightly.rights_used()[1] == {action}


def test_without_the_right_to_the_github_token(aws, by_function):
    done = by_function.run(aws.user(by_function.without("ReadGithubToken")), *THROUGH_FUNCTION)
    assert done.returncode == 2
    assert (done.report["status"], done.report["failure"]["stage"]) == ("error", "repository")
    assert done.report["failure"]["kind"] == "access_denied"
    told = done.report["failure"]["message"] + done.report["failure"]["hint"]
    assert "secretsmanager:GetSecretValue" in told
    assert by_function.token_secret in told
    only_denied(by_function, "secretsmanager:GetSecretValue")
    assert by_function.latest() == done.report
    assert len(by_function.alerts()) == 1


def test_without_the_right_to_the_database_secret(aws, by_secret):
    done = by_secret.run(aws.user(by_secret.without("ReadDatabaseSecret")), **PLAIN)
    assert done.returncode == 2
    assert (done.report["status"], done.report["failure"]["stage"]) == ("error", "production")
    assert done.report["failure"]["kind"] == "access_denied"
    told = done.report["failure"]["message"] + done.report["failure"]["hint"]
    assert "secretsmanager:GetSecretValue" in told
    assert by_secret.database_secret in told
    only_denied(by_secret, "secretsmanager:GetSecretValue")
    assert by_secret.latest() == done.report


def test_without_the_right_to_the_sql_api(aws, by_function):
    done = by_function.run(aws.user(by_function.without("AskSqlApi")), *THROUGH_FUNCTION)
    assert done.returncode == 2
    assert (done.report["status"], done.report["failure"]["stage"]) == ("error", "production")
    assert done.report["failure"]["kind"] == "access_denied"
    assert "lambda:InvokeFunction" in done.report["failure"]["message"] + done.report["failure"]["hint"]
    only_denied(by_function, "lambda:InvokeFunction")
    assert by_function.latest() == done.report
    (alert,) = by_function.alerts()
    assert "lambda:InvokeFunction" in alert["message"]


def test_without_the_right_to_store_reports(aws, by_function):
    done = by_function.run(aws.user(by_function.without("StoreReports")), *THROUGH_FUNCTION)
    assert done.returncode == 3
    assert done.report["status"] == "behind"
    (undelivered,) = done.report["undelivered"]
    assert "s3:PutObject" in undelivered + done.stderr
    assert f"s3://{by_function.bucket}/schema-drift/" in undelivered
    only_denied(by_function, "s3:PutObject")
    (alert,) = by_function.alerts()
    assert "NOT STORED" in alert["message"]
    assert by_function.stored() == {}
    (kept,) = by_function.spooled()
    assert kept["run_id"] == done.report["run_id"]
    for path in by_function.spool.rglob("*.json"):
        assert path.stat().st_mode & 0o777 == 0o600
    # The next run, which may, brings both.
    assert by_function.run(aws.user(by_function.policy), *THROUGH_FUNCTION).returncode == 1
    assert kept in by_function.dated().values()
    assert len(by_function.dated()) == 2
    assert by_function.latest()["run_id"] != kept["run_id"]
    assert by_function.spooled() == []


def test_without_the_right_to_send_alerts(aws, by_function):
    done = by_function.run(aws.user(by_function.without("SendAlerts")), *THROUGH_FUNCTION)
    assert done.returncode == 3
    assert done.report["status"] == "behind"
    (undelivered,) = done.report["undelivered"]
    assert "sns:Publish" in undelivered + done.stderr
    assert by_function.topic in undelivered
    only_denied(by_function, "sns:Publish")
    assert undelivered in by_function.latest()["undelivered"]
    assert by_function.alerts() == []
    assert by_function.told() == {}, "who did not accept was told nothing"
    assert by_function.run(aws.user(by_function.policy), *THROUGH_FUNCTION).returncode == 1
    assert len(by_function.alerts()) == 1
    assert list(by_function.told()) == [by_function.topic]


def test_the_second_night_reads_what_the_first_one_said_and_keeps_quiet(aws, by_function):
    user = aws.user(by_function.policy)
    first = by_function.run(user, *THROUGH_FUNCTION)
    assert (first.report["alert"]["kind"], first.report["alert"]["send"]) == ("first_drift", True)
    assert first.report["alert"]["reason"] == (
        "no earlier run of this target at this ref is known")  # fmt: skip
    second = by_function.run(user, *THROUGH_FUNCTION)
    assert (second.returncode, second.report["status"]) == (1, "behind")
    assert (second.report["alert"]["kind"], second.report["alert"]["send"]) == ("drift_unchanged", False)
    assert len(by_function.alerts()) == 1
    assert len(by_function.dated()) == 2
    record = by_function.told()[by_function.topic]
    assert (record["kind"], record["report"]["sequence"]) == ("first_drift", first.report["sequence"])
    used, denied = by_function.rights_used()
    assert denied == set()
    assert ("s3:GetObject", f"arn:aws:s3:::{by_function.bucket}/schema-drift/acks/shop.json") in used


def test_without_the_right_to_record_who_was_told_it_is_told_again(aws, by_function):
    place = f"arn:aws:s3:::{by_function.bucket}/schema-drift"
    reports_alone = [f"{place}/2*", f"{place}/latest/shop.json", f"{place}/latest/seen/*"]
    policy = {**by_function.policy, "Statement": [
        {**statement, "Resource": reports_alone} if "s3:PutObject" in statement["Action"] else statement
        for statement in by_function.policy["Statement"]]}  # fmt: skip
    user = aws.user(policy)
    for night in (1, 2):
        done = by_function.run(user, *THROUGH_FUNCTION)
        assert (done.returncode, len(by_function.alerts())) == (3, night)
        (undelivered,) = done.report["undelivered"]
        assert undelivered.startswith(
            f"that {by_function.topic} was told is not recorded, so it is told again: ")  # fmt: skip
        assert "s3:PutObject" in undelivered
        only_denied(by_function, "s3:PutObject")


@pytest.mark.parametrize("right, action", [
    ("ReadLastReport", "s3:GetObject"), ("SeeWhichReportsThereAre", "s3:ListBucket"),
])  # fmt: skip
def test_without_the_right_to_read_the_last_report_every_drift_is_told(aws, by_function, right, action):
    """As today, with the policy of today: nobody misses an alert for want of a right."""
    user = aws.user(by_function.without(right))
    for night in (1, 2):
        done = by_function.run(user, *THROUGH_FUNCTION)
        assert (done.returncode, done.stderr) == (1, "")
        assert len(by_function.alerts()) == night
        assert done.report["alert"]["kind"] == "first_drift"
        reason = done.report["alert"]["reason"]
        assert reason.startswith("nothing is known of what was told before: the store cannot be read: ")
        assert action in reason
    assert by_function.rights_used()[1] == {"s3:GetObject"}


# --- what nobody but the right one may write ----------------------------------------------------


# Over TLS boto3 would send a checksum that it computes itself behind the body, in chunks.
SHA256_OF_BODY = base64.b64encode(hashlib.sha256(b"{}").digest()).decode()


def put(aws, principal, bucket, key, **more):
    """The error code of S3, or None where the object was taken."""
    try:
        aws.client("s3", principal).put_object(
            Bucket=bucket, Key=key, Body=b"{}", ChecksumSHA256=SHA256_OF_BODY, **more)  # fmt: skip
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def people_policy(nightly):
    return filled_in("people-policy.json", REPORTS_BUCKET=nightly.bucket)


ACK = ("ack", "shop", "--until", "3d", "--reason", "deploy on Monday")


def acknowledge(nightly, principal):
    return run(*ACK, "--reports", f"s3://{nightly.bucket}/schema-drift", env=nightly.aws.environment(principal))


def test_the_nightly_role_cannot_silence_itself(aws, by_function):
    user = aws.user(by_function.policy)
    by_function.run(user, *THROUGH_FUNCTION)
    assert put(aws, user, by_function.bucket, "schema-drift/acks/shop.json") == "AccessDenied"
    done = acknowledge(by_function, user)
    assert done.returncode == 2
    assert f"not authorized to perform: s3:PutObject on resource: arn:aws:s3:::{by_function.bucket}/schema-drift/acks/shop.json" in done.stderr
    again = by_function.run(user, *THROUGH_FUNCTION)
    assert again.report["alert"]["kind"] == "drift_unchanged"


def test_the_nightly_role_cannot_replace_or_delete_a_dated_report(aws, by_function):
    user = aws.user(by_function.policy)
    done = by_function.run(user, *THROUGH_FUNCTION)
    (key,) = by_function.dated()
    assert put(aws, user, by_function.bucket, key) == "AccessDenied"
    assert put(aws, user, by_function.bucket, key, IfNoneMatch="*") == "PreconditionFailed"
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.client("s3", user).delete_object(Bucket=by_function.bucket, Key=key)
    assert by_function.dated() == {key: done.report}


def test_not_even_an_administrator_replaces_a_dated_report_by_a_plain_put(aws, by_function):
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    by_function.run(aws.user(by_function.policy), *THROUGH_FUNCTION)
    (key,) = by_function.dated()
    assert put(aws, aws.user(everything, name="admin"), by_function.bucket, key) == "AccessDenied"


@pytest.mark.parametrize("key, code", [
    ("schema-drift/latest/shop.json", None),
    ("schema-drift/latest/told/shop/0123456789abcdef.json", None),
    ("schema-drift/acks/shop.json", "AccessDenied"),
    ("schema-drift/anything.json", "AccessDenied"),
    ("other/2026/11/21/shop.json", "AccessDenied"),
    ("2026/11/21/shop.json", "AccessDenied"),
])  # fmt: skip
def test_the_nightly_role_writes_what_a_night_writes_and_nothing_else(aws, by_function, key, code):
    assert put(aws, aws.user(by_function.policy), by_function.bucket, key) == code


def test_people_acknowledge_and_the_night_heeds_it(aws, by_function):
    user = aws.user(by_function.policy)
    by_function.run(user, *THROUGH_FUNCTION)
    done = acknowledge(by_function, aws.user(people_policy(by_function), name="dba"))
    assert (done.returncode, done.stderr) == (0, "")
    assert by_function.run(user, *THROUGH_FUNCTION).report["alert"]["kind"] == "drift_acknowledged"
    assert by_function.rights_used()[1] == set()


@pytest.mark.parametrize("key", [
    "schema-drift/latest/shop.json", "schema-drift/2026/11/21/shop-20261121T030000Z-0123456789abcdef.json"])  # fmt: skip
def test_people_write_no_report(aws, by_function, key):
    dba = aws.user(people_policy(by_function), name="dba")
    assert put(aws, dba, by_function.bucket, key, IfNoneMatch="*") == "AccessDenied"


def test_nobody_is_answered_over_plain_http(aws, by_function):
    user = aws.user(by_function.policy)
    secure = aws.url
    aws.url = f"http://127.0.0.1:{aws._listen(None)}"
    try:
        assert put(aws, user, by_function.bucket, "schema-drift/latest/shop.json") == "AccessDenied"
    finally:
        aws.url = secure
    assert put(aws, user, by_function.bucket, "schema-drift/latest/shop.json") is None
