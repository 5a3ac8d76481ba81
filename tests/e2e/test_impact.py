"""Operations beside the tables of a real PostgreSQL: explain, pending and check with a database."""

import itertools
import json
import re

import pytest
from postgres import Cluster
from program import ROOT, check, run
from test_explain_operations import Project

TABLES = """
CREATE TABLE big (id int, n int, note text, email varchar(50));
INSERT INTO big SELECT i, i, repeat('x', 900), 'a' FROM generate_series(1, 60000) i;
CREATE TABLE small (id int PRIMARY KEY, n int, small_code text);
INSERT INTO small SELECT i, i FROM generate_series(1, 100) i;
CREATE TABLE fresh (id int);
INSERT INTO fresh VALUES (1);
CREATE TABLE parted (id int, body text) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (20000);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (20000) TO (40000);
INSERT INTO parted SELECT i, repeat('x', 900) FROM generate_series(1, 30000) i;
CREATE TABLE partly (id int) PARTITION BY RANGE (id);
CREATE TABLE partly_1 PARTITION OF partly FOR VALUES FROM (0) TO (100);
CREATE TABLE child (id int, small_id int CONSTRAINT child_small REFERENCES small (id));
CREATE INDEX ix_child ON child (small_id);
CREATE UNIQUE INDEX ix_big_id ON big (id);
ALTER TABLE big ADD CONSTRAINT big_n CHECK (n IS NOT NULL);
ALTER TABLE big ADD CONSTRAINT big_id CHECK (id IS NOT NULL) NOT VALID;
CREATE SCHEMA app;
CREATE TABLE app.small (id int NOT NULL);
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
GRANT SELECT ON alembic_version TO reader;
"""
ANALYZE = "ANALYZE big; ANALYZE small; ANALYZE parted; ANALYZE child; ANALYZE app.small"


@pytest.fixture(scope="module")
def tables(cluster, roles):
    """A database that no test changes but for its version rows and settings."""
    name = "impact"
    cluster.psql(f"CREATE DATABASE {name}")
    cluster.psql(TABLES, db=name)
    cluster.psql(ANALYZE, db=name)
    yield name
    cluster.psql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def explain(cluster, tables, tmp_path):
    made = itertools.count()

    def ask(body, *words, user="owner", form="json"):
        project = Project(tmp_path / f"project{next(made)}", body)
        url = cluster.url(user=user, db=tables)
        done = run("explain", "r1", *words, "--repository", project.repository.folder,
                   "--database", url, "--format", form)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if form == "json" else done.stdout

    return ask


def operations(said):
    return said["revisions"][0]["operations"]


def test_sizes_are_those_of_the_catalog(cluster, tables, explain):
    body = "".join(f'op.create_index("ix_{n}", "{n}", ["id"])\n' for n in ("big", "parted", "fresh", "partly", "gone"))
    said = explain(body)["production"]
    assert said["read"] and said["because"] is None and said["server_version"] >= 11
    pages = "SELECT sum(relpages) * 8192 FROM pg_class WHERE relname IN ({})"
    ask = lambda names: int(cluster.psql(pages.format(names), db=tables))  # noqa: E731
    big, parted, fresh, partly = (said["tables"][name] for name in ("big", "parted", "fresh", "partly"))
    assert big["heap_bytes"] == ask("'big'")
    assert big["bytes"] == ask("'big', 'ix_big_id'") > big["heap_bytes"]
    assert (big["rows"], big["parts"], big["owner"]) == (60000, 0, "owner")
    assert parted["heap_bytes"] == ask("'parted_1', 'parted_2'")
    assert (parted["rows"], parted["parts"]) == (30000, 2)
    # Nobody has counted: neither size is known, and that is not nothing.
    assert (fresh["bytes"], fresh["rows"]) == (None, None)
    assert (partly["bytes"], partly["rows"], partly["parts"]) == (None, None, 1)
    assert "gone" not in said["tables"]


