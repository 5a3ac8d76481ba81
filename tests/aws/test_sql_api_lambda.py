"""`schema-drift sql-api` as a Lambda function with a custom runtime, in front of a real PostgreSQL.

Everything is run around LambdaEmulator; what AWS's own emulator can show, around that as well where
the Go proxy has it. Whether it had is printed.
"""

import json
import os
import pathlib
import signal
import sys
import threading
import time

import pytest

from aws_emulator import RuntimeInterfaceEmulator, runtime_interface_emulator
from lambda_emulator import LambdaEmulator
from postgres import Cluster
from program import SANITIZED, run, valid
from repository import Repository

ROLE = "sql_api"


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as server:
        server.psql(f"CREATE ROLE {ROLE} LOGIN")
        server.psql(
            "CREATE TABLE alembic_version (version_num varchar(32) NOT NULL);"
            "INSERT INTO alembic_version VALUES ('a1');"
            f"GRANT SELECT ON alembic_version TO {ROLE};"
            "CREATE TABLE notes (id serial PRIMARY KEY, note text);"
            f"GRANT ALL ON notes TO {ROLE}; GRANT ALL ON notes_id_seq TO {ROLE}",
            db="app")  # fmt: skip
        yield server


@pytest.fixture(scope="module")
def settings(cluster):
    return {"SCHEMA_DRIFT_DATABASE": cluster.url(user=ROLE)}


@pytest.fixture
def function(settings):
    with LambdaEmulator(env=settings) as emulator:
        yield emulator


AWS_EMULATOR, WHY_NOT = runtime_interface_emulator()


@pytest.fixture(params=[LambdaEmulator] + ([RuntimeInterfaceEmulator] if AWS_EMULATOR else []))
def either(request, settings, note):
    """The function in both emulators. Where AWS's cannot be had, all tests still run in ours."""
    if AWS_EMULATOR is None:
        note(f"not run under AWS's emulator: {WHY_NOT}")
    with request.param(env=settings) as emulator:
        yield emulator


_noted = set()


@pytest.fixture
def note(capfd):
    """Tells a line past pytest's capture, once."""

    def tell(text):
        if text not in _noted:
            _noted.add(text)
            with capfd.disabled():
                print(f"\n{text}", file=sys.stderr, flush=True)

    return tell


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return Repository(tmp_path_factory.mktemp("code")).chain("a1", "b2", "c3").folder


def backends(cluster, state=None):
    """Processes of the database server that work for the function."""
    where = f"usename = '{ROLE}'" + (f" AND state = '{state}'" if state else "")
    return cluster.psql(f"SELECT pid FROM pg_stat_activity WHERE {where}").split()


def rss_kib(pid):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


# --- end to end --------------------------------------------------------------------------------


def test_the_detector_reads_production_through_the_function(either, chain):
    done = run("check", "--format", "json", "--repository", chain, "--database", "lambda:function",
               env=either.environment())  # fmt: skip
    report = valid(json.loads(done.stdout))
    assert (done.returncode, report["status"]) == (1, "behind"), done
    assert report["production_version"] == "a1"
    assert [one["revision"] for one in report["pending"]] == ["b2", "c3"]


def test_a_person_asks_through_the_function(either):
    done = run("query", "SELECT 1 AS one, 'ä' AS letter", "--database", "lambda:function",
               env=either.environment())  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == " one | letter\n-----+--------\n   1 | ä\n(1 row)\n"


def test_an_error_of_the_database_is_an_answer_with_its_position(either):
    done = run("query", "SELECT 1,\n  nope", "--database", "lambda:function", env=either.environment())
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        'schema-drift: error: column "nope" does not exist (42703)\n'
        "LINE 2:   nope\n"
        "          ^\n")  # fmt: skip


def test_the_function_is_read_only_unless_it_is_told_otherwise(either, cluster):
    before = cluster.psql("SELECT count(*) FROM notes", db="app")
    done = run("query", "--mutate", "--yes", "INSERT INTO notes (note) VALUES ('x')",
               "--database", "lambda:function", env=either.environment())  # fmt: skip
    assert done.returncode == 1
    assert "--allow-mutations" in done.stderr
    assert cluster.psql("SELECT count(*) FROM notes", db="app") == before


