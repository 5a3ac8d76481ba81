"""A night as it will be: the template's two functions, from the zip, each in a root of its own that has
nothing else, as the roles that the template made, with GitHub, PostgreSQL and an AWS that checks
every signature and every right around them.

Lambda is tests/aws/lambda_emulator.py: the Runtime API on one side, Invoke on the other.
"""

import itertools
import json
import pathlib
import re

import pytest

from empty_root import EmptyRoot
from lambda_emulator import LambdaEmulator
from nightly import PASSWORD, TOKEN
from postgres import Cluster
from program import valid
from service_rules import FunctionError
from stack import Stack

BOOTSTRAP = "/var/task/bootstrap"
# As EventBridge sends it: https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-schedule.html
SCHEDULED = {
    "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
    "source": "aws.events", "account": "123456789012", "time": "2026-11-21T03:00:00Z",
    "region": "eu-central-1", "resources": ["arn:aws:events:eu-central-1:123456789012:rule/nightly"],
    "detail": {}}  # fmt: skip


@pytest.fixture(scope="module")
def cluster():
    with Cluster(tcp=True) as server:
        server.psql(f"CREATE ROLE drift LOGIN PASSWORD '{PASSWORD}' IN ROLE with_password")
        server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                    "GRANT SELECT ON alembic_version TO drift", db="app")  # fmt: skip
        yield server


_numbers = itertools.count(1)  # moto's state outlives one Aws


class Functions:
    """Both functions of a stack, running."""

    def __init__(self, aws, archive, folder, cluster, github):
        self.aws, name = aws, f"night-{next(_numbers)}"
        self.stack = Stack(
            aws, name, archive.read_bytes(),
            GithubTokenSecretArn=aws.secret(f"{name}/github-token", TOKEN),
            DatabaseSecretArn=aws.secret(f"{name}/database", json.dumps({
                "username": "drift", "password": PASSWORD, "host": "127.0.0.1", "port": cluster.port,
                "dbname": "app"})),
            SubnetIds="subnet-0a1b2c3d", SecurityGroupIds="sg-0a1b2c3d", TargetName="shop")  # fmt: skip
        self.sql_api = self._function("SqlApi", archive, folder, ["sql-api"], {})
        self.check = self._function(
            "Check", archive, folder, ["check", "check-token"],
            {n: v for n, v in github.environment.items() if n != "SSL_CERT_FILE"})  # fmt: skip
        certificates = self.check.root.folder / "etc/pki/tls/certs/ca-bundle.crt"
        certificates.parent.mkdir(parents=True)
        certificates.write_bytes(github.authority.certificate.read_bytes())
        aws.function(self.stack.made["SqlApi"], self._ask_sql_api)

    def _function(self, name, archive, folder, policies, variables):
        root = EmptyRoot(folder / name)
        root.unpack(archive)
        root.write(str(self.aws.ca_file), self.aws.ca_file.read_bytes())
        documents = [self.stack.policies(f"{name}Role")[policy] for policy in policies]
        role = self.aws.principals.session(self.stack.made[f"{name}Role"], documents)
        told = self.aws.admin("lambda").get_function_configuration(FunctionName=self.stack.made[name])
        program, *words = root.command(BOOTSTRAP)
        function = LambdaEmulator(
            words, {**self.stack.variables(name), **self.aws.environment(role), **variables, "HOME": "/",
                    "_HANDLER": told["Handler"]}, timeout=60, program=program)  # fmt: skip
        function.root = root
        return function

    def _ask_sql_api(self, payload):
        answered = self.sql_api.invoke(payload)
        if answered.function_error:
            raise FunctionError(answered.json)
        return answered.payload

    def __enter__(self):
        self.sql_api.__enter__()
        self.check.__enter__()
        return self

    def __exit__(self, *_):
        self.check.__exit__()
        self.sql_api.__exit__()

    def night(self, event=None):
        answered = self.check.invoke(SCHEDULED if event is None else event)
        assert answered.function_error == "", answered.payload + answered.log
        return answered

    def metrics(self, answered):
        lines = [json.loads(line) for line in answered.log.decode().splitlines() if '"_aws"' in line]
        return lines[-1]


@pytest.fixture
def functions(aws, archive, tmp_path, cluster, github, monkeypatch):
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):  # of this machine, and not in the roots
        monkeypatch.delenv(name, raising=False)
    with Functions(aws, archive, tmp_path, cluster, github) as both:
        yield both


