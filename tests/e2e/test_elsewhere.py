"""`check` of a row that the ref lacks: histories made by git itself, rows in a real PostgreSQL."""

import json
import re
import subprocess
import time

import pytest
from program import check, run, start
from repository import Repository, endless_history
from test_alert_states import Nights, door, kind  # noqa: F401 (a fixture)

STOPS = 'for Alembic from HEAD alone stops at "Can\'t locate revision"'


@pytest.fixture
def repository(tmp_path):
    """a1b1 - b2b2 on main."""
    made = Repository(tmp_path / "project")
    made.chain("a1b1", "b2b2")
    return made


@pytest.fixture
def verdict(repository, versioned, stamp):
    def ask(*rows, words=(), folder=None):
        stamp(*rows)
        code, report = check("--repository", folder or repository.folder, "--database", versioned[1], *words)
        assert code == 1
        assert report["drift_detected"] is True
        return report

    return ask


def told(report):
    """What the verdict is, and what of the ref is applied and pending."""
    return report["status"], report["common_base"], [one["revision"] for one in report["pending"]]


def finding(report, kind="unknown_revision"):
    (only,) = [one for one in report["findings"] if one["kind"] == kind]
    return only


def short(repository, ref="HEAD"):
    return repository.git("rev-parse", "--short=12", ref)


def on_branch(repository, name, *revisions, start="main"):
    """A branch with a chain of revisions on top of b2b2, and main again."""
    repository.git("checkout", "-q", "-b", name, start)
    down = "b2b2"
    for revision in revisions:
        repository.migration(revision, down)
        down = revision
    repository.git("checkout", "-q", "main")


def remove(repository, *revisions, message="Remove"):
    for revision in revisions:
        (repository.versions / f"{revision}_x.py").unlink()
    return repository.commit(message)


UNDECIDED = ("unknown_revision", None, [])


def test_a_branch_that_was_not_merged_is_ahead(repository, verdict):
    on_branch(repository, "feature/x", "c3c3", "d4d4")
    report = verdict("d4d4")
    assert told(report) == ("ahead", ["b2b2"], [])
    assert [one["kind"] for one in report["findings"]] == ["unknown_revision"]
    assert finding(report)["message"] == (
        "version row 'd4d4' (add d4d4) is not in HEAD, but in feature/x, as "
        "migrations/versions/d4d4_x.py. It came with commit "
        f"{short(repository, 'feature/x')} of 2026-01-04 (example: Add d4d4). No commit of HEAD has "
        "it: as its history is now, it was not merged. Every head of HEAD is applied."
    )
    assert finding(report)["action"] == (
        "find out who ran 'd4d4' in production; merge feature/x into HEAD or deploy it, "
        f"{STOPS}; `--ref feature/x` compares with that place; do not downgrade before you know who "
        "needs it"
    )
    assert finding(report)["severity"] == "critical"
    (row,) = report["unknown_rows"]
    assert (row["revision"], row["found"], row["refs"]) == ("d4d4", "elsewhere", ["feature/x"])
    assert row["introduced"]["commit"] == repository.git("rev-parse", "feature/x")
    assert report["warnings"] == []


def test_a_branch_that_parted_is_diverged(repository, verdict):
    on_branch(repository, "feature/x", "c3c3")
    repository.migration("e5e5", "b2b2")
    report = verdict("c3c3")
    assert told(report) == ("diverged", ["b2b2"], ["e5e5"])
    assert finding(report)["message"].endswith(
        "'b2b2' is the last revision that production and HEAD have in common.")  # fmt: skip
    assert finding(report)["action"] == (
        "find out who ran 'c3c3' in production; merge feature/x into HEAD and join the "
        f"heads with `alembic merge heads`, {STOPS}; `--ref feature/x` compares with that place; do "
        "not downgrade before you know who needs it"
    )
    assert finding(report, "pending_revisions")["action"] == (
        "see to the unknown row first, for Alembic cannot upgrade from a revision that it does not "
        "have; then apply with `alembic upgrade heads`"
    )


def test_a_row_that_is_nowhere_stays_unknown(repository, verdict):
    on_branch(repository, "feature/x", "c3c3")
    report = verdict("ffff")
    assert told(report) == UNDECIDED
    assert finding(report)["message"] == (
        "version row 'ffff' is nowhere: no migration in 2 refs and 3 commits has this id. It was "
        "never committed to these versions folders, or its branch never came here or is gone with "
        "its commits."
    )
    assert finding(report)["action"] == (
        "check that this is the right database and the right script directory (--database, "
        "--version-table, --script-location); if they are, ask who migrated it, for the branch may "
        "never have been pushed"
    )


