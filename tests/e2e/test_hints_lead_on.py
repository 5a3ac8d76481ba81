"""Hints that lead on: following them word for word finds the migrations, or names the right option and side."""

import re
import shlex
import shutil

import pytest

from git_servers import Authority, HttpsServer, Project, git
from program import run
from repository import Repository

INI = "[alembic]\nscript_location = %(here)s/migrations\n"

# What lies in the tree, beside the migrations in `versions`, and where those lie.
TREES = {
    "an ini five folders deep": ({"a/b/c/d/e/alembic.ini": INI}, "a/b/c/d/e/migrations/versions"),
    "no ini": ({"srv/db/env.py": "", "srv/db/script.py.mako": ""}, "srv/db/versions"),
    "no ini, and folders for the years": (
        {"srv/db/env.py": "", "srv/db/script.py.mako": ""}, "srv/db/versions/2026"),
    "an ini, and folders for the years": ({"alembic.ini": INI, "migrations/env.py": ""}, "migrations/versions/2026/11"),
    "another name for versions": (
        {"alembic.ini": INI, "migrations/env.py": "", "migrations/script.py.mako": ""}, "migrations/revisions"),
    "an ini without a location": ({"alembic.ini": "[alembic]\n", "lib/deep/db/env.py": ""}, "lib/deep/db/versions"),
}  # fmt: skip


@pytest.mark.parametrize("tree", TREES)
def test_following_the_hints_finds_the_migrations(tmp_path, tree):
    files, versions = TREES[tree]
    repository = Repository(tmp_path / "work", ini=None)
    shutil.rmtree(repository.folder / "migrations")
    repository.versions = repository.folder / versions
    repository.versions.mkdir(parents=True)
    for path, text in files.items():
        (repository.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (repository.folder / path).write_text(text)
    repository.chain("a1", "b2", "c3")
    words, told = ["heads", "--repository", repository.folder], []
    for _ in range(3):
        done = run(*words)
        told.append(done.stderr)
        if done.returncode == 0:
            break
        hint = re.search(r"pass (--\S+(?: [^-\s]\S*)?)", done.stderr)
        assert hint, told
        words += shlex.split(hint[1])
    assert (done.returncode, done.stdout) == (0, "c3  add c3\n"), told
    assert len(told) > 1


@pytest.mark.parametrize("words, hint", [
    (["delete from notes"], "--mutate runs it as a change"),
    (["SELECT pg_sleep(9)", "--timeout", "1"],
     "--timeout gives a statement more time, up to that of the function where one is asked"),
    (["SELECT $1::int"], "--param gives the values of $1, $2, ... in turn, which stand there without quotes"),
    (["SELECT $1::int, $2::int", "--param", "1"],
     "--param gives the values of $1, $2, ... in turn, which stand there without quotes"),
    (["INSERT INTO notes VALUES (1)", "--mutate", "--yes"], None),
])  # fmt: skip
def test_the_hint_of_a_refused_statement_names_the_option(cluster, database, words, hint):
    done = run("query", "--database", cluster.url(db=database), *words)
    assert done.returncode == 1
    assert re.findall(r"^  hint: (.*)$", done.stderr, re.MULTILINE) == ([hint] if hint else [])


@pytest.mark.parametrize("filtered", [True, False])
def test_a_damaged_remote_is_no_matter_of_the_network(tmp_path, filtered):
    project = Project(tmp_path / "project")
    project.add("alembic.ini", "[alembic]\nscript_location = m\n")
    project.add("m/versions/a1.py", "revision = 'a1'\ndown_revision = None\n")
    blob = git(project.work, "rev-parse", "HEAD:m/versions/a1.py")
    (project.bare / "objects" / blob[:2] / blob[2:]).unlink()
    authority = Authority(tmp_path / "authority")
    with HttpsServer(project.root, authority) as server:
        server.version_2 = filtered
        server.config = {"uploadpack.allowFilter": "true", "uploadpack.allowAnySHA1InWant": "true"} if filtered else {}
        done = run("heads", "--repository", server.url(), "--cache-dir", tmp_path / "cache", "--ca-file", authority.certificate)
    assert (done.returncode, done.stdout) == (2, "")
    assert "run `git fsck` in the repository on its server" in done.stderr
    assert "DNS" not in done.stderr