# What upgrade() does, and what is said of its last operation.
CASES = [
    # a large table: high, with a range
    ('op.create_index("ix", "big", ["n"])', "high", ["create-index"], True),
    ('op.create_unique_constraint("u", "big", ["n"])', "high", ["add-unique"], True),
    ('op.create_check_constraint("c", "big", "n > 0")', "high", ["add-check"], True),
    ('op.create_foreign_key("f", "big", "small", ["n"], ["id"])', "high", ["add-foreign-key"], True),
    ('op.create_foreign_key("f", "small", "big", ["n"], ["id"])', "high", ["add-foreign-key"], True),
    ('op.alter_column("big", "note", nullable=False)', "high", ["set-not-null"], True),
    ('op.alter_column("big", "id", nullable=False)', "high", ["set-not-null"], True),  # NOT VALID proves nothing
    ('op.add_column("big", sa.Column("x", sa.Integer(), sa.Identity()))', "high", ["add-column-rewrite"], True),
    ('op.add_column("big", sa.Column("x", sa.Integer(), unique=True))', "high", ["add-column-constraint"], True),
    ('op.alter_column("big", "email", type_=sa.String(20))', "high", ["change-type"], True),
    ('op.alter_column("big", "email", type_=sa.String(20), existing_type=sa.String(10))', "high", ["change-type"], True),
    ('op.execute("ALTER TABLE big SET UNLOGGED")', "high", ["rewrite-table"], True),
    ('op.execute("CLUSTER big USING ix_big_id")', "high", ["rewrite-table"], True),
    ('op.execute("REINDEX TABLE big")', "high", ["reindex"], True),
    ('op.create_index("ix", "parted", ["body"])', "high", ["create-index"], True),
    # a small one: low, under a second
    ('op.create_index("ix", "small", ["n"])', "low", ["create-index"], True),
    ('op.create_unique_constraint("u", "small", ["n"])', "low", ["add-unique"], True),
    ('op.create_check_constraint("c", "small", "n > 0")', "low", ["add-check"], True),
    ('op.create_foreign_key("f", "child", "small", ["id"], ["id"])', "low", ["add-foreign-key"], True),
    ('op.alter_column("small", "n", nullable=False)', "low", ["set-not-null"], True),
    ('op.add_column("small", sa.Column("x", sa.Integer(), sa.Identity()))', "low", ["add-column-rewrite"], True),
    ('op.add_column("small", sa.Column("x", sa.Integer(), unique=True))', "low", ["add-column-constraint"], True),
    ('op.alter_column("small", "n", type_=sa.BigInteger())', "low", ["change-type"], True),
    ('op.execute("ALTER TABLE small SET UNLOGGED")', "low", ["rewrite-table"], True),
    ('op.execute("REINDEX TABLE small")', "low", ["reindex"], True),
    ('op.create_index("ix", "small", ["id"], schema="app")', "low", ["create-index"], True),
    ('op.alter_column("child", "id", nullable=False)\nop.execute("ALTER TABLE child VALIDATE CONSTRAINT child_small")',
     "low", ["held-lock"], True),
    # never analysed, or not there: nobody knows
    ('op.create_index("ix", "fresh", ["id"])', "high", ["create-index"], False),
    ('op.create_index("ix", "partly", ["id"])', "high", ["create-index"], False),
    ('op.create_index("ix", "gone", ["id"])', "high", ["create-index"], False),
    ('op.create_index("ix", "big", ["id"], schema="app")', "high", ["create-index"], False),
    # what the catalog proves
    ('op.alter_column("big", "n", nullable=False)', "low", [], False),
    ('op.alter_column("small", "id", nullable=False)', "low", [], False),
    ('op.alter_column("big", "email", type_=sa.String(100))', "low", [], False),
    ('op.alter_column("big", "email", type_=sa.Text())', "low", [], False),
    ('op.drop_constraint("big_n", "big")\nop.alter_column("big", "n", nullable=False)', "high", ["set-not-null", "held-lock"], True),
    # however small: loss, what breaks, what cannot succeed
    ('op.drop_column("small", "n")', "high", ["drop-column"], False),
    ('op.drop_table("small")', "high", ["drop-table"], False),
    ('op.execute("TRUNCATE small")', "high", ["truncate"], False),
    ('op.rename_table("small", "tiny")', "high", ["rename"], False),
    ('op.alter_column("small", "n", new_column_name="m")', "high", ["rename"], False),
    ('op.add_column("small", sa.Column("x", sa.Integer(), nullable=False))', "high", ["add-column-not-null"], False),
    ('op.create_index("ix", "small", ["n"], postgresql_concurrently=True)', "high", ["concurrently-in-transaction"], True),
    ('op.execute("VACUUM small")', "high", ["concurrently-in-transaction"], False),
    ('op.execute("DROP SCHEMA app CASCADE")', "high", ["drop-schema", "drop-cascade"], False),
    ('op.execute("DROP TYPE t CASCADE")', "high", ["drop-cascade"], False),
    ('op.execute("DROP VIEW v")', "medium", ["drop-view"], False),
    # for a time that no size tells
    ('op.execute("UPDATE small SET n = 1")', "medium", ["data-change"], False),
    ('op.add_column("small", sa.Column("x", sa.Integer()))\nop.execute("UPDATE small SET x = 1")', "high",
     ["data-change", "held-lock"], False),
    ('op.execute("REFRESH MATERIALIZED VIEW v")', "high", ["refresh-materialized-view"], False),
    ('op.execute("ALTER DOMAIN d ADD CHECK (value > 0)")', "high", ["alter-domain"], False),
    ('op.execute("ALTER TYPE t ADD ATTRIBUTE x int")', "high", ["alter-type"], False),
    ('op.execute("ALTER TABLE parted ATTACH PARTITION small FOR VALUES FROM (90000) TO (99999)")', "low",
     ["attach-partition"], True),
    ('op.execute("ALTER TABLE parted ATTACH PARTITION big FOR VALUES FROM (90000) TO (99999)")', "high",
     ["attach-partition"], True),
    ('op.execute("DO $$ BEGIN END $$")', "high", ["unread"], False),
]  # fmt: skip


