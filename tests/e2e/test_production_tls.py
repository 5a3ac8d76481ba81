"""Who is trusted, and what the report warns of."""

import shutil
import socket

import pytest

from postgres import Authority, Cluster
from version_table_reader import TWO_ROWS, read


@pytest.fixture(scope="class")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="class")
def tls_cluster(authority):
    with Cluster(tls=authority.issue("db.example.test", "localhost")) as server:
        server.psql(TWO_ROWS, db="app")
        yield server


class TestTls:
    """hostaddr= makes a name reach the loopback without a resolver. The loopback counts as local
    whatever its name, so the mode is asked for where the test is about it."""

    def url(self, server, name="db.example.test", **parameters):
        return server.url(host=name, hostaddr="127.0.0.1", **parameters)

    def test_certificate_of_a_private_authority_is_verified(self, tls_cluster, authority):
        answer = read(self.url(tls_cluster, sslmode="verify-full", sslrootcert=authority.file))
        assert answer.rows == ["a1", "b2"]
        assert answer.database == f"app on db.example.test:{tls_cluster.port}"
        assert answer.warnings == []

    def test_authority_of_the_home_directory_counts(self, tls_cluster, authority, tmp_path):
        (tmp_path / ".postgresql").mkdir()
        shutil.copy(authority.file, tmp_path / ".postgresql" / "root.crt")
        url = self.url(tls_cluster, sslmode="verify-full")
        assert read(url, HOME=str(tmp_path)).rows == ["a1", "b2"]
        assert read(url, PGSSLROOTCERT=str(authority.file)).rows == ["a1", "b2"]

    def test_wrong_host_name_is_refused(self, tls_cluster, authority):
        answer = read(
            self.url(tls_cluster, name="other.example.test", sslmode="verify-full", sslrootcert=authority.file))  # fmt: skip
        answer.refuses(
            "tls_failed",
            f"cannot connect to app on other.example.test:{tls_cluster.port}: server certificate for "
            '"db.example.test" (and 1 other name) does not match host name "other.example.test"',
            "connect by a name that the certificate holds; hostaddr= can give the address beside it",
        )

    def test_untrusted_certificate_is_refused(self, tls_cluster, tmp_path):
        stranger = Authority(tmp_path / "stranger", "another CA")
        for parameters in ({"sslrootcert": stranger.file}, {}):
            # Without a file of ours the system's public authorities are asked: not one of them.
            answer = read(self.url(tls_cluster, sslmode="verify-full", **parameters))
            answer.refuses(
                "tls_failed",
                f"cannot connect to app on db.example.test:{tls_cluster.port}: SSL error: certificate "
                "verify failed",
                "give the certificate authority that signed the server's certificate as "
                "sslrootcert=FILE in the URL; for Amazon RDS and Aurora that is the downloaded "
                "global-bundle.pem",
            )

    def test_missing_root_certificate_is_named(self, tls_cluster):
        answer = read(self.url(tls_cluster, sslmode="verify-full", sslrootcert="/nowhere.pem"))
        answer.refuses(
            "tls_failed",
            f"cannot connect to app on db.example.test:{tls_cluster.port}: root certificate file "
            '"/nowhere.pem" does not exist',
            "give a readable PEM file of the certificate authority as sslrootcert=FILE in the URL",
        )

    def test_server_without_tls_is_refused_where_it_is_demanded(self):
        with Cluster(tcp=True) as plain:
            for parameters, environment in (
                ({"sslmode": "verify-full"}, {}),
                ({}, {"PGSSLMODE": "verify-full"}),
            ):
                url = plain.url(host="localhost", **parameters)
                read(url, **environment).refuses(
                    "tls_failed",
                    f"cannot connect to app on localhost:{plain.port}: server does not support SSL, "
                    "but SSL was required",
                    "turn on ssl at the server; only where nobody can listen in, add "
                    "sslmode=disable to the URL",
                )
            assert not read(plain.url(host="localhost")).exists, "the loopback may go without"

    def test_address_beyond_the_loopback_demands_a_verified_certificate(self, tls_cluster, authority):
        address = own_address()
        if address is None:
            pytest.skip("this machine has no address but the loopback")
        with Cluster(tls=authority.issue("db.example.test"), settings={"listen_addresses": address}) as far:  # fmt: skip
            with open(far.data / "pg_hba.conf", "a") as hba:
                hba.write("host all all all trust\n")
            far.psql("SELECT pg_reload_conf();" + TWO_ROWS, db="app")

            def url(name="db.example.test", **parameters):
                return far.url(host=name, hostaddr=address, **parameters)

            assert read(url(sslrootcert=authority.file)).rows == ["a1", "b2"]
            assert read(url()).error["kind"] == "tls_failed", "nobody vouches for a private authority"
            assert read(url(name="other.test", sslrootcert=authority.file)).error["kind"] == "tls_failed"  # fmt: skip
            where = f"db.example.test:{far.port}"
            weaker = {
                "require": f"the certificate of {where} is not verified (sslmode=require)",
                "prefer": f"the certificate of {where} is not verified (sslmode=prefer)",
                "disable": f"the connection to {where} is not encrypted (sslmode=disable)",
            }
            for mode, warning in weaker.items():
                answer = read(url(sslmode=mode))
                assert answer.rows == ["a1", "b2"]
                assert answer.warnings == [warning]
                assert read(url(), PGSSLMODE=mode).warnings == [warning]
            answer = read(url(name="other.test", sslmode="verify-ca", sslrootcert=authority.file))
            assert answer.warnings == [
                f"the certificate of other.test:{far.port} is not checked against its host name "
                "(sslmode=verify-ca)"
            ]

    def test_service_file_counts(self, tls_cluster, authority, tmp_path):
        services = tmp_path / "services"
        services.write_text(
            f"[production]\nhost=db.example.test\nhostaddr=127.0.0.1\nport={tls_cluster.port}\n"
            f"dbname=app\nuser=owner\nsslmode=verify-full\nsslrootcert={authority.file}\n"
        )
        answer = read("postgresql://?service=production", PGSERVICEFILE=str(services))
        assert answer.database == f"app on db.example.test:{tls_cluster.port}"
        assert answer.rows == ["a1", "b2"]
        read("postgresql://?service=nothing", PGSERVICEFILE=str(services)).refuses(
            "usage",
            'the database URL cannot be used: definition of service "nothing" not found',
            "check the options in the database URL and in PG* variables",
        )


def own_address():
    """An address of this machine that is not the loopback; no packet is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
        return None if address.startswith("127.") else address