def test_a_squash(repository, verdict):
    repository.migration("c3c3", "b2b2")
    (repository.versions / "squashed.py").write_text("revision = 'ffff'\ndown_revision = None\n")
    squash = remove(repository, "a1b1", "b2b2", "c3c3", message="Squash")
    report = verdict("b2b2")
    assert told(report) == ("diverged", [], ["ffff"])
    assert f"It ended with commit {squash[:12]} of 2026-01-04 (example: Squash), which removed " in finding(report)["message"]
    assert finding(report)["message"].endswith("Production and HEAD have no revision in common.")
    assert finding(report)["action"] == (
        f"see the file with `git show {short(repository, 'HEAD~1')}:migrations/versions/b2b2_x.py`; "
        "where a migration took its place (a squash), `alembic stamp --purge REVISION` with that one "
        "mends the row, but only a person who has compared the schema with it may say so; where none "
        "did, restore the file or write a migration that does the same"
    )


def test_a_squash_that_keeps_the_head_leaves_the_head_known(repository, versioned, stamp):
    repository.migration("c3c3", "b2b2")
    (repository.versions / "c3c3_x.py").write_text("revision = 'c3c3'\ndown_revision = None\n")
    remove(repository, "a1b1", "b2b2", message="Squash")
    stamp("c3c3")
    assert check("--repository", repository.folder, "--database", versioned[1])[1]["status"] == "synced"


def test_a_row_before_a_squash_that_keeps_the_head(repository, verdict):
    repository.migration("c3c3", "b2b2")
    (repository.versions / "c3c3_x.py").write_text("revision = 'c3c3'\ndown_revision = None\n")
    remove(repository, "a1b1", "b2b2", message="Squash")
    assert told(verdict("b2b2")) == ("diverged", [], ["c3c3"])


def test_a_revert_leaves_what_it_removed_ahead(repository, verdict):
    repository.migration("c3c3", "b2b2")
    repository.git("revert", "--no-edit", "HEAD", day="2026-01-04T12:00:00Z")
    report = verdict("c3c3")
    assert told(report) == ("ahead", ["b2b2"], [])
    assert 'Revert "Add c3c3"' in finding(report)["message"]
    assert finding(report)["message"].endswith("Every head of HEAD is applied.")
    assert report["unknown_rows"][0]["removed"]["commit"] == repository.git("rev-parse", "HEAD")


def test_a_rebase_whose_old_commit_a_tag_keeps_is_left_undecided(repository, verdict):
    """The branch was brought up to date: from which of its two lives production ran is not known."""
    on_branch(repository, "side", "c3c3")
    repository.git("tag", "old", "side")
    repository.migration("e5e5", "b2b2")
    repository.git("rebase", "-q", "main", "side", day="2026-01-09T12:00:00Z")
    path = repository.versions / "c3c3_x.py"
    path.write_text(path.read_text().replace("down_revision = 'b2b2'", "down_revision = 'e5e5'"))
    repository._day = 10
    repository.commit("Follow e5e5")
    repository.git("checkout", "-q", "main")
    report = verdict("c3c3")
    assert told(report) == UNDECIDED
    assert finding(report)["message"].endswith(
        "What of HEAD is applied cannot be told: the ancestors of 'c3c3' were rewritten: 'e5e5' is "
        f"one of them in commit {short(repository, 'side')} and not in commit {short(repository, 'side~1')}"
    )


def test_a_rebase_that_changes_no_parent_is_decided(repository, verdict):
    on_branch(repository, "side", "c3c3")
    repository.git("tag", "old", "side")
    (repository.folder / "other").write_text("x")
    repository.commit()
    repository.git("rebase", "-q", "main", "side", day="2026-01-09T12:00:00Z")
    repository.git("checkout", "-q", "main")
    report = verdict("c3c3")
    assert told(report) == ("ahead", ["b2b2"], [])
    assert "is not in HEAD, but in side and tag old, as" in finding(report)["message"]


def test_a_force_push_whose_old_commit_another_ref_keeps(repository, verdict, tmp_path):
    on_branch(repository, "side", "c3c3")
    repository.git("branch", "kept", "side")
    repository.git("branch", "-f", "side", "main")
    on_branch(repository, "side2", "d4d4")
    repository.git("branch", "-f", "side", "side2")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", repository.folder, clone], check=True)
    report = verdict("c3c3", folder=clone)
    assert told(report) == ("ahead", ["b2b2"], [])
    assert "but in origin/kept, as" in finding(report)["message"]
    assert "`--ref origin/kept` compares" in finding(report)["action"]


