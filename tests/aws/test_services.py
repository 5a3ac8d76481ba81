"""schema-drift's calls to the AWS services, checked by a server that keeps AWS's rules; what they
leave there is read back by botocore."""

import datetime
import json
import re
import time

import pytest

import faults
import policy as policies
from aws_calls import Calls, Failed, call
from operations import ACCOUNT
from service_rules import Function, FunctionError
from verifying_server import REGION

BUCKET, FUNCTION = "drift-services", "services-sql-api"
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture
def user(aws):
    return aws.user(ALL)


@pytest.fixture
def calls(aws, user):
    with Calls(aws.environment(user)) as opened:
        yield opened


def unique(name):
    """moto keeps its state between tests."""
    return f"{name}-{time.monotonic_ns()}"


def read_back(aws, key, bucket=BUCKET):
    return aws.admin("s3").get_object(Bucket=bucket, Key=key)


# --- S3 --------------------------------------------------------------------------------------------


def test_a_report_is_stored_whole_typed_encrypted_and_with_its_checksum(aws, calls):
    aws.bucket(BUCKET)
    key, body = unique("schema-drift/2026/11/20/prod.json"), '{"status": "synced", "é": "\u2603"}'
    assert calls("put-object", bucket=BUCKET, key=key, body=body) == "stored"
    stored = read_back(aws, key)
    assert stored["Body"].read().decode() == body
    assert stored["ContentType"] == "application/json"
    # Which encryption is the bucket's own business, unless somebody says it.
    assert "x-amz-server-side-encryption" not in aws.puts[0]["headers"]
    assert aws.puts[0]["headers"]["if-none-match"] == "*"
    assert "x-amz-checksum-sha256" in aws.puts[0]["headers"]


def test_nothing_is_overwritten_unless_asked(aws, calls):
    aws.bucket(BUCKET)
    key = unique("once")
    assert calls("put-object", bucket=BUCKET, key=key, body="first") == "stored"
    assert calls("put-object", bucket=BUCKET, key=key, body="second") == "exists"
    assert read_back(aws, key)["Body"].read() == b"first"
    assert calls("put-object", bucket=BUCKET, key=key, body="third", only_if_absent=False) == "stored"
    assert read_back(aws, key)["Body"].read() == b"third"


@pytest.mark.parametrize("name", ["a b+c=d&e?f#g%h", "ünïcödé/\u2603", "..", "a//b/./c/../d", "~'()*!,;:@$"])
def test_any_key_arrives_as_it_is(aws, calls, name):
    aws.bucket(BUCKET)
    key = unique("k") + "/" + name
    assert calls("put-object", bucket=BUCKET, key=key, body="x") == "stored"
    assert aws.puts[-1]["key"] == key


def test_s3_s_own_keys_can_be_asked_for(aws, calls):
    aws.bucket(BUCKET)
    key = unique("own")
    assert calls("put-object", bucket=BUCKET, key=key, body="x", kms_key="AES256") == "stored"
    assert read_back(aws, key)["ServerSideEncryption"] == "AES256"


def test_a_kms_key_is_named(aws, calls):
    aws.bucket(BUCKET)
    key = aws.admin("kms").create_key()["KeyMetadata"]["Arn"]
    name = unique("kms")
    assert calls("put-object", bucket=BUCKET, key=name, body="x", kms_key=key) == "stored"
    stored = read_back(aws, name)
    assert (stored["ServerSideEncryption"], stored["SSEKMSKeyId"]) == ("aws:kms", key)


def test_an_object_is_locked(aws, calls):
    aws.bucket("drift-locked", lock=True)
    name, until = unique("locked"), int(time.time()) + 86400
    assert calls("put-object", bucket="drift-locked", key=name, body="x", lock_mode="GOVERNANCE",
                 lock_until=until) == "stored"  # fmt: skip
    stored = read_back(aws, name, "drift-locked")
    assert stored["ObjectLockMode"] == "GOVERNANCE"
    assert stored["ObjectLockRetainUntilDate"] == datetime.datetime.fromtimestamp(
        until, datetime.timezone.utc)  # fmt: skip


