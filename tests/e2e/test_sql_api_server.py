"""`schema-drift sql-api` on loopback, as any client of Lambda meets it. tests/aws has boto3."""

import base64
import concurrent.futures
import contextlib
import json
import re
import signal
import socket
import time
import urllib.parse

import pytest
from program import run, start

INVOKE = "/2015-03-31/functions/sql-api/invocations"


class Serving:
    """The running server: `.url`, `.port`, and `.ask(...)` for one exchange over a raw socket."""

    def __init__(self, *words, env=None):
        self.process = start("sql-api", *words, env=env)
        line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on (http://(\S+):(\d+))\n", line)
        assert found, (line, self.process.stderr.read())
        self.url, self.host, self.port = found[1], found[2].strip("[]"), int(found[3])
        self.usage = self.process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        with contextlib.suppress(ValueError):
            self.out, self.err = self.process.communicate(timeout=20)

    def connect(self, timeout=20):
        return socket.create_connection((self.host, self.port), timeout=timeout)

    def send(self, data):
        with self.connect() as client:
            client.sendall(data)
            return read_response(client)

    def ask(self, payload, headers=(), target=INVOKE, method="POST", host=None):
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.send(request(data, headers, target, method, host or f"{self.host}:{self.port}"))


def request(data, headers, target=INVOKE, method="POST", host="127.0.0.1"):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(data)}",
             *(f"{name}: {value}" for name, value in dict(headers).items())]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def read_response(client):
    """(status, headers by lower-case name, body) of one response, or None at the end of the stream."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        more = client.recv(65536)
        if not more:
            break
        body += more
    return int(status.split()[1]), headers, body


@pytest.fixture(scope="module")
def server(cluster):
    with Serving("--database", cluster.url()) as serving:
        yield serving


# --- as Lambda answers -------------------------------------------------------------------------


def test_an_invocation_is_answered_with_lambdas_headers(server):
    status, headers, body = server.ask({"query": "SELECT 1 AS one"}, {"X-Amz-Log-Type": "Tail"})
    assert status == 200
    assert json.loads(body)["rows"] == [[1]]
    assert headers["x-amz-executed-version"] == "$LATEST"
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                        headers["x-amzn-requestid"])  # fmt: skip
    assert "x-amz-function-error" not in headers
    assert headers["x-amz-log-result"]


@pytest.mark.parametrize("target, version", [
    ("/2015-03-31/functions/anything/invocations", "$LATEST"),
    ("/2015-03-31/functions/f:live/invocations", "live"),
    ("/2015-03-31/functions/f/invocations?Qualifier=7", "7"),
    ("/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A123456789012%3Afunction%3Af/invocations",
     "$LATEST"),
])  # fmt: skip
def test_every_name_is_the_one_function(server, target, version):
    status, headers, body = server.ask({"query": "SELECT 1"}, target=target)
    assert (status, headers["x-amz-executed-version"]) == (200, version)
    assert json.loads(body)["rows"] == [[1]]


def test_a_dry_run_and_an_event_have_no_answer(server, cluster):
    assert server.ask({}, {"X-Amz-Invocation-Type": "DryRun"})[::2] == (204, b"")
    assert server.ask({"query": "SELECT 1"}, {"X-Amz-Invocation-Type": "Event"})[::2] == (202, b"")


def test_what_is_no_json_is_refused_as_lambda_does(server):
    status, headers, body = server.ask(b"{")
    assert (status, headers["x-amzn-errortype"]) == (400, "InvalidRequestContentException")
    assert json.loads(body) == {"Type": "User", "Message": "the payload is not JSON"}


def test_the_detector_and_people_use_it_like_a_function(server, cluster, chain, versioned, stamp):
    stamp("c3")
    aws = {"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    with Serving("--database", versioned[1]) as serving:
        env = {**aws, "AWS_ENDPOINT_URL_LAMBDA": serving.url}
        done = run("check", "--repository", chain, "--database", "lambda:sql-api:live", env=env)
        assert (done.returncode, done.stderr) == (0, "")
        done = run("query", "SELECT * FROM alembic_version", "--database", "lambda:sql-api",
                   "--format", "csv", env=env)  # fmt: skip
        assert (done.returncode, done.stdout) == (0, "version_num\nc3\n")


def test_one_connection_serves_many_requests(server):
    with server.connect() as client:
        for number in range(50):
            client.sendall(request(json.dumps({"query": f"SELECT {number}"}).encode(), {}))
            status, headers, body = read_response(client)
            assert (status, json.loads(body)["rows"]) == (200, [[number]])


def test_requests_that_come_at_once_are_answered_in_turn(server):
    data = b"".join(
        request(json.dumps({"query": f"SELECT {number}"}).encode(), {}) for number in range(20))  # fmt: skip
    with server.connect() as client:
        client.sendall(data)
        text = b""
        while text.count(b'"rows":') < 20:
            text += client.recv(65536)
    assert [int(n) for n in re.findall(rb'"rows":\[\[(\d+)\]\]', text)] == list(range(20))


# --- who is not let in -------------------------------------------------------------------------


@pytest.mark.parametrize("headers, host, status, message", [
    ({}, "evil.example.com", 403, "the host of this server is {own}, not evil.example.com"),
    ({}, "sql.localtest.example:{port}", 403,
     "the host of this server is {own}, not sql.localtest.example:{port}"),
    ({"Origin": "https://example.com"}, None, 403, "this server answers no browser"),
    ({"Origin": "null"}, None, 403, "this server answers no browser"),
    ({"Sec-Fetch-Site": "cross-site"}, None, 403, "this server answers no browser"),
    ({"Content-Type": "text/plain"}, None, 415,
     "a payload is application/json or has no content type"),
])  # fmt: skip
def test_a_page_in_a_browser_is_refused(server, headers, host, status, message):
    own = f"{server.host}:{server.port}"
    answer = server.ask({"query": "SELECT 1"}, headers,
                        host=host and host.format(port=server.port))  # fmt: skip
    assert answer[0] == status
    assert json.loads(answer[2])["Message"] == message.format(own=own, port=server.port)
    assert "access-control-allow-origin" not in answer[1]


def test_a_preflight_gets_no_permission(server):
    status, headers, _ = server.ask(b"", {"Access-Control-Request-Method": "POST"}, method="OPTIONS")
    assert status == 404
    assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize("where, why", [
    ("0.0.0.0:0", "not on loopback, and whoever reaches this server is let in"),
    ("[::]:0", "not on loopback, and whoever reaches this server is let in"),
    ("example.com:80", "not ADDRESS:PORT"),
])  # fmt: skip
def test_it_listens_on_loopback_alone(where, why):
    done = run("sql-api", "--database", "postgresql:///x", "--listen", where)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr == (
        f'schema-drift: error: cannot listen on "{where}": {why}\n'
        "  hint: give 127.0.0.1:PORT, [::1]:PORT or localhost:PORT; port 0 takes a free one\n")  # fmt: skip


def test_a_port_that_is_taken_is_an_error(server):
    done = run("sql-api", "--database", "postgresql:///x", "--listen", f"127.0.0.1:{server.port}")
    assert done.returncode == 64
    assert done.stderr == (
        f"schema-drift: error: cannot listen on 127.0.0.1:{server.port}: Address already in use\n"
        "  hint: port 0 takes a free one\n")  # fmt: skip


# --- what is too large, too slow, too many ------------------------------------------------------


def test_a_payload_longer_than_lambdas_is_refused_and_the_reason_arrives(server):
    status, headers, body = server.ask(b'"' + b"x" * 7_000_000 + b'"')
    assert (status, headers["x-amzn-errortype"]) == (413, "RequestTooLargeException")
    assert json.loads(body)["Message"] == "the payload is longer than 6291456 bytes"


def test_a_chunked_payload_is_held_to_the_same_limit(server):
    with server.connect() as client:
        client.sendall(f"POST {INVOKE} HTTP/1.1\r\nHost: localhost\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n".encode())  # fmt: skip
        with contextlib.suppress(OSError):
            for _ in range(120):
                client.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        assert read_response(client)[0] == 413


def test_a_long_payload_is_taken(server):
    status, _, body = server.ask({"query": "SELECT length($1)", "params": ["x" * 6_000_000]})
    assert (status, json.loads(body)["rows"]) == (200, [[6_000_000]])


def test_a_client_that_waits_for_100_continue_is_told_to_go_on(server):
    data = b'{"query": "SELECT 1"}'
    with server.connect() as client:
        client.sendall(request(data, {"Expect": "100-continue"})[: -len(data)])
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(data)
        assert read_response(client)[0] == 200


def test_a_head_without_end_is_refused(server):
    with server.connect() as client:
        with contextlib.suppress(OSError):
            client.sendall(f"POST {INVOKE} HTTP/1.1\r\n".encode() + b"X-A: " + b"a" * 100_000)
        status, headers, body = read_response(client)
    assert (status, headers["x-amzn-errortype"]) == (431, "RequestHeaderFieldsTooLarge")
    assert json.loads(body)["Message"] == "the head of the request is longer than 32 KiB"


@pytest.mark.parametrize("data", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"\0" * 100 + b"\r\n\r\n",
    b"POST / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
])  # fmt: skip
def test_what_is_no_http_is_refused(server, data):
    with server.connect(timeout=5) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        answer = read_response(client)
    assert answer is None or answer[0] in (400, 403, 404), answer
    assert server.ask({"query": "SELECT 1"})[0] == 200


def test_slow_clients_keep_nobody_waiting(server):
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            slow = stack.enter_context(server.connect())
            slow.sendall(f"POST {INVOKE} HTTP/1.1\r\nHost: ".encode())
        begin = time.monotonic()
        assert server.ask({"query": "SELECT 1"})[0] == 200
        assert time.monotonic() - begin < 2


def test_two_hosts_are_one_too_many(server):
    own = f"{server.host}:{server.port}"
    for hosts, count in (([own, own], 2), ([own, "evil.example.com"], 2), (["evil.example.com", own], 2), ([], 0)):
        lines = [f"POST {INVOKE} HTTP/1.1", *(f"Host: {host}" for host in hosts), "Content-Length: 2"]
        status, headers, body = server.send("\r\n".join(lines).encode() + b"\r\n\r\n{}")
        assert (status, headers["x-amzn-errortype"]) == (400, "BadRequestException")
        assert json.loads(body)["Message"] == f"the request has {count} Host headers and must have one"


@pytest.mark.parametrize("said", [b"", f"POST {INVOKE} HTTP/1.1\r\nHost: ".encode()])
def test_half_open_connections_give_way_to_others(cluster, said):
    with Serving("--database", cluster.url()) as serving, contextlib.ExitStack() as stack:
        for _ in range(120):  # nearly twice as many as are served at once; the rest waits its turn
            stack.enter_context(serving.connect()).sendall(said)
        begin = time.monotonic()
        assert serving.ask({"query": "SELECT 1"})[0] == 200
        assert time.monotonic() - begin < 8


def test_a_connection_that_does_not_go_on_is_cut_off(server):
    begin = time.monotonic()
    with server.connect() as silent, server.connect() as slow:
        for number in range(40):
            if time.monotonic() - begin > 9:
                break
            slow.sendall(b"P" if number == 0 else b"O")  # a byte now and then is no request
            time.sleep(0.25)
        assert silent.recv(10) == b""
        with contextlib.suppress(ConnectionError):
            assert slow.recv(10) == b""
    assert 9 < time.monotonic() - begin < 14


def test_a_kept_connection_may_rest_longer(server):
    with server.connect() as client:
        for pause in (11, 0):
            client.sendall(request(b'{"query": "SELECT 1"}', {}))
            assert read_response(client)[0] == 200
            time.sleep(pause)


def test_three_hundred_clients_at_once_are_all_answered(server):
    def one(number):
        status, _, body = server.ask({"query": f"SELECT {number}"})
        return status, json.loads(body)["rows"]

    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(one, range(300)))
    assert answers == [(200, [[number]]) for number in range(300)]


def test_a_client_that_goes_away_does_no_harm(server):
    for _ in range(20):
        with server.connect() as client:
            client.sendall(request(b'{"query": "SELECT pg_sleep(0.02)"}', {}))
    assert server.ask({"query": "SELECT 1"})[0] == 200


def test_an_invocation_ends_with_its_timeout(cluster):
    with Serving("--database", cluster.url(), "--timeout", "1") as serving:
        begin = time.monotonic()
        _, _, body = serving.ask({"query": "SELECT pg_sleep(30)"})
        assert time.monotonic() - begin < 3
        assert json.loads(body)["error"]["message"]
        assert json.loads(serving.ask({"query": "SELECT 1"})[2])["rows"] == [[1]]


# --- its end -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_where_nobody_waits(cluster, how):
    with Serving("--database", cluster.url()) as serving, serving.connect():
        serving.ask({"query": "SELECT 1"})
        begin = time.monotonic()
        serving.process.send_signal(how)
        assert serving.process.wait(timeout=10) == 0
        assert time.monotonic() - begin < 1


def test_the_client_that_waits_is_still_answered(cluster):
    with Serving("--database", cluster.url()) as serving:
        serving.ask({"query": "SELECT 1"})
        with serving.connect() as client:
            client.sendall(request(b'{"query": "SELECT pg_sleep(20)"}', {}))
            time.sleep(0.5)
            begin = time.monotonic()
            serving.process.terminate()
            status, _, body = read_response(client)
            assert time.monotonic() - begin < 2
        assert status == 200
        assert "error" in json.loads(body)
        assert serving.process.wait(timeout=5) == 0
    deadline = time.monotonic() + 5
    query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)%' AND state = 'active' AND pid <> pg_backend_pid()"
    while cluster.psql(query) != "0" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert cluster.psql(query) == "0"


def test_it_says_how_to_call_it(server):
    assert server.usage.startswith(f"  aws lambda invoke --endpoint-url {server.url} ")
    assert urllib.parse.urlsplit(server.url).hostname == "127.0.0.1"


def test_a_function_is_no_database_to_serve():
    done = run("sql-api", "--database", "lambda:other")
    assert done.returncode == 64
    assert done.stderr == (
        "schema-drift: error: the SQL API cannot be served from a function\n"
        "  hint: give the --database that it shall ask itself, such as postgresql://user@host/name\n")  # fmt: skip


def test_an_envelope_that_does_not_exist():
    done = run("sql-api", "--database", "postgresql:///x", "--envelope", "aws")
    assert (done.returncode, done.stderr) == (
        64, 'schema-drift: error: unknown --envelope "aws"\n  hint: give bare, proxy or gateway\n')  # fmt: skip


def test_the_record_says_who_called_and_who_says_so(cluster, database, tmp_path):
    cluster.psql("CREATE TABLE t (a int)", db=database)
    audit = tmp_path / "audit.jsonl"
    context = base64.b64encode(b'{"custom": {"caller": "orders"}}').decode()
    calls = [({}, "loopback", False), ({"X-Amz-Client-Context": context}, "orders", False),
             ({"X-Verified-User": "somebody@example.com", "X-Amz-Client-Context": context}, "somebody@example.com", True),
             ({"X-Verified-User": "me", "x-verified-user": "somebody@example.com"}, "loopback", False)]  # fmt: skip
    with Serving("--database", cluster.url(db=database), "--allow-mutations", "--audit", audit,
                 "--caller-header", "X-Verified-User") as server:  # fmt: skip
        for headers, _, _ in calls:
            status, _, body = server.ask({"sql": "INSERT INTO t VALUES (1)"}, {"Content-Type": "application/json", **headers})
            assert (status, json.loads(body)) == (200, {"affected_rows": 1})
    said = [json.loads(line) for line in audit.read_text().splitlines()][::2]
    assert [(one["caller"], one["caller_verified"]) for one in said] == [(name, verified) for _, name, verified in calls]


# --- behind API Gateway --------------------------------------------------------------------------


@pytest.fixture
def gateway(cluster, tmp_path):
    cluster.psql("CREATE TABLE IF NOT EXISTS behind (id int)", db="app")
    audit = tmp_path / "audit.jsonl"
    with Serving("--database", cluster.url(), "--envelope", "gateway", "--allow-mutations", "--audit", audit) as serving:

        def ask(request, context, **more):
            status, _, body = serving.ask({"version": "2.0", "requestContext": context, "body": json.dumps(request), **more})
            answer = json.loads(body)
            assert status == 200 and answer["headers"] == {"content-type": "application/json"} and len(body) <= 6_000_000
            return answer["statusCode"], json.loads(answer["body"])

        yield serving, ask, audit


def test_api_gateway_says_who_asks(gateway):
    serving, ask, audit = gateway
    signer = {"authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:user/somebody"}}}
    assert ask({"query": "SELECT 1 AS a"}, signer)[1]["rows"] == [[1]]
    assert ask({"sql": "INSERT INTO behind VALUES (1)", "actor": "claimed"}, signer) == (200, {"affected_rows": 1})
    encoded = base64.b64encode(b'{"sql": "DELETE FROM behind"}').decode()
    assert ask(None, {"authorizer": {"jwt": {"claims": {"sub": "f00"}}}}, body=encoded, isBase64Encoded=True)[0] == 200
    records = [json.loads(line) for line in audit.read_text().splitlines()]
    assert [(one["caller"], one["caller_verified"], one["actor"]) for one in records[::2]] == [
        ("arn:aws:iam::123456789012:user/somebody", True, "claimed"), ("f00", True, "")]  # fmt: skip


def test_api_gateway_that_names_nobody_is_refused(gateway):
    serving, ask, audit = gateway
    status, answer = ask({"query": "SELECT 1"}, {"http": {"sourceIp": "192.0.2.1"}})
    assert (status, answer["error"]) == (403, {"type": "access_denied", "message": "API Gateway does not say who asks",
                                               "hint": "give the route an authorizer: IAM, JWT or a function"})  # fmt: skip
    bare = json.loads(serving.ask({"query": "SELECT 1"})[2])
    assert bare["statusCode"] == 400 and "the request is not an event of API Gateway" in bare["body"]


def test_errors_and_large_answers_behind_api_gateway(gateway):
    _, ask, _ = gateway
    somebody = {"authorizer": {"principalId": "p"}}
    assert ask({"query": "SELECT nope"}, somebody)[0] == 400
    status, answer = ask({"query": "SELECT repeat('\"', 1400000) AS quotes"}, somebody)
    assert (status, len(answer["rows"][0][0])) == (200, 1_400_000), "each takes four bytes"
    status, answer = ask({"query": "SELECT repeat('\"', 1600000) AS quotes"}, somebody)
    assert (status, answer["error"]["type"]) == (400, "answer_too_large")
