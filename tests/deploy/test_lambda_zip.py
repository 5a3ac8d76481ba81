"""The Lambda zip, unpacked into a root that has nothing else, does the whole work there."""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import socket
import stat
import subprocess
import sys
import threading
import zipfile

import pytest

from empty_root import EmptyRoot, NameServer
from git_servers import Authority, HttpsServer, Project
from lambda_emulator import LambdaEmulator
from postgres import Cluster
from program import ROOT, check, valid
from python_venv import build_folder

MAKE = ROOT / "cron/lambda/make-zip"
PROGRAM = build_folder() / "schema-drift-lambda"
BOOTSTRAP = "/var/task/bootstrap"
# As Lambda sets it: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
LAMBDA_LIBRARY_PATH = (
    "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
)
CERTIFICATES = {
    "Debian": "/etc/ssl/certs/ca-certificates.crt",
    "Amazon Linux": "/etc/pki/tls/certs/ca-bundle.crt",
}


def make(*words):
    return subprocess.run([MAKE, *map(str, words)], capture_output=True, text=True)


@pytest.fixture
def root(tmp_path, archive):
    place = EmptyRoot(tmp_path / "root")
    place.unpack(archive)
    return place


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    served = Project(tmp_path_factory.mktemp("project"))
    served.add("alembic.ini", "[alembic]\nscript_location = %(here)s\n")
    served.add("versions/1a.py", "revision = '1a'\ndown_revision = None\n")
    return served


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "ca")


def test_it_starts_in_an_empty_root(root):
    assert sorted(path.name for path in root.folder.iterdir()) == ["tmp", "var"]
    done = root.run(BOOTSTRAP, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"schema-drift \d+\.\d+\.\d+\n", done.stdout)


def test_libraries_of_the_system_are_not_touched(root):
    """Amazon Linux has other versions of the same libraries, and Lambda points at them."""
    for name in os.listdir(root.folder / "var/task/lib"):
        root.write(f"/lib64/{name}", "no library")
        root.write(f"/usr/lib64/{name}", "no library")
    done = root.run(BOOTSTRAP, "--version", env={"LD_LIBRARY_PATH": LAMBDA_LIBRARY_PATH})
    assert (done.returncode, done.stderr) == (0, "")


def test_a_system_library_would_have_been_noticed(root):
    """The test above can fail: without the zip's own copy the system's is taken, and is refused."""
    (root.folder / "var/task/lib/libpq.so.5").unlink()
    root.write("/lib64/libpq.so.5", "no library")
    done = root.run(BOOTSTRAP, "--version", env={"LD_LIBRARY_PATH": LAMBDA_LIBRARY_PATH})
    assert done.returncode == 127
    assert "/lib64/libpq.so.5" in done.stderr


@pytest.mark.parametrize("system", CERTIFICATES)
def test_it_reads_a_repository_over_https(root, project, authority, system):
    """Names from a name server, certificates from where the system keeps them."""
    root.write(CERTIFICATES[system], authority.certificate.read_bytes())
    if os.geteuid() != 0:
        pytest.skip("a name server listens on port 53, which only root may take")
    with NameServer() as names, HttpsServer(project.root, authority, host="git.example.com") as server:
        root.write("/etc/resolv.conf", f"nameserver {names.address}\n")
        url = f"https://git.example.com:{server.port}/project.git"
        done = root.run(BOOTSTRAP, "heads", "--repository", url, "--format", "json",
                        "--cache-dir", "/tmp/cache")  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert json.loads(done.stdout)["heads"] == ["1a"]
        assert set(names.asked) == {"git.example.com"}


def test_without_certificates_it_trusts_nobody(root, project, authority):
    root.write("/etc/hosts", "127.0.0.1 localhost\n")
    with HttpsServer(project.root, authority) as server:
        done = root.run(BOOTSTRAP, "heads", "--cache-dir", "/tmp/cache", "--repository",
                        f"https://localhost:{server.port}/project.git")  # fmt: skip
    assert done.returncode == 2
    assert "certificate" in done.stderr


