"""`schema-drift reports` and `ack` over a bucket, with the rights that people need for them."""

import hashlib
import json
import time

import pytest

from echo import Echo
from nightly import Nightly
from operations import ACCOUNT
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


def test_targets_cost_what_targets_cost(bucket, template):
    for number in range(1_001):  # more than a page of what destinations were told
        bucket.put(f"schema-drift/latest/told/shop/{number:016x}.json", "{}")
    begin = len(bucket.aws.calls)
    assert "shop" in bucket.reports("latest")
    assert sum(call.action == "s3:ListBucket" for call in bucket.aws.calls[begin:]) == 1


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
    env = aws.environment(aws.user(bucket.policy(*READER)))
    with Echo(lambda *_: (200, {}, body)) as server:
        env["AWS_ENDPOINT_URL_S3"] = server.origin
        done = run("reports", "list", "--reports", bucket.place, env=env)
    assert done.returncode == 2
    assert told in done.stderr


# --- the chain in a bucket ------------------------------------------------------------------------


def chain_in(bucket, report, nights):
    """(key, text) of that many nights' reports, each naming the one before it; the last is the latest."""
    chained, sha = [], None
    for night in range(nights):
        time = f"2026-{4 + night // 28:02}-{1 + night % 28:02}T03:00:00Z"
        again = valid({**report, "timestamp": time, "run_id": f"{night + 1:016x}", "sequence": night + 1,
                       "previous_sha256": sha, "previous_unknown_because": None})  # fmt: skip
        text = json.dumps(again)
        name = f"shop-{time.replace('-', '').replace(':', '')}-{night + 1:016x}.json"
        chained.append((f"schema-drift/{time[:10].replace('-', '/')}/{name}", text))
        sha = hashlib.sha256(text.encode()).hexdigest()
        bucket.put(*chained[-1])
    bucket.put("schema-drift/latest/shop.json", chained[-1][1])
    return chained, sha


@pytest.fixture
def chained(bucket, template):
    """A chain of 40 nights, and nothing else."""
    objects = bucket.aws.admin("s3")
    for page in objects.list_objects_v2(Bucket=bucket.nightly.bucket)["Contents"]:
        objects.delete_object(Bucket=bucket.nightly.bucket, Key=page["Key"])
    return chain_in(bucket, template, 40)


def verify(bucket, *words):
    done = bucket.run("reports", "verify", *words)
    assert done.stderr == "", done
    return done.returncode, done.stdout


def test_a_chain_in_a_bucket_is_verified_with_the_rights_of_a_reader(bucket, chained):
    chain, newest = chained
    code, text = verify(bucket, "--anchor", newest)
    assert (code, text.splitlines()[0]) == (0, "shop: whole, 40 reports, number 1 to 40")
    assert "and the 39 before it in its chain, back to report 1 (" in text


