"""A change that is asked for again under its key is made once, whatever was lost on the way."""

import concurrent.futures
import json
import os
import signal
import stat

import pytest

from postgres import Cluster
from sql_api_caller import SqlApi
from version_table_reader import wait_until


@pytest.fixture
def db(cluster, database):
    cluster.psql("CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, name text)", db=database)
    return database


@pytest.fixture
def audit(tmp_path):
    return tmp_path / "audit.jsonl"


@pytest.fixture
def another(cluster, db, audit):
    """A new instance of the function, with the same place."""
    opened = []

    def start(**options):
        opened.append(SqlApi(cluster.url(db=db), mutations="yes", scripts="yes", audit=audit, **options))
        return opened[-1]

    yield start
    for api in opened:
        if api.process.poll() is None:
            api.close()


def count(cluster, db):
    return cluster.psql("SELECT count(*) FROM t", db=db)


INSERT = {"sql": "INSERT INTO t (name) VALUES ($1) RETURNING id, name", "params": ["a"], "idempotency_key": "key 1"}


class TestRepeated:
    @pytest.mark.parametrize(
        "request_",
        [INSERT, {"operation": "execute_query", "query": "INSERT INTO t (name) VALUES (%s)", "params": ["a"]},
         {"operation": "execute_query_one", "query": "INSERT INTO t (name) VALUES (%s) RETURNING id", "params": ["\"\\é"]},
         {"operation": "execute_query", "query": "INSERT INTO t (name) VALUES ('a') RETURNING id", "return_dict": True},
         {"operation": "execute_many", "query": "INSERT INTO t (name) VALUES (%s)", "params_list": [["a"]]},
         {"table": "t", "data": {"name": "a"}}, {"sql": "INSERT INTO t (name) VALUES ('a'); SELECT 1"}])  # fmt: skip
    def test_answers_the_same_bytes_and_changes_nothing_more(self, another, cluster, db, audit, request_):
        line = json.dumps({**request_, "idempotency_key": "key 1"})
        texts = []
        for api in (another(), another()):
            for _ in range(2):
                api.send(line)
                texts.append(api.receive()[0])
        assert len(set(texts)) == 1 and '"error' not in texts[0]
        assert count(cluster, db) == "1"
        stages = [json.loads(one)["stage"] for one in audit.read_text().splitlines()]
        assert stages == ["executed", "committed"]

    def test_what_is_kept_is_for_its_owner_alone(self, another, audit):
        another().ask(**INSERT)
        folder = audit.with_name("audit.jsonl.answers")
        (file,) = folder.iterdir()
        assert (stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(file.stat().st_mode)) == (0o700, 0o600)
        assert "key 1" not in file.name + file.read_text()

    def test_another_key_is_another_change(self, another, cluster, db):
        api = another()
        for key in ("1", "2", "", None):
            api.ask(**{**INSERT, "idempotency_key": key})
        assert count(cluster, db) == "4"

    @pytest.mark.parametrize("other", [{"params": ["b"]}, {"sql": "DELETE FROM t WHERE name = $1"}, {"rows": "objects"}])
    def test_the_key_of_another_request_is_refused(self, another, cluster, db, other):
        api = another()
        api.ask(**INSERT)
        api.refuses({**INSERT, **other}, "invalid_request", "this idempotency key came with another request before",
                    "a key is for one statement with its parameters: make a new one for each change")  # fmt: skip
        assert count(cluster, db) == "1"

    def test_what_failed_may_be_tried_again(self, another, cluster, db):
        """At once, and at COMMIT, when its answer was kept already."""
        api = another()
        cluster.psql("CREATE TABLE parent (id int PRIMARY KEY);"
                     "CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED, CHECK (id < 10))", db=db)  # fmt: skip
        request = {"sql": "INSERT INTO child VALUES ($1)", "params": [7], "idempotency_key": "k"}
        assert api.error(**request)["sqlstate"] == api.error(**request)["sqlstate"] == "23503"
        cluster.psql("INSERT INTO parent VALUES (7)", db=db)
        assert api.ask(**request) == api.ask(**request) == {"affected_rows": 1}
        assert cluster.psql("SELECT count(*) FROM child", db=db) == "1"
        failing = {"sql": "INSERT INTO child VALUES (77)", "idempotency_key": "l"}
        assert api.error(**failing)["sqlstate"] == "23514"
        cluster.psql("ALTER TABLE child DROP CONSTRAINT child_id_check; INSERT INTO parent VALUES (77)", db=db)
        assert api.ask(**failing) == {"affected_rows": 1}

    def test_what_only_reads_needs_none(self, another):
        request = {"operation": "execute_query", "query": "SELECT count(*) AS n FROM t", "idempotency_key": "k"}
        api = another()
        assert api.ask(**request)["rows"] == [{"n": 0}]
        api.ask(sql="INSERT INTO t (name) VALUES ('a')")
        assert api.ask(**request)["rows"] == [{"n": 1}]
        assert "does not go with query" in api.error(query="SELECT 1", idempotency_key="k")["message"]


