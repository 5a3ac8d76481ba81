"""Snapshots of a schema kept in a bucket, with the rights that this takes."""

import pytest

from postgres import Cluster
from program import run


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
