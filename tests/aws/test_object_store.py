"""Reports in a real object store, read back with boto3 as a person would."""

import base64
import datetime
import hashlib
import json
import re

import pytest
from botocore.exceptions import ClientError

from object_store import ObjectStore
from postgres import Cluster
from program import run, valid
from repository import Repository


@pytest.fixture(scope="module")
def store():
    with ObjectStore() as server:
        yield server


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    """(repository, database): the database lags behind."""
    repository = Repository(tmp_path_factory.mktemp("work") / "work").chain("a1", "b2")
    with Cluster() as cluster:
        cluster.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                     "INSERT INTO alembic_version VALUES ('a1')", db="app")  # fmt: skip
        yield repository.folder, cluster.url()


@pytest.fixture
def bucket(store, request):
    name = "b-" + hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
    lock = request.node.get_closest_marker("object_lock") is not None
    store.client().create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
    return name


@pytest.fixture
def check(store, production, tmp_path):
    def run_check(place, *words, **env):
        repository, database = production
        done = run("check", "--format", "json", "--repository", repository, "--database", database,
                   "--target", "shop", "--reports", place, *words,
                   env={"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"),
                        **store.environment(), **env})  # fmt: skip
        return done, valid(json.loads(done.stdout))

    return run_check


def keys(store, bucket):
    found = [o["Key"] for o in store.client().list_objects_v2(Bucket=bucket).get("Contents", [])]
    return sorted(key for key in found if "latest/seen/" not in key and "latest/told/" not in key)


def test_a_person_finds_the_report(store, bucket, check):
    done, report = check(f"s3://{bucket}/schema-drift")
    assert (done.returncode, report["status"]) == (1, "behind"), done.stderr
    dated, latest = keys(store, bucket)
    assert re.fullmatch(r"schema-drift/\d{4}/\d\d/\d\d/shop-\d{8}T\d{6}Z-" + report["run_id"] + r"\.json", dated)
    assert latest == "schema-drift/latest/shop.json"
    for key in (dated, latest):
        got = store.client().get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        body = got["Body"].read()
        assert json.loads(body) == report
        assert got["ContentType"] == "application/json"
        assert got["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(body).digest()).decode()


def test_what_was_told_is_kept_there(store, bucket, check):
    for kind, told in (("first_drift", True), ("drift_unchanged", False)):
        done, report = check(f"s3://{bucket}/schema-drift", "--alerts", "terminal")
        assert (done.returncode, report["undelivered"]) == (1, [])
        assert (report["alert"]["kind"], "why now" in done.stderr) == (kind, told)


def test_a_second_run_adds_and_never_overwrites(store, bucket, check):
    first = check(f"s3://{bucket}/p")[1]
    second = check(f"s3://{bucket}/p")[1]
    assert first["run_id"] != second["run_id"]
    assert len(keys(store, bucket)) == 3
    latest = json.loads(store.client().get_object(Bucket=bucket, Key="p/latest/shop.json")["Body"].read())
    assert latest == second


def test_the_store_itself_refuses_to_overwrite(store, bucket, check):
    """Or the condition that the program sends would prove nothing."""
    check(f"s3://{bucket}/p")
    key = next(k for k in keys(store, bucket) if "/latest/" not in k)
    with pytest.raises(ClientError) as caught:
        store.client().put_object(Bucket=bucket, Key=key, Body=b"x", IfNoneMatch="*")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412


@pytest.mark.parametrize("prefix", ["", "deep/er/one", "a b+c", "é:@=&"])
def test_prefixes_that_must_be_encoded(store, bucket, check, prefix):
    done, _ = check(f"s3://{bucket}/{prefix}")
    assert done.returncode == 1, done.stderr
    begin = f"{prefix}/" if prefix else ""
    assert f"{begin}latest/shop.json" in keys(store, bucket)
    assert len(keys(store, bucket)) == 2


def test_a_wrong_key_is_refused_spooled_and_sent_by_the_next_run(store, bucket, check, tmp_path):
    done, report = check(f"s3://{bucket}/p", AWS_SECRET_ACCESS_KEY="wrong")
    assert done.returncode == 3
    assert "SignatureDoesNotMatch" in " ".join(report["undelivered"])
    assert keys(store, bucket) == []
    (spooled,) = (tmp_path / "state").rglob("*.json")
    assert spooled.stat().st_mode & 0o777 == 0o600
    assert check(f"s3://{bucket}/p")[0].returncode == 1
    dated = [k for k in keys(store, bucket) if "/latest/" not in k]
    assert len(dated) == 2
    assert any(report["run_id"] in key for key in dated)
    assert list((tmp_path / "state").rglob("*.json")) == []


def test_a_missing_bucket(store, check):
    done, report = check("s3://none-such/p")
    assert done.returncode == 3
    (undelivered,) = report["undelivered"]
    assert "NoSuchBucket" in undelivered
    assert "s3://none-such/p/" in undelivered


@pytest.mark.object_lock
def test_object_lock_keeps_a_report(store, bucket, check):
    done, report = check(f"s3://{bucket}/p", "--object-lock", "GOVERNANCE:400")
    assert done.returncode == 1, (done.stderr, report["undelivered"])
    key = next(k for k in keys(store, bucket) if "/latest/" not in k)
    retention = store.client().get_object_retention(Bucket=bucket, Key=key)["Retention"]
    assert retention["Mode"] == "GOVERNANCE"
    until = retention["RetainUntilDate"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(days=399) < until < datetime.timedelta(days=401)
