"""What a run tells those who count: a file for Prometheus, CloudWatch's lines, a heartbeat."""

import json
import os
import re

import pytest
from echo import Echo
from program import run, valid


class Monitor(Echo):
    """A heartbeat service on loopback. `answers`: statuses in turn, the last one for ever."""

    def __init__(self, *answers, location=None):
        statuses, headers = list(answers), {"Location": location} if location else {}
        super().__init__(lambda *_: (statuses.pop(0) if len(statuses) > 1 else statuses[0], headers, ""))
        self.url = f"{self.origin}/ping/secret-id"


@pytest.fixture
def words(chain, versioned):
    return ["check", "--repository", chain, "--database", versioned[1], "--target", "shop"]


def gauges(path):
    """{name: {target: value}}; every line is one that Prometheus reads."""
    found = {}
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP|TYPE) schema_drift_\w+ .+", line)
            continue
        name, target, value = re.fullmatch(r'(schema_drift_\w+)\{target="([^"]*)"\} ([0-9.]+)', line).groups()
        found.setdefault(name, {})[target] = float(value)
    return found


def test_the_metrics_file_holds_the_last_run(words, stamp, tmp_path):
    stamp("a1")
    path = tmp_path / "metrics/drift.prom"
    done = run(*words, "--metrics-file", path, "--reports", tmp_path / "reports")
    assert (done.returncode, done.stderr) == (1, "")
    found = gauges(path)
    assert found["schema_drift_detected"] == {"shop": 1}
    assert found["schema_drift_pending_revisions"] == {"shop": 2}
    assert found["schema_drift_could_not_tell"] == {"shop": 0}
    stamp("zz")
    run(*words, "--metrics-file", path, "--version-table", "nothing")
    assert gauges(path)["schema_drift_pending_revisions"] == {"shop": 3}
    assert os.listdir(path.parent) == ["drift.prom"], "no temporary file is left"
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_run_that_could_not_tell_takes_the_old_figures_away(words, stamp, tmp_path, cluster, versioned):
    stamp("a1")
    path = tmp_path / "drift.prom"
    run(*words, "--metrics-file", path)
    cluster.psql("REVOKE SELECT ON alembic_version FROM reader", db=versioned[0])
    assert run(*words, "--metrics-file", path).returncode == 2
    assert set(gauges(path)) == {
        "schema_drift_could_not_tell", "schema_drift_undelivered", "schema_drift_run_duration_seconds",
        "schema_drift_last_run_timestamp_seconds"}  # fmt: skip
    assert gauges(path)["schema_drift_could_not_tell"] == {"shop": 1}


def test_what_was_not_delivered_is_counted(words, stamp, tmp_path):
    stamp("b2")
    path = tmp_path / "drift.prom"
    run(*words, "--metrics-file", path)
    assert gauges(path)["schema_drift_undelivered"] == {"shop": 0}
    (tmp_path / "file").write_text("")
    done = run(*words, "--reports", tmp_path / "file", "--metrics-file", path)
    assert done.returncode == 3
    assert gauges(path)["schema_drift_undelivered"] == {"shop": 1}


def test_a_metrics_file_that_cannot_be_written_is_not_delivered(words, stamp, tmp_path):
    stamp("c3")
    (tmp_path / "file").write_text("")
    done = run(*words, "--metrics-file", tmp_path / "file/drift.prom")
    assert done.returncode == 3
    assert f"{tmp_path}/file" in done.stderr
    assert done.stdout.startswith("shop: SYNCED")


def test_embedded_metrics_are_a_line_on_standard_error(words, stamp):
    stamp("a1")
    done = run(*words, "--metrics", "emf", "--format", "json")
    assert valid(json.loads(done.stdout))["status"] == "behind"
    (line,) = done.stderr.splitlines()
    assert (json.loads(line)["Target"], json.loads(line)["PendingRevisions"]) == ("shop", 2)
    done = run(*words, "--metrics", "statsd")
    assert done.returncode == 64
    assert 'unknown --metrics "statsd"\n  hint: give emf\n' in done.stderr


def test_every_completed_run_is_a_heartbeat(words, stamp, cluster, versioned):
    stamp("a1")
    with Monitor(200) as monitor:
        env = {"SCHEMA_DRIFT_HEARTBEAT": monitor.url}
        assert run(*words, env=env).returncode == 1
        assert monitor.asked == ["/ping/secret-id"]
        cluster.psql("REVOKE SELECT ON alembic_version FROM reader", db=versioned[0])
        assert run(*words, env=env).returncode == 2
        assert len(monitor.asked) == 2, "a run that could not tell has run"
        run(*words, "--dry-run", env=env)
        assert len(monitor.asked) == 2


def test_a_passing_failure_of_the_monitor_is_tried_again(words, stamp):
    stamp("c3")
    with Monitor(503, 200) as monitor:
        assert run(*words, env={"SCHEMA_DRIFT_HEARTBEAT": monitor.url}).returncode == 0
        assert len(monitor.asked) == 2


@pytest.mark.parametrize("status, location, told", [
    (404, None, "cannot send the heartbeat: 127.0.0.1 answered HTTP 404"),
    (302, "http://127.0.0.1:9/elsewhere", "cannot send the heartbeat: 127.0.0.1 answered HTTP 302"),
    (500, None, "cannot send the heartbeat: 127.0.0.1 answered HTTP 500 (3 attempts)"),
])  # fmt: skip
def test_a_heartbeat_that_is_refused_is_not_delivered_and_names_no_secret(words, stamp, status, location, told):
    stamp("c3")
    with Monitor(status, location=location) as monitor:
        done = run(*words, "--log", "json", env={"SCHEMA_DRIFT_HEARTBEAT": monitor.url})
    assert done.returncode == 3
    assert told in done.stderr
    assert "secret-id" not in done.stderr + done.stdout


@pytest.mark.parametrize("url", ["hc.example.com/ping/secret-id", "http://hc.example.com/ping/secret-id",
                                 "ftp://hc.example.com/secret-id"])  # fmt: skip
def test_a_heartbeat_needs_https(words, stamp, url):
    stamp("c3")
    done = run(*words, env={"SCHEMA_DRIFT_HEARTBEAT": url})
    assert done.returncode == 64
    assert "invalid URL of the heartbeat: not https://..." in done.stderr
    assert "secret-id" not in done.stderr
