"""Reaching a database, or saying why not, without a secret."""

import socket
import threading
import time

import pytest

from conftest import CANARY
from postgres import Cluster, PgBouncer, Session, free_port
from relay import Relay
from version_table_reader import TABLE, TWO_ROWS, grant_reader, place, read

pytestmark = pytest.mark.usefixtures("roles")


class TestConnecting:
    def test_nobody_listening(self):
        port = free_port()
        read(f"postgresql://reader@127.0.0.1:{port}/app").refuses(
            "connection_failed",
            f"cannot connect to app on 127.0.0.1:{port}: connection refused",
            "check the host and port in the URL, that the server runs, and that a firewall or "
            "security group lets this machine in",
            retryable=True,
        )

    def test_missing_database(self, cluster):
        read(cluster.url(db="no_such_db")).refuses(
            "connection_failed",
            f'cannot connect to no_such_db on {cluster.folder}: database "no_such_db" does not exist',
            "check the database name in the URL",
        )

    def test_missing_role(self, cluster):
        read(cluster.url(user="no_such_role")).refuses(
            "database_authentication_failed",
            f'cannot connect to app on {cluster.folder}: role "no_such_role" does not exist',
            "check the user, and the server's pg_hba.conf for this user, database and address",
        )

    def test_full_server(self, cluster):
        read(cluster.url(user="limited")).refuses(
            "connection_failed",
            f'cannot connect to app on {cluster.folder}: too many connections for role "limited"',
            "the server has no free connection; run again later, or connect through a pooler",
            retryable=True,
        )

    def test_missing_password(self, cluster):
        read(cluster.url(user="guarded")).refuses(
            "database_authentication_failed",
            f"cannot connect to app on {cluster.folder}: the server asks for the password of guarded "
            "and none was given",
            "give the password by PGPASSWORD, ~/.pgpass or the URL",
        )

    def test_password_from_the_url_the_environment_and_pgpass(self, cluster, tmp_path):
        assert not read(cluster.url(user="guarded", password=CANARY)).exists
        assert not read(cluster.url(user="guarded"), PGPASSWORD=CANARY).exists
        pgpass = tmp_path / ".pgpass"
        pgpass.write_text("*:*:*:guarded:" + CANARY.replace(":", "\\:") + "\n")
        pgpass.chmod(0o600)
        assert not read(cluster.url(user="guarded"), HOME=str(tmp_path)).exists

    def test_password_is_in_no_error(self, cluster, database):
        cluster.psql("CREATE TABLE alembic_version (version_num TEXT)", db=database)
        wrong = "wr@ng/" + CANARY
        for answer in (
            read(cluster.url(user="guarded", password=wrong)),
            read(cluster.url(user="guarded"), PGPASSWORD=wrong),
            read(cluster.url(user="no_such_role", password=wrong)),
            read(cluster.url(user="guarded", password=CANARY, db="no_such_db")),
            read(cluster.url(user="guarded", password=CANARY, db=database)),
            read(f"postgresql://u:{wrong}@127.0.0.1:1/app"),
            read(f"postgresql://u:nary%zz@127.0.0.1:1/app"),
            read("postgresql://u:nary%40@127.0.0.1:1/app"),
            read("postgresql://u:5432/nary@127.0.0.1:1/app"),
            read("host=127.0.0.1 password=x nary"),
            read("host=127.0.0.1 port=1 password='nary'"),
            read("postgresql://nosuch.invalid/app?password=nary"),
        ):
            assert answer.error is not None
            assert "nary" not in answer.text
            assert "wr@ng" not in answer.text

    def test_server_that_repeats_the_password_is_not_quoted(self):
        with socket.socket() as hostile:
            hostile.bind(("127.0.0.1", 0))
            hostile.listen(1)

            def serve():
                peer, _ = hostile.accept()
                with peer:
                    peer.recv(10_000)
                    peer.sendall(b"R\x00\x00\x00\x08\x00\x00\x00\x03")  # AuthenticationCleartextPassword
                    password = peer.recv(10_000)[5:-1]
                    fields = b"SFATAL\0C28P01\0M\x1b[31mno: " + password + b"\0\0"
                    peer.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)

            thread = threading.Thread(target=serve)
            thread.start()
            port = hostile.getsockname()[1]
            answer = read(f"postgresql://u:canary-secret@127.0.0.1:{port}/app?sslmode=disable")
            thread.join()
        assert answer.error["kind"] == "database_authentication_failed"
        assert answer.error["message"] == (
            f"cannot connect to app on 127.0.0.1:{port}: \\x1b[31mno: ***"
        )

    def test_message_in_german_is_understood(self):
        with Cluster(settings={"lc_messages": "C.UTF-8"}, environment={"LANGUAGE": "de"}) as server:
            answer = read(server.url(db="nichts"))
            if "does not exist" in answer.error["message"]:
                pytest.skip("no German messages installed")
            assert answer.error["message"].endswith("Datenbank »nichts« existiert nicht")
            assert answer.error["hint"] == "check the database name in the URL"
            server.psql(TWO_ROWS + "CREATE ROLE reader LOGIN; CREATE ROLE guarded LOGIN PASSWORD 'x' IN ROLE with_password", db="app")  # fmt: skip
            assert read(server.url(user="guarded", password="y")).error["kind"] == (
                "database_authentication_failed"
            )
            assert read(server.url(user="reader")).error["kind"] == "permission_denied"
            assert read(server.url()).rows == ["a1", "b2"]

    def test_database_in_latin1_is_converted(self, cluster):
        cluster.psql("CREATE DATABASE in_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        cluster.psql(TABLE + "INSERT INTO alembic_version VALUES (U&'caf\\00E9')", db="in_latin1")
        assert cluster.psql("SELECT octet_length(version_num) FROM alembic_version", db="in_latin1") == "4"  # fmt: skip
        assert read(cluster.url(db="in_latin1")).rows == ["café"]

    def test_bytes_that_are_no_text_are_refused(self, cluster):
        cluster.psql("CREATE DATABASE in_ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        cluster.psql(TWO_ROWS, db="in_ascii")
        assert read(cluster.url(db="in_ascii")).rows == ["a1", "b2"]
        cluster.psql("INSERT INTO alembic_version VALUES (E'caf\\xe9')", db="in_ascii")
        read(cluster.url(db="in_ascii")).refuses(
            "wrong_column",
            "public.alembic_version holds bytes that are not UTF-8: not a revision",
            "look at the rows, and at the encoding of the database",
        )

    def test_bytes_that_a_server_hands_out_unasked_are_refused(self, cluster):
        """As through a pooler that does not pass on which encoding its client asked for."""
        cluster.psql("CREATE DATABASE handed_out ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        cluster.psql(TABLE + "INSERT INTO alembic_version VALUES (E'caf\\xe9')", db="handed_out")
        with Relay(cluster, {"UTF8": "SQL_ASCII"}) as relay:
            read(relay.url(db="handed_out")).refuses(
                "wrong_column",
                "public.alembic_version holds bytes that are not UTF-8: not a revision",
                "look at the rows, and at the encoding of the database",
            )


class TestSeveralHosts:
    def test_second_host_answers_where_the_first_does_not(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        nothing = free_port()
        url = (
            f"postgresql:///{database}?user=owner&host=127.0.0.1,{cluster.folder}"
            f"&port={nothing},{cluster.port}"
        )
        answer = read(url)
        assert answer.rows == ["a1", "b2"]
        assert answer.database == place(cluster, database)

    def test_host_that_swallows_packets_is_passed_over_in_time(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            port = full.getsockname()[1]
            # A full queue drops every SYN, as a firewall does.
            fillers = []
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
                fillers.append(filler)
            time.sleep(0.1)
            url = (
                f"postgresql:///{database}?user=owner&host=127.0.0.1,{cluster.folder}"
                f"&port={port},{cluster.port}&connect_timeout=2"
            )
            answer = read(url, timeout_ms=20_000)
            for filler in fillers:
                filler.close()
        assert answer.rows == ["a1", "b2"]

    def test_every_host_that_failed_is_named(self):
        one, two = free_port(), free_port()
        answer = read(f"postgresql://127.0.0.1:{one},127.0.0.1:{two}/app")
        assert answer.error["message"] == (
            f"cannot connect to app on 127.0.0.1:{one}, 127.0.0.1:{two}: "
            f"127.0.0.1:{one}: connection refused; 127.0.0.1:{two}: connection refused"
        )


class TestStandby:
    def test_hot_standby_is_read(self):
        with Cluster() as primary:
            primary.psql(TWO_ROWS, db="app")
            with Cluster(standby_of=primary) as standby:
                assert standby.psql("SELECT pg_is_in_recovery()") == "t"
                assert read(standby.url()).rows == ["a1", "b2"]

                both = (
                    f"postgresql:///app?user=owner&host={primary.folder},{standby.folder}"
                    "&port=5432,5432&target_session_attrs="
                )
                assert read(both + "standby").database == f"app on {standby.folder}"
                assert read(both + "primary").database == f"app on {primary.folder}"
                only_primary = primary.url(target_session_attrs="standby")
                read(only_primary).refuses(
                    "connection_failed",
                    f"cannot connect to app on {primary.folder}: server is not in hot standby mode",
                    "none of the hosts is what target_session_attrs in the URL asks for",
                    retryable=True,
                )


class TestPgBouncer:
    def test_transaction_mode_works_again_and_again(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        grant_reader(cluster, database)
        with PgBouncer(cluster) as pooler:
            for _ in range(5):
                answer = read(pooler.url(user="reader", db=database))
                assert answer.rows == ["a1", "b2"]
                assert answer.database == f"{database} on {pooler.folder}:6432"
            log = pooler.log.read_text()
            assert log.count("new connection to server") == 1, "the server connection is given back"
            assert "unclean" not in log

    def test_settings_do_not_leak_to_the_next_client(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with PgBouncer(cluster) as pooler:
            assert read(pooler.url(user="owner", db=database)).rows == ["a1", "b2"]
            with Session(["psql", "-X", "-q", "-A", "-t", "-d", pooler.url(user="owner", db=database)]) as other:  # fmt: skip
                assert other.ask(
                    "SELECT current_setting('transaction_read_only'), current_setting('lock_timeout'), "
                    "current_setting('row_security')"
                ) == "off|0|on"  # fmt: skip

    def test_temporary_table_of_another_client_is_passed_over(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        with PgBouncer(cluster) as pooler:
            with Session(["psql", "-X", "-q", "-A", "-t", "-d", pooler.url(user="owner", db=database)]) as other:  # fmt: skip
                other.ask("CREATE TEMP TABLE alembic_version (version_num TEXT)")
                answer = read(pooler.url(user="owner", db=database))
                assert answer.rows == ["a1", "b2"]
                assert answer.qualified_name == "public.alembic_version"
                assert answer.warnings == [
                    "a temporary table alembic_version hides the permanent one in this session; it "
                    "was passed over"
                ]

    def test_user_that_pgbouncer_does_not_know(self, cluster):
        with PgBouncer(cluster) as pooler:
            answer = read(pooler.url(user="no_such_role"))
            assert answer.error["kind"] == "database_authentication_failed"
