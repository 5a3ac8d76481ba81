"""What AWS, or what stands between, answers seldom: redirects, conflicts, waits, pages of proxies."""

import json
import time

import pytest

from aws_calls import Calls, Failed, call
from program import run
from scripted_server import Scripted

PUT = {"operation": "put-object", "bucket": "drift-reports", "key": "k", "body": "x"}
PUBLISH = {"operation": "publish", "topic_arn": "arn:aws:sns:eu-central-1:123456789012:t", "message": "x"}
INVOKE = {"operation": "invoke", "function": "sql-api", "payload": "{}"}
SECRET = {"operation": "secret", "secret_id": "s"}
PARAMETERS = {"operation": "parameters", "path": "/p"}
STORED = (200, {"ETag": '"e"'}, b"")


def s3_error(code, more=""):
    return f"<Error><Code>{code}</Code><Message>m</Message>{more}</Error>".encode()


def scope_region(request):
    return request[2]["authorization"].split("/")[2]


@pytest.mark.parametrize("answer", [
    (301, {"x-amz-bucket-region": "ap-south-1"}, s3_error("PermanentRedirect")),
    (301, {}, s3_error("PermanentRedirect", "<Region>ap-south-1</Region>")),
    (307, {"x-amz-bucket-region": "ap-south-1", "Location": "http://elsewhere.invalid/"},
     s3_error("TemporaryRedirect")),
    (400, {}, s3_error("AuthorizationHeaderMalformed", "<Region>ap-south-1</Region>")),
    (400, {"x-amz-bucket-region": "ap-south-1"}, s3_error("IllegalLocationConstraintException")),
])  # fmt: skip
def test_s3_says_where_the_bucket_is(answer):
    with Scripted(answer, STORED) as server, Calls(server.environment()) as calls:
        assert calls(**PUT) == "stored"
        assert calls(**PUT) == "stored"
        assert [scope_region(r) for r in server.requests] == ["eu-central-1", "ap-south-1", "ap-south-1"]


def test_redirects_do_not_go_round_in_circles():
    there = (301, {"x-amz-bucket-region": "ap-south-1"}, s3_error("PermanentRedirect"))
    back = (301, {"x-amz-bucket-region": "eu-central-1"}, s3_error("PermanentRedirect"))
    with Scripted(there, back) as server:
        with pytest.raises(Failed) as failed:
            call(server.environment(), **PUT)
        assert len(server.requests) == 2
    assert failed.value.message == (
        "s3:PutObject on arn:aws:s3:::drift-reports/k failed: PermanentRedirect: m (HTTP 301)")  # fmt: skip


def test_a_region_that_would_lead_elsewhere_is_not_followed():
    evil = (301, {"x-amz-bucket-region": "x.evil.example/"}, s3_error("PermanentRedirect"))
    with Scripted(evil, STORED) as server:
        with pytest.raises(Failed) as failed:
            call(server.environment(), **PUT)
        assert len(server.requests) == 1
    assert failed.value.fault == "configuration"


def test_a_redirect_without_a_region_is_an_error():
    with Scripted((301, {}, s3_error("PermanentRedirect"))) as server:
        with pytest.raises(Failed, match=r"PermanentRedirect: m \(HTTP 301\)"):
            call(server.environment(), **PUT)
        assert len(server.requests) == 1


def test_writers_that_meet_at_one_key_come_again():
    conflict = (409, {}, s3_error("ConditionalRequestConflict"))
    exists = (412, {}, s3_error("PreconditionFailed"))
    with Scripted(conflict, STORED) as server:
        assert call(server.environment(), **PUT) == "stored"
    with Scripted(conflict, exists) as server:
        assert call(server.environment(), **PUT) == "exists"


def test_412_is_no_answer_to_an_unconditional_put():
    with Scripted((412, {}, s3_error("PreconditionFailed"))) as server:
        with pytest.raises(Failed, match="PreconditionFailed"):
            call(server.environment(), **PUT, only_if_absent=False)


