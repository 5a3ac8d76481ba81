"""The connection that is kept: checked, opened anew, renewed; through TLS and through a pooler."""

import json
import signal
import time

import pytest

from postgres import POSTGRES_BIN, Authority, Cluster, PgBouncer
from rds_token import rds_token
from relay import Relay
from sql_api_caller import SqlApi
from version_table_reader import wait_until

pytestmark = pytest.mark.usefixtures("roles")
PID = "SELECT pg_backend_pid()"


def end_sessions(cluster, database):
    cluster.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
    wait_until(lambda: cluster.psql(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}'") == "0")


class TestKept:
    def test_one_connection_serves_all_calls(self, cluster, database):
        with SqlApi(cluster.url(db=database)) as api:
            assert len({api.value(PID) for _ in range(20)}) == 1
            api.error(query="SELECT 1/0")
            api.error(query="COMMIT")
            first = api.value(PID)
            api.error(query="SELECT pg_sleep(9)", timeout_ms=100)
            assert api.value(PID) == first, "errors do not cost the connection"

    def test_closed_by_the_server_it_is_opened_anew(self, cluster, database):
        with SqlApi(cluster.url(db=database)) as api:
            first = api.value(PID)
            end_sessions(cluster, database)
            assert api.value(PID) != first

    def test_server_that_restarts_is_found_again(self):
        with Cluster() as own, SqlApi(own.url(), mutations="yes") as api:
            own.psql("CREATE TABLE t (a int)", db="app")
            assert api.value("SELECT 1") == 1
            own._end(signal.SIGINT)
            error = api.error(query="SELECT 1")
            assert error["type"] == "connection_failed"
            own._start([POSTGRES_BIN / "postgres", "-D", own.data], own._answers)
            assert api.value("SELECT 1") == 1
            assert api.ask(sql="INSERT INTO t VALUES (1)") == {"affected_rows": 1}

    def test_statement_that_means_something_else_now_is_answered_as_it_is_now(self, cluster, database):
        """What the server said of it before must never stand in an answer."""
        cluster.psql("CREATE TABLE shifting (a text, b int); INSERT INTO shifting VALUES ('x', 5)", db=database)
        everything, one = {"query": "SELECT * FROM public.shifting"}, {
            "query": "SELECT a FROM public.shifting WHERE b::text = $1", "params": ["5"]}  # fmt: skip
        with SqlApi(cluster.url(db=database)) as api:
            for change, columns, types, row in (
                ("SELECT 1", ["a", "b"], ["text", "int4"], ["x", 5]),
                ("ALTER TABLE shifting RENAME b TO c", ["a", "c"], ["text", "int4"], ["x", 5]),
                ("ALTER TABLE shifting ALTER c TYPE numeric", ["a", "c"], ["text", "numeric"], ["x", "5"]),
                ("ALTER TABLE shifting ADD d bytea DEFAULT '\\x00'", ["a", "c", "d"], ["text", "numeric", "bytea"], ["x", "5", "AA=="]),
                ("ALTER TABLE shifting DROP d, DROP c, ADD b text DEFAULT 5", ["a", "b"], ["text", "text"], ["x", "5"]),
            ):  # fmt: skip
                cluster.psql(change, db=database)
                for _ in range(2):
                    answer = api.ask(**everything)
                    assert (answer["columns"], answer["types"], answer["rows"]) == (columns, types, [row])
                    page = api.ask(**everything, max_rows=5)
                    assert (page["columns"], page["rows"]) == (columns, [row])
                if "b" in columns:
                    assert api.ask(**one)["rows"] == [["x"]]
            for _ in range(2):
                assert api.value("SELECT max(b) FROM public.shifting WHERE b = $1", params=["5"]) == "5"
            cluster.psql("DROP TABLE shifting", db=database)
            for _ in range(2):
                error = api.error(**everything)
                assert (error["sqlstate"], error["position"]) == ("42P01", 15)
            cluster.psql("CREATE VIEW shifting AS SELECT 7 AS a", db=database)
            for _ in range(2):
                assert api.value(everything["query"]) == 7

    def test_nothing_is_left_of_a_request_for_the_next(self, cluster, database):
        cluster.psql(
            "CREATE FUNCTION sticky() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('app.x', 'left', false);"
            "PERFORM set_config('search_path', 'nowhere', false); PERFORM pg_notify('c', 'x'); END $$", db=database)  # fmt: skip
        with SqlApi(cluster.url(db=database), "sticky") as api:
            fresh = api.rows("SELECT current_setting('app.x', true), current_setting('search_path')")
            api.ask(query="SELECT public.sticky()")
            again = api.rows("SELECT nullif(current_setting('app.x', true), ''), current_setting('search_path')")
            assert again == fresh

    def test_nothing_is_left_of_a_change_for_the_next(self, cluster, database, tmp_path):
        """A function that somebody wrote can leave behind what COMMIT keeps."""
        cluster.psql(
            "CREATE TABLE t (a int); CREATE SEQUENCE s;"
            "CREATE FUNCTION sticky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('app.x', 'left', false);"
            "PERFORM set_config('search_path', 'nowhere', false); CREATE TEMPORARY TABLE left_here (a int);"
            "PERFORM pg_advisory_lock(7); LISTEN c; PERFORM nextval('public.s'); RETURN NEW; END $$;"
            "CREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION sticky()", db=database)  # fmt: skip
        state = ("SELECT nullif(current_setting('app.x', true), ''), current_setting('search_path'), to_regclass('left_here') IS NULL, "
                 "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), ARRAY(SELECT pg_listening_channels())")  # fmt: skip
        with SqlApi(cluster.url(db=database), mutations="yes", audit=tmp_path / "audit") as api:
            fresh, backend = api.rows(state), api.value(PID)
            for _ in range(2):
                assert api.ask(sql="INSERT INTO public.t VALUES (1)") == {"affected_rows": 1}
                assert api.rows(state) == fresh
                assert api.error(query="SELECT currval('s')")["sqlstate"] == "55000"
            assert api.value(PID) == backend, "without another connection"

    @pytest.mark.parametrize("how", ["fails", "is tried"])
    def test_nothing_is_left_of_a_change_that_is_rolled_back(self, cluster, database, tmp_path, how):
        """Locks of the session and currval outlive ROLLBACK."""
        cluster.psql(
            "CREATE TABLE t (a int CHECK (a > 0)); CREATE SEQUENCE s;"
            "CREATE FUNCTION sticky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_lock(8);"
            "PERFORM nextval('public.s'); RETURN NEW; END $$;"
            "CREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION sticky()", db=database)  # fmt: skip
        with SqlApi(cluster.url(db=database), mutations="yes", audit=tmp_path / "audit") as api:
            backend = api.value(PID)
            if how == "fails":
                assert api.error(sql="INSERT INTO public.t VALUES (-1)")["sqlstate"] == "23514"
            else:
                api.ask(action="dry_run", statement="INSERT INTO public.t VALUES (1)")
            assert api.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
            assert api.error(query="SELECT currval('s')")["sqlstate"] == "55000"
            assert api.value(PID) == backend, "without another connection"

    def test_seed_of_random_is_nobodys_to_set(self, cluster, database):
        """It outlives the transaction, and no statement takes it back: the next caller's random() would be known."""
        with SqlApi(cluster.url(db=database)) as api:
            api.refuses({"query": "SELECT setseed(0.5)"}, "refused",
                        "a query may not call setseed: it is volatile, and so may do more than read",
                        "--allow-function setseed lets queries call it")  # fmt: skip

    def test_connection_that_fell_silent_is_noticed_after_a_pause(self, cluster, database):
        with Relay(cluster) as relay, SqlApi(relay.url(db=database)) as api:
            first = api.value(PID)
            relay.fall_silent()
            time.sleep(1.1)
            begun = time.monotonic()
            assert api.value(PID) != first
            assert 1.5 < time.monotonic() - begun < 8

    def test_change_after_a_failover_finds_the_writer(self, tmp_path):
        with Cluster(settings={"wal_level": "replica"}) as primary, Cluster(standby_of=primary) as standby:
            primary.psql("CREATE TABLE t (a int)", db="app")
            audit = tmp_path / "audit.jsonl"
            with Relay(standby) as relay, SqlApi(relay.url(), mutations="yes", audit=audit) as api:
                assert api.ask(operation="health_check")["in_recovery"] is True
                relay.lead_to(primary)
                assert api.ask(sql="INSERT INTO t VALUES (1)") == {"affected_rows": 1}
                assert api.ask(operation="health_check")["in_recovery"] is False
            assert primary.psql("SELECT count(*) FROM t", db="app") == "1"
            stages = [json.loads(line)["stage"] for line in audit.read_text().splitlines()]
            assert stages == ["rolled_back", "executed", "committed"]

    def test_change_where_only_a_reader_answers_says_so(self):
        with Cluster(settings={"wal_level": "replica"}) as primary, Cluster(standby_of=primary) as standby:
            with SqlApi(standby.url(), mutations="yes") as api:
                for _ in range(2):
                    error = api.error(sql="INSERT INTO t VALUES (1)")
                    assert error["sqlstate"] in ("0A000", "25006")
                    assert error["hint"] == ("the database that answers only reads: name the writer's endpoint, "
                                             "or try again when a failover is over")  # fmt: skip

    def test_standby_can_be_read(self):
        with Cluster(settings={"wal_level": "replica"}) as primary, Cluster(standby_of=primary) as standby:
            with SqlApi(standby.url(), mutations="yes") as api:
                assert api.ask(operation="health_check")["in_recovery"] is True
                assert api.value("SELECT 1") == 1
                assert api.error(sql="DELETE FROM pg_class")["type"] == "sql_failed"


class TestErrors:
    def test_wrong_password_is_told_without_it(self, cluster):
        with SqlApi(cluster.url(user="guarded", password="wr0ng-canary")) as api:
            error = api.error(query="SELECT 1")
            assert error["type"] == "database_authentication_failed"
            assert error["message"] == (
                f"cannot connect to app on {cluster.folder}: password authentication failed for user \"guarded\"")  # fmt: skip
            assert "canary" not in str(error) and "canary" not in api.close()

    def test_broken_url_is_no_fault_of_the_request(self):
        with SqlApi("postgresql://u:canary%zz@db/app") as api:
            error = api.error(query="SELECT 1")
            assert error["type"] == "configuration"
            assert error["message"].startswith("the database URL is malformed: ")
            assert "canary" not in str(error)

    def test_function_is_no_database(self):
        api = SqlApi("lambda:sql-api")
        assert api.process.stdout.readline().strip() == "usage: the SQL API reaches its database itself, not through a function"
        assert api.process.stdout.readline().strip() == "give a postgresql:// URL, the ARN of a secret or ssm:/path/prefix"
        api.close()

    def test_role_that_may_not_connect(self, cluster, database):
        cluster.psql(f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")
        with SqlApi(cluster.url(user="reader", db=database)) as api:
            assert api.error(query="SELECT 1")["type"] == "permission_denied"

    def test_no_server(self, tmp_path):
        with SqlApi(f"postgresql://reader@/app?host={tmp_path}") as api:
            assert api.error(query="SELECT 1")["type"] == "connection_failed"
            assert api.error(operation="health_check")["type"] == "connection_failed"


class TestTls:
    def test_certificate_of_a_private_authority_is_verified(self, tmp_path):
        authority = Authority(tmp_path / "ca")
        with Cluster(tls=authority.issue("db.example.test")) as server:
            where = {"host": "db.example.test", "hostaddr": "127.0.0.1", "sslmode": "verify-full"}
            with SqlApi(server.url(sslrootcert=authority.file, **where)) as api:
                assert api.rows("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == [[True, "TLSv1.3"]]
            stranger = Authority(tmp_path / "stranger", "another CA")
            with SqlApi(server.url(sslrootcert=stranger.file, **where)) as api:
                error = api.error(query="SELECT 1")
                assert (error["type"], error["message"]) == (
                    "tls_failed",
                    f"cannot connect to app on db.example.test:{server.port}: SSL error: certificate verify failed")  # fmt: skip


class TestPooler:
    """PgBouncer in transaction mode: a server connection is ours from BEGIN to ROLLBACK alone."""

    @pytest.fixture(scope="class")
    def pooler(self, cluster):
        cluster.psql("CREATE TABLE pooled (id int PRIMARY KEY)", db="app")
        with PgBouncer(cluster) as server:
            yield server

    def test_reads_pages_and_changes(self, pooler, tmp_path):
        with SqlApi(pooler.url("owner"), mutations="yes", audit=tmp_path / "audit") as api:
            assert api.value("SELECT $1::int + 1", params=[1]) == 2
            assert api.value("SELECT current_setting('transaction_read_only')") == "on"
            page = api.ask(query="SELECT g FROM generate_series(1, 5) g", max_rows=3)
            assert api.ask(query="SELECT g FROM generate_series(1, 5) g", max_rows=3, cursor=page["next_cursor"])["rows"] == [[4], [5]]
            assert api.ask(operation="execute_many", query="INSERT INTO pooled VALUES (%s)", params=[[1], [2]]) == {"affected_rows": 2}
            assert api.error(sql="INSERT INTO pooled VALUES (1)")["sqlstate"] == "23505"
            assert api.ask(action="count", table="pooled")["count"] == 2
            assert api.error(query="SELECT pg_sleep(9)", timeout_ms=200)["sqlstate"] == "57014"
            assert api.error(query="SELECT repeat('x', 500), generate_series(1, 1000000000)")["type"] == "answer_too_large"
            assert api.value("SELECT 1") == 1

    def test_two_callers_share_one_server_connection_and_see_nothing_of_each_other(self, pooler):
        with SqlApi(pooler.url("owner")) as one, SqlApi(pooler.url("owner")) as two:
            pids = set()
            for _ in range(20):
                pids |= {one.value(PID), two.value(PID)}
                one.error(query="SELECT 1/0")
                assert two.value("SELECT current_setting('statement_timeout')", timeout_ms=1234) == "1234ms"
                assert one.value("SELECT current_setting('statement_timeout')", timeout_ms=5678) == "5678ms"
            assert len(pids) == 1


class TestToken:
    """--auth iam: the token is the password. With the clock held still the same token is made again,
    so it can be set as the role's password; a second token is another one."""

    NOW = 1_800_000_000
    KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "c4nary", "DB_REGION": "eu-central-1",
            "AWS_REGION": "eu-central-1", "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}  # fmt: skip

    def let_in(self, server, now):
        token = rds_token("localhost", server.port, "drift", "eu-central-1", "AKIAEXAMPLE", "c4nary", now)
        server.psql(f"ALTER ROLE drift PASSWORD '{token}'")

    def test_connection_is_opened_anew_before_its_token_expires(self, tmp_path):
        authority = Authority(tmp_path / "ca")
        with Cluster(tls=authority.issue("localhost")) as server:
            server.psql("CREATE ROLE drift LOGIN IN ROLE with_password")
            url = f"postgresql://drift@localhost:{server.port}/app?sslrootcert={authority.file}&sslmode=verify-full"
            with SqlApi(url, environment=self.KEYS, iam="yes", time=self.NOW) as api:
                error = api.error(query="SELECT 1")
                assert error["type"] == "database_authentication_failed"
                assert error["hint"] == (
                    "allow rds-db:connect on arn:aws:rds-db:eu-central-1:ACCOUNT:dbuser:RESOURCE/drift to environment, "
                    "and GRANT rds_iam TO drift in the database")  # fmt: skip
                self.let_in(server, self.NOW)
                first = api.value(PID)
                api.advance(self.NOW + 13 * 60)
                assert api.value(PID) == first, "good for 14 minutes"
                api.advance(self.NOW + 14 * 60)
                assert api.error(query=PID)["type"] == "database_authentication_failed", "the first token is not used again"
                self.let_in(server, self.NOW + 14 * 60)
                assert api.value(PID) != first
                assert "c4nary" not in api.close()