def test_a_branch_deleted_after_its_merge(repository, verdict):
    on_branch(repository, "side", "c3c3")
    repository.migration("d4d4", "b2b2")
    repository.git("merge", "-q", "--no-ff", "-m", "Merge", "side", day="2026-01-05T12:00:00Z")
    repository.git("branch", "-D", "side")
    repository._day = 6
    remove(repository, "c3c3")
    report = verdict("c3c3")
    assert told(report) == ("diverged", ["b2b2"], ["d4d4"])
    assert report["unknown_rows"][0]["found"] == "removed"


def test_a_renamed_id_can_be_mended_by_the_statement(repository, verdict, cluster, versioned):
    path = repository.versions / "b2b2_x.py"
    path.write_text(path.read_text().replace("revision = 'b2b2'", "revision = 'c3c3'"))
    repository.commit("Rename")
    report = verdict("b2b2")
    assert told(report) == ("diverged", ["a1b1"], ["c3c3"])
    action = finding(report)["action"]
    assert action.startswith(
        "where these are two migrations, give the one that was applied its file back; if 'c3c3' is "
        "what was applied, run: UPDATE ")  # fmt: skip
    cluster.psql(action.partition("run: ")[2], db=versioned[0])
    assert check("--repository", repository.folder, "--database", versioned[1])[1]["status"] == "synced"


def test_two_roots_and_an_octopus(repository, verdict):
    repository.git("checkout", "-q", "--orphan", "other")
    repository.git("rm", "-q", "-r", "-f", "migrations/versions")
    repository.versions.mkdir(parents=True, exist_ok=True)
    repository.migration("f6f6")
    for name in "one", "two":
        repository.git("checkout", "-q", "-b", name, "main")
        repository.migration(f"{name}1", "b2b2")
    repository.git("checkout", "-q", "-b", "octopus", "main")
    repository.git("merge", "-q", "-m", "Octopus", "one", "two", day="2026-01-09T12:00:00Z")
    repository._day = 9
    repository.migration("g7g7", ["one1", "two1"])
    repository.git("checkout", "-q", "main")
    report = verdict("g7g7", "f6f6")
    assert told(report) == ("ahead", ["b2b2"], [])
    assert [one["found"] for one in report["unknown_rows"]] == ["elsewhere"] * 2


