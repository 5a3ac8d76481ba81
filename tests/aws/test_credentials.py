"""Each source of credentials against real servers and programs: what is sent, what is refused,
when it is asked again, and that no secret shows."""

import json
import os
import subprocess
import time

import pytest

from credential_places import SECRET, TOKEN, Places, rfc3339
from python_venv import build_folder
from verifying_server import ACCOUNT

PROGRAM = build_folder() / "tests" / "which_credentials"
ROLE_HINT = ", and let the role's trust policy name it"


@pytest.fixture
def places():
    places = Places()
    yield places
    places.close()


@pytest.fixture
def world(tmp_path, places):
    """Variables that lead nowhere but to `places`."""
    return {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL_STS": places.url, "AWS_EC2_METADATA_DISABLED": "true"}  # fmt: skip


def ask(variables, gets=1, apart=0):
    """The answers, after a look for secrets in everything that came out."""
    done = subprocess.run([PROGRAM, str(gets), str(apart)], env=variables, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.returncode == 0, done.stderr
    for secret in (SECRET, TOKEN, "canary"):
        assert secret not in done.stdout + done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == gets
    return answers if gets > 1 else answers[0]


def profile(tmp_path, text, name="drift"):
    folder = tmp_path / ".aws"
    folder.mkdir(exist_ok=True)
    with open(folder / "config", "a") as config:
        config.write(f"[profile {name}]\n{text}\n")
    return {"AWS_PROFILE": "drift"}


def script(tmp_path, text, name="give"):
    path = tmp_path / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def document(**fields):
    return json.dumps({"Version": 1, "AccessKeyId": "AKIA1", "SecretAccessKey": SECRET} | fields)


# --- AWS STS, with signatures checked by botocore ------------------------------------------------


def test_a_role_is_assumed_with_a_signature_that_botocore_accepts(aws, tmp_path):
    user = aws.user(allow("sts:AssumeRole"))
    arn = aws.role("reader", trust=[user.arn], external_id="a+b/c=:@,42")
    chosen = profile(tmp_path, f"role_arn = {arn}\nsource_profile = base\nexternal_id = a+b/c=:@,42\n"
                     "duration_seconds = 900\nrole_session_name = nightly@check")  # fmt: skip
    profile(tmp_path, f"aws_access_key_id = {user.key_id}\naws_secret_access_key = {user.secret}", "base")
    variables = plain(aws.environment()) | chosen | {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    answer = ask(variables)
    assert answer["source"] == f"profile drift (role {arn} as profile base (config file))"
    assert answer["has_token"] and aws.refusals == []
    left = time.mktime(time.strptime(answer["expires"], "%Y-%m-%dT%H:%M:%SZ")) - time.mktime(time.gmtime())
    assert 800 < left <= 900


def test_a_chain_of_roles_signs_each_step_with_the_one_before(aws, tmp_path):
    user = aws.user(allow("sts:AssumeRole"))
    first = aws.role("first", allow("sts:AssumeRole"), trust=[user.arn])
    second = aws.role("second", trust=[f"arn:aws:sts::{ACCOUNT}:assumed-role/first/one"])
    chosen = profile(tmp_path, f"role_arn = {second}\nsource_profile = middle")
    profile(tmp_path, f"role_arn = {first}\nrole_session_name = one\ncredential_source = Environment", "middle")
    variables = plain(aws.environment()) | chosen | {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    # The variables win over any profile, so the chain begins with keys in a file.
    profile(tmp_path, f"aws_access_key_id = {user.key_id}\naws_secret_access_key = {user.secret}", "base")
    config = tmp_path / ".aws" / "config"
    config.write_text(config.read_text().replace("credential_source = Environment", "source_profile = base"))
    assert ask(variables)["source"].startswith(f"profile drift (role {second} as profile middle (role {first}")
    assert aws.refusals == []


def test_a_wrong_clock_does_not_keep_a_role_from_being_assumed(aws, tmp_path):
    user = aws.user(allow("sts:AssumeRole"))
    arn = aws.role("reader", trust=[user.arn])
    aws.skew = 3600.0
    chosen = profile(tmp_path, f"role_arn = {arn}\nsource_profile = base")
    profile(tmp_path, f"aws_access_key_id = {user.key_id}\naws_secret_access_key = {user.secret}", "base")
    variables = plain(aws.environment()) | chosen | {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    answer = ask(variables)
    assert "access_key_id" in answer, answer
    assert len(aws.refusals) == 1  # the first attempt, signed by the wrong clock


def test_a_role_that_trusts_somebody_else_is_denied_with_both_rights_named(aws, tmp_path):
    user = aws.user(allow("sts:AssumeRole"))
    arn = aws.role("reader", trust=[])
    chosen = profile(tmp_path, f"role_arn = {arn}\nsource_profile = base")
    profile(tmp_path, f"aws_access_key_id = {user.key_id}\naws_secret_access_key = {user.secret}", "base")
    variables = plain(aws.environment()) | chosen | {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    answer = ask(variables)
    assert answer["fault"] == "access_denied"
    assert answer["error"].startswith(f"sts:AssumeRole on {arn} was denied: AccessDenied: User: {user.arn} is")
    assert answer["hint"] == f"grant sts:AssumeRole on {arn} to {user.arn}{ROLE_HINT}"


def test_a_web_identity_token_is_sent_unsigned(aws, tmp_path):
    token = "canary.web/identity+token=="
    arn = aws.role("irsa", web_identity_token=token)
    (tmp_path / "token").write_text(token + "\n")
    variables = plain(aws.environment()) | {
        "HOME": str(tmp_path), "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"), "AWS_ROLE_ARN": arn}  # fmt: skip
    assert ask(variables)["source"] == f"web identity role {arn}"
    (tmp_path / "token").write_text("canary-other")
    refused = ask(variables)
    assert refused["error"].startswith(f"sts:AssumeRoleWithWebIdentity on {arn} failed: InvalidIdentityToken")


def allow(action):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


def plain(variables):
    return {name: value for name, value in variables.items() if not name.endswith("_FILE")}


# --- what goes wrong with STS ---------------------------------------------------------------------


def web_identity(tmp_path):
    (tmp_path / "token").write_text("web-tokn.canary-web")
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
            "AWS_ROLE_ARN": "arn:aws:iam::1:role/irsa"}  # fmt: skip


@pytest.mark.parametrize("failure", [
    (500, ""), (503, "<html>busy</html>"), Places.sts_error(400, "IDPCommunicationError", "no answer"),
    Places.sts_error(400, "Throttling", "Rate exceeded"), None,
])  # fmt: skip
def test_a_failure_that_may_pass_is_tried_again(world, places, tmp_path, failure):
    places.failures["/"] = [failure]
    assert "access_key_id" in ask(world | web_identity(tmp_path))
    assert len(places.requests) == 2


@pytest.mark.parametrize("answer, text", [
    ((200, "<a><AccessKeyId>x</AccessKeyId></a>"), " gave no credentials"),
    ((200, "<a><AccessKeyId>x</AccessKeyId><SecretAccessKey>canary"), " gave no credentials"),
    ((200, "not XML"), " gave no credentials"),
    ((302, ""), " failed: the answer says nothing (HTTP 302)"),
    (Places.sts_error(400, "ExpiredTokenException", "Token web-tokn.canary-web has expired"),
     " failed: ExpiredTokenException: Token *** has expired (HTTP 400, request id r-2)"),
    (Places.sts_error(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
     " was denied: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (HTTP 403, request id r-2)"),
])  # fmt: skip
def test_an_answer_without_credentials_is_an_error_that_names_the_role(world, places, tmp_path, answer, text):
    places.failures["/"] = [answer]
    got = ask(world | web_identity(tmp_path))
    assert got["error"] == "sts:AssumeRoleWithWebIdentity on arn:aws:iam::1:role/irsa" + text
    assert len(places.requests) == 1


def test_without_a_region_no_role_can_be_assumed(world, tmp_path):
    del world["AWS_REGION"]
    got = ask(world | web_identity(tmp_path))
    assert got["error"] == ("sts:AssumeRoleWithWebIdentity on arn:aws:iam::1:role/irsa needs a region, "
                            "and none is set")  # fmt: skip
    assert got["hint"] == "set AWS_REGION, or region in the profile"


# --- container ------------------------------------------------------------------------------------


def test_the_container_is_asked_with_its_token_from_the_file(world, places, tmp_path):
    (tmp_path / "authorization").write_text("canary-file")
    answer = ask(world | {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": places.url + "/container?id=1",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "canary-variable",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "authorization")})  # fmt: skip
    assert answer["source"] == f"container {places.url}"
    ((method, path, headers, _),) = places.requests
    assert (method, path, headers["authorization"]) == ("GET", "/container?id=1", "canary-file")


def test_the_containers_token_is_read_again_at_each_renewal(world, places, tmp_path):
    authorization = tmp_path / "authorization"
    authorization.write_text("canary-1")
    seen = []
    places.answer, original = None, places.answer

    def answer(method, path, headers, body):
        seen.append(headers["authorization"])
        authorization.write_text(f"canary-{len(seen) + 1}")
        return original(method, path, headers, body)

    places.answer = answer
    answers = ask(world | {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": places.url + "/container",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(authorization)}, gets=3, apart=3000)  # fmt: skip
    # By the third the clock is 6000 s on, past what the server gives out.
    assert seen == ["canary-1", "canary-2", "canary-3"]
    assert "access_key_id" in answers[0] and "access_key_id" in answers[1]
    assert " expired at " in answers[2]["error"]


@pytest.mark.parametrize("token", ["canary\r\nX-Other: 1", "canary\n"])
def test_a_container_token_with_a_line_end_is_refused(world, places, token):
    answer = ask(world | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": places.url + "/container",
                          "AWS_CONTAINER_AUTHORIZATION_TOKEN": token})  # fmt: skip
    assert answer["error"] == ("the container authorization token in AWS_CONTAINER_AUTHORIZATION_TOKEN "
                               "holds a line end or another control character")  # fmt: skip
    assert places.requests == []


@pytest.mark.parametrize("failures, requests, text", [
    ([(500, "")] * 3, 3, "HTTP 500 (3 attempts)"),
    ([(400, '{"code": "NoIdInRequest", "message": "canary"}')], 1, "HTTP 400 (NoIdInRequest)"),
    ([(403, '{"code": "canary <b>"}')], 1, "HTTP 403"),
    ([(200, f'{{"AccessKeyId": "x", "SecretAccessKey": "{SECRET}"}}')] * 3, 3,
     "its answer holds no credentials (3 attempts)"),
    ([(200, "canary")] * 3, 3, "its answer holds no credentials (3 attempts)"),
])  # fmt: skip
def test_a_container_that_gives_none_is_an_error_and_nobody_else_is_asked(world, places, failures, requests, text):
    places.failures["/container"] = list(failures)
    world |= {"AWS_CONTAINER_CREDENTIALS_FULL_URI": places.url + "/container",
              "AWS_EC2_METADATA_SERVICE_ENDPOINT": places.url + "/imds", "AWS_EC2_METADATA_DISABLED": ""}  # fmt: skip
    answer = ask(world)
    assert answer["error"] == f"no credentials from the container {places.url}: {text}"
    assert answer["fault"] == "no_credentials"
    assert places.paths() == ["/container"] * requests


def test_a_container_that_fails_once_is_asked_again(world, places):
    places.failures["/container"] = [None, (503, "")]
    assert "access_key_id" in ask(world | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": places.url + "/container"})


def test_a_container_that_never_answers_costs_three_times_two_seconds(world, places):
    places.delay["/container"] = 8
    start = time.monotonic()
    answer = ask(world | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": places.url + "/container"})
    assert "error" in answer and 5.5 < time.monotonic() - start < 12


# --- instance metadata ----------------------------------------------------------------------------


def metadata(places, kind=""):
    return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{places.url}/imds{kind}", "AWS_EC2_METADATA_DISABLED": ""}


def test_the_instance_is_asked_with_a_session_token(world, places):
    assert ask(world | metadata(places))["source"] == "IMDS role app-role"
    assert [(method, path.rsplit("/", 1)[1]) for method, path, _, _ in places.requests] == [
        ("PUT", "token"), ("GET", ""), ("GET", "app-role")]  # fmt: skip


def test_an_instance_of_version_1_is_asked_without(world, places):
    assert ask(world | metadata(places, "-v1"))["access_key_id"] == "ASIA-imds-v1"


def test_a_token_that_does_not_come_in_time_is_done_without(world, places):
    places.delay["/imds-v1/latest/api/token"] = 3
    start = time.monotonic()
    assert ask(world | metadata(places, "-v1"))["access_key_id"] == "ASIA-imds-v1"
    assert time.monotonic() - start < 2.5


@pytest.mark.parametrize("kind, more, text", [
    ("-norole", {}, "the instance has no role"),
    ("-dead", {}, "URL answered HTTP 500 (3 attempts)"),
    ("-dead", {"AWS_METADATA_SERVICE_NUM_ATTEMPTS": "1"}, "URL answered HTTP 500"),
    ("-dead", {"AWS_METADATA_SERVICE_NUM_ATTEMPTS": "2"}, "URL answered HTTP 500 (2 attempts)"),
    ("-denied", {}, "URL gave no credentials of role app-role: AssumeRoleUnauthorizedAccess"),
    ("-v1", {"AWS_EC2_METADATA_V1_DISABLED": "true"}, "URL gave no token (HTTP 404), and version 1 is disabled"),
    ("", {"AWS_EC2_METADATA_DISABLED": "TRUE"}, "AWS_EC2_METADATA_DISABLED is true"),
])  # fmt: skip
def test_an_instance_without_credentials_says_why(world, places, kind, more, text):
    answer = ask(world | metadata(places, kind) | more)
    assert answer["fault"] == "no_credentials"
    assert answer["error"] == (
        "no AWS credentials (environment: AWS_ACCESS_KEY_ID is not set; profile: there is no profile "
        "default; web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; container: neither "
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set; "
        f"instance metadata: {text.replace('URL', places.url)})")  # fmt: skip


@pytest.mark.parametrize("path", [
    "api/token", "meta-data/iam/security-credentials/", "meta-data/iam/security-credentials/app-role"])
def test_an_instance_that_stumbles_is_asked_again(world, places, path):
    places.failures[f"/imds/latest/{path}"] = [(500, ""), (503, "")]
    assert ask(world | metadata(places))["source"] == "IMDS role app-role"
    assert places.paths().count(f"/imds/latest/{path}") == 3


def test_a_refusal_of_the_instance_is_not_asked_again(world, places):
    places.failures["/imds/latest/api/token"] = [(400, "")]
    answer = ask(world | metadata(places))
    assert answer["error"].endswith(f"instance metadata: {places.url} gave no token (HTTP 400))")
    assert places.paths() == ["/imds/latest/api/token"]


@pytest.mark.parametrize("attempts, asked", [(None, 1), ("1", 1), ("3", 3)])
def test_a_silent_instance_is_asked_as_often_as_somebody_said(world, places, attempts, asked):
    path = "/imds/latest/meta-data/iam/security-credentials/"
    places.delay[path] = 2
    said = {} if attempts is None else {"AWS_METADATA_SERVICE_NUM_ATTEMPTS": attempts}
    assert ask(world | metadata(places) | said)["fault"] == "no_credentials"
    assert places.paths().count(path) == asked


@pytest.mark.parametrize("wrong", ["0", "x", "1.5", "21", " 3"])
def test_a_number_of_attempts_that_is_none_is_refused(world, places, wrong):
    answer = ask(world | metadata(places) | {"AWS_METADATA_SERVICE_NUM_ATTEMPTS": wrong})
    assert answer["fault"] == "configuration"
    assert answer["error"] == (
        "invalid AWS_METADATA_SERVICE_NUM_ATTEMPTS (metadata_service_num_attempts in the profile) "
        f'"{wrong}": not a whole number from 1 to 20')  # fmt: skip
    assert places.paths() == []


def test_expired_credentials_of_an_instance_are_used_and_asked_for_again(world, places):
    places.lifetime = -100
    answers = ask(world | metadata(places), gets=3, apart=61)
    assert [answer["access_key_id"] for answer in answers] == ["ASIA-imds"] * 3
    assert sum(path.endswith("app-role") for path in places.paths()) == 3


# --- renewal --------------------------------------------------------------------------------------


def test_credentials_are_kept_until_a_quarter_of_an_hour_before_they_expire(world, places):
    container = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": places.url + "/container"}
    places.lifetime = 3600
    ask(world | container, gets=6, apart=500)  # 2500 s pass, 1100 are left
    assert len(places.requests) == 1
    ask(world | container, gets=7, apart=500)  # 600 are left
    assert len(places.requests) == 1 + 2


def test_a_renewal_that_fails_early_is_tried_again_a_minute_later(world, places):
    container = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": places.url + "/container"}
    original = places.answer
    places.answer = lambda *request: original(*request) if len(places.requests) == 1 else (403, "")
    # 870 s are left after the second, then 840, 810, 780: within the 15 minutes, not within 10.
    places.lifetime = 900
    answers = ask(world | container, gets=5, apart=30)
    assert [answer.get("access_key_id") for answer in answers] == ["ASIA-container"] * 5
    assert len(places.requests) == 3


def test_a_renewal_that_fails_late_is_an_error(world, places):
    container = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": places.url + "/container"}
    original = places.answer
    places.answer = lambda *request: original(*request) if len(places.requests) == 1 else (403, "")
    places.lifetime = 1200
    first, second = ask(world | container, gets=2, apart=700)
    assert "access_key_id" in first
    assert second["error"] == f"no credentials from the container {places.url}: HTTP 403"


# --- credential_process ---------------------------------------------------------------------------


def process(tmp_path, text):
    return profile(tmp_path, f"credential_process = {script(tmp_path, text)} 'two words' \"\"")


def test_a_process_gets_its_words_and_no_input(world, tmp_path):
    chosen = process(tmp_path, f"""[ $# = 2 ] && [ "$1" = "two words" ] && [ -z "$2" ] || exit 9
read line && exit 8
echo canary >&2
echo '{document(SessionToken=TOKEN, Expiration=rfc3339(3600))}'""")
    answer = ask(world | chosen)
    assert answer["source"] == "profile drift (credential_process)"
    assert answer["access_key_id"] == "AKIA1" and answer["has_token"] and answer["expires"]


@pytest.mark.parametrize("text, error", [
    ("echo canary >&2; echo canary; exit 3", "failed with exit code 3"),
    ("kill -9 $$", "was killed by signal 9"),
    ("echo canary", "printed no JSON object"),
    ("echo '[\"canary\"]'", "printed no JSON object"),
    (":", "printed no JSON object"),
    (f"echo '{document(Version=2)}'", "printed a document that is not of Version 1"),
    (f"echo '{document(Version='1')}'", "printed a document that is not of Version 1"),
    (f"echo '{document(Version=18446744073709551617)}'", "printed a document that is not of Version 1"),
    (f"echo '{document(AccessKeyId=None)}'", "printed no AccessKeyId"),
    (f"echo '{document(SecretAccessKey=5)}'", "printed no SecretAccessKey"),
    (f"echo '{document(Expiration='canary')}'", "printed an Expiration that is not a time"),
    ("head -c 3000000 /dev/zero", "printed more than 1 MiB"),
])  # fmt: skip
def test_a_process_that_gives_none_is_an_error_without_its_words(world, tmp_path, text, error):
    answer = ask(world | process(tmp_path, text))
    assert answer["error"] == f"the command of profile drift (credential_process) {error}"
    assert answer["fault"] == "no_credentials" and answer["hint"]


def test_expired_credentials_of_a_process_are_an_error(world, tmp_path):
    answer = ask(world | process(tmp_path, f"echo '{document(Expiration='2020-01-01T00:00:00+01:00')}'"))
    assert answer["error"].startswith(
        "the credentials from profile drift (credential_process) expired at 2019-12-31T23:00:00Z, and it is ")


@pytest.mark.parametrize("command, error", [
    ("/nonexistent/canary-program x", "cannot run the command of profile drift (credential_process): "
     "No such file or directory"),
    ("'open", "the command of profile drift (credential_process) has an open quotation or ends in a backslash"),
    ("''", "the command of profile drift (credential_process) is empty"),
])  # fmt: skip
def test_a_command_that_cannot_be_run_is_an_error(world, tmp_path, command, error):
    assert ask(world | profile(tmp_path, f"credential_process = {command}"))["error"] == error


def test_short_lived_credentials_of_a_process_are_not_fetched_for_every_call(world, tmp_path):
    chosen = process(tmp_path, f"echo x >> {tmp_path}/runs\necho '{document(Expiration=rfc3339(300))}'")
    ask(world | chosen, gets=7, apart=20)  # at 0, 60 and 120 s
    assert (tmp_path / "runs").read_text().count("x") == 3


def test_a_key_with_a_line_end_never_reaches_a_request(world, places, tmp_path):
    chosen = profile(tmp_path, "role_arn = arn:aws:iam::1:role/first\nsource_profile = base")
    profile(tmp_path, f"aws_access_key_id = AKIA1\naws_secret_access_key = {SECRET}\n"
            f"aws_session_token = {TOKEN}\n  X-Other: 1", "base")  # fmt: skip
    answer = ask(world | chosen)
    assert answer["error"] == "aws_session_token of profile base goes on over several lines"
    answer = ask(world | {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": SECRET + "\nX-Other: 1"})
    assert answer["error"] == "the secret access key from environment holds characters that no key has"
    assert places.requests == []


def test_a_profile_that_needs_a_person_says_what_to_do_instead(world, tmp_path):
    chosen = profile(tmp_path, "role_arn = arn:aws:iam::1:role/first\nsource_profile = base\nmfa_serial = x")
    answer = ask(world | chosen)
    assert answer["error"] == "profile drift needs a second factor (mfa_serial)"
    chosen = profile(tmp_path, "sso_session = s\nsso_account_id = 1\nsso_role_name = r", "signed")
    answer = ask(world | {"AWS_PROFILE": "signed"})
    assert answer["error"] == (
        "profile signed signs in through IAM Identity Center (SSO), which schema-drift cannot do")
    assert answer["hint"] == ("let another profile run: credential_process = aws configure "
                              "export-credentials --profile signed --format process")  # fmt: skip


def test_a_circle_of_profiles_is_told_with_its_way(world, tmp_path):
    chosen = profile(tmp_path, "role_arn = arn:aws:iam::1:role/a\nsource_profile = b")
    profile(tmp_path, "role_arn = arn:aws:iam::1:role/b\nsource_profile = c", "b")
    profile(tmp_path, "role_arn = arn:aws:iam::1:role/c\nsource_profile = b", "c")
    answer = ask(world | chosen)
    assert answer["error"] == (
        "profile c has the source_profile b, which leads back to it (drift -> b -> c -> b)")
    assert answer["fault"] == "configuration"
