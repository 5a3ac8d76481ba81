"""`heads`, `history` and `pending`: answers that need no database."""

import json

import pytest
from program import run
from repository import Repository


@pytest.fixture(scope="module")
def branched(tmp_path_factory):
    """a1 - b2 - d4 (merge of b2 and c3), a second base e5 that depends on b2, labelled."""
    repository = Repository(tmp_path_factory.mktemp("branched"))
    repository.migration("a1")
    repository.migration("b2", "a1", message="two\n\nlong text")
    repository.migration("c3", "a1")
    repository.migration("d4", ("b2", "c3"))
    repository.migration("e5", branch_labels=("reporting",), depends_on="d4")
    return repository


def answer(*words):
    done = run(*words, "--format", "json")
    return done.returncode, json.loads(done.stdout)


def test_heads_as_json(branched):
    code, heads = answer("heads", "--repository", branched.folder)
    assert code == 0
    assert heads == {
        "repository": str(branched.folder),
        "ref": "HEAD",
        "commit": branched.git("rev-parse", "HEAD"),
        "script_location": "migrations",
        "heads": ["d4", "e5"],
        "effective_heads": ["e5"],
        "bases": ["a1", "e5"],
        "branch_points": ["a1"],
        "merge_points": ["d4"],
        "branch_labels": {"reporting": ["e5"]},
        "revision_count": 5,
        "warnings": [],
    }


def test_heads_for_a_person(branched):
    done = run("heads", "--repository", branched.folder)
    assert done.returncode == 0
    assert done.stdout == (
        "d4  add d4  (another head depends on it, so it leaves no version row)\ne5  add e5\n"
    )


def test_history_in_upgrade_order(branched):
    code, history = answer("history", "--repository", branched.folder, "--commits")
    assert code == 0
    revisions = history["revisions"]
    assert [r["revision"] for r in revisions] == ["a1", "b2", "c3", "d4", "e5"]
    assert revisions[3]["down_revisions"] == ["b2", "c3"]
    assert revisions[4]["depends_on"] == ["d4"]
    assert revisions[4]["branch_labels"] == ["reporting"]
    assert revisions[1]["message"] == "two"
    assert revisions[1]["commit"]["summary"] == "Add b2"
    assert revisions[1]["commit"]["committed_at"] == "2026-01-02T12:00:00Z"
    assert "commit" not in answer("history", "--repository", branched.folder)[1]["revisions"][0]


def test_history_for_a_person(branched):
    done = run("history", "--repository", branched.folder, "--commits")
    last = done.stdout[done.stdout.index("e5 (head)") :]
    commit = branched.git("rev-parse", "HEAD")[:12]
    assert last == (
        "e5 (head)  add e5\n"
        "  file        migrations/versions/e5_x.py\n"
        "  after       nothing: a base\n"
        "  depends on  d4\n"
        "  labels      reporting\n"
        f"  commit      {commit} 2026-01-05T12:00:00Z example: Add e5\n"
    )


@pytest.mark.parametrize(
    "rows, code, status, pending",
    [
        ([], 1, "unversioned", ["a1", "b2", "c3", "d4", "e5"]),
        (["b2"], 1, "behind", ["c3", "d4", "e5"]),
        (["b2", "c3"], 1, "behind", ["d4", "e5"]),
        (["d4"], 1, "behind", ["e5"]),
        (["e5"], 0, "synced", []),
        (["d4", "e5"], 1, "inconsistent", []),
        (["e"], 1, "unknown_revision", []),
    ],
)
def test_pending_is_the_verdict_on_made_up_rows(branched, rows, code, status, pending):
    at = [word for row in rows for word in ("--at", row)]
    got_code, verdict = answer("pending", "--repository", branched.folder, *at)
    assert (got_code, verdict["status"]) == (code, status)
    assert [revision["revision"] for revision in verdict["pending"]] == pending
    assert verdict["production_versions"] == sorted(rows)


def test_an_abbreviation_is_unknown_and_named(branched):
    _, verdict = answer("pending", "--repository", branched.folder, "--at", "e")
    assert "e5" in verdict["findings"][0]["message"]


def test_the_failure_stands_on_both_streams(tmp_path):
    done = run("heads", "--repository", tmp_path / "missing", "--format", "json")
    assert done.returncode == 2
    failure = json.loads(done.stdout)
    assert failure["status"] == "error"
    assert failure["failure"]["stage"] == "repository"
    assert failure["failure"]["kind"] == "repository_not_found"
    assert done.stderr.startswith(f"schema-drift: error: {failure['failure']['message']}\n  hint: ")


