"""The detector as a Lambda function: one check for each invocation, in today's surroundings."""

import json
import re
import signal
import time

import pytest

from aws_emulator import RuntimeInterfaceEmulator, runtime_interface_emulator
from lambda_emulator import LambdaEmulator
from nightly import PASSWORD, Nightly
from operations import ACCOUNT
from postgres import Cluster
from program import valid
from repository import Repository
from sql_api import SqlApi

SCHEDULED = {
    "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
    "source": "aws.events", "account": ACCOUNT, "time": "2026-11-20T03:00:00Z",
    "region": "eu-central-1", "resources": [], "detail": {}}  # fmt: skip
AWS_EMULATOR, WHY_NOT = runtime_interface_emulator()


@pytest.fixture(scope="module")
def cluster():
    with Cluster(tcp=True) as server:
        server.psql(f"CREATE ROLE drift LOGIN PASSWORD '{PASSWORD}' IN ROLE with_password")
        server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                    "GRANT SELECT ON alembic_version TO drift", db="app")  # fmt: skip
        yield server


@pytest.fixture
def stamp(cluster):
    def insert(*revisions):
        values = ",".join(f"('{revision}')" for revision in revisions)
        cluster.psql(f"DELETE FROM alembic_version; INSERT INTO alembic_version VALUES {values}", db="app")

    return insert


@pytest.fixture
def nightly(aws, tmp_path, cluster, github):
    return Nightly(aws, tmp_path, answer=SqlApi(cluster, "app", user="owner"), github=github)


def variables(nightly, **more):
    """What Lambda and today's configuration put into the function's environment."""
    principal = nightly.aws.principals.session("schema-drift", [nightly.policy])
    env = nightly.environment(principal) | {"_HANDLER": "check", "SCHEMA_DRIFT_DATABASE": "lambda:sql-api"}
    return {name: value for name, value in (env | more).items() if value is not None}


