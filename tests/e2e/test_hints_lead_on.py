"""Where the migrations are not found, following each hint word for word leads to them."""

import re
import shlex
import shutil

import pytest

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
