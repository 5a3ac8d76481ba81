"""A loose object that a full disk or a power cut left half: the run ends at once and says which."""

import time

import pytest
from postgres import Cluster
from program import run
from repository import Repository


@pytest.fixture
def repository(tmp_path):
    """a1b1 - b2b2 - c3c3, each with its commit, of which the first is cut off."""
    made = Repository(tmp_path / "project")
    made.chain("a1b1", "b2b2", "c3c3")
    first = made.git("rev-list", "--max-parents=0", "HEAD").strip()
    file = made.folder / ".git/objects" / first[:2] / first[2:]
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:70])
    made.first = first
    return made


def damage(repository):
    return (f"an object of its history cannot be read from {repository.folder} (object {repository.first}): "
            "its file is cut off")  # fmt: skip


def ended(begin):
    return time.monotonic() - begin < 10


def test_explain_names_it(repository):
    begin = time.monotonic()
    done = run("explain", "a1b1", "d4d4", "--repository", repository.folder, "--timeout", "60")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"schema-drift: error: {damage(repository)}\n"
        "  hint: run `git fsck` there; a damaged repository is mended by cloning it anew\n")
    assert ended(begin)


def test_a_branch_whose_commit_it_is_is_left_out_with_a_warning(tmp_path):
    made = Repository(tmp_path / "project")
    made.chain("a1b1")
    made.git("checkout", "-q", "-b", "side")
    made.migration("b2b2", "a1b1")
    tip = made.git("rev-parse", "HEAD").strip()
    made.git("checkout", "-q", "main")
    file = made.folder / ".git/objects" / tip[:2] / tip[2:]
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:70])
    done = run("explain", "b2b2", "--repository", made.folder, "--timeout", "60")
    assert done.returncode == 2
    assert "the commit of 1 branch or tag is missing from the repository or damaged" in done.stderr


def test_check_has_its_verdict_and_warns(repository, tmp_path):
    with Cluster() as cluster:
        cluster.psql("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY); "
                     "INSERT INTO alembic_version VALUES ('a1b1')", db="app")
        words = ("check", "--repository", repository.folder, "--database", cluster.url(), "--timeout", "60",
                 "--reports", tmp_path / "reports")
        begin = time.monotonic()
        behind = run(*words)
        assert behind.returncode == 1
        assert f"cannot tell when the pending revisions were committed: {damage(repository)}" in behind.stdout + behind.stderr
        cluster.psql("UPDATE alembic_version SET version_num = 'nowhere'", db="app")
        unknown = run(*words)
        assert unknown.returncode == 1
        assert damage(repository) in unknown.stdout + unknown.stderr
        assert ended(begin)
