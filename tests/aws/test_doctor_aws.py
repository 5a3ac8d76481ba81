"""`schema-drift doctor` in the surroundings of the nightly run in AWS: rights, bucket, topic, clock."""

import copy
import json
import re

import pytest

import faults
from doctor import doctor, only
from nightly import Nightly
from operations import ACCOUNT
from postgres import Cluster
from program import ROOT
from repository import Repository
from sql_api import SqlApi

BUCKET_ROWS = ["reports_versioning", "reports_encryption", "reports_public_access", "reports_lifecycle",
               "reports_retention", "reports_tls"]  # fmt: skip
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ORDER = ["configuration", "region", "credentials", "clock", "repository", "script_directory", "database",
         "version_table", "database_rights", "reports", *BUCKET_ROWS, "reports_write", "last_report",
         "alerts", "subscriptions", "schedule", "spool", "cache"]  # fmt: skip


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as server:
        server.psql("CREATE ROLE reader LOGIN; CREATE ROLE function LOGIN SUPERUSER")
        server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                    "INSERT INTO alembic_version VALUES ('b2');"
                    "GRANT SELECT ON alembic_version TO reader", db="app")  # fmt: skip
        yield server


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return Repository(tmp_path_factory.mktemp("chain")).chain("a1", "b2", "c3").folder


def doctor_policy(aws, nightly):
    """cron/doctor-policy.json, filled in."""
    text = (ROOT / "cron/doctor-policy.json").read_text()
    for name, value in {"REPORTS_BUCKET": nightly.bucket, "SNS_TOPIC_ARN": nightly.topic,
                        "AWS_REGION": aws.region, "AWS_ACCOUNT_ID": ACCOUNT}.items():  # fmt: skip
        text = text.replace("${" + name + "}", value)
    assert "${" not in text
    return json.loads(text)


class Surroundings(Nightly):
    """The bucket and topic as they should be; a test spoils what it is about."""

    def __init__(self, aws, folder, cluster, repository, user="reader"):
        super().__init__(aws, folder, answer=SqlApi(cluster, "app", user=user), repository=repository)
        self.extra = doctor_policy(aws, self)
        s3 = self.s3 = aws.admin("s3")
        s3.put_bucket_encryption(Bucket=self.bucket, ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})  # fmt: skip
        self.block_public_access()
        self.expire(90)
        self.set_policy(true_or_false="false")
        aws.subscription(self.topic, "email", "dba@example.com")

    def block_public_access(self, **other):
        self.s3.put_public_access_block(Bucket=self.bucket, PublicAccessBlockConfiguration={
            "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True, **other})  # fmt: skip

    def expire(self, days, prefix="schema-drift/2"):
        self.s3.put_bucket_lifecycle_configuration(Bucket=self.bucket, LifecycleConfiguration={
            "Rules": [{"ID": "end", "Status": "Enabled", "Filter": {"Prefix": prefix},
                       "Expiration": {"Days": days}}]})  # fmt: skip

    def set_policy(self, true_or_false):
        self.aws.bucket_policies[self.bucket] = json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Deny", "Principal": "*", "Action": "s3:*",
                "Resource": [f"arn:aws:s3:::{self.bucket}", f"arn:aws:s3:::{self.bucket}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": true_or_false}}}]})  # fmt: skip

    def user(self, *without):
        """Who has both shipped policies, less these actions."""
        documents = [copy.deepcopy(self.policy), copy.deepcopy(self.extra)]
        statements = [s for document in documents for s in document["Statement"]]
        for statement in statements:
            actions = statement["Action"]
            actions = [actions] if isinstance(actions, str) else actions
            statement["Action"] = [action for action in actions if action not in without]
        kept = [statement for statement in statements if statement["Action"]]
        return self.aws.user({"Version": "2012-10-17", "Statement": kept})

    def doctor(self, *words, user=None, door=None, **env):
        environment = {**self.environment(user or self.user(), door), **env}
        self.aws.calls.clear()
        return doctor("--database", "lambda:sql-api", *words,
                      env={name: value for name, value in environment.items() if value is not None})  # fmt: skip

    def row(self, check, *words, **how):
        return only(self.doctor(*words, **how)[1], check)


