"""The record of changes in S3: there before the change is, never overwritten, one right enough."""

import json
import re

import pytest

from nightly import filled_in
from postgres import Cluster
from sql_api_caller import SqlApi


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as server:
        server.psql("CREATE TABLE t (id int PRIMARY KEY)", db="app")
        yield server


def put_only(prefix):
    return {"Version": "2012-10-17", "Statement": [
        {"Sid": "Audit", "Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{prefix}*"}]}  # fmt: skip


def stored(aws, bucket):
    s3 = aws.admin("s3")
    keys = sorted(one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []))
    return {key: json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys}


def test_each_change_is_two_objects(aws, cluster):
    aws.bucket("audit-log")
    user = aws.user(put_only("audit-log/sql/"))
    with SqlApi(cluster.url(), environment=aws.environment(user), mutations="yes", audit="s3://audit-log/sql/",
                caller="somebody") as api:  # fmt: skip
        assert api.ask(sql="INSERT INTO t VALUES (1), (2)") == {"affected_rows": 2}
        assert api.error(sql="INSERT INTO t VALUES (1)")["sqlstate"] == "23505"
    records = stored(aws, "audit-log")
    assert sorted((r["request_id"], r["stage"]) for r in records.values()) == [
        ("request-1", "committed"), ("request-1", "executed"), ("request-2", "rolled_back")]  # fmt: skip
    for key, record in records.items():
        day = record["time"][:10].replace("-", "/")
        time = record["time"].replace("-", "").replace(":", "")
        name = rf"sql/{day}/{time}-{record['request_id']}-[0-9a-f]{{16}}-{record['stage']}\.json"
        assert re.fullmatch(name, key), key
        assert record["caller"] == "somebody"


def test_refused_record_changes_nothing(aws, cluster):
    aws.bucket("refused-log")
    user = aws.user(put_only("another-bucket/"))
    with SqlApi(cluster.url(), environment=aws.environment(user), mutations="yes", audit="s3://refused-log/sql") as api:
        error = api.error(sql="INSERT INTO t VALUES (7)")
        assert error["type"] == "audit_failed"
        assert error["message"].startswith("the audit record cannot be written to s3://refused-log/sql: ")
        assert "s3:PutObject" in error["message"] or "AccessDenied" in error["message"], error
        assert error["hint"] == "nothing is changed without one"
        assert api.value("SELECT count(*) FROM t WHERE id = 7") == 0
    assert stored(aws, "refused-log") == {}


def test_answers_of_idempotency_keys_are_kept_beside_it(aws, cluster):
    aws.bucket("keyed-log")
    """With exactly cron/sql-api-policy.json, and each of its rights is needed."""
    secret = f"arn:aws:secretsmanager:{aws.region}:123456789012:secret:unused"
    rights = filled_in("sql-api-policy.json", AUDIT_BUCKET="keyed-log", AUDIT_PREFIX="sql", DATABASE_SECRET_ARN=secret)
    user = aws.user(rights)
    request = {"sql": "INSERT INTO t VALUES (50) RETURNING id", "idempotency_key": "k"}
    answers = []
    for _ in range(2):
        with SqlApi(cluster.url(), environment=aws.environment(user), mutations="yes", audit="s3://keyed-log/sql/") as api:
            answers += [api.ask(**request), api.ask(**request)]
    assert answers == [answers[0]] * 4 and answers[0]["rows"] == [[50]]
    kept = {key: value for key, value in stored(aws, "keyed-log").items() if "/answers/" in key}
    assert len(kept) == 1 and len(stored(aws, "keyed-log")) == 3

    for taken in ("ReadKeptAnswers", "SeeWhichAnswersThereAre"):
        less = {**rights, "Statement": [one for one in rights["Statement"] if one["Sid"] != taken]}
        with SqlApi(cluster.url(), environment=aws.environment(aws.user(less)), mutations="yes",
                    audit="s3://keyed-log/sql/") as api:  # fmt: skip
            error = api.error(sql="INSERT INTO t VALUES (51)", idempotency_key=taken)
            assert error["type"] == "audit_failed"
            assert error["message"].startswith("the answers of idempotency keys in s3://keyed-log/sql/ cannot be used: ")
            assert api.value("SELECT count(*) FROM t WHERE id = 51") == 0