def test_a_graph_with_problems_has_no_heads(tmp_path):
    repository = Repository(tmp_path)
    repository.migration("a1", "gone")
    repository.migration("b2", "lost")
    done = run("heads", "--repository", tmp_path, "--format", "json")
    assert done.returncode == 2
    failure = json.loads(done.stdout)["failure"]
    assert (failure["stage"], failure["kind"]) == ("revision_graph", "missing_revision")
    assert "gone" in failure["message"]
    assert "lost" in failure["hint"], "every problem is told at once"


# Files that nobody may edit, as public repositories have them.
BELIEVED = {
    "a1_plpgsql.py": (
        "revision = 'a1'\ndown_revision = None\n"
        "OWNER = 'nobody'\n"
        'BACKFILL = f"""\nDO $$\nDECLARE n integer;\nBEGIN\n  n := {len(OWNER)};\nEND $$\n"""\n'
    ),
    "b2_star.py": (
        "from somewhere_else import *\nrevision = 'b2'\ndown_revision = 'a1'\n"
        "class Flag(BaseModel):\n    name = CharField(index=True)\n"
    ),
    "c3_try.py": (
        "try:\n    revision = 'c3'\n    down_revision = 'b2'\n    from app import settings\n"
        "    branch_labels = None\nexcept ImportError:\n    settings = None\n"
    ),
}


def test_text_star_imports_and_a_try_are_no_reason_to_refuse_a_repository(tmp_path):
    repository = Repository(tmp_path)
    for name, text in BELIEVED.items():
        (repository.versions / name).write_text(text)
    repository.commit()
    code, heads = answer("heads", "--repository", tmp_path)
    assert code == 0
    assert (heads["heads"], heads["revision_count"], heads["warnings"]) == (["c3"], 3, [])


def test_a_star_import_behind_the_variables_is_one_warning(tmp_path):
    repository = Repository(tmp_path)
    (repository.versions / "a1_x.py").write_text(
        "revision = 'a1'\ndown_revision = None\n\nfrom somewhere_else import *\nexec('x = 1')\n")  # fmt: skip
    repository.commit()
    code, heads = answer("heads", "--repository", tmp_path)
    assert (code, heads["heads"]) == (0, ["a1"])
    assert heads["warnings"] == [
        "migrations/versions/a1_x.py:4: 'from somewhere_else import *' could change the variables "
        "of this file, which are taken as they are written"
    ]


@pytest.mark.parametrize("words", [("heads",), ("history",), ("pending", "--at", "a1")])
def test_a_subfolder_that_goes_on_from_what_was_read_is_an_error(tmp_path, words):
    repository = Repository(tmp_path)
    repository.migration("a1")
    for release, down in ("liberty", "a1"), ("mitaka", "liberty1"), ("newton", "mitaka1"):
        (repository.versions / release).mkdir()
        (repository.versions / release / f"{release}.py").write_text(
            f"revision = '{release}1'\ndown_revision = '{down}'\n")  # fmt: skip
    repository.commit()
    done = run(*words, "--repository", tmp_path, "--format", "json")
    assert done.returncode == 2
    failure = json.loads(done.stdout)["failure"]
    assert (failure["stage"], failure["kind"]) == ("script_directory", "incomplete_graph")
    assert failure["message"] == (
        "migrations/versions/liberty/liberty.py: down_revision names 'a1', but the file is not "
        "read: it and 2 more files that look like migrations are in subfolders"
    )
    assert failure["hint"] == (
        "set recursive_version_locations = true (or pass --recursive-version-locations), or name "
        "its folder in version_locations or with --versions-path; if Alembic does not read it "
        "either, move it out of the versions folder"
    )
    assert done.stdout.count("but the file is not read") == 1
    done = run(*words, "--repository", tmp_path, "--format", "json", "--recursive-version-locations")
    assert done.returncode == (1 if words[0] == "pending" else 0)
    assert "newton1" in done.stdout


@pytest.mark.parametrize("command", ["check", "heads", "history", "pending", "explain"])
def test_help_is_complete_and_succeeds(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert "--repository" in done.stdout
    assert "Exit codes" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120


def test_no_command_and_a_wrong_one():
    assert run().returncode == 64
    done = run("chekc")
    assert done.returncode == 64
    assert done.stderr == (
        'schema-drift: error: schema-drift does not know "chekc"\n  hint: did you mean check?\n'
    )


def test_a_wrong_format_is_refused(branched):
    done = run("heads", "--repository", branched.folder, "--format", "yaml")
    assert done.returncode == 64
    assert done.stderr == (
        'schema-drift: error: unknown --format "yaml"\n  hint: give text or json\n'
    )