@pytest.fixture
def around(aws, tmp_path, cluster, repository):
    return Surroundings(aws, tmp_path, cluster, repository)


def grant(action, resource):
    return f"grant {action} on {resource} to arn:aws:iam::{ACCOUNT}:user/drift"


# --- the whole --------------------------------------------------------------------------------


def test_where_all_is_well_every_row_says_so(aws, around):
    assert around.run(around.user(), "--database", "lambda:sql-api").returncode == 1
    code, rows = around.doctor()
    assert code == 0
    assert list(rows) == ORDER
    assert {check: row[1] for check, (row,) in rows.items() if row[1] != "ok"} == {
        "reports_write": "skipped", "cache": "skipped", "schedule": "skipped"}
    assert only(rows, "region")[1] == aws.region
    assert only(rows, "credentials")[1] == (
        f"arn:aws:iam::{ACCOUNT}:user/drift of account {ACCOUNT}, from environment")  # fmt: skip
    assert re.fullmatch(r"within [0-2] s of AWS's", only(rows, "clock")[1])
    state, seen, action = only(rows, "database")
    assert re.fullmatch(rf"lambda:sql-api\S*, PostgreSQL \d+\.\d+, role reader, no TLS", seen), seen
    assert only(rows, "database_rights") == ("ok", "role reader may write no table and create nothing", None)
    assert rows["reports"] == [(around.bucket, "ok", f"answers, in {aws.region}", None)]
    assert [only(rows, check)[1] for check in BUCKET_ROWS] == [
        "Enabled", "AES256 by default; reports ask for nothing else; the last report got AES256", "public access is blocked", "reports end after 90 days",
        "no Object Lock: whoever may delete reports can", "the bucket's policy denies calls without TLS"]  # fmt: skip
    assert only(rows, "last_report")[1] == "less than an hour ago: behind: 1 revision is pending"
    assert rows["alerts"] == [(around.topic, "ok", "the topic is there", None)]
    assert rows["subscriptions"] == [(around.topic, "ok", "1 confirmed: email d***@example.com", None)]


def scheduled(aws, state="ENABLED"):
    """A rule that starts the function night, and the alarms of the target shop."""
    events, arn = aws.admin("events"), f"arn:aws:lambda:{aws.region}:{ACCOUNT}:function:night"
    for name, of in (("nightly", state), ("weekly", "DISABLED")):
        events.put_rule(Name=name, ScheduleExpression="cron(0 3 * * ? *)", State=of)
        events.put_targets(Rule=name, Targets=[{"Id": "check", "Arn": arn}])
    put = aws.admin("cloudwatch").put_metric_alarm
    shop = [{"Name": "Target", "Value": "shop"}]
    common = {"EvaluationPeriods": 1, "Threshold": 1, "AlarmActions": ["arn:aws:sns:eu-central-1:123456789012:a"]}
    run = {"Metric": {"Namespace": "SchemaDrift", "MetricName": "RunDuration", "Dimensions": shop},
           "Period": 3600, "Stat": "SampleCount"}  # fmt: skip
    put(AlarmName="night-no-run", ComparisonOperator="LessThanThreshold", TreatMissingData="breaching", Metrics=[
        {"Id": "runs", "MetricStat": run, "ReturnData": False}, {"Id": "all", "Expression": "FILL(runs, 0)"}], **common)  # fmt: skip
    for name, target in (("night-drift", shop), ("other-drift", [{"Name": "Target", "Value": "other"}])):
        put(AlarmName=name, ComparisonOperator="GreaterThanOrEqualToThreshold", Namespace="SchemaDrift",
            MetricName="DriftDetected", Dimensions=target, Statistic="Maximum", Period=3600,
            ActionsEnabled=False, TreatMissingData="ignore", **common)  # fmt: skip
    return {"AWS_LAMBDA_FUNCTION_NAME": "night"}


