"""Snapshots of a schema kept in a bucket, with the rights that this takes."""

import json

import pytest

from postgres import Cluster
from program import check, run
from repository import Repository


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as server:
        server.psql("CREATE TABLE orders (id integer PRIMARY KEY)", db="app")
        yield server


def policy(bucket, *actions):
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": list(actions), "Resource": f"arn:aws:s3:::{bucket}/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}]}  # fmt: skip


def test_a_snapshot_is_kept_in_a_bucket_and_compared_from_there(aws, cluster):
    bucket = aws.bucket("schemas-of-ci")
    place = f"s3://{bucket}/schemas/shop.json"
    writer = aws.environment(aws.user(policy(bucket, "s3:PutObject")))
    reader = aws.environment(aws.user(policy(bucket, "s3:GetObject")))
    url = cluster.url(db="app")

    done = run("schema", "snapshot", "--database", url, "-o", place, env=writer)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    kept = aws.admin("s3").get_object(Bucket=bucket, Key="schemas/shop.json")["Body"].read().decode()
    assert kept == run("schema", "snapshot", "--database", url).stdout

    done = run("schema", "diff", place, url, env=reader)
    assert done.returncode == 0
    assert done.stdout.startswith(f"expected  {place} (PostgreSQL")
    cluster.psql("ALTER TABLE orders ADD COLUMN note text", db="app")
    done = run("schema", "diff", place, url, env=reader)
    assert (done.returncode, "  unexpected column public.orders.note\n" in done.stdout) == (1, True)

    done = run("schema", "diff", f"s3://{bucket}/schemas/none.json", url, env=reader)
    assert done.returncode == 2
    assert done.stderr == (
        f"schema-drift: error: there is no s3://{bucket}/schemas/none.json\n"
        "  hint: take one: schema-drift schema snapshot --database URL -o s3://bucket/schema.json\n")  # fmt: skip


def test_a_bucket_alone_is_no_place(aws, cluster):
    done = run("schema", "snapshot", "--database", cluster.url(db="app"), "-o", "s3://bucket", env=aws.environment())
    assert done.returncode == 64
    assert done.stderr == (
        "schema-drift: error: s3://bucket names no object\n  hint: write s3://bucket/folder/schema.json\n")  # fmt: skip


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return Repository(tmp_path_factory.mktemp("chain")).chain("a1").folder


@pytest.fixture
def shop(cluster):
    """A database at a1."""
    cluster.psql("DROP DATABASE IF EXISTS shop WITH (FORCE)")
    cluster.psql("CREATE DATABASE shop")
    cluster.psql("CREATE TABLE t (id integer PRIMARY KEY); CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                 "INSERT INTO alembic_version VALUES ('a1')", db="shop")  # fmt: skip
    return cluster.url(db="shop")


def test_check_compares_with_what_was_recorded_or_accepted_in_a_bucket(aws, cluster, chain, shop):
    """CI writes, the night reads, and neither needs the other's right."""
    bucket = aws.bucket("schemas-of-ci")
    place = f"s3://{bucket}/prefix"
    person = aws.environment(aws.user(policy(bucket, "s3:PutObject", "s3:GetObject")))
    night = aws.environment(aws.user(policy(bucket, "s3:GetObject")))
    words = ("--repository", chain, "--database", shop, "--schema-expected", place)

    code, report = check(*words, env=night)
    assert (code, report["schema"]["not_compared_because"]) == (0, f"nothing is recorded for 'a1' in {place}")

    done = run("schema", "accept", "shop", "--reason", "as it is", "--database", shop, "--expected", place, env=person)
    assert (done.returncode, done.stderr) == (0, "")
    code, report = check(*words, env=night)
    assert (code, report["schema"]["expected"]["place"].startswith(f"{place}/accepted/shop/a1.")) == (0, True)

    done = run("schema", "record", "--database", shop, "--expected", place, env=person)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"  {place}/recorded/a1.json\n")
    code, report = check(*words, env=night)
    assert (code, report["schema"]["expected"]["place"]) == (0, f"{place}/recorded/a1.json")

    cluster.psql("ALTER TABLE t ADD COLUMN note text", db="shop")
    code, report = check(*words, env=night)
    assert (code, report["status"]) == (1, "schema_drift")
    done = run("schema", "record", "--database", shop, "--expected", place, env=person)
    assert (done.returncode, f"another schema is recorded for 'a1' at {place}/recorded/a1.json" in done.stderr) == (2, True)
    done = run("schema", "record", "--database", shop, "--expected", place, "--replace", env=night)
    assert (done.returncode, "s3:PutObject" in done.stderr) == (2, True)
    done = run("schema", "accept", "shop", "--withdraw", "--expected", place, env=person)
    assert done.returncode == 0
    (row,) = json.loads(run("schema", "accept", "--list", "--expected", place, "--format", "json", env=night).stdout)
    assert row["state"] == "withdrawn"


def test_a_right_that_is_missing_is_named_and_never_taken_for_nothing_recorded(aws, chain, shop):
    bucket = aws.bucket("schemas-of-ci")
    allowed = policy(bucket, "s3:GetObject")
    allowed["Statement"].pop()  # ListBucket: S3 says "denied" of what is not there
    code, report = check("--repository", chain, "--database", shop, "--schema-expected", f"s3://{bucket}/x",
                         env=aws.environment(aws.user(allowed)))  # fmt: skip
    assert (code, report["status"]) == (2, "error")
    assert (report["failure"]["stage"], report["failure"]["kind"]) == ("schema", "access_denied")
    assert "s3:ListBucket" in report["failure"]["hint"] or "s3:GetObject" in report["failure"]["hint"]
    assert report["production_versions"] == ["a1"]


def test_rows_whose_name_needs_care_are_found_again_in_a_bucket(aws, cluster, chain, shop):
    bucket = aws.bucket("schemas-of-ci")
    place = f"s3://{bucket}/x"
    cluster.psql("INSERT INTO alembic_version VALUES ('b2')", db="shop")
    env = aws.environment(aws.user(policy(bucket, "s3:PutObject", "s3:GetObject")))
    for name in ("a1+b2.json", "sha256-"):
        done = run("schema", "record", "--database", shop, "--expected", place, env=env)
        assert (done.returncode, f"{place}/recorded/{name}" in done.stdout) == (0, True), done
        _, report = check("--repository", chain, "--database", shop, "--schema-expected", place, env=env)
        assert report["schema"]["compared"] is True
        cluster.psql("UPDATE alembic_version SET version_num = '+/ ?' WHERE version_num = 'b2'", db="shop")
