"""A private certificate authority for everybody who is asked over https: a repository, Slack, a webhook,
a heartbeat and AWS, each behind TLS with a certificate of its own."""

import json
import ssl
import subprocess

import pytest
from echo import Echo
from git_servers import Authority, HttpsServer, Project
from program import run

PUBLISHED = (
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m</MessageId>'
    "</PublishResult></PublishResponse>"
)


class TlsEcho(Echo):
    def __init__(self, authority):
        super().__init__(lambda *_: (200, {}, PUBLISHED))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, authority.issue("localhost")))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._server.handle_error = lambda *_: None  # of those that refuse the certificate
        self.origin = f"https://localhost:{self.port}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("private") / "authority")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stranger") / "authority")


@pytest.fixture(scope="module")
def servers(tmp_path_factory, authority):
    folder = tmp_path_factory.mktemp("served")
    project = Project(folder)
    project.add("alembic.ini", "[alembic]\nscript_location = m\n")
    project.add("m/versions/a1.py", "revision = 'a1'\ndown_revision = None\n")
    with HttpsServer(project.root, authority) as git, TlsEcho(authority) as web:
        yield git, web


@pytest.fixture
def asked(servers, versioned, tmp_path):
    """Runs a check that asks all five; gives its report and who was reached."""
    git, web = servers

    def ask(*words, env=None, repository=None):
        web.asked.clear()
        done = run(
            "check", "--format", "json", "--database", versioned[1], "--target", "shop", "--notify-on-success",
            "--repository", repository or git.url(), "--cache-dir", tmp_path / "cache", "--allow-private-webhooks",
            "--alerts", f"webhook:{web.origin}/webhook", "--alerts", "slack",
            "--alerts", "arn:aws:sns:eu-central-1:123456789012:topic", "--heartbeat", f"{web.origin}/heartbeat", *words,
            env={"SCHEMA_DRIFT_SLACK_URL": f"{web.origin}/slack", "SCHEMA_DRIFT_WEBHOOK_SECRET": "whsec-example-0123",
                 "AWS_ENDPOINT_URL_SNS": web.origin,
                 "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", **(env or {})})  # fmt: skip
        report = json.loads(done.stdout)
        reached = {path.strip("/") or "sns" for path in web.asked}
        if report["failure"] is None:
            reached.add("git")
        return done, report, reached

    return ask


ALL = {"git", "webhook", "slack", "heartbeat", "sns"}


@pytest.fixture
def named(authority, tmp_path):
    """A way to name the authority: the words and the variables of a call."""
    hashed = tmp_path / "hashed"
    hashed.mkdir()
    (hashed / "ca.pem").write_bytes(authority.certificate.read_bytes())
    subprocess.run(["openssl", "rehash", hashed], check=True, capture_output=True)
    file = str(authority.certificate)
    ways = {"--ca-file": (["--ca-file", file], {}), "folder in REQUESTS_CA_BUNDLE": ([], {"REQUESTS_CA_BUNDLE": str(hashed)}),
            "SSL_CERT_DIR": ([], {"SSL_CERT_DIR": str(hashed)})}  # fmt: skip
    return lambda way: ways.get(way, ([], {way: file}))


@pytest.mark.parametrize("way", ["--ca-file", "SCHEMA_DRIFT_CA_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
                                 "REQUESTS_CA_BUNDLE", "folder in REQUESTS_CA_BUNDLE"])  # fmt: skip
def test_one_name_is_enough_for_all(asked, named, way):
    words, env = named(way)
    done, report, reached = asked(*words, env=env)
    assert reached == ALL, done
    assert (done.returncode, report["undelivered"]) == (1, [])


def test_nobody_is_trusted_without_it(asked):
    done, report, reached = asked()
    assert reached == set()
    assert report["failure"]["hint"] == (
        "where its authority is a private one, name a file with that one's certificate in --ca-file; verification "
        "cannot be switched off")  # fmt: skip
    assert len(report["undelivered"]) == 3
    assert done.stderr.count("is not trusted: ") >= 4


@pytest.mark.parametrize("variable, trusted", [("GIT_SSL_CAINFO", {"git"}), ("AWS_CA_BUNDLE", {"sns"})])
def test_a_variable_of_one_is_for_that_one(asked, named, stranger, variable, trusted):
    _, env = named(variable)
    assert asked(env=env)[2] == trusted
    # It comes before what is for all.
    assert asked(env={**env, "SSL_CERT_FILE": str(stranger.certificate)})[2] == trusted


def test_the_file_is_trusted_besides_what_a_variable_names(asked, authority, stranger, chain):
    variables = ["SSL_CERT_FILE", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE"]
    _, _, reached = asked("--ca-file", authority.certificate, env=dict.fromkeys(variables, str(stranger.certificate)))
    assert reached == ALL
    with TlsEcho(stranger) as other:
        done, report, _ = asked("--ca-file", authority.certificate, "--alerts", f"webhook:{other.origin}/other",
                                env={"SSL_CERT_FILE": str(stranger.certificate)}, repository=chain)  # fmt: skip
        assert report["undelivered"] == [] and other.asked == ["/other"], done


def test_it_stands_in_the_configuration_too(servers, authority, chain, versioned, tmp_path):
    _, web = servers
    web.asked.clear()
    config = tmp_path / "fleet.json"
    config.write_text(json.dumps({
        "ca_file": str(authority.certificate), "heartbeat": f"{web.origin}/heartbeat",
        "targets": [{"target": "shop", "repository": str(chain), "database": versioned[1]}]}))  # fmt: skip
    assert run("check", "--config", config).returncode == 1
    assert web.asked == ["/heartbeat"]


@pytest.mark.parametrize("text, message", [
    (None, "cannot read --ca-file {}"), ("-----BEGIN NONSENSE-----\n", "there is no certificate in --ca-file {}"),
])  # fmt: skip
def test_a_file_that_holds_none_is_refused(chain, tmp_path, text, message):
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    done = run("heads", "--repository", chain, "--ca-file", file)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr == (f"schema-drift: error: {message.format(file)}\n"
                           "  hint: --ca-file takes a file of PEM certificates: -----BEGIN CERTIFICATE-----\n")  # fmt: skip