def test_a_bucket_without_object_lock_says_so(aws, calls):
    aws.bucket(BUCKET)
    with pytest.raises(Failed) as failed:
        calls("put-object", bucket=BUCKET, key="x", body="x", lock_mode="COMPLIANCE",
              lock_until=int(time.time()) + 60)  # fmt: skip
    assert "InvalidRequest: Bucket is missing Object Lock Configuration (HTTP 400" in failed.value.message


def test_a_bucket_elsewhere_is_found_once(aws, calls):
    aws.bucket("drift-west", region="eu-west-1")
    for name in ("a", "b"):
        assert calls("put-object", bucket="drift-west", key=unique(name), body="x") == "stored"
    assert [c.code for c in aws.calls] == ["AuthorizationHeaderMalformed", None, None]


def test_a_missing_bucket(aws, calls):
    with pytest.raises(Failed) as failed:
        calls("put-object", bucket="drift-missing", key="k", body="x")
    assert re.fullmatch(
        r"s3:PutObject on arn:aws:s3:::drift-missing/k failed: NoSuchBucket: The specified bucket does "
        r"not exist \(HTTP 404, request id \w+\)", failed.value.message)  # fmt: skip
    assert failed.value.hint == "check the name, the account and the region"
    assert len(aws.calls) == 1


def test_what_is_no_bucket_is_never_sent(aws, calls):
    with pytest.raises(Failed) as failed:
        calls("put-object", bucket="arn:aws:s3:::b", key="k", body="x")
    assert failed.value.fault == "usage"
    assert failed.value.message == (
        "invalid S3 bucket \"arn:aws:s3:::b\": a name has letters, digits, '.', '-' and '_' alone")  # fmt: skip
    assert failed.value.hint == "give the bucket's name, not its ARN or URL: s3://BUCKET/PREFIX"
    with pytest.raises(Failed) as failed:
        calls("put-object", bucket=BUCKET, key="k", body="x", kms_key="k\r\nX-Amz-Acl: public-read")
    assert failed.value.message == (
        f"s3:PutObject on arn:aws:s3:::{BUCKET}/k: the value for header "
        "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id has a line end")  # fmt: skip
    assert aws.calls == []


# --- Lambda ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, qualifier", [
    ("{f}", None), ("{f}:prod", "prod"), ("{f}:$LATEST", "$LATEST"), ("{a}:function:{f}", None),
    ("{a}:function:{f}:7", "7"), ("arn:aws:lambda:{r}:{a}:function:{f}", None),
    ("arn:aws:lambda:{r}:{a}:function:{f}:prod", "prod"),
])  # fmt: skip
def test_a_function_is_invoked_by_each_form_of_its_name(aws, calls, name, qualifier):
    function = aws.function(FUNCTION, [{"rows": [["a1"]]}], qualifier, log="START\nEND\n")
    answer = calls("invoke", function=name.format(f=FUNCTION, a=ACCOUNT, r=REGION),
                   payload='{"query": "SELECT 1"}')  # fmt: skip
    assert json.loads(answer["payload"]) == {"rows": [["a1"]]}
    assert answer["function_error"] == "" and answer["log_tail"] == "START\nEND\n"
    assert function.payloads == [{"query": "SELECT 1"}]


def test_an_arn_decides_the_region(aws, calls):
    arn = f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:far"
    aws.functions[arn] = Function([{"rows": []}])
    assert calls("invoke", function=arn, payload="{}")["payload"] == '{"rows": []}'


def test_a_function_that_failed_comes_back_and_is_not_tried_again(aws, calls):
    aws.function(FUNCTION, [FunctionError({"errorType": "KeyError", "errorMessage": "'x'"})], log="boom\u2603")
    answer = calls("invoke", function=FUNCTION, payload="{}")
    assert answer["function_error"] == "Unhandled"
    assert json.loads(answer["payload"])["errorType"] == "KeyError"
    assert answer["log_tail"] == "boom\u2603"
    assert len(aws.calls) == 1


