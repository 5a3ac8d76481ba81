"""A fleet's nights: the state machine of cron/fleet.yaml, executed. See fleet_night.py."""

import itertools
import json
import re

import pytest

from fleet_night import FleetNight
from nightly import PASSWORD, filled_in
from policy import decide
from postgres import Cluster
from program import ROOT
from service_rules import FunctionError
from stack import FILE, FLEET_FILE, lint
from template import Template


NAMES = [f"shop_{number}" for number in range(8)]


@pytest.fixture(scope="module")
def cluster():
    with Cluster(tcp=True) as server:
        server.psql(f"CREATE ROLE drift LOGIN PASSWORD '{PASSWORD}' IN ROLE with_password")
        for name in NAMES:
            server.psql(f"CREATE DATABASE {name}")
            server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                        "GRANT SELECT ON alembic_version TO drift", db=name)  # fmt: skip
        yield server


def at(cluster, revision, *names):
    for name in names or NAMES:
        cluster.psql(f"DELETE FROM alembic_version; INSERT INTO alembic_version VALUES ('{revision}')", db=name)


def url(cluster, database):
    return cluster.url(user="drift", db=database, password=PASSWORD, host="127.0.0.1")


_names = (f"fleet-{number}" for number in itertools.count(1))


@pytest.fixture
def night(aws, cluster, github, tmp_path):
    """Four targets as they are, and one that stands for the other four databases."""
    at(cluster, "c3")

    targets = [{"target": name, "database": url(cluster, name)} for name in NAMES[:4]]
    targets.append({"target": "all", "database": url(cluster, NAMES[4]), "databases_from":
                    f"SELECT datname FROM pg_database WHERE datname IN ('{NAMES[4]}', '{NAMES[5]}', '{NAMES[6]}', "
                    f"'{NAMES[7]}')"})  # fmt: skip
    one = FleetNight(aws, next(_names), tmp_path, github, targets)
    yield one
    one.function.close()


EXPANDED = [f"all-{name}" for name in NAMES[4:]]


def test_a_night_of_all_batches_ends_in_one_alert_and_one_report(aws, night, cluster):
    at(cluster, "b2", "shop_1", "shop_6")
    done = night.run("night-1")
    assert done["status"] == "SUCCEEDED", night.history(done)
    report = night.fleet()
    assert night.statuses() == {**{n: "synced" for n in [*NAMES[:4], *EXPANDED]},
                                "shop_1": "behind", "all-shop_6": "behind"}  # fmt: skip
    assert (report["batches"], report["lost_batches"], report["target_count"]) == (3, 0, 8)
    assert (report["fleet"], report["told_count"], report["undelivered"]) == (night.name, 2, [])
    assert {row["target"]: row["pending_count"] for row in report["targets"] if row["pending_count"]} == {
        "shop_1": 1, "all-shop_6": 1}  # fmt: skip
    # One message, as one process over all would have sent.
    (alert,) = aws.published
    assert alert["subject"] == "[schema-drift] 2 of 8 targets: 2 BEHIND"
    assert "all-shop_6, shop_1" in alert["message"] and "8 targets: 6 synced, 2 behind" in alert["message"]
    # Each target's own report is there, under the id of the one run.
    for row in report["targets"]:
        one = json.loads(night.read(row["report"].split("/schema-drift/", 1)[1]))
        assert (one["run_id"], one["status"]) == (report["run_id"], row["status"])
        assert json.loads(night.read(f"latest/{row['target']}.json")) == one
    # Batches ran beside one another, no more than allowed, and each had a share of the connections.
    batches = [e for e in night.function.events if e.get("action") == "fleet-batch"]
    assert [len(b["targets"]) for b in sorted(batches, key=lambda b: b["batch"])] == [3, 3, 2]
    assert {b["at_once"] for b in batches} == {3} and 1 < night.function.most_busy <= 3
    # What counts is counted for the fleet, not for each of ten thousand targets.
    (line,) = night.metrics()
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Fleet"]]
    assert (line["Fleet"], line["Targets"], line["Synced"], line["Drifted"], line["CouldNotTell"]) == (
        night.name, 8, 6, 2, 0)  # fmt: skip
    (page,) = [key for key in night.objects("fleet/") if key.endswith(".html")]
    assert all(name in night.read(page) for name in [*NAMES[:4], *EXPANDED])
    assert night.denied() == set() and night.queued() == []