def peak_memory_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def at(cluster, *revisions):
    cluster.psql("DELETE FROM alembic_version;" + "".join(
        f"INSERT INTO alembic_version VALUES ('{revision}');" for revision in revisions), db="app")  # fmt: skip


def test_nights_of_drift_and_of_recovery(aws, functions, cluster):
    at(cluster, "b2")
    first = functions.night()
    assert first.json["statusCode"] == 200
    report = valid(first.json["body"])
    assert report["status"] == "behind", report["failure"]
    assert (report["codebase_head"], report["production_version"]) == ("c3", "b2")
    (alert,) = aws.published
    assert alert["topic"] == functions.stack.outputs["AlertsTopic"]
    s3, bucket = aws.admin("s3"), functions.stack.outputs["ReportsBucket"]
    latest = s3.get_object(Bucket=bucket, Key="schema-drift/latest/shop.json")["Body"].read()
    assert json.loads(latest) == report

    # Warm: the same processes, a clone that is there, and no second mail about the same drift.
    processes = functions.check.process.pid, functions.sql_api.process.pid
    again = functions.night()
    assert again.json["body"]["status"] == "behind" and len(aws.published) == 1
    assert (functions.check.process.pid, functions.sql_api.process.pid) == processes

    # Of the 128 MB that each has.
    for function in (functions.check, functions.sql_api):
        peak = peak_memory_mib(function.process.pid)
        print(function.root.folder.name, f"{peak:.1f} MiB")
        assert peak < 40

    at(cluster, "c3")
    assert functions.night().json["body"]["status"] == "synced"
    assert len(aws.published) == 2
    assert {call.code for call in aws.calls if call.code} <= {"NoSuchKey"}


def test_the_metrics_are_those_that_the_alarms_watch(functions, cluster):
    at(cluster, "b2")
    line = functions.metrics(functions.night())
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    told = {metric["Name"] for metric in directive["Metrics"]}
    watched = set()
    for name in functions.stack.template.resources("AWS::CloudWatch::Alarm"):
        alarm = functions.stack.template.properties(name)
        for metric in [alarm, *(m["MetricStat"]["Metric"] for m in alarm.get("Metrics", []) if "MetricStat" in m)]:
            if metric.get("Namespace") == directive["Namespace"]:
                watched.add(metric["MetricName"])
                assert [d["Name"] for d in metric["Dimensions"]] in directive["Dimensions"]
                assert [d["Value"] for d in metric["Dimensions"]] == [line["Target"]]
    assert watched == {"DriftDetected", "CouldNotTell", "Undelivered", "RunDuration"} and watched <= told
    assert (line["DriftDetected"], line["PendingRevisions"], line["CouldNotTell"]) == (1, 1, 0)


def test_a_night_on_which_the_sql_api_fails_is_told(aws, functions, cluster):
    cluster.psql("ALTER ROLE drift PASSWORD 'another'")
    try:
        answered = functions.night()
    finally:
        cluster.psql(f"ALTER ROLE drift PASSWORD '{PASSWORD}'")
    report = valid(answered.json["body"])
    assert (report["status"], report["failure"]["stage"]) == ("error", "production")
    assert functions.metrics(answered)["CouldNotTell"] == 1
    assert len(aws.published) == 1
    assert PASSWORD not in answered.log.decode() + json.dumps(report)


def test_a_week_ends_in_a_mail_and_a_page(aws, functions, cluster):
    at(cluster, "b2")
    functions.night()
    answered = functions.check.invoke({"action": "summary"})
    assert answered.function_error == "", answered.payload + answered.log
    assert answered.json["targets"] == 1
    assert answered.json["told"] == [functions.stack.outputs["AlertsTopic"]]
    mail = aws.published[-1]
    assert mail["subject"] == "[schema-drift] weekly summary of 1 target: 1 behind"
    assert "shop" in mail["message"] and answered.json["page"] in mail["message"]
    bucket, _, key = answered.json["page"].removeprefix("s3://").partition("/")
    assert bucket == functions.stack.outputs["ReportsBucket"]
    assert re.fullmatch(r"schema-drift/summary/\d{4}-\d\d-\d\d\.html", key)
    page = aws.admin("s3").get_object(Bucket=bucket, Key=key)
    assert page["ContentType"] == "text/html; charset=utf-8"
    assert page["Body"].read().decode().startswith("<!DOCTYPE html>")
    assert {call.code for call in aws.calls if call.code} <= {"NoSuchKey"}
    # Another one on the same day takes the page's place, and the function still checks.
    assert functions.check.invoke({"action": "summary"}).function_error == ""
    assert functions.night().json["body"]["status"] == "behind"