def metrics_of(log):
    """The embedded metrics in a function's log: {target: {name: value}}."""
    found = {}
    for line in log.splitlines():
        if line.startswith('{"_aws"'):
            entry = json.loads(line)
            names = [m["Name"] for m in entry["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
            assert entry["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "SchemaDrift"
            found[entry["Target"]] = {name: entry[name] for name in names}
    return found


@pytest.mark.parametrize("emulator", [LambdaEmulator] + ([RuntimeInterfaceEmulator] if AWS_EMULATOR else []))
def test_a_scheduled_event_runs_the_nightly_check(nightly, stamp, emulator):
    stamp("b2")
    with emulator([], variables(nightly)) as function:
        answered = function.invoke(SCHEDULED)
        assert (answered.status, answered.function_error) == (200, ""), answered.payload
        assert list(answered.json) == ["statusCode", "body"]
        assert answered.json["statusCode"] == 200
        report = valid(answered.json["body"])
        assert (report["status"], report["drift_detected"]) == ("behind", True)
        assert (report["codebase_head"], report["production_version"]) == ("c3", "b2")
        assert nightly.latest() == report
        assert len(nightly.alerts()) == 1
        measures = metrics_of(function.log_file.read_text())["shop"]
        assert {name: measures[name] for name in measures if name != "RunDuration"} == {
            "DriftDetected": 1, "PendingRevisions": 1, "DriftAgeSeconds": 0, "CouldNotTell": 0,
            "Undelivered": 0}  # fmt: skip
        # Warm: the same process, another run.
        again = valid(function.invoke({}).json["body"])
        assert again["run_id"] != report["run_id"]
        assert (again["alert"]["kind"], len(nightly.alerts())) == ("drift_unchanged", 1)
        assert len(nightly.dated()) == 2
    assert nightly.rights_used()[1] == set()


@pytest.mark.parametrize("emulator", [LambdaEmulator] + ([RuntimeInterfaceEmulator] if AWS_EMULATOR else []))
def test_both_functions_together_do_a_whole_night(nightly, stamp, cluster, emulator):
    """The check asks the SQL API's function, which asks PostgreSQL; git, bucket and topic are real, too."""
    stamp("b2")
    with emulator(["sql-api"], {"SCHEMA_DRIFT_DATABASE": cluster.url(user="owner")}) as sql_api:
        there = {"AWS_ENDPOINT_URL_LAMBDA": sql_api.url, "SCHEMA_DRIFT_DATABASE": "lambda:function"}
        with emulator([], variables(nightly, **there)) as check:
            answered = check.invoke(SCHEDULED)
    assert answered.function_error == "", answered.payload
    report = valid(answered.json["body"])
    assert (report["status"], report["production_version"]) == ("behind", "b2")
    assert report["production"]["version_table"] == "public.alembic_version"
    assert nightly.latest() == report
    assert len(nightly.alerts()) == 1


def test_an_event_by_hand_overrides_ref_and_delivers_nothing_if_dry(nightly, stamp):
    stamp("b2")
    with LambdaEmulator([], variables(nightly)) as function:
        report = valid(function.invoke({"ref": "HEAD~1", "dry_run": True}).json["body"])
        assert (report["status"], report["repository"]["ref"]) == ("synced", "HEAD~1")
        assert nightly.stored() == {} and nightly.alerts() == []
        assert metrics_of(function.log_file.read_text()) == {}
        # The override was for that invocation alone.
        assert valid(function.invoke({}).json["body"])["status"] == "behind"


@pytest.mark.parametrize("event, message", [
    ({"reff": "main"}, "the event has the key \"reff\", which is not known (did you mean \"ref\"?)"),
    ({"targets": ["shp"]}, "the event names the target \"shp\", which the configuration does not have "
                           "(did you mean \"shop\"?)"),
    (b"{", "the event is not JSON (send {}, or {\"ref\": \"main\", \"targets\": [\"orders\"], \"dry_run\": true})"),
])  # fmt: skip
def test_an_event_that_means_nothing_is_an_error_and_the_function_lives_on(nightly, stamp, event, message):
    stamp("c3")
    with LambdaEmulator([], variables(nightly)) as function:
        answered = function.invoke(event)
        assert answered.function_error
        assert answered.json["errorMessage"] == message
        assert answered.json["errorType"] == "Function.Usage"
        assert nightly.stored() == {}
        assert valid(function.invoke({}).json["body"])["status"] == "synced"
        assert function.starts == 1


STEP = {"run": "n", "started": "2026-11-20T03:00:00Z"}


@pytest.mark.parametrize("event, message", [
    ({"action": "summary"}, "no --reports was given (give --reports s3://bucket/prefix, or set REPORTS_BUCKET)"),
    ({"action": "fleet-list", **STEP, "batch_size": 10, "batches_at_once": 2},
     "a fleet's steps meet in a bucket, and --reports names none (give --reports s3://bucket/prefix)"),
])  # fmt: skip
def test_a_step_without_a_bucket_is_refused(nightly, event, message):
    with LambdaEmulator([], variables(nightly, REPORTS_BUCKET=None)) as function:
        answered = function.invoke(event)
        assert answered.function_error
        assert (answered.json["errorMessage"], answered.json["errorType"]) == (message, "Function.Usage")


def test_a_last_step_without_a_first_says_what_is_missing(nightly):
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    principal = nightly.aws.principals.session("schema-drift", [nightly.policy, allowed])
    with LambdaEmulator([], variables(nightly) | nightly.environment(principal)) as function:
        answered = function.invoke({"action": "fleet-close", **STEP, "batches": []})
    assert answered.function_error
    assert re.fullmatch(
        rf"the list of this run's targets is not at s3://{nightly.bucket}/schema-drift/fleet/work/[0-9a-f]+/targets.json "
        r"\(the step that lists them has to run first\)", answered.json["errorMessage"])  # fmt: skip


def test_a_summary_that_nobody_is_sent_says_so(nightly, stamp):
    stamp("c3")
    with LambdaEmulator([], variables(nightly, SNS_TOPIC_ARN=None)) as function:
        function.invoke(SCHEDULED)
        assert not function.invoke({"action": "summary"}).function_error
        assert "nobody is sent the summary: give --alerts the ARN of a topic, or mailto:ADDRESS" in function.log_file.read_text()


def test_several_targets_stand_under_the_gravest_status(nightly, stamp, tmp_path, cluster):
    stamp("c3")
    config = tmp_path / "targets.json"
    config.write_text(json.dumps({"targets": [
        {"target": "shop", "database": "lambda:sql-api"},
        {"target": "older", "database": "lambda:sql-api", "ref": "HEAD~1"},
        {"target": "gone", "database": "lambda:nobody"}]}))  # fmt: skip
    env = variables(nightly, SCHEMA_DRIFT_CONFIG=str(config), SCHEMA_DRIFT_TARGET=None,
                    SCHEMA_DRIFT_DATABASE=None)  # fmt: skip
    with LambdaEmulator([], env) as function:
        body = function.invoke({}).json["body"]
        assert (body["status"], body["drift_detected"]) == ("error", None)
        assert [valid(r)["status"] for r in body["reports"]] == ["synced", "ahead", "error"]
        assert set(metrics_of(function.log_file.read_text())) == {"shop", "older", "gone"}
        assert metrics_of(function.log_file.read_text())["gone"].keys() == {
            "CouldNotTell", "Undelivered", "RunDuration"}  # fmt: skip
        body = function.invoke({"targets": ["shop", "older"]}).json["body"]
        assert (body["status"], body["drift_detected"]) == ("ahead", True)
        assert valid(function.invoke({"targets": "shop"}).json["body"])["status"] == "synced"


def test_a_side_that_hangs_is_reported_before_the_function_s_time_is_over(nightly, stamp, aws):
    stamp("c3")
    aws.fault("no answer", "lambda:InvokeFunction")
    with LambdaEmulator([], variables(nightly), timeout=8) as function:
        begin = time.monotonic()
        answered = function.invoke(SCHEDULED)
        assert time.monotonic() - begin < 8
        assert (answered.function_error, answered.json["statusCode"]) == ("", 200)
        report = valid(answered.json["body"])
        assert (report["status"], report["failure"]["kind"]) == ("error", "timed_out")
        assert nightly.latest() == report
        (alert,) = nightly.alerts()
        assert alert["attributes"]["status"] == "error"


def test_a_configuration_that_cannot_work_is_an_init_error(nightly):
    with LambdaEmulator([], variables(nightly, REPORTS_BUCKET="bad bucket")) as function:
        answered = function.invoke({})
        assert answered.function_error
        assert answered.json["errorMessage"] == (
            "invalid S3 bucket \"bad bucket\": a name has letters, digits, '.', '-' and '_' alone "
            "(give the bucket's name, not its ARN or URL: s3://BUCKET/PREFIX)")  # fmt: skip
        assert answered.json["errorType"] == "Runtime.Usage"


def test_a_report_above_the_limit_is_answered_in_short(nightly, stamp, tmp_path):
    """40,000 pending revisions make more than Lambda passes on; the whole report is in the bucket."""
    work = Repository(tmp_path / "many")
    for number in range(40_000):
        before = f"'r{number - 1:06}'" if number else "None"
        (work.versions / f"r{number:06}.py").write_text(
            f"\"\"\"step {number} {'x' * 60}\"\"\"\nrevision = 'r{number:06}'\ndown_revision = {before}\n")
    work.commit()
    stamp("r000000")
    env = variables(nightly, GITHUB_REPO=None, SCHEMA_DRIFT_REPOSITORY=str(work.folder))
    with LambdaEmulator([], env, timeout=120) as function:
        answered = function.invoke({})
        assert answered.function_error == "", answered.payload[:500]
        body = answered.json["body"]
        assert list(body) == ["timestamp", "codebase_head", "production_version", "drift_detected",
                              "status", "target", "run_id", "report"]  # fmt: skip
        assert body["status"] == "behind"
        assert re.fullmatch(rf"s3://{nightly.bucket}/schema-drift/\S+-{body['run_id']}\.json", body["report"])
        assert len(nightly.latest()["pending"]) == 39_999


def test_a_terminated_environment_ends_at_once(nightly, stamp):
    stamp("c3")
    with LambdaEmulator([], variables(nightly)) as function:
        function.invoke({})
        begin = time.monotonic()
        function.process.send_signal(signal.SIGTERM)
        assert function.process.wait(timeout=5) == 0
        assert time.monotonic() - begin < 2
