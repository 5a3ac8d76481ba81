"""Reports as evidence: each names the one before it, and `reports verify` reads the chain back."""

import datetime
import hashlib
import json
import re

import pytest
from program import run, start, valid


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Nights:
    """Runs of one target into one folder."""

    def __init__(self, repository, database, tmp_path):
        self.folder = tmp_path / "reports"
        self.spool = tmp_path / "spool"
        self.repository, self.database = repository, database

    def run(self, *words, repository=None, database=None):
        done = run("check", "--repository", repository or self.repository, "--target", "shop",
                   "--database", database or self.database, "--reports", self.folder,
                   "--spool-dir", self.spool, "--format", "json", *words)  # fmt: skip
        assert done.returncode in (0, 1, 2, 3), done.stderr
        return valid(json.loads(done.stdout))

    def file_of(self, report, suffix=""):
        (path,) = self.folder.glob(f"[0-9]*/*/*/shop-*-{report['run_id']}{suffix}.json")
        return path


@pytest.fixture
def nights(chain, versioned, stamp, tmp_path):
    stamp("c3")
    return Nights(chain, versioned[1], tmp_path)


def test_each_report_names_the_one_before_it(nights):
    first, second, third = (nights.run() for _ in range(3))
    assert [one["sequence"] for one in (first, second, third)] == [1, 2, 3]
    assert first["previous_sha256"] is first["previous_unknown_because"] is None
    assert second["previous_sha256"] == sha256(nights.file_of(first))
    assert third["previous_sha256"] == sha256(nights.file_of(second))


def test_a_report_follows_one_of_the_release_that_did_not_number_them(nights):
    nights.run()
    latest = nights.folder / "latest/shop.json"
    old = json.loads(latest.read_text())
    for key in ("sequence", "previous_sha256", "previous_unknown_because", "not_checked"):
        del old[key]
    latest.write_text(json.dumps(old))
    before = sha256(latest)
    report = nights.run()
    assert (report["sequence"], report["previous_sha256"]) == (1, before)


def test_where_the_last_report_cannot_be_read_the_next_says_so(nights):
    nights.run()
    (nights.folder / "latest/shop.json").write_text("{")
    report = nights.run()
    assert report["sequence"] is report["previous_sha256"] is None
    assert report["previous_unknown_because"] == "the last report is not JSON"
    after = nights.run()
    assert (after["sequence"], after["previous_sha256"]) == (1, sha256(nights.file_of(report)))


def test_a_dry_run_has_no_number(nights):
    nights.run()
    assert nights.run("--dry-run")["sequence"] is None


def test_a_report_that_waits_in_the_spool_is_the_one_before_the_next(nights):
    first = nights.run()
    # A file where the year's folder would be: latest/ can be read, nothing can be stored.
    (year,) = nights.folder.glob("[0-9]*")
    year.rename(nights.folder / "away")
    (nights.folder / year.name).write_text("in the way")
    second = nights.run()
    (kept,) = nights.spool.rglob("*.json")
    assert kept.name.endswith("-spooled.json")
    assert json.loads(kept.read_text())["sequence"] == second["sequence"] == 2
    names = sha256(kept)
    (nights.folder / year.name).unlink()
    (nights.folder / "away").rename(nights.folder / year.name)
    third = nights.run()
    assert (third["sequence"], third["previous_sha256"]) == (3, names)
    assert not list(nights.spool.rglob("*.json"))
    assert sha256(nights.file_of(second, "-spooled")) == names
    assert second["previous_sha256"] == sha256(nights.file_of(first))


def test_the_second_report_of_a_run_follows_its_first(nights, stamp):
    stamp("a1")
    report = nights.run("--alerts", "arn:aws:sns:eu-central-1:123456789012:none")
    first, second = nights.file_of(report), nights.file_of(report, "-undelivered")
    assert (report["sequence"], report["previous_sha256"]) == (2, sha256(first))
    assert json.loads(first.read_text())["sequence"] == 1
    after = nights.run()
    assert (after["sequence"], after["previous_sha256"]) == (3, sha256(second))


def test_where_neither_report_nor_alert_gets_through_both_reports_wait(nights, stamp):
    stamp("a1")
    nights.folder.mkdir()
    years = [nights.folder / str(datetime.date.today().year + after) for after in (0, 1)]
    for year in years:
        year.write_text("in the way")
    report = nights.run("--alerts", "arn:aws:sns:eu-central-1:123456789012:none")
    first, second = sorted(nights.spool.rglob("*.json"))
    assert [path.stem.rpartition("-")[2] for path in (first, second)] == ["spooled", "undelivered"]
    assert json.loads(second.read_text()) == report
    assert (report["sequence"], report["previous_sha256"]) == (2, sha256(first))
    for year in years:
        year.unlink()
    names = sha256(second)
    after = nights.run()
    assert not list(nights.spool.rglob("*.json"))
    assert sha256(nights.file_of(report, "-undelivered")) == names
    assert (after["sequence"], after["previous_sha256"]) == (3, names)


