"""Night after night: what is told, what is not, and why; with a real database and a report folder."""

import datetime
import json
import re

import pytest
from program import run, valid

ACK = re.compile(r"recorded at (\S+)")


class Nights:
    """Runs of one target. Time passes by dating back what the last report says."""

    def __init__(self, repository, database, folder):
        self.words = ["--repository", repository, "--database", database, "--target", "shop",
                      "--reports", folder, "--alerts", "terminal", "--format", "json"]  # fmt: skip
        self.folder = folder

    def run(self, *words):
        """(report, alert) of a night; the alert is "" where none was sent."""
        done = run("check", *self.words, *words)
        assert done.returncode in (0, 1, 2), done.stderr
        return valid(json.loads(done.stdout)), done.stderr

    def pass_days(self, days):
        latest = self.folder / "latest/shop.json"
        report = json.loads(latest.read_text())

        def earlier(time):
            moment = datetime.datetime.fromisoformat(time.replace("Z", "+00:00"))
            return (moment - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

        report["timestamp"] = earlier(report["timestamp"])
        for part in ("drift", "failing"):
            state = report["alert"]["state"][part]
            if state:
                state["since"], state["alerted_at"] = earlier(state["since"]), earlier(state["alerted_at"])
        latest.write_text(json.dumps(valid(report)))

    def acknowledge(self, *words):
        return run("ack", "shop", "--reports", self.folder, *words)


@pytest.fixture
def nights(chain, versioned, tmp_path):
    return Nights(chain, versioned[1], tmp_path / "reports")


def kind(report):
    return report["alert"]["kind"], report["alert"]["send"]


def test_a_drift_is_told_once_then_reminded_then_its_end_is_told(nights, stamp, cluster, versioned):
    stamp("a1")
    report, alert = nights.run()
    assert kind(report) == ("first_drift", True)
    assert "why now     nothing is known of earlier runs: this is the target's first report" in alert

    nights.pass_days(1)
    report, alert = nights.run()
    assert kind(report) == ("drift_unchanged", False)
    assert alert == ""
    assert re.fullmatch(r"the same drift was told at \S+Z; it is told again from \S+ on",
                        report["alert"]["reason"])  # fmt: skip

    nights.pass_days(6)
    report, alert = nights.run()
    assert kind(report) == ("drift_reminder", True)
    assert alert.startswith("[schema-drift] shop: BEHIND, for 7 days: 2 revisions are pending\n")

    nights.pass_days(1)
    assert kind(nights.run()[0]) == ("drift_unchanged", False)

    cluster.psql("UPDATE alembic_version SET version_num = 'b2'", db=versioned[0])
    report, alert = nights.run()
    assert kind(report) == ("drift_changed", True)
    assert alert.startswith("[schema-drift] shop: BEHIND, changed: 1 revision is pending\n")
    assert "changed     gone from pending_revisions: b2" in alert

    cluster.psql("UPDATE alembic_version SET version_num = 'c3'", db=versioned[0])
    report, alert = nights.run()
    assert kind(report) == ("recovered", True)
    assert alert.startswith("[schema-drift] shop: SYNCED, recovered: production has every migration")
    report, alert = nights.run()
    assert (kind(report), alert) == (("synced", False), "")


def test_the_time_of_the_reminder_can_be_chosen(nights, stamp):
    stamp("a1")
    nights.run()
    nights.pass_days(2)
    assert kind(nights.run()[0]) == ("drift_unchanged", False)
    assert kind(nights.run("--remind-after", "2")[0]) == ("drift_reminder", True)
    done = run("check", *nights.words, "--remind-after", "0")
    assert done.returncode == 64
    assert "\"0\" is no --remind-after" in done.stderr
    assert "give whole days from 1 to 365" in done.stderr


def test_not_being_able_to_tell_is_a_message_of_its_own(nights, stamp, cluster, versioned):
    stamp("a1")
    nights.run()
    cluster.psql("REVOKE SELECT ON alembic_version FROM reader", db=versioned[0])
    report, alert = nights.run()
    assert kind(report) == ("cannot_tell", True)
    assert alert.startswith("[schema-drift] shop: ERROR: cannot tell: ")
    assert "pending" not in alert
    report, alert = nights.run()
    assert (kind(report), alert) == (("cannot_tell_unchanged", False), "")
    nights.pass_days(1)
    report, alert = nights.run()
    assert kind(report) == ("cannot_tell_reminder", True)
    assert alert.startswith("[schema-drift] shop: ERROR, still: cannot tell: ")

    cluster.psql("GRANT SELECT ON alembic_version TO reader", db=versioned[0])
    report, alert = nights.run()
    assert kind(report) == ("can_tell_again", True)
    assert alert.startswith("[schema-drift] shop: BEHIND, can tell again: 2 revisions are pending\n")


def test_an_acknowledged_drift_is_quiet_until_the_acknowledgement_expires(nights, stamp, cluster, versioned):
    stamp("a1")
    nights.run()
    nights.pass_days(8)
    done = nights.acknowledge("--until", "3d", "--reason", "deploy on Monday")
    assert done.returncode == 0, done.stderr
    assert re.match(r"shop: acknowledged until \S+Z by \S+@\S+\n  [0-9a-f]{16}  pending_revisions\n", done.stdout)
    kept = json.loads(open(ACK.search(done.stdout)[1]).read())
    assert kept == json.loads((nights.folder / "acks/shop.json").read_text())
    assert (kept["target"], kept["reason"]) == ("shop", "deploy on Monday")
    assert kept["by"].count("@") == 1
    assert kept["at"].endswith("Z")

    report, alert = nights.run()
    assert (kind(report), alert) == (("drift_acknowledged", False), "")
    assert report["alert"]["reason"].endswith(": deploy on Monday")
    assert report["alert"]["acknowledgement"]["reason"] == "deploy on Monday"

    # Less pending is no news either, but a row that nobody knows is.
    cluster.psql("UPDATE alembic_version SET version_num = 'b2'", db=versioned[0])
    assert kind(nights.run()[0]) == ("drift_acknowledged", False)
    stamp("zz99")
    report, alert = nights.run()
    assert kind(report) == ("drift_changed", True)
    assert "changed     new in unknown_revision: zz99" in alert
    cluster.psql("DELETE FROM alembic_version WHERE version_num = 'zz99'", db=versioned[0])
    assert kind(nights.run()[0]) == ("drift_acknowledged", False)

    last = nights.folder / "acks/shop.json"
    kept["until"] = "2026-01-01T00:00:00Z"
    last.write_text(json.dumps(kept))
    report, alert = nights.run()
    assert kind(report) == ("acknowledgement_expired", True)
    assert "the acknowledgement by" in alert and "has expired on 2026-01-01" in alert


def test_every_run_is_told_where_that_is_asked_for(nights, stamp):
    stamp("c3")
    report, alert = nights.run("--notify-on-success")
    assert kind(report) == ("every_run", True)
    assert alert.startswith("[schema-drift] shop: SYNCED: ")
    assert "why now     every run is told (--notify-on-success)" in alert


def test_another_ref_is_another_question(nights, stamp):
    stamp("a1")
    nights.run()
    report, _ = nights.run("--ref", "HEAD~1")
    assert kind(report) == ("first_drift", True)
    assert report["alert"]["reason"].endswith("the last report is about another repository or ref")


@pytest.mark.parametrize("content, reason", [
    ("", "the last report is not JSON"),
    ("[1]", "the last report is no JSON object"),
    ("{}", "the last report has no text \"timestamp\""),
])  # fmt: skip
def test_a_last_report_that_cannot_be_read_makes_the_run_speak_up(nights, stamp, content, reason):
    stamp("a1")
    nights.run()
    (nights.folder / "latest/shop.json").write_text(content)
    report, alert = nights.run()
    assert kind(report) == ("first_drift", True)
    assert report["alert"]["reason"] == f"nothing is known of earlier runs: {reason}"
    # And the damage is mended by the run itself.
    assert kind(nights.run()[0]) == ("drift_unchanged", False)


def test_an_alert_that_was_lost_is_told_again(nights, stamp):
    stamp("a1")
    topic = "arn:aws:sns:eu-central-1:123456789012:nobody"
    broken = run("check", *nights.words, "--alerts", topic, "--timeout", "20",
                 env={"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x",
                      "AWS_ENDPOINT_URL_SNS": "http://127.0.0.1:9"})  # fmt: skip
    assert broken.returncode == 3
    assert valid(json.loads(broken.stdout))["alert"]["state"]["delivered"] is False
    report, alert = nights.run()
    assert kind(report) == ("undelivered", True)
    assert "why now     the alert of the last run did not get through" in alert
    assert kind(nights.run()[0]) == ("drift_unchanged", False)


def test_a_dry_run_decides_nothing(nights, stamp):
    stamp("a1")
    report, alert = nights.run("--dry-run")
    assert (report["alert"], alert) == (None, "")


# --- ack: wrong calls -------------------------------------------------------------------------


@pytest.mark.parametrize("words, message, hint", [
    (["--reason", "x"], "ack was not told until when",
     "give --until DATE: 2026-12-01 (the first second of that day in UTC), or 14d"),
    (["--until", "3d"], "ack was not told why",
     "give --reason TEXT: whoever reads the reports in a year wants to know"),
    (["--until", "soon", "--reason", "x"], "\"soon\" is no --until",
     "give a date (2026-12-01), a time (2026-12-01T09:00:00Z) or a distance (14d, 36h)"),
    (["--until", "2020-01-01", "--reason", "x"], "--until 2020-01-01T00:00:00Z is past",
     "give a time that is still to come"),
    (["--until", "367d", "--reason", "x"], "is more than a year away",
     "acknowledge for a shorter time and look again then"),
])  # fmt: skip
def test_an_acknowledgement_needs_a_time_and_a_reason(nights, stamp, words, message, hint):
    stamp("a1")
    nights.run()
    done = nights.acknowledge(*words)
    assert done.returncode == 64
    assert message in done.stderr
    assert f"hint: {hint}\n" in done.stderr
    assert not (nights.folder / "acks").exists()


def test_there_must_be_a_drift_to_acknowledge(nights, stamp, cluster, versioned):
    stamp("c3")
    nights.run()
    words = ("--until", "3d", "--reason", "x")
    done = nights.acknowledge(*words)
    assert done.returncode == 64
    assert re.search(r"there is no drift of shop to acknowledge: its last report, of \S+, says synced", done.stderr)
    cluster.psql("REVOKE SELECT ON alembic_version FROM reader", db=versioned[0])
    nights.run()
    done = nights.acknowledge(*words)
    assert done.returncode == 64
    assert "hint: an acknowledgement silences drift, never a failure" in done.stderr


def test_a_target_without_a_report_cannot_be_acknowledged(nights, stamp):
    stamp("a1")
    words = ("--until", "3d", "--reason", "x", "--reports", nights.folder)
    done = run("ack", "shop", *words)
    assert done.returncode == 2
    assert f"cannot read {nights.folder}: No such file or directory" in done.stderr
    nights.folder.mkdir()
    done = run("ack", "shop", *words)
    assert done.returncode == 64
    assert 'there is no report of a target "shop"' in done.stderr
    assert "hint: there is no report at all here" in done.stderr
    nights.run()
    done = run("ack", "shp", *words)
    assert 'hint: did you mean "shop"?' in done.stderr
    for name in ("../latest/shop", ".shop", "a/b"):
        assert run("ack", name, *words).returncode == 64
    done = run("ack", "--until", "3d", "--reason", "x")
    assert "ack takes one target" in done.stderr
    done = run("ack", "shop", "--until", "3d", "--reason", "x")
    assert "it was not said where the reports are" in done.stderr
