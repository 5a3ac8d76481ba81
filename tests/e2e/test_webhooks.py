"""Alerts to Slack and to a webhook: what is posted, how it is signed, and where it may not go."""

import hashlib
import hmac
import json
import re
import time

import pytest
from echo import WRITINGS, Echo, leaks
from program import check, reports_in, run, valid

SECRET = "whsec-0123456789"


class Receiver(Echo):
    """Keeps what is posted. `answers`: (status, headers, body) in turn, the last one for ever."""

    def __init__(self, *answers):
        self.posts, replies = [], list(answers) or [(200, {}, "ok")]

        def say(_, path, headers, body):
            self.posts.append((path, headers, body.encode()))
            return replies.pop(0) if len(replies) > 1 else replies[0]

        super().__init__(say)
        self.url = f"{self.origin}/services/T000/B000/secret-path"


@pytest.fixture
def words(chain, versioned, stamp, tmp_path):
    stamp("a1")
    return ["--repository", chain, "--database", versioned[1], "--target", "shop",
            "--reports", tmp_path / "reports"]  # fmt: skip


def slack(receiver, **more):
    return {"SCHEMA_DRIFT_SLACK_URL": receiver.url, **more}


def test_slack_gets_headline_reason_findings_and_the_report_s_place(words):
    with Receiver() as receiver:
        code, report = check(*words, "--alerts", "slack", "--allow-private-webhooks", env=slack(receiver))
    assert (code, report["undelivered"]) == (1, [])
    ((path, headers, body),) = receiver.posts
    assert path == "/services/T000/B000/secret-path"
    assert headers["Content-Type"] == "application/json"
    message = json.loads(body)
    assert message["text"] == "[schema-drift] shop: BEHIND: 2 revisions are pending"
    shown = json.dumps(message["blocks"], ensure_ascii=False)
    assert "why now: no earlier run of this target at this ref is known" in shown
    assert "2 revisions are not applied: 'b2' and 'c3'" in shown
    assert re.search(r"report: \S+/shop-\S+\.json · run [0-9a-f]{16}", shown)


