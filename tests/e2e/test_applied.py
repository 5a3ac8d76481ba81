"""Files of applied revisions that changed, and revisions that were put below what is applied."""

import json
import subprocess

import pytest
from program import check, reports_in, run, valid
from repository import Repository


@pytest.fixture
def repository(tmp_path):
    """a1b1 - b2b2 - c3c3 on main, with Create Dates."""
    made = Dated(tmp_path / "project")
    made.chain("a1b1", "b2b2", "c3c3")
    return made


class Dated(Repository):
    """Migrations as Alembic's template writes them, created on the day before their commit."""

    def migration(self, revision, down=None, message="", commit=True, **variables):
        day = f"2026-01-{self._day:02d} 10:00:00.123456"
        super().migration(revision, down, f"add {revision}\n\nCreate Date: {day}", commit=False, **variables)
        return self.commit(f"Add {revision}") if commit else None

    def rewrite(self, revision, before, after, message="Rewrite"):
        path = self.versions / f"{revision}_x.py"
        assert before in path.read_text()
        path.write_text(path.read_text().replace(before, after))
        return self.commit(message)


class Nights:
    def __init__(self, repository, database, reports):
        self.words = ["--repository", repository.folder, "--database", database, "--target", "shop",
                      "--reports", reports]  # fmt: skip
        self.reports = reports

    def __call__(self, *words):
        done = run("check", "--format", "json", *self.words, *words)
        report = valid(json.loads(done.stdout))
        assert report["status"] in ("synced", "behind", "ahead", "diverged", "unknown_revision"), report
        return report


@pytest.fixture
def night(repository, versioned, tmp_path):
    return Nights(repository, versioned[1], tmp_path / "reports")


def day_of(report):
    return report["timestamp"][:10]


def short(repository, ref="HEAD"):
    return repository.git("rev-parse", "--short=12", ref)


# --- what changed between two reports ------------------------------------------------------------


def test_what_is_applied_is_recorded_in_the_same_space_whatever_its_number(repository, night, stamp):
    stamp("c3c3")
    report = night()
    applied = report["applied"]
    assert (applied["count"], len(applied["digest"]), applied["changes"]) == (3, 64, [])
    assert night()["applied"] == applied


def test_another_down_revision_of_an_applied_revision(repository, night, stamp):
    stamp("c3c3")
    first = night()
    before = short(repository)
    repository.rewrite("c3c3", "down_revision = 'b2b2'", "down_revision = 'a1b1'")
    repository.rewrite("b2b2", "down_revision = 'a1b1'", "down_revision = 'c3c3'")
    report = night()
    since = f"report 1 of {day_of(first)} (commit {before})"
    message = (
        f"revision 'c3c3' (migrations/versions/c3c3_x.py), which was applied, changed since {since}: "
        "its down_revision was 'b2b2' and is 'a1b1'; Alembic does not run it again"
    )
    assert message in report["warnings"]
    assert (report["status"], [one["revision"] for one in report["pending"]]) == ("behind", ["b2b2"])
    assert (
        "revision 'b2b2' (migrations/versions/b2b2_x.py), which was applied, is no ancestor of the "
        f"version rows any more, since {since}: Alembic would run it again"
    ) in report["warnings"]
    # It is said for a month, with the report that it changed since, not only on the night after.
    again = night()
    assert message in again["warnings"]
    assert again["applied"]["changes"] == report["applied"]["changes"]


def test_other_contents_of_an_applied_revision(repository, night, stamp):
    stamp("c3c3")
    first = night()
    before = short(repository)
    repository.rewrite("b2b2", "never run", "not run")
    message = (
        "revision 'b2b2' (migrations/versions/b2b2_x.py), which was applied, changed since report 1 of "
        f"{day_of(first)} (commit {before}): its contents are others; Alembic does not run it again"
    )
    assert night()["warnings"] == [message]
    assert night()["warnings"] == [message]
    repository.rewrite("b2b2", "not run", "never run")
    report = night()
    assert [one["revision"] for one in report["applied"]["changes"]] == ["b2b2"], "it changed back"
    assert "report 3" in report["warnings"][0]


def test_an_applied_revision_whose_file_is_gone(repository, night, stamp):
    stamp("c3c3")
    first = night()
    before = short(repository)
    (repository.versions / "a1b1_x.py").unlink()
    repository.rewrite("b2b2", "down_revision = 'a1b1'", "down_revision = None")
    warnings = night()["warnings"]
    since = f"since report 1 of {day_of(first)} (commit {before})"
    assert f"revision 'a1b1' (migrations/versions/a1b1_x.py), which was applied, is gone {since}" in warnings