def test_it_checks_production_over_libpq_and_keeps_a_report(root, project, authority):
    root.write("/etc/hosts", "127.0.0.1 localhost\n")
    root.write(CERTIFICATES["Amazon Linux"], authority.certificate.read_bytes())
    with Cluster(tcp=True) as cluster, HttpsServer(project.root, authority) as server:
        cluster.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                     "INSERT INTO alembic_version VALUES ('1a')", db="app")  # fmt: skip
        done = root.run(
            BOOTSTRAP, "check", "--format", "json", "--cache-dir", "/tmp/cache", "--reports", "/tmp/reports",
            "--repository", f"https://localhost:{server.port}/project.git",
            env={"SCHEMA_DRIFT_DATABASE": f"postgresql://owner@127.0.0.1:{cluster.port}/app"})  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    report = valid(json.loads(done.stdout))
    assert report["status"] == "synced"
    assert valid(json.loads((root.folder / "tmp/reports/latest/app.json").read_text())) == report


@pytest.fixture
def sql_api(root):
    """The SQL API's function, started by Lambda as the template sets it up; its database is the test's."""
    root.write("/etc/hosts", "127.0.0.1 localhost\n")
    program, *words = root.command(BOOTSTRAP)
    with Cluster(tcp=True) as cluster:
        variables = {
            "_HANDLER": "sql-api", "LD_LIBRARY_PATH": "", "HOME": "/nonexistent",
            "SCHEMA_DRIFT_DATABASE": f"postgresql://owner@localhost:{cluster.port}/app"}  # fmt: skip
        with LambdaEmulator(words, variables, program=program) as function:
            function.cluster = cluster
            yield function


def test_it_answers_an_invocation_as_the_sql_api(sql_api):
    answered = sql_api.invoke({"query": "SELECT 40 + 2 AS answer, 'ü'::text AS text"})
    assert answered.function_error == "", answered.log
    body = answered.json.get("body", answered.json)
    assert (body["columns"], body["row_count"]) == (["answer", "text"], 1)
    assert body["rows"] in ([[42, "ü"]], [{"answer": 42, "text": "ü"}])
    # Kept from one invocation to the next.
    process = sql_api.process.pid
    assert sql_api.invoke({"query": "SELECT 1"}).function_error == ""
    assert sql_api.process.pid == process


def test_a_check_asks_the_sql_api_of_the_zip(sql_api, project):
    """Both sides of production: the check invokes the function over signed HTTP, as each night."""
    sql_api.cluster.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                         "INSERT INTO alembic_version VALUES ('1a')", db="app")  # fmt: skip
    code, report = check("--repository", project.bare, "--database", "lambda:function", env=sql_api.environment())
    assert (code, report["status"]) == (0, "synced"), report


def test_the_same_input_gives_the_same_bytes(archive, tmp_path):
    again = tmp_path / "again.zip"
    assert make(PROGRAM, again).returncode == 0
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(archive.read_bytes()).digest()


def test_it_is_under_eleven_megabytes(archive):
    assert archive.stat().st_size < 11_000_000


def test_everything_in_it_may_be_read_and_run_by_anybody(archive):
    with zipfile.ZipFile(archive) as opened:
        modes = {entry.filename: entry.external_attr >> 16 for entry in opened.infolist()}
    data = {"lib/CONTENTS", "sbom.cdx.json"}
    assert {modes[name] for name in data} == {stat.S_IFREG | 0o644}
    assert {mode for name, mode in modes.items() if name not in data} == {stat.S_IFREG | 0o755}


def test_nothing_of_the_terminal_is_in_it(archive):
    with zipfile.ZipFile(archive) as opened:
        assert not [name for name in opened.namelist() if re.search(r"libedit|libtinfo|libbsd", name)]
        assert b"lists commands" not in opened.read("bootstrap"), "a session's greeting"


def test_contents_names_the_package_of_each_library(archive):
    with zipfile.ZipFile(archive) as opened:
        libraries = {name.removeprefix("lib/") for name in opened.namelist() if ".so" in name}
        listed = dict(line.split("\t") for line in opened.read("lib/CONTENTS").decode().splitlines())
    assert set(listed) == libraries
    assert re.fullmatch(r"libssl3 3\.\S+", listed["libcrypto.so.3"])
    if pathlib.Path("/usr/bin/dpkg-query").exists():
        assert not [name for name, package in listed.items() if package == "no package"]