def test_a_webhook_gets_the_report_signed(words):
    with Receiver() as receiver:
        code, report = check(*words, "--alerts", f"webhook:{receiver.url}", "--allow-private-webhooks",
                             env={"SCHEMA_DRIFT_WEBHOOK_SECRET": SECRET})  # fmt: skip
    assert (code, report["undelivered"]) == (1, [])
    ((_, headers, body),) = receiver.posts
    payload = json.loads(body)
    assert (payload["event"], valid(payload["report"])) == ("schema_drift.alert", report)
    assert headers["X-Schema-Drift-Delivery"] == f"shop-{report['run_id']}"
    moment, digest = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers["X-Schema-Drift-Signature"]).groups()
    assert abs(int(moment) - time.time()) < 60
    assert digest == hmac.new(SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def test_a_passing_failure_is_tried_again(words):
    with Receiver((503, {}, ""), (429, {}, ""), (200, {}, "ok")) as receiver:
        code, report = check(*words, "--alerts", "slack", "--allow-private-webhooks", env=slack(receiver))
    assert (code, report["undelivered"], len(receiver.posts)) == (1, [], 3)


@pytest.mark.parametrize("answer, told, posts", [
    ((404, {}, "no_service"), "127.0.0.1 answered HTTP 404 (no_service)", 1),
    ((302, {"Location": "http://127.0.0.1:9/elsewhere"}, ""), "127.0.0.1 answered HTTP 302", 1),
    ((500, {}, "<html>sorry</html>"), "127.0.0.1 answered HTTP 500 (3 attempts)", 3),
    ((400, {}, "bad\x1b[31m"), "127.0.0.1 answered HTTP 400 (bad\\x1b[31m)", 1),
])  # fmt: skip
def test_an_alert_that_is_refused_is_recorded_and_names_no_secret(words, tmp_path, answer, told, posts):
    with Receiver(answer) as receiver:
        done = run("check", *words, "--format", "json", "--log", "json", "--alerts", "slack",
                   "--allow-private-webhooks", env=slack(receiver))  # fmt: skip
    assert done.returncode == 3
    assert len(receiver.posts) == posts, "redirects are not followed"
    report = valid(json.loads(done.stdout))
    assert report["undelivered"] == [f"cannot post the alert to 127.0.0.1: {told}"]
    assert any(name.endswith("-undelivered.json") for name in reports_in(tmp_path / "reports"))
    assert "secret-path" not in done.stdout + done.stderr


PATH = "/services/T0CANARY0/B0CANARY0/p4thCANARY0123456789abcdef"
SIGNING = "whsec-CANARY0123/+456789"


def texts_of(done, folder):
    return {"stdout": done.stdout, "stderr": done.stderr,
            **{str(path): path.read_text() for path in folder.rglob("*") if path.is_file()}}  # fmt: skip


@pytest.mark.parametrize("part", ["path", "headers", "body", "URL"])
@pytest.mark.parametrize("writing", WRITINGS)
def test_a_receiver_that_repeats_what_it_was_sent_gives_no_secret_away(words, tmp_path, writing, part):
    """The usual 404 says "Cannot POST " and the path."""

    def say(method, path, headers, body):
        said = {"path": path, "headers": str(headers), "body": body[:100],
                "URL": f"http://127.0.0.1{path}"}[part]  # fmt: skip
        return 404, {}, "Cannot POST " + WRITINGS[writing](said)

    with Echo(say) as receiver:
        url = receiver.origin + PATH
        done = run("check", *words, "--format", "json", "--log", "json", "--alerts", f"webhook:{url}", "--alerts",
                   "slack", "--heartbeat", url, "--allow-private-webhooks",
                   env={"SCHEMA_DRIFT_SLACK_URL": url, "SCHEMA_DRIFT_WEBHOOK_SECRET": SIGNING})  # fmt: skip
        assert receiver.asked == [PATH] * 3
    assert done.returncode == 3
    report = valid(json.loads(done.stdout))
    texts = texts_of(done, tmp_path)
    assert leaks(texts, [PATH, PATH.rsplit("/", 1)[1], SIGNING]) == []
    assert not any("CANARY0123456789" in text.upper() for text in texts.values())
    if (part, writing) == ("path", "as it is"):
        assert report["undelivered"][0] == (
            "cannot post the alert to 127.0.0.1: 127.0.0.1 answered HTTP 404 (Cannot POST ***)")


def test_the_signature_of_an_alert_is_not_shown(words, tmp_path):
    signatures = []

    def say(method, path, headers, body):
        signatures.append(headers["X-Schema-Drift-Signature"].split("v1=")[1])
        return 400, {}, f"bad signature: {signatures[-1]} is not ours"

    with Echo(say) as receiver:
        done = run("check", *words, "--alerts", f"webhook:{receiver.origin}{PATH}", "--allow-private-webhooks",
                   env={"SCHEMA_DRIFT_WEBHOOK_SECRET": SIGNING})  # fmt: skip
    assert len(signatures) == 1
    assert "bad signature: *** is not ours" in done.stderr
    assert leaks(texts_of(done, tmp_path), signatures) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_refused_unless_it_is_allowed(words, host):
    """Whatever the name: it is the address that counts, and nothing is sent."""
    with Receiver() as receiver:
        url = f"https://{host}:{receiver.port}/secret-path"
        code, report = check(*words, "--alerts", f"webhook:{url}", env={"SCHEMA_DRIFT_WEBHOOK_SECRET": SECRET})
        assert receiver.posts == []
    assert code == 3
    (told,) = report["undelivered"]
    assert told.endswith("is at an address of a private network, or a proxy is"), told
    assert "secret-path" not in json.dumps(report)


@pytest.mark.parametrize("alerts, env, message, hint", [
    ("slack", {}, "--alerts slack has no URL to post to",
     "set SCHEMA_DRIFT_SLACK_URL to the incoming webhook's URL, or to the ARN of the secret that holds it"),
    ("webhook:https://example.com/secret-path", {}, "there is no secret to sign alerts for example.com with",
     "set SCHEMA_DRIFT_WEBHOOK_SECRET to the secret, or to the ARN of one in Secrets Manager"),
    ("webhook:example.com/secret-path", {}, "invalid --alerts webhook: no https:// URL follows",
     "write webhook:https://host/path"),
    ("slack:https://hooks.example.com/secret-path", {}, "cannot send alerts to slack:***",
     "give terminal, mailto:ADDRESS, the ARN of an SNS topic, slack, slack:ARN of the secret that holds its URL, or "
     "webhook:https://host/path to --alerts"),
    ("slack:arn:aws:secretsmanager:eu-central-1", {},
     'invalid ARN of a Secrets Manager secret "arn:aws:secretsmanager:eu-central-1": not an ARN',
     "write arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME"),
    ("arn:aws:sns:::", {}, 'invalid ARN of an SNS topic "arn:aws:sns:::": no region',
     "write arn:aws:sns:REGION:ACCOUNT:NAME"),
    ("pager", {}, "cannot send alerts to pager",
     "give terminal, mailto:ADDRESS, the ARN of an SNS topic, slack, slack:ARN of the secret that holds its URL, or "
     "webhook:https://host/path to --alerts"),
])  # fmt: skip
def test_a_sink_that_cannot_be_is_found_before_anything_is_read(words, tmp_path, alerts, env, message, hint):
    done = run("check", *words, "--alerts", alerts, env=env)
    assert done.returncode == 64
    assert message in done.stderr
    assert f"hint: {hint}\n" in done.stderr
    assert "secret-path" not in done.stderr
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("scheme", ["http", "ftp"])
def test_what_is_not_https_is_not_posted_to(words, scheme):
    code, report = check(*words, "--alerts", "slack",
                         env={"SCHEMA_DRIFT_SLACK_URL": f"{scheme}://hooks.example.com/secret-path"})  # fmt: skip
    assert code == 3
    assert report["undelivered"] == ["invalid URL to post alerts to: not https://..."]
