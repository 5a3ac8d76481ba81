"""Throwaway PostgreSQL servers for tests.

    with Cluster() as cluster:                        # socket only, no port taken
        cluster.psql("CREATE TABLE ...", db="app")
        run(cluster.url(user="reader", db="app"))
    with Cluster(tcp=True, tls=certificate) as cluster:
        run(cluster.url(host="localhost", sslmode="verify-full", sslrootcert=ca.file))
    with PgBouncer(cluster) as pooler:
        run(pooler.url(user="reader", db="app"))

Each lives in a private directory of its own (short: a socket's path holds 107 bytes) and is gone
when the block ends. As root, the servers run as `postgres` or `nobody`, since PostgreSQL refuses
root. Roles in the group `with_password` must give one (SCRAM); all others are trusted.
"""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

POSTGRES_BIN = max(
    (path.parent for path in pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")),
    key=lambda folder: float(folder.parent.name),
    default=pathlib.Path(shutil.which("initdb") or "/usr/bin/initdb").parent,
)


def unprivileged():
    """Keyword arguments for subprocess that leave root behind; none for an ordinary user."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            who = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
    raise RuntimeError("PostgreSQL refuses root, and there is no user postgres or nobody")


def private_directory():
    """A new directory that the server's user owns and others may pass through to its socket."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sd-pg-", dir="/tmp"))
    drop = unprivileged()
    if drop:
        os.chown(folder, drop["user"], drop["group"])
    folder.chmod(0o755)
    return folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment(**extra):
    """The environment without the PG* variables of whoever runs the tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return {**kept, "LC_ALL": "C.UTF-8", **extra}


def database_url(host, port, user, db, password=None, **parameters):
    """A URL as people write it. A host that begins with "/" is the directory of a socket."""
    quote = lambda text: urllib.parse.quote(text, safe="")  # noqa: E731
    who = quote(user) + (":" + quote(password) if password is not None else "")
    if host.startswith("/"):
        parameters = {"host": host, "port": port, **parameters}
        place = ""
    else:
        place = f"{host}:{port}"
    query = urllib.parse.urlencode(parameters)
    return f"postgresql://{who}@{place}/{quote(db)}" + ("?" + query if query else "")


class Authority:
    """A private certificate authority, made with the openssl program."""

    def __init__(self, folder, name="schema-drift test CA"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file = self.folder / "ca.crt"
        self._key = self.folder / "ca.key"
        self._openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.file)  # fmt: skip

    def issue(self, *names):
        """Certificate and key files for a server of these DNS names."""
        stem = self.folder / names[0]
        key, request, certificate = (stem.with_suffix(end) for end in (".key", ".csr", ".crt"))
        extensions = stem.with_suffix(".ext")
        extensions.write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in names))
        self._openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", f"/CN={names[0]}", "-keyout", key, "-out", request)  # fmt: skip
        self._openssl(
            "x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key,
            "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", certificate)  # fmt: skip
        return certificate, key

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Server:
    """A process that is started, awaited, and ended by its own id."""

    def __init__(self):
        self.folder = None
        self.process = None

    def _start(self, command, ready, environment=None):
        self.log = self.folder / "log"
        drop = unprivileged()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                cwd=self.folder, env=environment or clean_environment(), **drop)  # fmt: skip
        deadline = time.monotonic() + 60
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = self.log.read_text(errors="replace")
                self.stop()
                raise RuntimeError(f"{command[0]} did not start:\n{text}")
            time.sleep(0.02)

    def _end(self, how):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()


class Cluster(Server):
    """One PostgreSQL server with a database `app` and the superuser `owner`.

    tcp: also listen on a free port of the loopback (`.port`). tls: (certificate, key) files.
    settings: lines for postgresql.conf, as a dictionary. standby_of: another Cluster to follow.
    environment: variables for the server, LANGUAGE for instance. programs: the folder of another
    version's initdb and postgres.
    """

    SUPERUSER = "owner"

    def __init__(self, tcp=False, tls=None, settings=None, standby_of=None, environment=None,
                 programs=POSTGRES_BIN):  # fmt: skip
        super().__init__()
        self._tcp = tcp or tls is not None
        self._tls = tls
        self._settings = settings or {}
        self._primary = standby_of
        self._environment = environment or {}
        self._programs = programs
        self.port = free_port() if self._tcp else 5432

    def start(self):
        self.folder = private_directory()
        self.data = self.folder / "data"
        drop = unprivileged()
        environment = clean_environment()
        if self._primary is None:
            command = ["initdb", "--no-sync", "--auth=trust", f"--username={self.SUPERUSER}",
                       "--encoding=UTF8", "--locale=C.UTF-8", f"--pgdata={self.data}"]  # fmt: skip
        else:
            command = ["pg_basebackup", "--no-sync", "--checkpoint=fast", "--write-recovery-conf",
                       f"--pgdata={self.data}", f"--host={self._primary.folder}",
                       f"--port={self._primary.port}", f"--username={self.SUPERUSER}"]  # fmt: skip
        subprocess.run([self._programs / command[0], *command[1:]], check=True, capture_output=True,
                       cwd=self.folder, env=environment, **drop)  # fmt: skip
        self._configure()
        self._start([self._programs / "postgres", "-D", self.data], self._answers,
                    clean_environment(**self._environment))  # fmt: skip
        if self._primary is None:
            self.psql("CREATE ROLE with_password")
            self.psql("CREATE DATABASE app")

    def _configure(self):
        settings = {
            "listen_addresses": "127.0.0.1" if self._tcp else "",
            "port": self.port,
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "shared_buffers": "8MB",
            "max_wal_size": "64MB",
            "min_wal_size": "32MB",
            # Nothing may write behind a test's back: some compare the WAL before and after.
            "autovacuum": "off",
            "log_statement": "all",
            "log_line_prefix": "%a|%p|",
            "logging_collector": "off",
        }
        if self._tls:
            drop = unprivileged()
            for source, name in zip(self._tls, ("server.crt", "server.key")):
                copy = self.data / name
                shutil.copyfile(source, copy)
                copy.chmod(0o600)
                if drop:
                    os.chown(copy, drop["user"], drop["group"])
            settings["ssl"] = "on"
        settings |= self._settings
        with open(self.data / "postgresql.conf", "a") as conf:
            for key, value in settings.items():
                conf.write("{} = '{}'\n".format(key, str(value).replace("'", "''")))
        with open(self.data / "pg_hba.conf", "w") as hba:
            hba.write("local replication all trust\n")
            for kind, place in (("local", ""), ("host", "127.0.0.1/32")):
                hba.write(f"{kind} all nobody_gets_in {place} reject\n")
                hba.write(f"{kind} all +with_password {place} scram-sha-256\n")
                hba.write(f"{kind} all all {place} trust\n")

    def _answers(self):
        return (
            subprocess.run(
                [POSTGRES_BIN / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port)],
                env=clean_environment(),
            ).returncode
            == 0
        )

    def stop(self):
        self._end(signal.SIGINT)  # "fast": sessions are ended, nothing is waited for
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, user=SUPERUSER, db="app", password=None, host=None, **parameters):
        """By socket, or by TCP where a host is named ("localhost")."""
        return database_url(host or str(self.folder), self.port, user, db, password, **parameters)

    def psql(self, sql, db="postgres", user=SUPERUSER):
        """Runs SQL; rows come back as lines, columns separated by "|"."""
        done = subprocess.run(
            self._psql_command(db, user), input=sql, capture_output=True, text=True,
            env=clean_environment())  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip("\n")

    def session(self, db="app", user=SUPERUSER):
        """An open psql: `.ask(sql)` runs SQL in the same session and returns its rows."""
        return Session(self._psql_command(db, user))

    def _psql_command(self, db, user):
        return [str(POSTGRES_BIN / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                "-d", database_url(str(self.folder), self.port, user, db)]  # fmt: skip


class Session:
    def __init__(self, command):
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=clean_environment())  # fmt: skip

    def ask(self, sql):
        self._process.stdin.write(sql + ";\n\\echo --done--\n")
        self._process.stdin.flush()
        lines = []
        for line in self._process.stdout:
            if line == "--done--\n":
                return "".join(lines).strip("\n")
            lines.append(line)
        raise RuntimeError("the session ended: " + "".join(lines))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()


class PgBouncer(Server):
    """PgBouncer in front of a cluster, with Debian's defaults but for pool_mode. Socket only."""

    def __init__(self, cluster, pool_mode="transaction", pool_size=1):
        super().__init__()
        self._cluster = cluster
        self._pool_mode = pool_mode
        self._pool_size = pool_size
        self.port = 6432

    def start(self):
        program = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
        self.folder = private_directory()
        ini = self.folder / "pgbouncer.ini"
        ini.write_text(
            "[databases]\n"
            f"* = host={self._cluster.folder} port={self._cluster.port}\n"
            "[pgbouncer]\n"
            f"pool_mode = {self._pool_mode}\n"
            f"default_pool_size = {self._pool_size}\n"
            "listen_addr =\n"
            f"listen_port = {self.port}\n"
            f"unix_socket_dir = {self.folder}\n"
            "auth_type = trust\n"
            f"auth_file = {self.folder}/users\n"
        )
        (self.folder / "users").write_text('"owner" ""\n"reader" ""\n')
        socket_file = self.folder / f".s.PGSQL.{self.port}"
        self._start([program, ini], socket_file.exists)

    def stop(self):
        self._end(signal.SIGTERM)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, user, db="app", **parameters):
        return database_url(str(self.folder), self.port, user, db, **parameters)