@pytest.mark.parametrize("body, severity, rules, timed", CASES)
def test_severity(explain, body, severity, rules, timed):
    last = operations(explain(body))[-1]
    assert (last["severity"], [one["rule"] for one in last["rules"]]) == (severity, rules)
    assert (last["seconds"] is not None) == timed
    if timed and severity == "low":
        assert last["seconds"]["to"] < 1


def test_every_rule_has_a_case():
    source = (ROOT / "drift/pending/rule_book.cc").read_text()
    rules = set(re.findall(r'^      \{"([a-z-]+)"', source, re.M))
    assert len(rules) > 20
    assert rules == {rule for _, _, named, _ in CASES for rule in named}


def test_a_drop_names_what_goes(explain):
    first, second, third = operations(
        explain('op.drop_column("child", "small_id")\nop.drop_constraint("child_pk", "child")\nop.drop_table("small")')
    )
    assert first["notes"][-1] == "go with it in production: foreign key child_small to small, index ix_child"
    assert first["locks"] == {"child": "ACCESS EXCLUSIVE", "small": "ACCESS EXCLUSIVE"}
    assert third["notes"][-1] == "refer to it in production: foreign key child_small of child"
    assert second["rules"] == []


def test_what_only_the_catalog_knew(explain):
    said = operations(explain('op.drop_constraint("child_small", "child")\nop.drop_index("ix_child")'))
    assert said[0]["locks"] == {"child": "ACCESS EXCLUSIVE", "small": "ACCESS EXCLUSIVE"}
    assert (said[1]["table"], said[1]["locks"]) == ("child", {"child": "ACCESS EXCLUSIVE"})


def test_an_index_that_is_there_is_named(explain):
    said = operations(explain('op.create_index("ix_big_id", "big", ["id"])\nop.create_unique_constraint("u", "big", ["id"])'))
    assert "ix_big_id exists in production already" in said[0]["notes"]
    assert (
        "unique index ix_big_id has these columns: ADD CONSTRAINT ... USING INDEX reads nothing" in said[1]["notes"]
    )