def test_a_missing_function(aws, calls):
    with pytest.raises(Failed) as failed:
        calls("invoke", function="nobody", payload="{}")
    assert re.fullmatch(
        rf"lambda:InvokeFunction on nobody failed: ResourceNotFoundException: Function not found: "
        rf"arn:aws:lambda:{REGION}:{ACCOUNT}:function:nobody \(HTTP 404, request id [\w-]+\)",
        failed.value.message)  # fmt: skip


# --- SNS -------------------------------------------------------------------------------------------


def test_an_alert_is_published_with_its_attributes(aws, calls):
    topic = aws.topic("services")
    message = "production is behind\n+ a=b&c %41 \u2603"
    identity = calls("publish", topic_arn=topic, subject="drift:\tprod is behind é", message=message,
                     attributes={"status": "behind", "target": "prod & co", "empty": ""})  # fmt: skip
    assert re.fullmatch(r"[\w-]{36}", identity)
    assert aws.published == [{
        "topic": topic, "subject": "drift: prod is behind ?", "message": message,
        "attributes": {"status": "behind", "target": "prod & co"}, "group_id": None,
        "deduplication_id": None}]  # fmt: skip


def test_a_message_without_a_subject(aws, calls):
    topic = aws.topic("services")
    calls("publish", topic_arn=topic, message="x")
    assert aws.published[0]["subject"] is None


def test_a_message_above_the_limit_is_cut_and_says_so(aws, calls):
    topic = aws.topic("services")
    calls("publish", topic_arn=topic, subject="s", message="é" * 200_000, attributes={"a": "b" * 1000})
    sent = aws.published[0]["message"]
    assert sent.endswith("\n[cut: the whole message has 400000 bytes, more than SNS takes]")
    assert 256 * 1024 - 1100 < len(sent.encode()) <= 256 * 1024


def test_a_fifo_topic_gets_ids_that_it_takes(aws, calls):
    topic = aws.topic("services.fifo")
    calls("publish", topic_arn=topic, message="x", group_id="prod", deduplication_id="prod-1")
    calls("publish", topic_arn=topic, message="x", group_id="two words", deduplication_id="x" * 129)
    assert (aws.published[0]["group_id"], aws.published[0]["deduplication_id"]) == ("prod", "prod-1")
    assert all(re.fullmatch("[0-9a-f]{64}", aws.published[1][i]) for i in ("group_id", "deduplication_id"))


def test_what_is_no_topic_is_never_sent(aws, calls):
    with pytest.raises(Failed) as failed:
        calls("publish", topic_arn="arn:aws:sqs:eu-central-1:1:queue", message="x")
    assert failed.value.message == (
        'invalid ARN of an SNS topic "arn:aws:sqs:eu-central-1:1:queue": its service is "sqs", not sns')  # fmt: skip
    assert failed.value.hint == "write arn:aws:sns:REGION:ACCOUNT:NAME"
    assert aws.calls == []


# --- Secrets Manager and Parameter Store -----------------------------------------------------------


def test_a_secret_is_read_by_arn_and_by_name(aws, calls):
    value = '{"username": "u", "password": "p\u2603\\" "}'
    arn = aws.secret("services/database", value)
    assert calls("secret", secret_id=arn) == value
    assert calls("secret", secret_id="services/database") == value


def test_a_binary_secret_is_refused(aws, calls):
    name = unique("binary")
    aws.admin("secretsmanager").create_secret(Name=name, SecretBinary=b"\0\1")
    with pytest.raises(Failed) as failed:
        calls("secret", secret_id=name)
    assert failed.value.message == f"secretsmanager:GetSecretValue on {name} gave a binary secret"
    assert failed.value.hint == "store it as text or as a JSON object"


def test_a_missing_secret(aws, calls):
    with pytest.raises(Failed) as failed:
        calls("secret", secret_id="nothing")
    assert "ResourceNotFoundException" in failed.value.message
    assert failed.value.hint == "check the name, the account and the region"