class TestAtOnce:
    def test_two_with_one_key(self, another, cluster, db):
        slow = {"sql": "INSERT INTO t (name) SELECT 'a' FROM pg_sleep(1) RETURNING id", "idempotency_key": "k"}
        apis = [another() for _ in range(4)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda api: api.ask(**slow), apis))
        assert answers == [answers[0]] * 4 and answers[0]["affected_rows"] == 1
        assert count(cluster, db) == "1"

    def test_who_waits_too_long_is_told_to_ask_again(self, another, cluster, db):
        slow = {"sql": "INSERT INTO t (name) SELECT 'a' FROM pg_sleep(3)", "idempotency_key": "k"}
        first, second = another(), another(timeout_ms=2000)
        first.send(json.dumps(slow))
        wait_until(lambda: cluster.psql(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{db}' AND wait_event = 'PgSleep'") == "1")
        second.refuses(slow, "timed_out", "another request with this idempotency key is still under way",
                       "ask again when it is over: it then has an answer for both")  # fmt: skip
        assert first.receive()[1] == {"affected_rows": 1} == another().ask(**slow)
        assert count(cluster, db) == "1"


class TestLost:
    SLOW_COMMIT = """
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()
    """

    def sleeping(self, cluster, db):
        wait_until(lambda: cluster.psql(
            f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{db}' AND wait_event = 'PgSleep'") == "1")  # fmt: skip

    def kill(self, api):
        os.kill(api.process.pid, signal.SIGKILL)
        api.process.wait()
        for pipe in (api.process.stdin, api.process.stdout, api.process.stderr):
            pipe.close()

    def test_killed_during_commit(self, another, cluster, db):
        cluster.psql(self.SLOW_COMMIT, db=db)
        first = another()
        first.send(json.dumps(INSERT))
        self.sleeping(cluster, db)
        self.kill(first)
        answer = another().ask(**INSERT)
        assert (answer["rows"], count(cluster, db)) == ([[1, "a"]], "1")

    def test_killed_before_commit(self, another, cluster, db):
        request = {"sql": "INSERT INTO t (name) SELECT 'a' FROM pg_sleep(2)", "idempotency_key": "k"}
        first = another()
        first.send(json.dumps(request))
        self.sleeping(cluster, db)
        self.kill(first)
        assert another().ask(**request) == {"affected_rows": 1}
        assert count(cluster, db) == "1"

    def test_the_server_is_lost_during_commit(self, audit):
        with Cluster() as own:
            own.psql("CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, name text);" + self.SLOW_COMMIT, db="app")
            with SqlApi(own.url(), mutations="yes", audit=audit) as api:
                api.send(json.dumps(INSERT))
                wait_until(lambda: own.psql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "1")
                own.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
                error = api.receive()[1]["error"]
                assert (error["type"], error["hint"]) == (
                    "outcome_unknown", "ask again with the same idempotency key: it is made once")  # fmt: skip
                own.psql("DROP TRIGGER at_commit ON t", db="app")
                answer = api.ask(**INSERT)
                assert answer["affected_rows"] == 1 and answer == api.ask(**INSERT)
                assert own.psql("SELECT count(*) FROM t", db="app") == "1"


class TestPlace:
    def test_must_be_one_that_can_be_read_again(self, cluster, db):
        with SqlApi(cluster.url(db=db), mutations="yes") as api:
            api.refuses(INSERT, "refused", '"idempotency_key" needs a place that can be read again, and the audit log is standard error',
                        "--audit names a file or s3://BUCKET/PREFIX, beside which answers are kept")  # fmt: skip
        assert count(cluster, db) == "0"

    def test_that_cannot_be_used_changes_nothing(self, another, cluster, db, audit):
        folder = audit.with_name("audit.jsonl.answers")
        folder.write_text("")
        another().refuses(INSERT, "audit_failed", f"the answers of idempotency keys in {folder} cannot be used: Not a directory",
                          'nothing is changed without them; leave "idempotency_key" out to do without')  # fmt: skip
        assert count(cluster, db) == "0"

    def test_that_was_tampered_with_is_not_believed(self, another, cluster, db, audit):
        another().ask(**INSERT)
        (file,) = audit.with_name("audit.jsonl.answers").iterdir()
        file.write_text('{"answer": "{}"}')
        error = another().error(**INSERT)
        assert error["message"].endswith(f"{file.name} is not what was put there")
        kept = {"request": "x", "transaction": "1", "answer": "{}"}
        file.write_text(json.dumps(kept))
        assert another().error(**INSERT)["type"] == "invalid_request"
        assert count(cluster, db) == "1"

    def test_a_transaction_that_the_database_does_not_know(self, another, cluster, db, audit):
        another().ask(**INSERT)
        (file,) = audit.with_name("audit.jsonl.answers").iterdir()
        file.write_text(json.dumps({**json.loads(file.read_text()), "transaction": str(10**15)}))
        another().refuses(INSERT, "refused",
                          "a change came under this idempotency key, and the database does not know any more whether it was made",
                          "look at the rows, and make a new key where it was not")  # fmt: skip