@pytest.mark.parametrize("user, seen", [("owner", True), ("reader", False)])
def test_a_long_transaction_is_a_queue(cluster, tables, explain, user, seen):
    with cluster.session(db=tables) as session:
        session.ask("BEGIN; SELECT count(*) FROM big; SELECT pg_sleep(1.1)")
        pid = int(session.ask("SELECT pg_backend_pid()"))
        said = explain('op.drop_column("big", "note")', user=user)
        (held,) = said["production"]["tables"]["big"]["lock_holders"]
        assert (held["mode"], held["count"], held["pid"]) == ("ACCESS SHARE", 1, pid)
        assert (held["seconds"] is not None and held["seconds"] > 1) == seen
        assert held["state"] == ("idle in transaction" if seen else None)
        text = explain('op.drop_column("big", "note")', user=user, form="text")
        assert f"  queue: big: session {pid} " in text
        unknown = "holds ACCESS SHARE, for how long is unknown: this role may not see it (pg_read_all_stats)"
        assert (unknown in text) != seen
        # CREATE INDEX does not wait for readers.
        assert "queue:" not in explain('op.create_index("ix", "big", ["n"])', user=user, form="text")


def test_a_prepared_transaction_is_a_queue(tmp_path):
    with Cluster(settings={"max_prepared_transactions": "2"}) as cluster:
        cluster.psql("CREATE TABLE t (id int); BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'x'", db="app")
        project = Project(tmp_path / "project", 'op.create_index("ix", "t", ["id"])')
        done = run("explain", "r1", "--repository", project.repository.folder, "--database", cluster.url())
        assert "  queue: t: a prepared transaction holds ROW EXCLUSIVE, in a transaction of " in done.stdout


def test_what_a_running_rewrite_holds_is_not_waited_for(cluster, tables, explain):
    with cluster.session(db=tables) as session:
        session.ask("BEGIN; LOCK TABLE big IN ACCESS EXCLUSIVE MODE")
        said = explain('op.create_index("ix", "big", ["n"])')
        assert said["production"]["read"] is True
        assert said["production"]["tables"]["big"]["lock_holders"][0]["mode"] == "ACCESS EXCLUSIVE"


def test_the_lock_timeout_of_the_owner(cluster, tables, explain):
    body = 'op.create_index("ix", "small", ["n"])'
    assert "  lock_timeout: role owner has no setting of its own\n" in explain(body, form="text")
    cluster.psql(f"ALTER ROLE owner IN DATABASE {tables} SET lock_timeout = '5s'")
    said = explain(body)
    assert said["production"]["tables"]["small"]["lock_timeout_ms"] == 5000
    assert "  lock_timeout: role owner gives up after 5000 ms\n" in explain(body, form="text")


def test_a_line_for_each_operation(explain):
    text = explain('op.create_index("ix", "big", ["n"])\nop.execute(f"DROP {x}")', form="text")
    assert (
        "  high    big  63 MB, ~60 k rows  create_index (n) ix  SHARE: writers wait under a second to 4 s"
        "  → postgresql_concurrently=True in autocommit_block()  migrations/versions/r1_x.py:8\n" in text
    )
    assert "  holds to the end of its transaction: big (SHARE), under a second to 4 s and what nobody can tell\n" in text
    assert "1 of 2 operations read; 1 could not be, the first at migrations/versions/r1_x.py:9. Rules of" in text
    assert ", by its last VACUUM or ANALYZE\n" in text


@pytest.mark.parametrize("command", ["explain", "pending"])
def test_a_database_that_is_not_there_costs_the_sizes_alone(tmp_path, command):
    project = Project(tmp_path / "project", "pass", 'op.create_index("ix", "t", ["id"])')
    words = ["r2"] if command == "explain" else ["--at", "r1"]
    done = run(command, *words, "--repository", project.repository.folder,
               "--database", "postgresql://nobody@127.0.0.1:1/app")  # fmt: skip
    assert done.returncode == (0 if command == "explain" else 1)
    assert "sizes not read: cannot connect to app on 127.0.0.1:1: " in done.stdout
    assert "  high    t  size unknown  create_index (id) ix  SHARE: writers wait for a time that nobody can tell" in done.stdout


