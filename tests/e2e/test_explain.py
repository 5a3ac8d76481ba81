"""`explain`: where revisions are in git, in histories made by git itself."""

import json
import re
import subprocess
import time

import pytest
from git_servers import Authority, HttpsServer
from program import run, start
from repository import Repository, endless_history


@pytest.fixture
def repository(tmp_path):
    """a1b1 - b2b2 on main."""
    made = Repository(tmp_path / "project")
    made.chain("a1b1", "b2b2")
    return made


def answers(repository, *revisions, **how):
    folder = repository if not isinstance(repository, Repository) else repository.folder
    done = run("explain", *revisions, "--repository", folder, "--format", "json", *how.pop("words", ()))
    return done.returncode, json.loads(done.stdout)["revisions"]


def answer(repository, revision, **how):
    """(exit code, what is said of one revision)."""
    code, (only,) = answers(repository, revision, **how)
    return code, only


def words(repository, *revisions):
    done = run("explain", *revisions, "--repository", repository.folder)
    return done.returncode, done.stdout, done.stderr


def commit(repository, ref="HEAD"):
    """A commit as the answer has it."""
    text = repository.git("show", "-s", "--format=%H%n%an%n%cd%n%s", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", ref)
    return dict(zip(("commit", "author", "date", "subject"), text.split("\n")))


def remove(repository, *revisions, message="Remove"):
    for revision in revisions:
        (repository.versions / f"{revision}_x.py").unlink()
    return repository.commit(message)


def test_a_revision_of_the_ref(repository):
    first = commit(repository, "HEAD~1")
    assert answer(repository, "a1b1") == (0, {
        "revision": "a1b1",
        "found": "in_ref",
        "file": "migrations/versions/a1b1_x.py",
        "message": "add a1b1",
        "refs": ["HEAD"],
        "introduced": first,
        "removed": None,
        "searched": {"refs": 1, "commits": 2, "shallow": False},
        "operations": [],
        "tables": {},
    })  # fmt: skip
    assert words(repository, "a1b1", "b2b") == (
        0,
        "a1b1 (add a1b1) is in HEAD, as migrations/versions/a1b1_x.py. "
        f"It came with commit {first['commit'][:12]} of 2026-01-01 (example: Add a1b1).\n\n"
        "b2b abbreviates b2b2. b2b2 (add b2b2) is in HEAD, as migrations/versions/b2b2_x.py. "
        f"It came with commit {commit(repository)['commit'][:12]} of 2026-01-02 (example: Add b2b2).\n",
        "",
    )


def test_a_branch_that_was_not_merged_and_a_tag(repository):
    repository.git("checkout", "-q", "-b", "feature/x")
    repository.migration("c3c3", "b2b2")
    introduced = commit(repository)
    repository.migration("d4d4", "c3c3")
    repository.git("tag", "-a", "v1", "-m", "annotated", "HEAD~1")
    repository.git("tag", "tree", "HEAD^{tree}")
    repository.git("checkout", "-q", "main")
    code, said = answer(repository, "c3c3")
    assert (code, said["found"], said["refs"]) == (0, "elsewhere", ["feature/x", "v1"])
    assert (said["introduced"], said["removed"]) == (introduced, None)
    assert said["searched"] == {"refs": 3, "commits": 4, "shallow": False}
    assert words(repository, "c3c3")[1] == (
        "c3c3 (add c3c3) is not in HEAD, but in feature/x and tag v1, as "
        "migrations/versions/c3c3_x.py. It came with commit "
        f"{introduced['commit'][:12]} of 2026-01-03 (example: Add c3c3). No commit of HEAD has it: "
        "as its history is now, it was not merged.\n"
    )
    assert answer(repository, "c3c3", words=("--ref", "feature/x"))[1]["refs"] == ["feature/x"]


def test_a_tag_and_a_branch_of_one_name_are_told_apart(repository):
    repository.git("checkout", "-q", "-b", "next")
    repository.migration("c3c3", "b2b2")
    repository.git("tag", "next")
    repository.git("checkout", "-q", "main")
    assert answer(repository, "c3c3")[1]["refs"] == ["heads/next", "tags/next"]


def test_a_squash(repository):
    repository.migration("c3c3", "b2b2")
    (repository.versions / "squashed.py").write_text("revision = 'ffff'\ndown_revision = None\n")
    squash = remove(repository, "a1b1", "b2b2", "c3c3", message="Squash")
    code, said = answer(repository, "b2b2")
    assert (code, said["found"], said["refs"]) == (0, "removed", [])
    assert (said["file"], said["message"]) == ("migrations/versions/b2b2_x.py", "add b2b2")
    assert said["removed"] == commit(repository)
    assert said["introduced"] == commit(repository, "HEAD~2")
    assert words(repository, "b2b2")[1] == (
        "b2b2 (add b2b2) is not in HEAD, nor in any other branch or tag that is here. It came with "
        f"commit {said['introduced']['commit'][:12]} of 2026-01-02 (example: Add b2b2). It ended with "
        f"commit {squash[:12]} of 2026-01-04 (example: Squash), which removed "
        "migrations/versions/b2b2_x.py and 2 other migrations. That commit is in HEAD. A database "
        "at this revision was migrated before it, or without it.\n"
    )


def test_a_squash_with_a_tag_before_it(repository):
    repository.git("tag", "before")
    (repository.versions / "squashed.py").write_text("revision = 'ffff'\ndown_revision = None\n")
    squash = remove(repository, "a1b1", "b2b2", message="Squash")
    _, said = answer(repository, "a1b1")
    assert (said["found"], said["refs"], said["removed"]["commit"]) == ("elsewhere", ["before"], squash)
    assert words(repository, "a1b1")[1].endswith(
        f"HEAD had it until commit {squash[:12]} of 2026-01-03 (example: Squash) removed "
        "migrations/versions/a1b1_x.py and 1 other migration.\n"
    )


def test_a_revert_and_the_revert_of_a_revert(repository):
    added = repository.migration("c3c3", "b2b2")
    repository.git("revert", "--no-edit", "HEAD", day="2026-01-04T12:00:00Z")
    _, said = answer(repository, "c3c3")
    assert (said["found"], said["removed"]) == ("removed", commit(repository))
    repository.git("revert", "--no-edit", "HEAD", day="2026-01-05T12:00:00Z")
    _, said = answer(repository, "c3c3")
    assert (said["found"], said["introduced"]["commit"]) == ("in_ref", added)


def test_a_rebase(repository):
    repository.git("checkout", "-q", "-b", "side")
    repository.migration("c3c3", "b2b2")
    before = commit(repository)
    repository.git("tag", "old")
    repository.git("checkout", "-q", "main")
    (repository.folder / "other").write_text("x")
    repository.commit()
    repository.git("rebase", "-q", "main", "side", day="2026-01-09T12:00:00Z")
    assert answer(repository, "c3c3")[1]["introduced"] == commit(repository, "side")
    repository.git("checkout", "-q", "main")
    _, said = answer(repository, "c3c3")
    assert said["refs"] == ["side", "old"]
    assert said["introduced"] == before, "the oldest commit that has it"


def test_a_force_push_whose_old_commit_another_ref_keeps(repository, tmp_path):
    repository.git("checkout", "-q", "-b", "side")
    repository.migration("c3c3", "b2b2")
    introduced = commit(repository)
    repository.git("branch", "kept")
    repository.git("reset", "-q", "--hard", "main")
    repository.migration("d4d4", "b2b2")
    repository.git("checkout", "-q", "main")
    subprocess.run(["git", "clone", "-q", repository.folder, tmp_path / "clone"], check=True)
    code, said = answer(tmp_path / "clone", "c3c3")
    assert (code, said["refs"], said["introduced"]) == (0, ["origin/kept"], introduced)


def test_a_branch_deleted_after_its_merge(repository):
    repository.git("checkout", "-q", "-b", "side")
    repository.migration("c3c3", "b2b2")
    introduced = commit(repository)
    repository.git("checkout", "-q", "main")
    repository.migration("d4d4", "b2b2")
    repository.git("merge", "-q", "--no-ff", "-m", "Merge", "side", day="2026-01-05T12:00:00Z")
    repository.git("branch", "-D", "side")
    repository._day = 6
    remove(repository, "c3c3")
    removed = commit(repository)
    _, said = answer(repository, "c3c3")
    assert (said["found"], said["introduced"], said["removed"]) == ("removed", introduced, removed)


def test_a_merge_that_leaves_out_what_the_branch_had(repository):
    repository.git("checkout", "-q", "-b", "side")
    repository.migration("c3c3", "b2b2")
    repository.git("checkout", "-q", "main")
    repository.migration("d4d4", "b2b2")
    repository.git("merge", "-q", "-s", "ours", "-m", "Ours", "side", day="2026-01-05T12:00:00Z")
    repository.git("branch", "-D", "side")
    _, said = answer(repository, "c3c3")
    assert (said["found"], said["removed"]) == ("removed", commit(repository))


def test_a_removal_on_one_side_of_a_merge_is_that_of_the_side(repository):
    repository.git("checkout", "-q", "-b", "side")
    removed = remove(repository, "b2b2")
    repository.git("checkout", "-q", "main")
    repository.migration("d4d4", "a1b1")
    repository.git("merge", "-q", "--no-ff", "-m", "Merge", "side", day="2026-01-09T12:00:00Z")
    assert answer(repository, "b2b2")[1]["removed"]["commit"] == removed


def test_a_removal_on_a_line_that_the_ref_does_not_contain(repository):
    repository.git("checkout", "-q", "-b", "side")
    repository.migration("c3c3", "b2b2")
    remove(repository, "c3c3")
    repository.git("checkout", "-q", "main")
    code, text, _ = words(repository, "c3c3")
    assert code == 0
    assert "That commit is in side, not in HEAD." in text


def test_a_renamed_file_keeps_the_commit_of_its_revision(repository):
    first = commit(repository, "HEAD~1")
    repository.git("mv", "migrations/versions/a1b1_x.py", "migrations/versions/renamed.py")
    repository.commit()
    code, said = answer(repository, "a1b1")
    assert (code, said["found"], said["file"]) == (0, "in_ref", "migrations/versions/renamed.py")
    assert said["introduced"] == first


def test_a_renamed_id_in_the_same_file(repository):
    path = repository.versions / "b2b2_x.py"
    path.write_text(path.read_text().replace("revision = 'b2b2'", "revision = 'c3c3'"))
    renamed = repository.commit("Rename")
    _, said = answer(repository, "b2b2")
    assert (said["found"], said["removed"]["commit"]) == ("removed", renamed)
    assert (said["file"], said["message"]) == ("migrations/versions/b2b2_x.py", "add b2b2")
    assert "which gave migrations/versions/b2b2_x.py the revision id 'c3c3'." in words(repository, "b2b2")[1]
    assert answer(repository, "c3c3")[1]["introduced"]["commit"] == renamed
    path.write_text("revision = compute()\ndown_revision = None\n")
    repository.commit("Compute")
    repository.git("rm", "-q", "migrations/versions/b2b2_x.py")
    repository.migration("d4d4", "a1b1")
    text = words(repository, "c3c3")[1]
    assert "which rewrote migrations/versions/b2b2_x.py, whose revision id cannot be known since." in text


def test_two_roots_and_an_octopus(repository):
    repository.git("checkout", "-q", "--orphan", "other")
    repository.git("rm", "-q", "-r", "-f", "migrations/versions")
    repository.versions.mkdir(parents=True, exist_ok=True)
    repository.migration("c3c3")
    root = commit(repository)
    for name in "one", "two":
        repository.git("checkout", "-q", "-b", name, "main")
        repository.migration(f"{name}1", "b2b2")
    repository.git("checkout", "-q", "main")
    assert answer(repository, "c3c3")[1]["introduced"] == root
    repository.git("merge", "-q", "-m", "Octopus", "one", "two", day="2026-01-09T12:00:00Z")
    repository.git("merge", "-q", "--allow-unrelated-histories", "-m", "Join", "other", day="2026-01-10T12:00:00Z")
    code, said = answers(repository, "one1", "two1", "c3c3")
    assert code == 0
    one, two, three = (next(one for one in said if one["revision"] == name) for name in ("one1", "two1", "c3c3"))
    assert [said["found"] for said in (one, two, three)] == ["in_ref"] * 3
    assert one["introduced"] == commit(repository, "one")
    assert two["introduced"] == commit(repository, "two")
    assert three["introduced"] == root


def test_files_moved_between_folders(repository):
    first = commit(repository, "HEAD~1")
    removed = remove(repository, "b2b2")
    repository.git("branch", "before", "HEAD~1")
    repository.git("mv", "migrations", "alembic")
    (repository.folder / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/alembic\n")
    repository.commit("Move")
    code, said = answer(repository, "a1b1")
    assert (code, said["file"], said["introduced"]) == (0, "alembic/versions/a1b1_x.py", first)
    code, said = answer(repository, "b2b2")
    assert (code, said["refs"], said["removed"]["commit"]) == (0, ["before"], removed)
    repository.git("branch", "-D", "before")
    code, said = answer(repository, "b2b2")
    assert (code, said["found"], said["file"]) == (0, "removed", "migrations/versions/b2b2_x.py")
    assert said["removed"]["commit"] == removed


def test_a_folder_that_the_ref_does_not_count(repository):
    (repository.folder / "attic").mkdir()
    repository.git("mv", "migrations/versions/b2b2_x.py", "attic/b2b2_x.py")
    repository.commit("Attic")
    repository.git("branch", "attic")
    repository.git("checkout", "-q", "attic")
    (repository.folder / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/migrations\nversion_locations = %(here)s/attic\n")  # fmt: skip
    repository.commit("Count it")
    repository.git("checkout", "-q", "main")
    code, text, _ = words(repository, "b2b2")
    assert code == 0
    file = "attic/b2b2_x.py"
    begin = f"b2b2 (add b2b2) is no migration of HEAD: its Alembic configuration does not name the folder of {file}. "
    end = f"It came with commit {commit(repository, 'HEAD~1')['commit'][:12]} of 2026-01-02 (example: Add b2b2).\n"
    assert text == f"{begin}The file is in attic and main. {end}"
    repository.git("checkout", "-q", "attic")
    repository.git("mv", "attic/b2b2_x.py", "attic/c3c3_x.py")
    (repository.folder / "attic/c3c3_x.py").write_text("revision = 'c3c3'\ndown_revision = None\n")
    repository.commit()
    repository.git("checkout", "-q", "--detach", "main")
    repository.git("branch", "-D", "main")
    assert words(repository, "b2b2")[1] == f"{begin}{end}", "no branch has it, but HEAD"


def test_nowhere(repository):
    code, said = answer(repository, "f" * 12)
    assert (code, said) == (1, {
        "revision": "f" * 12, "found": "nowhere", "file": None, "message": None, "refs": [],
        "introduced": None, "removed": None, "searched": {"refs": 1, "commits": 2, "shallow": False},
        "operations": None, "tables": None,
    })  # fmt: skip
    assert words(repository, "a1b1", "ffffffffffff")[0] == 1
    assert words(repository, "ffffffffffff")[1] == (
        "ffffffffffff is nowhere: no migration in 1 ref and 2 commits has this id. It was never "
        "committed to these versions folders, or its branch never came here or is gone with its commits.\n"
    )


def test_a_shallow_clone_says_what_it_cannot_see(repository, tmp_path):
    (repository.versions / "squashed.py").write_text("revision = 'ffff'\ndown_revision = None\n")
    repository.commit("Squash begins")
    remove(repository, "a1b1")
    clone = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{repository.folder}", clone], check=True)
    code, said = answer(clone, "a1b1")
    assert (code, said["found"], said["searched"]["shallow"]) == (2, "nowhere", True)
    assert said["searched"] == {"refs": 2, "commits": 1, "shallow": True}
    text = run("explain", "a1b1", "b2b2", "--repository", clone).stdout
    assert text.split("\n\n")[0] == (
        "a1b1 was not found in 2 refs and 1 commit, but that does not say that it is nowhere: this is "
        "a shallow clone, and what is before its history cannot be seen here. "
        "`git fetch --unshallow` completes it."
    )
    assert text.endswith(
        "Which commit introduced it is not known: the history of this shallow clone ends before.\n")  # fmt: skip
    code, said = answer(clone, "b2b2")
    assert (code, said["found"], said["introduced"]) == (0, "in_ref", None)


def test_a_file_that_cannot_be_read_is_passed_over_and_may_be_it(repository):
    repository.git("checkout", "-q", "-b", "broken")
    (repository.versions / "c3c3_x.py").write_text("revision = 'c3c3\n")
    repository.commit()
    repository.git("checkout", "-q", "main")
    warning = (
        "1 file of the versions folders could not be read and was passed over, for instance "
        "migrations/versions/c3c3_x.py"
    )
    code, out, err = words(repository, "c3c3")
    assert (code, out) == (
        2,
        "c3c3 was not found in 2 refs and 3 commits, but that does not say that it is nowhere: "
        "what could not be read may have it.\n",
    )
    assert warning in err
    code, _, err = words(repository, "e5e5")
    assert (code, warning in err) == (1, True)


def test_a_graph_with_problems_is_still_searched(repository):
    repository.migration("c3c3", "gone")
    (repository.versions / "d4d4_x.py").write_text("revision = 'd4d4\n")
    repository.commit()
    code, out, err = words(repository, "c3c3")
    assert code == 0
    assert out.startswith("c3c3 (add c3c3) is in HEAD")
    assert "the migrations at HEAD have a problem: migrations/versions/d4d4_x.py:1: " in err


def test_what_was_passed_over_is_not_said_to_lack_it(repository):
    (repository.versions / "broken.py").write_text("revision = 'c3c3\n")
    repository.commit()
    (repository.versions / "broken.py").unlink()
    repository.commit()
    repository.git("checkout", "-q", "-b", "side")
    repository.migration("c3c3", "b2b2")
    repository.git("checkout", "-q", "main")
    code, text, _ = words(repository, "c3c3")
    assert code == 0
    assert text.endswith("Whether HEAD once had it cannot be told: some files could not be read.\n")


def test_a_shallow_ref_does_not_know_what_it_once_had(repository, tmp_path):
    repository.git("checkout", "-q", "-b", "side")
    repository.migration("c3c3", "b2b2")
    repository.git("checkout", "-q", "main")
    clone = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", "--no-single-branch", f"file://{repository.folder}", clone],
                   check=True)  # fmt: skip
    done = run("explain", "c3c3", "--repository", clone)
    assert done.returncode == 0
    assert "is not in HEAD, but in origin/side, as migrations/versions/c3c3_x.py." in done.stdout
    assert done.stdout.endswith(
        "Whether HEAD once had it cannot be told: the history of this shallow clone ends before.\n")  # fmt: skip


def test_links_are_said_not_to_be_followed(repository):
    (repository.versions / "link.py").symlink_to("a1b1_x.py")
    repository.commit()
    code, _, err = words(repository, "ffff")
    assert code == 2
    assert "symbolic links in the versions folders were not followed" in err


def test_a_ref_whose_commit_is_missing(repository):
    (repository.folder / ".git/refs/heads/lost").write_text("1" * 40 + "\n")
    code, _, err = words(repository, "ffff")
    assert code == 2
    assert "the commit of 1 branch or tag is missing from the repository or damaged" in err


def test_refs_that_cannot_be_listed_are_an_error(repository):
    (repository.folder / ".git/packed-refs").write_text("garbage\n")
    code, out, err = words(repository, "ffff")
    assert (code, out) == (2, "")
    assert err == (
        f"schema-drift: error: the refs of {repository.folder} cannot be listed: corrupted packed "
        "references file\n  hint: run `git fsck` there\n"
    )


def test_a_signal_or_the_deadline_ends_it(tmp_path):
    folder = endless_history(tmp_path / "bomb.git")
    explain = ("explain", "ffff", "--repository", folder)
    assert run(*explain).returncode == 1
    process = start(*explain, "--recursive-version-locations", "--timeout", "60")
    time.sleep(3)  # it has to be through with the ref, on a busy machine, too
    process.terminate()
    # Trees are listed and files read in turns.
    doing = "(looking through the history of the migrations|reading migrations of the history)\n"
    told = process.communicate(timeout=10)[1]
    assert re.match("schema-drift: error: interrupted while " + doing, told), told
    assert process.returncode == 2
    done = run(*explain, "--recursive-version-locations", "--timeout", "3")
    assert done.returncode == 2
    assert re.search("out of time while " + doing, done.stderr), done.stderr


def usage(repository, *revisions):
    done = run("explain", *revisions, "--repository", repository.folder)
    assert (done.returncode, done.stdout) == (64, "")
    return done.stderr


def test_wrong_calls(repository):
    done = run("explain", "--repository", repository.folder, "--server-version", "10")
    assert (done.returncode, done.stdout) == (64, "")
    assert 'invalid --server-version "10"' in done.stderr
    assert usage(repository, "") == (
        "schema-drift: error: a revision to explain is empty\n  hint: give an id of a migration\n"
    )
    repository.migration("a1b2", "b2b2")
    assert usage(repository, "a1") == (
        "schema-drift: error: revision 'a1' is ambiguous\n"
        "  hint: 'a1b1' and 'a1b2' begin with it: give more of it\n"
    )


def test_an_exact_id_wins_over_what_it_abbreviates(repository):
    repository.migration("a1", "b2b2")
    assert answer(repository, "a1")[1]["revision"] == "a1"


def test_help_names_its_exit_codes():
    done = run("explain", "--help")
    assert done.returncode == 0
    assert "Exit codes: 0 all were found, 1 one is nowhere, 2 could not tell" in done.stdout


def imported(folder, commits, migrations):
    """A repository of so many commits on main, by git fast-import; each nth one adds a migration."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    every = commits // migrations
    stream = []

    def data(text):
        stream.append(f"data {len(text)}\n{text}\n")

    for i in range(commits):
        stream.append(f"commit refs/heads/main\ncommitter example <e@example.com> {1700000000 + i} +0000\n")
        data(f"Change {i}")
        if i == 0:
            stream.append("M 100644 inline alembic.ini\n")
            data("[alembic]\nscript_location = %(here)s/migrations\n")
        stream.append(f"M 100644 inline src/{i % 40}/{i % 300}.txt\n")
        data(f"{i}\n")
        if i % every == 0:
            number = i // every
            down = f"'{number - 1:012x}'" if number else None
            stream.append(f"M 100644 inline migrations/versions/{number:012x}_x.py\n")
            data(f'"""Migration {number}"""\nrevision = \'{number:012x}\'\ndown_revision = {down}\n')
        if i == commits - 1:
            stream.append("D migrations/versions/000000000007_x.py\n")
    subprocess.run(["git", "-C", folder, "fast-import", "--quiet"], check=True, input="".join(stream).encode())


def test_five_thousand_commits(tmp_path):
    imported(tmp_path / "large.git", 5000, 250)
    code, (first, gone, none) = answers(tmp_path / "large.git", "000000000000", "000000000007", "ffff")
    assert code == 1
    assert [said["found"] for said in (first, gone, none)] == ["in_ref", "removed", "nowhere"]
    assert first["introduced"]["subject"] == "Change 0"
    assert gone["introduced"]["subject"] == "Change 140"
    assert gone["removed"]["subject"] == "Change 4999"
    assert none["searched"] == {"refs": 1, "commits": 5000, "shallow": False}


def test_an_id_that_another_module_has_is_not_said_to_be_nowhere(repository):
    """At the ref the import is followed; in history the file is passed over, and said to be."""
    (repository.folder / "ids.py").write_text("REVISION = 'c3c3'\n")
    (repository.versions / "imported.py").write_text(
        "from ids import REVISION as revision\ndown_revision = 'b2b2'\n")  # fmt: skip
    repository.commit("Import")
    assert answer(repository, "c3c3")[1]["found"] == "in_ref"
    (repository.versions / "imported.py").unlink()
    repository.commit("Remove")
    code, out, err = words(repository, "c3c3")
    assert (code, out) == (
        2,
        "c3c3 was not found in 1 ref and 4 commits, but that does not say that it is nowhere: what could "
        "not be read may have it.\n",
    )
    assert "could not be read and was passed over, for instance migrations/versions/imported.py" in err


# --- over the network ----------------------------------------------------------------------------


def test_a_remote_is_searched_as_a_clone_is(repository, tmp_path):
    """A branch, what a squash took, and what is nowhere: the same as of a clone of everything."""
    repository.git("checkout", "-q", "-b", "side")
    repository.migration("c3c3", "b2b2")
    introduced = commit(repository)
    repository.git("checkout", "-q", "main")
    repository.migration("d4d4", "b2b2")
    (repository.versions / "squashed.py").write_text("revision = 'ffff'\ndown_revision = None\n")
    remove(repository, "a1b1", "b2b2", "d4d4", message="Squash")
    served = tmp_path / "served"
    served.mkdir()
    subprocess.run(["git", "clone", "-q", "--bare", repository.folder, served / "project.git"], check=True)
    authority = Authority(tmp_path / "ca")
    with HttpsServer(served, authority) as server:
        done = run("explain", "c3c3", "d4d4", "none", "--repository", server.url(), "--format", "json",
                   "--cache-dir", tmp_path / "cache", env={"SSL_CERT_FILE": str(authority.certificate)})  # fmt: skip
    assert done.returncode == 1, done.stderr
    side, squashed, none = json.loads(done.stdout)["revisions"]
    assert (side["found"], side["introduced"]) == ("elsewhere", introduced)
    assert [ref.removeprefix("origin/") for ref in side["refs"]] == ["side"]
    assert (squashed["found"], squashed["removed"]) == ("removed", commit(repository))
    assert (none["found"], none["searched"]["commits"]) == ("nowhere", 5)