def test_the_week_of_a_fleet_is_one_mail(aws, night, cluster):
    at(cluster, "b2", "shop_1")
    night.run("night-1")
    told = json.loads(night.function({"action": "summary"}))
    assert (told["targets"], told["told"]) == (8, [night.stack.outputs["AlertsTopic"]])
    assert aws.published[-1]["subject"] == "[schema-drift] weekly summary of 8 targets: 1 behind, 7 synced"
    (page,) = night.objects("summary/")
    assert told["page"].endswith(page) and night.denied() == set()


def test_the_next_night_knows_who_was_told(aws, night, cluster):
    at(cluster, "b2", "shop_1", "shop_6")
    assert night.run("one")["status"] == night.run("two")["status"] == "SUCCEEDED"
    assert len(aws.published) == 1
    at(cluster, "c3", "shop_1")
    night.run("three")
    # One target alone has news: the message is its own.
    assert [a["subject"] for a in aws.published[1:]] == [
        "[schema-drift] shop_1: SYNCED, recovered: production has every migration of this ref"]
    assert night.fleet()["told_count"] == 1


def crash(action, batch=None, times=99):
    """Ends the function's process before it answers."""
    left = [times]

    def before(event, environment):
        if event.get("action") == action and event.get("batch") == batch and left[0] > 0:
            left[0] -= 1
            raise FunctionError({"errorType": "Sandbox.Timedout", "errorMessage":
                                 "RequestId: 1 Error: Task timed out after 900.00 seconds"})  # fmt: skip

    return before


def test_targets_of_a_batch_that_never_answers_are_errors_and_do_not_vanish(aws, night):
    night.function.before = crash("fleet-batch", 1)
    done = night.run("night-1")
    assert done["status"] == "SUCCEEDED", night.history(done)
    lost = {"shop_3", "all-shop_4", "all-shop_5"}
    assert night.statuses() == {n: "error" if n in lost else "synced" for n in [*NAMES[:4], *EXPANDED]}
    report = night.fleet()
    assert report["lost_batches"] == 1
    failure = next(row["failure"] for row in report["targets"] if row["target"] == "shop_3")
    assert failure == {
        "stage": "run", "kind": "timed_out", "message": "batch 1 of the fleet gave no result: RequestId: 1 "
        "Error: Task timed out after 900.00 seconds",
        "hint": "the function's log says more; smaller batches take less time and memory"}  # fmt: skip
    assert sum(e.get("batch") == 1 for e in night.function.events) == 3  # it was tried three times
    (alert,) = aws.published
    assert alert["subject"] == "[schema-drift] 3 of 8 targets: 3 ERROR"
    assert json.loads(night.read("latest/shop_3.json"))["status"] == "error"
    assert night.metrics()[-1]["CouldNotTell"] == 3 and night.metrics()[-1]["LostBatches"] == 1
    night.function.before = None
    night.run("night-2")
    assert set(night.statuses().values()) == {"synced"}
    assert aws.published[1]["subject"] == "[schema-drift] 3 of 8 targets: 3 SYNCED"


def test_a_batch_that_is_repeated_says_everything_once(aws, night, cluster):
    """It stored its reports and died: what it has to say is still said, and once."""
    at(cluster, "b2", "shop_0", "shop_1")
    died = []

    def before(event, environment):
        if event.get("action") == "fleet-batch" and event["batch"] == 0 and not died:
            died.append(environment.invoke(event))
            raise FunctionError({"errorType": "Runtime.ExitError", "errorMessage": "signal: killed"})

    night.function.before = before
    assert night.run("night-1")["status"] == "SUCCEEDED"
    assert died and night.statuses()["shop_0"] == "behind"
    assert [a["subject"] for a in aws.published] == ["[schema-drift] 2 of 8 targets: 2 BEHIND"]
    assert night.fleet()["lost_batches"] == 0
    # So does the last step, whose answer was lost.
    at(cluster, "b2", "shop_2")
    died.clear()

    def after(event, environment):
        if event.get("action") == "fleet-close" and not died:
            died.append(environment.invoke(event))
            raise FunctionError({"errorType": "Runtime.ExitError", "errorMessage": "signal: killed"})

    night.function.before = after
    assert night.run("night-2")["status"] == "SUCCEEDED"
    assert died and len(aws.published) == 2
    assert night.fleet()["told_count"] == 0 and night.statuses()["shop_2"] == "behind"


