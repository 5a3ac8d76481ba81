"""`schema-drift reports`: what lies in a folder, as a table and as JSON."""

import datetime
import json
import re

import pytest
from program import run, valid

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0, tzinfo=None)
DAY = datetime.timedelta(days=1)


def rfc3339(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


class Folder:
    """Reports as `check` stores them, of any day."""

    def __init__(self, path):
        self.path = path
        self.count = 0

    def add(self, target, time, status="synced", pending=(), failure=None, suffix="", run_id=None, **more):
        self.count += 1
        run_id = run_id or f"{self.count:016x}"
        finding = {"kind": "pending_revisions", "severity": "warning", "fingerprint": "0123456789abcdef",
                   "message": f"{len(pending)} revisions are not applied", "subjects": list(pending),
                   "action": "apply with `alembic upgrade heads`"}  # fmt: skip
        first = {"since": rfc3339(time - 3 * DAY), "sequence": None}
        drift = {**first, "findings": [], "acknowledged": False, "resumed": None} if pending else None
        failing = {**first, "kind": failure["kind"]} if failure else None
        report = valid({
            "schema_version": 2, "timestamp": rfc3339(time), "run_id": run_id, "tool_version": "0.1.0",
            "target": target, "codebase_head": "c3", "production_version": "a1",
            "drift_detected": None if failure else status != "synced", "status": status, "reason": None,
            "repository": {"url": "https://git.example.com/shop", "ref": "main", "commit": "a" * 40,
                           "committed_at": rfc3339(time), "script_location": "migrations"},
            "production": {"database": f"{target} on db.example.com:5432",
                           "version_table": "public.alembic_version"},
            "codebase_heads": ["c3"], "production_versions": ["a1"],
            "pending": [{"revision": one, "message": f"<script>alert('{one}')</script> & \x1b[31m",
                         "path": f"migrations/versions/{one}.py", "author": "example",
                         "committed_at": rfc3339(time - 3 * DAY)} for one in pending],
            "findings": [finding] if pending else [], "warnings": [], "failure": failure,
            "undelivered": [], "not_checked": [], "sequence": None, "previous_sha256": None,
            "previous_unknown_because": "the test numbers none", "duration_ms": 40 + self.count,
            "alert": {"send": bool(pending), "kind": "first_drift" if pending else "synced", "reason": "r",
                      "changes": [], "destinations": [], "acknowledgement": None,
                      "seen": {"drift": drift, "failing": failing}},
            "stage_durations_ms": {"repository": 30, "production": 10}, **more})  # fmt: skip
        stamp = time.strftime("%Y%m%dT%H%M%SZ")
        path = self.path / time.strftime("%Y/%m/%d") / f"{target}-{stamp}-{run_id}{suffix}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report, indent=2) + "\n")
        latest = self.path / "latest" / f"{target}.json"
        latest.parent.mkdir(exist_ok=True)
        latest.write_text(path.read_text())
        return path

    def reports(self, *words):
        done = run("reports", *words, "--reports", self.path)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout


FAILURE = {"stage": "production", "kind": "connection_failed", "hint": "is the database up?",
           "message": "cannot connect to billing on db.example.com:5432: connection refused"}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """Ten days of three targets: one behind, one that could not be told twice, one gone silent."""
    folder = Folder(tmp_path / "reports")
    for ago in range(10, -1, -1):
        time = NOW - ago * DAY - datetime.timedelta(minutes=5)
        folder.add("orders", time, *(["behind", ["b2", "c3"]] if ago < 4 else []))
        folder.add("billing", time, **({"status": "error", "failure": FAILURE} if ago in (2, 3) else {}))
        if ago > 6:
            folder.add("silent", time)
    return folder


def test_the_newest_come_first_and_as_many_as_asked_for(folder):
    lines = folder.reports("list", "--limit", "3").splitlines()
    assert lines[0].split() == ["WHEN", "(UTC)", "TARGET", "STATUS", "ALERT", "WHAT", "REPORT"]
    assert len(lines) == 4
    assert lines[1].split()[2:5] == ["billing", "synced", "-"]
    assert lines[2].split()[2:5] == ["orders", "behind", "due"]
    assert "2 revisions are pending" in lines[2]
    everything = folder.reports("list", "--limit", "100").splitlines()
    assert len(everything) == 1 + 11 + 11 + 4
    assert everything[1:] == sorted(everything[1:], key=lambda line: line[:16], reverse=True)


def test_a_target_and_a_time_select(folder):
    rows = json.loads(folder.reports("list", "--target", "orders", "--since", "3d", "--format", "json"))
    assert [row["status"] for row in rows] == ["behind"] * 3
    assert {row["target"] for row in rows} == {"orders"}
    assert rows[0]["since"] == rfc3339(NOW - 3 * DAY - datetime.timedelta(minutes=5))
    early = json.loads(folder.reports("list", "--until", "9d", "--format", "json"))
    assert len(early) == 6
    assert json.loads(folder.reports("list", "--since", rfc3339(NOW), "--format", "json")) == []


def test_of_a_run_that_stored_twice_the_second_is_listed(folder):
    time = NOW - datetime.timedelta(minutes=1)
    folder.add("orders", time, run_id="feedfeedfeedfeed")
    folder.add("orders", time, run_id="feedfeedfeedfeed", suffix="-undelivered", undelivered=["no alert"])
    rows = json.loads(folder.reports("list", "--limit", "2", "--format", "json"))
    assert [row["run_id"] for row in rows].count("feedfeedfeedfeed") == 1
    assert rows[0]["undelivered"] == ["no alert"]


def test_a_report_is_shown_by_run_by_name_and_by_target(folder):
    path = sorted(folder.path.glob("[0-9]*/*/*/orders-*.json"))[-1]
    report = json.loads(path.read_text())
    for which in (report["run_id"], path.name, str(path), "orders"):
        assert folder.reports("show", which, "--format", "json") == path.read_text()
        text = folder.reports("show", which)
        assert text.startswith("orders: BEHIND: 2 revisions are pending\n")
        assert "<script>" in text and "\\x1b[31m" in text and "\x1b" not in text
        assert f"report      {path}" in text


def test_latest_has_a_line_for_each_target(folder):
    lines = folder.reports("latest").splitlines()
    assert [line.split()[2:4] for line in lines[1:]] == [
        ["billing", "synced"], ["orders", "behind"], ["silent", "synced"]]  # fmt: skip
    assert len(folder.reports("latest", "orders").splitlines()) == 2


def test_the_summary_says_first_what_is_to_be_looked_at(folder):
    text = folder.reports("summary", "--since", "7d")
    since = (NOW - 3 * DAY - datetime.timedelta(minutes=5)).strftime("%Y-%m-%d")
    assert f"  orders: behind since {since} (3 days): 2 revisions are pending\n" in text
    assert re.search(r"  silent: nothing has run since \S+Z \(7 days\)\n", text)
    assert re.search(r"\n  billing  synced  7 runs: 2 error, 5 synced\n", text)
    assert re.search(r"\n  silent   synced  NO RUN in this time\n", text)
    document = json.loads(folder.reports("summary", "--since", "7d", "--format", "json"))
    assert [t["target"] for t in document["targets"]] == ["billing", "orders", "silent"]
    assert document["targets"][0]["runs"] == {"error": 2, "synced": 5}


def test_nothing_stored_is_said_so(tmp_path):
    folder = Folder(tmp_path / "none")
    folder.path.mkdir()
    assert folder.reports("list").splitlines()[1:] == []
    assert "there is no report here" in folder.reports("summary")
    assert "There is no report here." in folder.reports("summary", "--format", "html")


def test_a_damaged_report_hides_no_other(folder):
    path = sorted(folder.path.glob("[0-9]*/*/*/orders-*.json"))[-1]
    path.write_text("{")
    done = run("reports", "list", "--reports", folder.path, "--limit", "5")
    assert done.returncode == 2
    assert f"{path} is not a report: it is not JSON" in done.stderr
    assert len(done.stdout.splitlines()) == 5
    done = run("reports", "show", path.name, "--reports", folder.path)
    assert done.returncode == 2
    assert f"{path} is not a report: it is not JSON" in done.stderr


def test_a_damaged_latest_hides_no_other_target(folder):
    (folder.path / "latest/billing.json").write_text("{")
    said = "the latest report of billing is not a report: it is not JSON"
    done = run("reports", "latest", "--reports", folder.path)
    assert (done.returncode, done.stderr.count(said)) == (2, 1)
    assert [line.split()[2] for line in done.stdout.splitlines()[1:]] == ["orders", "silent"]
    for form in ("text", "json", "html"):
        done = run("reports", "summary", "--reports", folder.path, "--format", form)
        assert (done.returncode, done.stderr.count(said)) == (2, 1)
        assert all(target in done.stdout for target in ("billing", "orders", "silent"))
    assert "  billing  synced  7 runs: 2 error, 5 synced\n" in run("reports", "summary", "--reports", folder.path).stdout


def test_a_latest_that_is_gone_does_not_take_the_targets_reports_along(folder):
    (folder.path / "latest/billing.json").unlink()
    assert re.search(r"\n  billing  synced  7 runs: 2 error, 5 synced\n", folder.reports("summary"))


@pytest.mark.parametrize("verb", ["list", "latest", "summary"])
def test_a_folder_that_does_not_exist_is_an_error(tmp_path, verb):
    done = run("reports", verb, "--reports", tmp_path / "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"cannot read {tmp_path}/none: No such file or directory\n" in done.stderr
    assert "hint: check that the folder is the right one and that you may read it\n" in done.stderr


def test_a_limit_that_is_met_is_said_and_no_silence_is_made_of_it(folder):
    text = folder.reports("summary", "--since", "7d", "--limit", "5")
    assert text.splitlines()[1] == "only the newest 5 reports were read (--limit 5)"
    document = json.loads(folder.reports("summary", "--since", "7d", "--limit", "5", "--format", "json"))
    oldest = NOW - 2 * DAY - datetime.timedelta(minutes=5)
    assert (document["limit_met"], document["since"]) == (5, rfc3339(oldest))
    assert "<p>only the newest 5 reports were read (--limit 5)</p>" in folder.reports(
        "list", "--limit", "5", "--format", "html")  # fmt: skip
    document = json.loads(folder.reports("summary", "--since", "7d", "--format", "json"))
    assert document["limit_met"] is None


def test_a_year_of_many_targets_is_read_whole(tmp_path):
    folder = Folder(tmp_path / "reports")
    first = folder.add("t00", NOW - 250 * DAY)
    text = first.read_text()
    stamp, old = (NOW - 250 * DAY).strftime("%Y%m%dT%H%M%SZ"), rfc3339(NOW - 250 * DAY)
    for night in range(250):
        time = NOW - night * DAY - DAY / 24
        day = folder.path / time.strftime("%Y/%m/%d")
        day.mkdir(parents=True, exist_ok=True)
        for target in range(41):
            run_id = f"{1000 * night + target + 2**40:016x}"
            name = first.name.replace(stamp, time.strftime("%Y%m%dT%H%M%SZ"))
            name = name.replace("0000000000000001", run_id).replace("t00", f"t{target:02}")
            (day / name).write_text(text.replace(old, rfc3339(time)).replace('"0000000000000001"', f'"{run_id}"')
                                    .replace('"t00"', f'"t{target:02}"'))  # fmt: skip
    document = json.loads(folder.reports("summary", "--since", "260d", "--format", "json"))
    assert sum(sum(t["runs"].values()) for t in document["targets"]) == 250 * 41 + 1 > 10_000
    assert len({t["target"] for t in document["targets"] if len(t["reports"]) >= 250}) == 41
    # The oldest of all, however many lie before it.
    assert folder.reports("show", "0000000000000001", "--format", "json") == text
    page = folder.reports("summary", "--since", "260d", "--format", "html")
    assert page.count("<title>no run:") <= 2 * 41, "no target is called silent that ran each night"


@pytest.mark.parametrize("words, message, hint", [
    (["lst"], 'reports does not know "lst"', "did you mean list?"),
    (["list", "orders"], 'reports list does not know "orders"', "see schema-drift reports --help"),
    (["list", "--limit", "0"], 'invalid --limit "0": out of range', "give a whole number from 1 to 10000"),
    (["list", "--since", "May"], 'invalid --since "May": not a time',
     "give a date (2026-11-01), a time (2026-11-01T09:00:00Z) or a distance (7d, 36h)"),
    (["list", "--format", "pdf"], 'unknown --format "pdf"', "give text, json or html"),
    (["latest", "--format", "html"], "reports latest cannot print html", "use reports summary"),
    (["show"], "reports show needs to know which report", "give a run id, the name of a report, or a target"),
    (["show", "--format", "html", "orders"], "reports show cannot print html", "give text or json"),
    (["show", "ordrs"], 'no reports of target "ordrs"', 'did you mean "orders"?'),
    (["show", "ffffffffffffffff"], "no report of run ffffffffffffffff",
     "schema-drift reports list shows which there are"),
    (["show", "orders-20200101T000000Z-0123456789abcdef.json"],
     "no report orders-20200101T000000Z-0123456789abcdef.json",
     "schema-drift reports list shows which there are"),
])  # fmt: skip
def test_wrong_calls(folder, words, message, hint):
    done = run("reports", *words, "--reports", folder.path)
    assert done.returncode == 64
    assert message in done.stderr
    assert f"hint: {hint}\n" in done.stderr


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path):
    (tmp_path / "file").write_text("no folder")
    done = run("reports", "list", "--reports", tmp_path / "file")
    assert done.returncode == 2
    assert f"cannot read {tmp_path}/file" in done.stderr