def test_edits_deletions_swaps_replays_and_strangers_in_a_bucket_are_told(bucket, chained):
    chain, newest = chained
    delete = bucket.aws.admin("s3").delete_object
    name = lambda night: chain[night][0].rpartition("/")[2]

    bucket.put(chain[4][0], chain[4][1] + " ")  # edited
    delete(Bucket=bucket.nightly.bucket, Key=chain[9][0])  # deleted
    bucket.put(chain[20][0], chain[21][1])  # swapped
    bucket.put(chain[21][0], chain[20][1])
    copy = "shop-20260428T050000Z-00000000000000ff.json"
    bucket.put(f"schema-drift/2026/04/28/{copy}", chain[0][1])  # replayed
    stranger = json.loads(chain[30][1])
    stranger["target"] = "billing"
    bucket.put(chain[30][0].replace(f"{31:016x}", f"{99:016x}"), json.dumps(stranger))  # of another target
    delete(Bucket=bucket.nightly.bucket, Key=chain[39][0])  # the newest one

    done = bucket.run("reports", "verify", "--anchor", newest, "--format", "json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert (document["whole"], document["anchor_found"]) == (False, False)
    (target,) = document["targets"]
    kinds = sorted(finding["kind"] for finding in target["findings"])
    assert kinds == ["copy", "edited", "foreign", "misplaced", "misplaced", "missing", "missing"]
    said = "\n".join(finding["message"] for finding in target["findings"])
    assert f"report 5 ({name(4)}) has " in said
    assert f"report 10 is missing, between report 9 ({name(8)}) and report 11 ({name(10)})" in said
    assert f"{name(20)} holds the report that belongs to {name(21)}" in said
    assert f"{copy} holds a copy of {name(0)}" in said
    assert "the newest report, number 40 of " in said


def test_in_a_bucket_the_oldest_may_have_expired(bucket, chained):
    chain, _ = chained
    for key, _ in chain[:5]:
        bucket.aws.admin("s3").delete_object(Bucket=bucket.nightly.bucket, Key=key)
    code, text = verify(bucket)
    assert code == 0
    assert (f"  note      the chain begins at number 6, {chain[5][0].rpartition('/')[2]}: those before it expired or "
            "were removed; nothing here tells which\n") in text  # fmt: skip


def test_nightly_runs_into_a_bucket_are_a_whole_chain(bucket, template):
    user = bucket.aws.user(bucket.nightly.policy)
    again = bucket.nightly.run(user, "--database", "lambda:sql-api")
    assert (template["sequence"], again.report["sequence"]) == (1, 2)
    first, second = (put["body"] for put in bucket.aws.puts if "/latest/" not in put["key"] and "-" in put["key"])
    assert again.report["previous_sha256"] == hashlib.sha256(first).hexdigest()
    code, text = verify(bucket)
    assert (code, text.splitlines()[0]) == (0, "shop: whole, 2 reports, number 1 to 2")


# --- the configuration in a bucket ------------------------------------------------------------


def check_by(bucket, key, statements=READER):
    principal = bucket.aws.user(bucket.policy(*statements))
    return run("check", "--config", f"s3://{bucket.nightly.bucket}/{key}", "--format", "jsonl",
               env=bucket.aws.environment(principal))  # fmt: skip


def test_the_targets_file_may_lie_in_a_bucket(bucket, cluster, tmp_path):
    bucket.put("conf/fleet.json", json.dumps({"targets": [
        {"target": name, "repository": str(tmp_path / "work"), "database": cluster.url()} for name in ("a", "b")]}))  # fmt: skip
    done = check_by(bucket, "conf/fleet.json")
    assert done.returncode == 1, done.stderr
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["behind", "behind"]


def test_what_is_wrong_with_it_is_told_as_of_a_file(bucket):
    place = f"s3://{bucket.nightly.bucket}"
    bucket.put("odd.json", '{"targets": [{"target": "a", "databse": "x"}]}')
    done = check_by(bucket, "odd.json")
    assert (done.returncode, done.stderr) == (64, (
        f'schema-drift: error: {place}/odd.json: unknown key "databse" in targets[0]\n'
        '  hint: did you mean "database"?\n'))  # fmt: skip
    bucket.put("large.json", " " * (5 << 20))
    done = check_by(bucket, "large.json")
    assert (done.returncode, done.stderr) == (64, (
        f"schema-drift: error: {place}/large.json: more than 4 MiB\n"
        "  hint: share the targets out among several configurations\n"))  # fmt: skip
    done = check_by(bucket, "nowhere.json")
    assert (done.returncode, done.stderr) == (
        64, f"schema-drift: error: {place}/nowhere.json: there is no such object\n")
    done = check_by(bucket, "")
    assert (done.returncode, done.stderr) == (
        64, f"schema-drift: error: {place}/: names no object\n  hint: write s3://bucket/key\n")


# --- the configuration in a parameter ---------------------------------------------------------


def check_by_parameter(bucket, name, *statements):
    principal = bucket.aws.user(bucket.policy(*statements))
    return run("check", "--config", f"ssm:{name}", "--format", "jsonl", env=bucket.aws.environment(principal))


def reads_parameter(name):
    return {"Effect": "Allow", "Action": "ssm:GetParameter",
            "Resource": f"arn:aws:ssm:eu-central-1:{ACCOUNT}:parameter/{name}"}  # fmt: skip


def test_the_targets_file_may_be_a_parameter_that_is_encrypted(bucket, cluster, tmp_path):
    bucket.aws.parameters("/fleet", small=json.dumps({"targets": [
        {"target": name, "repository": str(tmp_path / "work"), "database": cluster.url()} for name in ("a", "b")]}))  # fmt: skip
    done = check_by_parameter(bucket, "/fleet/small", reads_parameter("fleet/small"))
    assert done.returncode == 1, done.stderr
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["behind", "behind"]
    assert bucket.aws.calls[0].action == "ssm:GetParameter"
    # What is wrong with it is told as of a file, and its text is nobody's.
    bucket.aws.parameters("/fleet", odd='{"targets": [{"target": "a", "databse": "hunter2"}]}')
    done = check_by_parameter(bucket, "/fleet/odd", reads_parameter("fleet/odd"))
    assert (done.returncode, done.stderr) == (64, (
        'schema-drift: error: ssm:/fleet/odd: unknown key "databse" in targets[0]\n'
        '  hint: did you mean "database"?\n'))  # fmt: skip
    done = check_by_parameter(bucket, "")
    assert (done.returncode, done.stderr) == (
        64, "schema-drift: error: ssm: names no parameter\n  hint: write ssm:NAME\n")  # fmt: skip


def test_a_parameter_that_is_not_there_or_not_for_us_is_named(bucket):
    done = check_by_parameter(bucket, "/fleet/none", reads_parameter("fleet/none"))
    assert done.returncode == 2
    assert "ssm:GetParameter on /fleet/none" in done.stderr and "ParameterNotFound" in done.stderr
    done = check_by_parameter(bucket, "/fleet/none")
    assert done.returncode == 2 and "ssm:GetParameter on /fleet/none was denied" in done.stderr


# --- a fleet whose store hangs ----------------------------------------------------------------


def fleet_into(bucket, cluster, tmp_path, *words):
    config = tmp_path / "fleet.json"
    config.write_text(json.dumps({"targets": [
        {"target": f"t{number}", "repository": str(tmp_path / "work"), "database": cluster.url()}
        for number in range(6)]}))  # fmt: skip
    begin = time.monotonic()
    done = run("check", "--config", config, "--reports", bucket.place, "--format", "jsonl", *words,
               "--spool-dir", tmp_path / "spool",
               env=bucket.aws.environment(bucket.aws.user(bucket.nightly.policy)))  # fmt: skip
    done.took = time.monotonic() - begin
    done.reports = {report["target"]: valid(report) for report in map(json.loads, done.stdout.splitlines())}
    return done


def test_a_report_that_hangs_in_the_store_costs_only_itself(bucket, cluster, tmp_path):
    bucket.aws.fault("no answer", "s3:PutObject", resource="/t3-")
    done = fleet_into(bucket, cluster, tmp_path, "--timeout", "10")
    assert done.took < 13, done.stderr
    assert done.returncode == 3
    assert {report["status"] for report in done.reports.values()} == {"behind"} and len(done.reports) == 6
    assert {name for name, report in done.reports.items() if report["undelivered"]} == {"t3"}
    assert done.reports["t3"]["undelivered"][0].startswith("cannot store ")
    stored = {put["key"].rpartition("/")[2] for put in bucket.aws.puts if "/latest/t" in put["key"]}
    assert stored == {f"t{number}.json" for number in range(6)} - {"t3.json"}
    assert len(list((tmp_path / "spool").rglob("t3-*-spooled.json"))) == 1


def test_a_store_that_answers_nothing_keeps_no_database_from_being_read(bucket, cluster, tmp_path):
    for action in ("s3:PutObject", "s3:GetObject"):
        bucket.aws.fault("no answer", action)
    done = fleet_into(bucket, cluster, tmp_path, "--timeout", "10")
    assert done.took < 13, done.stderr
    assert done.returncode == 3
    assert {report["status"] for report in done.reports.values()} == {"behind"} and len(done.reports) == 6
    assert all(report["undelivered"] for report in done.reports.values())
    assert len(list((tmp_path / "spool").rglob("*-spooled.json"))) == 6
