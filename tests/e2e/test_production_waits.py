"""A database that is locked, slow, silent or dies never holds a run up, and never passes for another answer."""

import os
import signal
import socket
import threading
import time

import pytest

from postgres import Cluster
from version_table_reader import SLOW_VIEW, TABLE, TWO_ROWS, finish, place, read, sessions_of_ours, start, wait_until

pytestmark = pytest.mark.usefixtures("roles")


def through_sql_api():
    return "READ_THROUGH" in os.environ


class TestTimeAndLoss:
    @pytest.mark.usefixtures("both_ways")
    def test_locked_table_is_told_as_such(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with cluster.session(db=database) as migration:
            migration.ask("BEGIN; LOCK TABLE alembic_version")
            read(cluster.url(db=database), timeout_ms=1500).refuses(
                "timed_out",
                "public.alembic_version is locked by another session",
                "a migration may be running: run again when it has finished",
                retryable=True,
            )

    @pytest.mark.usefixtures("both_ways")
    def test_table_rewritten_while_we_waited_does_not_pass_for_empty(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with cluster.session(db=database) as migration:
            migration.ask("BEGIN; TRUNCATE alembic_version; INSERT INTO alembic_version VALUES ('c3')")
            waiting = start(cluster.url(db=database))
            wait_until(lambda: sessions_of_ours(cluster, "wait_event_type = 'Lock'") == 1)
            migration.ask("COMMIT")
            if through_sql_api():
                # The server describes the statement first, and waits there: what is read is what was committed.
                assert finish(waiting).rows == ["c3"]
            else:
                finish(waiting).refuses(
                    "sql_failed",
                    "public.alembic_version was rewritten while it was being read",
                    "a migration may be running: run again when it has finished",
                    retryable=True,
                )
        assert read(cluster.url(db=database)).rows == ["c3"]

    @pytest.mark.usefixtures("both_ways")
    def test_table_dropped_while_we_waited_changed(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with cluster.session(db=database) as migration:
            migration.ask("BEGIN; DROP TABLE alembic_version")
            waiting = start(cluster.url(db=database))
            wait_until(lambda: sessions_of_ours(cluster, "wait_event_type = 'Lock'") == 1)
            migration.ask("COMMIT")
            finish(waiting).refuses(
                "sql_failed",
                "public.alembic_version changed while it was being read: relation "
                '"public.alembic_version" does not exist',
                "a migration may be running: run again when it has finished",
                retryable=True,
            )

    @pytest.mark.usefixtures("both_ways")
    def test_row_committed_while_we_waited_is_not_half_seen(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with cluster.session(db=database) as migration:
            migration.ask("BEGIN; LOCK TABLE alembic_version; UPDATE alembic_version SET version_num = 'z' WHERE version_num = 'a1'")  # fmt: skip
            waiting = start(cluster.url(db=database))
            wait_until(lambda: sessions_of_ours(cluster, "wait_event_type = 'Lock'") == 1)
            migration.ask("COMMIT")
            # As before the migration or as after it, by where it was waited for.
            assert finish(waiting).rows == (["b2", "z"] if through_sql_api() else ["a1", "b2"])

    @pytest.mark.usefixtures("both_ways")
    def test_statement_timeout_is_told_by_the_server(self, cluster, database):
        cluster.psql(SLOW_VIEW, db=database)
        begun = time.monotonic()
        read(cluster.url(db=database), timeout_ms=1000).refuses(
            "timed_out",
            "the server gave up reading public.alembic_version: canceling statement due to statement "
            "timeout",
            "the server is overloaded, or somebody cancelled the query: run again later",
            retryable=True,
        )
        assert time.monotonic() - begun < 5

    def test_interruption_cancels_the_query_at_the_server(self, cluster, database):
        cluster.psql(SLOW_VIEW, db=database)
        process = start(cluster.url(db=database))
        wait_until(lambda: sessions_of_ours(cluster, "wait_event = 'PgSleep'") == 1)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        finish(process).refuses(
            "interrupted",
            f"interrupted while reading from {place(cluster, database)}",
            "nothing was changed; run it again",
        )
        assert time.monotonic() - begun < 3
        wait_until(lambda: sessions_of_ours(cluster) == 0, seconds=5)

    def test_stopped_server_process_cannot_hold_us(self, cluster, database):
        cluster.psql(SLOW_VIEW, db=database)
        process = start(cluster.url(db=database), timeout_ms=1500)
        wait_until(lambda: sessions_of_ours(cluster, "wait_event = 'PgSleep'") == 1)
        backend = int(cluster.psql("SELECT pid FROM pg_stat_activity WHERE application_name = 'schema-drift'"))  # fmt: skip
        os.kill(backend, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            answer = finish(process)
            assert time.monotonic() - begun < 5
        finally:
            os.kill(backend, signal.SIGCONT)
        answer.refuses(
            "timed_out",
            f"out of time while reading from {place(cluster, database)}",
            "raise --timeout, or find out what is slow",
        )
        wait_until(lambda: sessions_of_ours(cluster) == 0)

    def test_session_ended_by_an_administrator_is_a_lost_connection(self, cluster, database):
        cluster.psql(SLOW_VIEW, db=database)
        process = start(cluster.url(db=database))
        wait_until(lambda: sessions_of_ours(cluster, "wait_event = 'PgSleep'") == 1)
        cluster.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'schema-drift'")  # fmt: skip
        finish(process).refuses(
            "connection_failed",
            f"lost the connection to {place(cluster, database)}: terminating connection due to "
            "administrator command",
            "the server ended the session or cannot be reached any more; run again",
            retryable=True,
        )

    def test_crashing_server_is_a_lost_connection(self):
        with Cluster() as server:
            server.psql(SLOW_VIEW, db="app")
            process = start(server.url())
            wait_until(lambda: sessions_of_ours(server, "wait_event = 'PgSleep'") == 1)
            server.process.send_signal(signal.SIGQUIT)
            answer = finish(process)
            assert answer.error["kind"] == "connection_failed"
            assert answer.error["retryable"]
            assert answer.error["message"].startswith(f"lost the connection to app on {server.folder}: ")

    def test_server_that_says_nothing_is_given_up(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(5)
            port = silent.getsockname()[1]
            begun = time.monotonic()
            read(f"postgresql://reader@127.0.0.1:{port}/app?connect_timeout=1").refuses(
                "timed_out",
                f"cannot connect to app on 127.0.0.1:{port}: no answer within 1 s",
                "check the host and port in the URL, and that a firewall or security group lets this "
                "machine in; connect_timeout= in the URL waits longer",
                retryable=True,
            )
            assert time.monotonic() - begun < 4
            read(f"postgresql://reader@127.0.0.1:{port}/app", timeout_ms=700).refuses(
                "timed_out",
                f"out of time while connecting to app on 127.0.0.1:{port}",
                "raise --timeout, or find out what is slow",
            )

    def test_server_that_speaks_another_protocol_is_refused(self):
        with socket.socket() as web:
            web.bind(("127.0.0.1", 0))
            web.listen(5)

            def answer_once():
                peer, _ = web.accept()
                with peer:
                    peer.recv(1000)
                    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

            thread = threading.Thread(target=answer_once)
            thread.start()
            port = web.getsockname()[1]
            answer = read(f"postgresql://reader@127.0.0.1:{port}/app?sslmode=disable")
            thread.join()
        assert answer.error["kind"] == "connection_failed"
        assert answer.error["message"].startswith(f"cannot connect to app on 127.0.0.1:{port}: ")
