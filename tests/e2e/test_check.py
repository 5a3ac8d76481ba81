"""`schema-drift check` from end to end: real repositories, a real PostgreSQL."""

import fcntl
import json
import os
import pty
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from program import BINARY, check, environment, reports_in, run, start, valid
from repository import Repository


@pytest.fixture
def silent_port():
    """A server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        yield server.getsockname()[1]


# --- verdicts ---------------------------------------------------------------------------------


def test_equal_sides_are_synced(chain, versioned, stamp):
    stamp("c3")
    code, report = check("--repository", chain, "--database", versioned[1])
    assert code == 0
    assert report["status"] == "synced"
    assert report["drift_detected"] is False
    assert report["codebase_head"] == report["production_version"] == "c3"
    assert report["findings"] == []
    assert report["target"] == versioned[0]


def test_pending_revisions_are_behind_in_upgrade_order_with_their_commits(chain, versioned, stamp):
    stamp("a1")
    code, report = check("--repository", chain, "--database", versioned[1])
    assert code == 1
    assert report["status"] == "behind"
    b2, c3 = (subprocess.check_output(["git", "-C", chain, "rev-parse", ref], text=True).strip()
              for ref in ("HEAD~1", "HEAD"))  # fmt: skip
    assert report["pending"] == [
        {"revision": "b2", "message": "add b2", "path": "migrations/versions/b2_x.py",
         "author": "example", "committed_at": "2026-01-02T12:00:00Z", "commit": b2,
         "arrived_with": b2, "arrived_at": "2026-01-02T12:00:00Z", "operations": [], "tables": {}},
        {"revision": "c3", "message": "add c3", "path": "migrations/versions/c3_x.py",
         "author": "example", "committed_at": "2026-01-03T12:00:00Z", "commit": c3,
         "arrived_with": c3, "arrived_at": "2026-01-03T12:00:00Z", "operations": [], "tables": {}},
    ]  # fmt: skip
    assert [finding["kind"] for finding in report["findings"]] == ["pending_revisions"]


def test_the_same_ref_and_rows_give_the_same_report_times_and_run_aside(chain, versioned, stamp):
    stamp("a1")
    words = ("--repository", chain, "--database", versioned[1])
    volatile = ("timestamp", "run_id", "duration_ms", "stage_durations_ms")
    reports = [check(*words)[1] for _ in range(2)]
    assert reports[0]["run_id"] != reports[1]["run_id"]
    for report in reports:
        for key in volatile:
            del report[key]
        del report["alert"]["seen"]
    assert reports[0] == reports[1]


def test_a_row_that_this_ref_lacks_is_unknown_and_says_where_was_searched(chain, versioned, stamp):
    stamp("zz99")
    code, report = check("--repository", chain, "--database", versioned[1])
    assert (code, report["status"]) == (1, "unknown_revision")
    text = json.dumps(report)
    assert "zz99" in text
    assert "no migration in 1 ref and 3 commits has this id" in text


def test_production_is_ahead_of_an_older_ref(chain, versioned, stamp):
    stamp("c3")
    code, report = check("--repository", chain, "--ref", "HEAD~1", "--database", versioned[1])
    assert (code, report["status"]) == (1, "ahead")
    assert report["repository"]["ref"] == "HEAD~1"


def test_an_empty_table_is_unversioned(chain, versioned):
    code, report = check("--repository", chain, "--database", versioned[1])
    assert (code, report["status"], report["reason"]) == (1, "unversioned", "table_empty")
    assert report["production_version"] is None
    assert [item["revision"] for item in report["pending"]] == ["a1", "b2", "c3"]


def test_a_missing_table_is_unversioned(chain, versioned):
    words = ("--repository", chain, "--database", versioned[1], "--version-table", "elsewhere")
    code, report = check(*words)
    assert (code, report["status"], report["reason"]) == (1, "unversioned", "table_missing")


# --- sides that cannot be read ----------------------------------------------------------------


def test_a_graph_that_may_lack_revisions_is_never_synced(tmp_path, versioned, stamp):
    repository = Repository(tmp_path)
    repository.migration("a1")
    later = repository.versions / "2026"
    later.mkdir()
    (later / "b2.py").write_text("revision = 'b2'\ndown_revision = 'a1'\n")
    repository.commit()
    stamp("a1")
    code, report = check("--repository", tmp_path, "--database", versioned[1])
    assert (code, report["status"], report["drift_detected"]) == (2, "error", None)
    assert report["failure"]["kind"] == "incomplete_graph"
    assert report["failure"]["message"] == (
        "migrations/versions/2026/b2.py: down_revision names 'a1', but the file is not read: it is "
        "in a subfolder"
    )
    assert not any("recursive_version_locations" in warning for warning in report["warnings"])
    words = ("--repository", tmp_path, "--database", versioned[1])
    code, report = check(*words, "--recursive-version-locations")
    assert (code, report["status"]) == (1, "behind")


def test_an_archive_in_a_subfolder_is_one_warning(tmp_path, versioned, stamp):
    repository = Repository(tmp_path)
    repository.migration("c3")
    archive = repository.versions / "old"
    archive.mkdir()
    for name, text in {
        "a1.py": "revision = 'a1'\ndown_revision = None\n",
        "b2.py": "revision = 'b2'\ndown_revision = 'a1'\n",
        "c3.py": "revision = 'c3'\ndown_revision = 'b2'\n",
    }.items():
        (archive / name).write_text(text)
    repository.commit()
    stamp("c3")
    code, report = check("--repository", tmp_path, "--database", versioned[1])
    assert (code, report["status"]) == (0, "synced")
    assert [warning for warning in report["warnings"] if "subfolder" in warning] == [
        "3 files in subfolders look like migrations and are not read, for instance "
        "migrations/versions/old/a1.py: without recursive_version_locations only the files right in "
        "a versions folder count"
    ]


def test_no_right_to_read_is_an_error_and_never_empty(chain, cluster, versioned):
    cluster.psql("REVOKE SELECT ON alembic_version FROM reader", db=versioned[0])
    url = versioned[1]
    code, report = check("--repository", chain, "--database", url)
    assert (code, report["status"]) == (2, "error")
    assert report["drift_detected"] is None
    assert report["failure"]["stage"] == "production"
    assert report["failure"]["kind"] == "permission_denied"
    assert report["codebase_heads"] == ["c3"], "the side that could be read is told"


def test_a_broken_migration_is_an_error_that_names_file_and_line(tmp_path, versioned, stamp):
    repository = Repository(tmp_path).chain("a1")
    (repository.versions / "b2.py").write_text("revision = 'b2'\ndown_revision = compute()\n")
    repository.commit()
    stamp("a1")
    code, report = check("--repository", tmp_path, "--database", versioned[1])
    assert (code, report["status"]) == (2, "error")
    assert report["failure"]["stage"] == "script_directory"
    assert report["failure"]["kind"] == "unknown_value"
    assert "migrations/versions/b2.py:2" in report["failure"]["message"]
    assert "down_revision = compute()" in report["failure"]["message"]
    assert report["production_versions"] == ["a1"]


def test_both_sides_broken_are_both_told(tmp_path):
    nowhere = f"postgresql://reader@localhost:1/app"
    code, report = check("--repository", tmp_path / "missing", "--database", nowhere)
    assert (code, report["status"]) == (2, "error")
    assert report["failure"]["stage"] == "repository"
    assert any(warning.startswith("production: ") for warning in report["warnings"])


def test_an_error_is_told_to_a_person_on_standard_error(tmp_path, versioned):
    done = run("check", "--repository", tmp_path / "missing", "--database", versioned[1])
    assert done.returncode == 2
    assert done.stdout == ""
    assert "ERROR: cannot tell" in done.stderr
    assert "what to do" in done.stderr


# --- time and signals -------------------------------------------------------------------------


def silent_database(port):
    return f"postgresql://reader@127.0.0.1:{port}/app"


def test_a_database_that_never_answers_ends_with_the_deadline(chain, silent_port, tmp_path):
    begin = time.monotonic()
    code, report = check(
        "--repository", chain, "--database", silent_database(silent_port), "--timeout", 1,
        "--reports", tmp_path)  # fmt: skip
    assert time.monotonic() - begin < 10
    assert (code, report["status"]) == (2, "error")
    assert report["failure"]["kind"] == "timed_out"
    assert list(reports_in(tmp_path).values()) == [report]


def test_a_git_server_that_never_answers_is_left_behind(silent_port, versioned, stamp, tmp_path):
    stamp("a1")
    begin = time.monotonic()
    code, report = check(
        "--repository", f"https://localhost:{silent_port}/x.git", "--database", versioned[1],
        "--timeout", 1, "--reports", tmp_path / "reports", "--cache-dir", tmp_path / "cache")  # fmt: skip
    assert time.monotonic() - begin < 15
    assert (code, report["failure"]["kind"]) == (2, "timed_out")
    assert report["production_versions"] == ["a1"]


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_with_a_report_that_says_so(chain, silent_port, tmp_path, which):
    process = start(
        "check", "--repository", chain, "--database", silent_database(silent_port),
        "--reports", tmp_path, "--alerts", "terminal", "--log", "json")  # fmt: skip
    for line in process.stderr:  # both sides are under way
        if "revision graph read" in line:
            break
    process.send_signal(which)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 2
    (report,) = reports_in(tmp_path).values()
    assert report["failure"]["kind"] == "interrupted"
    assert report["status"] == "error"
    assert "interrupted" in err
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.fixture
def stuck(tmp_path):
    """A report folder whose target `app` another run holds locked; gives the folder."""
    (tmp_path / "latest").mkdir()
    with open(tmp_path / "latest/.app.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield tmp_path


def test_a_second_signal_ends_the_process_at_once(chain, silent_port, stuck):
    process = start(
        "check", "--repository", chain, "--database", silent_database(silent_port),
        "--target", "app", "--reports", stuck, "--log", "json")  # fmt: skip
    for line in process.stderr:
        if "revision graph read" in line:
            process.send_signal(signal.SIGTERM)
        if '"verdict"' in line:  # only the locked folder is left
            break
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert time.monotonic() - begin < 5


def test_a_run_that_hangs_does_not_hold_up_the_next_for_ever(chain, versioned, stamp, stuck):
    stamp("c3")
    done = run("check", "--repository", chain, "--database", versioned[1], "--target", "app",
               "--reports", stuck)  # fmt: skip
    assert done.returncode == 3
    assert done.stderr == (
        "schema-drift: error: the report was kept, but not as the latest: "
        f"{stuck}/latest/.app.lock has been locked by another run for 10 seconds\n"
    )
    assert len(reports_in(stuck)) == 1


# --- reports and alerts -----------------------------------------------------------------------


def test_the_stored_report_is_the_printed_one_byte_for_byte(chain, versioned, stamp, tmp_path):
    stamp("a1")
    done = run("check", "--repository", chain, "--database", versioned[1], "--target", "orders",
               "--reports", tmp_path, "--format", "json")  # fmt: skip
    report = valid(json.loads(done.stdout))
    day = report["timestamp"][:10].replace("-", "/")
    stamp_in_name = report["timestamp"].replace("-", "").replace(":", "")
    path = tmp_path / day / f"orders-{stamp_in_name}-{report['run_id']}.json"
    assert path.read_text() == done.stdout
    assert (tmp_path / "latest/orders.json").read_text() == done.stdout


def test_a_dry_run_stores_and_sends_nothing(chain, versioned, tmp_path):
    done = run("check", "--repository", chain, "--database", versioned[1], "--dry-run",
               "--reports", tmp_path / "reports", "--alerts", "terminal")  # fmt: skip
    assert done.returncode == 1
    assert "UNVERSIONED" in done.stdout
    assert done.stderr == ""
    assert not (tmp_path / "reports").exists()


def test_the_alert_says_what_differs_and_where_the_report_lies(chain, versioned, stamp, tmp_path):
    stamp("b2")
    done = run("check", "--repository", chain, "--database", versioned[1], "--quiet",
               "--reports", tmp_path, "--alerts", "terminal")  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    first = done.stderr.splitlines()[0]
    assert first == f"[schema-drift] {versioned[0]}: BEHIND: 1 revision is pending"
    assert re.search(r"^  oldest      c3 was committed 2026-01-03T12:00:00Z \(\d+ days ago\)$", done.stderr, re.MULTILINE)
    assert "first seen" not in done.stderr
    (name,) = reports_in(tmp_path)
    assert name in done.stderr


def test_success_is_only_alerted_when_asked(chain, versioned, stamp):
    stamp("c3")
    words = ("check", "--repository", chain, "--database", versioned[1], "--alerts", "terminal")
    assert run(*words).stderr == ""
    assert "SYNCED" in run(*words, "--notify-on-success").stderr
    assert "SYNCED" in run(*words, env={"SCHEMA_DRIFT_NOTIFY_ON_SUCCESS": "true"}).stderr


def test_a_report_that_cannot_be_stored_is_exit_3_and_the_alert_says_so(
    chain, versioned, stamp, tmp_path
):
    stamp("c3")
    (tmp_path / "file").write_text("in the way")
    done = run("check", "--repository", chain, "--database", versioned[1], "--alerts", "terminal",
               "--reports", tmp_path / "file")  # fmt: skip
    assert done.returncode == 3
    assert "SYNCED" in done.stdout, "the verdict stands"
    assert f"NOT STORED: cannot write {tmp_path}/file" in done.stderr


def test_not_knowing_outweighs_a_lost_report(tmp_path, versioned):
    (tmp_path / "file").write_text("in the way")
    done = run("check", "--repository", tmp_path / "missing", "--database", versioned[1],
               "--reports", tmp_path / "file")  # fmt: skip
    assert done.returncode == 2


def test_runs_that_overlap_keep_all_their_reports(chain, versioned, stamp, tmp_path):
    stamp("a1")
    words = ("check", "--repository", chain, "--database", versioned[1], "--quiet",
             "--reports", tmp_path)  # fmt: skip
    running = [start(*words) for _ in range(12)]
    assert {process.wait(timeout=60) for process in running} == {1}
    for process in running:
        process.communicate()
    reports = reports_in(tmp_path)
    assert len(reports) == 12
    latest = valid(json.loads((tmp_path / f"latest/{versioned[0]}.json").read_text()))
    # Of those that began before another had ended, several have one number.
    assert latest["sequence"] == max(report["sequence"] for report in reports.values())
    assert not list(tmp_path.rglob("*.tmp"))


# --- several targets --------------------------------------------------------------------------


@pytest.fixture
def fleet(chain, versioned, stamp, tmp_path):
    stamp("c3")
    path = tmp_path / "fleet.json"
    path.write_text(
        json.dumps(
            {
                "defaults": {"repository": str(chain)},
                "targets": [
                    {"target": "good", "database": versioned[1]},
                    {"target": "odd", "database": versioned[1], "version_table": "elsewhere"},
                ],
            }
        )
    )
    return path


def test_several_targets_are_one_json_array_and_the_worst_exit_code(fleet):
    done = run("check", "--config", fleet, "--format", "json")
    assert done.returncode == 1
    reports = [valid(report) for report in json.loads(done.stdout)]
    assert [(r["target"], r["status"]) for r in reports] == [
        ("good", "synced"),
        ("odd", "unversioned"),
    ]
    assert reports[0]["run_id"] == reports[1]["run_id"]


def test_one_of_several_targets(fleet):
    code, report = check("--config", fleet, "--target", "good")
    assert (code, report["target"]) == (0, "good")


def test_an_unknown_key_is_refused_by_name(fleet):
    fleet.write_text('{"targets": [{"target": "a", "databse": "x"}]}')
    done = run("check", "--config", fleet)
    assert done.returncode == 64
    assert done.stderr == (
        f'schema-drift: error: {fleet}: unknown key "databse" in targets[0]\n'
        '  hint: did you mean "database"?\n'
    )


# --- the terminal -----------------------------------------------------------------------------


def on_a_terminal(words, **env):
    """What a person at a terminal sees."""
    master, slave = pty.openpty()
    seen = []

    def read():
        try:
            while chunk := os.read(master, 4096):
                seen.append(chunk)
        except OSError:  # the other end is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    subprocess.run([BINARY, *map(str, words)], stdin=subprocess.DEVNULL, stdout=slave,
                   stderr=slave, env=environment(**env), timeout=60)  # fmt: skip
    os.close(slave)
    reader.join(timeout=10)
    os.close(master)
    return b"".join(seen).decode()


def test_colour_only_on_a_terminal_that_wants_it(chain, versioned, stamp):
    stamp("c3")
    words = ("check", "--repository", chain, "--database", versioned[1])
    assert "\x1b[32mSYNCED\x1b[0m" in on_a_terminal(words, TERM="xterm-256color")
    assert "\x1b" not in on_a_terminal(words, TERM="xterm-256color", NO_COLOR="1")
    assert "\x1b" not in on_a_terminal((*words, "--no-color"), TERM="xterm-256color")
    assert "\x1b" not in on_a_terminal(words, TERM="dumb")
    assert "\x1b" not in run(*words, env={"TERM": "xterm-256color"}).stdout


def test_a_full_disk_under_standard_output_is_no_success(chain, versioned, stamp):
    stamp("c3")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [BINARY, "check", "--repository", str(chain), "--database", versioned[1]],
            stdout=full, stderr=subprocess.PIPE, text=True, env=environment())  # fmt: skip
    assert done.returncode == 2
    assert "cannot write the output: No space left on device" in done.stderr


# --- configuration and secrets ----------------------------------------------------------------


def test_every_option_can_come_from_the_environment(chain, versioned, stamp, tmp_path):
    stamp("c3")
    done = run("check", env={
        "SCHEMA_DRIFT_REPOSITORY": str(chain), "SCHEMA_DRIFT_DATABASE": versioned[1],
        "SCHEMA_DRIFT_REPORTS": str(tmp_path), "SCHEMA_DRIFT_TARGET": "from-environment",
        "SCHEMA_DRIFT_FORMAT": "json"})  # fmt: skip
    assert done.returncode == 0
    (report,) = reports_in(tmp_path).values()
    assert report["target"] == "from-environment"


def test_a_wrong_call_is_exit_64_in_words_and_in_json():
    done = run("check", "--databse", "x", "--format", "json")
    assert done.returncode == 64
    assert done.stderr == (
        'schema-drift: error: schema-drift check does not know "--databse"\n'
        "  hint: did you mean --database?\n"
    )
    failure = json.loads(done.stdout)
    assert failure == {
        "status": "error",
        "failure": {
            "stage": "configuration", "kind": "usage",
            "message": 'schema-drift check does not know "--databse"',
            "hint": "did you mean --database?"},
    }  # fmt: skip


def test_a_variable_that_nothing_reads_is_told(chain):
    done = run("heads", "--repository", chain, env={"SCHEMA_DRIFT_DATABSE": "x", "SCHEMA_DRIFT_BUILD": ""})
    assert (done.returncode, done.stderr) == (0, (
        "schema-drift: warning: nothing reads the environment variable SCHEMA_DRIFT_BUILD\n"
        "schema-drift: warning: nothing reads the environment variable SCHEMA_DRIFT_DATABSE: did you mean "
        "SCHEMA_DRIFT_DATABASE?\n"))  # fmt: skip


def test_the_variables_of_psql_name_a_database(chain, cluster, versioned):
    database, _ = versioned
    variables = {"PGUSER": "reader", "PGDATABASE": database}
    done = run("check", "--repository", chain, "--format", "json",
               env={**variables, "PGHOST": str(cluster.folder), "PGPORT": str(cluster.port)})  # fmt: skip
    report = valid(json.loads(done.stdout))
    assert (report["status"], report["target"], report["production"]["database"]) == (
        "unversioned", database, f"{database} on {cluster.folder}")  # fmt: skip
    report = json.loads(run("check", "--repository", chain, "--format", "json",
                            env={**variables, "PGHOST": "127.0.0.1", "PGPORT": "1"}).stdout)  # fmt: skip
    assert (report["status"], report["production"]["database"]) == ("error", f"postgresql://reader@127.0.0.1:1/{database}")


def test_an_alembic_ini_is_no_configuration(chain):
    done = run("check", "--config", "alembic.ini", cwd=chain)
    assert (done.returncode, done.stderr) == (64, (
        "schema-drift: error: alembic.ini: an alembic.ini is no configuration of targets\n"
        "  hint: --alembic-ini takes its path in the repository; --config takes a JSON file\n"))  # fmt: skip


def test_without_a_database_there_is_nothing_to_check(chain):
    done = run("check", "--repository", chain)
    assert done.returncode == 64
    assert "no database was given" in done.stderr


@pytest.mark.parametrize("form", ["url", "query", "keywords"])
def test_a_password_appears_nowhere(chain, cluster, roles, tmp_path, form):
    url = {
        "url": cluster.url(user="guarded", db="app", password="canary:p@ss"),
        "query": cluster.url(user="guarded", db="app") + "&password=canary:p%40ss",
        "keywords": f"host={cluster.folder} user=guarded dbname=app password = 'canary:p@ss'",
    }[form]
    everything = []
    for words in (("--format", "json"), ("--log", "json"), ()):
        done = run("check", "--repository", chain, "--database", url, "--reports", tmp_path,
                   "--alerts", "terminal", *words)  # fmt: skip
        assert done.returncode == 2
        everything += [done.stdout, done.stderr]
    everything += [path.read_text() for path in tmp_path.rglob("*.json")]
    assert len(everything) > 8
    for text in everything:
        assert "canary" not in text
        assert "p%40ss" not in text
        assert "p@ss" not in text


@pytest.mark.parametrize("url", ["mysql://u:canary@host", "postgresql+psycopg2://u:canary@host",
                                 "posgresql://u:canary@host"])  # fmt: skip
def test_a_database_of_no_known_form_is_a_wrong_call_and_names_no_target(chain, tmp_path, url):
    done = run("check", "--repository", chain, "--database", url, "--reports", tmp_path,
               "--format", "json")  # fmt: skip
    assert done.returncode == 64
    assert json.loads(done.stdout)["failure"]["kind"] == "usage"
    assert "canary" not in done.stdout + done.stderr
    assert not list(tmp_path.rglob("*.json"))


def test_json_logs_are_one_object_a_line_with_the_run(chain, versioned, stamp):
    stamp("c3")
    done = run("check", "--repository", chain, "--database", versioned[1], "--log", "json")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [event["event"] for event in events][0] == "run started"
    assert [event["event"] for event in events][-1] == "run finished"
    assert len({event["run_id"] for event in events}) == 1
