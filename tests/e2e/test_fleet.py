"""Many targets in one run: each gets its own verdict, whatever becomes of the others."""

import collections
import json
import re
import subprocess
import time

import pytest

from far_postgres import FarPostgres
from git_servers import Authority, HttpsServer
from postgres import free_port
from program import reports_in, run, start, valid
from test_check import on_a_terminal

ODD = {"f_hang": "hang", "f_mute": "mute", "f_close": "close", "f_drop": "drop"}
HEALTHY = 36


@pytest.fixture(scope="module")
def databases(cluster):
    """A server with 36 databases that are synced, four that misbehave and one that is behind."""
    names = [f"f_{number}" for number in range(HEALTHY)] + [*ODD, "f_behind"]
    cluster.psql("CREATE ROLE nightly LOGIN; CREATE DATABASE f_template")
    cluster.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                 "INSERT INTO alembic_version VALUES ('c3');"
                 "GRANT SELECT ON alembic_version TO nightly", db="f_template")  # fmt: skip
    cluster.psql("".join(f"CREATE DATABASE {name} TEMPLATE f_template;" for name in names))
    cluster.psql("UPDATE alembic_version SET version_num = 'b2'", db="f_behind")
    return cluster  # which goes with all that is in it: forty times DROP DATABASE takes as many seconds


@pytest.fixture
def configuration(tmp_path, chain):
    """Writes the targets file: {name: database URL or a whole target}; its path."""

    def write(targets, **run_options):
        path = tmp_path / "fleet.json"
        listed = [{"target": name, **(of if isinstance(of, dict) else {"database": of})}
                  for name, of in targets.items()]  # fmt: skip
        path.write_text(json.dumps({**run_options, "defaults": {"repository": str(chain)}, "targets": listed}))
        return path

    return write


def reports_of(done):
    return {report["target"]: valid(report) for report in json.loads(done.stdout)}