def on_schedule(aws):
    return {("events:ListRuleNamesByTarget", "*"),
            *((("events:DescribeRule", f"arn:aws:events:{aws.region}:{ACCOUNT}:rule/{name}"))
              for name in ("nightly", "weekly")),
            ("cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:{aws.region}:{ACCOUNT}:alarm:*")}  # fmt: skip


def test_what_starts_the_night_and_who_notices_that_it_did_not_come(aws, around):
    env = scheduled(aws)
    code, rows = around.doctor(**env)
    assert code == 0
    assert rows["schedule"] == [(
        "night", "ok", "nightly is enabled, cron(0 3 * * ? *); weekly is disabled, cron(0 3 * * ? *)", None)]  # fmt: skip
    assert rows["alarms"] == [("shop", "ok", "2 alarms, 1 of them tells somebody", None)]
    scheduled(aws, "DISABLED")
    code, rows = around.doctor(**env)
    assert (code, only(rows, "schedule")[0]) == (1, "warn")
    assert only(rows, "schedule")[2] == "nothing runs at night: aws events enable-rule --name nightly"
    code, rows = around.doctor(AWS_LAMBDA_FUNCTION_NAME="another", SCHEMA_DRIFT_TARGET="another")
    assert only(rows, "schedule")[:2] == ("warn", "no rule of EventBridge starts it")
    assert only(rows, "alarms")[:2] == ("warn", "no alarm looks at its metrics")
    assert code == 0, "something else may start it"


@pytest.mark.parametrize("check, action", [
    ("schedule", "events:ListRuleNamesByTarget"), ("schedule", "events:DescribeRule"),
    ("alarms", "cloudwatch:DescribeAlarms")])  # fmt: skip
def test_without_the_right_to_look_the_schedule_is_unknown(aws, around, check, action):
    env = scheduled(aws)
    code, rows = around.doctor(user=around.user(action), **env)
    assert (code, only(rows, check)[0]) == (0, "unknown")
    assert f"grant {action} on" in only(rows, check)[2]


def test_where_nobody_would_be_told_the_exit_code_says_so(aws, around):
    assert around.doctor()[0] == 0
    assert around.doctor(SNS_TOPIC_ARN=None)[0] == 1
    other = aws.topic(f"{around.topic.rsplit(':', 1)[1]}-unread")
    around.extra["Statement"][1]["Resource"] = [around.topic, other]
    assert around.doctor("--alerts", other)[0] == 1
    assert around.doctor("--alerts", other, "--alerts", around.topic)[0] == 0, "one of them tells"
    aws.subscription(other, "email", "late@example.com", confirmed=False)
    assert around.doctor("--alerts", other)[0] == 1
    # What could not be looked at is not said to tell nobody; what fails comes first.
    assert around.doctor(user=around.user("sns:ListSubscriptionsByTopic"))[0] == 0
    assert around.doctor("--alerts", other, user=around.user("lambda:InvokeFunction"))[0] == 2