@pytest.mark.parametrize("path", ["/services/prod/database", "/services/prod/database/"])
def test_parameters_of_a_path_are_decrypted_over_several_pages(aws, calls, path):
    values = {f"name{n}": f"value {n}" for n in range(23)}
    aws.parameters("/services/prod/database", **values)
    aws.parameters("/services/prod/database/below", other="x")
    assert calls("parameters", path=path) == values
    assert len(aws.calls) == 3


def test_a_path_without_parameters_is_empty_and_one_without_a_slash_is_refused(aws, calls):
    assert calls("parameters", path="/services/none") == {}
    with pytest.raises(Failed) as failed:
        calls("parameters", path="services")
    assert failed.value.message == 'invalid path of SSM parameters "services": no slash at its beginning'
    assert failed.value.hint == "write it as /app/prod/database"


# --- Every service ---------------------------------------------------------------------------------


OPERATIONS = ["s3:PutObject", "lambda:InvokeFunction", "sns:Publish",
              "secretsmanager:GetSecretValue", "ssm:GetParametersByPath"]  # fmt: skip


@pytest.fixture
def world(aws):
    """Questions that succeed, by IAM action, with the resource that a policy would name."""
    aws.bucket(BUCKET)
    aws.function(FUNCTION, [{"rows": []}])
    topic, secret = aws.topic("services"), aws.secret("services/world", "s")
    aws.parameters("/services/world", host="h")
    key = unique("world")
    return {
        "s3:PutObject": (
            {"operation": "put-object", "bucket": BUCKET, "key": key, "body": "x",
             "only_if_absent": False}, f"arn:aws:s3:::{BUCKET}/{key}"),
        "lambda:InvokeFunction": (
            {"operation": "invoke", "function": FUNCTION, "payload": "{}"},
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}"),
        "sns:Publish": ({"operation": "publish", "topic_arn": topic, "message": "x"}, topic),
        "secretsmanager:GetSecretValue": ({"operation": "secret", "secret_id": secret}, secret),
        "ssm:GetParametersByPath": (
            {"operation": "parameters", "path": "/services/world"},
            f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/services/world"),
    }  # fmt: skip


@pytest.mark.parametrize("action", OPERATIONS)
def test_the_one_right_is_enough_and_its_absence_is_named(aws, world, action):
    question, resource = world[action]
    granted = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": action, "Resource": resource}]}  # fmt: skip
    call(aws.environment(aws.user(granted)), **question)
    with pytest.raises(Failed) as failed:
        call(aws.environment(aws.user()), **question)
    assert failed.value.fault == "access_denied"
    assert failed.value.hint == f"grant {action} on {resource} to arn:aws:iam::{ACCOUNT}:user/drift"
    assert re.match(rf"{action} on \S+ was denied: \w+: User: ", failed.value.message)
    assert [c.status for c in aws.calls[1:]] in ([403], [400])


@pytest.mark.parametrize("action", OPERATIONS)
@pytest.mark.parametrize("hours", [-6, 6])
def test_a_wrong_clock_is_corrected_once_for_the_session(aws, world, user, action, hours):
    question, _ = world[action]
    aws.skew = hours * 3600
    with Calls(aws.environment(user)) as calls:
        calls(**question)
        calls(**question)
    assert [c.status == 200 for c in aws.calls] == [False, True, True]


@pytest.mark.parametrize("action", OPERATIONS)
def test_a_wrong_key_is_told_apart_from_a_wrong_clock(aws, world, user, action):
    question, _ = world[action]
    environment = aws.environment(user) | {"AWS_SECRET_ACCESS_KEY": "x" * 40}
    with pytest.raises(Failed) as failed:
        call(environment, **question)
    assert failed.value.fault == "aws_failed"
    assert failed.value.hint.startswith(
        "the secret access key may not belong to its access key id (source: environment")  # fmt: skip
    assert len(aws.calls) == 1


@pytest.mark.parametrize("action", OPERATIONS)
def test_a_session_token_that_expired_for_good(aws, world, action):
    question, _ = world[action]
    session = aws.principals.session("nightly", [ALL], seconds=-1)
    with pytest.raises(Failed) as failed:
        call(aws.environment(session), **question)
    assert failed.value.hint.startswith("the session token has expired (source: environment")
    assert session.token not in failed.value.message + failed.value.hint
    assert len(aws.calls) == 1


TRANSIENT = [faults.RESET, faults.TRUNCATED, "HTTP 500", "HTTP 503", "HTTP 429", "throttling code"]


@pytest.mark.parametrize("fault", TRANSIENT)
@pytest.mark.parametrize("action", OPERATIONS)
def test_what_passes_is_tried_again(aws, world, user, action, fault):
    question, _ = world[action]
    aws.fault(fault, action, attempts=[1])
    call(aws.environment(user), **question)
    assert len(aws.calls) == 2


@pytest.mark.parametrize("action", OPERATIONS)
def test_what_does_not_pass_is_told_after_three_attempts(aws, world, user, action):
    question, _ = world[action]
    aws.fault("HTTP 503", action)
    with pytest.raises(Failed) as failed:
        call(aws.environment(user), **question)
    assert len(aws.calls) == 3
    assert re.fullmatch(
        rf"{action} on \S+ failed: ServiceUnavailable(Exception)?: Service is unable to handle request\. "
        r"\(HTTP 503\) \(3 attempts\), last request id [\w-]+", failed.value.message)  # fmt: skip
    assert failed.value.hint == "the service has a fault: try again later"


@pytest.mark.parametrize("action, fault", [
    (action, fault) for action in OPERATIONS
    for fault in (faults.MALFORMED, faults.OVERSIZED, "HTTP 400", "HTTP 404")
    # Whatever a function returns is its answer; drift/sql/api_client_answer.h judges it.
    if (action, fault) != ("lambda:InvokeFunction", faults.MALFORMED)
])  # fmt: skip
def test_what_cannot_pass_is_tried_once(aws, world, user, action, fault):
    question, _ = world[action]
    aws.fault(fault, action)
    with pytest.raises(Failed) as failed:
        call(aws.environment(user), **question)
    assert failed.value.message.startswith(action + " on ") and failed.value.hint
    assert len(aws.calls) == 1


@pytest.mark.parametrize("action", OPERATIONS)
def test_a_slow_service_ends_with_the_run(aws, world, user, action):
    question, _ = world[action]
    aws.fault(faults.SLOW, action, seconds=20)
    started = time.monotonic()
    with pytest.raises(Failed) as failed:
        call(aws.environment(user), timeout_ms=1500, **question)
    assert time.monotonic() - started < 8
    assert failed.value.fault == "timed_out"
    assert failed.value.message.startswith(action + " on ")


def test_one_connection_serves_a_session(aws, world, user):
    with Calls(aws.environment(user)) as calls:
        for question, _ in world.values():
            calls(**question)
    assert len({c.connection for c in aws.calls}) == 1


def test_another_role_is_assumed_once(aws, world, user):
    other = aws.role("cross-account", ALL, trust=[user.arn], external_id="x-1")
    with Calls(aws.environment(user), role_arn=other, external_id="x-1") as calls:
        for question, _ in world.values():
            calls(**question)
    assert [c.action for c in aws.calls].count("sts:AssumeRole") == 1
    assert {c.principal for c in aws.calls[1:]} != {user.arn}


def test_a_role_that_does_not_trust_us(aws, world, user):
    other = aws.role("distrusts", ALL, trust=[user.arn], external_id="x-1")
    with Calls(aws.environment(user), role_arn=other, external_id="wrong") as calls:
        with pytest.raises(Failed) as failed:
            calls(**world["sns:Publish"][0])
    assert failed.value.fault == "access_denied"
    assert failed.value.message.startswith(f"sts:AssumeRole on {other} was denied: AccessDenied: ")
    assert "sts:AssumeRole" in failed.value.hint and len(aws.calls) == 1


def test_the_policies_of_this_suite_are_read_as_iam_reads_them():
    assert policies.checked(ALL) == ALL
