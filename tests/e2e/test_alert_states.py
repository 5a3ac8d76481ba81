"""Night after night: what is told, what is not, and why; with a real database and a report folder."""

import datetime
import http.server
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
from program import BINARY, environment, reports_in, run, start, valid
from repository import Repository

ACK = re.compile(r"recorded at (\S+)")


TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def dated_back(text, days):
    def earlier(match):
        moment = datetime.datetime.fromisoformat(match[0].replace("Z", "+00:00"))
        return (moment - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    return TIME.sub(earlier, text)


class Nights:
    """Runs of one target. Time passes by dating back what lies in the store: to the program that is
    the same as a clock that went on, or (`days` < 0) was set back."""

    def __init__(self, repository, database, folder):
        self.repository, self.database, self.folder = repository, database, folder
        self.words = [*self.place(), "--alerts", "terminal"]

    def place(self, database=None, reports=None):
        return ["--repository", self.repository, "--database", database or self.database, "--target", "shop",
                "--reports", reports or self.folder, "--format", "json"]  # fmt: skip

    def run(self, *words):
        """(report, alert) of a night; the alert is "" where none was sent."""
        done = run("check", *self.words, *words)
        assert done.returncode in (0, 1, 2), done.stderr
        return valid(json.loads(done.stdout)), done.stderr

    def by_hand(self, *words, env=None, **other):
        """The finished process of a run with no destination but those in `words`."""
        done = run("check", *self.place(**other), *words, env=env)
        done.report = valid(json.loads(done.stdout)) if done.stdout else None
        return done

    def pass_days(self, days):
        for path in [*self.folder.glob("latest/**/*.json"), *self.folder.glob("acks/*.json")]:
            path.write_text(dated_back(path.read_text(), days))

    def acknowledge(self, *words):
        return run("ack", "shop", "--reports", self.folder, *words)

    def told(self):
        """What is recorded of each destination, by its name."""
        records = [json.loads(path.read_text()) for path in self.folder.glob("latest/told/shop/*.json")]
        return {record["destination"]: record for record in records}


class Door:
    """A web server on loopback that alerts are posted to. While `held`, it takes a request and says
    nothing; while `status` is 500, it refuses. As S3 it has nothing, takes everything, the first after
    `slow` seconds, and never answers a GET, or the next PUT, where that is `hanging`."""

    def __init__(self):
        self.puts, self.hanging, self.slow = [], set(), 0
        self.posts, self.status, self.held, self.asked = [], 200, threading.Event(), threading.Event()
        self._closed = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                self.asked.set()
                if self.held.is_set():
                    self._closed.wait(60)
                    return
                if self.status == 200:
                    self.posts.append(json.loads(body))
                handler.send_response(self.status)
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def do_GET(handler):
                if "GET" in self.hanging:
                    self.asked.set()
                    self._closed.wait(60)
                    return
                text = b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>"
                handler.send_response(404)
                handler.send_header("Content-Length", str(len(text)))
                handler.end_headers()
                handler.wfile.write(text)

            def do_PUT(handler):
                handler.rfile.read(int(handler.headers["Content-Length"]))
                self.puts.append(handler.path)
                if "PUT" in self.hanging:
                    self.hanging.discard("PUT")
                    self.asked.set()
                    self._closed.wait(60)
                    return
                if len(self.puts) == 1:
                    self._closed.wait(self.slow)
                handler.send_response(200)
                handler.send_header("ETag", '"0123456789abcdef"')
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(*_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def words(self, path="night"):
        return ["--alerts", f"webhook:http://127.0.0.1:{self.port}/{path}", "--allow-private-webhooks"]

    env = {"SCHEMA_DRIFT_WEBHOOK_SECRET": "whsec-0123456789"}

    @property
    def s3(self):
        return {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-central-1",
                "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self.port}"}  # fmt: skip

    @property
    def reasons(self):
        return [post["report"]["alert"]["kind"] for post in self.posts]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def door():
    with Door() as server:
        yield server


@pytest.fixture
def nights(chain, versioned, tmp_path):
    return Nights(chain, versioned[1], tmp_path / "reports")


def kind(report):
    return report["alert"]["kind"], report["alert"]["send"]


def test_a_drift_is_told_once_then_reminded_then_its_end_is_told(nights, stamp, cluster, versioned):
    stamp("a1")
    report, alert = nights.run()
    assert kind(report) == ("first_drift", True)
    assert "why now     no earlier run of this target at this ref is known" in alert

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
    assert "invalid --remind-after \"0\": out of range" in done.stderr
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
    assert re.match(r"shop: acknowledged until \S+Z by \S+@\S+\n  [0-9a-f]{16}  pending_revisions\n"
                    r"the next run tells any other finding, but no further pending revisions while one of those "
                    r"acknowledged is pending\nrecorded at ", done.stdout)  # fmt: skip
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


def test_an_acknowledgement_ends_with_the_drift_that_it_was_given_for(nights, stamp, cluster, versioned):
    stamp("a1")
    nights.run()
    assert nights.acknowledge("--until", "30d", "--reason", "deploy on Monday").returncode == 0
    nights.pass_days(1)
    assert kind(nights.run()[0]) == ("drift_acknowledged", False)
    cluster.psql("UPDATE alembic_version SET version_num = 'c3'", db=versioned[0])
    nights.pass_days(1)
    assert kind(nights.run()[0]) == ("recovered", True)
    cluster.psql("UPDATE alembic_version SET version_num = 'a1'", db=versioned[0])
    nights.pass_days(1)
    assert kind(nights.run()[0]) == ("first_drift", True)


def test_an_acknowledgement_that_was_withdrawn_is_over(nights, stamp):
    stamp("a1")
    nights.run()
    nights.acknowledge("--until", "30d", "--reason", "deploy on Monday")
    assert kind(nights.run()[0]) == ("drift_acknowledged", False)
    last = nights.folder / "acks/shop.json"
    given = json.loads(last.read_text())
    given["withdrawn"] = {"at": given["at"], "by": "dev@db2"}
    last.write_text(json.dumps(given))
    report, alert = nights.run()
    assert kind(report) == ("acknowledgement_withdrawn", True)
    assert re.search(r"why now     the acknowledgement by \S+ was withdrawn by dev@db2 at \S+Z; the drift was first "
                     r"seen at \S+Z, less than a day ago", alert)  # fmt: skip
    assert kind(nights.run()[0]) == ("drift_unchanged", False)


def test_every_run_is_told_where_that_is_asked_for(nights, stamp):
    stamp("c3")
    report, alert = nights.run("--notify-on-success")
    assert kind(report) == ("every_run", True)
    assert alert.startswith("[schema-drift] shop: SYNCED: ")
    assert "why now     every run is told (--notify-on-success)" in alert


def test_another_ref_is_another_question_and_no_answer_to_this_one(nights, stamp):
    stamp("a1")
    nights.run()
    report, alert = nights.run("--ref", "HEAD~1")
    assert kind(report) == ("first_drift", True)
    assert report["alert"]["reason"] == "no earlier run of this target at this ref is known"
    assert alert.startswith("[schema-drift] shop: BEHIND: 1 revision is pending\n")
    # The last report is that of the other ref; what was told of this one is still known.
    assert kind(nights.run()[0]) == ("drift_unchanged", False)
    assert kind(nights.run("--ref", "HEAD~1")[0]) == ("drift_unchanged", False)
    nights.pass_days(7)
    report, _ = nights.run()
    assert kind(report) == ("drift_reminder", True)
    assert report["alert"]["reason"].endswith(", 7 days ago")


def test_since_when_is_known_though_nobody_was_told_and_another_ref_came_between(nights, stamp):
    stamp("a1")
    nights.by_hand()
    nights.pass_days(3)
    assert nights.by_hand("--ref", "HEAD~1").returncode == 1
    report, _ = nights.run()
    assert kind(report) == ("first_drift", True)
    since = report["alert"]["seen"]["drift"]["since"]
    assert report["alert"]["reason"] == f"first seen at {since}, and no record says that it was told"
    assert report["timestamp"][:10] != since[:10]
    assert report["alert"]["seen"]["drift"]["sequence"] == 1


def test_another_repository_is_another_question_too(nights, stamp, versioned, tmp_path):
    stamp("a1")
    nights.run()
    longer = Repository(tmp_path / "longer").chain("a1", "b2", "c3", "d4").folder
    other = Nights(longer, versioned[1], nights.folder)
    nights.pass_days(3)
    report, _ = other.run()
    assert (kind(report), report["alert"]["reason"]) == (
        ("first_drift", True), "no earlier run of this target at this ref is known")
    nights.pass_days(3)
    report, _ = nights.run()
    assert kind(report) == ("drift_unchanged", False)
    nights.pass_days(1)
    report, _ = nights.run()
    assert report["alert"]["reason"].endswith(", 7 days ago")
    assert kind(other.run()[0]) == ("drift_unchanged", False)


@pytest.mark.parametrize("content, reason", [
    ("", "the record of it is not JSON"),
    ("[1]", "the record of it is no JSON object"),
    ("{}", "the record of it has no object \"report\""),
])  # fmt: skip
def test_a_record_that_cannot_be_read_makes_the_run_speak_up(nights, stamp, content, reason):
    stamp("a1")
    nights.run()
    (record,) = nights.folder.glob("latest/told/shop/*.json")
    record.write_text(content)
    report, alert = nights.run()
    assert kind(report) == ("first_drift", True)
    assert report["alert"]["reason"] == f"nothing is known of what was told before: {reason}"
    # And the damage is mended by the run itself.
    assert kind(nights.run()[0]) == ("drift_unchanged", False)


def test_a_last_report_that_cannot_be_read_hides_nothing(nights, stamp):
    """What was seen and told is not kept there alone."""
    stamp("a1")
    nights.run()
    nights.pass_days(2)
    (nights.folder / "latest/shop.json").write_text("{")
    assert kind(nights.run()[0]) == ("drift_unchanged", False)
    for path in nights.folder.glob("latest/seen/shop/*.json"):
        path.write_text("{")
    (nights.folder / "latest/shop.json").write_text("{")
    report, _ = nights.run()
    assert kind(report) == ("drift_unchanged", False)
    since = datetime.datetime.fromisoformat(report["alert"]["seen"]["drift"]["since"].replace("Z", "+00:00"))
    assert (datetime.datetime.now(datetime.timezone.utc) - since).days == 2


def test_what_a_release_told_that_did_not_record_it_is_told_again(nights, stamp):
    """Its last report says `delivered` of an alert that may never have been sent."""
    stamp("a1")
    report, _ = nights.run()
    del report["alert"]["destinations"], report["alert"]["seen"]
    known = [{key: finding[key] for key in ("kind", "fingerprint", "subjects")} for finding in report["findings"]]
    report["schema_version"] = 1
    report["alert"]["state"] = {
        "drift": {"since": "2026-01-01T03:00:00Z", "alerted_at": report["timestamp"], "acknowledged": False,
                  "told": known},
        "failing": None, "delivered": True}  # fmt: skip
    for folder in ("told", "seen"):
        for path in nights.folder.glob(f"latest/{folder}/shop/*.json"):
            path.unlink()
    (nights.folder / "latest/shop.json").write_text(json.dumps(report))
    report, _ = nights.run()
    assert kind(report) == ("first_drift", True)
    assert report["alert"]["reason"] == (
        "nothing is known of what was told before: the last report is of a release that did not record who was told")
    assert report["alert"]["seen"]["drift"]["since"] == "2026-01-01T03:00:00Z"
    assert kind(nights.run()[0]) == ("drift_unchanged", False)


# --- told means accepted ----------------------------------------------------------------------


def test_a_run_that_is_killed_while_it_sends_has_told_nobody(nights, stamp, door):
    stamp("a1")
    door.held.set()
    for _ in range(2):
        door.asked.clear()
        process = start("check", *nights.place(), *door.words(), env=door.env)
        assert door.asked.wait(30)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        report = valid(json.loads((nights.folder / "latest/shop.json").read_text()))
        assert report["alert"]["send"] is True
        assert "delivered" not in json.dumps(report["alert"]) and "sent" not in json.dumps(report["alert"])
        assert nights.told() == {}
    door.held.clear()
    done = nights.by_hand(*door.words(), env=door.env)
    assert (done.returncode, done.report["undelivered"]) == (1, [])
    assert door.reasons == ["first_drift"]
    assert re.fullmatch(r"first seen at \S+Z, and no record says that it was told", done.report["alert"]["reason"])
    record = nights.told()["webhook 127.0.0.1"]
    assert (record["kind"], record["report"]["sequence"]) == ("first_drift", done.report["sequence"])
    assert "/night" not in json.dumps(record)
    assert kind(nights.by_hand(*door.words(), env=door.env).report) == ("drift_unchanged", False)


def test_a_signal_ends_a_send_that_hangs_and_it_is_told_the_next_night(nights, stamp, door):
    stamp("a1")
    door.held.set()
    process = start("check", *nights.place(), *door.words(), env=door.env)
    assert door.asked.wait(30)
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - begin < 4
    assert process.returncode == 3, err
    report = valid(json.loads(out))
    assert report["status"] == "behind"
    (told,) = report["undelivered"]
    assert re.fullmatch(r"cannot post the alert to 127\.0\.0\.1: interrupted while .*", told)
    stored = reports_in(nights.folder)
    assert len(stored) == 2 and report in stored.values()
    assert nights.told() == {}
    door.held.clear()
    assert nights.by_hand(*door.words(), env=door.env).returncode == 1
    assert door.reasons == ["first_drift"]


@pytest.mark.parametrize("held", [True, False], ids=["hanging", "answering"])
def test_after_a_signal_eight_seconds_are_left_to_deliver(nights, stamp, door, held):
    """A service manager kills soon after it asked."""
    if held:
        door.held.set()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = start("check", *nights.place(database=f"postgresql://reader@127.0.0.1:{silent.getsockname()[1]}"
                                               "/x?sslmode=disable"),
                        *door.words(), "--timeout", "600", env=door.env)  # fmt: skip
        silent.settimeout(30)
        connection, _ = silent.accept()
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        connection.close()
    assert time.monotonic() - begin < 12
    assert process.returncode == 2, err
    report = valid(json.loads(out))
    assert report["failure"]["kind"] == "interrupted"
    if held:
        (told,) = report["undelivered"]
        assert told.startswith("cannot post the alert to 127.0.0.1: out of time while ")
        assert any(name.endswith("-undelivered.json") for name in reports_in(nights.folder))
    else:
        assert (report["undelivered"], door.reasons) == ([], ["cannot_tell"])


def test_a_destination_that_hangs_leaves_time_for_those_after_it(nights, stamp, door):
    stamp("a1")
    door.held.set()
    begin = time.monotonic()
    done = nights.by_hand(*door.words(), "--alerts", "terminal", "--timeout", "20", env=door.env)
    assert time.monotonic() - begin < 12
    assert (done.returncode, list(nights.told())) == (3, ["terminal"])
    assert len(done.report["undelivered"]) == 1


def test_a_signal_ends_the_reading_of_what_was_told_before(nights, stamp, door):
    stamp("a1")
    door.hanging.add("GET")
    process = start("check", *nights.place(reports="s3://example-reports/drift"), "--alerts", "terminal",
                    env=door.s3)  # fmt: skip
    assert door.asked.wait(30)
    time.sleep(1)  # both sides are read; only the store is waited for
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - begin < 5
    report = valid(json.loads(out))
    assert report["alert"]["reason"].startswith(
        "nothing is known of what was told before: the store cannot be read: ")
    assert "interrupted" in report["alert"]["reason"]


def test_what_a_signal_kept_from_being_stored_is_stored_in_the_time_that_is_left(nights, stamp, door):
    """Storing may be done twice, unlike sending."""
    stamp("a1")
    door.hanging.add("PUT")
    process = start("check", *nights.place(reports="s3://example-reports/drift"), "--alerts", "terminal",
                    env=door.s3)  # fmt: skip
    assert door.asked.wait(30)
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - begin < 5
    assert process.returncode == 1, err
    assert valid(json.loads(out))["undelivered"] == []
    assert door.puts[0] == door.puts[1], "the same dated key again"
    assert [path.split("/")[3] for path in door.puts[2:]] == ["latest"] * 3


def test_a_slow_store_has_two_thirds_of_the_time_and_the_alert_the_rest(nights, stamp, door, tmp_path):
    stamp("a1")
    here = {"reports": "s3://example-reports/drift", "env": {**door.env, **door.s3}}
    spool = ["--spool-dir", tmp_path / "spool"]
    door.slow = 4.5
    done = nights.by_hand("--alerts", "terminal", *spool, "--timeout", "10", **here)
    assert (done.returncode, done.report["undelivered"]) == (1, []), done.stderr
    door.hanging.add("PUT")
    done = nights.by_hand(*door.words(), *spool, "--timeout", "6", **here)
    assert (done.returncode, len(done.report["undelivered"])) == (3, 1), done.stderr
    assert door.reasons == ["first_drift"]


def test_a_run_by_hand_does_not_silence_the_night(nights, stamp, door):
    stamp("a1")
    assert kind(nights.by_hand().report) == ("no_destination", False)
    assert nights.told() == {}
    assert kind(nights.by_hand("--alerts", "terminal").report) == ("first_drift", True)
    assert list(nights.told()) == ["terminal"]
    report = nights.by_hand(*door.words(), env=door.env).report
    assert kind(report) == ("first_drift", True)
    assert report["alert"]["reason"].startswith("first seen at ")
    # A reminder that a person got is none of the night's either, nor is an error that only they saw.
    nights.pass_days(5)
    nights.by_hand("--alerts", "terminal", "--notify-on-success")
    assert nights.by_hand(database="postgresql://reader@127.0.0.1:1/x").returncode == 2
    nights.pass_days(2)
    assert kind(nights.by_hand(*door.words(), env=door.env).report) == ("drift_reminder", True)
    assert door.reasons == ["first_drift", "drift_reminder"]


def test_an_error_in_between_resets_nothing(nights, stamp, cluster, versioned):
    stamp("a1")
    nights.run()
    nights.pass_days(1)
    cluster.psql("REVOKE SELECT ON alembic_version FROM reader", db=versioned[0])
    report, _ = nights.run("--ref", "HEAD~1")
    assert report["alert"]["reason"] == "no earlier run of this target at this ref is known"
    report, _ = nights.run()
    assert (kind(report), report["alert"]["reason"]) == (
        ("cannot_tell", True), "the last run that is known could tell")
    cluster.psql("GRANT SELECT ON alembic_version TO reader", db=versioned[0])
    nights.pass_days(1)
    report, _ = nights.run()
    assert kind(report) == ("can_tell_again", True)
    assert re.fullmatch(r"it can be told again, and the drift first seen at \S+Z is still there",
                        report["alert"]["reason"])  # fmt: skip
    assert kind(nights.run()[0]) == ("drift_unchanged", False)


def test_each_destination_is_told_what_it_was_not(nights, stamp, door):
    stamp("a1")
    nights.run()
    report = nights.by_hand("--alerts", "terminal", *door.words(), env=door.env).report
    assert [(one["destination"], one["kind"], one["send"]) for one in report["alert"]["destinations"]] == [
        ("terminal", "drift_unchanged", False), ("webhook 127.0.0.1", "first_drift", True)]
    assert kind(report) == ("first_drift", True)
    # Two paths of one host are two destinations.
    report = nights.by_hand(*door.words("night"), *door.words("day"), env=door.env).report
    assert [one["kind"] for one in report["alert"]["destinations"]] == ["drift_unchanged", "first_drift"]
    assert door.posts[-1]["report"] == report


def test_a_destination_that_refused_is_told_again_and_the_others_are_not(nights, stamp, door):
    stamp("a1")
    door.status = 500
    words = ["--alerts", "terminal", *door.words()]
    done = nights.by_hand(*words, env=door.env)
    assert (done.returncode, list(nights.told())) == (3, ["terminal"])
    assert done.report["undelivered"] == ["cannot post the alert to 127.0.0.1: 127.0.0.1 answered HTTP 500 (3 attempts)"]
    listed = run("reports", "list", "--reports", nights.folder).stdout
    assert "undelivered" in listed and "sent" not in listed
    door.status = 200
    done = nights.by_hand(*words, env=door.env)
    assert [one["send"] for one in done.report["alert"]["destinations"]] == [False, True]
    assert door.reasons == ["first_drift"]


def test_what_cannot_be_recorded_is_told_again(nights, stamp):
    stamp("a1")
    (nights.folder / "latest").mkdir(parents=True)
    (nights.folder / "latest/told").write_text("in the way")
    for _ in range(2):
        done = nights.by_hand("--alerts", "terminal")
        assert done.returncode == 3
        (told,) = done.report["undelivered"]
        assert told.startswith("that terminal was told is not recorded, so it is told again: ")
        assert "latest/told" in told
        assert done.report["alert"]["kind"] == "first_drift"
        assert "[schema-drift] shop: BEHIND" in done.stderr


def test_two_operators_at_once_are_both_told_once(nights, stamp, door):
    stamp("a1")
    both = [start("check", *nights.place(), *door.words(path), env=door.env) for path in ("one", "two")]
    reports = [valid(json.loads(process.communicate(timeout=60)[0])) for process in both]
    assert [process.returncode for process in both] == [1, 1]
    assert [report["undelivered"] for report in reports] == [[], []]
    assert len(list(nights.folder.glob("latest/told/shop/*.json"))) == 2
    for path in ("one", "two"):
        assert kind(nights.by_hand(*door.words(path), env=door.env).report) == ("drift_unchanged", False)
    assert len(door.posts) == 2


def test_a_person_s_terminal_is_nobody_else_s(nights, stamp):
    stamp("a1")
    for _ in range(2):
        ours, theirs = pty.openpty()
        done = subprocess.run([BINARY, "check", *map(str, nights.words)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=theirs, text=True, env=environment(),
                              timeout=60).stdout  # fmt: skip
        os.close(theirs)
        shown = os.read(ours, 1 << 16).decode()
        os.close(ours)
        report = valid(json.loads(done))
        assert kind(report) == ("first_drift", True)
        assert report["alert"]["reason"] == (
            "nothing is known of what was told before: what a terminal was told is not recorded")
        assert "[schema-drift] shop: BEHIND" in shown
        assert nights.told() == {}
    assert kind(nights.run()[0]) == ("first_drift", True)


def test_forty_nights_with_a_clock_that_jumps(nights, stamp, cluster, versioned):
    stamp("a1")
    jumps = {9: 300, 10: -300, 20: -500, 21: 500, 30: 4}
    told = []
    for night in range(1, 41):
        nights.pass_days(1 + jumps.get(night, 0))
        report, alert = nights.run()
        assert report["alert"]["send"] == bool(alert)
        if alert:
            told.append(night)
            assert not re.search(r"-[0-9]+ days?", alert), alert
        assert report["sequence"] == night
        assert json.loads((nights.folder / "latest/shop.json").read_text()) == report
    # Every week, and where the clock makes the last telling a thing of the future or of long ago.
    assert told[0] == 1
    assert all(later - earlier <= 7 for earlier, later in zip(told, told[1:])), told
    assert len(told) <= 6 + len(jumps), told
    cluster.psql("UPDATE alembic_version SET version_num = 'c3'", db=versioned[0])
    assert kind(nights.run()[0]) == ("recovered", True)


# --- the fallback -----------------------------------------------------------------------------


def test_what_a_destination_refuses_comes_to_the_fallback(nights, stamp, door):
    stamp("a1")
    door.status = 500
    words = [*door.words(), "--alert-fallback", "terminal"]
    refused = "cannot post the alert to 127.0.0.1: 127.0.0.1 answered HTTP 500 (3 attempts)"
    for reason in ("no earlier run of this target", "first seen at "):
        done = nights.by_hand(*words, env=door.env)
        assert done.returncode == 3
        assert done.report["undelivered"] == [f"{refused}; the fallback terminal accepted it"]
        assert f"why now     {refused}; so this came to the fallback: {reason}" in done.stderr
        assert done.stderr.startswith("[schema-drift] shop: BEHIND")
        assert nights.told() == {}
    door.status = 200
    done = nights.by_hand(*words, env=door.env)
    assert (done.returncode, done.stderr, door.reasons) == (1, "", ["first_drift"])


def test_a_fallback_that_refuses_too_is_named(nights, stamp, door):
    stamp("a1")
    door.status = 404
    done = nights.by_hand(*door.words(), "--alert-fallback", f"webhook:http://127.0.0.1:{door.port}/other",
                          env=door.env)  # fmt: skip
    assert done.returncode == 3
    refused = "cannot post the alert to 127.0.0.1: 127.0.0.1 answered HTTP 404"
    assert done.report["undelivered"] == [refused, f"the fallback did not accept it either: {refused}"]


def test_a_fallback_needs_something_to_fall_back_from(nights):
    done = run("check", *nights.place()[:-2], "--alert-fallback", "terminal")
    assert done.returncode == 64
    assert "--alert-fallback is given without --alerts" in done.stderr
    assert "hint: give --alerts: the fallback gets what was not accepted there" in done.stderr
    done = run("check", *nights.place()[:-2], "--alerts", "terminal", "--alert-fallback", "pager")
    assert done.returncode == 64
    assert "cannot send alerts to pager" in done.stderr


# ----------------------------------------------------------------------------------------------


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
    assert listed(nights).startswith("other: its acknowledgement cannot be read\nshop: in force")


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
    (["shop", "--withdraw"], "no acknowledgement of shop to withdraw",
     "schema-drift ack --list shows which there are"),
    (["othr", "--withdraw"], "no acknowledgement of othr to withdraw", 'did you mean "other"?'),
    (["../acks/other", "--withdraw"], "no acknowledgement of ../acks/other to withdraw",
     "schema-drift ack --list shows which there are"),
    (["other", "--withdraw"], "no acknowledgement of other to withdraw",
     "schema-drift ack --list shows which there are"),
    (["shop", "--list"], "ack --list takes no target and no other option of ack",
     "schema-drift ack --list --reports WHERE"),
    (["--list", "--withdraw"], "ack --list takes no target and no other option of ack",
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
    (["--reason", "x"], "ack needs --until",
     "give --until DATE: 2026-12-01 (the first second of that day in UTC), or 14d"),
    (["--until", "3d"], "ack needs --reason",
     "give --reason TEXT: whoever reads the reports in a year wants to know"),
    (["--until", "soon", "--reason", "x"], "invalid --until \"soon\": not a time",
     "give a date (2026-12-01), a time (2026-12-01T09:00:00Z) or a distance (14d, 36h)"),
    (["--until", "2020-01-01", "--reason", "x"], "--until 2020-01-01T00:00:00Z is past",
     "give a time that is still to come"),
    (["--until", "367d", "--reason", "x"], "is more than a year away",
     "choose a shorter time and look again then"),
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
    assert re.search(r"shop has no drift to acknowledge: its last report, of \S+, says synced", done.stderr)
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
    assert 'no reports of target "shop"' in done.stderr
    assert "hint: no reports here" in done.stderr
    nights.run()
    done = run("ack", "shp", *words)
    assert 'hint: did you mean "shop"?' in done.stderr
    for name in ("../latest/shop", ".shop", "a/b"):
        assert run("ack", name, *words).returncode == 64
    done = run("ack", "--until", "3d", "--reason", "x")
    assert "ack takes one target" in done.stderr
    done = run("ack", "shop", "--until", "3d", "--reason", "x")
    assert "no --reports was given" in done.stderr
