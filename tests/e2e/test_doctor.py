"""`schema-drift doctor` against git, PostgreSQL and folders: each row, in each of its states."""

import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

from conftest import CANARY
from doctor import doctor, only
from git_servers import Authority as GitAuthority, HttpsServer
from postgres import Authority, Cluster, PgBouncer, free_port, unprivileged
from program import BINARY, environment, run, start
from repository import Repository
from test_production_tls import own_address

LOCAL_ORDER = ["configuration", "region", "credentials", "clock", "repository", "script_directory",
               "database", "version_table", "database_rights", "reports", "reports_write", "last_report",
               "alerts", "schedule", "spool", "cache"]  # fmt: skip
NOT_IN_AWS = ("skipped", "nothing that is configured is in AWS", None)


class Night:
    """A nightly run of this machine: folder, repository, database."""

    def __init__(self, folder, repository, database):
        self.folder, self.repository, self.database = pathlib.Path(folder), repository, database
        self.reports, self.state = self.folder / "reports", self.folder / "state"

    def words(self, **other):
        words = {"repository": self.repository, "database": self.database, "reports": self.reports,
                 "spool-dir": self.state, "alerts": "terminal", "target": "shop", **other}  # fmt: skip
        return [w for name, value in words.items() if value is not None for w in (f"--{name}", value)]

    def check(self, **other):
        return run("check", *self.words(**other), env={"HOME": str(self.folder)})

    def doctor(self, *words, env=None, **other):
        return doctor(*self.words(**other), *words, env={"HOME": str(self.folder), **(env or {})})

    def row(self, check, **other):
        return only(self.doctor(**other)[1], check)


@pytest.fixture
def night(tmp_path, chain, versioned, stamp):
    stamp("b2")
    return Night(tmp_path, chain, versioned[1])


def rewrite_last_report(night, **changes):
    path = night.reports / "latest/shop.json"
    report = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps(report))