def test_a_report_says_what_it_does_not_speak_of(nights, tmp_path):
    tables = ("the tables, columns and indexes of the database: only the rows of its version table "
              "were compared")  # fmt: skip
    assert nights.run()["not_checked"] == [tables]
    assert nights.run(repository=tmp_path / "none")["not_checked"] == [
        "the revisions of the repository: not read",
        "whether production has every migration of this ref: not compared"]  # fmt: skip
    assert nights.run(database=f"postgresql:///none?host={tmp_path}")["not_checked"] == [
        "the rows of the version table: not read",
        "whether production has every migration of this ref: not compared"]  # fmt: skip


# --- the chain, read back ------------------------------------------------------------------------


class Store:
    """A folder with a chain of reports as `check` stores them, of any nights."""

    def __init__(self, path, report):
        self.path, self.report, self.count, self.hour = path, report, 0, 3
        self.before = {}

    def add(self, night, target="shop", **more):
        """The report of that night (2026-01-01 is 0), which follows the one that was added last."""
        self.count += 1
        time = datetime.datetime(2026, 1, 1, self.hour) + datetime.timedelta(days=night)
        sequence, sha = self.before.get(target, (0, None))
        report = valid({**self.report, "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "target": target,
                        "run_id": f"{self.count:016x}", "sequence": sequence + 1, "previous_sha256": sha,
                        "previous_unknown_because": None, **more})  # fmt: skip
        path = self.path / time.strftime("%Y/%m/%d") / (
            f"{target}-{time.strftime('%Y%m%dT%H%M%SZ')}-{report['run_id']}.json")  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report, indent=2) + "\n")
        self.before[target] = (sequence + 1, sha256(path))
        self.put_latest(path, target)
        return path

    def put_latest(self, path, target="shop"):
        latest = self.path / "latest" / f"{target}.json"
        latest.parent.mkdir(exist_ok=True)
        latest.write_bytes(path.read_bytes())

    def verify(self, *words):
        """(exit code, text)"""
        done = run("reports", "verify", *words, "--reports", self.path)
        assert done.stderr == "", done
        return done.returncode, done.stdout


@pytest.fixture
def store(nights, tmp_path):
    return Store(tmp_path / "store", nights.run())


@pytest.fixture
def chain_of_six(store):
    return [store.add(night) for night in range(6)]


NO_ANCHOR = ("no anchor was given: whoever can replace every report from some point on can make their hashes "
             "fit\n")  # fmt: skip


def test_reports_of_real_runs_are_a_whole_chain(nights, stamp):
    for words in ([], ["--alerts", "arn:aws:sns:eu-central-1:123456789012:none", "--notify-on-success"], []):
        report = nights.run(*words)
    latest = nights.folder / "latest/shop.json"
    done = run("reports", "verify", "--reports", nights.folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "shop: whole, 4 reports, number 1 to 4\n"
        f"  newest    report 4 of {report['timestamp']}, sha256 {sha256(latest)}\n" + NO_ANCHOR)  # fmt: skip


def test_an_acknowledgement_is_no_report(nights, stamp):
    nights.run(repository=nights.repository)
    nights.run("--ref", "HEAD~1")
    assert run("ack", "shop", "--until", "3d", "--reason", "x", "--reports", nights.folder).returncode == 0
    nights.run()
    done = run("reports", "verify", "--reports", nights.folder)
    assert done.stdout.startswith("shop: whole, 3 reports, number 1 to 3, 1 acknowledgement beside them\n"), done
    assert done.returncode == 0


def test_an_edit_is_told(store, chain_of_six):
    path = chain_of_six[2]
    original = sha256(path)
    path.write_text(path.read_text().replace('"synced"', '"behind"'))
    assert store.verify() == (1, (
        "shop: WRONG, 6 reports, number 4 to 6\n"
        f"  newest    report 6 of 2026-01-06T03:00:00Z, sha256 {sha256(chain_of_six[5])}\n"
        f"  wrong     report 4 ({chain_of_six[3].name}) names as the one before it a report with sha256 "
        f"{original}; report 3 ({path.name}) has {sha256(path)}: it was changed, or the one that is named is "
        "missing\n" + NO_ANCHOR))  # fmt: skip


