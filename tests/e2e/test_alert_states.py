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


# --- ack: taking back and listing -------------------------------------------------------------


def test_a_withdrawn_acknowledgement_silences_nothing_and_stays(nights, stamp):
    stamp("a1")
    nights.run()
    assert nights.acknowledge("--until", "3d", "--reason", "deploy on Monday").returncode == 0
    given = json.loads((nights.folder / "acks/shop.json").read_text())
    assert given["sequence"] == 1
    assert kind(nights.run()[0]) == ("drift_acknowledged", False)
    done = nights.acknowledge("--withdraw", "--reason", "the deploy is off")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.match(r"shop: the acknowledgement by \S+@\S+ is withdrawn by \S+@\S+\n"
                    r"drift that is still there is told by the next run\n", done.stdout)
    last = json.loads((nights.folder / "acks/shop.json").read_text())
    dated = ACK.search(done.stdout)[1]
    assert re.search(r"/shop-\d{8}T\d{6}Z-[0-9a-f]{16}-ack\.json$", dated)
    assert json.loads(open(dated).read()) == last
    withdrawn = last.pop("withdrawn")
    assert last == {key: value for key, value in given.items() if key != "withdrawn"}
    assert (withdrawn["by"], withdrawn["reason"]) == (given["by"], "the deploy is off")
    done = nights.acknowledge("--withdraw")
    assert done.returncode == 64
    assert f"the acknowledgement of shop was withdrawn before: at {withdrawn['at']} by {withdrawn['by']}" in done.stderr
    # A new one takes its place.
    assert nights.acknowledge("--until", "3d", "--reason", "next week").returncode == 0
    assert json.loads((nights.folder / "acks/shop.json").read_text())["withdrawn"] is None


def listed(nights, *words):
    done = run("ack", "--list", "--reports", nights.folder, *words)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def test_acknowledgements_are_listed_with_what_became_of_them(nights, stamp, cluster, versioned):
    stamp("a1")
    nights.run()
    assert listed(nights) == "there is no acknowledgement here\n"
    assert json.loads(listed(nights, "--format", "json")) == []
    nights.acknowledge("--until", "3d", "--reason", "deploy on Monday")
    path = nights.folder / "acks/shop.json"
    given = json.loads(path.read_text())
    about = (f"  given at {given['at']} by {given['by']}: deploy on Monday\n"
             "  covers pending_revisions (b2, c3) and further pending revisions\n")  # fmt: skip
    assert listed(nights) == f"shop: in force until {given['until']}\n{about}"
    assert json.loads(listed(nights, "--format", "json")) == [
        {"target": "shop", "state": "in_force",
         **{key: value for key, value in given.items() if key not in ("schema_version", "target")}}]  # fmt: skip

    stamp("zz99")
    nights.run()
    assert listed(nights).endswith(f"{about}  does not cover unknown_revision (zz99)\n")
    cluster.psql("DELETE FROM alembic_version WHERE version_num = 'zz99'", db=versioned[0])
    path.write_text(json.dumps({**given, "until": "2026-01-01T00:00:00Z"}))
    assert listed(nights).startswith("shop: ended on its day, 2026-01-01T00:00:00Z\n")
    path.write_text(json.dumps(given))
    cluster.psql("UPDATE alembic_version SET version_num = 'c3'", db=versioned[0])
    report, _ = nights.run()
    assert listed(nights) == f"shop: ended: recovered at {report['timestamp']}\n{about}"
    nights.run()
    assert listed(nights).startswith("shop: ended: recovered\n")
    assert json.loads(listed(nights, "--format", "json"))[0]["state"] == "recovered"

    (nights.folder / "latest/shop.json").write_text("{")
    assert listed(nights).endswith("  the target's last report cannot be read: whether it recovered is unknown\n")
    (nights.folder / "acks/other.json").write_text("{")
    assert listed(nights).startswith("other: what lies there is no acknowledgement that can be read\nshop: in force")