def test_a_mutation_is_committed_and_written_down_with_who_asked(settings, cluster):
    with LambdaEmulator(env={**settings, "SCHEMA_DRIFT_ALLOW_MUTATIONS": "true"}) as function:
        done = run("query", "--mutate", "--yes", "INSERT INTO notes (note) VALUES ($1)", "--param",
                   "it's", "--database", "lambda:function", env=function.environment())  # fmt: skip
        assert (done.returncode, done.stderr, done.stdout) == (0, "", "(1 row affected)\n")
        assert cluster.psql("SELECT note FROM notes", db="app") == "it's"
        log = function.log_file.read_text()
    audit = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert audit and any("@" in json.dumps(one.get("actor", "")) for one in audit), log
    assert "it's" not in log


# --- what Lambda does to a function ------------------------------------------------------------

POISON = [
    b"", b"{", b"null", b"[]", b'"text"', b"7", b"\xff\xfe", b'{"query": "\xc3\x28"}', b"\0",
    b'{"query": 1}', b'{"query": ""}', b'{"query": null}', b'{"action": "drop"}', b'{"quer": "SELECT 1"}',
    b'{"query": "SELECT 1", "query": "SELECT 2"}', b'{"query": "SELECT \\u0000"}', b'{"query": "\\ud800"}',
    b"[" * 100_000, b'{"a":' * 50_000, b'{"query": "SELECT 1", "params": [' + b"1," * 400_000 + b"1]}",
    b'{"query": "' + b"x" * 6_000_000 + b'"}', b'{"query": "SELECT ' + b"(" * 100_000 + b'"}',
    b'{"query": "SELECT 1", "max_rows": -1}', b'{"query": "SELECT 1", "max_rows": 1e400}',
    b'{"query": "SELECT 1; DROP TABLE notes"}', b'{"query": "COMMIT; DROP TABLE notes"}',
    b'{"query": "SELECT 1", "cursor": "' + b"A" * 300 + b'"}', b'{"action": "count", "table": "' + b"a" * 70_000 + b'"}',
    b'{"Records": [{"Sns": {}}]}', b'{"source": "aws.events", "detail-type": "Scheduled Event"}',
]  # fmt: skip


def test_no_payload_ends_the_function(function):
    assert function.invoke({"query": "SELECT 1"}).json["rows"] == [[1]]
    pid = function.process.pid
    for payload in POISON:
        answered = function.invoke(payload)
        assert answered.function_error == "", payload[:60]
        assert set(answered.json) == {"error"}, payload[:60]
        assert answered.json["error"]["message"], payload[:60]
        assert len(answered.payload) < 2000, payload[:60]
    assert function.invoke({"query": "SELECT 2"}).json["rows"] == [[2]]
    assert (function.process.pid, function.starts, function.refused) == (pid, 1, [])


def test_a_function_that_dies_is_started_again_and_works(function, cluster):
    assert function.invoke({"query": "SELECT 1"}).json["rows"] == [[1]]
    threading.Timer(0.3, function.process.send_signal, [signal.SIGKILL]).start()
    answered = function.invoke({"query": "SELECT pg_sleep(20)"})
    assert answered.function_error == "Unhandled"
    assert answered.json["errorType"] == "Runtime.ExitError"
    assert "signal: SIGKILL" in answered.json["errorMessage"]
    assert function.invoke({"query": "SELECT 1"}).json["rows"] == [[1]]
    assert function.starts == 2
    # The server does not see that its client is gone while it sleeps.
    for pid in backends(cluster, "active"):
        cluster.psql(f"SELECT pg_terminate_backend({pid})")


def test_a_slow_statement_is_ended_before_lambda_ends_the_function(settings, cluster):
    with LambdaEmulator(env=settings, timeout=2) as function:
        function.invoke({"query": "SELECT 1"})
        begin = time.monotonic()
        answered = function.invoke({"query": "SELECT pg_sleep(30)"})
        took = time.monotonic() - begin
        assert answered.function_error == "", answered.payload
        assert took < 2
        error = answered.json["error"]
        assert error.get("sqlstate") == "57014" or error["type"] == "timed_out", error
        assert backends(cluster, "active") == []
        assert function.invoke({"query": "SELECT 1"}).json["rows"] == [[1]]
        assert function.starts == 1


