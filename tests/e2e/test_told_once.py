"""What a person at a terminal is told of alerts, and the exit code of a fleet whose targets differ."""

import json
import re

import pytest
from echo import Echo
from program import run
from test_check import on_a_terminal

SENTENCE = "2 revisions are not applied: 'b2' and 'c3'"


@pytest.fixture
def words(chain, versioned, stamp, tmp_path):
    stamp("a1")
    return ["check", "--repository", chain, "--database", versioned[1], "--target", "shop", "--reports", tmp_path / "r"]


def test_on_a_terminal_the_same_text_stands_once(words):
    seen = on_a_terminal([*words, "--alerts", "terminal"], TERM="dumb")
    assert seen.count(SENTENCE) == 1
    assert seen.startswith("shop: BEHIND: 2 revisions are pending\r\n")
    assert "  why now     nothing is known of what was told before: what a terminal was told is not recorded\r\n" in seen
    assert "sent to" not in seen  # it was read, not sent


@pytest.mark.parametrize("more", [["--quiet"], ["--format", "json"]])
def test_where_no_report_is_printed_the_alert_is(words, more):
    seen = on_a_terminal([*words, "--alerts", "terminal", *more], TERM="dumb")
    assert "[schema-drift] shop: BEHIND: 2 revisions are pending\r\n" in seen


def test_into_a_file_and_a_pipe_go_both(words, tmp_path):
    seen = on_a_terminal([*words, "--alerts", "terminal", "-o", tmp_path / "file"], TERM="dumb")
    assert seen.startswith("[schema-drift] shop: BEHIND") and SENTENCE in (tmp_path / "file").read_text()
    done = run(*words, "--alerts", "terminal", "--notify-on-success")
    assert SENTENCE in done.stdout and SENTENCE in done.stderr
    assert "  alert       sent to terminal\n" in done.stdout


def test_a_sent_alert_is_said_and_a_refused_one_is_not(words):
    replies = {"/good": 200, "/bad": 404}
    with Echo(lambda method, path, headers, body: (replies[path], {}, "")) as receiver:
        how = {"env": {"SCHEMA_DRIFT_WEBHOOK_SECRET": "whsec-example-0123", "SCHEMA_DRIFT_SLACK_URL": receiver.origin + "/good"}}
        told = [*words, "--allow-private-webhooks", "--alerts", "slack", "--alerts", f"webhook:{receiver.origin}/bad"]
        done = run(*told, **how)
        assert done.returncode == 3
        assert "  alert       sent to slack\n" in done.stdout
        assert "cannot post the alert to 127.0.0.1: 127.0.0.1 answered HTTP 404" in done.stderr
        # Nothing is news to Slack any more, and the other still refuses.
        assert "sent to" not in run(*told, **how).stdout
        replies["/bad"] = 200
        assert "  alert       sent to webhook 127.0.0.1\n" in run(*told, **how).stdout
        done = run(*told, "--notify-on-success", "--quiet", **how)
        assert (done.stdout, done.stderr) == ("", "")


def test_a_dry_run_sends_nothing_and_says_nothing(words):
    assert "sent to" not in run(*words, "--alerts", "terminal", "--dry-run").stdout


# ---------------------------------------------------------------------------------- a mixed fleet


@pytest.fixture
def fleet(cluster, chain, versioned, stamp, tmp_path):
    """Runs a fleet of the targets that are named."""
    stamp("a1")
    cluster.psql("DROP DATABASE IF EXISTS level WITH (FORCE)")
    cluster.psql(f"CREATE DATABASE level TEMPLATE {versioned[0]}")
    cluster.psql("UPDATE alembic_version SET version_num = 'c3'", db="level")
    places = {"behind": versioned[1], "synced": cluster.url(user="reader", db="level"),
              "error": "postgresql:///x?host=/nonexistent"}  # fmt: skip

    def checked(names, *words, command="check"):
        config = tmp_path / "fleet.json"
        config.write_text(json.dumps({"targets": [
            {"target": name, "database": places[name.rstrip("2")], "repository": str(chain)} for name in names]}))  # fmt: skip
        return run(command, "--config", config, *words, env={"SCHEMA_DRIFT_WEBHOOK_SECRET": "whsec-example-0123"})

    yield checked
    cluster.psql("DROP DATABASE level WITH (FORCE)")


UNDELIVERED = ["--alerts", "webhook:http://127.0.0.1:9/x", "--allow-private-webhooks", "--notify-on-success"]


@pytest.mark.parametrize("names, words, code", [
    (["synced", "synced2"], [], 0),
    (["synced", "behind"], [], 1),
    (["behind", "synced"], ["--fail-on", "high"], 0),  # the pending revisions of the one do nothing severe
    (["synced", "error"], [], 2),
    (["error", "behind"], [], 2),
    (["synced", "synced2"], UNDELIVERED, 3),
    (["behind", "synced"], UNDELIVERED, 3),
    (["behind", "error", "synced"], UNDELIVERED, 2),
])  # fmt: skip
def test_the_exit_code_of_a_mixed_fleet(fleet, names, words, code):
    done = fleet(names, *words)
    assert done.returncode == code
    assert re.match(r"\d targets: ", done.stdout.splitlines()[-1])
    if not words:
        done = fleet(names, command="status")
        assert done.returncode == code
        lines = done.stdout.splitlines()
        assert lines[0] == {"synced": "synced: synced: production has every migration of this ref",
                            "behind": "behind: behind: 2 revisions are pending"}.get(names[0], lines[0])  # fmt: skip


def test_a_fleet_says_where_its_alert_went(fleet):
    done = fleet(["behind", "synced"], "--alerts", "terminal")
    assert done.stdout.splitlines()[-2] == "alert sent to terminal"
    assert done.stdout.splitlines()[-1].startswith("2 targets: 1 synced, 1 behind, in ")
    assert "BEHIND" in done.stderr
