"""`schema diff --sql`, run: the live schema and the statements together are the expected schema. Over
every mutation of test_schema_mutations."""

import re
import subprocess

import pytest
from postgres import POSTGRES_BIN, clean_environment
from program import run
from schema import diff, failing
from test_schema_mutations import MUTATIONS, base, databases, server  # noqa: F401

MARK = "--! "
# What there are no statements for, by what is left of it when all others have been run.
LEFT = {
    # Members of extensions are named without their schemas.
    **{f"{words} ON FUNCTION app.citext_hash(app.citext) {role}": [
        f"changed extension member citext.function citext_hash(citext) privileges of {role.split()[1]}"]
       for words, role in (("GRANT EXECUTE", "TO app_reader"), ("GRANT EXECUTE", "TO app_writer"), ("REVOKE EXECUTE", "FROM PUBLIC"))},
    "ALTER TABLE app.users ALTER COLUMN doubled DROP EXPRESSION": ["changed column app.users.doubled generated"],
    "ALTER TYPE app.mood ADD VALUE 'wow'": ["changed enum app.mood labels"],
    "ALTER TYPE app.mood ADD VALUE 'meh' BEFORE 'ok'": ["changed enum app.mood labels"],
    "ALTER SERVER elsewhere OPTIONS (ADD port '6')": ["changed foreign server elsewhere options"],
    "DROP USER MAPPING FOR PUBLIC SERVER elsewhere": ["missing user mapping elsewhere.PUBLIC"],
    "ALTER FOREIGN TABLE app.far OPTIONS (SET table_name 'z')": ["changed foreign table app.far options"],
    "ALTER FOREIGN TABLE app.far ALTER COLUMN id OPTIONS (SET column_name 'z')": ["changed column app.far.id options"],
}  # fmt: skip
# INHERIT takes columns that are there as the table's own, too, which nothing else depends on.
HISTORY = {
    "ALTER TABLE app.child NO INHERIT app.parent": [
        "changed column app.child.a inherited", "changed column app.child.b inherited",
        "changed constraint app.child.parent_a_check inherited"]}  # fmt: skip


def script_of(databases, live, *words):
    """The statements as they are printed."""
    done = run("schema", "diff", databases.folder / "base-owner.json", databases.url(live), "--sql", *words)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def uncommented(script):
    return "\n".join(line.removeprefix(MARK) for line in script.split("\n"))


def run_script(databases, name, script, folder):
    file = folder / "script.sql"
    file.write_text(script)
    return subprocess.run(
        [POSTGRES_BIN / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file, "-d", databases.url(name)],
        capture_output=True, text=True, env=clean_environment())  # fmt: skip


def counts(script):
    """(with statements, without) as the head says it."""
    found = re.search(r"^-- \d+ differences?: (\d+) with statements, \d+ brought along by others, (\d+) without", script, re.M)
    return int(found[1]), int(found[2])


@pytest.mark.parametrize("sql", MUTATIONS)
def test_live_and_the_statements_are_what_is_expected(databases, base, server, sql, tmp_path):  # noqa: F811
    name = databases.copy(base)
    try:
        server.psql(sql, db=name)
        script = script_of(databases, name, "--strict")
        with_statements, without = counts(script)
        assert without == len(LEFT.get(sql, [])), script
        assert with_statements > 0 or sql in LEFT, script
        done = run_script(databases, name, uncommented(script), tmp_path)
        assert done.returncode == 0, script + done.stderr
        _, document = diff(databases.folder / "base-owner.json", databases.url(name), "--strict")
        assert failing(document) == LEFT.get(sql, HISTORY.get(sql, [])), script
    finally:
        databases.drop(name)


def test_most_of_them_are_certain():
    assert set(LEFT) | set(HISTORY) <= set(MUTATIONS)
    assert (len(MUTATIONS), len(LEFT)) == (216, 10)


MANY = """
ALTER TABLE app.users DROP COLUMN born, ALTER COLUMN status DROP DEFAULT, ALTER COLUMN name DROP NOT NULL;
ALTER TABLE app.users ADD COLUMN extra_too text;
DROP VIEW app.busy;
DROP FUNCTION app.rows_of(integer);
ALTER TABLE app.orders RENAME TO bills;
DROP TABLE app.child;
DROP INDEX app.events_at, app.orders_hash;
ALTER TABLE app.cache DROP COLUMN v;
ALTER TABLE app.users DROP CONSTRAINT users_name_key;
REVOKE ALL ON app.bills FROM app_reader;
DROP POLICY writers ON app.bills;
CREATE TABLE app.more (id serial PRIMARY KEY);
"""


def test_many_differences_at_once(databases, base, server, tmp_path):  # noqa: F811
    name = databases.copy(base)
    try:
        server.psql(MANY, db=name)
        done = run_script(databases, name, uncommented(script_of(databases, name, "--strict")), tmp_path)
        assert done.returncode == 0, done.stderr
        _, document = diff(databases.folder / "base-owner.json", databases.url(name), "--strict")
        assert failing(document) == []
    finally:
        databases.drop(name)


def test_as_it_is_printed_nothing_is_taken_away(databases, base, server, tmp_path):  # noqa: F811
    name = databases.copy(base)
    try:
        server.psql("CREATE TABLE app.kept AS SELECT 1 AS one; ALTER TABLE app.users ADD COLUMN kept text;"
                    "ALTER TABLE app.users ALTER COLUMN born TYPE timestamp; DROP INDEX app.users_extra", db=name)  # fmt: skip
        done = run_script(databases, name, script_of(databases, name), tmp_path)
        assert done.returncode == 0, done.stderr
        _, document = diff(databases.folder / "base-owner.json", databases.url(name))
        assert failing(document) == [
            "changed column app.users.born type", "unexpected column app.users.kept", "unexpected table app.kept"]  # fmt: skip
    finally:
        databases.drop(name)


