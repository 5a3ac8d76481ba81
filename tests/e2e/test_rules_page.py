"""docs/rules.md: a section for each rule, whose Alembic code is run on PostgreSQL, and is what it says:
safe by the rules themselves."""

import json
import pathlib
import re
import subprocess
import sys
import textwrap

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from postgres import Cluster  # noqa: E402
from program import ROOT, run  # noqa: E402
from python_venv import venv_python  # noqa: E402
from repository import Repository  # noqa: E402

PAGE = (ROOT / "docs/rules.md").read_text()
SECTIONS = {
    title: re.findall(r"```python\n(.*?)```", body, re.S)
    for title, body in re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
}
RULES = re.findall(r'^      \{"([a-z-]+)"', (ROOT / "drift/pending/rule_book.cc").read_text(), re.M)
# What cannot be done without its danger, or is dangerous by nature: the rule that its code still
# breaks, once everything was done before it.
STILL = {
    "drop-column": {"drop-column"}, "drop-table": {"drop-table", "data-change"}, "data-change": {"data-change"},
    "held-lock": {"data-change"}, "drop-schema": {"drop-schema", "drop-table"},
    "drop-cascade": {"drop-view"}, "truncate": {"data-change"}, "rename": {"rename"},
    "add-column-rewrite": {"data-change"}, "change-type": {"data-change"},
    "refresh-materialized-view": {"refresh-materialized-view", "create-index"},
    # VALIDATE is long by itself and keeps nobody out; these need the catalog to be known as proved.
    "attach-partition": {"attach-partition"}, "alter-domain": {"alter-domain"},
}  # fmt: skip

SETUP = """
CREATE TABLE users (id int PRIMARY KEY, email text);
INSERT INTO users SELECT i, 'u' || i FROM generate_series(1, 100) i;
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total int, status text, note text);
INSERT INTO orders SELECT i, 1 + i % 100, i, CASE WHEN i % 2 = 0 THEN 'open' END, 'x' FROM generate_series(1, 12000) i;
CREATE INDEX ix_orders_status ON orders (status);
CREATE TABLE carts (id int PRIMARY KEY);
CREATE TABLE events (id int, body text) PARTITION BY RANGE (id);
CREATE TABLE events_old (id int, body text);
INSERT INTO events_old VALUES (1, 'x');
CREATE MATERIALIZED VIEW order_totals AS SELECT user_id, sum(total) AS total FROM orders GROUP BY user_id;
CREATE DOMAIN amount AS int;
CREATE TABLE prices (price amount);
INSERT INTO prices VALUES (1);
CREATE TYPE address AS (street text, city text);
CREATE SCHEMA old CREATE TABLE things (id int);
CREATE FUNCTION is_open(text) RETURNS bool LANGUAGE sql IMMUTABLE AS $$ SELECT $1 = 'open' $$;
CREATE VIEW open_orders AS SELECT id FROM orders WHERE is_open(status);
"""
RUNNER = """
import json, sys
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
given = json.load(sys.stdin)
engine = sa.create_engine(given["url"], poolclass=sa.pool.NullPool)
HEAD = "import sqlalchemy as sa\\nfrom alembic import op\\nfrom sqlalchemy.dialects import postgresql\\n"
for number, body in enumerate(given["bodies"]):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
        with Operations.context(context), context.begin_transaction(_per_migration=True):
            exec(compile(HEAD + body, f"<block {number}>", "exec"), {})
        connection.commit()
"""


@pytest.fixture(scope="module")
def server():
    with Cluster() as cluster:
        cluster.psql("CREATE DATABASE model")
        cluster.psql(SETUP, db="model")
        yield cluster


def test_every_rule_has_its_section_and_every_section_its_rule():
    assert list(SECTIONS) == RULES


def test_every_section_has_code():
    assert [title for title, blocks in SECTIONS.items() if not blocks] == []


def test_lines_of_code_are_short():
    assert [line for blocks in SECTIONS.values() for block in blocks for line in block.split("\n") if len(line) > 100] == []


@pytest.mark.parametrize("rule", SECTIONS)
def test_the_code_runs(server, rule):
    python = venv_python("alembic-pg", ["alembic", "psycopg2-binary"], ["alembic", "psycopg2"], what="Alembic")
    name = "rule_" + rule.replace("-", "_")
    server.psql(f"CREATE DATABASE {name} TEMPLATE model")
    url = f"postgresql+psycopg2://owner@/{name}?host={server.folder}&port={server.port}"
    done = subprocess.run([python, "-c", RUNNER], input=json.dumps({"url": url, "bodies": SECTIONS[rule]}),
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("rule", SECTIONS)
def test_the_code_is_safe_by_the_rules(tmp_path, rule):
    repository = Repository(tmp_path / "project")
    down = None
    for number, block in enumerate(SECTIONS[rule]):
        text = f"revision = 'r{number}'\ndown_revision = {down!r}\nimport sqlalchemy as sa\nfrom alembic import op\n"
        text += "from sqlalchemy.dialects import postgresql\n\ndef upgrade():\n" + textwrap.indent(block, "    ")
        (repository.versions / f"r{number}.py").write_text(text)
        down = f"r{number}"
    repository.commit()
    broken = set()
    for number in range(len(SECTIONS[rule])):
        done = run("explain", f"r{number}", "--repository", repository.folder, "--format", "json")
        for operation in json.loads(done.stdout)["revisions"][0]["operations"]:
            broken |= {one["rule"] for one in operation["rules"] if one["severity"] in ("medium", "high")}
    assert broken == STILL.get(rule, set())
