"""`schema diff --schema-rules`: what an owner says of differences, over real databases."""

import pytest
from postgres import Cluster
from program import run
from schema import Databases, diff, failing, not_failing

SCHEMA = """
CREATE SCHEMA app;
CREATE TABLE app.orders (id integer PRIMARY KEY, note text);
CREATE TABLE app.log (id bigint, at date) PARTITION BY RANGE (at);
CREATE TABLE app.log_1 PARTITION OF app.log FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE INDEX log_at ON app.log (at);
CREATE FUNCTION app.f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
GRANT USAGE ON SCHEMA app TO app_writer;
GRANT INSERT ON app.orders TO app_writer;
"""
DRIFT = """
CREATE INDEX tmp_note ON app.orders (note);
CREATE UNIQUE INDEX once ON app.orders (note);
DROP TABLE app.log_1;
CREATE TABLE app.log_2 PARTITION OF app.log FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') WITH (fillfactor = 50);
COMMENT ON TABLE app.orders IS 'By hand';
GRANT SELECT ON app.orders TO app_writer;
"""
RULES = """
[[ignore]]
kind = "index"
name = "app.orders.tmp_*"
reason = "reports"

[[parts]]
of = "app.log"
reason = "one a month"

[[fail]]
facet = "comment"
reason = "comments are reviewed"

[[report]]
name = "app.orders.once"
reason = "being tried"
until = 2999-01-01

[[ignore]]
kind = "view"
reason = "none yet"

[[role]]
name = "app_writer"
rights = ["USAGE on schema app", "INSERT on table app.orders"]
reason = "writes, and never reads"

[[role]]
name = "PUBLIC"
rights = []
reason = "nobody is trusted"
"""


@pytest.fixture(scope="module")
def databases(tmp_path_factory):
    with Cluster() as cluster:
        cluster.psql("CREATE ROLE app_writer")
        yield Databases(cluster, tmp_path_factory.mktemp("snapshots"))


@pytest.fixture(scope="module")
def sides(databases):
    """Snapshots of what is expected and of what is there."""
    expected = databases.empty()
    databases.cluster.psql(SCHEMA, db=expected)
    live = databases.copy(expected)
    databases.cluster.psql(DRIFT, db=live)
    return databases.snapshot(expected), databases.snapshot(live)


@pytest.fixture
def rules(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    return path


def test_each_rule_does_what_it_says(sides, rules):
    code, document = diff(*sides, "--schema-rules", rules)
    assert code == 1
    assert failing(document) == [
        "changed function app.f() rights of PUBLIC",
        "changed schema public rights of PUBLIC",
        "changed table app.orders comment",
        "changed table app.orders rights of app_writer",
    ]
    (rights,) = [f for f in document["findings"] if f["property"] == "rights of app_writer"]
    assert (rights["expected"], rights["live"]) == ("INSERT", "INSERT, SELECT")
    assert not_failing(document) == ["unexpected index app.orders.once"]
    ignored = {(f["state"], f["name"]): f["reason"] for f in document["ignored"]}
    assert ignored == {
        ("unexpected", "tmp_note"): "reports", ("missing", "log_1"): "one a month",
        ("unexpected", "log_2"): "one a month",
        ("changed", "orders"): "judged by the rights that the role should have"}  # fmt: skip
    assert document["rule_warnings"] == [f"the rule at {rules}:20 matches no difference: none yet"]


def test_the_text_counts_what_rules_took_out(sides, rules):
    done = run("schema", "diff", *sides, "--schema-rules", rules)
    assert "\n4 ignored by rules\n" in done.stdout
    assert f"the rule at {rules}:20 matches no difference: none yet" in done.stderr


def test_without_rules_nothing_is_ignored(sides):
    _, document = diff(*sides)
    assert document["ignored"] == [] and document["rule_warnings"] == []


def test_rules_that_cannot_be_read_end_the_run(sides, rules, tmp_path):
    done = run("schema", "diff", *sides, "--schema-rules", tmp_path / "none.toml")
    assert done.returncode == 64
    assert f"cannot read {tmp_path}/none.toml: No such file or directory" in done.stderr
    done = run("schema", "diff", *sides, "--schema-rules", tmp_path)
    assert done.returncode == 64
    assert done.stderr == (
        f"schema-drift: error: {tmp_path} is a folder, not rules\n"
        "  hint: --schema-rules takes a file of TOML: docs/schema.md says what stands in it\n")  # fmt: skip
    rules.write_text('[[ignore]]\nkinds = "x"\nreason = "y"\n')
    done = run("schema", "diff", *sides, "--schema-rules", rules)
    assert done.returncode == 64
    assert f"error: {rules}:2: unknown key 'kinds' in [[ignore]]\n  hint: did you mean 'kind'?" in done.stderr