def test_the_service_may_ask_for_a_longer_wait():
    busy = (503, {"x-amz-retry-after": "700"}, s3_error("SlowDown"))
    with Scripted(busy, STORED) as server:
        started = time.monotonic()
        assert call(server.environment(), **PUT) == "stored"
        assert time.monotonic() - started > 0.69


@pytest.mark.parametrize("code", ["KMSAccessDeniedException", "KMSDisabledException", "InvalidRuntimeException",
                                  "InvalidSubnetIDException", "EC2AccessDeniedException"])  # fmt: skip
def test_a_function_that_is_set_up_wrong_fails_at_once(code):
    with Scripted((502, {"x-amzn-ErrorType": code}, b'{"Message": "m"}')) as server:
        with pytest.raises(Failed) as failed:
            call(server.environment(), **INVOKE)
        assert len(server.requests) == 1
    assert failed.value.message == f"lambda:InvokeFunction on sql-api failed: {code}: m (HTTP 502)"


def test_a_token_that_stays_expired_is_renewed_once(tmp_path):
    """Although each renewal brings another one."""
    (tmp_path / "process").write_text(
        "#!/bin/sh\n"
        f"echo x >> {tmp_path}/renewals\n"
        "printf '{\"Version\": 1, \"AccessKeyId\": \"AKIDRENEWED\", \"SecretAccessKey\": \"secret\", '\n"
        "printf '\"SessionToken\": \"token-%s\", \"Expiration\": \"2099-01-01T00:00:00Z\"}' $$\n")  # fmt: skip
    (tmp_path / "process").chmod(0o755)
    (tmp_path / "config").write_text(f"[default]\ncredential_process = {tmp_path}/process\n")
    with Scripted((403, {}, s3_error("ExpiredToken"))) as server:
        environment = {name: value for name, value in server.environment().items()
                       if name not in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}  # fmt: skip
        with pytest.raises(Failed) as failed:
            call(environment | {"AWS_CONFIG_FILE": str(tmp_path / "config")}, **PUT)
        tokens = [request[2]["x-amz-security-token"] for request in server.requests]
    assert len(tokens) == len(set(tokens)) == 2
    assert (tmp_path / "renewals").read_text() == "x\n" * 2
    assert "ExpiredToken" in failed.value.message


PAGE = b"<html>\n<head><title>Hotel WiFi</title></head><body>log in</body></html>"


@pytest.mark.parametrize("question, message", [
    (PUT, "s3:PutObject on arn:aws:s3:::drift-reports/k was answered with success, but not by S3 (no ETag)"),
    (PUBLISH, "sns:Publish on arn:aws:sns:eu-central-1:123456789012:t was answered with success, but not by "
     "SNS (no MessageId)"),
    (SECRET, "secretsmanager:GetSecretValue on s was answered with success, but not by AWS (no JSON object)"),
    (PARAMETERS, "ssm:GetParametersByPath on /p was answered with success, but not by AWS (no JSON object)"),
])  # fmt: skip
def test_a_page_of_a_proxy_is_no_success(question, message):
    with Scripted((200, {"Content-Type": "text/html"}, PAGE)) as server:
        with pytest.raises(Failed) as failed:
            call(server.environment(), **question)
    assert failed.value.fault == "aws_failed" and failed.value.message == message


@pytest.mark.parametrize("question", [PUT, PUBLISH, INVOKE, SECRET, PARAMETERS])
@pytest.mark.parametrize("body, said", [(PAGE, '"Hotel WiFi"'), (b"", "the answer says nothing"),
                                        (b"gone fishing\nsoon back", '"gone fishing"')])  # fmt: skip
def test_a_refusal_of_a_proxy_is_told_as_it_is(question, body, said):
    with Scripted((403, {}, body)) as server:
        with pytest.raises(Failed) as failed:
            call(server.environment(), **question)
        assert len(server.requests) == 1
    assert failed.value.message.endswith(f" failed: {said} (HTTP 403)")