def rfc3339(ago):
    return (datetime.datetime.now(datetime.timezone.utc) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- the whole --------------------------------------------------------------------------------


def test_a_healthy_machine_is_said_to_be_so_in_the_order_of_a_run(night, versioned):
    assert night.check().returncode == 1
    code, rows = night.doctor()
    assert code == 0
    assert list(rows) == LOCAL_ORDER
    for check in ("region", "credentials", "clock"):
        assert only(rows, check) == NOT_IN_AWS
    assert only(rows, "configuration") == ("ok", "1 target: shop", None)
    state, seen, action = only(rows, "repository")
    assert (state, action) == ("ok", None)
    assert re.fullmatch(rf"{night.repository} at HEAD is [0-9a-f]{{12}} of 2026-01-03T12:00:00Z, read in 0\.\d s", seen)
    assert only(rows, "script_directory") == ("ok", "migrations has 3 revisions and 1 head", None)
    state, seen, action = only(rows, "database")
    assert (state, action) == ("ok", None)
    assert re.fullmatch(rf"{versioned[0]} on /tmp/sd-pg-\w+, PostgreSQL \d+\.\d+, role reader, no TLS", seen)
    assert only(rows, "version_table") == ("ok", "public.alembic_version has 1 row: b2", None)
    assert only(rows, "database_rights") == ("ok", "role reader may write no table and create nothing", None)
    assert rows["reports"] == [(str(night.reports), "ok", "writable", None)]
    assert only(rows, "reports_write") == (
        "skipped", "not tried: --write-test puts a marked object, which stays", None)  # fmt: skip
    assert rows["last_report"] == [
        ("shop", "ok", "less than an hour ago: behind: 1 revision is pending", None)]
    assert rows["alerts"] == [("terminal", "ok", "standard error: cron mails it; the journal of a systemd service tells "
                               "nobody", None)]  # fmt: skip
    assert rows["spool"] == [(str(night.state), "ok", "is not there yet; the first run makes it", None)]
    assert only(rows, "schedule") == (
        "skipped", "AWS_LAMBDA_FUNCTION_NAME names no function whose rules and alarms could be looked at", None)  # fmt: skip
    assert only(rows, "cache") == ("skipped", "no repository is remote", None)


def test_the_table_for_a_person(night):
    done = run("doctor", *night.words(alerts=None), env={"HOME": str(night.folder)})
    assert (done.returncode, done.stderr) == (1, ""), "nobody would be told"
    lines = done.stdout.splitlines()
    assert lines[0] == "STATE    CHECK             SEEN"
    assert lines[1] == "ok       configuration     1 target: shop"
    assert lines[7].startswith("ok       database          shop: ")
    at = lines.index("warn     alerts            nobody is told")
    assert lines[at + 1] == (" " * 27 + "-> give --alerts: terminal (cron mails it), mailto:ADDRESS or the ARN of an SNS topic")
    assert lines[-1] == "8 ok, 2 warn, 6 skipped"


def test_nothing_is_written(night, cluster, versioned):
    before = cluster.psql("SELECT pg_current_wal_insert_lsn()", db=versioned[0])
    night.doctor()
    assert cluster.psql("SELECT pg_current_wal_insert_lsn()", db=versioned[0]) == before
    assert list(night.folder.iterdir()) == []


def test_several_targets_share_a_repository_and_are_told_apart(night, tmp_path):
    config = tmp_path / "fleet.json"
    missing = night.database.replace("/db_", "/no_")
    config.write_text(json.dumps({
        "spool_dir": str(night.state), "defaults": {"repository": str(night.repository)},
        "targets": [{"target": "orders", "database": night.database},
                    {"target": "users", "database": missing},
                    {"target": "other", "database": night.database, "ref": "nowhere"}]}))  # fmt: skip
    code, rows = doctor("--config", config, env={"HOME": str(tmp_path)})
    assert code == 2
    assert only(rows, "configuration")[1] == "3 targets: orders, users, other"
    assert [(row[0], row[1]) for row in rows["repository"]] == [("orders, users", "ok"), ("other", "fail")]
    assert [(row[0], row[1]) for row in rows["database"]] == [
        ("orders", "ok"), ("users", "fail"), ("other", "ok")]
    assert rows["database_rights"][1][1:3] == ("skipped", "the database could not be reached")


def test_a_wrong_configuration_is_64(night, tmp_path):
    for other, message, hint in [
        ({"reports": "ftp://x/y"}, "cannot keep reports at ftp://x/y",
         "give a folder, file:///absolute/path or s3://bucket/prefix to --reports"),
        ({"reports": "s3://a b/c"}, "invalid S3 bucket \"a b\": a name has letters, digits, '.', '-' and '_' alone",
         "give the bucket's name, not its ARN or URL: s3://BUCKET/PREFIX"),
        ({"alerts": "arn:aws:sns:::"}, 'invalid ARN of an SNS topic "arn:aws:sns:::": no region',
         "write arn:aws:sns:REGION:ACCOUNT:NAME"),
        ({"alerts": "carrier-pigeon"}, "cannot send alerts to carrier-pigeon", None),
        ({"heartbeat": "http://hc.example.com/secret-uuid"}, "invalid URL of the heartbeat: not https://...",
         "give the URL that the monitoring service shows, such as https://hc.example.com/ping/ID"),
    ]:  # fmt: skip
        code, rows = night.doctor(**other)
        assert (code, list(rows)) == (64, ["configuration"])
        state, seen, action = only(rows, "configuration")
        assert (state, seen) == ("fail", message)
        assert action == hint or hint is None and "give " in action
    done = run("doctor", "--config", tmp_path / "none.json")
    assert (done.returncode, done.stdout) == (64, "")
    assert f"cannot read the configuration {tmp_path}/none.json" in done.stderr
    done = run("doctor", "--write-tset")
    assert done.returncode == 64
    assert "hint: did you mean --write-test?" in done.stderr


def test_a_server_that_says_nothing_costs_its_share_of_the_time(night):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql://reader@127.0.0.1:{silent.getsockname()[1]}/app"
        begin = time.monotonic()
        code, rows = night.doctor("--timeout", "4", database=url)
        assert time.monotonic() - begin < 6
    assert code == 2
    state, seen, action = only(rows, "database")
    assert (state, action) == (
        "fail", "raise --timeout, or find out what keeps it: name look-up, firewall, proxy")  # fmt: skip
    assert "time" in seen
    assert only(rows, "repository")[0] == "ok"


def test_a_fleet_of_silent_servers_costs_no_more_than_the_timeout(night, tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        url = f"postgresql://reader@127.0.0.1:{silent.getsockname()[1]}/app"
        config = tmp_path / "fleet.json"
        config.write_text(json.dumps({
            "timeout": 4, "defaults": {"repository": str(night.repository), "database": url},
            "targets": [{"target": f"t{number}"} for number in range(40)]}))  # fmt: skip
        begin = time.monotonic()
        code, rows = doctor("--config", config, env={"HOME": str(tmp_path)})
        assert time.monotonic() - begin < 7
    assert (code, len(rows["database"])) == (2, 40)
    assert rows["database"][39] == (
        "t39", "fail", "did not get its turn before the time was up",
        "raise --timeout, or find out what keeps it: name look-up, firewall, proxy")  # fmt: skip


def test_a_signal_ends_it(night):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql://reader@127.0.0.1:{silent.getsockname()[1]}/app"
        process = start("doctor", *night.words(database=url), env={"HOME": str(night.folder)})
        held = silent.accept()  # not dropped: the server just says nothing
        time.sleep(0.2)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - begin < 3
        held[0].close()
    assert (process.returncode, out) == (2, "")
    assert "interrupted while examining" in err


def test_what_a_database_holds_cannot_move_the_cursor(night, cluster, database):
    cluster.psql("ALTER TABLE alembic_version ALTER version_num TYPE text;"
                 "INSERT INTO alembic_version VALUES (E'\x1b[2J'), (repeat('z', 900))", db=database)  # fmt: skip
    done = run("doctor", *night.words(), env={"HOME": str(night.folder)})
    assert "\x1b" not in done.stdout
    assert "public.alembic_version has 3 rows: \\x1b[2J, b2, " + "z" * 40 + "...\n" in done.stdout


# --- the repository ---------------------------------------------------------------------------


def test_a_repository_or_ref_that_is_not_there(night, tmp_path):
    _, rows = night.doctor(repository=tmp_path / "nowhere")
    state, seen, action = only(rows, "repository")
    assert (state, seen) == ("fail", f"{tmp_path}/nowhere does not exist")
    assert action
    assert only(rows, "script_directory") == ("skipped", "the repository could not be read", None)
    state, seen, action = night.row("repository", ref="mian")
    assert state == "fail"
    assert "mian" in seen and "main" in action


def test_a_script_directory_with_something_wrong_in_it(night, tmp_path):
    two = Repository(tmp_path / "two").chain("a1", "b2")
    two.migration("c3", "a1")
    assert night.row("script_directory", repository=two.folder) == (
        "warn", "migrations has 3 revisions and 2 heads",
        "`alembic upgrade head` will fail: use `alembic upgrade heads`, or merge them")  # fmt: skip
    broken = Repository(tmp_path / "broken").chain("a1")
    broken.migration("c3", "b2")
    code, rows = night.doctor(repository=broken.folder)
    state, seen, action = only(rows, "script_directory")
    assert (code, only(rows, "repository")[0], state) == (2, "ok", "fail")
    assert "b2" in seen and action
    none = Repository(tmp_path / "none", ini=None)
    none.commit()
    state, seen, action = night.row("script_directory", repository=none.folder)
    assert state == "fail"
    assert "alembic.ini" in seen + action


def test_a_remote_repository_needs_a_cache(night, tmp_path, chain):
    authority = GitAuthority(tmp_path / "ca")
    served = tmp_path / "served"
    subprocess.run(["git", "clone", "-q", "--bare", chain, served / "project.git"], check=True)
    (tmp_path / "file").write_text("")
    with HttpsServer(served, authority) as server:
        how = {"env": {"SSL_CERT_FILE": str(authority.certificate)}, "repository": server.url()}
        _, rows = night.doctor(**how, **{"cache-dir": tmp_path / "cache"})
        assert only(rows, "repository")[0] == "ok", rows
        assert rows["cache"][0][:2] == (str(tmp_path / "cache"), "ok")
        code, rows = night.doctor(**how, **{"cache-dir": tmp_path / "file/cache"})
    assert code == 2
    assert rows["cache"] == [(
        str(tmp_path / "file/cache"), "fail", f"{tmp_path}/file/cache cannot be reached: Not a directory",
        "let the user of the nightly run write there, or give another --cache-dir")]  # fmt: skip


# --- the database -----------------------------------------------------------------------------


def test_a_database_that_is_not_there_or_does_not_let_us_in(night, cluster, versioned, roles):
    state, seen, action = night.row("database", database=f"postgresql://reader@127.0.0.1:{free_port()}/x")
    assert state == "fail"
    assert "connection refused" in seen and "check the host and port" in action
    url = cluster.url(user="guarded", db=versioned[0], password=CANARY + "not")
    code, rows = night.doctor(database=url)
    assert (code, only(rows, "database")[0]) == (2, "fail")
    assert CANARY not in json.dumps(rows)


def test_a_version_table_that_is_missing_empty_or_not_ours_to_read(night, cluster, versioned, database):
    unversioned = ("the nightly run will say unversioned: stamp the database with `alembic stamp`, or name "
                   "another table with --version-table and --version-table-schema")  # fmt: skip
    assert night.row("version_table", **{"version-table": "nope"}) == ("warn", "there is no nope", unversioned)
    cluster.psql("DELETE FROM alembic_version", db=database)
    assert night.row("version_table") == ("warn", "public.alembic_version is empty", unversioned)
    cluster.psql("REVOKE SELECT ON alembic_version FROM reader", db=database)
    code, rows = night.doctor()
    assert (code, only(rows, "database")[0]) == (2, "ok")
    assert only(rows, "version_table") == (
        "fail", "role reader may not read public.alembic_version",
        "GRANT SELECT ON public.alembic_version TO reader")  # fmt: skip
    assert only(rows, "database_rights") == ("skipped", "the version table was not read", None)


def test_several_rows_are_counted_and_three_named(night, stamp):
    stamp("a", "c", "d", "e")
    assert night.row("version_table")[1] == "public.alembic_version has 5 rows: a, b2, c, ..."


ONLY_READ = ("reading is enough: let a role log in that has GRANT USAGE ON SCHEMA public and GRANT SELECT "
             "ON public.alembic_version, and nothing else")  # fmt: skip


@pytest.mark.parametrize("setup, may", [
    ("GRANT INSERT, UPDATE, DELETE, TRUNCATE ON alembic_version TO {role}",
     "INSERT, UPDATE, DELETE, TRUNCATE on public.alembic_version"),
    ("GRANT UPDATE (version_num) ON alembic_version TO {role}", "UPDATE on public.alembic_version"),
    ("ALTER TABLE alembic_version OWNER TO {role}", "do anything with public.alembic_version (it owns it)"),
    ("CREATE TABLE a (x int, y int); GRANT DELETE ON a TO {role}", "write 1 other table"),
    ("CREATE TABLE a (x int, y int); GRANT INSERT (y) ON a TO {role};"
     "CREATE TABLE b (x int); GRANT TRUNCATE ON b TO {role}", "write 2 other tables"),
    ('CREATE SCHEMA "Odd one"; GRANT CREATE ON SCHEMA public, "Odd one" TO {role}',
     'CREATE in schema "Odd one", public'),
    ("GRANT CREATE ON DATABASE {database} TO {role}", "CREATE schemas in the database"),
    ("ALTER ROLE {role} CREATEDB", "CREATE databases (CREATEDB)"),
    ("ALTER ROLE {role} CREATEROLE", "CREATE roles (CREATEROLE)"),
    ("ALTER ROLE {role} REPLICATION", "replicate everything (REPLICATION)"),
    ("ALTER ROLE {role} BYPASSRLS", "read past row level security (BYPASSRLS)"),
    ("GRANT pg_read_all_data, pg_execute_server_program TO {role}",
     "act as pg_execute_server_program, pg_read_all_data"),
    ("ALTER ROLE {role} NOINHERIT; GRANT owner TO {role}", "act as owner"),
    ("ALTER ROLE {role} SUPERUSER", "do anything (it is a superuser)"),
])  # fmt: skip
def test_a_role_that_may_more_than_read_is_warned_of(night, cluster, database, setup, may):
    role = f"wide_{database}"
    cluster.psql(f"CREATE ROLE {role} LOGIN; GRANT SELECT ON alembic_version TO {role}", db=database)
    try:
        url = cluster.url(user=role, db=database)
        assert night.row("database_rights", database=url)[:2] == (
            "ok", f"role {role} may write no table and create nothing")
        cluster.psql(setup.format(role=role, database=database), db=database)
        code, rows = night.doctor(database=url)
        assert code == 0
        assert only(rows, "database_rights") == ("warn", f"role {role} may {may}", ONLY_READ)
    finally:
        cluster.psql(f"DROP OWNED BY {role}; DROP ROLE {role}", db=database)


def test_a_role_that_may_become_one_that_writes(night, cluster, database):
    """NOINHERIT: until SET ROLE it may write nothing, so the rights of tables alone do not show it."""
    role, app, other = (f"{name}_{database}" for name in ("quiet", "app", "idle"))
    cluster.psql(f"CREATE ROLE {app}; CREATE ROLE {other}; CREATE ROLE {role} LOGIN NOINHERIT IN ROLE {other};"
                 f"GRANT SELECT ON alembic_version TO {role}; CREATE TABLE orders (id int);"
                 f"GRANT INSERT ON orders TO {app}", db=database)  # fmt: skip
    try:
        url = cluster.url(user=role, db=database)
        assert night.row("database_rights", database=url)[0] == "ok", "the other role may write nothing"
        cluster.psql(f"GRANT {app} TO {role}", db=database)
        assert night.row("database_rights", database=url) == (
            "warn", f"role {role} may become {app} by SET ROLE, which may write", ONLY_READ)  # fmt: skip
        cluster.psql(f"ALTER ROLE {role} INHERIT", db=database)
        assert night.row("database_rights", database=url)[1] == f"role {role} may write 1 other table"
    finally:
        cluster.psql(f"DROP OWNED BY {role}, {app}, {other}; DROP ROLE {role}, {app}, {other}", db=database)


def test_the_rights_of_a_role_that_owns_by_membership(night, cluster, database):
    """The usual accident: the nightly run logs in as the application."""
    cluster.psql(f"CREATE ROLE app_{database}; CREATE ROLE in_{database} LOGIN IN ROLE app_{database};"
                 f"ALTER TABLE alembic_version OWNER TO app_{database}", db=database)  # fmt: skip
    try:
        url = cluster.url(user=f"in_{database}", db=database)
        assert night.row("database_rights", database=url)[1] == (
            f"role in_{database} may do anything with public.alembic_version (it owns it)")
    finally:
        cluster.psql(f"ALTER TABLE alembic_version OWNER TO owner; DROP ROLE in_{database}, app_{database}",
                     db=database)  # fmt: skip


def test_a_connection_with_and_without_tls_is_told(tmp_path, chain):
    authority = Authority(tmp_path / "ca")
    with Cluster(tls=authority.issue("localhost")) as server:
        server.psql("CREATE TABLE alembic_version (version_num varchar(32));"
                    "INSERT INTO alembic_version VALUES ('b2')", db="app")  # fmt: skip
        night = Night(tmp_path, chain, server.url(host="localhost", sslmode="verify-full",
                                                  sslrootcert=authority.file))  # fmt: skip
        state, seen, _ = night.row("database")
        assert state == "ok"
        assert seen.endswith(", role owner, TLSv1.3")
        plain = server.url(host="localhost", sslmode="disable")
        assert night.row("database", database=plain)[1].endswith(", role owner, no TLS")


def test_a_connection_that_others_could_listen_in_to(tmp_path, chain):
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but the loopback")
    with Cluster(tcp=True, settings={"listen_addresses": address}) as server:
        with open(server.data / "pg_hba.conf", "a") as hba:
            hba.write("host all all all trust\n")
        server.psql("SELECT pg_reload_conf(); CREATE TABLE alembic_version (version_num text)", db="app")
        night = Night(tmp_path, chain, server.url(host=address, sslmode="disable"))
        state, seen, action = night.row("database")
    assert state == "warn"
    assert f", the connection to {address}:{server.port} is not encrypted (sslmode=disable), PostgreSQL " in seen
    assert action == "connect with sslmode=verify-full, and name the server's authority with sslrootcert"


# --- what is kept -----------------------------------------------------------------------------


def test_reports_that_are_kept_nowhere(night):
    _, rows = night.doctor(reports=None)
    assert only(rows, "reports") == (
        "warn", "no reports are kept", "give --reports: without one every drift is told anew each night, "
        "and nobody can see that anything ran")  # fmt: skip
    assert only(rows, "spool") == ("skipped", "no reports are kept", None)
    assert "last_report" not in rows and "reports_write" not in rows


def test_no_report_yet_an_old_one_a_failed_one_and_none_at_all(night):
    assert night.row("last_report") == (
        "warn", "there is none yet", "right before the first night; later it means that nothing runs, or "
        "that --target or --reports is another one")  # fmt: skip
    night.check()
    rewrite_last_report(night, timestamp=rfc3339(datetime.timedelta(hours=27)))
    assert night.row("last_report") == (
        "warn", "1 day ago: behind: 1 revision is pending",
        "the nightly run does not run, or cannot store: look at its schedule and its log")  # fmt: skip
    rewrite_last_report(night, timestamp=rfc3339(datetime.timedelta(hours=25, minutes=30)))
    assert night.row("last_report")[0] == "ok"
    for ahead, words in ((datetime.timedelta(days=3, minutes=5), "3 days"),
                         (datetime.timedelta(minutes=30, seconds=40), "30 minutes")):  # fmt: skip
        moment = rfc3339(-ahead)
        rewrite_last_report(night, timestamp=moment)
        assert night.row("last_report") == (
            "warn", f"it is dated {moment}, {words} after this machine's clock: behind: 1 revision is pending",
            "one of the two clocks is wrong: compare that of the nightly run's machine and this one's with "
            "the time; ages and reminders go by it")  # fmt: skip
    rewrite_last_report(night, timestamp=rfc3339(datetime.timedelta(minutes=-5)))
    assert night.row("last_report")[0] == "ok"
    rewrite_last_report(night, undelivered=["cannot send the alert to terminal: gone"])
    assert night.row("last_report")[::2] == (
        "warn", "its alert did not get through: cannot send the alert to terminal: gone")  # fmt: skip
    night.check(database=f"postgresql://reader@127.0.0.1:{free_port()}/x")
    state, seen, action = night.row("last_report")
    assert state == "warn"
    assert seen.startswith("less than an hour ago: error: cannot tell: cannot connect to x on ")
    assert action.startswith("check the host and port")
    (night.reports / "latest/shop.json").write_text("{")
    assert night.row("last_report") == (
        "warn", "the last report is not JSON",
        "it was written by something else, or damaged; the next run replaces it")  # fmt: skip


def test_an_acknowledgement_that_holds_ends_soon_or_has_expired(night):
    night.check()
    done = run("ack", "shop", "--until", "14d", "--reason", "deploy on Monday", "--reports", night.reports)
    assert done.returncode == 0, done
    path = night.reports / "acks/shop.json"
    given = json.loads(path.read_text())
    state, seen, action = night.row("acknowledgement")
    assert (state, action) == ("ok", None)
    assert re.fullmatch(r"quiet until \S+Z, by \S+: deploy on Monday", seen)
    path.write_text(json.dumps({**given, "until": rfc3339(-datetime.timedelta(hours=30))}))
    state, seen, action = night.row("acknowledgement")
    assert (state, action) == ("warn", "it ends in 1 day: mend it, or schema-drift ack shop --until DATE")
    path.write_text(json.dumps({**given, "until": rfc3339(datetime.timedelta(hours=50))}))
    state, seen, action = night.row("acknowledgement")
    assert state == "warn"
    assert re.fullmatch(r"expired 2 days ago, by \S+: deploy on Monday", seen)
    assert action == "the drift is told again: mend it, or schema-drift ack shop --until DATE"
    other = {"kind": "unknown_revision", "fingerprint": "0" * 16, "subjects": []}
    path.write_text(json.dumps({**given, "findings": [other]}))
    state, seen, action = night.row("acknowledgement")
    assert (state, action) == ("warn", "it does not cover pending_revisions (c3), which is told")
    path.write_text(json.dumps(given))
    done = run("ack", "shop", "--withdraw", "--reason", "the deploy is off", "--reports", night.reports)
    assert done.returncode == 0, done
    state, seen, action = night.row("acknowledgement")
    assert (state, action) == ("ok", None)
    assert re.fullmatch(r"withdrawn at \S+Z by \S+: the deploy is off; drift that is there now is told", seen)
    # Drift that began after it was given is another one.
    path.write_text(json.dumps({**given, "at": rfc3339(datetime.timedelta(days=3)), "sequence": None}))
    state, seen, action = night.row("acknowledgement")
    assert (state, seen) == ("ok", "ended: recovered; drift that is there now is told")
    rewrite_last_report(night, status="synced", drift_detected=False, findings=[], pending=[])
    assert "acknowledgement" not in night.doctor()[1]


def test_a_write_test_leaves_a_marked_file_that_no_list_shows(night):
    code, rows = night.doctor("--write-test")
    state, seen, action = only(rows, "reports_write")
    assert (code, state, action) == (0, "ok", None)
    (written,) = night.reports.glob("[0-9]*/*/*/doctor.*")
    assert seen == f"wrote {written}"
    assert json.loads(written.read_text())["schema_drift_doctor"] == (
        "written by schema-drift doctor --write-test; may be deleted")  # fmt: skip
    night.check()
    listed = json.loads(run("reports", "list", "--reports", night.reports, "--format", "json").stdout)
    assert len(listed) == 1


def test_reports_that_wait_in_the_spool(night, tmp_path):
    night.reports.write_text("a file stands in the way")
    assert night.check().returncode == 3
    code, rows = night.doctor()
    assert code == 2
    assert rows["reports"][0][1:] == (
        "fail", f"{night.reports} is not a folder", "let the user of the nightly run write there")  # fmt: skip
    state, seen, action = only(rows, "spool")
    assert state == "warn"
    assert re.fullmatch(rf"1 report waits in {night.state}/[0-9a-f]{{16}} since \S+Z", seen)
    assert action == "the next run stores them where it can; see what is wrong with reports above"
    assert only(rows, "last_report")[:2] == ("warn", "there is none yet")


@pytest.mark.skipif(os.geteuid() == 0 and not unprivileged(), reason="there is nobody to be")
def test_folders_that_may_not_be_written(night, tmp_path):
    """As a user that owns nothing here: root may write everywhere."""
    closed = pathlib.Path("/tmp") / f"sd-closed-{os.getpid()}"
    closed.mkdir(mode=0o755)
    binary = closed / "schema-drift"
    try:
        # The built program may lie where others cannot go.
        shutil.copy(BINARY, binary)
        binary.chmod(0o755)
        nowhere = closed / "reports"
        if os.geteuid() != 0:
            closed.chmod(0o555)
        done = subprocess.run(
            [binary, "doctor", "--format", "json", "--repository", "/nonexistent", "--reports", nowhere,
             "--database", night.database, "--spool-dir", closed / "state", "--write-test"],
            env=environment(HOME=str(closed)), capture_output=True, text=True, cwd="/", **unprivileged())  # fmt: skip
        rows = {row["check"]: row for row in json.loads(done.stdout)["checks"]}
    finally:
        closed.chmod(stat.S_IRWXU)
        shutil.rmtree(closed)
    assert done.returncode == 2
    assert rows["reports"]["seen"] == f"{closed} cannot be written: Permission denied"
    assert rows["reports"]["state"] == rows["spool"]["state"] == rows["reports_write"]["state"] == "fail"
    assert rows["spool"]["seen"] == f"{closed} cannot be written: Permission denied"
    assert rows["spool"]["action"] == (
        "let the user of the nightly run write there, or give another --spool-dir: a report that cannot be "
        "stored would be lost")  # fmt: skip
    assert f"{nowhere}" in rows["reports_write"]["seen"] and "Permission denied" in rows["reports_write"]["seen"]


def test_a_pooler_in_transaction_mode_serves_too(night, cluster, versioned):
    if shutil.which("pgbouncer") is None:
        pytest.skip("pgbouncer is not installed")
    with PgBouncer(cluster) as pooler:
        _, rows = night.doctor(database=pooler.url(user="reader", db=versioned[0]))
    assert only(rows, "database_rights")[0] == "ok", rows