def test_files_moved_between_folders(repository, verdict):
    on_branch(repository, "side", "c3c3")
    repository.git("mv", "migrations", "alembic")
    (repository.folder / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/alembic\n")
    repository.commit("Move")
    assert told(verdict("c3c3")) == ("ahead", ["b2b2"], [])


def test_rows_of_two_places(repository, verdict):
    on_branch(repository, "one", "c3c3")
    on_branch(repository, "two", "d4d4")
    repository.migration("e5e5", "b2b2")
    report = verdict("c3c3", "d4d4")
    assert told(report) == ("diverged", ["b2b2"], ["e5e5"])
    assert len([one for one in report["findings"] if one["kind"] == "unknown_revision"]) == 2


def test_a_known_row_beside_one_of_a_branch(repository, verdict):
    on_branch(repository, "side", "c3c3")
    repository.migration("e5e5", "b2b2")
    assert told(verdict("c3c3", "e5e5")) == ("ahead", ["e5e5"], [])


def test_a_row_beside_its_own_ancestor_is_inconsistent(repository, verdict):
    on_branch(repository, "side", "c3c3")
    report = verdict("c3c3", "b2b2")
    assert report["status"] == "inconsistent"
    assert [one["kind"] for one in report["findings"]] == ["unknown_revision", "redundant_row"]


# --- what must stay undecided --------------------------------------------------------------------


def test_one_row_of_two_that_is_nowhere(repository, verdict):
    on_branch(repository, "side", "c3c3")
    report = verdict("c3c3", "ffff")
    assert told(report) == UNDECIDED
    messages = {one["subjects"][0]: one["message"] for one in report["findings"]}
    actions = {one["subjects"][0]: one["action"] for one in report["findings"]}
    assert actions["c3c3"] == (
        "find out who ran 'c3c3' in production, and from which commit; `--ref side` compares with "
        "that place; do not downgrade before you know who needs it")  # fmt: skip
    assert messages["c3c3"].endswith("What of HEAD is applied cannot be told: 'ffff' was found in no commit")


def test_an_id_that_two_migrations_have(repository, verdict):
    """Ids that people count up: 0003 of main is not the 0003 that production ran."""
    on_branch(repository, "side", "0003", "0004")
    repository.migration("0003", "b2b2", message="something else")
    report = verdict("0004")
    assert told(report) == UNDECIDED
    assert finding(report)["message"].endswith(
        "What of HEAD is applied cannot be told: '0003' is migrations/versions/0003_x.py in HEAD and "
        f"migrations/versions/0003_x.py in commit {short(repository, 'side')}, and these may be two "
        "migrations of one id"
    )


def test_an_edit_of_a_shared_migration_with_a_create_date_is_no_doubt(repository, verdict):
    text = '"""add\n\nCreate Date: 2026-01-01 10:00:00.123456\n"""\nrevision = \'c3c3\'\ndown_revision = \'b2b2\'\n'
    (repository.versions / "c3c3_x.py").write_text(text)
    repository.commit("Add c3c3")
    repository.git("checkout", "-q", "-b", "side")
    repository.migration("d4d4", "c3c3")
    repository.git("checkout", "-q", "main")
    (repository.versions / "c3c3_x.py").write_text(text + "# mended\n")
    repository.commit("Mend")
    assert told(verdict("d4d4")) == ("ahead", ["c3c3"], [])


def test_another_parent_of_a_shared_revision(repository, verdict):
    on_branch(repository, "side", "c3c3")
    path = repository.versions / "b2b2_x.py"
    repository.migration("e5e5", "a1b1", commit=False)
    path.write_text(path.read_text().replace("down_revision = 'a1b1'", "down_revision = 'e5e5'"))
    repository.commit("Insert")
    report = verdict("c3c3")
    assert told(report) == UNDECIDED
    assert "'b2b2' follows 'e5e5' in HEAD and 'a1b1' in commit" in finding(report)["message"]


def test_a_branch_whose_graph_cannot_be_built(repository, verdict):
    repository.git("checkout", "-q", "-b", "side")
    repository.migration("c3c3", "gone")
    repository.git("checkout", "-q", "main")
    report = verdict("c3c3")
    assert told(report) == UNDECIDED
    assert (
        "What of HEAD is applied cannot be told: the ancestors of 'c3c3' are not known: the migrations "
        f"at commit {short(repository, 'side')} have a problem: migrations/versions/c3c3_x.py"
    ) in finding(report)["message"]


def test_a_tip_that_is_broken_leaves_the_commit_before_to_tell(repository, verdict):
    on_branch(repository, "side", "c3c3")
    repository.git("checkout", "-q", "side")
    repository.migration("d4d4", "gone")
    repository.git("checkout", "-q", "main")
    assert told(verdict("c3c3")) == ("ahead", ["b2b2"], [])


def test_rows_that_look_like_slips_are_explained_as_before(repository, verdict):
    report = verdict("B2B2")
    assert told(report) == UNDECIDED
    assert finding(report)["message"] == (
        "version row 'B2B2' is not a revision of this ref; it differs from 'b2b2' in upper and lower "
        "case; only this ref was searched")  # fmt: skip


def test_what_abbreviates_here_may_be_whole_elsewhere(repository, verdict):
    on_branch(repository, "side", "b2b")
    assert told(verdict("b2b"))[0] == "ahead"


def test_what_only_abbreviates_is_said_to(repository, verdict):
    report = verdict("b2b")
    assert told(report) == UNDECIDED
    assert finding(report)["message"].startswith(
        "version row 'b2b' is not a revision of this ref; it abbreviates 'b2b2'. The row as it stands "
        "is nowhere: no migration in 1 ref and 2 commits has this id.")  # fmt: skip
    assert finding(report)["action"].startswith("if 'b2b2' is what was applied, run: UPDATE")


def test_a_shallow_clone_says_what_it_could_not_see(repository, verdict, tmp_path):
    on_branch(repository, "side", "c3c3")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{repository.folder}", clone], check=True)
    report = verdict("c3c3", folder=clone)
    assert told(report) == UNDECIDED
    assert "this is a shallow clone, and what is before its history cannot be seen here" in finding(report)["message"]
    assert report["unknown_rows"][0]["searched"]["shallow"] is True


def test_a_search_without_end_leaves_the_row_unknown_and_the_run_in_time(verdict, tmp_path):
    folder = endless_history(tmp_path / "bomb.git")
    begin = time.monotonic()
    report = verdict("ffff", folder=folder, words=("--recursive-version-locations", "--timeout", "12"))
    # The other half is for what comes after it.
    assert time.monotonic() - begin < 8.5
    assert told(report) == UNDECIDED
    assert finding(report)["message"] == (
        "version row 'ffff' is not a revision of this ref; the other branches and history were not "
        "searched to the end: it would have taken more than half of the time left")  # fmt: skip
    assert report["unknown_rows"] == []


def test_a_signal_ends_a_search(versioned, stamp, tmp_path):
    stamp("ffff")
    folder = endless_history(tmp_path / "bomb.git")
    process = start("check", "--repository", folder, "--database", versioned[1], "--format", "json",
                    "--recursive-version-locations", "--timeout", "60")  # fmt: skip
    time.sleep(1.5)
    process.terminate()
    report = json.loads(process.communicate(timeout=20)[0])
    assert (process.returncode, report["status"], report["failure"]["kind"]) == (2, "error", "interrupted")


def test_a_damaged_object_of_another_branch_leaves_the_row_unknown(repository, verdict):
    on_branch(repository, "side", "c3c3")
    commit = repository.git("rev-parse", "side")
    path = repository.folder / ".git/objects" / commit[:2] / commit[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:20])
    report = verdict("c3c3", words=("--timeout", "8"))
    assert told(report) == UNDECIDED
    assert finding(report)["message"] == (
        "version row 'c3c3' was not found in 1 ref and 2 commits, but that does not say that it is nowhere: what could "
        "not be read may have it.")  # fmt: skip
    assert "the commit of 1 branch or tag is missing from the repository or damaged" in report["warnings"]