def test_deleted_reports_are_told(store, chain_of_six):
    for path in chain_of_six[2:4]:
        path.unlink()
    code, text = store.verify()
    assert code == 1
    assert (f"  wrong     the reports 3 to 4 are missing, between report 2 ({chain_of_six[1].name}) and report 5 "
            f"({chain_of_six[4].name})\n") in text  # fmt: skip


def test_deleted_newest_reports_are_told_by_the_latest_or_by_an_anchor(store, chain_of_six):
    anchor = sha256(chain_of_six[5])
    chain_of_six[5].unlink()
    code, text = store.verify()
    assert code == 1
    assert ("  wrong     the newest report, number 6 of 2026-01-06T03:00:00Z (run 0000000000000006), is in "
            "latest/shop.json alone: its dated one is missing\n") in text  # fmt: skip
    # The latest is put back as well: only who noted the hash can tell.
    store.put_latest(chain_of_six[4])
    assert store.verify()[0] == 0
    code, text = store.verify("--anchor", anchor)
    assert code == 1
    assert text.endswith(f"the anchor {anchor} is of no report here: the one that it was noted of was changed "
                         "or is missing\n")  # fmt: skip


def test_an_anchor_proves_what_came_before_it(store, chain_of_six):
    assert store.verify("shop", "--anchor", sha256(chain_of_six[3])) == (0, (
        "shop: whole, 6 reports, number 1 to 6\n"
        f"  newest    report 6 of 2026-01-06T03:00:00Z, sha256 {sha256(chain_of_six[5])}\n"
        f"the anchor proves: shop: report 4 ({chain_of_six[3].name}) and the 3 before it in its chain, back to "
        f"report 1 ({chain_of_six[0].name}), are as they were when the anchor was noted; nothing is proven of 2 "
        "reports after it\n"))  # fmt: skip


def test_reports_that_changed_places_are_told(store, chain_of_six):
    one, other = chain_of_six[1], chain_of_six[2]
    text = one.read_text()
    one.write_text(other.read_text())
    other.write_text(text)
    code, text = store.verify()
    assert code == 1
    assert f"  wrong     {one.name} holds the report that belongs to {other.name}\n" in text
    assert f"  wrong     {other.name} holds the report that belongs to {one.name}\n" in text


def test_a_replayed_report_is_told(store, chain_of_six):
    copy = chain_of_six[4].parent / "shop-20260105T040000Z-00000000000000ff.json"
    copy.write_text(chain_of_six[0].read_text())
    code, text = store.verify()
    assert code == 1
    assert f"  wrong     {copy.name} holds a copy of {chain_of_six[0].name}\n" in text
    # In another day's folder under its own name.
    copy.unlink()
    moved = chain_of_six[4].parent / chain_of_six[0].name
    moved.write_text(chain_of_six[0].read_text())
    code, text = store.verify()
    assert code == 1
    assert f"  wrong     {moved.name} holds a copy of 2026/01/01/{moved.name}\n" in text


def test_a_foreign_report_is_told(store, chain_of_six, tmp_path):
    other = store.add(2, target="billing")
    stray = chain_of_six[2].parent / other.name.replace("billing", "shop")
    stray.write_text(other.read_text())
    code, text = store.verify("shop")
    assert code == 1
    assert f"  wrong     {stray.name} holds a report of another target: {other.name}\n" in text
    stray.unlink()
    elsewhere = Store(tmp_path / "elsewhere", store.report)
    elsewhere.count = 1000
    first, second = elsewhere.add(0), elsewhere.add(3, timestamp="2026-01-04T03:00:00Z")
    stray = chain_of_six[3].parent / second.name
    stray.write_text(second.read_text())
    code, text = store.verify("shop")
    assert code == 1
    assert (f"  wrong     report 2 ({second.name}) follows a report that is not here (sha256 {sha256(first)}), and "
            "comes between reports that follow each other: it was put in, or comes from another store, or the "
            "one that it follows was removed\n") in text  # fmt: skip


def test_two_writers_at_once_leave_a_fork_and_no_broken_chain(nights):
    nights.run()
    words = ["check", "--repository", nights.repository, "--target", "shop", "--database", nights.database,
             "--reports", nights.folder, "--spool-dir", nights.spool, "--quiet"]  # fmt: skip
    running = [start(*words) for _ in range(6)]
    for process in running:
        process.communicate(timeout=60)
    nights.run()
    done = run("reports", "verify", "--reports", nights.folder, "--format", "json")
    (target,) = json.loads(done.stdout)["targets"]
    assert (done.returncode, target["reports"], target["whole"]) == (0, 8, True)
    assert {finding["kind"] for finding in target["findings"]} <= {"fork", "latest_behind"}


