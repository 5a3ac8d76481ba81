"""`explain` over a history that is long enough for what was learnt of it to be kept."""

import concurrent.futures
import json
import pathlib
import subprocess

import pytest
from program import environment, run
from repository import Repository

COMMITS = 400
INI = "[alembic]\nscript_location = m\n"
ASKED = ("nowhere", "r0000", "r0010", "r0399", "side", "gone")


def git(folder, *words, text=None):
    return subprocess.run(["git", "-C", folder, "-c", "user.name=e", "-c", "user.email=e@example.com", *words],
                          input=text, env=environment(), check=True, capture_output=True, text=True).stdout  # fmt: skip


def history():
    """The commands of git fast-import: a migration with every other commit of main, one of which is
    removed at the end, and a branch with one of its own."""
    def commit(ref, i):
        return f"commit {ref}\ncommitter e <e@example.com> {1_700_000_000 + 60 * i} +0000\ndata 1\n{i % 10}\n"

    def file(path, text):
        return f"M 100644 inline {path}\ndata {len(text)}\n{text}\n"

    def migration(revision, down):
        return file(f"m/versions/{revision}_x.py", f"revision = '{revision}'\ndown_revision = {down}\n")

    down = None
    for i in range(COMMITS):
        yield commit("refs/heads/main", i)
        if i == 0:
            yield file("alembic.ini", INI) + file("m/env.py", "")
        if i % 2 == 0:
            yield migration(f"r{i:04}", repr(down) if down else "None")
            down = f"r{i:04}"
        if i == 100:
            yield migration("gone", repr(down))
        if i == 300:
            yield "D m/versions/gone_x.py\n"
        yield file("other", str(i))
    yield commit("refs/heads/side", COMMITS) + "from refs/heads/main\n" + migration("side", repr(down))


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("origin") / "project.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    git(folder, "fast-import", "--quiet", text="".join(history()))
    git(folder, "gc", "-q")
    return folder


@pytest.fixture
def project(origin, tmp_path):
    subprocess.run(["git", "clone", "-q", "--bare", origin, tmp_path / "project.git"], check=True)
    return tmp_path / "project.git"


def explain(project, cache, *asked):
    """(exit code, standard output, standard error), of the text and of the JSON."""
    said = []
    for form in ("text", "json"):
        done = run("explain", *(asked or ASKED), "--repository", project, "--cache-dir", cache, "--format", form)
        said += [done.returncode, done.stdout, done.stderr]
    return said


def kept(cache):
    (file,) = pathlib.Path(cache).glob("*.history")
    return file


def files_of(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_second_run_answers_as_the_first_from_what_that_learnt(project, tmp_path):
    cache = tmp_path / "cache"
    before = files_of(project)
    first = explain(project, cache)
    found = {one["revision"]: one["found"] for one in json.loads(first[4])["revisions"]}
    assert found == {"nowhere": "nowhere", "r0000": "in_ref", "r0010": "in_ref", "r0399": "nowhere",
                     "side": "elsewhere", "gone": "removed"}  # fmt: skip
    written = kept(cache).stat()
    assert written.st_mode & 0o777 == 0o600
    assert explain(project, cache) == first
    # Nothing was new, so that the file is the one of the first run.
    assert kept(cache).stat().st_mtime_ns == written.st_mtime_ns
    assert files_of(project) == before


def test_where_the_cache_folder_is_unless_somebody_says(project, tmp_path):
    words = ("explain", "nowhere", "--repository", project)
    assert run(*words, env={"XDG_CACHE_HOME": str(tmp_path / "xdg")}).returncode == 1
    assert kept(tmp_path / "xdg/schema-drift").is_file()
    assert run(*words, env={"HOME": str(tmp_path)}).returncode == 1
    assert kept(tmp_path / ".cache/schema-drift").is_file()
    assert run(*words, env={"HOME": ""}).returncode == 1


def test_a_file_that_is_damaged_changes_nothing_and_is_made_anew(project, tmp_path):
    cache = tmp_path / "cache"
    whole = explain(project, cache)
    file = kept(cache)
    good = file.read_bytes()
    damaged = [b"", good[:10], good[: len(good) // 2], good[:-1], good + b"x", b"\xff" * len(good)]
    for place in (0, 22, 40, 60, len(good) // 4, len(good) // 2, 3 * len(good) // 4, len(good) - 1):
        damaged.append(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
    for bad in damaged:
        file.write_bytes(bad)
        assert explain(project, cache) == whole
        assert file.read_bytes() == good


@pytest.mark.parametrize("what", ["a folder", "a pipe", "a link to itself"])
def test_what_is_in_its_place_is_in_nobodys_way(project, tmp_path, what):
    cache = tmp_path / "cache"
    whole = explain(project, cache)
    file = kept(cache)
    file.unlink()
    if what == "a folder":
        file.mkdir()
        (file / "x").touch()
    elif what == "a pipe":
        subprocess.run(["mkfifo", file], check=True)
    else:
        file.symlink_to(file)
    assert explain(project, cache) == whole


def test_runs_at_once_share_it(project, tmp_path):
    whole = explain(project, tmp_path / "another")
    cache = tmp_path / "cache"
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for said in pool.map(lambda _: explain(project, cache), range(8)):
            assert said == whole
    assert kept(cache).read_bytes() == kept(tmp_path / "another").read_bytes()
    assert sorted(path.name for path in cache.iterdir()) == [kept(cache).name]


def test_refs_that_move_are_answered_as_without_it(project, tmp_path):
    cache = tmp_path / "cache"
    explain(project, cache)
    steps = [
        ["update-ref", "refs/heads/main", "main~150"],  # a force-push
        ["branch", "-D", "side"],
        ["tag", "v1", "main~50"],
        ["update-ref", "refs/heads/main", "main~200"],
        ["branch", "-f", "late", "v1"],
        ["gc", "-q", "--prune=now"],
    ]
    answers = []
    for i, step in enumerate(steps):
        git(project, *step)
        fresh = explain(project, tmp_path / f"fresh-{i}")
        assert explain(project, cache) == fresh, step
        answers.append(fresh[4])
    assert len(set(answers)) > 3


def test_check_looks_for_a_row_by_the_same_memory(project, tmp_path):
    words = ("pending", "--at", "gone", "--repository", project, "--format", "json")
    without = run(*words, "--cache-dir", tmp_path / "fresh")
    cache = tmp_path / "cache"
    explain(project, cache)
    written = kept(cache).stat().st_mtime_ns
    again = run(*words, "--cache-dir", cache)
    assert (again.returncode, again.stdout) == (without.returncode, without.stdout)
    assert "gone" in again.stdout
    assert kept(cache).stat().st_mtime_ns == written


def test_of_a_short_history_nothing_is_kept(tmp_path):
    repository = Repository(tmp_path / "project")
    repository.chain("a1b1", "b2b2")
    assert explain(repository.folder, tmp_path / "cache", "none")[0] == 1
    assert not (tmp_path / "cache").exists()