def test_pending_says_the_same_of_rows_that_are_given(repository):
    on_branch(repository, "side", "c3c3")
    done = run("pending", "--repository", repository.folder, "--at", "c3c3")
    assert done.returncode == 1
    assert done.stdout.startswith("pending: AHEAD: production is ahead of this ref\n")


# --- since when ----------------------------------------------------------------------------------


def test_a_pending_revision_tells_its_commit_and_the_merge_that_brought_it(repository, verdict, versioned):
    on_branch(repository, "side", "c3c3")
    (repository.folder / "other").write_text("x")
    repository.commit()
    repository.git("merge", "-q", "--no-ff", "-m", "Merge", "side", day="2026-01-09T12:00:00Z")
    (one,) = verdict("b2b2")["pending"]
    assert one == {
        "revision": "c3c3", "message": "add c3c3", "path": "migrations/versions/c3c3_x.py",
        "author": "example", "commit": repository.git("rev-parse", "side"),
        "committed_at": "2026-01-03T12:00:00Z", "arrived_with": repository.git("rev-parse", "main"),
        "arrived_at": "2026-01-09T12:00:00Z", "operations": [], "tables": {},
    }  # fmt: skip
    text = run("check", "--repository", repository.folder, "--database", versioned[1]).stdout
    assert re.search(
        r"\n  oldest      c3c3 was committed 2026-01-03T12:00:00Z \([0-9]+ days ago\) and came to this "
        r"ref 2026-01-09T12:00:00Z \([0-9]+ days ago\)\n", text)  # fmt: skip


def test_a_shallow_clone_does_not_tell_since_when(repository, verdict, tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{repository.folder}", clone], check=True)
    (one,) = verdict("a1b1", folder=clone)["pending"]
    assert [one[key] for key in ("commit", "author", "committed_at", "arrived_with", "arrived_at")] == [None] * 5


# --- night after night ---------------------------------------------------------------------------


def test_a_row_that_is_found_lost_and_found_again_is_one_drift(repository, versioned, stamp, door, tmp_path):  # noqa: F811
    """The fingerprint is that of the row; what is pending is not said to be gone because it is hidden."""
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "-q", "--bare", repository.folder, bare], check=True)
    nights = Nights(bare, versioned[1], tmp_path / "reports")

    def night():
        done = nights.by_hand(*door.words(), env=door.env)
        return done.report["status"], *kind(done.report), done.report["alert"]["changes"]

    stamp("c3c3")
    assert night() == ("unknown_revision", "first_drift", True, [])
    on_branch(repository, "side", "c3c3")
    repository.git("push", "-q", bare, "side")
    assert night() == ("ahead", "drift_unchanged", False, [])
    repository.migration("e5e5", "b2b2")
    repository.git("push", "-q", bare, "main")
    assert night() == ("diverged", "drift_changed", True, ["new in pending_revisions: e5e5"])
    repository.git("push", "-q", bare, ":side")
    assert night() == ("unknown_revision", "drift_unchanged", False, [])
    assert night() == ("unknown_revision", "drift_unchanged", False, [])
    repository.git("push", "-q", bare, "side")
    assert night() == ("diverged", "drift_unchanged", False, [])
    repository.git("merge", "-q", "-m", "Merge", "side", day="2026-01-20T12:00:00Z")
    repository.git("push", "-q", bare, "main")
    assert night() == ("behind", "drift_changed", True, ["gone from unknown_revision: c3c3"])
    assert len(door.posts) == 3