def test_a_query_that_fails_is_its_target_s_error(aws, night, cluster):
    night.configure([{"target": "shop_0", "database": url(cluster, "shop_0")},
                     {"target": "all", "database": url(cluster, "shop_1"), "databases_from": "SELECT nothing"}])  # fmt: skip
    assert night.run("night-1")["status"] == "SUCCEEDED"
    assert night.statuses() == {"shop_0": "synced", "all": "error"}
    failure = night.fleet()["targets"][0]["failure"]
    assert (failure["kind"], failure["hint"]) == ("sql_failed", "it is one SELECT that gives names of databases")


def test_a_configuration_that_changes_meanwhile_costs_the_targets_that_changed(aws, night, cluster):
    def before(event, environment):
        if event.get("action") == "fleet-batch":
            night.configure([{"target": name, "database": url(cluster, name)} for name in NAMES[:3]] + [
                {"target": "all", "database": url(cluster, NAMES[4])}])  # fmt: skip

    night.function.before = before
    assert night.run("night-1")["status"] == "SUCCEEDED"
    assert night.statuses() == {**dict.fromkeys(NAMES[:3], "synced"), "shop_3": "error", **dict.fromkeys(EXPANDED, "error")}
    failure = night.fleet()["targets"][-1]["failure"]
    assert (failure["kind"], failure["message"], failure["hint"]) == (
        "configuration", "the configuration no longer has this target as it was listed",
        "it was changed while the fleet was being checked")  # fmt: skip


@pytest.mark.parametrize("sid, action", [("ReadTheList", "s3:GetObject"), ("CallTheFunction", "lambda:InvokeFunction")])
def test_without_one_right_of_the_state_machine_its_own_call_fails(aws, night, sid, action):
    night.be(without=sid)
    done = night.run("night-1")
    assert night.denied() == {action}
    if sid == "ReadTheList":
        # No batch began, and every target says so.
        assert done["status"] == "SUCCEEDED", night.history(done)
        assert set(night.statuses().values()) == {"error"} and len(night.statuses()) == 8
        assert aws.published[0]["subject"] == "[schema-drift] 8 of 8 targets: 8 ERROR"
    else:
        assert done["status"] == "FAILED"
        assert night.objects() == []


def test_a_run_without_a_list_is_in_the_queue(aws, night):
    aws.admin("s3").delete_object(Bucket=night.targets_bucket, Key="targets.json")
    done = night.run("night-1")
    assert (done["status"], done["error"]) == ("FAILED", "FleetNotChecked")
    (message,) = night.queued()
    assert message["execution"] == done["executionArn"]
    # Whoever may not list a bucket is not told that an object is not there.
    assert f"s3:GetObject on arn:aws:s3:::{night.targets_bucket}/targets.json was denied" in message["failure"]["Cause"]
    assert aws.published == []  # the alarm on the queue tells


KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
OF_THE_STACK = {"Reports", "ReportsPolicy", "Alerts", "AlertsPolicy"}


def listed(value):
    return value if isinstance(value, list) else [value]