def test_the_detector_says_that_the_function_timed_out(cluster, chain, settings):
    lock = cluster.session()
    with lock, LambdaEmulator(env=settings, timeout=2) as function:
        lock.ask("BEGIN; LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        done = run("check", "--format", "json", "--repository", chain, "--database", "lambda:function",
                   env=function.environment())  # fmt: skip
        report = valid(json.loads(done.stdout))
        assert (done.returncode, report["status"]) == (2, "error")
        assert report["failure"]["stage"] == "production"


def test_an_answer_that_lambda_would_not_pass_on_says_how_to_page(function):
    answered = function.invoke({"query": "SELECT repeat('x', 7000000) AS big"})
    assert answered.function_error == ""
    assert answered.json["error"]["type"] == "answer_too_large"
    many = function.invoke({"query": "SELECT generate_series(1, 2000000)"})
    assert many.json["error"]["type"] == "answer_too_large"
    assert "max_rows" in json.dumps(many.json["error"])
    assert function.invoke({"query": "SELECT 1"}).json["rows"] == [[1]]
    assert (function.starts, function.refused) == (1, [])


def test_an_answer_that_lambda_refuses_is_the_error_of_its_invocation_alone(function):
    function.most_answer = 1000
    answered = function.invoke({"query": "SELECT repeat('x', 5000)"})
    assert (answered.function_error, answered.json["errorType"]) == (
        "Unhandled", "Function.ResponseSizeTooLarge")  # fmt: skip
    function.most_answer = 10_000
    assert function.invoke({"query": "SELECT 1"}).json["rows"] == [[1]]
    assert function.starts == 1
    # The answer, and then the error that nobody waited for any more (403), or that came when the
    # next invocation was under way (400).
    (path, status), (later_path, later_status) = function.refused
    assert path.endswith("/response") and status == 413
    assert later_path.endswith("/error") and later_status in (400, 403)


def test_ten_thousand_invocations_grow_neither_memory_nor_connections(function, cluster, note):
    requests = [
        {"query": "SELECT version_num FROM alembic_version"},
        {"query": "SELECT g, repeat('x', 100) FROM generate_series(1, 100) AS g"},
        {"query": "SELECT nope"},
        {"query": "SELECT $1::int + 1 AS next", "params": [41]},
        {"action": "version"},
        {"action": "tables"},
        {"operation": "health_check"},
        {"quer": "SELECT 1"},
        {"query": "DELETE FROM notes"},
        {"query": "SELECT array_agg(g) FROM generate_series(1, 1000) AS g"},
    ]
    connections = set()

    def rounds(count):
        for number in range(count):
            answered = function.invoke(requests[number % len(requests)], f"Root=1-{number:08x}")
            assert answered.function_error == ""
            if number % 500 == 0:
                connections.update(backends(cluster))

    rounds(1000)
    warm = rss_kib(function.process.pid)
    rounds(9000)
    grown = rss_kib(function.process.pid) - warm
    note(f"resident after 1,000 invocations: {warm} KiB, after 10,000: {warm + grown} KiB")
    assert SANITIZED or grown < 512
    assert len(connections) == 1
    assert function.starts == 1


def test_a_large_answer_does_not_stay_in_memory(function, note):
    function.invoke({"query": "SELECT 1"})
    before = rss_kib(function.process.pid)
    big = {"query": "SELECT g, repeat('x', 100) FROM generate_series(1, 40000) AS g"}
    for _ in range(5):
        assert len(function.invoke(big).payload) > 4_000_000
    after_some = rss_kib(function.process.pid)
    for _ in range(40):
        function.invoke(big)
    note(f"resident before large answers: {before} KiB, after 5: {after_some} KiB, after 45: "
         f"{rss_kib(function.process.pid)} KiB")  # fmt: skip
    if not SANITIZED:
        # Once more than after five is the allocator's business; forty times more is a leak.
        assert rss_kib(function.process.pid) - after_some < 16 * 1024
        assert rss_kib(function.process.pid) - before < 40 * 1024


def test_a_connection_that_the_server_closed_is_opened_again(function, cluster):
    assert function.invoke({"query": "SELECT 1"}).json["rows"] == [[1]]
    (first,) = backends(cluster)
    cluster.psql(f"SELECT pg_terminate_backend({first})")
    assert function.invoke({"query": "SELECT 2"}).json["rows"] == [[2]]
    assert backends(cluster) != [first]
    assert function.starts == 1


