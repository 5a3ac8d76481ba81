"""Pairs of databases that only look different: nothing fails between them."""

import subprocess

import pytest
from postgres import POSTGRES_BIN, Cluster, clean_environment
from schema import EVERY_KIND, Databases, diff, failing, not_failing


@pytest.fixture(scope="module")
def server():
    with Cluster(settings={"log_statement": "none", "wal_level": "logical"}) as cluster:
        cluster.psql("CREATE ROLE app_reader; CREATE ROLE rds_superuser; CREATE ROLE app_owner SUPERUSER")
        yield cluster


@pytest.fixture(scope="module")
def databases(server, tmp_path_factory):
    return Databases(server, tmp_path_factory.mktemp("snapshots"))


@pytest.fixture(scope="module")
def base(databases):
    name = databases.empty("base")
    databases.cluster.psql(EVERY_KIND, db=name)
    databases.snapshot(name)
    return name


T = "CREATE TABLE t (id integer PRIMARY KEY, a text, b text);"

# What one side was made by, what the other, and what is told that does not fail.
PAIRS = {
    "columns in another order": ("CREATE TABLE t (a integer, b text)", "CREATE TABLE t (b text, a integer)"),
    "columns of statistics in another order": ("CREATE TABLE t (a integer, b text); CREATE STATISTICS s ON a, b, (lower(b)) FROM t", "CREATE TABLE t (b text, a integer); CREATE STATISTICS s ON b, a, (lower(b)) FROM t"),
    "columns of a publication in another order": ("CREATE TABLE t (a integer, b text); CREATE PUBLICATION p FOR TABLE t (a, b)", "CREATE TABLE t (b text, a integer); CREATE PUBLICATION p FOR TABLE t (a, b)"),
    "a column dropped": ("CREATE TABLE t (a integer)", "CREATE TABLE t (x text, a integer); ALTER TABLE t DROP x"),
    "a column added later": (T, "CREATE TABLE t (id integer PRIMARY KEY); ALTER TABLE t ADD b text, ADD a text"),
    "a column renamed and back": (T, T + "ALTER TABLE t RENAME a TO c; ALTER TABLE t RENAME c TO a"),
    "a column added and dropped": (T, T + "ALTER TABLE t ADD c text; ALTER TABLE t DROP c"),
    "a table renamed and back": (T, T + "ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME TO t"),
    "a table made under another name": (T, T.replace("t (", "u (", 1) + "ALTER TABLE u RENAME TO t; ALTER INDEX u_pkey RENAME TO t_pkey"),
    "a type changed and back": (T, T + "ALTER TABLE t ALTER a TYPE varchar(9); ALTER TABLE t ALTER a TYPE text"),
    "a default set and dropped": (T, T + "ALTER TABLE t ALTER a SET DEFAULT 'x'; ALTER TABLE t ALTER a DROP DEFAULT"),
    "a default in other words": ("CREATE TABLE t (a boolean DEFAULT true, b text DEFAULT 'x')", "CREATE TABLE t (a boolean DEFAULT 't'::boolean, b text DEFAULT 'x'::text)"),
    "not null set and dropped": (T, T + "ALTER TABLE t ALTER a SET NOT NULL; ALTER TABLE t ALTER a DROP NOT NULL"),
    "not null before the key": ("CREATE TABLE t (a integer NOT NULL PRIMARY KEY)", "CREATE TABLE t (a integer); ALTER TABLE t ADD PRIMARY KEY (a)"),
    "types by their other names": ("CREATE TABLE t (a int4, b varchar(3), c timestamptz, d decimal(5,2), e float8)", "CREATE TABLE t (a integer, b character varying(3), c timestamp with time zone, d numeric(5,2), e double precision)"),
    "serial by hand": ("CREATE TABLE t (id serial)", "CREATE SEQUENCE t_id_seq AS integer; CREATE TABLE t (id integer NOT NULL DEFAULT nextval('t_id_seq')); ALTER SEQUENCE t_id_seq OWNED BY t.id"),
    "an identity whose table was renamed": ("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY)", "CREATE TABLE u (id bigint GENERATED ALWAYS AS IDENTITY); ALTER TABLE u RENAME TO t"),
    "an identity with its defaults said": ("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY)", "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY (START 1 INCREMENT 1 MINVALUE 1 CACHE 1))"),
    "an identity that was used": ("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, a text)", "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, a text); INSERT INTO t (a) SELECT 'x' FROM generate_series(1, 50)"),
    "an identity restarted": ("CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY)", "CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY); ALTER TABLE t ALTER id RESTART WITH 700"),
    "a sequence advanced": ("CREATE SEQUENCE s", "CREATE SEQUENCE s; SELECT nextval('s'), nextval('s')"),
    "a sequence set": ("CREATE SEQUENCE s", "CREATE SEQUENCE s; SELECT setval('s', 900)"),
    "a sequence with its defaults said": ("CREATE SEQUENCE s AS integer", "CREATE SEQUENCE s AS integer START 1 INCREMENT 1 MINVALUE 1 MAXVALUE 2147483647 CACHE 1 NO CYCLE"),
    "a sequence that goes down": ("CREATE SEQUENCE s INCREMENT -1", "CREATE SEQUENCE s INCREMENT -1 MAXVALUE -1 START -1"),
    "indexes in another order": (T + "CREATE INDEX i ON t (a); CREATE INDEX j ON t (b)", T + "CREATE INDEX j ON t (b); CREATE INDEX i ON t (a)"),
    "an index made concurrently": (T + "CREATE INDEX i ON t (a)", T + "CREATE INDEX CONCURRENTLY i ON t (a)"),
    "an index made again": (T + "CREATE INDEX i ON t (a)", T + "CREATE INDEX i ON t (a); REINDEX INDEX CONCURRENTLY i"),
    "an index with its defaults said": (T + "CREATE INDEX i ON t (a)", T + "CREATE INDEX i ON t USING btree (a text_ops ASC NULLS LAST)"),
    "an index after a dropped column": (T + "CREATE INDEX i ON t (b)", T + "ALTER TABLE t DROP a; ALTER TABLE t ADD a text; CREATE INDEX i ON t (b)"),
    "an index on an expression": (T + "CREATE INDEX i ON t (lower(a))", T + "CREATE INDEX i ON t ((lower(a)))"),
    "a key on an index": ("CREATE TABLE t (id integer NOT NULL, CONSTRAINT k PRIMARY KEY (id))", "CREATE TABLE t (id integer NOT NULL); CREATE UNIQUE INDEX i ON t (id); ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY USING INDEX i"),
    "a constraint beside its column": ("CREATE TABLE t (a integer CONSTRAINT c CHECK (a > 0))", "CREATE TABLE t (a integer, CONSTRAINT c CHECK (a > 0))"),
    "a constraint validated later": ("CREATE TABLE t (a integer CONSTRAINT c CHECK (a > 0))", "CREATE TABLE t (a integer); ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c"),
    "a foreign key validated later": (T + "CREATE TABLE u (t integer CONSTRAINT f REFERENCES t)", T + "CREATE TABLE u (t integer); ALTER TABLE u ADD CONSTRAINT f FOREIGN KEY (t) REFERENCES t (id) NOT VALID; ALTER TABLE u VALIDATE CONSTRAINT f"),
    "a foreign key with its defaults said": (T + "CREATE TABLE u (t integer CONSTRAINT f REFERENCES t)", T + "CREATE TABLE u (t integer CONSTRAINT f REFERENCES t (id) MATCH SIMPLE ON UPDATE NO ACTION ON DELETE NO ACTION NOT DEFERRABLE)"),
    "a cast array and its cast elements": ("CREATE TABLE t (a varchar(5) CONSTRAINT c CHECK (a IN ('x', 'y')))", "CREATE TABLE t (a varchar(5) CONSTRAINT c CHECK ((a)::text = ANY (ARRAY[('x'::varchar)::text, ('y'::varchar)::text])))"),
    "the same in a view": ("CREATE TABLE t (a varchar(5)); CREATE VIEW v AS SELECT * FROM t WHERE a IN ('x', 'y')", "CREATE TABLE t (a varchar(5)); CREATE VIEW v AS SELECT * FROM t WHERE (a)::text = ANY (ARRAY[('x'::varchar)::text, ('y'::varchar)::text])"),
    "the same in a predicate": ("CREATE TABLE t (a varchar(5)); CREATE INDEX i ON t (a) WHERE a IN ('x', 'y')", "CREATE TABLE t (a varchar(5)); CREATE INDEX i ON t (a) WHERE (a)::text = ANY (ARRAY[('x'::varchar)::text, ('y'::varchar)::text])"),
    "triggers in another order": (T + "CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f(); CREATE TRIGGER y BEFORE INSERT ON t EXECUTE FUNCTION f()", T + "CREATE TRIGGER y BEFORE INSERT ON t EXECUTE FUNCTION f(); CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f()"),
    "a trigger disabled and enabled": (T + "CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f()", T + "CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f(); ALTER TABLE t DISABLE TRIGGER x; ALTER TABLE t ENABLE TRIGGER x"),
    "row security on and off": (T, T + "ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t DISABLE ROW LEVEL SECURITY"),
    "the roles of a policy in another order": (T + "CREATE POLICY p ON t TO app_reader, rds_superuser", T + "CREATE POLICY p ON t TO rds_superuser, app_reader"),
    "a function replaced by itself": ("SELECT 1", "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"),
    "a function with its defaults said": ("CREATE FUNCTION g() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "CREATE FUNCTION g() RETURNS integer LANGUAGE sql VOLATILE CALLED ON NULL INPUT SECURITY INVOKER COST 100 PARALLEL UNSAFE AS 'SELECT 1'"),
    "settings of a function in another order": ("CREATE FUNCTION g() RETURNS integer LANGUAGE sql SET work_mem TO '1MB' SET search_path TO public AS 'SELECT 1'", "CREATE FUNCTION g() RETURNS integer LANGUAGE sql SET search_path TO public SET work_mem TO '1MB' AS 'SELECT 1'"),
    "execution granted to all": ("CREATE FUNCTION g() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "CREATE FUNCTION g() RETURNS integer LANGUAGE sql AS 'SELECT 1'; GRANT EXECUTE ON FUNCTION g() TO PUBLIC"),
    "a grant taken back": (T, T + "GRANT SELECT ON t TO app_reader; REVOKE SELECT ON t FROM app_reader"),
    "grants in another order": (T + "GRANT SELECT ON t TO app_reader; GRANT UPDATE ON t TO rds_superuser", T + "GRANT UPDATE ON t TO rds_superuser; GRANT SELECT ON t TO app_reader"),
    "grants one by one": (T + "GRANT SELECT, INSERT ON t TO app_reader", T + "GRANT INSERT ON t TO app_reader; GRANT SELECT ON t TO app_reader"),
    "everything, one by one": (T + "GRANT ALL ON t TO app_reader", T + "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON t TO app_reader"),
    "another one granted": (T + "GRANT SELECT ON t TO app_reader", T + "GRANT SELECT ON t TO app_owner WITH GRANT OPTION; SET ROLE app_owner; GRANT SELECT ON t TO app_reader; RESET ROLE", ["changed table public.t privileges of app_owner"]),
    "a grant to a role that CI has not": (T, T + "GRANT SELECT ON t TO rds_superuser", ["changed table public.t privileges of rds_superuser"]),
    "a column's grant to a role that CI has not": (T, T + "GRANT SELECT (a) ON t TO rds_superuser", ["changed column public.t.a privileges of rds_superuser"]),
    "default privileges": (T, T + "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO rds_superuser", ["unexpected default privileges owner on tables"]),
    "the schema public": ("SELECT 1", "REVOKE ALL ON SCHEMA public FROM PUBLIC", ["changed schema public privileges of PUBLIC"]),
    "another owner": (T, T + "ALTER TABLE t OWNER TO app_owner", ["changed table public.t owner"]),
    "another owner who granted": (T + "GRANT SELECT ON t TO app_reader", T + "ALTER TABLE t OWNER TO app_owner; GRANT SELECT ON t TO app_reader", ["changed table public.t owner"]),
    "analysed": (T + "INSERT INTO t VALUES (1)", T + "INSERT INTO t VALUES (1); ANALYZE"),
    "vacuumed": (T, T + "INSERT INTO t SELECT n FROM generate_series(1, 99) n; DELETE FROM t; VACUUM FULL t"),
    "options in another order": (T + "ALTER TABLE t SET (fillfactor = 70, autovacuum_enabled = off)", T + "ALTER TABLE t SET (autovacuum_enabled = off); ALTER TABLE t SET (fillfactor = 70)"),
    "options set and reset": (T, T + "ALTER TABLE t SET (fillfactor = 70); ALTER TABLE t RESET (fillfactor)"),
    "a comment set and taken away": (T, T + "COMMENT ON TABLE t IS 'x'; COMMENT ON TABLE t IS NULL"),
    "a comment alone": (T, T + "COMMENT ON COLUMN t.a IS 'x'", ["changed column public.t.a comment"]),
    "views in another order": (T + "CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT b FROM t", T + "CREATE VIEW w AS SELECT b FROM t; CREATE VIEW v AS SELECT a FROM t"),
    "a view spaced otherwise": (T + "CREATE VIEW v AS SELECT a FROM t WHERE id>1", T + "CREATE VIEW v AS\nSELECT   a\nFROM t\nWHERE ((id > 1))"),
    "a view replaced by itself": (T + "CREATE VIEW v AS SELECT a FROM t", T + "CREATE VIEW v AS SELECT a FROM t; CREATE OR REPLACE VIEW v AS SELECT a FROM t"),
    "a materialized view not filled": (T + "CREATE MATERIALIZED VIEW m AS SELECT a FROM t", T + "CREATE MATERIALIZED VIEW m AS SELECT a FROM t WITH NO DATA"),
    "an enum grown": ("CREATE TYPE e AS ENUM ('a', 'b', 'c')", "CREATE TYPE e AS ENUM ('a', 'c'); ALTER TYPE e ADD VALUE 'b' BEFORE 'c'"),
    "a partition attached": ("CREATE TABLE p (a integer) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)", "CREATE TABLE p (a integer) PARTITION BY LIST (a); CREATE TABLE p1 (a integer); ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1)"),
    "a partition that nobody declared": ("CREATE TABLE p (a integer PRIMARY KEY, b text) PARTITION BY LIST (a); CREATE INDEX i ON p (b)", "CREATE TABLE p (a integer PRIMARY KEY, b text) PARTITION BY LIST (a); CREATE INDEX i ON p (b); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1) WITH (fillfactor = 70); CREATE TABLE p2 PARTITION OF p DEFAULT", ["unexpected table public.p1", "unexpected table public.p2"]),
    "a partition that retention dropped": ("CREATE TABLE p (a integer PRIMARY KEY, b text) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)", "CREATE TABLE p (a integer PRIMARY KEY, b text) PARTITION BY LIST (a)", ["missing table public.p1"]),
    "an index of a partition under another name": ("CREATE TABLE p (a integer) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE INDEX i ON p (a)", "CREATE TABLE p (a integer) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE INDEX p1_i ON p1 (a); CREATE INDEX i ON p (a)", ["renamed index public.p1.p1_a_idx to p1_i"]),
    "an index made by hand": (T, T + "CREATE INDEX hand ON t (a)", ["unexpected index public.t.hand"]),
    "one more extension": (T, T + "CREATE EXTENSION pg_trgm", ["unexpected extension pg_trgm"]),
    "a grant on a member of an extension taken back": ("CREATE EXTENSION citext", "CREATE EXTENSION citext; GRANT EXECUTE ON FUNCTION citext_hash(citext) TO app_reader; REVOKE EXECUTE ON FUNCTION citext_hash(citext) FROM app_reader"),
    "what an extension grants itself": ("CREATE EXTENSION pg_stat_statements", "CREATE EXTENSION pg_stat_statements; GRANT SELECT ON pg_stat_statements TO PUBLIC"),
    "a grant on a member of an extension that the other side has not": (T, T + "CREATE EXTENSION citext; REVOKE EXECUTE ON FUNCTION citext_hash(citext) FROM PUBLIC", ["unexpected extension citext"]),
    "one more schema": (T, T + "CREATE SCHEMA monitoring; CREATE TABLE monitoring.t (a integer PRIMARY KEY); CREATE VIEW monitoring.v AS SELECT a FROM monitoring.t", ["unexpected schema monitoring"]),
    "statistics": (T, T + "CREATE STATISTICS st ON a, b FROM t; ALTER TABLE t ALTER a SET STATISTICS 500", ["unexpected statistics public.st", "changed column public.t.a statistics"]),
    "replication": (T, T + "CREATE PUBLICATION pub FOR TABLE t; ALTER TABLE t REPLICA IDENTITY FULL", ["unexpected publication pub", "changed table public.t replica_identity"]),
    "tables of a publication in another order": (T + "CREATE TABLE u (a integer); CREATE PUBLICATION pub FOR TABLE t, u", T + "CREATE TABLE u (a integer); CREATE PUBLICATION pub FOR TABLE u; ALTER PUBLICATION pub ADD TABLE t"),
    "options of a server in another order": ("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (a '1', b '2')", "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (b '2', a '1')"),
    "tags of an event trigger in another order": ("CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER x ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP VIEW') EXECUTE FUNCTION e()", "CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER x ON sql_drop WHEN TAG IN ('DROP VIEW', 'DROP TABLE') EXECUTE FUNCTION e()"),
    "inheritance later": ("CREATE TABLE a (x integer); CREATE TABLE b (y integer) INHERITS (a)", "CREATE TABLE a (x integer); CREATE TABLE b (y integer) INHERITS (a); ALTER TABLE b NO INHERIT a; ALTER TABLE b INHERIT a", ["changed column public.b.x inherited"]),
    "settings of the database": (T, T + "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET search_path TO nowhere', current_database()); END$$"),
    "temporary tables": (T, T + "CREATE TEMPORARY TABLE x (a integer)"),
    "large objects": (T, T + "SELECT lo_create(0)"),
}  # fmt: skip
COMMON = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"


def test_there_are_enough_of_them():
    assert len(PAIRS) >= 60


@pytest.mark.parametrize("pair", PAIRS)
def test_a_pair_that_looks_different_does_not_fail(databases, server, pair):
    expected, live, *told = PAIRS[pair]
    names = [databases.empty(), databases.empty()]
    try:
        for name, sql in zip(names, (expected, live)):
            server.psql(COMMON + sql, db=name)
        code, document = diff(databases.url(names[0]), databases.url(names[1]))
        assert failing(document) == []
        assert code == 0
        assert not_failing(document) == sorted(told[0] if told else [])
    finally:
        for name in names:
            databases.drop(name)


def test_an_extension_is_one_finding_whatever_it_brings(databases, server):
    """Every extension that the server has, one after another: tables, types, operators and all."""
    plain = databases.empty()
    file = databases.snapshot(plain)
    names = server.psql("SELECT name FROM pg_available_extensions WHERE name <> 'plpgsql' ORDER BY 1").split()
    assert len(names) > 30
    for name in names:
        try:
            server.psql(f'CREATE EXTENSION "{name}" CASCADE', db=plain)
        except RuntimeError as error:
            # A language whose interpreter this machine has not.
            assert "could not" in str(error) or "must be loaded" in str(error) or "not available" in str(error), error
    installed = server.psql("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'", db=plain).split()
    assert len(installed) > 30
    code, document = diff(file, databases.url(plain))
    assert failing(document) == []
    assert not_failing(document) == sorted(f"unexpected extension {name}" for name in installed)


def test_dumped_and_restored_is_the_same(databases, base, server):
    """pg_dump and psql, once and once more: CHECK lists are known to change on the way."""
    name = base
    for _ in range(2):
        dump = subprocess.run(
            [POSTGRES_BIN / "pg_dump", "-d", databases.url(name)], check=True, capture_output=True, text=True,
            env=clean_environment()).stdout  # fmt: skip
        name = databases.empty()
        server.psql(dump, db=name)
        code, document = diff(databases.folder / "base-owner.json", databases.url(name))
        assert (code, document["findings"]) == (0, [])


def test_restored_in_parallel_by_pg_restore_is_the_same(databases, base, server, tmp_path):
    file = tmp_path / "dump"
    subprocess.run([POSTGRES_BIN / "pg_dump", "-Fc", "-f", file, "-d", databases.url(base)], check=True, env=clean_environment())
    name = databases.empty()
    subprocess.run([POSTGRES_BIN / "pg_restore", "-j", "2", "-d", databases.url(name), file], check=True, env=clean_environment())
    code, document = diff(databases.folder / "base-owner.json", databases.url(name))
    assert (code, document["findings"]) == (0, [])


def test_restored_for_another_owner_without_rights_differs_in_those_alone(databases, base, server):
    dump = subprocess.run(
        [POSTGRES_BIN / "pg_dump", "-s", "-O", "-d", databases.url(base)], check=True, capture_output=True, text=True,
        env=clean_environment()).stdout  # fmt: skip
    name = databases.empty()
    server.psql("SET ROLE app_owner;" + dump, db=name)
    code, document = diff(databases.folder / "base-owner.json", databases.url(name))
    assert failing(document) == []
    assert {finding["facet"] for finding in document["findings"]} <= {"owner", "privilege"}