def held(aws, bucket, topic):
    """Everything in the two, and how they are set."""
    s3, sns = aws.admin("s3"), aws.admin("sns")
    versions = s3.list_object_versions(Bucket=bucket)
    assert not versions["IsTruncated"]
    return ([(v["Key"], v["VersionId"], v["ETag"]) for v in versions["Versions"]], versions.get("DeleteMarkers"),
            s3.get_bucket_versioning(Bucket=bucket)["Status"],
            s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"],
            s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"], aws.bucket_policies[bucket],
            sns.get_topic_attributes(TopicArn=topic)["Attributes"],
            sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"])  # fmt: skip


@pytest.fixture
def guest(aws, cluster, github, tmp_path):
    """A fleet in the bucket and topic of another team, set as docs/operations.md asks its owner to, who
    also has a key, takes nothing without a word about encryption, and keeps other things there."""
    at(cluster, "c3")
    name = next(_names)
    bucket, topic, s3 = aws.bucket(f"{name}-of-the-platform"), aws.topic(f"{name}-of-the-platform"), aws.admin("s3")
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}}]})  # fmt: skip
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [
        {"ID": one, "Status": "Enabled", "Filter": {"Prefix": prefix}, "Expiration": {"Days": days}}
        for one, prefix, days in [("expire", "schema-drift/2", 400), ("work", "schema-drift/fleet/work/", 14)]]})  # fmt: skip
    s3.put_object(Bucket=bucket, Key="ledger/2025.csv", Body=b"not a report")
    document = filled_in("bucket-policy.json", REPORTS_BUCKET=bucket)
    document["Statement"].append({
        "Sid": "DemandEncryption", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*", "Condition": {"Null": {"s3:x-amz-server-side-encryption": "true"}}})  # fmt: skip
    aws.obey_bucket_policy(bucket, document)
    aws.subscription(topic, "email", "platform@example.com")
    one = FleetNight(
        aws, name, tmp_path, github, [{"target": n, "database": url(cluster, n)} for n in NAMES[:3]], BatchSize="2",
        ExistingBucket=bucket, ExistingTopic=topic, PermissionsBoundaryArn=BOUNDARY, ReportsKeyArn=KEY)  # fmt: skip
    yield one
    one.function.close()


def test_a_fleet_is_a_guest_in_a_bucket_and_topic_that_are_there_already(aws, guest, cluster):
    stack, bucket, topic = guest.stack, guest.stack.parameters["ExistingBucket"], guest.stack.parameters["ExistingTopic"]
    versions, *settings = held(aws, bucket, topic)
    assert not OF_THE_STACK & set(stack.template.resources()) and not OF_THE_STACK & set(stack.made)
    assert (stack.outputs["ReportsBucket"], stack.outputs["AlertsTopic"]) == (bucket, topic)
    alarms = aws.admin("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack.name}-")["MetricAlarms"]
    assert {tuple(alarm["AlarmActions"]) for alarm in alarms} == {(topic,)}

    at(cluster, "b2", "shop_1")
    done = guest.run("night-1")
    assert done["status"] == "SUCCEEDED", guest.history(done)
    assert guest.statuses() == {"shop_0": "synced", "shop_1": "behind", "shop_2": "synced"}
    assert (guest.fleet()["batches"], guest.fleet()["lost_batches"], guest.fleet()["undelivered"]) == (2, 0, [])
    told = json.loads(guest.function({"action": "summary"}))
    assert (told["targets"], told["told"]) == (3, [topic])
    assert told["page"].startswith(f"s3://{bucket}/schema-drift/summary/")
    assert [alert["topic"] for alert in aws.published] == [topic, topic]
    assert guest.denied() == set()

    # Reports lie where they would in a bucket of the stack's own; nothing else has changed.
    folders = {key.split("/")[0] for key in guest.objects()}
    assert {re.sub(r"^2\d{3}$", "YEAR", folder) for folder in folders} == {"YEAR", "fleet", "latest", "summary"}
    assert {put["headers"]["x-amz-server-side-encryption-aws-kms-key-id"] for put in aws.puts} == {KEY}
    now, *settings_now = held(aws, bucket, topic)
    assert {one[0].split("/")[0] for one in set(now) - set(versions)} == {"schema-drift"}
    assert set(versions) < set(now) and settings_now == settings

    # All that the roles may do was done, so none of it is too much; but for what no call shows here.
    unseen = {"WriteLogs", "KeepWhatFailed", "StartBatches", "FollowBatches", "UseReportsKey"}
    given = [(role, one, right) for role in ("CheckRole", "FleetRole") for one in stack.policies(role).values()
             for right in one["Statement"] if right["Sid"] not in unseen]  # fmt: skip
    for role, document, right in given:
        for action, resource in itertools.product(listed(right["Action"]), listed(right["Resource"])):
            alone = {**document, "Statement": [{**right, "Action": action, "Resource": resource}]}
            assert [call for call in aws.calls if f"/{stack.made[role]}/" in call.principal
                    and decide([alone], call.action, call.resource) == "allowed"], (role, right["Sid"], action, resource)  # fmt: skip
    # And what is the owner's, or evidence, they may not.
    everything, dated = f"arn:aws:s3:::{bucket}", guest.fleet()["targets"][0]["report"].removeprefix("s3://")
    for role, action, resource in [
            ("CheckRole", "s3:GetObject", f"{everything}/ledger/2025.csv"),
            ("CheckRole", "s3:PutObject", f"{everything}/ledger/2025.csv"),
            ("CheckRole", "s3:PutObject", f"{everything}/schema-drift/acks/shop_1.json"),
            ("CheckRole", "s3:DeleteObject", f"arn:aws:s3:::{dated}"),
            ("CheckRole", "s3:PutBucketPolicy", everything), ("CheckRole", "sns:Subscribe", topic),
            ("CheckRole", "sns:Publish", f"{topic}-2"), ("FleetRole", "s3:PutObject", f"{everything}/schema-drift/fleet/x"),
            ("FleetRole", "s3:GetObject", f"arn:aws:s3:::{dated}"), ("FleetRole", "s3:ListBucket", everything)]:  # fmt: skip
        assert decide(list(stack.policies(role).values()), action, resource) == "silent", (role, action, resource)

    # The list is under the owner's key, which the state machine has a right of its own to use.
    guest.be(without="UseReportsKey")
    assert guest.run("night-2")["status"] == "SUCCEEDED" and guest.denied() == {"s3:GetObject"}
    assert set(guest.statuses().values()) == {"error"}

    iam = aws.admin("iam")
    roles = {one: iam.get_role(RoleName=stack.made[one])["Role"] for one in stack.template.resources("AWS::IAM::Role")}
    assert {one: role["PermissionsBoundary"]["PermissionsBoundaryArn"] for one, role in roles.items()} == dict.fromkeys(
        ["CheckRole", "FleetRole", "NightlyRole"], BOUNDARY)  # fmt: skip

    before = held(aws, bucket, topic)
    aws.admin("cloudformation").delete_stack(StackName=stack.name)
    assert not {role["RoleName"] for role in iam.list_roles()["Roles"]} & {role["RoleName"] for role in roles.values()}
    assert held(aws, bucket, topic) == before


def test_cfn_lint_has_nothing_to_say_of_the_fleet():
    done = lint(FLEET_FILE)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    assert len(FLEET_FILE.read_bytes()) < 51_200


def lint_definition(tmp_path, definition):
    """cfn-lint knows the Amazon States Language, but looks into no text with a Fn::Sub around it."""
    path = tmp_path / "machine.json"
    path.write_text(json.dumps({"Resources": {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
        "RoleArn": "arn:aws:iam::123456789012:role/fleet", "Definition": definition}}}}))  # fmt: skip
    done = lint(path)
    return done.returncode, done.stdout