def test_reports_say_what_was_acknowledged(nights, stamp):
    stamp("a1")
    nights.run()
    nights.acknowledge("--until", "3d", "--reason", "deploy on Monday")
    given = json.loads((nights.folder / "acks/shop.json").read_text())
    until = given["until"]

    def reports(*words):
        done = run("reports", *words, "--reports", nights.folder)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    for which in ("shop", json.loads((nights.folder / "latest/shop.json").read_text())["run_id"]):
        assert (f"  ack         in force until {until}\n"
                f"              given at {given['at']} by {given['by']}: deploy on Monday\n"
                "              covers pending_revisions (b2, c3) and further pending revisions\n"
                ) in reports("show", which)  # fmt: skip
    assert (f"\nacknowledged:\n  shop: in force until {until}; by {given['by']}: deploy on Monday\n"
            ) in reports("summary")  # fmt: skip
    (target,) = json.loads(reports("summary", "--format", "json"))["targets"]
    assert target["missed_nights"] == 0
    assert target["acknowledgement"]["state"] == "in_force"
    assert target["acknowledgement"]["reason"] == "deploy on Monday"
    assert "acknowledged until" in reports("summary", "--format", "html")
    nights.acknowledge("--withdraw")
    assert "  ack         withdrawn at " in reports("show", "shop")
    assert "\nacknowledged:\n  shop: withdrawn at " in reports("summary")


def test_an_acknowledgement_from_elsewhere_is_not_read(nights, stamp):
    stamp("a1")
    nights.run()
    nights.acknowledge("--until", "3d", "--reason", "deploy on Monday")
    (nights.folder / "acks/shop.json").rename(nights.folder / "elsewhere.json")
    (path,) = nights.folder.glob("[0-9]*/*/*/*[0-9a-f].json")
    report = json.loads(path.read_text())
    path.write_text(json.dumps({**report, "target": "../elsewhere"}))
    done = run("reports", "show", path.name, "--reports", nights.folder)
    assert done.returncode == 0
    assert "../elsewhere: BEHIND" in done.stdout and "deploy on Monday" not in done.stdout


# --- ack: wrong calls -------------------------------------------------------------------------


@pytest.mark.parametrize("words, message, hint", [
    (["shop", "--withdraw", "--until", "3d"], "ack takes either --withdraw or --until",
     "what is withdrawn ends now; to choose another day, acknowledge again"),
    (["shop", "--withdraw"], "there is no acknowledgement of shop to withdraw",
     "schema-drift ack --list shows which there are"),
    (["othr", "--withdraw"], "there is no acknowledgement of othr to withdraw", 'did you mean "other"?'),
    (["../acks/other", "--withdraw"], "there is no acknowledgement of ../acks/other to withdraw",
     "schema-drift ack --list shows which there are"),
    (["other", "--withdraw"], "there is no acknowledgement of other to withdraw",
     "schema-drift ack --list shows which there are"),
    (["shop", "--list"], "ack --list takes no target and nothing else to do",
     "schema-drift ack --list --reports WHERE"),
    (["--list", "--withdraw"], "ack --list takes no target and nothing else to do",
     "schema-drift ack --list --reports WHERE"),
    (["--withdraw"], "ack takes one target",
     "schema-drift ack TARGET --until DATE --reason TEXT --reports WHERE"),
])  # fmt: skip
def test_wrong_ways_to_withdraw_and_list(nights, stamp, words, message, hint):
    stamp("a1")
    nights.run()
    (nights.folder / "acks").mkdir()
    (nights.folder / "acks/other.json").write_text("no acknowledgement")
    done = run("ack", *words, "--reports", nights.folder)
    assert done.returncode == 64
    assert message in done.stderr
    assert f"hint: {hint}\n" in done.stderr
    assert [path.name for path in (nights.folder / "acks").iterdir()] == ["other.json"]


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
