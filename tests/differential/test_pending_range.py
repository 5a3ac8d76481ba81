"""`pending FROM:TARGET` lists what `alembic upgrade FROM:TARGET --sql` would run."""

import json
import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(__file__)
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from alembic_venv import alembic_python  # noqa: E402
from program import run  # noqa: E402
from repository import Repository  # noqa: E402

ENV = """
from alembic import context
context.configure(dialect_name="postgresql")
with context.begin_transaction():
    context.run_migrations()
"""

# aaaa1 - bbbb2 - cccc3 (a branch "shop") - dddd4
#              \\ eeee5 (a branch "wiki", needs cccc3) - ffff6
# gggg7 (a base of its own, "audit") - gggh8
REVISIONS = [
    ("aaaa1", None, {}),
    ("bbbb2", "aaaa1", {}),
    ("cccc3", "bbbb2", {"branch_labels": ("shop",)}),
    ("dddd4", "cccc3", {}),
    ("eeee5", "bbbb2", {"branch_labels": ("wiki",), "depends_on": "cccc3"}),
    ("ffff6", "eeee5", {}),
    ("gggg7", None, {"branch_labels": ("audit",)}),
    ("gggh8", "gggg7", {}),
]
STARTS = ["base", "aaaa1", "bbbb2", "bbb", "cccc3", "dddd4", "eeee5", "shop", "gggg7"]
TARGETS = ["heads", "head", "dddd4", "dddd", "d", "shop", "shop@head", "wiki@head", "audit@head", "wiki@ffff6",
           "wiki@gggg7", "bbbb2", "ggg", "nothing", "+1", "+2", "bbbb2+1", "cccc3+1", "audit@heads", "nothing@head",
           "eeee5+9"]  # fmt: skip


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    made = Repository(tmp_path_factory.mktemp("ranges") / "work")
    (made.folder / "migrations/env.py").write_text(ENV)
    (made.folder / "migrations/script.py.mako").write_text("")
    for revision, down, variables in REVISIONS:
        made.migration(revision, down, commit=False, **variables)
        path = made.versions / f"{revision}_x.py"
        path.write_text(path.read_text().replace("raise SystemExit('never run')", "pass"))
    made.commit("All")
    return made


@pytest.fixture(scope="module")
def alembic(repository):
    ranges = [f"{start}:{target}" for start in STARTS for target in TARGETS]
    done = subprocess.run([alembic_python(), os.path.join(HERE, "ask_alembic_upgrade.py")], cwd=repository.folder,
                          input=json.dumps(ranges), capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(ranges, json.loads(done.stdout)))


@pytest.mark.parametrize("start", STARTS)
def test_a_range_is_alembics(repository, alembic, start):
    differing = {}
    for target in TARGETS:
        text = f"{start}:{target}"
        done = run("pending", text, "--repository", repository.folder, "--format", "json")
        theirs = alembic[text]
        if isinstance(theirs, str):
            ours = "refused" if done.returncode == 64 else done.stdout
            theirs = "refused"
        else:
            ours = sorted(one["revision"] for one in json.loads(done.stdout)["pending"]) if done.stdout else done.stderr
            theirs = sorted(theirs)
        if ours != theirs:
            differing[text] = (ours, alembic[text])
    assert not differing