def test_a_commit_that_is_no_longer_here_leaves_open_which(repository, night, stamp):
    stamp("c3c3")
    first = night()
    before = short(repository)
    repository.rewrite("b2b2", "never run", "not run")
    repository.git("checkout", "-q", "--orphan", "fresh")
    repository.git("commit", "-q", "-m", "Fresh", day="2026-01-20T12:00:00Z")
    repository.git("branch", "-M", "fresh", "main")
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "-q", "--prune=now")
    assert night()["warnings"] == [
        f"the files of applied revisions are not those of report 1 of {day_of(first)} (commit {before}): "
        "3 revisions then, 3 now; which of them changed cannot be told, because that commit is not here "
        "or reads otherwise"
    ]


def test_an_upgrade_and_another_ref_are_no_change(repository, night, stamp, cluster, versioned):
    stamp("b2b2")
    night()
    cluster.psql("UPDATE alembic_version SET version_num = 'c3c3'", db=versioned[0])
    assert night()["warnings"] == []
    repository.rewrite("b2b2", "never run", "not run")
    repository.git("branch", "release")
    assert night("--ref", "release")["warnings"] == [], "the report before is of another place"


def test_a_report_of_a_release_that_recorded_nothing_is_read(repository, night, stamp):
    stamp("c3c3")
    night()
    latest = night.reports / "latest/shop.json"
    report = json.loads(latest.read_text())
    for key in ("applied", "common_base", "unknown_rows"):
        del report[key]
    latest.write_text(json.dumps(report))
    repository.rewrite("b2b2", "never run", "not run")
    assert night()["warnings"] == []
    assert len(reports_in(night.reports)) == 2


# --- revisions put below what is applied ---------------------------------------------------------


def insert(repository):
    """d4d4 between b2b2 and c3c3."""
    repository.migration("d4d4", "b2b2", commit=False)
    repository.rewrite("c3c3", "down_revision = 'b2b2'", "down_revision = 'd4d4'", "Insert d4d4")


def inserted(repository, versioned):
    return [one for one in check("--repository", repository.folder, "--database", versioned[1])[1]["warnings"]
            if "counts as applied" in one]  # fmt: skip


def test_a_revision_put_below_the_applied_one(repository, versioned, stamp, night):
    stamp("c3c3")
    first = night()
    before = short(repository)
    insert(repository)
    report = night()
    assert report["status"] == "synced"
    assert report["warnings"] == [
        "revision 'd4d4' (migrations/versions/d4d4_x.py) counts as applied because 'c3c3' follows it, "
        f"but its file came with commit {short(repository)} of 2026-01-04, when 'c3c3' was there already: "
        "a database that had run 'c3c3' by then never runs 'd4d4'",
        f"revision 'c3c3' (migrations/versions/c3c3_x.py), which was applied, changed since report 1 of {day_of(first)} "
        f"(commit {before}): its down_revision was 'b2b2' and is 'd4d4'; Alembic does not run it again",
        f"revision 'd4d4' (migrations/versions/d4d4_x.py) was put below what was applied, since report 1 of {day_of(first)} "
        f"(commit {before}): a database that was there by then never runs it",
    ]  # fmt: skip
    assert len(inserted(repository, versioned)) == 1, "git alone tells, without any report"


def test_a_branch_that_was_brought_up_to_date_inserts_nothing(repository, versioned, stamp):
    """d4d4 is older than c3c3, which it was made to follow: the usual way of a late merge."""
    repository.git("checkout", "-q", "-b", "side")
    repository.migration("d4d4", "c3c3")
    repository.git("checkout", "-q", "main")
    repository.migration("e5e5", "c3c3")
    repository.git("checkout", "-q", "side")
    repository.git("merge", "-q", "--no-ff", "-m", "Up to date", "main", day="2026-01-06T12:00:00Z")
    repository._day = 6
    repository.rewrite("d4d4", "down_revision = 'c3c3'", "down_revision = 'e5e5'")
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--ff-only", "side")
    stamp("d4d4")
    assert inserted(repository, versioned) == []


def test_two_revisions_of_one_merge_are_no_insertion(repository, versioned, stamp):
    repository.git("checkout", "-q", "-b", "side")
    insert(repository)
    repository.git("checkout", "-q", "main")
    repository.git("reset", "-q", "--hard", "HEAD~1")
    repository.git("merge", "-q", "--no-ff", "-m", "Both", "side", day="2026-01-09T12:00:00Z")
    stamp("c3c3")
    assert inserted(repository, versioned) == []


def test_what_is_pending_was_not_missed(repository, versioned, stamp):
    insert(repository)
    stamp("b2b2")
    assert inserted(repository, versioned) == []


def test_a_history_that_ends_too_early_says_nothing(repository, versioned, stamp, tmp_path):
    insert(repository)
    stamp("c3c3")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{repository.folder}", clone], check=True)
    assert check("--repository", clone, "--database", versioned[1])[1]["warnings"] == []
