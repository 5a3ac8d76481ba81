"""The verifying server, tried with boto3: what is right passes, every tampering is refused.

Whatever the server would wave through here, it could not prove about schema-drift.
"""

import base64
import datetime
import hashlib
import http.client
import json
import socket
import ssl
import time

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.exceptions import EndpointConnectionError, SSLError

import faults
import policy
from verifying_server import ACCOUNT, REGION, Aws

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
S3_SHA256 = {"ChecksumAlgorithm": "SHA256"}


def allow(*statements):
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Action": action, "Resource": resource}
        for effect, action, resource in statements]}  # fmt: skip


@pytest.fixture(scope="module")
def world():
    with Aws() as aws:
        aws.bucket("reports")
        aws.bucket("locked", lock=True)
        aws.bucket("elsewhere", region="us-west-2")
        aws.arn = {
            "topic": aws.topic("alerts"), "fifo": aws.topic("alerts.fifo"),
            "secret": aws.secret("app/database", '{"username": "u"}'),
            "sealed": aws.secret("app/sealed", "x", KmsKeyId="1234"),
        }  # fmt: skip
        aws.parameters("/app/prod/database", host="db", port="5432")
        aws.function("sql-api", lambda payload: {"echo": payload})
        yield aws


@pytest.fixture
def user(world):
    return world.user(EVERYTHING)


