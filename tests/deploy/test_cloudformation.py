"""The template makes everything that a night needs, and its roles are enough and not too much.

moto deploys what its CloudFormation knows; LEFT_TO_CALLS in stack.py is the rest, which is made by
the services' own calls from the same properties. No AWS account has seen the template: what only
AWS can judge (that a rule hands its event to the function, that an alarm turns, that the function
joins its VPC) is not shown here.
"""

import base64
import hashlib
import itertools
import json
import pathlib
import re

import pytest
from botocore.exceptions import ClientError

from nightly import TOKEN, filled_in, shipped_policy
from operations import ACCOUNT, function_arn
from policy import decide
from postgres import Cluster
from program import run, valid
from sql_api import SqlApi
from stack import FILE, FLEET_FILE, LEFT_TO_CALLS, Stack, checkov, lint
from template import Template

METRICS = {"DriftDetected", "PendingRevisions", "DriftAgeSeconds", "CouldNotTell", "Undelivered", "RunDuration"}
OWN_RIGHTS = {
    "AskSqlApi": "lambda:InvokeFunction", "ReadGithubToken": "secretsmanager:GetSecretValue",
    "StoreReports": "s3:PutObject", "ReadLastReport": "s3:GetObject",
    "SeeWhichReportsThereAre": "s3:ListBucket", "SendAlerts": "sns:Publish",
    "ReadReports": "s3:GetObject", "StoreSummary": "s3:PutObject"}  # fmt: skip
NOT_DEPLOYED = {"CodeBucket": "code", "GithubRepo": "example/shop", "DatabaseSecretArn": "arn:aws:secretsmanager:x"}


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as server:
        server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                    "INSERT INTO alembic_version VALUES ('b2')", db="app")  # fmt: skip
        yield server


# What cfn-lint would say, and why it may stay so.
CFN_LINT = {
    "W1030": "empty defaults of parameters that count only where the stack makes the SQL API",
    "W1033": "the same, of lists: they are split only under a condition that they are not empty",
}  # fmt: skip
# The same of checkov, and of the fleet's template: {check: (resources, the fleet's, why)}.
FUNCTIONS = ("Check", "SqlApi")
CHECKOV = {
    "CKV_AWS_18": (["Reports"], ["Reports"], "a log of who read the reports is the account's to decide: CloudTrail, or a bucket of its own"),
    "CKV_AWS_26": (["Alerts"], ["Alerts"], "under AWS's own key CloudWatch could not publish; messages hold revision ids, no secret"),
    "CKV_AWS_27": (["Failed"], ["Failed"], "it is encrypted with the queue's own key (SqsManagedSseEnabled), which checkov does not count"),
    "CKV_AWS_111": (["SqlApiServicePolicy"], ["CheckVpcPolicy"], "joining a VPC cannot be narrowed beforehand; the next statement keeps it from the code"),
    "CKV_AWS_115": (FUNCTIONS, ["Check"], "a reserved share is taken from all others of the account; one run a night needs none, BatchesAtOnce bounds a fleet"),
    "CKV_AWS_116": (FUNCTIONS, ["Check"], "the check has a failure destination and the rule a queue; the SQL API is called and answers"),
    "CKV_AWS_117": (["Check"], [], "it reaches GitHub and AWS alone; in a VPC that would take a NAT gateway"),
    "CKV_AWS_158": (["CheckLogs", "SqlApiLogs"], ["CheckLogs"], "CloudWatch encrypts logs itself; secrets never reach them"),
    "CKV_AWS_173": (FUNCTIONS, ["Check"], "Lambda encrypts variables itself; but for the URLs of a webhook and a heartbeat they hold no secret"),
}  # fmt: skip

_names = (f"drift-{number}" for number in itertools.count(1))


@pytest.fixture
def deploy(aws):
    def with_parameters(**parameters):
        name = next(_names)
        secrets = {
            "GithubTokenSecretArn": aws.secret(f"{name}/github-token", TOKEN),
            "DatabaseSecretArn": aws.secret(f"{name}/database", "{}"),
            "SubnetIds": "subnet-0a1b2c3d,subnet-1a1b2c3d", "SecurityGroupIds": "sg-0a1b2c3d",
            "AlertEmail": "dba@example.com"}  # fmt: skip
        return Stack(aws, name, **{**secrets, **parameters})

    return with_parameters