def test_the_definition_is_one_of_the_language(night, tmp_path):
    definition = json.loads(night.stack.template.properties("Fleet")["DefinitionString"])
    assert lint_definition(tmp_path, definition) == (0, "")
    # It would say so.
    definition["States"]["Batches"]["ItemProcessor"]["States"]["CheckBatch"]["Resorce"] = "x"
    del definition["States"]["Batches"]["ItemProcessor"]["States"]["CheckBatch"]["Resource"]
    code, said = lint_definition(tmp_path, definition)
    assert code != 0 and "Resource" in said
    definition["States"]["List"]["Next"] = "Nowhere"
    assert lint_definition(tmp_path, definition)[0] != 0


PARAMETERS = {"CodeBucket": "code", "TargetsBucket": "targets"}


def fleet_template(**parameters):
    return Template(FLEET_FILE.read_text(), {**PARAMETERS, **parameters}, "eu-central-1", "123456789012", "fleet")


def read_one(**parameters):
    """cloudformation.yaml, of one database."""
    of_one = {"CodeBucket": "c", "GithubRepo": "e/s", "DatabaseSecretArn": "arn:aws:secretsmanager:x"}
    return Template(FILE.read_text(), {**of_one, **parameters}, "eu-central-1", "123456789012", "fleet")


class Named(dict):
    """Every resource is called what its logical id says."""

    def __missing__(self, name):
        kind = name.partition(".")[0]
        return f"arn:aws:s3:::{kind}" if name == "Reports.Arn" else name


def worked_out(template, names):
    """What the resources come to with nothing but defaults."""
    template.physical = template.attributes = Named()
    made = template.resources()
    return {name: {**{key: made[name].get(key) for key in ("Type", "DeletionPolicy", "DependsOn")},
                   "Properties": template.properties(name)} for name in names}  # fmt: skip


