"""Big results, slow statements and locks: each ends in an answer, with memory that stays flat."""

import json
import os
import signal
import time

import pytest

from postgres import Authority, Cluster
from program import SANITIZED
from sql_api_caller import SqlApi
from version_table_reader import wait_until


@pytest.fixture(scope="module")
def api(cluster):
    with SqlApi(cluster.url(db="postgres")) as caller:
        yield caller


def memory_kib(api, which="VmRSS"):
    """Resident memory of the handler."""
    with open(f"/proc/{api.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(which))


def peak_kib(api):
    return memory_kib(api, "VmHWM")


class TestSize:
    HINT = 'ask for fewer rows or columns, or page: "max_rows" in the request, then "cursor" with the next_cursor of each answer'

    def test_answer_stays_below_the_limit(self, cluster):
        with SqlApi(cluster.url(db="postgres"), max_bytes=10_000) as small:
            for rows in range(930, 1000):
                small.send(json.dumps({"query": f"SELECT repeat('x', 6) FROM generate_series(1, {rows})"}))
                text, answer = small.receive()
                assert len(text) - 1 <= 10_000
                if "error" in answer:
                    break
            assert rows > 880 and len(text) < 500, "some fit, and the rest are refused"
            small.refuses({"query": "SELECT repeat('x', 9990)"}, "answer_too_large",
                          "the answer is larger than 10000 bytes", self.HINT)  # fmt: skip
            small.refuses({"query": "EXPLAIN VERBOSE SELECT " + " || ".join(["repeat(a::text, 2)"] * 900) + " FROM generate_series(1,2) a"},
                          "answer_too_large", "the answer is larger than 10000 bytes", "ask for less")  # fmt: skip

    def test_limit_of_lambda_by_default(self, api):
        api.send(json.dumps({"query": "SELECT repeat('x', 999990) FROM generate_series(1, 5)"}))
        assert 5_000_000 < len(api.receive()[0]) < 6_000_000
        api.refuses({"query": "SELECT repeat('x', 999990) FROM generate_series(1, 6)"}, "answer_too_large",
                    "the answer is larger than 6000000 bytes", self.HINT)  # fmt: skip

    def test_endless_result_is_stopped_at_the_server_and_the_connection_is_kept(self, cluster):
        with SqlApi(cluster.url(db="postgres")) as api:
            backend = api.value("SELECT pg_backend_pid()")
            begun = time.monotonic()
            assert api.error(query="SELECT repeat('x', 500), generate_series(1, 1000000000)")["type"] == "answer_too_large"
            assert time.monotonic() - begun < 5
            assert api.value("SELECT pg_backend_pid()") == backend

    def test_memory_stays_flat(self, cluster):
        with SqlApi(cluster.url(db="postgres")) as api:
            big = "SELECT g, repeat('x', 90) FROM generate_series(1, 45000) g"
            for _ in range(3):
                assert api.ask(query=big)["row_count"] == 45000
            before = memory_kib(api)
            for _ in range(20):
                api.ask(query=big)
                api.error(query="SELECT repeat('x', 500), generate_series(1, 1000000000)")
                api.ask(query="SELECT g FROM generate_series(1, 3000) g", max_rows=1000)
            if not SANITIZED:
                assert memory_kib(api) < before + 4096
                assert memory_kib(api) < 64 * 1024


HUGE = {
    "text": "SELECT repeat('x', 100000000)",
    "bytea": "SELECT convert_to(repeat('x', 100000000), 'UTF8')",
    "many columns": "SELECT " + ", ".join(["repeat('x', 2000000)"] * 50),
    "array": "SELECT array_fill('xxxxxxxxxx'::text, ARRAY[10000000])",
    "parameter's": "WITH a AS (SELECT 'x' AS y) SELECT repeat(y, 100000000), y FROM a; -- at the end",
    "values": "VALUES (1, repeat('x', 100000000))",
    "second row": "SELECT 1, 'x' UNION ALL SELECT 2, repeat('x', 100000000)",
}


class TestHugeRow:
    """libpq holds a row whole, so that one row could take gigabytes of a function that has 128 MB."""

    @pytest.fixture(scope="class", params=["socket", "tcp", "tls"])
    def url(self, request, tmp_path_factory):
        if request.param == "socket":
            with Cluster() as server:
                yield server.url(db="postgres")
        elif request.param == "tcp":
            with Cluster(tcp=True) as server:
                yield server.url(db="postgres", host="127.0.0.1")
        else:
            authority = Authority(tmp_path_factory.mktemp("ca"))
            with Cluster(tcp=True, tls=authority.issue("localhost")) as server:
                yield server.url(db="postgres", host="localhost", sslmode="verify-full", sslrootcert=authority.file)

    @pytest.mark.parametrize("what", HUGE)
    def test_is_answered_without_being_held(self, url, what):
        with SqlApi(url) as api:
            for more in ({}, {"max_rows": 10}):
                error = api.error(query=HUGE[what], **more)
                assert error == {"type": "answer_too_large",
                                 "message": "one row alone is larger than 6000000 bytes",
                                 "hint": "ask for fewer columns, or for a part of a long value"}  # fmt: skip
            assert api.value("SELECT 1") == 1
            if not SANITIZED:
                assert peak_kib(api) < 64 * 1024

    @pytest.mark.parametrize("expression, bytes_", [
        ("repeat('x', 5900000)", 5_900_000), ("convert_to(repeat('x', 4400000), 'UTF8')", 5_866_668),
        ("array_fill(NULL::int, ARRAY[1000000])", None)])  # fmt: skip
    def test_what_fits_into_an_answer_is_answered(self, url, expression, bytes_):
        with SqlApi(url) as api:
            for _ in range(3):
                assert len(api.value(f"SELECT {expression}")) == (bytes_ or 1_000_000)
            # Rows that are large each and too many together are the answer's limit, not the row's.
            if bytes_:
                error = api.error(query=f"SELECT {expression} FROM generate_series(1, 20)")
                assert error["message"] == "the answer is larger than 6000000 bytes"

    def test_a_message_of_the_server_is_not_held_either(self, url):
        with SqlApi(url) as api:
            error = api.error(query="SELECT repeat('x', 50000000)::int")
            assert error["type"] in ("sql_failed", "answer_too_large")
            assert len(json.dumps(error)) < 20_000

    def test_a_change_that_returns_one_is_rolled_back(self, cluster, database, tmp_path):
        cluster.psql("CREATE TABLE t (id int, v text); INSERT INTO t VALUES (1, 'old')", db=database)
        audit = tmp_path / "audit.jsonl"
        with SqlApi(cluster.url(db=database), mutations="yes", audit=audit) as api:
            error = api.error(sql="UPDATE t SET v = 'new' RETURNING repeat('x', 100000000)")
            # Where the server is as fast as this test's, libpq may have taken the row whole before it was seen.
            assert error["type"] == "answer_too_large"
            assert error["message"] in ("one row alone is larger than 12065536 bytes",
                                        "the rows of RETURNING are larger than 6000000 bytes; nothing was changed")  # fmt: skip
            assert api.value("SELECT v FROM t") == "old"
        assert [json.loads(line)["stage"] for line in audit.read_text().splitlines()] == ["rolled_back"]


class TestPaging:
    QUERY = "SELECT g, $1::text AS t FROM generate_series(1, 1000) g ORDER BY g"

    def pages(self, api, max_rows, **request):
        cursor = {}
        while True:
            answer = api.ask(query=self.QUERY, params=["x"], max_rows=max_rows, **cursor, **request)
            yield answer["rows"]
            if answer["next_cursor"] is None:
                return
            cursor = {"cursor": answer["next_cursor"]}

    @pytest.mark.parametrize("max_rows, sizes", [(300, [300, 300, 300, 100]), (500, [500, 500]), (1000, [1000]), (5000, [1000])])
    def test_every_row_comes_once(self, api, max_rows, sizes):
        pages = list(self.pages(api, max_rows))
        assert [len(page) for page in pages] == sizes
        assert [row for page in pages for row in page] == [[g, "x"] for g in range(1, 1001)]

    def test_page_that_does_not_fit_ends_earlier(self, cluster):
        with SqlApi(cluster.url(db="postgres"), max_bytes=3000) as small:
            pages = list(self.pages(small, 100_000))
            assert len(pages) > 3
            assert [row[0] for page in pages for row in page] == list(range(1, 1001))
            small.refuses({"query": "SELECT repeat('x', 5000)", "max_rows": 5}, "answer_too_large",
                          "one row alone is larger than 3000 bytes", "ask for fewer columns, or for a part of a long value")  # fmt: skip

    def test_pages_of_objects_and_of_operations(self, api):
        answer = api.ask(operation="execute_query", query="SELECT g FROM generate_series(1, 3) g", max_rows=2)
        assert answer["rows"] == [{"g": 1}, {"g": 2}]
        answer = api.ask(operation="execute_query", query="SELECT g FROM generate_series(1, 3) g", max_rows=2,
                         cursor=answer["next_cursor"])  # fmt: skip
        assert answer["rows"] == [{"g": 3}] and answer["next_cursor"] is None

    def test_cursor_of_something_else_is_refused(self, api, cluster, database):
        cursor = api.ask(query=self.QUERY, params=["x"], max_rows=10)["next_cursor"]
        refusal = ("invalid_request", "the cursor does not belong to this statement",
                   "send back the next_cursor of the page before, with the same statement and parameters, or none to begin again")  # fmt: skip
        swapped = cursor.replace(cursor[0], "N", 1) if cursor[0] != "N" else "O" + cursor[1:]
        for other in ({"query": self.QUERY, "params": ["y"], "cursor": cursor}, {"query": self.QUERY + " ", "params": ["x"], "cursor": cursor},
                      {"query": self.QUERY, "params": ["x"], "cursor": swapped}, {"query": self.QUERY, "params": ["x"], "cursor": "x"},
                      {"query": self.QUERY, "params": ["x"], "cursor": cursor[:-4]}, {"query": self.QUERY, "params": ["x"], "cursor": cursor + "="},
                      {"query": self.QUERY, "params": ["x"], "cursor": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk="}):  # fmt: skip
            api.refuses({**other, "max_rows": 10}, *refusal)
        with SqlApi(cluster.url(db=database)) as elsewhere:
            elsewhere.refuses({"query": self.QUERY, "params": ["x"], "cursor": cursor, "max_rows": 10}, *refusal)

    def test_what_cannot_be_paged_says_so(self, api):
        for verb, query in (("explain", "EXPLAIN SELECT 1"), ("show", "SHOW ALL")):
            api.refuses({"query": query, "max_rows": 5}, "refused", f"the rows of {verb} cannot be paged", 'leave "max_rows" out')
        api.refuses({"query": "SELECT 1", "max_rows": 1_000_001}, "invalid_request", '"max_rows" is not a whole number from 1 to 1000000')


class TestTime:
    def test_statement_has_the_time_that_the_request_gives(self, api):
        begun = time.monotonic()
        api.refuses({"query": "SELECT pg_sleep(20)", "timeout_ms": 300}, "sql_failed",
                    "canceling statement due to statement timeout",
                    '"timeout_ms" gives a statement more time, up to that of the function', sqlstate="57014")  # fmt: skip
        assert time.monotonic() - begun < 5
        assert api.value("SELECT 1") == 1
        assert api.value("SELECT current_setting('statement_timeout')", timeout_ms=12345) == "12345ms"

    def test_statement_ends_before_the_call_does(self, cluster):
        with SqlApi(cluster.url(db="postgres"), timeout_ms=1500) as api:
            begun = time.monotonic()
            error = api.error(query="SELECT pg_sleep(20)", timeout_ms=60000)
            assert (error["type"], error["sqlstate"]) == ("sql_failed", "57014"), "the server gives up by itself"
            assert 1.0 < time.monotonic() - begun < 1.6

    @pytest.mark.parametrize("sql", ["/**/" * 250_000 + "SELECT 1", "SELECT " + "+" * 1_000_000 + "1",
                                     "/*" * 250_000 + "*/" * 250_000 + "SELECT 1"])  # fmt: skip
    def test_what_the_server_could_not_be_stopped_in_never_reaches_it(self, api, sql):
        """PostgreSQL's scanner goes over such a run again and again, and asks for no time-out."""
        begin = time.monotonic()
        api.refuses({"query": sql}, "invalid_request",
                    "the statement has more than 500 comments or signs in a row without a blank between them",
                    "a server would take very long to read them; leave them out")  # fmt: skip
        assert time.monotonic() - begin < 2

    @pytest.mark.parametrize("sql", [
        "/**/ " * 200_000 + "SELECT 1", "SELECT 1" + " + 1" * 250_000, ("/**/" * 499 + " ") * 500 + "SELECT 1",
        "SELECT 1 FROM " + ", ".join(f"pg_class a{i}" for i in range(10_000)),
        "SELECT " + "(" * 500_000 + "1" + ")" * 500_000, "VALUES (1)" + ",(1)" * 260_000])  # fmt: skip
    def test_what_is_let_through_ends_in_time(self, api, sql):
        begin = time.monotonic()
        api.call({"query": sql, "timeout_ms": 1000})
        assert time.monotonic() - begin < 6

    def test_server_that_hangs_does_not_hold_the_call(self, cluster):
        with SqlApi(cluster.url(db="postgres"), timeout_ms=1500) as api:
            backend = api.value("SELECT pg_backend_pid()")
            os.kill(backend, signal.SIGSTOP)
            try:
                begun = time.monotonic()
                error = api.error(query="SELECT 1")
                assert error["type"] == "timed_out"
                assert error["message"] == f"out of time while reading from postgres on {cluster.folder}"
                assert time.monotonic() - begun < 3
            finally:
                os.kill(backend, signal.SIGCONT)
            assert api.value("SELECT pg_backend_pid()") != backend, "that connection was given up"

    def test_lock_is_not_waited_for_to_the_end(self, cluster, database):
        cluster.psql("CREATE TABLE t (a int)", db=database)
        with cluster.session(db=database) as other, SqlApi(cluster.url(db=database), timeout_ms=1500) as api:
            other.ask("BEGIN; LOCK TABLE t")
            assert api.error(query="SELECT * FROM t")["sqlstate"] == "55P03"


class TestManyCalls:
    def test_connections_and_memory_do_not_grow(self, cluster, database):
        with SqlApi(cluster.url(db=database)) as api:
            for _ in range(200):
                api.ask(query="SELECT 1")
            before = memory_kib(api)
            for number in range(3000):
                api.ask(query="SELECT $1::int, 'x'", params=[number])
            assert SANITIZED or memory_kib(api) < before + 1024
            open_files = len(os.listdir(f"/proc/{api.process.pid}/fd"))
            assert open_files < 12
            ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'schema-drift'"
            assert api.value(ours) == 1
        wait_until(lambda: cluster.psql(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'") == "0")