def code_of(call):
    """(code, HTTP status, message) of the error that a boto3 call ends with."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


def calls(world, user):
    """One good call of each kind that schema-drift makes: name -> callable, by boto3."""
    s3, sns = world.client("s3", user), world.client("sns", user)
    key = f"drift/{time.monotonic_ns()}.json"
    return {
        "lambda": lambda: world.client("lambda", user).invoke(
            FunctionName="sql-api", Payload=b'{"a": 1}', LogType="Tail"),
        "secretsmanager": lambda: world.client("secretsmanager", user).get_secret_value(
            SecretId=world.arn["secret"]),
        "ssm": lambda: world.client("ssm", user).get_parameters_by_path(
            Path="/app/prod/database", WithDecryption=True),
        "s3": lambda: s3.put_object(Bucket="reports", Key=key, Body=b"{}", **S3_SHA256),
        "sns": lambda: sns.publish(TopicArn=world.arn["topic"], Subject="drift", Message="é & <b>"),
        "sts": lambda: world.client("sts", user).assume_role(
            RoleArn=world.role("other", trust=[user.arn]), RoleSessionName="drift"),
    }  # fmt: skip


SERVICES = ["lambda", "secretsmanager", "ssm", "s3", "sns", "sts"]


# --- good requests ------------------------------------------------------------------------------


@pytest.mark.parametrize("service", SERVICES)
def test_a_good_request_passes(world, user, service):
    before = len(world.calls)
    calls(world, user)[service]()
    assert [call.status for call in world.calls[before:]] == [200]
    assert world.calls[-1].principal == user.arn


def test_what_passes_is_there(world, user):
    assert json.load(calls(world, user)["lambda"]()["Payload"]) == {"echo": {"a": 1}}
    assert calls(world, user)["secretsmanager"]()["SecretString"] == '{"username": "u"}'
    found = calls(world, user)["ssm"]()["Parameters"]
    assert {p["Name"]: p["Value"] for p in found} == {
        "/app/prod/database/host": "db", "/app/prod/database/port": "5432"}  # fmt: skip
    calls(world, user)["sns"]()
    assert world.published[-1]["message"] == "é & <b>"
    calls(world, user)["s3"]()
    put = world.puts[-1]
    assert (put["bucket"], put["body"]) == ("reports", b"{}")
    kept = world.admin("s3").get_object(Bucket="reports", Key=put["key"])
    assert kept["Body"].read() == b"{}"


@pytest.mark.parametrize(
    "name",
    ["sql-api", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:sql-api", f"{ACCOUNT}:function:sql-api"],
)
def test_a_function_is_found_by_each_form_of_its_name(world, user, name):
    world.client("lambda", user).invoke(FunctionName=name, Payload=b"{}")
    assert world.calls[-1].resource == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:sql-api"


def test_keys_with_every_awkward_character_are_signed_as_they_are_sent(world, user):
    s3 = world.client("s3", user)
    for key in ("a b", "a+b", "é/ü", "a%2Fb", "a:b@c", "a//b", "./a/../b", "~x", "q?x=1&y", "a=b"):
        s3.put_object(Bucket="reports", Key=key, Body=key.encode(), **S3_SHA256)
        assert world.puts[-1]["key"] == key


def test_virtual_hosted_buckets_are_taken_from_host(world, user):
    status, _ = send(world, user, "s3", "PUT", "/v/hosted.json", b"{}", host="reports.localhost:1")
    assert status == 200
    assert (world.puts[-1]["bucket"], world.puts[-1]["key"]) == ("reports", "v/hosted.json")


def test_over_tls_with_a_private_authority():
    with Aws(tls=True) as aws:
        user = aws.user(EVERYTHING)
        topic = aws.topic("tls-alerts")
        aws.client("sns", user).publish(TopicArn=topic, Message="m")
        assert [call.status for call in aws.calls] == [200]
        with pytest.raises(ssl.SSLError), socket.create_connection(("127.0.0.1", aws.port)) as raw:
            ssl.create_default_context().wrap_socket(raw, server_hostname="localhost")


def test_a_role_is_assumed_and_its_session_is_known(world):
    base = world.user(allow(("Allow", "sts:AssumeRole", "*")))
    arn = world.role("reader", EVERYTHING, trust=[base.arn], external_id="x1")
    sts = world.client("sts", base)
    assert code_of(lambda: sts.assume_role(RoleArn=arn, RoleSessionName="no"))[0] == "AccessDenied"
    got = sts.assume_role(RoleArn=arn, RoleSessionName="night", ExternalId="x1")["Credentials"]
    session = world.principals.by_key(got["AccessKeyId"])
    world.client("sns", session).publish(TopicArn=world.arn["topic"], Message="m")
    assert world.calls[-1].principal == f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/night"


def test_web_identity_needs_no_signature_but_its_token(world):
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    arn = world.role("irsa", EVERYTHING, web_identity_token="jwt.jwt.jwt")
    sts = boto3.client("sts", region_name=REGION, endpoint_url=world.url,
                       config=Config(signature_version=UNSIGNED))  # fmt: skip
    ask = {"RoleArn": arn, "RoleSessionName": "pod"}
    got = sts.assume_role_with_web_identity(**ask, WebIdentityToken="jwt.jwt.jwt")
    session = world.principals.by_key(got["Credentials"]["AccessKeyId"])
    calls(world, session)["lambda"]()
    code, status, _ = code_of(
        lambda: sts.assume_role_with_web_identity(**ask, WebIdentityToken="jwt.jwt.xxx"))  # fmt: skip
    assert (code, status) == ("InvalidIdentityToken", 400)


# --- a raw request that can be tampered with ----------------------------------------------------

TARGETS = {
    "lambda": ("POST", "/2015-03-31/functions/sql-api/invocations?Qualifier=", b'{"a":1}', {}),
    "secretsmanager": ("POST", "/", None, {
        "X-Amz-Target": "secretsmanager.GetSecretValue", "Content-Type": "application/x-amz-json-1.1"}),
    "ssm": ("POST", "/", b'{"Path": "/app/prod/database"}', {
        "X-Amz-Target": "AmazonSSM.GetParametersByPath", "Content-Type": "application/x-amz-json-1.1"}),
    "s3": ("PUT", "/reports/raw.json", b"{}", {}),
    "sns": ("POST", "/", None, {"Content-Type": "application/x-www-form-urlencoded"}),
    "sts": ("POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15",
            {"Content-Type": "application/x-www-form-urlencoded"}),
}  # fmt: skip


def good(world, service):
    method, target, body, headers = TARGETS[service]
    if service == "lambda":
        target = target.partition("?")[0]
    if service == "secretsmanager":
        body = json.dumps({"SecretId": world.arn["secret"]}).encode()
    if service == "sns":
        body = f"Action=Publish&Version=2010-03-31&Message=m&TopicArn={world.arn['topic']}".encode()
    return method, target, body, dict(headers)


def send(world, who, service, method, target, body, headers=None, host=None, tamper=None,
         at=None, secret=None, scope=None):  # fmt: skip
    """Signs with botocore, lets `tamper(parts)` change the parts, sends them raw.

    Returns (status, body)."""
    host = host or f"127.0.0.1:{world.port}"
    request = AWSRequest(method=method, url=f"http://{host}{target}", data=body, headers=headers or {})
    request.headers["Host"] = host
    keys = Credentials(who.key_id, secret or who.secret, who.token)
    auth = (S3SigV4Auth if service == "s3" else SigV4Auth)(keys, scope or service, REGION)
    if at is None:
        auth.add_auth(request)
    else:
        moment = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
        request.context["timestamp"] = moment.strftime("%Y%m%dT%H%M%SZ")
        auth._modify_request_before_signing(request)
        to_sign = auth.string_to_sign(request, auth.canonical_request(request))
        auth._inject_signature_to_request(request, auth.signature(to_sign, request))
    parts = {"method": method, "target": target, "body": body,
             "headers": list(request.headers.items())}  # fmt: skip
    if tamper:
        tamper(parts)
    connection = http.client.HTTPConnection("127.0.0.1", world.port, timeout=20)
    connection.putrequest(parts["method"], parts["target"], skip_host=True, skip_accept_encoding=True)
    for name, value in parts["headers"]:
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(parts["body"])))
    connection.endheaders(parts["body"])
    answer = connection.getresponse()
    got = answer.status, answer.read().decode()
    connection.close()
    return got


def replaced(name, value):
    def tamper(parts):
        parts["headers"] = [(n, value if n.lower() == name.lower() else v) for n, v in parts["headers"]]

    return tamper


def added(name, value):
    return lambda parts: parts["headers"].append((name, value))


def removed(name):
    def tamper(parts):
        parts["headers"] = [(n, v) for n, v in parts["headers"] if n.lower() != name.lower()]

    return tamper


def part(name, change):
    def tamper(parts):
        parts[name] = change(parts[name])

    return tamper


SIGNATURE = {"lambda": (403, "signature we calculated"), "secretsmanager": (400, "InvalidSignatureException"),
             "ssm": (400, "InvalidSignatureException"), "sns": (403, "SignatureDoesNotMatch"),
             "sts": (403, "SignatureDoesNotMatch"), "s3": (403, "SignatureDoesNotMatch")}  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
def test_the_raw_request_is_good_before_it_is_tampered_with(world, user, service):
    status, body = send(world, user, service, *good(world, service))
    assert status == 200, body


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "tamper",
    [
        # A slash more changes nothing where the path is normalised, so a segment more it is.
        pytest.param(part("target", lambda t: t + "?x=1"), id="query"),
        pytest.param(added("X-Amz-Meta-Added", "1"), id="header added"),
        pytest.param(replaced("Host", "localhost:1"), id="host"),
        pytest.param(replaced("X-Amz-Date", time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - 90))),
                     id="date"),
    ],
)  # fmt: skip
def test_tampering_is_refused(world, user, service, tamper):
    status, body = send(world, user, service, *good(world, service), tamper=tamper)
    if service == "s3" and "not signed" in body:
        assert (status, "AccessDenied" in body) == (403, True)
        return
    if "not signed" not in body:
        assert SIGNATURE[service][1] in body
    assert status == SIGNATURE[service][0]


@pytest.mark.parametrize("service", ["lambda", "secretsmanager", "ssm", "sns", "sts"])
def test_a_changed_body_is_refused(world, user, service):
    status, body = send(world, user, service, *good(world, service), tamper=part("body", lambda b: b + b" "))
    assert status == SIGNATURE[service][0]
    assert SIGNATURE[service][1] in body


def test_a_changed_body_for_s3_is_its_own_error(world, user):
    status, body = send(world, user, "s3", *good(world, "s3"), tamper=part("body", lambda b: b + b" "))
    assert (status, "XAmzContentSHA256Mismatch" in body) == (400, True)


def test_a_hash_header_that_goes_with_another_body_does_not_help(world, user):
    def tamper(parts):
        parts["body"] += b" "
        replaced("X-Amz-Content-SHA256", hashlib.sha256(parts["body"]).hexdigest())(parts)

    status, body = send(world, user, "s3", *good(world, "s3"), tamper=tamper)
    assert (status, "SignatureDoesNotMatch" in body) == (403, True)


@pytest.mark.parametrize(
    "service, change",
    [
        ("lambda", lambda t: t.replace("sql-api", "sql%2Dapi")),
        ("s3", lambda t: t.replace("raw", "r%61w")),
        ("s3", lambda t: t.replace("/reports/", "/reports/./")),
        ("s3", lambda t: t + "/"),
    ],
)
def test_another_spelling_of_the_path_is_refused(world, user, service, change):
    status, body = send(world, user, service, *good(world, service), tamper=part("target", change))
    assert status == 403
    assert SIGNATURE[service][1] in body


def test_s3_signs_the_path_as_it_is_and_the_others_normalise_and_encode_again(world, user):
    # botocore's signer is the oracle on both sides, so this only shows that the raw path arrives.
    arn = f"arn%3Aaws%3Alambda%3A{REGION}%3A{ACCOUNT}%3Afunction%3Asql-api"
    assert send(world, user, "lambda", "POST", f"/2015-03-31/functions/{arn}/invocations", b"{}")[0] == 200
    assert send(world, user, "s3", "PUT", "/reports/a%2Fb//c/../d", b"{}")[0] == 200
    assert world.puts[-1]["key"] == "a/b//c/../d"
    assert send(world, user, "s3", "PUT", "//reports/x", b"{}")[0] != 200


def test_s3_wants_the_hash_of_the_body(world, user):
    status, body = send(world, user, "s3", *good(world, "s3"), tamper=removed("X-Amz-Content-SHA256"))
    assert (status, "AWS" in body or "signed" in body or "x-amz-content-sha256" in body) != (200, True)
    method, target, data, headers = good(world, "s3")
    status, body = send(world, user, "lambda", method, target, data, headers, scope="s3")
    assert (status, "Missing required header" in body) == (400, True)


@pytest.mark.parametrize("service", SERVICES)
def test_a_wrong_secret_key_is_refused(world, user, service):
    status, body = send(world, user, service, *good(world, service), secret="wrong")
    assert status == SIGNATURE[service][0]
    assert SIGNATURE[service][1] in body


UNKNOWN = {"lambda": 403, "secretsmanager": 400, "ssm": 400, "sns": 403, "sts": 403, "s3": 403}


@pytest.mark.parametrize("service", SERVICES)
def test_an_unknown_key_and_no_key_are_refused(world, service):
    class Nobody:
        key_id, secret, token = "AKIANOBODY", "x", None

    status, body = send(world, Nobody, service, *good(world, service))
    assert status == UNKNOWN[service]
    assert "security token" in body or "does not exist in our records" in body
    status, body = send(world, Nobody, service, *good(world, service), tamper=removed("Authorization"))
    assert status == UNKNOWN[service]
    assert "uthentication" in body or "AccessDenied" in body


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("minutes", [-6, 6])
def test_outside_the_window_of_the_clock(world, user, service, minutes):
    if service == "s3":
        minutes *= 3
    status, body = send(world, user, service, *good(world, service), at=time.time() + 60 * minutes)
    assert status == SIGNATURE[service][0]
    expected = {True: "Signature expired", False: "Signature not yet current"}[minutes < 0]
    assert ("RequestTimeTooSkewed" if service == "s3" else expected) in body


@pytest.mark.parametrize("service", SERVICES)
def test_inside_the_window_of_the_clock(world, user, service):
    assert send(world, user, service, *good(world, service), at=time.time() - 240)[0] == 200
    assert send(world, user, service, *good(world, service), at=time.time() + 240)[0] == 200


def test_the_clock_of_the_server_can_be_wrong(user, world):
    world.skew = 3600
    try:
        code, status, message = code_of(calls(world, user)["sns"])
        assert (code, status) == ("SignatureDoesNotMatch", 403)
        assert message.startswith("Signature expired: ")
        assert send(world, user, "sns", *good(world, "sns"), at=time.time() + 3600)[0] == 200
    finally:
        world.skew = 0


@pytest.mark.parametrize("service", SERVICES)
def test_session_tokens(world, service):
    session = world.principals.session("r", [EVERYTHING])
    assert send(world, session, service, *good(world, service))[0] == 200

    class Without:
        key_id, secret, token = session.key_id, session.secret, None

    class Wrong:
        key_id, secret, token = session.key_id, session.secret, "wrong"

    assert send(world, Without, service, *good(world, service))[0] == UNKNOWN[service]
    assert send(world, Wrong, service, *good(world, service))[0] == (400 if service == "s3" else UNKNOWN[service])
    expired = world.principals.session("r", [EVERYTHING], seconds=-1)
    status, body = send(world, expired, service, *good(world, service))
    assert status == (400 if service == "s3" else UNKNOWN[service])
    assert "expired" in body


def test_an_added_session_token_is_refused(world, user):
    status, _ = send(world, user, "sns", *good(world, "sns"), tamper=added("X-Amz-Security-Token", "t"))
    assert status == 403


@pytest.mark.parametrize("service", SERVICES)
def test_a_signature_for_another_service_is_refused(world, user, service):
    other = "sqs"
    status, body = send(world, user, service, *good(world, service), scope=other)
    assert status == SIGNATURE[service][0]


def test_garbage_in_authorization(world, user):
    for value in ("AWS4-HMAC-SHA256 nonsense", "Basic dXNlcjpwYXNz", "AWS4-HMAC-SHA256 Credential=a/b/c"):
        status, _ = send(world, user, "sns", *good(world, "sns"), tamper=replaced("Authorization", value))
        assert status == 400


# --- rights ---------------------------------------------------------------------------------------

RIGHTS = {
    "lambda": ("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:sql-api"),
    "secretsmanager": ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/database-??????"),
    "ssm": ("ssm:GetParametersByPath", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/prod/database"),
    "s3": ("s3:PutObject", "arn:aws:s3:::reports/drift/*"),
    "sns": ("sns:Publish", f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"),
    "sts": ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/other"),
}  # fmt: skip
DENIED = {
    "lambda": ("AccessDeniedException", 403), "secretsmanager": ("AccessDeniedException", 400),
    "ssm": ("AccessDeniedException", 400), "s3": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403), "sts": ("AccessDenied", 403),
}  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
def test_exactly_one_right_is_enough_and_no_less(world, service):
    action, resource = RIGHTS[service]
    calls(world, world.user(allow(("Allow", action, resource))))[service]()
    for policy_document, why in (
        (allow(), "because no identity-based policy allows the"),
        (allow(("Allow", action, resource + "x")), "because no identity-based policy allows the"),
        (allow(("Allow", action + "s", "*")), "because no identity-based policy allows the"),
        (allow(("Allow", "*", "*"), ("Deny", action, resource)), "with an explicit deny in an identity-based policy"),
    ):
        code, status, message = code_of(calls(world, world.user(policy_document))[service])
        assert (code, status) == DENIED[service]
        assert f"is not authorized to perform: {action} on resource: " in message
        assert why in message


def test_lambda_invoke_is_no_action(world):
    """Plain moto would take it."""
    code, _, _ = code_of(calls(world, world.user(allow(("Allow", "lambda:Invoke", "*"))))["lambda"])
    assert code == "AccessDeniedException"


def test_a_secret_of_a_customer_key_needs_the_key(world):
    only = world.user(allow(("Allow", "secretsmanager:GetSecretValue", "*")))
    code, _, message = code_of(
        lambda: world.client("secretsmanager", only).get_secret_value(SecretId=world.arn["sealed"]))  # fmt: skip
    assert code == "AccessDeniedException"
    assert f"kms:Decrypt on resource: arn:aws:kms:{REGION}:{ACCOUNT}:key/1234" in message


def test_object_lock_needs_its_own_right_and_a_bucket_that_has_it(world, user):
    lock = {"ObjectLockMode": "COMPLIANCE", **S3_SHA256,
            "ObjectLockRetainUntilDate": datetime.datetime(2037, 1, 1, tzinfo=datetime.timezone.utc)}  # fmt: skip
    put_only = world.user(allow(("Allow", "s3:PutObject", "*")))
    code, _, message = code_of(
        lambda: world.client("s3", put_only).put_object(Bucket="locked", Key="a", Body=b"x", **lock))  # fmt: skip
    assert code == "AccessDenied"
    assert "s3:PutObjectRetention" in message
    s3 = world.client("s3", user)
    s3.put_object(Bucket="locked", Key="a", Body=b"x", **lock)
    kept = world.admin("s3").head_object(Bucket="locked", Key="a")
    assert (kept["ObjectLockMode"], kept["ObjectLockRetainUntilDate"].year) == ("COMPLIANCE", 2037)
    assert "Object Lock Configuration" in code_of(
        lambda: s3.put_object(Bucket="reports", Key="a", Body=b"x", **lock))[2]  # fmt: skip
    lock["ObjectLockRetainUntilDate"] = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    assert "must be in the future" in code_of(
        lambda: s3.put_object(Bucket="locked", Key="b", Body=b"x", **lock))[2]  # fmt: skip


def test_a_policy_that_the_evaluator_does_not_understand_is_refused():
    for statement in ({"Effect": "Allow", "NotAction": "a:b", "Resource": "*"},
                      {"Effect": "Allow", "Action": "a:b", "Resource": "*",
                       "Condition": {"StringLike": {"aws:SourceArn": "*"}}},
                      {"Effect": "Allow", "Action": "a:b", "Resource": "*", "Principal": "*"},
                      {"Effect": "Maybe", "Action": "a:b", "Resource": "*"}):  # fmt: skip
        with pytest.raises((ValueError, KeyError)):
            policy.checked({"Version": "2012-10-17", "Statement": [statement]})


def test_a_condition_is_met_only_by_what_the_request_has():
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}

    def decided(condition, **context):
        document = {"Version": "2012-10-17", "Statement": [allow, {**deny, "Condition": condition}]}
        return policy.decide([policy.checked(document)], "s3:PutObject", "arn:aws:s3:::b/k", context)

    absent = {"Null": {"s3:if-none-match": "true"}}
    assert decided(absent) == "denied"
    assert decided(absent, **{"s3:if-none-match": "*"}) == "allowed"
    present = {"Null": {"s3:if-none-match": "false"}}
    assert (decided(present), decided(present, **{"s3:if-none-match": "*"})) == ("allowed", "denied")
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    assert decided(plain, **{"aws:SecureTransport": "false"}) == "denied"
    assert decided(plain, **{"aws:SecureTransport": "true"}) == decided(plain) == "allowed"
    # Each of several conditions must hold.
    assert decided({**absent, **plain}, **{"aws:SecureTransport": "true"}) == "allowed"


# --- rules of the services ------------------------------------------------------------------------


def test_nothing_is_overwritten_where_the_caller_says_so(world, user):
    s3 = world.client("s3", user)
    s3.put_object(Bucket="reports", Key="once", Body=b"1", IfNoneMatch="*", **S3_SHA256)
    code, status, _ = code_of(
        lambda: s3.put_object(Bucket="reports", Key="once", Body=b"2", IfNoneMatch="*", **S3_SHA256))  # fmt: skip
    assert (code, status) == ("PreconditionFailed", 412)
    assert world.admin("s3").get_object(Bucket="reports", Key="once")["Body"].read() == b"1"
    s3.put_object(Bucket="reports", Key="once", Body=b"3", **S3_SHA256)


def test_a_wrong_checksum_is_refused(world, user):
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    code, status, _ = code_of(lambda: world.client("s3", user).put_object(
        Bucket="reports", Key="k", Body=b"x", ChecksumSHA256=wrong))  # fmt: skip
    assert (code, status) == ("BadDigest", 400)


def test_buckets(world, user):
    s3 = world.client("s3", user)
    put = {"Key": "k", "Body": b"x", **S3_SHA256}
    assert code_of(lambda: s3.put_object(Bucket="missing", **put))[0] == "NoSuchBucket"
    status, body = send(world, user, "s3", "PUT", "/elsewhere/k", b"x")
    assert (status, "<Region>us-west-2</Region>" in body) == (400, True)


def test_who_may_not_list_does_not_learn_what_is_missing(world):
    reader = world.user(allow(("Allow", "s3:GetObject", "*")))
    code, status, message = code_of(lambda: world.client("s3", reader).get_object(Bucket="reports", Key="none"))
    assert (code, status) == ("AccessDenied", 403)
    assert "s3:ListBucket" in message


@pytest.mark.parametrize("subject", ["x" * 101, "two\nlines", "ümlaut", " leading"])
def test_subjects_that_sns_refuses(world, user, subject):
    code, _, message = code_of(lambda: world.client("sns", user).publish(
        TopicArn=world.arn["topic"], Subject=subject, Message="m"))  # fmt: skip
    assert (code, message) == ("InvalidParameter", "Invalid parameter: Subject")


def test_attributes_and_fifo(world, user):
    sns = world.client("sns", user)
    attributes = {"status": {"DataType": "String", "StringValue": "behind"}}
    sns.publish(TopicArn=world.arn["topic"], Message="m", Subject="x" * 100, MessageAttributes=attributes)
    assert world.published[-1]["attributes"] == {"status": "behind"}
    empty = {"status": {"DataType": "String", "StringValue": ""}}
    assert code_of(lambda: sns.publish(
        TopicArn=world.arn["topic"], Message="m", MessageAttributes=empty))[0] == "ParameterValueInvalid"  # fmt: skip
    fifo = world.arn["fifo"]
    assert "MessageGroupId" in code_of(lambda: sns.publish(TopicArn=fifo, Message="m"))[2]
    sns.publish(TopicArn=fifo, Message="m", MessageGroupId="g", MessageDeduplicationId="d")
    assert (world.published[-1]["group_id"], world.published[-1]["deduplication_id"]) == ("g", "d")


def test_a_function_that_is_missing_or_fails(world, user):
    from service_rules import FunctionError

    client = world.client("lambda", user)
    code, status, message = code_of(lambda: client.invoke(FunctionName="none"))
    assert (code, status) == ("ResourceNotFoundException", 404)
    assert message == f"Function not found: arn:aws:lambda:{REGION}:{ACCOUNT}:function:none"
    world.function("broken", [FunctionError({"errorType": "KeyError", "errorMessage": "'x'"}), {"ok": 1}],
                   log="Traceback\n")  # fmt: skip
    answer = client.invoke(FunctionName="broken", LogType="Tail")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert base64.b64decode(answer["LogResult"]) == b"Traceback\n"
    assert json.load(answer["Payload"])["errorType"] == "KeyError"
    assert json.load(client.invoke(FunctionName="broken")["Payload"]) == {"ok": 1}
    assert code_of(lambda: client.invoke(FunctionName="broken", Payload=b"{"))[0] == "InvalidRequestContentException"


# --- faults ---------------------------------------------------------------------------------------


@pytest.fixture
def faulty():
    with Aws() as aws:
        aws.bucket("faults")
        aws.function("f", lambda payload: {})
        yield aws, aws.user(EVERYTHING)


@pytest.mark.parametrize("fault", [*faults.STATUSES, faults.SKEWED])
def test_a_fault_strikes_the_attempt_that_it_is_meant_for(faulty, fault):
    aws, user = faulty
    aws.fault(fault, "lambda:InvokeFunction", attempts={2})
    client = aws.client("lambda", user)
    client.invoke(FunctionName="f")
    code, status, _ = code_of(lambda: client.invoke(FunctionName="f"))
    client.invoke(FunctionName="f")
    assert status >= 400
    assert [call.fault for call in aws.calls if call.status != 200] == [fault]
    if fault == faults.SKEWED:
        assert code == "InvalidSignatureException"


def test_faults_on_the_wire(faulty):
    aws, user = faulty
    client = aws.client("lambda", user)
    for fault in (faults.RESET, faults.TRUNCATED, faults.OVERSIZED, faults.MALFORMED):
        aws._rules.clear()
        aws.fault(fault, "lambda:InvokeFunction")
        if fault == faults.OVERSIZED:
            assert len(client.invoke(FunctionName="f")["Payload"].read()) > faults.OVERSIZE_BYTES
        elif fault == faults.MALFORMED:
            with pytest.raises(ValueError):
                json.load(client.invoke(FunctionName="f")["Payload"])
        else:
            with pytest.raises(Exception) as caught:
                client.invoke(FunctionName="f")["Payload"].read()
            assert any(word in str(caught.value) for word in ("Connection", "reset", "IncompleteRead"))
    aws._rules.clear()
    aws.fault(faults.SLOW, "lambda:InvokeFunction", seconds=0.7)
    started = time.monotonic()
    client.invoke(FunctionName="f")
    assert time.monotonic() - started > 0.7


def test_faults_at_the_door(faulty):
    import boto3
    from botocore.config import Config

    aws, user = faulty
    for fault, error in ((faults.REFUSED, EndpointConnectionError), (faults.TLS_FAILURE, SSLError)):
        url = aws.environment(user, door={"LAMBDA": fault})["AWS_ENDPOINT_URL_LAMBDA"]
        client = boto3.client(
            "lambda", region_name=REGION, endpoint_url=url, aws_access_key_id=user.key_id,
            aws_secret_access_key=user.secret, config=Config(retries={"total_max_attempts": 1}))  # fmt: skip
        with pytest.raises(error):
            client.invoke(FunctionName="f")