THERE = {"ExistingBucket": "example-reports", "ExistingTopic": "arn:aws:sns:eu-central-1:123456789012:example-alerts"}


@pytest.mark.parametrize("more", [
    {}, {"ObjectLockMode": "COMPLIANCE", "ObjectLockDays": "2557"}, {**THERE, "PermissionsBoundaryArn": BOUNDARY}])  # fmt: skip
def test_what_both_templates_have_is_the_same(more):
    """With the defaults of those parameters that only one of them has."""
    same = {"Reports", "ReportsPolicy", "PeoplePolicy", "Alerts", "AlertsPolicy", "AlertSubscription", "CheckLogs",
            "CheckRole", "CheckTokenPolicy", "CheckServicePolicy", "CheckRetries", "Failed", "PeopleKeyPolicy",
            "CheckReportsKeyPolicy"}  # fmt: skip
    same -= OF_THE_STACK if "ExistingBucket" in more else set()
    given = {"AlertEmail": "dba@example.com", "GithubTokenSecretArn": "arn:aws:secretsmanager:t",
             "ReportsKeyArn": KEY, **more}  # fmt: skip
    one = worked_out(read_one(**given), same)
    fleet = worked_out(fleet_template(**given), same)
    if "Reports" in same:
        rules = fleet["Reports"]["Properties"]["LifecycleConfiguration"]["Rules"]
        assert [rule["Prefix"] for rule in rules if rule["Id"] == "work"] == ["schema-drift/fleet/work/"]
        rules[:] = [rule for rule in rules if rule["Id"] != "work"]
    assert fleet == one


