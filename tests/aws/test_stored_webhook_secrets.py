"""The URL of Slack's webhook and the secret of another one, kept in Secrets Manager."""

import hashlib
import hmac
import json

import pytest

from echo import Echo
from nightly import Nightly
from repository import Repository


@pytest.fixture
def receiver():
    posts = []

    def say(_, path, headers, body):
        posts.append((path, headers, body.encode()))
        return 200, {}, ""

    with Echo(say) as server:
        server.posts, server.url = posts, f"{server.origin}/secret-path"
        yield server


@pytest.fixture
def nightly(aws, tmp_path):
    repository = Repository(tmp_path / "work").chain("a1")
    return Nightly(aws, tmp_path, answer=lambda *_: {"rows": []}, repository=repository.folder)


def allowed(aws, nightly, *secrets):
    policy = json.loads(json.dumps(nightly.policy))
    policy["Statement"].append({"Sid": "Webhooks", "Effect": "Allow",
                                "Action": "secretsmanager:GetSecretValue", "Resource": list(secrets)})  # fmt: skip
    return aws.user(policy)


@pytest.mark.parametrize("plain", [True, False])
def test_slack_s_url_comes_from_a_secret(aws, nightly, receiver, plain):
    arn = aws.secret(f"{nightly.prefix}/slack", receiver.url if plain else json.dumps({"url": receiver.url}))
    done = nightly.run(allowed(aws, nightly, arn), "--database", "lambda:sql-api", "--alerts", f"slack:{arn}",
                       "--allow-private-webhooks")  # fmt: skip
    assert done.report["undelivered"] == [], done.stderr
    assert [path for path, *_ in receiver.posts] == ["/secret-path"]


def test_a_webhook_s_secret_comes_from_a_secret(aws, nightly, receiver):
    arn = aws.secret(f"{nightly.prefix}/webhook", json.dumps({"secret": "whsec"}))
    done = nightly.run(allowed(aws, nightly, arn), "--database", "lambda:sql-api", "--alerts",
                       f"webhook:{receiver.url}", "--allow-private-webhooks",
                       SCHEMA_DRIFT_WEBHOOK_SECRET=arn)  # fmt: skip
    assert done.report["undelivered"] == [], done.stderr
    ((_, headers, body),) = receiver.posts
    moment, _, digest = headers["X-Schema-Drift-Signature"][2:].partition(",v1=")
    assert digest == hmac.new(b"whsec", f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def test_a_secret_without_a_url_is_said_so(aws, nightly):
    arn = aws.secret(f"{nightly.prefix}/slack", json.dumps({"a": "1", "b": "secret-path"}))
    done = nightly.run(allowed(aws, nightly, arn), "--database", "lambda:sql-api", "--alerts", f"slack:{arn}")
    assert done.returncode in (2, 3)
    assert done.report["undelivered"] == [f"the secret {arn} holds no url; its keys are: a, b"]
    assert "secret-path" not in done.stdout + done.stderr


def test_a_secret_that_may_not_be_read_names_the_right(aws, nightly):
    arn = aws.secret(f"{nightly.prefix}/slack", "https://hooks.example.com/secret-path")
    done = nightly.run(aws.user(nightly.policy), "--database", "lambda:sql-api", "--alerts", f"slack:{arn}")
    (told,) = done.report["undelivered"]
    assert "secretsmanager:GetSecretValue" in told and arn in told
