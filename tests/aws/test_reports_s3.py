"""`schema-drift reports` and `ack` over a bucket, with the rights that people need for them."""

import http.server
import json
import threading

import pytest

from nightly import Nightly
from postgres import Cluster
from program import run, valid
from repository import Repository
from sql_api import SqlApi

READER = [
    {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{}/*"},
    {"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::{}"},
]
WRITER = {"Sid": "Write", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::{}/*"}


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as server:
        server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                    "INSERT INTO alembic_version VALUES ('a1')", db="app")  # fmt: skip
        yield server


class Bucket:
    def __init__(self, aws, tmp_path, cluster):
        repository = Repository(tmp_path / "work").chain("a1", "b2")
        self.aws = aws
        self.nightly = Nightly(aws, tmp_path, answer=SqlApi(cluster, "app", user="owner"), repository=repository.folder)
        self.place = f"s3://{self.nightly.bucket}/schema-drift"

    def policy(self, *statements):
        return {"Version": "2012-10-17", "Statement": [
            {**s, "Resource": s["Resource"].format(self.nightly.bucket)} for s in statements]}  # fmt: skip

    def put(self, key, body):
        self.aws.admin("s3").put_object(Bucket=self.nightly.bucket, Key=key, Body=body)

    def run(self, *words, principal=None):
        principal = principal or self.aws.user(self.policy(*READER))
        return run(*words, "--reports", self.place, env=self.aws.environment(principal))

    def reports(self, *words):
        done = self.run("reports", *words)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout


@pytest.fixture
def bucket(aws, tmp_path, cluster):
    return Bucket(aws, tmp_path, cluster)


@pytest.fixture
def template(bucket):
    """A report of a real run, to be stored again under other times."""
    done = bucket.nightly.run(bucket.aws.user(bucket.nightly.policy), "--database", "lambda:sql-api")
    assert done.report is not None, done.stderr
    return done.report


def stored_again(bucket, report, day, number):
    time = f"2026-{day}T03:{number // 60 % 60:02}:{number % 60:02}Z"
    again = valid({**report, "timestamp": time, "run_id": f"{number:016x}"})
    name = f"shop-{time.replace('-', '').replace(':', '')}-{number:016x}.json"
    bucket.put(f"schema-drift/2026/{day.replace('-', '/')}/{name}", json.dumps(again))


def test_a_listing_of_more_than_a_page_is_whole_and_newest_first(bucket, template):
    for number in range(1_150):
        stored_again(bucket, template, f"05-{1 + number % 28:02}", number)
    for number in range(1_150, 1_155):
        stored_again(bucket, template, "04-30", number)
    # What else may lie in the bucket.
    bucket.put("schema-drift/2026/05/notes.txt", "no report")
    bucket.put("schema-drift/20x6/05/01/a", "no year")
    bucket.put("elsewhere/2026/05/01/shop-20260501T030000Z-0123456789abcdef.json", "{}")
    words = ("list", "--until", "2026-06-01", "--format", "json")
    begin = len(bucket.aws.calls)
    rows = json.loads(bucket.reports(*words, "--limit", "30"))
    listed = [call for call in bucket.aws.calls[begin:] if call.action == "s3:ListBucket"]
    assert len(listed) == 4, "years, months, days, and the newest day alone"
    assert len(rows) == 30
    assert [row["timestamp"] for row in rows] == sorted((row["timestamp"] for row in rows), reverse=True)
    assert rows[0]["report"].startswith(f"{bucket.place}/2026/05/28/shop-20260528T03")
    first = json.loads(bucket.reports("list", "--until", "2026-05-02", "--since", "2026-05-01", "--format", "json"))
    assert len(first) == 42, "every 28th of the 1,150"
    oldest = json.loads(bucket.reports("list", "--until", "2026-05-01", "--format", "json"))
    assert [row["timestamp"][:10] for row in oldest] == ["2026-04-30"] * 5


def test_latest_show_and_summary_read_the_bucket(bucket, template):
    stored_again(bucket, template, "05-01", 1)
    assert "shop" in bucket.reports("latest")
    text = bucket.reports("show", "shop")
    assert text.startswith(f"shop: {template['status'].upper()}: ")
    assert f"report      {bucket.place}/" in text
    assert json.loads(bucket.reports("show", "shop", "--format", "json")) == template
    assert "1 target, 1 run" in bucket.reports("summary", "--since", "1d")
    assert 'id="shop"' in bucket.reports("summary", "--since", "1d", "--format", "html")


def test_an_acknowledgement_is_stored_twice_and_heeded(bucket, template):
    assert template["status"] == "behind"
    words = ("ack", "shop", "--until", "3d", "--reason", "deploy on Monday")
    person = bucket.aws.user(bucket.policy(*READER, WRITER))
    done = bucket.run(*words, principal=person)
    assert done.returncode == 0, done.stderr
    keys = [put["key"] for put in bucket.aws.puts][-2:]
    assert keys[0].startswith("schema-drift/20") and keys[0].endswith("-ack.json")
    assert keys[1] == "schema-drift/acks/shop.json"
    dated, last = bucket.aws.puts[-2:]
    assert dated["headers"]["if-none-match"] == "*" and "if-none-match" not in last["headers"]
    assert dated["body"] == last["body"]
    again = bucket.nightly.run(bucket.aws.user(bucket.nightly.policy), "--database", "lambda:sql-api")
    assert again.report["alert"]["kind"] == "drift_acknowledged"
    assert len(bucket.nightly.alerts()) == 1


def test_an_acknowledgement_is_withdrawn_without_the_right_to_delete(bucket, template):
    person = bucket.aws.user(bucket.policy(*READER, WRITER))
    given = bucket.run("ack", "shop", "--until", "3d", "--reason", "deploy on Monday", principal=person)
    assert given.returncode == 0, given.stderr
    assert bucket.run("ack", "--list").stdout.startswith("shop: in force until ")
    done = bucket.run("ack", "shop", "--withdraw", "--reason", "off", principal=person)
    assert done.returncode == 0, done.stderr
    dated, last = bucket.aws.puts[-2:]
    assert dated["key"].startswith("schema-drift/20") and dated["key"].endswith("-ack.json")
    assert last["key"] == "schema-drift/acks/shop.json"
    assert dated["body"] == last["body"] and json.loads(last["body"])["withdrawn"]["reason"] == "off"
    assert bucket.run("ack", "--list").stdout.startswith("shop: withdrawn at ")
    refused = bucket.run("ack", "shop", "--withdraw")
    assert refused.returncode == 64, "and nobody withdraws twice"


@pytest.mark.parametrize("missing, words, told", [
    (0, ("show", "shop"), "s3:GetObject"), (1, ("list",), "s3:ListBucket"),
])  # fmt: skip
def test_a_right_that_is_missing_is_named(bucket, template, missing, words, told):
    rights = [right for number, right in enumerate(READER) if number != missing]
    done = bucket.run("reports", *words, principal=bucket.aws.user(bucket.policy(*rights)))
    assert done.returncode == 2
    assert told in done.stderr and bucket.nightly.bucket in done.stderr


def test_without_the_right_to_write_nothing_is_acknowledged(bucket, template):
    done = bucket.run("ack", "shop", "--until", "3d", "--reason", "x")
    assert done.returncode == 2
    assert "s3:PutObject" in done.stderr
    assert not any("acks" in put["key"] for put in bucket.aws.puts)


@pytest.mark.parametrize("body, told", [
    ("<html>welcome</html>", "was answered with success, but not with a listing"),
    ("<?xml version='1.0'?><ListBucketResult><Contents><Key>a</Key></Contents>",
     "was answered with success, but not with a listing"),
    ("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
     "was answered with success, but not with a listing"),
])  # fmt: skip
def test_half_a_listing_is_none(aws, bucket, body, told):
    """A proxy's page, a cut answer, a page that leads nowhere."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    env = aws.environment(aws.user(bucket.policy(*READER)))
    env["AWS_ENDPOINT_URL_S3"] = f"http://127.0.0.1:{server.server_address[1]}"
    done = run("reports", "list", "--reports", bucket.place, env=env)
    server.shutdown()
    server.server_close()
    assert done.returncode == 2
    assert told in done.stderr