class Night:
    """The check as the stack's function would run it: its variables, its role, its surroundings."""

    def __init__(self, aws, stack, cluster, github, folder):
        self.aws, self.stack, self.github, self.folder = aws, stack, github, folder
        aws.function(f"{stack.name}-sql-api", SqlApi(cluster, "app"))
        self.policies = stack.policies("CheckRole")

    def run(self, without=None):
        documents = [
            {**document, "Statement": [s for s in document["Statement"] if s["Sid"] != without]}
            for document in self.policies.values()]  # fmt: skip
        role = self.aws.principals.session(self.stack.made["CheckRole"], documents)
        variables = self.stack.variables("Check")
        # The two that name Lambda's only writable folder, which here would be shared by all tests.
        variables |= {name: f"{self.folder}{variables[name]}" for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME")}
        done = run("check", "--format", "json", env={
            **variables, **self.aws.environment(role), **self.github.environment, "SCHEMA_DRIFT_LOG": "text"})  # fmt: skip
        done.report = valid(json.loads(done.stdout))
        return done

    def denied(self):
        return {call.action for call in self.aws.calls
                if call.code and ("AccessDenied" in call.code or "Authorization" in call.code)}  # fmt: skip

    def stored(self):
        s3, bucket = self.aws.admin("s3"), self.stack.outputs["ReportsBucket"]
        keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        return sorted(key for key in keys if "/latest/seen/" not in key and "/latest/told/" not in key)


@pytest.fixture
def night(aws, deploy, cluster, github, tmp_path):
    return Night(aws, deploy(), cluster, github, tmp_path)


def test_cfn_lint_says_what_is_known():
    done = lint()
    said = set(re.findall(r"^([EWI]\d{4}) ", done.stdout, re.MULTILINE))
    assert said == set(CFN_LINT), done.stdout + done.stderr


def test_checkov_says_what_is_known():
    said = checkov(FILE, FLEET_FILE)
    assert set(said[FILE]) == {(check, one) for check, (resources, _, _) in CHECKOV.items() for one in resources}
    assert set(said[FLEET_FILE]) == {(check, one) for check, (_, fleet, _) in CHECKOV.items() for one in fleet}


def test_the_template_fits_into_a_request():
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
    assert len(FILE.read_bytes()) < 51_200


def test_what_moto_does_not_deploy_is_known(deploy):
    stack = deploy()
    assert stack.called == LEFT_TO_CALLS
    assert set(stack.template.resources()) - set(stack.made) == {
        name for name, r in stack.template.resources().items() if r["Type"] in LEFT_TO_CALLS}  # fmt: skip


def test_a_night_works_under_the_role_that_the_template_makes(aws, night):
    done = night.run()
    assert done.stderr == ""
    assert done.returncode == 1
    assert (done.report["status"], done.report["target"]) == ("behind", "production")
    dated, latest = night.stored()
    assert latest == "schema-drift/latest/production.json"
    (alert,) = aws.published
    assert alert["topic"] == night.stack.outputs["AlertsTopic"]
    bucket = night.stack.outputs["ReportsBucket"]
    # Each call, and nothing but these: the rights that the next test takes away are all in use.
    used = {(call.action, call.resource) for call in aws.calls}
    memory = {right for right in used if "/latest/seen/" in right[1] or "/latest/told/" in right[1]}
    assert sorted(right[0] for right in memory) == ["s3:GetObject"] * 2 + ["s3:PutObject"] * 2
    assert used - memory == {
        ("s3:GetObject", f"arn:aws:s3:::{bucket}/schema-drift/acks/production.json"),
        ("secretsmanager:GetSecretValue", night.stack.parameters["GithubTokenSecretArn"]),
        ("lambda:InvokeFunction", function_arn(f"{night.stack.name}-sql-api", None, aws.region)),
        ("s3:GetObject", f"arn:aws:s3:::{bucket}/{latest}"),
        ("s3:PutObject", f"arn:aws:s3:::{bucket}/{dated}"),
        ("s3:PutObject", f"arn:aws:s3:::{bucket}/{latest}"),
        ("sns:Publish", night.stack.outputs["AlertsTopic"])}  # fmt: skip
    assert night.denied() == set()


@pytest.mark.parametrize("sid, code, status", [
    ("AskSqlApi", 2, "error"), ("ReadGithubToken", 2, "error"), ("StoreReports", 3, "behind"),
    ("SendAlerts", 3, "behind")])  # fmt: skip
def test_without_one_right_its_own_call_fails(night, sid, code, status):
    """Of the two rights to read the last report, which make the second night quiet, see the next test."""
    done = night.run(without=sid)
    assert (done.returncode, done.report["status"]) == (code, status)
    assert night.denied() == {OWN_RIGHTS[sid]}
    assert OWN_RIGHTS[sid] in done.stdout + done.stderr
    assert len(night.stored()) == (0 if sid == "StoreReports" else 3 if sid == "SendAlerts" else 2)
    assert len(night.aws.published) == (0 if sid == "SendAlerts" else 1)


def test_the_second_night_reads_the_first_and_keeps_quiet(aws, night):
    for _ in range(2):
        assert night.run().returncode == 1
    assert len(aws.published) == 1
    assert night.denied() == set()
    bucket = night.stack.outputs["ReportsBucket"]
    assert ("s3:GetObject", f"arn:aws:s3:::{bucket}/schema-drift/acks/production.json") in {
        (call.action, call.resource) for call in aws.calls}  # fmt: skip


@pytest.mark.parametrize("sid", ["ReadLastReport", "SeeWhichReportsThereAre"])
def test_without_the_rights_to_read_the_last_report_each_night_tells(aws, night, sid):
    for told in (1, 2):
        done = night.run(without=sid)
        assert (done.returncode, len(aws.published)) == (1, told)
        assert OWN_RIGHTS[sid] in done.report["alert"]["reason"]
    # S3 asks for the right to list where an object that is not there is read.
    assert night.denied() == {"s3:GetObject"}


def listed(value):
    return value if isinstance(value, list) else [value]


def test_the_role_has_the_shipped_rights_narrowed_and_no_others(aws, night):
    """cron/iam-policy.json says what a run may do; the template may only say less."""
    stack = night.stack
    shipped = shipped_policy(aws, stack.outputs["ReportsBucket"], stack.outputs["AlertsTopic"],
                             stack.parameters["GithubTokenSecretArn"], stack.parameters["DatabaseSecretArn"],
                             function=f"{stack.name}-sql-api")  # fmt: skip
    by_sid = {statement["Sid"]: statement for statement in shipped["Statement"]}
    given = [s for name in ("check", "check-token") for s in night.policies[name]["Statement"]]
    # The database's secret is the SQL API's business here.
    assert {s["Sid"] for s in given} == set(by_sid) - {"ReadDatabaseSecret"} == set(OWN_RIGHTS)
    for statement in given:
        assert statement["Effect"] == "Allow"
        assert statement["Action"] == by_sid[statement["Sid"]]["Action"] == OWN_RIGHTS[statement["Sid"]]
        one = {"Version": "2012-10-17", "Statement": [by_sid[statement["Sid"]]]}
        for resource in listed(statement["Resource"]):
            example = resource.replace("2???/??/??", "2026/11/21").replace("*", "x")
            assert decide([one], statement["Action"], example) == "allowed", resource
    assert set(night.policies) == {"check", "check-token", "lambda-service"}


# Over TLS boto3 would send a checksum that it computes itself behind the body, in chunks.
SHA256_OF_BODY = base64.b64encode(hashlib.sha256(b"{}").digest()).decode()


def put(night, documents, key, **more):
    """S3's error code for a PutObject under these policies, or None where the object was taken."""
    session = night.aws.principals.session("someone", documents)
    try:
        night.aws.client("s3", session).put_object(
            Bucket=night.stack.outputs["ReportsBucket"], Key=key, Body=b"{}", ChecksumSHA256=SHA256_OF_BODY, **more)  # fmt: skip
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def test_the_role_of_the_check_can_neither_acknowledge_nor_replace_evidence(night):
    night.run()
    dated, _ = night.stored()
    role = list(night.policies.values())
    assert put(night, role, "schema-drift/acks/production.json") == "AccessDenied"
    assert put(night, role, dated) == "AccessDenied"
    assert put(night, role, dated, IfNoneMatch="*") == "PreconditionFailed"
    assert put(night, role, "schema-drift/latest/told/production/0123456789abcdef.json") is None


def test_people_acknowledge_with_the_policy_that_the_template_makes(night):
    night.run()
    people = night.stack.managed_policy("PeoplePolicy")
    assert night.stack.outputs["PeoplePolicyArn"] == night.stack.made["PeoplePolicy"]
    shipped = filled_in("people-policy.json", REPORTS_BUCKET=night.stack.outputs["ReportsBucket"])
    assert [{**s, "Resource": listed(s["Resource"])} for s in people["Statement"]] == [
        {**s, "Resource": listed(s["Resource"])} for s in shipped["Statement"]]  # fmt: skip
    dba = night.aws.principals.session("dba", [people])
    done = run("ack", "production", "--until", "3d", "--reason", "deploy on Monday", "--reports",
               f"s3://{night.stack.outputs['ReportsBucket']}/schema-drift", env=night.aws.environment(dba))  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert night.run().report["alert"]["kind"] == "drift_acknowledged"
    assert put(night, [people], "schema-drift/latest/production.json") == "AccessDenied"


def test_the_policy_of_the_bucket_is_the_shipped_one(aws, deploy):
    stack = deploy()
    bucket = stack.outputs["ReportsBucket"]
    assert aws.obeyed_policies[bucket] == filled_in("bucket-policy.json", REPORTS_BUCKET=bucket)


@pytest.mark.parametrize("role", ["CheckRole", "SqlApiRole"])
def test_lambda_assumes_a_role_for_this_account_alone(aws, deploy, role):
    told = aws.admin("iam").get_role(RoleName=deploy().made[role])["Role"]["AssumeRolePolicyDocument"]
    assert told["Statement"] == [{
        "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}]  # fmt: skip


KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def test_keys_of_ones_own_come_with_the_rights_to_use_them(aws, cluster, github, tmp_path):
    name = next(_names)
    stack = Stack(
        aws, name, ReportsKeyArn=KEY, SecretsKeyArn=KEY,
        GithubTokenSecretArn=aws.secret(f"{name}/github-token", TOKEN, KmsKeyId=KEY),
        DatabaseSecretArn=aws.secret(f"{name}/database", "{}", KmsKeyId=KEY),
        SubnetIds="subnet-0a1b2c3d", SecurityGroupIds="sg-0a1b2c3d")  # fmt: skip
    night = Night(aws, stack, cluster, github, tmp_path)
    for _ in range(2):  # the second reads what the first has encrypted
        done = night.run()
        assert (done.returncode, done.stderr) == (1, "")
    assert night.denied() == set()
    assert len(aws.published) == 1
    assert {put["headers"]["x-amz-server-side-encryption-aws-kms-key-id"] for put in aws.puts} == {KEY}
    without = next(n for n in night.policies if n == "check-reports-key")
    del night.policies[without]
    assert night.run().returncode == 3
    assert [s["Sid"] for s in stack.policies("SqlApiRole")["secrets-key"]["Statement"]] == ["UseSecretsKey"]
    assert [s["Sid"] for s in stack.managed_policy("PeopleKeyPolicy")["Statement"]] == ["UseReportsKey"]
    (rule,) = stack.template.properties("Reports")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
                    "BucketKeyEnabled": True}  # fmt: skip


def test_the_rights_of_lambda_itself_are_for_its_own_log_and_queue(aws, night):
    # Read from the template: what moto gives as a group's Arn lacks the ":*" that CloudFormation's has.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-logs-loggroup.html
    (logs, queue) = night.stack.template.properties("CheckServicePolicy")["PolicyDocument"]["Statement"]
    assert logs["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    group = night.stack.outputs["CheckLogGroup"]
    assert logs["Resource"] == f"arn:aws:logs:{aws.region}:{ACCOUNT}:log-group:{group}:*"
    assert (queue["Action"], queue["Resource"]) == ("sqs:SendMessage", night.stack.template.attributes["Failed.Arn"])
    (made,) = aws.admin("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert made["retentionInDays"] == 90


def test_the_sql_api_may_read_its_secret_and_join_its_vpc(deploy):
    stack = deploy()
    policies = stack.policies("SqlApiRole")
    (secret,) = policies["sql-api"]["Statement"]
    assert secret == {"Sid": "ReadDatabaseSecret", "Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
                      "Resource": stack.parameters["DatabaseSecretArn"]}  # fmt: skip
    assert [s["Sid"] for s in policies["lambda-service"]["Statement"]] == [
        "WriteLogs", "JoinTheVpc", "OnlyLambdaJoinsTheVpc"]  # fmt: skip
    assert set(policies) == {"sql-api", "lambda-service"}
    assert stack.variables("SqlApi")["RDS_SECRET_ARN"] == stack.parameters["DatabaseSecretArn"]


def test_the_functions_are_small_and_know_their_part(aws, deploy):
    stack = deploy(DatabaseCa="/var/task/database-ca.pem", CheckMemory="256", SqlApiTimeout="60")
    for function, handler in {"Check": "check", "SqlApi": "sql-api"}.items():
        told = aws.admin("lambda").get_function_configuration(FunctionName=stack.made[function])
        assert (told["Runtime"], told["Handler"]) == ("provided.al2023", handler)
        assert (told["MemorySize"], told["Timeout"]) == ((256, 300) if function == "Check" else (128, 60))
        # Where moto leaves out what the function was given, the template is read.
        assert stack.template.properties(function)["LoggingConfig"] == {"LogGroup": stack.made[f"{function}Logs"]}
        assert told["Role"] == stack.template.attributes[f"{function}Role.Arn"]
    assert stack.variables("SqlApi")["PGSSLROOTCERT"] == "/var/task/database-ca.pem"
    told = aws.admin("lambda").get_function_configuration(FunctionName=stack.made["SqlApi"])
    assert told["VpcConfig"]["SubnetIds"] == ["subnet-0a1b2c3d", "subnet-1a1b2c3d"]


def test_an_sql_api_that_is_there_already_is_asked_and_none_is_made(aws, deploy):
    stack = deploy(SqlApiFunction="sql-api:live", DatabaseSecretArn="", SubnetIds="", SecurityGroupIds="")
    assert not [name for name in stack.made if name.startswith("SqlApi")]
    assert stack.variables("Check")["SCHEMA_DRIFT_DATABASE"] == "lambda:sql-api:live"
    (ask, *_) = stack.policies("CheckRole")["check"]["Statement"]
    assert ask["Resource"] == function_arn("sql-api", "live", aws.region)


def test_a_public_repository_needs_no_token(deploy):
    stack = deploy(GithubTokenSecretArn="")
    assert "GITHUB_TOKEN_SECRET_ARN" not in stack.variables("Check")
    assert set(stack.policies("CheckRole")) == {"check", "lambda-service"}


def test_it_starts_at_three_in_the_morning_and_keeps_what_it_could_not_hand_over(aws, deploy):
    stack = deploy()
    rule = aws.admin("events").describe_rule(Name=stack.made["Nightly"])
    assert (rule["ScheduleExpression"], rule["State"]) == ("cron(0 3 * * ? *)", "ENABLED")
    (target,) = aws.admin("events").list_targets_by_rule(Rule=stack.made["Nightly"])["Targets"]
    assert target["Arn"] == stack.template.attributes["Check.Arn"]
    assert target["DeadLetterConfig"] == {"Arn": stack.template.attributes["Failed.Arn"]}
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 10, "MaximumEventAgeInSeconds": 3600}
    (allowed,) = [s for s in json.loads(aws.admin("lambda").get_policy(
        FunctionName=stack.made["Check"])["Policy"])["Statement"] if rule["Arn"] in json.dumps(s)]  # fmt: skip
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert rule["Arn"] in json.dumps(allowed["Condition"])
    retries = aws.admin("lambda").get_function_event_invoke_config(FunctionName=stack.made["Check"])
    assert retries["MaximumRetryAttempts"] == 2
    assert retries["DestinationConfig"]["OnFailure"]["Destination"] == stack.template.attributes["Failed.Arn"]


def test_the_bucket_keeps_evidence(aws, deploy):
    stack = deploy()
    bucket = stack.template.properties("Reports")
    # moto's CloudFormation makes the bucket and its encryption alone; the rest is read here.
    assert aws.admin("s3").get_bucket_encryption(Bucket=stack.made["Reports"])[
        "ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "AES256"}  # fmt: skip
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    expire, replaced, tidy = bucket["LifecycleConfiguration"]["Rules"]
    assert (expire["ExpirationInDays"], expire["NoncurrentVersionExpiration"]) == (90, {"NoncurrentDays": 90})
    # Dated reports end; acks/ and the newest of latest/ never do.
    assert expire["Prefix"] == "schema-drift/2"
    assert (set(replaced), replaced["Prefix"]) == (
        {"Id", "Status", "Prefix", "NoncurrentVersionExpiration"}, "schema-drift/latest/")  # fmt: skip
    assert set(tidy) == {"Id", "Status", "ExpiredObjectDeleteMarker"}
    assert "ObjectLockEnabled" not in bucket and "ObjectLockConfiguration" not in bucket
    assert stack.template.document["Resources"]["Reports"]["DeletionPolicy"] == "Retain"


def read_with(**more):
    return Template(FILE.read_text(), {**NOT_DEPLOYED, **more}, "eu-central-1", ACCOUNT, "drift")


def test_seven_years_of_evidence_are_two_parameters():
    template = read_with(ObjectLockMode="COMPLIANCE", ObjectLockDays=2557)
    assert template.refusals() == []
    bucket = template.properties("Reports")
    assert bucket["ObjectLockEnabled"] is True
    assert bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": 2557}
    assert bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == 2557


@pytest.mark.parametrize("parameters, refused", [
    ({}, None),
    ({"SqlApiFunction": "sql-api", "DatabaseSecretArn": ""}, None),
    ({"DatabaseSecretArn": ""}, "Without SqlApiFunction the stack makes one, which needs DatabaseSecretArn"),
    ({"SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"}, None),
    ({"SubnetIds": "subnet-1"}, "SubnetIds is given without SecurityGroupIds, and Lambda joins a VPC with both"),
    ({"SecurityGroupIds": "sg-1"}, "SecurityGroupIds is given without SubnetIds, and Lambda joins a VPC with both"),
    ({"ObjectLockMode": "COMPLIANCE"},
     "ObjectLockMode is given without ObjectLockDays, the days in which no report can be deleted"),
    ({"ObjectLockMode": "GOVERNANCE", "ObjectLockDays": "30", "ExistingBucket": "example-reports"},
     "ObjectLockMode is of the bucket that the stack makes, and ExistingBucket names another"),
    ({"WebhookUrl": "https://hooks.example.com/x"},
     "WebhookUrl is given without WebhookSecretArn, by which a receiver knows that an alert is genuine"),
])  # fmt: skip
def test_parameters_that_do_not_go_together_are_refused_before_anything_is_made(parameters, refused):
    assert read_with(**parameters).refusals() == ([refused] if refused else [])


def test_without_a_vpc_the_sql_api_joins_none(deploy):
    stack = deploy(SubnetIds="", SecurityGroupIds="")
    assert "VpcConfig" not in stack.template.properties("SqlApi")


def test_what_people_ask_for_reaches_the_function_with_the_rights_it_takes(aws, deploy):
    name = next(_names)
    slack, webhook = (aws.secret(f"{name}/{end}", "x") for end in ("slack", "webhook"))
    role = f"arn:aws:iam::{ACCOUNT}:role/reader"
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    stack = deploy(
        AlembicIni="db/alembic.ini", VersionTable="versions", VersionTableSchema="accounts", DatabaseRoleArn=role,
        SlackSecretArn=slack, WebhookUrl="https://hooks.example.com/x", WebhookSecretArn=webhook,
        HeartbeatUrl="https://hc.example.com/ping", PermissionsBoundaryArn=boundary)  # fmt: skip
    told = stack.variables("Check")
    assert told["SCHEMA_DRIFT_ALERTS"] == f"{told['SNS_TOPIC_ARN']},slack:{slack},webhook:https://hooks.example.com/x"
    assert {key: told[f"SCHEMA_DRIFT_{key}"] for key in (
        "ALEMBIC_INI", "VERSION_TABLE", "VERSION_TABLE_SCHEMA", "ROLE_ARN", "WEBHOOK_SECRET", "HEARTBEAT")} == {
        "ALEMBIC_INI": "db/alembic.ini", "VERSION_TABLE": "versions", "VERSION_TABLE_SCHEMA": "accounts",
        "ROLE_ARN": role, "WEBHOOK_SECRET": webhook, "HEARTBEAT": "https://hc.example.com/ping"}  # fmt: skip
    policies = stack.policies("CheckRole")
    given = [(s["Action"], s["Resource"]) for p in ("check-slack", "check-webhook", "check-database-role")
             for s in policies[p]["Statement"]]  # fmt: skip
    assert given == [("secretsmanager:GetSecretValue", slack), ("secretsmanager:GetSecretValue", webhook),
                     ("sts:AssumeRole", role)]  # fmt: skip
    for one in ("CheckRole", "SqlApiRole"):
        assert stack.template.properties(one)["PermissionsBoundary"] == boundary
    plain = deploy()
    assert plain.variables("Check")["SCHEMA_DRIFT_ALERTS"] == plain.outputs["AlertsTopic"]
    assert "PermissionsBoundary" not in plain.template.properties("CheckRole")


def test_a_night_into_a_bucket_and_topic_that_are_there_already(aws, deploy, cluster, github, tmp_path):
    """What was there stays as it is: its policy, its settings, its reports."""
    bucket = aws.bucket(f"{next(_names)}-reports-of-years")
    topic = aws.topic(f"{next(_names)}-alerts")
    stack = deploy(ExistingBucket=bucket, ExistingTopic=topic)
    assert not {"Reports", "ReportsPolicy", "Alerts", "AlertsPolicy"} & set(stack.template.resources())
    assert (stack.outputs["ReportsBucket"], stack.outputs["AlertsTopic"]) == (bucket, topic)
    assert bucket not in aws.obeyed_policies
    night = Night(aws, stack, cluster, github, tmp_path)
    done = night.run()
    assert (done.returncode, done.stderr, done.report["status"]) == (1, "", "behind")
    assert night.denied() == set()
    assert len(night.stored()) == 2
    assert [alert["topic"] for alert in aws.published] == [topic]
    assert {tuple(alarm["AlarmActions"]) for alarm in alarms(aws, stack).values()} == {(topic,)}


def test_a_stack_that_was_deleted_is_made_again_under_its_name(aws, cluster, github, tmp_path):
    """Its log groups and its bucket were kept, and the new stack takes the bucket over."""
    name = next(_names)
    parameters = {
        "GithubTokenSecretArn": aws.secret(f"{name}/github-token", TOKEN),
        "DatabaseSecretArn": aws.secret(f"{name}/database", "{}")}  # fmt: skip
    first = Stack(aws, name, **parameters)
    night = Night(aws, first, cluster, github, tmp_path / "first")
    assert night.run().report["alert"]["kind"] == "first_drift"
    bucket, group = first.outputs["ReportsBucket"], first.outputs["CheckLogGroup"]
    aws.admin("cloudformation").delete_stack(StackName=name)
    for kept in ("Reports", "CheckLogs", "SqlApiLogs"):
        assert first.template.document["Resources"][kept]["DeletionPolicy"] == "Retain"
    if not aws.describe_bucket(bucket):  # moto heeds no DeletionPolicy
        aws.bucket(bucket)
    logs = aws.admin("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        logs.create_log_group(logGroupName=group)
    second = Stack(aws, name, ExistingBucket=bucket, **parameters)
    assert second.outputs["ReportsBucket"] == bucket
    assert second.outputs["CheckLogGroup"] != group
    done = Night(aws, second, cluster, github, tmp_path / "second").run()
    assert (done.returncode, done.report["status"]) == (1, "behind")


@pytest.mark.parametrize("resource, action", [("Reports", "s3:*"), ("Alerts", "sns:Publish"), ("Failed", "sqs:*")])
def test_nothing_is_taken_over_plain_http(deploy, resource, action):
    stack = deploy()
    statement = stack.template.properties(f"{resource}Policy")["PolicyDocument"]["Statement"][0]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", action)
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_services_may_act_for_this_account_and_rule_alone(deploy):
    stack = deploy()
    (_, alarms_publish) = stack.template.properties("AlertsPolicy")["PolicyDocument"]["Statement"]
    assert alarms_publish["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    (_, rule_keeps) = stack.template.properties("FailedPolicy")["PolicyDocument"]["Statement"]
    rules = [stack.template.attributes["Nightly.Arn"], stack.template.attributes["Weekly.Arn"]]
    assert rule_keeps["Condition"] == {"ArnEquals": {"aws:SourceArn": rules}}
    assert all(f":{ACCOUNT}:" in rule for rule in rules)
    assert stack.template.properties("NightlyMayInvoke")["SourceArn"] == rules[0]
    assert stack.template.properties("WeeklyMayInvoke")["SourceArn"] == rules[1]


def test_the_week_is_summed_up_on_monday_morning_unless_nobody_wants_it(aws, deploy):
    stack = deploy()
    rule = aws.admin("events").describe_rule(Name=stack.made["Weekly"])
    assert (rule["ScheduleExpression"], rule["State"]) == ("cron(0 6 ? * MON *)", "ENABLED")
    (target,) = aws.admin("events").list_targets_by_rule(Rule=stack.made["Weekly"])["Targets"]
    assert (target["Arn"], target["Input"]) == (stack.template.attributes["Check.Arn"], '{"action": "summary"}')
    assert target["DeadLetterConfig"] == {"Arn": stack.template.attributes["Failed.Arn"]}
    assert "Weekly" not in deploy(SummarySchedule="").template.resources()


def test_the_mail_must_be_confirmed_and_alarms_may_publish(aws, deploy):
    stack = deploy()
    (subscription,) = aws.admin("sns").list_subscriptions_by_topic(TopicArn=stack.made["Alerts"])["Subscriptions"]
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "dba@example.com")
    policy = json.loads(aws.admin("sns").get_topic_attributes(TopicArn=stack.made["Alerts"])["Attributes"]["Policy"])
    assert policy["Statement"][1]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert "AlertSubscription" not in deploy(AlertEmail="").template.resources()


def alarms(aws, stack):
    told = aws.admin("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack.name}-")["MetricAlarms"]
    return {alarm["AlarmName"].removeprefix(f"{stack.name}-"): alarm for alarm in told}


def test_there_are_seven_alarms_and_each_that_sends_sends_to_the_topic(aws, deploy):
    stack = deploy()
    told = alarms(aws, stack)
    assert set(told) == {"drift", "could-not-tell", "undelivered", "no-run", "check-errors", "sql-api-errors", "failed-events"}
    assert {name for name, alarm in told.items() if alarm["ActionsEnabled"]} == set(told) - {"drift", "could-not-tell"}
    assert {tuple(alarm["AlarmActions"]) for alarm in told.values()} == {(stack.made["Alerts"],)}
    told = alarms(aws, deploy(DriftAlarmNotifies="true"))
    assert all(alarm["ActionsEnabled"] for alarm in told.values())


def test_a_missing_run_is_noticed_after_26_hours(aws, deploy):
    alarm = alarms(aws, deploy())["no-run"]
    runs, filled = alarm["Metrics"]
    period = runs["MetricStat"]["Period"]
    assert period * alarm["EvaluationPeriods"] == 26 * 3600
    assert alarm["DatapointsToAlarm"] == alarm["EvaluationPeriods"]
    # The caps of PutMetricAlarm: seven days in periods of an hour or more, a day in shorter ones.
    assert period >= 3600 and period * alarm["EvaluationPeriods"] <= 604_800
    assert (runs["MetricStat"]["Metric"]["MetricName"], runs["MetricStat"]["Stat"]) == ("RunDuration", "SampleCount")
    assert (runs["ReturnData"], filled["ReturnData"], filled["Expression"]) == (False, True, "FILL(runs, 0)")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"


def test_drift_stays_drift_until_the_next_run(aws, deploy):
    told = alarms(aws, deploy(TargetName="shop"))
    for name, metric in {"drift": "DriftDetected", "could-not-tell": "CouldNotTell",
                         "undelivered": "Undelivered"}.items():  # fmt: skip
        assert (told[name]["Namespace"], told[name]["MetricName"]) == ("SchemaDrift", metric)
        assert told[name]["Dimensions"] == [{"Name": "Target", "Value": "shop"}]
        assert told[name]["TreatMissingData"] == "ignore"


def test_the_dashboard_shows_each_metric_and_the_alarms_that_exist(aws, deploy):
    stack = deploy()
    body = json.loads(aws.admin("cloudwatch").get_dashboard(DashboardName=stack.name)["DashboardBody"])
    metrics = [m for w in body["widgets"] for m in w["properties"].get("metrics", [])]
    assert {m[1] for m in metrics if m[0] == "SchemaDrift"} == METRICS
    assert {m[3] for m in metrics if m[0] == "SchemaDrift"} == {"production"}
    (shown,) = [w["properties"]["alarms"] for w in body["widgets"] if w["type"] == "alarm"]
    assert {arn.rpartition(":")[2] for arn in shown} == {f"{stack.name}-{name}" for name in alarms(aws, stack)}
    other = deploy(SqlApiFunction="sql-api", DatabaseSecretArn="", SubnetIds="", SecurityGroupIds="")
    body = json.loads(aws.admin("cloudwatch").get_dashboard(DashboardName=other.name)["DashboardBody"])
    assert {arn.rpartition(":")[2] for arn in body["widgets"][0]["properties"]["alarms"]} == {
        f"{other.name}-{name}" for name in alarms(aws, other)}  # fmt: skip
    assert "Dashboard" not in deploy(MakeDashboard="false").made


def test_the_function_gets_no_secret_but_its_name(deploy):
    for name, value in deploy().variables("Check").items():
        assert TOKEN not in value, name


def test_the_documented_parameters_are_those_of_the_template():
    text = (pathlib.Path(FILE).parents[1] / "docs/operations.md").read_text()
    for name in Template(FILE.read_text(), NOT_DEPLOYED, "eu-central-1", ACCOUNT, "drift").document["Parameters"]:
        assert f"`{name}`" in text or f"{name}=" in text, f"docs/operations.md does not name {name}"