def test_a_schema_from_nothing(databases, server, tmp_path):  # noqa: F811
    expected, live = databases.empty(), databases.empty()
    server.psql("""
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE FUNCTION shop.tax(n numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT n * 0.2';
CREATE TABLE shop.users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
CREATE TABLE shop.orders (id serial PRIMARY KEY, "user" bigint REFERENCES shop.users, state shop.state DEFAULT 'new',
  net numeric CHECK (net > 0), gross numeric GENERATED ALWAYS AS (net + shop.tax(net)) STORED, at date);
CREATE INDEX orders_at ON shop.orders (at DESC) WHERE state = 'new';
CREATE VIEW shop.b_open AS SELECT id, net FROM shop.orders WHERE state = 'new';
CREATE VIEW shop.a_sum AS SELECT sum(net) FROM shop.b_open;
CREATE TABLE shop.log (at date NOT NULL, text text) PARTITION BY RANGE (at);
CREATE TABLE shop.log_1 PARTITION OF shop.log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX log_at ON shop.log (at);
GRANT SELECT ON shop.orders TO app_reader; COMMENT ON TABLE shop.orders IS 'What''s sold';
""", db=expected)  # fmt: skip
    try:
        # One more schema is worth a failure here, so --strict is not needed but for the comment.
        script = run("schema", "diff", databases.url(expected), databases.url(live), "--strict", "--sql").stdout
        done = run_script(databases, live, script, tmp_path)
        assert done.returncode == 0, script + done.stderr
        _, document = diff(databases.url(expected), databases.url(live), "--strict")
        assert failing(document) == []
    finally:
        databases.drop(expected), databases.drop(live)


# What a snapshot cannot tell, made by hand first.
BY_HAND = """
CREATE SCHEMA app; CREATE TYPE app.pair AS (a integer, b text);
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END';
"""


def test_an_empty_database_becomes_one_of_every_kind(databases, base, server, tmp_path):  # noqa: F811
    expected, live = databases.copy(base), databases.empty()
    try:
        server.psql(BY_HAND, db=live)
        script = run("schema", "diff", databases.url(expected), databases.url(live), "--strict", "--sql").stdout
        done = run_script(databases, live, script, tmp_path)
        assert done.returncode == 0, script + done.stderr
        _, document = diff(databases.url(expected), databases.url(live), "--strict")
        left = {told.split()[1] for told in failing(document)}
        # Options of foreign things are not in a snapshot.
        assert left <= {"foreign", "user"}, failing(document)
    finally:
        databases.drop(expected), databases.drop(live)


# A family that is folded into its class is told by the next comparison.
RARE = [sql for sql in MUTATIONS if "FAMILY app.backwards" not in sql and sql.startswith((
    "DROP AGGREGATE", "CREATE OR REPLACE AGGREGATE", "DROP CAST", "DROP OPERATOR", "DROP COLLATION", "DROP CONVERSION",
    "ALTER TEXT SEARCH"))]  # fmt: skip


@pytest.mark.parametrize("sql", RARE)
def test_what_few_schemas_have_is_taken_away_and_changed_back(databases, base, server, sql, tmp_path):  # noqa: F811
    expected, live = databases.copy(base), databases.copy(base)
    try:
        server.psql(sql, db=expected)
        script = run("schema", "diff", databases.url(expected), databases.url(live), "--strict", "--sql").stdout
        # Another thing may still be made of it, which a person takes away first.
        done = run_script(databases, live, uncommented(script), tmp_path)
        assert done.returncode == 0, script + done.stderr
        _, document = diff(databases.url(expected), databases.url(live), "--strict")
        assert failing(document) == [], script
    finally:
        databases.drop(expected), databases.drop(live)


RIGHTS = """
[[role]]
name = "app_reader"
rights = ["USAGE on schema app", "SELECT on table app.orders", "SELECT on default app.tables", "EXECUTE on function app.add(integer, integer)"]
reason = "reads orders"
[[role]]
name = "app_writer"
exact = false
rights = ["INSERT on table app.*", "SELECT on column app.users.name"]
reason = "writes"
"""


def test_the_rights_that_roles_should_have(databases, base, server, tmp_path):  # noqa: F811
    rules = tmp_path / "rules.toml"
    rules.write_text(RIGHTS)
    name = databases.copy(base)
    try:
        server.psql("GRANT DELETE ON app.parent TO app_writer; GRANT ALL ON app.users TO app_reader", db=name)
        file = databases.folder / "base-owner.json"
        _, before = diff(file, databases.url(name), "--schema-rules", rules)
        wanted = [told for told in failing(before) if "rights of" in told]
        assert "changed table app.users rights of app_reader" in wanted and len(wanted) > 10
        done = run_script(databases, name, script_of(databases, name, "--schema-rules", rules), tmp_path)
        assert done.returncode == 0, done.stderr
        _, document = diff(file, databases.url(name), "--schema-rules", rules)
        assert failing(document) == []
        # What a role may have besides is left to it.
        kept = "SELECT has_table_privilege('app_writer', 'app.parent', 'DELETE')"
        assert server.psql(kept, db=name) == "t"
    finally:
        databases.drop(name)


def test_one_answer_is_asked_for_at_a_time(databases, base):  # noqa: F811
    file = databases.folder / "base-owner.json"
    done = run("schema", "diff", file, file, "--sql", "--format", "json")
    assert done.returncode == 64
    assert "--sql prints statements, and --format asks for something else" in done.stderr