def test_reports_of_an_older_release_are_told_apart(store):
    old = [store.add(night) for night in range(2)]
    for path in old:
        report = json.loads(path.read_text())
        for key in ("sequence", "previous_sha256", "previous_unknown_because", "not_checked"):
            del report[key]
        path.write_text(json.dumps(report))
    store.before["shop"] = (0, sha256(old[-1]))
    store.add(2), store.add(3)
    code, text = store.verify()
    assert (code, text.splitlines()[0]) == (0, "shop: whole, 4 reports, number 1 to 2, 2 of releases without numbers")
    old[-1].write_text(old[-1].read_text() + "\n")
    assert store.verify()[0] == 1


def test_a_damaged_latest_hides_no_chain(store, chain_of_six):
    store.add(0, target="billing")
    (store.path / "latest/billing.json").write_text("{")
    code, text = store.verify()
    assert code == 1
    assert "  wrong     latest/billing.json is not a report: it is not JSON\n" in text
    assert "shop: whole, 6 reports, number 1 to 6\n" in text


def test_a_part_of_the_time_is_verified_alone(store, chain_of_six):
    code, text = store.verify("--since", "2026-01-03", "--until", "2026-01-05")
    assert (code, text.splitlines()[0]) == (0, "shop: whole, 2 reports, number 3 to 4")
    anchor = sha256(chain_of_six[5])
    code, text = store.verify("--until", "2026-01-05", "--anchor", anchor)
    assert (code, text.splitlines()[-1]) == (2, f"the anchor {anchor} is of no report of this time")


@pytest.mark.parametrize("words, code, message, hint", [
    (["--anchor", "abc"], 64, 'invalid --anchor "abc": not a SHA-256',
     "give the 64 hex digits that an alert, a summary or the page shows as sha256"),
    (["shp"], 64, 'no reports of target "shp"', 'did you mean "shop"?'),
    (["--format", "html"], 64, "reports verify cannot print html", "give text or json"),
])  # fmt: skip
def test_wrong_calls_of_verify(store, chain_of_six, words, code, message, hint):
    done = run("reports", "verify", *words, "--reports", store.path)
    assert done.returncode == code
    assert message in done.stderr and f"hint: {hint}\n" in done.stderr