def test_the_shipped_policies_are_exactly_enough(aws, around):
    around.doctor(**scheduled(aws))
    used, denied = around.rights_used()
    assert denied == set()
    bucket = f"arn:aws:s3:::{around.bucket}"
    assert used == {
        ("sts:GetCallerIdentity", "*"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{aws.region}:{ACCOUNT}:function:sql-api"),
        ("s3:ListBucket", bucket), *on_schedule(aws),
        ("s3:GetObject", f"{bucket}/schema-drift/latest/shop.json"),
        *((action, bucket) for action in around.extra["Statement"][0]["Action"]),
        *((action, around.topic) for action in around.extra["Statement"][1]["Action"])}  # fmt: skip


def test_nothing_is_put_or_published(aws, around):
    around.doctor()
    assert aws.puts == [] and aws.published == []


@pytest.mark.parametrize("check, action", [
    ("reports_versioning", "s3:GetBucketVersioning"),
    ("reports_encryption", "s3:GetEncryptionConfiguration"),
    ("reports_public_access", "s3:GetBucketPublicAccessBlock"),
    ("reports_lifecycle", "s3:GetLifecycleConfiguration"),
    ("reports_retention", "s3:GetBucketObjectLockConfiguration"),
    ("reports_tls", "s3:GetBucketPolicy"),
    ("reports", "s3:ListBucket"),
    ("alerts", "sns:GetTopicAttributes"),
    ("subscriptions", "sns:ListSubscriptionsByTopic"),
])  # fmt: skip
def test_a_right_that_only_the_doctor_wants_is_unknown_where_it_is_missing(aws, around, check, action):
    code, rows = around.doctor(user=around.user(action))
    assert code == 0
    resource = around.topic if action.startswith("sns:") else f"arn:aws:s3:::{around.bucket}"
    state, seen, what_to_do = only(rows, check)
    assert state == "unknown"
    assert seen.startswith(f"{action} on {resource} was denied: ")
    assert what_to_do == grant(action, resource)
    unknown = {name for name, found in rows.items() for row in found if row[1] == "unknown"}
    # Without it S3 does not say either that there is no report yet.
    assert unknown == {check} | ({"last_report"} if action == "s3:ListBucket" else set())


def test_the_nightly_policy_alone_says_what_it_can(aws, around):
    code, rows = around.doctor(user=aws.user(around.policy))
    assert code == 0
    assert {name for name, found in rows.items() if found[0][1] == "unknown"} == {
        *BUCKET_ROWS, "alerts", "subscriptions"}  # fmt: skip


def test_a_right_that_the_nightly_run_needs_fails_where_it_is_missing(aws, around):
    function = f"arn:aws:lambda:{aws.region}:{ACCOUNT}:function:sql-api"
    code, rows = around.doctor(user=around.user("lambda:InvokeFunction"))
    assert code == 2
    state, seen, action = only(rows, "database")
    assert state == "fail"
    assert "lambda:InvokeFunction" in seen
    assert action == grant("lambda:InvokeFunction", function)
    assert only(rows, "version_table") == ("skipped", "the database could not be reached", None)
    code, rows = around.doctor("--write-test", user=around.user("s3:PutObject"))
    state, seen, action = only(rows, "reports_write")
    assert (code, state) == (2, "fail")
    assert "s3:PutObject" in action and around.bucket in seen
    state, seen, action = around.row("last_report", user=around.user("s3:GetObject"))
    assert state == "unknown"
    assert action == grant("s3:GetObject", f"arn:aws:s3:::{around.bucket}/schema-drift/latest/shop.json")


def test_a_role_that_may_not_be_assumed(aws, around):
    role = aws.role("elsewhere", trust=["arn:aws:iam::123456789012:user/somebody"])
    code, rows = around.doctor("--role-arn", role)
    state, seen, action = only(rows, "database")
    assert (code, state) == (2, "fail")
    assert "sts:AssumeRole" in seen and "sts:AssumeRole" in action and role in action
    assert only(rows, "reports")[0] == "ok"


def test_a_write_test_puts_one_marked_object_and_leaves_it(aws, around):
    code, rows = around.doctor("--write-test")
    assert code == 0
    (put,) = aws.puts
    assert re.fullmatch(r"schema-drift/\d{4}/\d\d/\d\d/doctor\.\d{8}T\d{6}Z\.[0-9a-f]{16}\.json", put["key"])
    assert only(rows, "reports_write") == (
        "ok", f"wrote s3://{around.bucket}/{put['key']}, encrypted with AES256", None)  # fmt: skip
    assert json.loads(put["body"])["schema_drift_doctor"] == (
        "written by schema-drift doctor --write-test; may be deleted")  # fmt: skip
    assert put["headers"]["if-none-match"] == "*"
    assert aws.published == []


# --- who, where, when -------------------------------------------------------------------------


def test_no_region_no_credentials_and_keys_that_nobody_knows(aws, around):
    code, rows = around.doctor(AWS_REGION=None)
    assert code == 2
    assert only(rows, "region") == (
        "fail", "no AWS region is set", "set AWS_REGION, or region in the profile default")  # fmt: skip
    assert only(rows, "credentials") == ("skipped", "no region is configured", None)
    skipped = ("skipped", "it needs AWS credentials, and those failed", None)
    assert only(rows, "database") == only(rows, "reports") == only(rows, "alerts") == skipped
    assert only(rows, "repository")[0] == "ok", "what needs no AWS is looked at all the same"

    code, rows = around.doctor(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    state, seen, action = only(rows, "credentials")
    assert (code, state) == (2, "fail")
    assert "AWS_ACCESS_KEY_ID is not set" in seen + action
    assert only(rows, "clock") == ("skipped", "STS did not say its time", None)

    secret = "wrongwrongwrongwrong"
    code, rows = around.doctor(AWS_SECRET_ACCESS_KEY=secret)
    state, seen, action = only(rows, "credentials")
    assert (code, state) == (2, "fail")
    assert "SignatureDoesNotMatch" in seen
    assert action == "the secret access key may not belong to its access key id (source: environment)"
    assert secret not in json.dumps(rows)


def test_an_sts_that_cannot_be_reached_is_unknown(aws, around):
    code, rows = around.doctor(door={"STS": faults.REFUSED})
    assert code == 0
    state, seen, action = only(rows, "credentials")
    assert state == "unknown"
    assert seen.startswith("from environment; whose they are could not be asked: sts:GetCallerIdentity failed: ")
    assert only(rows, "clock") == ("skipped", "STS did not say its time", None)
    assert only(rows, "reports")[0] == "ok"


def test_keys_that_end_with_their_session(aws, around):
    session = aws.principals.session("person", [around.policy, around.extra])
    state, seen, action = around.row("credentials", user=session)
    assert state == "warn"
    assert seen.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/person/session of account")
    assert action == (
        "these keys end with their session and nothing renews them: let the nightly run use a role "
        "(instance, container, web identity) or a profile")  # fmt: skip
    assert session.secret not in seen and session.token not in seen
    assert around.row("credentials", user=session, AWS_LAMBDA_FUNCTION_NAME="check")[0] == "ok"
    container = {**aws.container(session, "token-of-the-container"), "AWS_ACCESS_KEY_ID": None,
                 "AWS_SECRET_ACCESS_KEY": None, "AWS_SESSION_TOKEN": None}  # fmt: skip
    state, seen, _ = around.row("credentials", user=session, **container)
    assert state == "ok"
    assert re.search(r", from container \S+, valid until \d{4}-\d\d-\d\dT", seen)


@pytest.mark.parametrize("skew, words", [(1200, "behind"), (-1200, "ahead of")])
def test_a_wrong_clock(aws, around, skew, words):
    aws.skew = skew
    code, rows = around.doctor()
    assert code == 0
    state, seen, action = only(rows, "clock")
    assert state == "warn"
    assert re.fullmatch(rf"(1199|1200|1201) s {words} AWS's", seen)
    assert action == (
        "switch time synchronisation on (timedatectl set-ntp true): calls to AWS are corrected by its "
        "clock, but the times in reports are not")  # fmt: skip
    assert only(rows, "reports")[0] == "ok", "the calls were corrected"


# --- the database -----------------------------------------------------------------------------


def test_the_role_of_the_function_is_looked_at_too(aws, tmp_path, cluster, repository):
    around = Surroundings(aws, tmp_path, cluster, repository, user="function")
    assert around.row("database_rights")[:2] == ("warn", "role function may do anything (it is a superuser)")


@pytest.mark.parametrize("rows, envelope", [("objects", "text"), ("lists", "object")])
def test_every_envelope_is_read(aws, around, cluster, rows, envelope):
    aws.function("sql-api", SqlApi(cluster, "app", user="reader", rows=rows, envelope=envelope))
    _, found = around.doctor()
    assert only(found, "database_rights") == ("ok", "role reader may write no table and create nothing", None)


def test_a_function_that_refuses_words_that_change_anything(aws, around, cluster):
    """As deployed ones do, by looking for them anywhere in the text."""
    real = SqlApi(cluster, "app", user="reader")

    def careful(payload):
        for word in ("INSERT", "UPDATE", "DELETE", "DROP", "CREATE", "ALTER", "TRUNCATE", "GRANT", "EXEC"):
            if word in payload["query"].upper():
                return {"error": f"only reading is allowed: {word}"}
        return real(payload)

    aws.function("sql-api", careful)
    assert around.row("database_rights")[0] == "ok"


def test_a_function_that_does_not_tell(aws, around, cluster):
    real = SqlApi(cluster, "app", user="reader")

    def short(payload):
        if "pg_stat_ssl" in payload["query"]:
            return {"error": {"message": "permission denied for view pg_roles", "sqlstate": "42501"}}
        return real(payload)

    aws.function("sql-api", short)
    code, rows = around.doctor()
    assert (code, only(rows, "database")[0]) == (0, "ok")
    assert only(rows, "database_rights") == (
        "unknown", "the server did not tell: permission denied for view pg_roles", None)  # fmt: skip


# --- the bucket -------------------------------------------------------------------------------


def test_a_bucket_that_is_not_there(aws, around):
    state, seen, action = around.row("reports", "--reports", "s3://never-made/x")
    # Who has no right to it does not learn that it is missing.
    assert (state, action) == ("unknown", grant("s3:ListBucket", "arn:aws:s3:::never-made"))
    user = aws.user(ALL)
    code, rows = around.doctor("--reports", "s3://never-made/x", user=user)
    state, seen, action = only(rows, "reports")
    assert (code, state) == (2, "fail")
    assert seen.startswith("s3:ListBucket on arn:aws:s3:::never-made failed: NoSuchBucket: ")
    assert action == "check the name, the account and the region"
    assert {only(rows, check) for check in BUCKET_ROWS} == {("skipped", "the bucket did not answer", None)}


def test_a_bucket_that_keeps_no_versions(aws, around):
    around.s3.put_bucket_versioning(Bucket=around.bucket, VersioningConfiguration={"Status": "Suspended"})
    assert around.row("reports_versioning") == (
        "warn", "Suspended", "what is deleted or replaced is gone: aws s3api put-bucket-versioning --bucket "
        f"{around.bucket} --versioning-configuration Status=Enabled")  # fmt: skip
    never = f"{around.bucket}-plain"
    around.s3.create_bucket(Bucket=never, CreateBucketConfiguration={"LocationConstraint": aws.region})
    all_rights = aws.user(ALL)
    _, rows = around.doctor("--reports", f"s3://{never}/x", user=all_rights)
    assert only(rows, "reports_versioning")[:2] == ("warn", "never switched on")
    assert only(rows, "reports_public_access") == (
        "warn", "the bucket itself blocks no public access (its account may)",
        f"aws s3api put-public-access-block --bucket {never} --public-access-block-configuration "
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true")  # fmt: skip
    assert only(rows, "reports_lifecycle") == ("ok", "no rule ends reports: they are kept for good", None)
    assert only(rows, "reports_tls") == (
        "warn", "the bucket has no policy, so calls without TLS get through",
        "deny s3:* to everybody where aws:SecureTransport is false, on the bucket and its objects")  # fmt: skip


def test_a_bucket_without_encryption_or_with_a_key(aws, around):
    around.s3.delete_bucket_encryption(Bucket=around.bucket)
    state, seen, action = around.row("reports_encryption")
    assert (state, seen, action) == (
        "warn", "no default encryption; reports ask for nothing else", "set the bucket's default encryption to AES256 or a KMS key")  # fmt: skip
    key = f"arn:aws:kms:{aws.region}:{ACCOUNT}:key/1234"
    around.s3.put_bucket_encryption(Bucket=around.bucket, ServerSideEncryptionConfiguration={
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}]})  # fmt: skip
    told = f"aws:kms with the key {key} by default; reports ask for nothing else"
    assert around.row("reports_encryption") == ("ok", told, None)
    allowed = {"Version": "2012-10-17", "Statement": [
        *around.policy["Statement"], *around.extra["Statement"],
        {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": key}]}  # fmt: skip
    user = aws.user(allowed)
    assert around.run(user, "--database", "lambda:sql-api").returncode == 1
    assert {("x-amz-server-side-encryption" in put["headers"]) for put in aws.puts} == {False}
    assert around.row("reports_encryption", user=user) == (
        "ok", f"{told}; the last report got aws:kms with the key {key}", None)  # fmt: skip
    state, seen, _ = around.row("reports_write", "--write-test", user=user)
    assert (state, seen.rpartition(", ")[2]) == ("ok", f"encrypted with aws:kms with the key {key}")
    # An older release, and everybody who says so, asks for S3's own keys.
    assert around.run(user, "--database", "lambda:sql-api", "--kms-key", "AES256").returncode == 1
    state, seen, action = around.row("reports_encryption", user=user)
    assert (state, seen) == ("warn", f"{told}; the last report got AES256")
    assert action.startswith("the next report shows whether that is over: ")
    assert around.row("reports_encryption", "--kms-key", "AES256", user=user)[0] == "ok"
    # Without the right to the bucket's key no report can be stored.
    done = around.run(aws.user(around.policy), "--database", "lambda:sql-api")
    assert done.returncode == 3
    assert f"grant kms:GenerateDataKey on {key}" in done.stdout + done.stderr or "kms:GenerateDataKey" in done.stderr


def test_a_bucket_whose_policy_demands_a_word_about_encryption(aws, around):
    aws.obey_bucket_policy(around.bucket, {"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{around.bucket}/*",
        "Condition": {"Null": {"s3:x-amz-server-side-encryption": "true"}}}]})  # fmt: skip
    state, seen, action = around.row("reports_write", "--write-test")
    assert (state, action) == (
        "fail", "the bucket's policy denies it; where it demands a word about encryption, give --kms-key "
        "AES256 or --kms-key KEY")  # fmt: skip
    assert around.row("reports_write", "--write-test", "--kms-key", "AES256")[0] == "ok"


def test_public_access_that_is_half_blocked(aws, around):
    around.block_public_access(BlockPublicPolicy=False, RestrictPublicBuckets=False)
    assert around.row("reports_public_access")[:2] == (
        "warn", "not all is blocked: BlockPublicPolicy, RestrictPublicBuckets off")  # fmt: skip


def test_a_policy_that_lets_calls_without_tls_through(aws, around):
    around.set_policy(true_or_false="true")
    assert around.row("reports_tls")[:2] == ("warn", "the bucket's policy lets calls without TLS through")


def test_reports_that_end_too_soon(aws, around):
    around.expire(7)
    assert around.row("reports_lifecycle") == (
        "warn", "reports end after 7 days",
        "the weekly summary reads seven days, and who comes back from a holiday more")  # fmt: skip
    around.expire(7, prefix="logs/")
    assert around.row("reports_lifecycle") == ("ok", "no rule ends reports: they are kept for good", None)


def test_object_lock_that_is_asked_for_and_missing(aws, around):
    code, rows = around.doctor("--object-lock", "GOVERNANCE:400")
    assert code == 2
    assert only(rows, "reports_retention") == (
        "fail", "no Object Lock, which --object-lock needs: S3 would refuse every report",
        "use a bucket with Object Lock, or leave --object-lock out")  # fmt: skip
    assert only(rows, "reports_lifecycle") == (
        "warn", "reports end after 90 days", "--object-lock keeps them for 400 days: until then they would be "
        "there, but hidden by delete markers; let the rule wait as long")  # fmt: skip


def test_object_lock_that_is_there(aws, around):
    locked = aws.bucket(f"{around.bucket}-locked", lock=True)
    user = aws.user(ALL)
    words = ("--reports", f"s3://{locked}/x")
    assert around.row("reports_retention", *words, user=user) == (
        "warn", "Object Lock without a default retention",
        "nothing is retained: give --object-lock, or the bucket a default retention")  # fmt: skip
    asked = around.row("reports_retention", *words, "--object-lock", "COMPLIANCE:2557", user=user)
    assert asked == ("ok", "Object Lock without a default retention; reports ask for COMPLIANCE for 2557 days", None)
    around.s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration={
        "ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 1}}})  # fmt: skip
    assert around.row("reports_retention", *words, user=user) == ("ok", "GOVERNANCE for 365 days by default", None)


# --- the alerts -------------------------------------------------------------------------------


def test_an_unconfirmed_or_missing_subscription(aws, around):
    address = "on-call.person@example.com"
    aws.subscription(around.topic, "email", address, confirmed=False)
    code, rows = around.doctor()
    assert code == 0
    link = "click the link in the mail from AWS Notifications; after three days subscribe again for a new one"
    assert only(rows, "subscriptions") == (
        "warn", "not confirmed: email o***@example.com; confirmed: email d***@example.com", link)  # fmt: skip
    assert address not in json.dumps(rows)

    other = aws.topic(f"{around.topic.rsplit(':', 1)[1]}-other")
    around.extra["Statement"][1]["Resource"] = other
    assert around.row("subscriptions", "--alerts", other) == (
        "warn", "nobody is subscribed: alerts go nowhere",
        f"aws sns subscribe --topic-arn {other} --protocol email --notification-endpoint ADDRESS, then confirm "
        "it by the link in the mail")  # fmt: skip
    aws.subscription(other, "email", address, confirmed=False)
    assert around.row("subscriptions", "--alerts", other) == (
        "warn", "no subscription is confirmed, so alerts go nowhere; unconfirmed: email o***@example.com", link)  # fmt: skip


def test_many_subscriptions_are_paged_and_a_few_named(aws, around):
    for number in range(120):
        aws.subscription(around.topic, "email", f"m{number}@example.com")
    state, seen, _ = around.row("subscriptions")
    assert state == "ok"
    assert re.fullmatch(r"121 confirmed: (email \w\*\*\*@example\.com(, )?){5} and 116 more", seen)
    assert sum(call.action == "sns:ListSubscriptionsByTopic" for call in aws.calls) == 2


def test_a_topic_that_is_not_there(aws, around):
    gone = around.topic + "-gone"
    around.extra["Statement"][1]["Resource"] = gone
    code, rows = around.doctor("--alerts", gone)
    state, seen, action = only(rows, "alerts")
    assert (code, state) == (2, "fail")
    assert seen.startswith(f"sns:GetTopicAttributes on {gone} failed: NotFound: ")
    assert action == "check the name, the account and the region"
    assert only(rows, "subscriptions") == ("skipped", "the topic did not answer", None)


@pytest.mark.parametrize("fault", [faults.RESET, faults.TRUNCATED])
def test_a_service_that_fails_is_one_row(aws, around, fault):
    aws.fault(fault, "s3:GetBucketVersioning")
    code, rows = around.doctor()
    assert code == 0
    assert only(rows, "reports_versioning")[0] == "unknown"
    assert only(rows, "reports_encryption")[0] == "ok"