# --- the start ---------------------------------------------------------------------------------


def test_the_connection_is_made_before_the_first_invocation(function, cluster):
    function.start()
    deadline = time.monotonic() + 10
    while not backends(cluster) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(backends(cluster)) == 1


def test_a_database_that_is_away_at_the_start_is_reached_once_it_is_there(cluster):
    with LambdaEmulator(env={"SCHEMA_DRIFT_DATABASE": cluster.url(user=ROLE, db="later")}) as function:
        refused = function.invoke({"query": "SELECT 1"})
        assert refused.function_error == ""
        assert 'database "later" does not exist' in refused.json["error"]["message"]
        cluster.psql("CREATE DATABASE later")
        try:
            assert function.invoke({"query": "SELECT 1"}).json["rows"] == [[1]]
            assert function.starts == 1
        finally:
            cluster.psql("DROP DATABASE later WITH (FORCE)")


@pytest.mark.parametrize("env, words, error_type, message", [
    ({}, ("sql-api",), "Runtime.Usage",
     "no database was given (give --database postgresql://user@host/name, or set "
     "SCHEMA_DRIFT_DATABASE)"),
    ({"SCHEMA_DRIFT_DATABASE": "lambda:other"}, ("sql-api",), "Runtime.Usage",
     "the SQL API cannot be served from a function (give the --database that it shall ask itself, "
     "such as postgresql://user@host/name)"),
    ({"SCHEMA_DRIFT_DATABASE": "postgresql:///x", "SCHEMA_DRIFT_TIMEOUT": "soon"}, ("sql-api",),
     "Runtime.Usage", "invalid --timeout \"soon\": not a number of seconds (give whole seconds from 1 to 86400)"),
    ({"_HANDLER": "index.handler"}, (), "Runtime.Usage",
     "unknown handler \"index.handler\" (set the function's handler to check or sql-api)"),
])  # fmt: skip
def test_settings_that_cannot_work_are_an_init_error(env, words, error_type, message):
    with LambdaEmulator(words, env) as function:
        answered = function.invoke({"query": "SELECT 1"})
        assert answered.function_error == "Unhandled"
        assert answered.json == {"errorMessage": message, "errorType": error_type, "stackTrace": []}
        log = function.log_file.read_text()
    assert "schema-drift: error: " + message.partition(" (")[0] in log


def test_lambda_starts_a_bootstrap_without_words_and_names_the_handler(settings):
    with LambdaEmulator((), {**settings, "_HANDLER": "sql-api"}) as function:
        assert function.invoke({"query": "SELECT 1"}).json["rows"] == [[1]]


def test_it_ends_by_itself_when_it_is_told_to(function):
    function.invoke({"query": "SELECT 1"})
    process = function.process
    begin = time.monotonic()
    process.terminate()
    assert process.wait(timeout=5) == 0
    assert time.monotonic() - begin < 1


def test_no_secret_is_logged_or_answered(cluster):
    secret = "c@nary-secret"
    cluster.psql("CREATE ROLE locked LOGIN PASSWORD 'another' IN ROLE with_password")
    with LambdaEmulator(env={"SCHEMA_DRIFT_DATABASE": cluster.url(user="locked", password=secret),
                             "SCHEMA_DRIFT_LOG": "json"}) as function:  # fmt: skip
        answered = function.invoke({"query": "SELECT 1"})
        assert answered.json["error"]["type"] == "database_authentication_failed"
        text = answered.payload.decode() + function.log_file.read_text()
    assert secret not in text and "c%40nary" not in text


def test_the_environment_of_the_proxy_design_is_understood(settings):
    """DB_SECRET_ARN is a database like RDS_SECRET_ARN; without AWS it cannot be read, and says so."""
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/db-AbCdEf"
    done = run("query", "SELECT 1", env={"DB_SECRET_ARN": arn, "AWS_EC2_METADATA_DISABLED": "true",
                                         "AWS_REGION": "eu-central-1", "HOME": "/nonexistent"})  # fmt: skip
    assert done.returncode == 2
    assert "no AWS credentials" in done.stderr or "credentials" in done.stderr