def test_a_folder_that_is_not_there_is_no_whole_chain(tmp_path):
    done = run("reports", "verify", "--reports", tmp_path / "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"cannot read {tmp_path}/none: No such file or directory\n" in done.stderr


# --- what leaves the store -----------------------------------------------------------------------


def test_the_alert_and_the_summary_carry_the_newest_hash(nights, stamp):
    done = run("check", "--repository", nights.repository, "--target", "shop", "--database", nights.database,
               "--reports", nights.folder, "--alerts", "terminal", "--notify-on-success")  # fmt: skip
    latest = nights.folder / "latest/shop.json"
    evidence = f"report 1, sha256 {sha256(latest)}"
    assert f"\n  evidence    {evidence}\n" in done.stderr
    text = run("reports", "summary", "--reports", nights.folder).stdout
    assert f"\nevidence, for `reports verify --anchor`:\n  shop  {evidence}\n" in text
    document = json.loads(run("reports", "summary", "--reports", nights.folder, "--format", "json").stdout)
    assert document["targets"][0]["latest"]["sha256"] == sha256(latest)
    assert document["targets"][0]["latest"]["sequence"] == 1
    assert evidence in run("reports", "summary", "--reports", nights.folder, "--format", "html").stdout
    shown = run("reports", "show", "shop", "--reports", nights.folder).stdout
    assert f"\n  evidence    {evidence}\n" in shown
    assert "\n  not checked the tables, columns and indexes of the database: " in shown
    assert run("reports", "verify", "--anchor", sha256(latest), "--reports", nights.folder).returncode == 0


# --- pruning -------------------------------------------------------------------------------------


def prune(store, *words):
    done = run("reports", "prune", *words, "--reports", store.path)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


@pytest.fixture
def midnights(store):
    """Six reports of midnight: whatever the time of day, a whole number of days ago lies between two."""
    store.hour = 0
    return [store.add(night) for night in range(6)]


def days_since(day):
    return (datetime.datetime.now(datetime.timezone.utc).date() - datetime.date(2026, 1, day)).days


def everything(store):
    return {path: path.read_bytes() for path in store.path.rglob("*") if path.is_file()}


def test_pruning_leaves_a_record_by_which_verify_tells_pruned_from_vanished(store, midnights):
    (store.path / "acks").mkdir()
    (store.path / "acks/shop.json").write_text("{}")
    keep = f"{days_since(3)}d"
    before = everything(store)
    would = prune(store, "--keep", keep, "--dry-run")
    assert everything(store) == before
    assert would.splitlines()[0] == ("shop: 3 reports removed, the newest of 2026-01-03T00:00:00Z; the oldest that "
                                     "is kept is of 2026-01-04T00:00:00Z")  # fmt: skip
    assert would.splitlines()[-1] == "this was a dry run: nothing was removed"
    last = sha256(midnights[2])
    assert prune(store, "--keep", keep).splitlines()[0] == would.splitlines()[0]
    assert [path.exists() for path in midnights] == [False] * 3 + [True] * 3
    assert not (store.path / "2026/01/01").exists(), "no empty folders are left"
    assert (store.path / "latest/shop.json").exists() and (store.path / "acks/shop.json").exists()
    (record,) = store.path.rglob("*-pruned.json")
    document = json.loads(record.read_text())
    assert (document["removed"], document["last_sequence"], document["last_sha256"]) == (3, 3, last)
    code, text = store.verify()
    assert code == 0
    assert re.search(rf"  note      the chain begins at number 4, {midnights[3].name}: what was older than "
                     r"2026-01-0\S+Z was pruned on \S+Z by \S+@\S+, a record says\n", text), text  # fmt: skip
    # One more than that is gone.
    midnights[3].unlink()
    code, text = store.verify()
    assert code == 1
    assert "the one before it is missing, and no record says that it was pruned\n" in text


def test_the_newest_report_of_a_target_is_kept_however_old(store, midnights):
    store.add(0, target="silent")
    text = prune(store, "--keep", "1d")
    assert len(list(store.path.glob("[0-9]*/*/*/silent-*-[0-9a-f]*[0-9a-f].json"))) == 1
    assert midnights[5].exists() and not midnights[4].exists()
    assert "silent" not in text


def test_pruning_follows_no_link(store, midnights, tmp_path):
    outside = Store(tmp_path / "outside", store.report)
    victim = outside.add(0)
    (store.path / "2025").symlink_to(outside.path / "2026")
    (midnights[0].parent / "shop-20260101T010000Z-00000000000000ff.json").symlink_to(victim)
    prune(store, "--keep", "1d")
    assert victim.exists()


def test_pruning_in_json_and_twice(store, midnights):
    document = json.loads(prune(store, "--keep", f"{days_since(3)}d", "--format", "json"))
    assert document["dry_run"] is False
    assert document["targets"] == [{"target": "shop", "reports_removed": 3, "records_removed": 0,
                                    "newest_removed": "2026-01-03T00:00:00Z",
                                    "oldest_kept": "2026-01-04T00:00:00Z"}]  # fmt: skip
    again = prune(store, "--keep", f"{days_since(3)}d")
    assert again.startswith("0 reports and 0 records from before ")
    assert len(list(store.path.rglob("*-pruned.json"))) == 1, "nothing removed, nothing recorded"


@pytest.mark.parametrize("words, message, hint", [
    ([], "reports prune needs --keep",
     "give a number of days, weeks or years: --keep 90d, 26w or 2y"),
    (["--keep", "2m"], 'invalid --keep "2m": not a length of time',
     "give a number of days, weeks or years: --keep 90d, 26w or 2y"),
    (["--keep", "2026-01-01"], 'invalid --keep "2026-01-01": not a length of time',
     "give a number of days, weeks or years: --keep 90d, 26w or 2y"),
    (["--keep", "0d"], 'invalid --keep "0d": less than a day',
     "give a number of days, weeks or years: --keep 90d, 26w or 2y"),
    (["--keep", "2y", "--format", "html"], "reports prune cannot print html", "give text or json"),
])  # fmt: skip
def test_wrong_calls_of_prune(store, words, message, hint):
    done = run("reports", "prune", *words, "--reports", store.path)
    assert done.returncode == 64
    assert message in done.stderr and f"hint: {hint}\n" in done.stderr


def test_a_bucket_is_not_pruned():
    done = run("reports", "prune", "--keep", "2y", "--reports", "s3://example-reports/schema-drift")
    assert done.returncode == 64
    assert "reports prune removes nothing from s3://example-reports/schema-drift\n" in done.stderr
    assert ("hint: give the bucket a lifecycle rule for dated reports, as ReportDays of cron/cloudformation.yaml "
            "does\n") in done.stderr  # fmt: skip
