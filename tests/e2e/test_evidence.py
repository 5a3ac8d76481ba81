"""Reports as evidence: each names the one before it, and `reports verify` reads the chain back."""

import hashlib
import json

import pytest
from program import run, valid


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