def test_a_parameter_without_a_value_is_no_configuration():
    for body in (b"{}", b'{"Parameter": {"Name": "n"}}', b'{"Parameter": {"Name": "n", "Value": 7}}'):
        with Scripted((200, {}, body)) as server:
            done = run("check", "--config", "ssm:/fleet", env=server.environment())
        assert (done.returncode, done.stderr) == (2, (
            "schema-drift: error: ssm:GetParameter on /fleet gave an answer without a parameter\n"
            "  hint: what answered may not be AWS SSM\n"))  # fmt: skip


def test_a_set_without_a_secret_and_parameters_without_values():
    with Scripted((200, {}, b'{"Name": "s", "note": "CANARY"}')) as server:
        with pytest.raises(Failed) as failed:
            call(server.environment(), **SECRET)
    assert failed.value.message == "secretsmanager:GetSecretValue on s gave an answer without a secret"
    for body in (b'{"Parameters": [{"Name": "n"}]}', b'{"Parameters": ["CANARY"]}', b'{"Parameters": [7]}'):
        with Scripted((200, {}, body)) as server:
            with pytest.raises(Failed) as failed:
                call(server.environment(), **PARAMETERS)
        assert failed.value.message == (
            "ssm:GetParametersByPath on /p gave a parameter without name or value")  # fmt: skip


def test_pages_without_end_are_given_up():
    with Scripted((200, {}, b'{"Parameters": [], "NextToken": "again"}')) as server:
        with pytest.raises(Failed) as failed:
            call(server.environment(), **PARAMETERS)
        assert len(server.requests) == 50
    assert failed.value.message == "ssm:GetParametersByPath on /p gave more than 50 pages"


@pytest.mark.parametrize("question", [PUT, PUBLISH, INVOKE, SECRET, PARAMETERS])
def test_a_server_that_sends_everything_back_reveals_nothing(question):
    def echo(request):
        told = {"message": " ".join(f"{n}: {v}" for n, v in sorted(request[2].items(), reverse=True))}
        return json.dumps(told | {"code": "Echo secret/CANARY+key"}).encode()

    with Scripted((400, {"x-amzn-RequestId": "token/CANARY=="}, echo)) as server:
        with Calls(server.environment()) as calls:
            with pytest.raises(Failed):
                calls(**question)
        assert any("CANARY" in v for v in server.requests[0][2].values())
    assert "CANARY" not in calls.output and "***" in calls.output


def test_a_clock_is_believed_once():
    wrong = (403, {"Date": "Fri, 20 Nov 2020 03:00:00 GMT"}, s3_error("RequestTimeTooSkewed"))
    with Scripted(wrong) as server:
        with pytest.raises(Failed) as failed:
            call(server.environment(), **PUT)
        assert len(server.requests) == 2
        assert server.requests[1][2]["x-amz-date"].startswith("20201120T0300")
    assert failed.value.hint == "the clock of this machine is wrong: check its time synchronisation"


def test_expired_credentials_of_a_container_are_renewed(aws):
    everything = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}]}  # fmt: skip
    old = aws.principals.session("task", [everything], seconds=-1)
    new = aws.principals.session("task", [everything])
    topic = aws.topic("rare")

    def handed_out(session):
        return (200, {}, json.dumps({
            "AccessKeyId": session.key_id, "SecretAccessKey": session.secret, "Token": session.token,
            "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))}).encode())  # fmt: skip

    with Scripted(handed_out(old), handed_out(new)) as container:
        environment = aws.environment() | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": container.url + "/c"}
        with Calls(environment) as calls:
            calls("publish", topic_arn=topic, message="x")
            calls("publish", topic_arn=topic, message="y")
        assert len(container.requests) == 2
    assert [c.status for c in aws.calls] == [403, 200, 200]
