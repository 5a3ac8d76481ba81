"""What `explain` says of operations, against Alembic and PostgreSQL themselves: each operation is
run in a transaction, its locks are read from pg_locks by a second session, what was written anew
from pg_class.relfilenode."""

import json
import pathlib
import subprocess
import sys
import textwrap

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from operation_cases import CASES, SETUP  # noqa: E402
from postgres import Cluster  # noqa: E402
from program import run  # noqa: E402
from python_venv import venv_python  # noqa: E402
from repository import Repository  # noqa: E402

HEAD = "import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy.dialects import postgresql\n"
# Locks that PostgreSQL takes on what a statement leads to and no reader of the statement can know.
INDIRECT = {
    "REFRESH MATERIALIZED VIEW mv_orgs": {"orgs"},
    "REFRESH MATERIALIZED VIEW CONCURRENTLY mv_orgs": {"orgs"},
    "CREATE INDEX i ON parts (id)": {"parts_1"},
    "op.create_index('ix', 'parts', ['id'])": {"parts_1"},
    "DROP TABLE pets": set(),
}
# A foreign key looks rows up in the table that it refers to, or in the one that refers to it.
ROW_LOOKUP = {"ACCESS SHARE", "ROW SHARE"}


@pytest.fixture(scope="module")
def server():
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def seen(server):
    python = venv_python("alembic-pg", ["alembic", "psycopg2-binary"], ["alembic", "psycopg2"], what="Alembic")
    url = f"postgresql+psycopg2://owner@/app?host={server.folder}&port={server.port}"
    given = {"url": url, "setup": SETUP, "cases": CASES}
    runner = pathlib.Path(__file__).with_name("run_operations.py")
    done = subprocess.run([python, runner], input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(zip(CASES, json.loads(done.stdout)))


@pytest.fixture(scope="module")
def said(server, tmp_path_factory):
    version = server.psql("SHOW server_version_num")[:2]
    repository = Repository(tmp_path_factory.mktemp("locks") / "project")

    def write(revision, down, body):
        text = f"revision = {revision!r}\ndown_revision = {down!r}\n{HEAD}\ndef upgrade():\n"
        (repository.versions / f"{revision}.py").write_text(text + textwrap.indent(body, "    ") + "\n")

    write("base", None, f"op.execute({SETUP!r})")
    for number, body in enumerate(CASES):
        write(f"case{number}", "base", body)
    repository.commit()
    answers = {}
    for number, body in enumerate(CASES):
        done = run("explain", f"case{number}", "--repository", repository.folder, "--format", "json",
                   "--server-version", version)  # fmt: skip
        assert done.returncode == 0, done.stderr
        (answers[body],) = json.loads(done.stdout)["revisions"]
    return answers


def spelled(mode):
    return "".join(" " + c if c.isupper() else c.upper() for c in mode).strip().upper()


def test_there_are_cases_enough():
    assert len(set(CASES)) == len(CASES) >= 150


@pytest.mark.parametrize("body", CASES)
def test_an_operation_takes_the_locks_that_are_said(seen, said, body):
    really, ours = seen[body], said[body]
    assert not [one["reason"] for one in ours["operations"] if one["opaque"]]
    if "error" in really:
        # Refused in a transaction, or because of the rows that are there.
        assert really["error"] in ("25001", "23502", "0A000", "22P02"), really
        assert "high" in [one["severity"] for one in ours["operations"]]
        return
    locks = {table: spelled(mode) for table, mode in really["locks"].items()}
    for key, tables in INDIRECT.items():
        if key in body:
            locks = {table: mode for table, mode in locks.items() if table not in tables}
    unsaid = {table: mode for table, mode in locks.items() if table not in ours["tables"]}
    if any(one["operation"] in ("execute", "bulk_insert") for one in ours["operations"]):
        unsaid = {table: mode for table, mode in unsaid.items() if mode not in ROW_LOOKUP}
    assert not unsaid
    assert ours["tables"] == {table: locks.get(table) for table in ours["tables"]}
    rewrites = [one["rewrites"] for one in ours["operations"]]
    if None not in rewrites:
        truncated = "TRUNCATE" in body
        assert any(rewrites) == (bool(really["rewritten"]) and not truncated), really