@pytest.fixture
def at_r1(cluster, tables):
    cluster.psql("INSERT INTO alembic_version VALUES ('r1')", db=tables)
    yield
    cluster.psql("DELETE FROM alembic_version", db=tables)


def test_pending_reads_the_rows_where_none_are_given(cluster, tables, at_r1, tmp_path):
    project = Project(tmp_path / "project", "pass", 'op.create_index("ix", "big", ["n"])')
    done = run("pending", "--repository", project.repository.folder, "--database",
               cluster.url(user="reader", db=tables), "--format", "json")  # fmt: skip
    said = json.loads(done.stdout)
    assert (done.returncode, said["status"], said["production_versions"]) == (1, "behind", ["r1"])
    (operation,) = said["pending"][0]["operations"]
    assert (operation["severity"], operation["seconds"] is not None) == ("high", True)
    assert said["operations"]["production"]["tables"]["big"]["rows"] == 60000


@pytest.mark.parametrize(
    "rows, applied, why",
    [
        (["r2"], [True, True, False], None),
        (["r3"], [True, True, True], None),
        (["gone"], [None, None, None], "the version row gone is not a revision of this ref"),
        (["gone", "r1"], [True, None, None], "the version row gone is not a revision of this ref"),
        ([], [None, None, None], "the version table public.alembic_version is empty"),
        (None, [None, None, None], "there is no version table alembic_versions"),
    ],
)
def test_explain_marks_what_production_has(cluster, tables, tmp_path, rows, applied, why):
    bodies = [f'op.create_index("ix{n}", "big", ["n"])' for n in range(3)]
    project = Project(tmp_path / "project", *bodies)
    values = "".join(f"INSERT INTO alembic_version VALUES ('{row}');" for row in rows or [])
    cluster.psql(f"DELETE FROM alembic_version; {values}", db=tables)
    words = ["--repository", project.repository.folder, "--database", cluster.url(user="reader", db=tables),
             *(["--version-table", "alembic_versions"] if rows is None else [])]  # fmt: skip
    try:
        for names in ([], ["r1", "r2", "r3"]):
            said = json.loads(run("explain", *names, *words, "--format", "json").stdout)
            assert [one["applied"] for one in said["revisions"]] == applied
            assert said["production"]["version_rows"] == (sorted(rows) if rows else None)
            assert said["production"]["applied_unknown_because"] == why
            text = run("explain", *names, *words).stdout
            assert text.count("  applied in production already\n") == applied.count(True)
            assert (f"what production has already is not known: {why}\n" in text) == (why is not None)
            code = run("explain", *names, *words, "--fail-on", "high").returncode
            assert code == (0 if applied == [True, True, True] else 1)
    finally:
        cluster.psql("DELETE FROM alembic_version", db=tables)


def test_check_reports_operations_with_sizes(cluster, tables, at_r1, tmp_path):
    project = Project(tmp_path / "project", "pass", 'op.create_index("ix", "small", ["n"])')
    words = ("--repository", project.repository.folder, "--database", cluster.url(user="reader", db=tables))
    code, report = check(*words)
    assert (code, report["status"]) == (1, "behind")
    assert report["pending"][0]["tables"] == {"small": "SHARE"}
    assert report["pending"][0]["operations"][0]["severity"] == "low"
    assert report["operations"]["production"]["tables"]["small"]["rows"] == 100
    cluster.psql("UPDATE alembic_version SET version_num = 'r2'", db=tables)
    code, report = check(*words)
    assert (code, "operations" in report) == (0, False)


def test_more_operations_than_a_report_keeps_are_counted(cluster, tables, at_r1, tmp_path):
    body = "for i in range(2500):\n    op.execute(f'COMMENT ON TABLE big IS \\'{i}\\'')"
    project = Project(tmp_path / "project", "pass", body)
    _, report = check("--repository", project.repository.folder, "--database", cluster.url(db=tables))
    kept = len(report["pending"][0]["operations"])
    assert kept <= 2000 and report["operations"]["left_out"] in (0, 2500 - kept)