def test_what_both_templates_ask_and_refuse_is_said_in_the_same_words():
    one, fleet = read_one().document, fleet_template().document
    # One database is asked through the SQL API in a VPC, a fleet's from the function; it has repositories.
    differ = {"Parameters": {"SubnetIds", "SecurityGroupIds", "GithubTokenSecretArn"}, "Outputs": {"CheckFunction"}}
    for part in ("Parameters", "Conditions", "Rules", "Outputs"):
        both = set(one[part]) & set(fleet[part]) - differ.get(part, set())
        assert {name: fleet[part][name] for name in both} == {name: one[part][name] for name in both}
    assert {*THERE, "PermissionsBoundaryArn"} <= set(fleet["Parameters"])
    for document in (one, fleet):
        groups = document["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        assert sorted(name for group in groups for name in group["Parameters"]) == sorted(document["Parameters"])


def test_in_a_bucket_and_topic_that_are_there_everything_else_is_as_in_those_of_the_stack():
    """Rights, variables, alarms and the state machine: only the names differ."""
    given = {"AlertEmail": "dba@example.com", "ReportsKeyArn": KEY}
    own, there = fleet_template(**given), fleet_template(**given, **THERE)
    names = set(there.resources())
    assert set(own.resources()) - names == OF_THE_STACK
    made = json.dumps(worked_out(there, names))
    assert THERE["ExistingBucket"] in made and THERE["ExistingTopic"] in made
    made = made.replace(THERE["ExistingBucket"], "Reports").replace(THERE["ExistingTopic"], "Alerts")
    assert json.loads(made) == worked_out(own, names)
    assert not [name for name in own.resources("AWS::IAM::Role") if "PermissionsBoundary" in own.properties(name)]


def test_the_documented_parameters_are_those_of_the_fleet():
    text = (ROOT / "docs/operations.md").read_text()
    assert [name for name in fleet_template().document["Parameters"] if f"`{name}`" not in text] == []


def test_a_lock_of_the_fleet_has_its_days_said_too():
    assert fleet_template().refusals() == []
    assert fleet_template(ObjectLockMode="COMPLIANCE", ObjectLockDays="30").refusals() == []
    assert fleet_template(ObjectLockMode="COMPLIANCE").refusals() == [
        "ObjectLockMode is given without ObjectLockDays, the days in which no report can be deleted"]  # fmt: skip
    assert fleet_template(**THERE).refusals() == []
    assert fleet_template(ObjectLockMode="GOVERNANCE", ObjectLockDays="30", **THERE).refusals() == [
        "ObjectLockMode is of the bucket that the stack makes, and ExistingBucket names another"]  # fmt: skip


def test_alarms_and_dashboard_do_not_grow_with_targets(aws, night):
    stack = night.stack
    told = aws.admin("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack.name}-")["MetricAlarms"]
    names = {alarm["AlarmName"].removeprefix(f"{stack.name}-") for alarm in told}
    assert names == {"drift", "could-not-tell", "undelivered", "no-run", "executions-failed",
                     "executions-timed-out", "failed-events"}  # fmt: skip
    text = FLEET_FILE.read_text()
    assert "Name: Target" not in text and '"Target"' not in text
    (body,) = [json.loads(aws.admin("cloudwatch").get_dashboard(DashboardName=stack.name)["DashboardBody"])]
    (shown,) = [w["properties"]["alarms"] for w in body["widgets"] if w["type"] == "alarm"]
    assert {arn.rpartition(":")[2].removeprefix(f"{stack.name}-") for arn in shown} == names


def test_the_schedule_starts_the_machine_and_keeps_what_it_could_not_start(aws, night):
    events, stack = aws.admin("events"), night.stack
    rule = events.describe_rule(Name=stack.made["Nightly"])
    assert (rule["ScheduleExpression"], rule["State"]) == ("cron(0 3 * * ? *)", "ENABLED")
    (target,) = events.list_targets_by_rule(Rule=stack.made["Nightly"])["Targets"]
    assert (target["Arn"], target["DeadLetterConfig"]["Arn"]) == (
        night.machine, stack.template.attributes["Failed.Arn"])  # fmt: skip
    assert target["RoleArn"] == stack.template.attributes["NightlyRole.Arn"]
    (weekly,) = events.list_targets_by_rule(Rule=stack.made["Weekly"])["Targets"]
    assert (weekly["Arn"], weekly["Input"]) == (stack.template.attributes["Check.Arn"], '{"action": "summary"}')
    assert "Weekly" not in fleet_template(SummarySchedule="").resources()


def test_the_roles_have_these_rights_and_no_others(night):
    def rights(role):
        return {s["Sid"]: (s["Action"], s["Resource"]) for d in night.stack.policies(role).values()
                for s in d["Statement"]}  # fmt: skip

    bucket = f"arn:aws:s3:::{night.stack.outputs['ReportsBucket']}/schema-drift"
    region, name = night.aws.region, night.name
    function = night.stack.template.attributes["Check.Arn"]
    assert rights("FleetRole") == {
        "CallTheFunction": ("lambda:InvokeFunction", function),
        "ReadTheList": ("s3:GetObject", f"{bucket}/fleet/work/*/targets.json"),
        "StartBatches": ("states:StartExecution", night.machine),
        "FollowBatches": (["states:DescribeExecution", "states:StopExecution"],
                          f"arn:aws:states:{region}:123456789012:execution:{name}/*"),
        "KeepWhatFailed": ("sqs:SendMessage", night.stack.template.attributes["Failed.Arn"])}  # fmt: skip
    assert rights("NightlyRole") == {"StartTheFleet": ("states:StartExecution", night.machine)}
    check = rights("CheckRole")
    assert set(check) == {"ReadTargets", "StoreReports", "StoreFleet", "ReadLastReport", "ReadFleet",
                          "SeeWhichReportsThereAre", "SendAlerts", "ReadGithubToken", "WriteLogs", "KeepWhatFailed"}  # fmt: skip
    assert check["ReadTargets"] == ("s3:GetObject", f"arn:aws:s3:::{night.targets_bucket}/targets.json")
    dated = f"{bucket}/2???/??/??/*"
    assert {sid: right for sid, right in check.items() if "s3:" in str(right[0]) and sid != "ReadTargets"} == {
        "StoreReports": ("s3:PutObject", [dated, f"{bucket}/latest/*"]),
        "StoreFleet": ("s3:PutObject", [f"{bucket}/fleet/*", f"{bucket}/summary/*"]),
        "ReadLastReport": ("s3:GetObject", [f"{bucket}/latest/*", f"{bucket}/acks/*"]),
        "ReadFleet": ("s3:GetObject", [f"{bucket}/fleet/work/*", dated]),
        "SeeWhichReportsThereAre": ("s3:ListBucket", bucket.removesuffix("/schema-drift"))}  # fmt: skip
    assert check["SendAlerts"] == ("sns:Publish", night.stack.outputs["AlertsTopic"])
    assert not [r for _, r in check.values() if "acks" in str(r) and "PutObject" in str(_)]