def test_only_what_is_used_is_whole(root):
    """Of libcurl's, libgit2's and libpq's libraries. Another one here is a larger zip, and an attack surface."""
    lib = root.folder / "var/task/lib"
    whole = {name.partition(".so")[0] for name in os.listdir(lib) if ".so" in name and (lib / name).stat().st_size > 20_000}
    assert {name for name in whole if not name.startswith("ld-linux")} == {
        "libc", "libcrypto", "libcurl", "libfmt", "libgcc_s", "libgit2", "libhttp_parser", "libm", "libmbedcrypto",
        "libmbedtls", "libmbedx509", "libpcre2-8", "libpq", "libpugixml", "libssh2", "libssl", "libstdc++",
        "libtomlplusplus", "libz"}  # fmt: skip


def test_libraries_that_nothing_asks_are_stood_in_for(root):
    """Their functions are there, for the loader wants each, and say that they are none."""
    lib = root.folder / "var/task/lib"
    names = [name for name in os.listdir(lib) if ".so" in name and (lib / name).stat().st_size < 20_000]
    calls = {"librtmp": "RTMP_Alloc", "libldap": "ldap_init_fd", "liblber": "ber_free", "libnghttp2": "nghttp2_version",
             "libpsl": "psl_is_cookie_domain_acceptable"}
    stems = {re.match(r"lib[a-z0-9_]+", name)[0]: name for name in names}
    assert set(stems) == set(calls) | {"libbrotlidec", "libgssapi_krb5", "libidn2", "libzstd"}
    for stem, symbol in calls.items():
        name = stems[stem]
        done = subprocess.run([sys.executable, "-c", f"import ctypes; ctypes.CDLL('{lib / name}').{symbol}()"],
                              capture_output=True, text=True)  # fmt: skip
        assert (done.returncode, done.stderr) == (70, f"schema-drift: {name} is not part of this package\n")


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_an_answer_in_a_coding_that_was_not_asked_for_is_an_error(root, coding):
    """libcurl asks its decoders where a server uses one for the transfer. A run must outlive that."""
    answer = (f"HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n").encode() + b"x" * 100
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve():
            for _ in range(8):
                with contextlib.suppress(OSError), server.accept()[0] as connection:
                    connection.recv(65536)
                    connection.sendall(answer)
        threading.Thread(target=serve, daemon=True).start()
        done = root.run(BOOTSTRAP, "reports", "list", "--reports", "s3://bucket/prefix", env={
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.getsockname()[1]}", "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"})  # fmt: skip
        server.shutdown(socket.SHUT_RDWR)
    assert done.returncode == 2, done.stderr
    assert "the answer is not HTTP" in done.stderr


def test_what_insists_on_kerberos_is_told_that_there_is_none(root):
    root.write("/etc/hosts", "127.0.0.1 localhost\n")
    with Cluster(tcp=True) as cluster:
        done = root.run(BOOTSTRAP, "query", "SELECT 1", "--database",
                        f"postgresql://owner@localhost:{cluster.port}/app?gssencmode=require")  # fmt: skip
    assert done.returncode == 2
    assert "GSSAPI encryption required but was impossible" in done.stderr


def test_a_database_authority_can_be_packed(tmp_path, authority):
    target = tmp_path / "with.zip"
    assert make(PROGRAM, target, authority.certificate).returncode == 0
    with zipfile.ZipFile(target) as opened:
        assert opened.read("database-ca.pem") == authority.certificate.read_bytes()


@pytest.mark.parametrize("words, code, told", [
    (["nowhere", "x.zip"], 1, "make-zip: nowhere is not there: run make lambda\n"),
    (["/bin/sh"], 64, "PROGRAM is CMake's schema-drift-lambda"),
    ([PROGRAM, "x.zip", "/etc/passwd"], 1, "make-zip: /etc/passwd holds no certificate in PEM\n"),
    ([MAKE, "x.zip"], 1, "make-zip: "),
])  # fmt: skip
def test_what_cannot_be_packed_is_refused(tmp_path, words, code, told):
    done = subprocess.run([MAKE, *map(str, words)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == code
    assert told in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