def test_a_thousand_targets_far_away_each_get_their_own_verdict(databases, configuration, tmp_path):
    with FarPostgres(databases, delay=0.040, odd=ODD) as far:
        targets = {}
        for number in range(1000):
            name = f"f_{number % HEALTHY}"
            if number % 200 == 13:
                name = sorted(ODD)[number // 200 % 4]
            if number == 500:
                name = "f_nowhere"
            if number % 250 == 17:
                name = "f_behind"
            targets[f"t{number}-{name}"] = far.url(user="nightly", db=name)
        targets["refused"] = f"postgresql://nightly@127.0.0.1:{free_port()}/f_1"
        config = configuration(targets, reports=str(tmp_path / "reports"), target_timeout=4)
        begin = time.monotonic()
        done = run("check", "--config", config, "--format", "json", timeout=120)
        took = time.monotonic() - begin
    assert done.returncode == 2, done.stderr
    reports = reports_of(done)
    assert list(reports) == list(targets)  # in the order of the configuration

    wanted = {"behind": ("behind", None), "hang": ("error", "timed_out"), "mute": ("error", "timed_out"),
              "close": ("error", "connection_failed"), "drop": ("error", "connection_failed"),
              "nowhere": ("error", "connection_failed"), "refused": ("error", "connection_failed")}  # fmt: skip
    for name, report in reports.items():
        status, kind = wanted.get(name.rpartition("_")[2], ("synced", None))
        assert (report["status"], (report["failure"] or {}).get("kind")) == (status, kind), report
    statuses = collections.Counter(report["status"] for report in reports.values())
    assert statuses == {"synced": 990, "behind": 4, "error": 7}
    assert len(reports_in(tmp_path / "reports")) == 1001
    # 1,000 one after another would be 240 s.
    assert took < 60
    # 20 at once, but for those that are being closed.
    assert far.seen["most_at_once"] <= 30


# --- alerts -----------------------------------------------------------------------------------


@pytest.fixture
def night(databases, configuration, tmp_path, chain):
    """Twelve targets of a repository that is not there, two behind and one synced; run(...)."""
    url = databases.url(user="nightly", db="f_1")
    targets = {f"broken-{number:02}": {"database": url, "repository": str(tmp_path / "gone")} for number in range(12)}
    targets |= {"late": databases.url(user="nightly", db="f_behind"), "good": url,
                "later": databases.url(user="nightly", db="f_behind")}  # fmt: skip
    config = configuration(targets, reports=str(tmp_path / "reports"), alerts=["terminal"])
    return lambda *words, **how: run("check", "--config", config, *words, **how)


def alerts_in(done):
    return [line for line in done.stderr.splitlines() if line.startswith("[schema-drift]")]


def test_three_causes_are_one_message_and_each_target_remembers_what_was_told(night, tmp_path):
    done = night("--quiet", "--format", "json")
    assert done.returncode == 2
    assert alerts_in(done) == ["[schema-drift] 14 of 15 targets: 12 ERROR, 2 BEHIND"]
    assert f"  error       12 targets: cannot tell: {tmp_path}/gone " in done.stderr
    assert "broken-00, broken-01," in done.stderr and "broken-09 and 2 more\n" in done.stderr
    assert "  behind      2 targets: 1 revision is pending\n              late, later\n" in done.stderr
    assert "  all         15 targets: 1 synced, 2 behind, 12 error\n" in done.stderr

    # The same again is no news; what was mended is, by itself and whole.
    assert alerts_in(night("--quiet", "--format", "json")) == []


def test_the_news_of_one_target_alone_is_its_own_message(night, databases):
    night("--quiet", "--format", "json")
    databases.psql("UPDATE alembic_version SET version_num = 'a1'", db="f_1")
    try:
        done = night("--quiet", "--format", "json")
    finally:
        databases.psql("UPDATE alembic_version SET version_num = 'c3'", db="f_1")
    assert alerts_in(done) == ["[schema-drift] good: BEHIND: 2 revisions are pending"]
    assert "  evidence    report 2, sha256 " in done.stderr


def test_what_a_destination_does_not_accept_is_said_in_every_report(night, tmp_path):
    done = night("--quiet", "--format", "json", "--alerts", "webhook:http://127.0.0.1:9/x",
                 "--allow-private-webhooks", env={"SCHEMA_DRIFT_WEBHOOK_SECRET": "s" * 20})  # fmt: skip
    assert done.returncode == 2  # not knowing outweighs a lost message
    assert done.stderr.count("cannot post the alert to 127.0.0.1") == 1
    stored = reports_in(tmp_path / "reports")
    second = {name: report for name, report in stored.items() if name.endswith("-undelivered.json")}
    assert len(stored) == 15 + 14 and len(second) == 14
    for report in second.values():
        assert "cannot post the alert to 127.0.0.1" in report["undelivered"][0]
        assert report["sequence"] == 2 and report["previous_sha256"]
    verified = run("reports", "verify", "--reports", tmp_path / "reports")
    assert verified.returncode == 0, verified.stdout
    # Told again, for nobody was.
    assert len(alerts_in(night("--quiet", "--format", "json"))) == 1


# --- what is printed --------------------------------------------------------------------------


def test_a_report_a_line_for_machines(night):
    done = night("--format", "jsonl")
    reports = [valid(json.loads(line)) for line in done.stdout.splitlines()]
    assert len(reports) == 15
    assert [report["target"] for report in reports][-3:] == ["late", "good", "later"]


def test_no_other_command_prints_lines(chain):
    done = run("heads", "--repository", chain, "--format", "jsonl")
    assert done.returncode == 64
    assert done.stderr == 'schema-drift: error: unknown --format "jsonl"\n  hint: give text or json\n'


def test_the_last_line_counts(night):
    last = night().stdout.splitlines()[-1]
    assert re.fullmatch(r"15 targets: 1 synced, 2 behind, 12 error, in \d+\.\d s", last)


def test_parts_share_the_targets_out(night):
    seen = []
    for part in range(1, 5):
        done = night("--format", "jsonl", "--shard", f"{part}/4", "--dry-run")
        seen += [json.loads(line)["target"] for line in done.stdout.splitlines()]
    assert len(seen) == 15 == len(set(seen))


def test_a_part_without_a_target_says_so(night):
    done = night("--format", "jsonl", "--target", "good", "--shard", "1/2", "--dry-run")
    other = night("--format", "jsonl", "--target", "good", "--shard", "2/2", "--dry-run")
    (empty,) = [one for one in (done, other) if not one.stdout]
    assert empty.returncode == 0
    assert re.fullmatch(
        r"schema-drift: warning: nothing to check: part [12]/2 has none of the 1 target\n", empty.stderr)


# --- databases of one server ------------------------------------------------------------------


def test_each_database_that_a_query_names_is_a_target(databases, configuration, tmp_path):
    config = configuration({"shop": {
        "database": databases.url(user="nightly", db="postgres"),
        "databases_from": "SELECT datname FROM pg_database WHERE datname IN ('f_1', 'f_2', 'f_behind')"}},
        reports=str(tmp_path / "reports"))  # fmt: skip
    done = run("check", "--config", config, "--format", "jsonl")
    reports = [valid(json.loads(line)) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [(report["target"], report["status"]) for report in reports] == [
        ("shop-f_1", "synced"), ("shop-f_2", "synced"), ("shop-f_behind", "behind")]  # fmt: skip
    assert reports[2]["production"]["database"].startswith("f_behind on ")
    parts = [run("check", "--config", config, "--format", "jsonl", "--shard", f"{part}/2", "--dry-run")
             for part in (1, 2)]  # fmt: skip
    assert sorted(json.loads(line)["target"] for part in parts for line in part.stdout.splitlines()) == [
        "shop-f_1", "shop-f_2", "shop-f_behind"]  # fmt: skip


@pytest.mark.parametrize("query, message", [
    ("SELECT 'a b' UNION SELECT 'a-b'",
     'databases_from of shop gives "a-b" and "a b", which would be the target shop-a-b, too'),
    ("SELECT '' WHERE false", "databases_from of shop gives no database"),
    ("SELECT NULL", "databases_from of shop gives a row without a name"),
    ("SELECT 1, 2", "databases_from of shop gives 2 columns, not one"),
    ("SELECT repeat('x', 120)", "shop gives \"" + "x" * 120 + '", whose target\'s name would have more than 100 letters'),
    ("CREATE TABLE t ()", "databases_from of shop failed: cannot execute CREATE TABLE in a read-only transaction"),
])  # fmt: skip
def test_a_query_that_does_not_tell_is_the_targets_error(databases, configuration, query, message):
    config = configuration({
        "shop": {"database": databases.url(user="nightly", db="f_1"), "databases_from": query},
        "good": databases.url(user="nightly", db="f_1")})  # fmt: skip
    done = run("check", "--config", config, "--format", "json")
    reports = reports_of(done)
    assert done.returncode == 2 and reports["good"]["status"] == "synced"
    assert message in reports["shop"]["failure"]["message"]
    assert reports["shop"]["failure"]["stage"] in ("production", "configuration")


def test_a_function_has_no_other_databases(configuration):
    config = configuration({"shop": {"database": "lambda:sql-api", "databases_from": "SELECT 'a'"}})
    done = run("check", "--config", config)
    assert done.returncode == 64
    assert done.stderr == (
        "schema-drift: error: --databases-from of target shop needs a PostgreSQL server\n"
        "  hint: a function of the SQL API reads one database: list the functions as targets\n")


# --- time -------------------------------------------------------------------------------------


def test_what_was_not_begun_in_time_says_so(databases, configuration):
    with FarPostgres(databases, odd=ODD) as far:
        names = ["f_hang"] * 3 + ["f_1"] * 2
        config = configuration({f"t{number}": far.url(user="nightly", db=name) for number, name in enumerate(names)})
        done = run("check", "--config", config, "--format", "json", "--jobs", "1", "--timeout", "5")
    reports = reports_of(done)
    assert done.returncode == 2
    failures = [reports[f"t{number}"]["failure"] for number in range(5)]
    assert [failure["kind"] for failure in failures] == ["timed_out"] * 5
    assert failures[4] == {
        "stage": "run", "kind": "timed_out", "message": "the time of the run was over before this target was begun",
        "hint": "raise --timeout or --jobs, or share the targets out among several runs with --shard"}  # fmt: skip


def test_one_hanging_database_costs_its_target_alone(databases, configuration):
    with FarPostgres(databases, odd=ODD) as far:
        config = configuration(
            {name: far.url(user="nightly", db=name) for name in ("f_mute", "f_1", "f_2", "f_3", "f_4")},
            target_timeout=2)  # fmt: skip
        done = run("check", "--config", config, "--format", "json", "--max-connections-per-host", "2")
    reports = reports_of(done)
    assert [report["status"] for report in reports.values()] == ["error"] + ["synced"] * 4
    assert reports["f_mute"]["failure"]["hint"] == (
        "raise --target-timeout, or find out what is slow: stage_durations_ms of the JSON report says where the time went")


def test_a_signal_ends_a_fleet_at_once_and_every_target_has_its_report(databases, configuration, tmp_path):
    with FarPostgres(databases, odd=ODD) as far:
        config = configuration({f"t{number}": far.url(user="nightly", db="f_hang") for number in range(30)},
                               reports=str(tmp_path / "reports"))  # fmt: skip
        process = start("check", "--config", config, "--format", "json", "--jobs", "5")
        time.sleep(1.5)
        process.terminate()
        out, _ = process.communicate(timeout=20)
    reports = [valid(report) for report in json.loads(out)]
    assert process.returncode == 2 and len(reports) == 30
    assert {report["failure"]["kind"] for report in reports} == {"interrupted"}
    assert reports[-1]["failure"]["message"] == "interrupted before this target was begun"
    assert len(reports_in(tmp_path / "reports")) == 30


# --- progress ---------------------------------------------------------------------------------


def test_a_terminal_sees_what_is_waited_for_and_nothing_of_it_stays(databases, configuration):
    with FarPostgres(databases, odd=ODD) as far:
        config = configuration({name: far.url(user="nightly", db=name) for name in ("f_1", "f_mute", "f_2")},
                               target_timeout=3)  # fmt: skip
        seen = on_a_terminal(["check", "--config", config], TERM="xterm")
    line = "\x1b[K2 of 3 targets are checked; waiting for f_mute\r"
    assert line in seen
    # The last of them is erased before anything else is printed.
    assert seen.rpartition(line)[2].startswith("\x1b[K")


@pytest.mark.parametrize("names", [["f_mute"], ["f_mute", "f_1"]])
def test_a_terminal_sees_how_much_of_a_repository_came(databases, configuration, chain, tmp_path, names):
    authority = Authority(tmp_path / "ca")
    subprocess.run(["git", "clone", "-q", "--bare", chain, tmp_path / "served/project.git"], check=True)
    with FarPostgres(databases, odd=ODD) as far, HttpsServer(tmp_path / "served", authority) as server:
        config = configuration({name: {"database": far.url(user="nightly", db=name), "repository": server.url()}
                                for name in names}, cache_dir=str(tmp_path / "cache"),
                               **({"timeout": 4} if len(names) == 1 else {"target_timeout": 3}))  # fmt: skip
        seen = on_a_terminal(["check", "--config", config], TERM="xterm", SSL_CERT_FILE=str(authority.certificate))
    amount = r"\d+(\.\d)? (bytes|KiB|MiB)"
    line = (rf"\x1b\[K{amount} came, reading https://\S+ and f_mute\r" if len(names) == 1 else
            rf"\x1b\[K1 of 2 targets are checked, {amount} of repositories came; waiting for f_mute\r")
    *_, last = re.finditer(line, seen)
    assert seen[last.end():].startswith("\x1b[K") and "came" not in seen[last.end():]


def test_no_progress_where_nobody_watches(databases, configuration):
    with FarPostgres(databases, odd=ODD) as far:
        config = configuration({name: far.url(user="nightly", db=name) for name in ("f_1", "f_mute")},
                               target_timeout=2)  # fmt: skip
        done = run("check", "--config", config)
    assert "waiting for" not in done.stdout + done.stderr and "\x1b" not in done.stdout + done.stderr
