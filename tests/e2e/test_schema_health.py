"""What `check` says of a schema's health, against a real server: each kind is found, its remedy ends
it, and nothing of it changes a verdict."""

import re
import shutil

import pytest
from postgres import POSTGRES_BIN, Cluster, PgBouncer
from postgres_versions import RELEASES, programs_of
from program import check, run

STATEMENT = re.compile(r"^(?:ALTER|CREATE|REINDEX|REVOKE)\b.*;$", re.MULTILINE)
KINDS = {
    "invalid_index", "constraint_not_validated", "trigger_disabled", "row_security_without_policy",
    "foreign_key_without_index", "sequence_near_end", "version_table_writable",
}  # fmt: skip


class Checked:
    """A database at c3; `sql` changes it, `health` is what check says of it."""

    def __init__(self, cluster, chain, versioned):
        self.database, self.url = versioned
        self.cluster = cluster
        self.words = ("--repository", chain, "--database", self.url)
        self.sql("INSERT INTO alembic_version VALUES ('c3')")

    def sql(self, statements):
        return self.cluster.psql(statements, db=self.database)

    def report(self, *words):
        code, report = check(*self.words, *words)
        assert (code, report["status"], report["drift_detected"]) == (0, "synced", False)
        return report

    def health(self):
        return self.report()["schema"]["health"]


@pytest.fixture
def checked(cluster, chain, versioned):
    return Checked(cluster, chain, versioned)


def of(health):
    return [(finding["kind"], finding["severity"], finding["subjects"]) for finding in health["findings"]]


def test_a_sound_database_has_no_finding_and_every_kind_was_read(checked):
    checked.sql("CREATE TABLE p (id bigserial PRIMARY KEY); CREATE TABLE c (p bigint REFERENCES p); CREATE INDEX ON c (p);"
                "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO reader")
    report = checked.report()
    assert report["schema"]["health"] == {
        "coverage": dict.fromkeys(KINDS, "read"), "counts": {}, "findings": []}  # fmt: skip
    assert report["schema"]["compared"] is False
    assert report["schema"]["not_compared_because"] == "it was not asked for (--schema-expected)"
    assert report["warnings"] == []
    assert "schema" in report["stage_durations_ms"]
    assert "health" not in run("check", *checked.words).stdout


# What is wrong, as SQL; its finding; and what its statement does not mend by itself.
WRONG = {
    "an index that was not finished": (
        "CREATE TABLE t (a integer); INSERT INTO t VALUES (1), (1)",
        ("invalid_index", "warning", ["public.t public.i"]),
        "index public.i of public.t is invalid: no query uses it, and every write pays for it"),
    "an index of a partitioned table": (
        "CREATE TABLE t (a integer) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);"
        "CREATE INDEX i ON ONLY t (a)",
        ("invalid_index", "warning", ["public.t public.i"]),
        "the partitioned index public.i of public.t is invalid: a partition has no index that is attached to it"),
    "a constraint that was never validated": (
        "CREATE TABLE t (a integer); ALTER TABLE t ADD CONSTRAINT \"a b\" CHECK (a > 0) NOT VALID",
        ("constraint_not_validated", "warning", ['public.t "a b"']),
        'constraint "a b" of public.t was never validated: rows that were there before it may break it'),
    "a foreign key that was never validated": (
        "CREATE TABLE p (a integer PRIMARY KEY); CREATE TABLE t (a integer); CREATE INDEX ON t (a);"
        "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES p NOT VALID",
        ("constraint_not_validated", "warning", ["public.t k"]),
        "constraint k of public.t was never validated: rows that were there before it may break it"),
    "a constraint of a domain": (
        "CREATE DOMAIN d AS integer; ALTER DOMAIN d ADD CONSTRAINT k CHECK (value > 0) NOT VALID",
        ("constraint_not_validated", "warning", ["public.d k"]),
        "constraint k of public.d was never validated: rows that were there before it may break it"),
    "a trigger": (
        "CREATE TABLE t (a integer); CREATE TRIGGER g BEFORE UPDATE ON t EXECUTE FUNCTION suppress_redundant_updates_trigger();"
        "ALTER TABLE t DISABLE TRIGGER g".replace("BEFORE UPDATE ON t", "BEFORE UPDATE ON t FOR EACH ROW"),
        ("trigger_disabled", "warning", ["public.t g"]),
        "trigger g of public.t is disabled"),
    "the triggers of a foreign key": (
        "CREATE TABLE p (a integer PRIMARY KEY); CREATE TABLE t (a integer CONSTRAINT k REFERENCES p); CREATE INDEX ON t (a);"
        "ALTER TABLE t DISABLE TRIGGER ALL",
        ("trigger_disabled", "critical", ["public.t k"]),
        "foreign key k of public.t is not enforced: its triggers are disabled"),
    "row level security alone": (
        "CREATE TABLE t (a integer); ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        ("row_security_without_policy", "warning", ["public.t"]),
        "public.t has row level security and no policy: whoever it holds for sees no row"),
    "a foreign key without an index": (
        "CREATE TABLE p (a integer, b integer, PRIMARY KEY (a, b)); CREATE TABLE t (x integer, \"Y\" integer, CONSTRAINT k FOREIGN KEY (\"Y\", x) REFERENCES p);"
        "CREATE INDEX ON t (x)",
        ("foreign_key_without_index", "info", ["public.t k"]),
        'foreign key k of public.t ("Y", x) has no index on its side: whoever deletes from public.p reads all of public.t'),
    "a version table for all": (
        "GRANT INSERT, UPDATE (version_num) ON alembic_version TO PUBLIC",
        ("version_table_writable", "critical", ["public.alembic_version"]),
        "PUBLIC has INSERT, UPDATE on public.alembic_version: any role could change what is said to be applied"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_found_and_its_remedy_ends_it(checked, wrong):
    sql, finding, message = WRONG[wrong]
    checked.sql(sql)
    if wrong == "an index that was not finished":
        with pytest.raises(RuntimeError, match="could not create unique index"):
            checked.sql("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)")
        checked.sql("DELETE FROM t WHERE ctid = '(0,1)'")
    health = checked.health()
    assert of(health) == [finding]
    assert health["counts"] == {finding[0]: 1}
    (found,) = health["findings"]
    assert found["message"] == message
    assert checked.health()["findings"] == [found]
    statements = STATEMENT.findall(found["action"])
    assert bool(statements) == (wrong != "an index of a partitioned table")
    for statement in statements:
        checked.sql(statement)
    if statements:
        assert of(checked.health()) == []
    shown = run("check", *checked.words).stdout
    assert bool(statements) != (f"  health      {finding[1]}: {message}\n" in shown)


FINE = {
    "an index in another order": "CREATE TABLE p (a integer, b integer, PRIMARY KEY (a, b)); CREATE TABLE t (x integer, y integer, z integer, FOREIGN KEY (y, x) REFERENCES p); CREATE INDEX ON t (x, y, z)",
    "an index that leaves out null": "CREATE TABLE p (a integer PRIMARY KEY); CREATE TABLE t (a integer REFERENCES p); CREATE INDEX ON t (a) WHERE a IS NOT NULL",
    "a primary key of the other side": "CREATE TABLE p (a integer PRIMARY KEY); CREATE TABLE t (a integer PRIMARY KEY REFERENCES p)",
    "partitions of one foreign key": "CREATE TABLE p (a integer PRIMARY KEY); CREATE TABLE t (a integer REFERENCES p) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1); CREATE INDEX ON t (a)",
    "row level security with a policy": "CREATE TABLE t (a integer); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY q ON t USING (true)",
    "a version table that all may read": "GRANT SELECT ON alembic_version TO PUBLIC",
    "another table that all may write": "CREATE TABLE t (a integer); GRANT ALL ON t TO PUBLIC",
    "a bigint sequence far from anything": "CREATE TABLE t (id bigserial); SELECT setval('t_id_seq', 3000000000)",
    "a sequence that goes round": "CREATE SEQUENCE s MAXVALUE 10 CYCLE; SELECT setval('s', 10)",
    "a sequence that was never used": "CREATE SEQUENCE s AS smallint",
    "a trigger for replicas": "CREATE TABLE t (a integer); CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger(); ALTER TABLE t ENABLE REPLICA TRIGGER g",
}  # fmt: skip


@pytest.mark.parametrize("fine", FINE)
def test_what_is_fine_is_not_told(checked, fine):
    checked.sql("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO reader;" + FINE[fine])
    health = checked.health()
    assert of(health) == []


# Value, and what is said of it: the column's type may end before its sequence does.
SEQUENCES = {
    "CREATE TABLE t (id serial); SELECT setval('t_id_seq', 1717986920)": (
        "warning", "sequence public.t_id_seq, of which column public.t.id is filled is at 1717986920 of 2147483647 (80 %): behind that every INSERT fails"),
    "CREATE TABLE t (id serial); SELECT setval('t_id_seq', 2147483647)": (
        "critical", "sequence public.t_id_seq, of which column public.t.id is filled is at 2147483647 of 2147483647 (100 %): behind that every INSERT fails"),
    "CREATE SEQUENCE s; CREATE TABLE t (id integer DEFAULT nextval('s')); ALTER SEQUENCE s OWNED BY t.id; SELECT setval('s', 2100000000)": (
        "critical", "sequence public.s, of which column public.t.id is filled is at 2100000000 of 2147483647 (97 %): behind that every INSERT fails"),
    "CREATE TABLE t (id smallint GENERATED ALWAYS AS IDENTITY); SELECT setval('t_id_seq', 30000)": (
        "warning", "sequence public.t_id_seq, of which column public.t.id is filled is at 30000 of 32767 (91 %): behind that every INSERT fails"),
    "CREATE SEQUENCE s INCREMENT -1 MINVALUE -1000; SELECT setval('s', -990)": (
        "critical", "sequence public.s is at -990 of -1000 (98 %): behind that every INSERT fails"),
    "CREATE SEQUENCE s MAXVALUE 100 CYCLE; CREATE TABLE t (id smallint); ALTER SEQUENCE s OWNED BY t.id; ALTER SEQUENCE s MAXVALUE 100000; SELECT setval('s', 32000)": (
        "critical", "sequence public.s, of which column public.t.id is filled is at 32000 of 32767 (97 %): behind that every INSERT fails"),
}  # fmt: skip


@pytest.mark.parametrize("sql", SEQUENCES)
def test_a_sequence_near_its_end(checked, sql):
    checked.sql(sql + "; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO reader")
    (found,) = checked.health()["findings"]
    assert found["kind"] == "sequence_near_end"
    assert (found["severity"], found["message"]) == SEQUENCES[sql]


def test_a_sequence_just_before_the_threshold_is_fine(checked):
    checked.sql("CREATE TABLE t (id serial); SELECT setval('t_id_seq', 1700000000); GRANT SELECT ON t_id_seq TO reader")
    assert checked.health()["findings"] == []


def test_what_the_role_may_not_read_is_said_and_hides_nothing_else(checked):
    checked.sql(
        "CREATE TABLE t (id serial, other serial); SELECT setval('t_id_seq', 2147483647), setval('t_other_seq', 2147483647);"
        "GRANT SELECT ON t_other_seq TO reader; CREATE TABLE u (a integer); ALTER TABLE u ENABLE ROW LEVEL SECURITY"
    )
    health = checked.health()
    assert health["coverage"]["sequence_near_end"] == (
        "not checked: 1 of 2 sequences: the role may not read them; GRANT SELECT ON SEQUENCE public.t_id_seq and the like")  # fmt: skip
    assert [kind for kind, state in health["coverage"].items() if state != "read"] == ["sequence_near_end"]
    assert [subjects for _, _, subjects in of(health)] == [["public.t.other public.t_other_seq"], ["public.u"]]


def test_a_catalog_that_was_taken_from_the_role_is_said(checked, cluster):
    checked.sql("REVOKE SELECT ON pg_policy FROM PUBLIC; CREATE TABLE t (id integer);"
                "ALTER TABLE t ENABLE ROW LEVEL SECURITY")  # fmt: skip
    health = checked.health()
    assert health["coverage"]["row_security_without_policy"] == "not checked: permission denied for table pg_policy"
    assert health["coverage"]["invalid_index"] == "read"


def test_where_the_first_look_is_refused_each_kind_is_asked_for_by_itself(checked):
    checked.sql("REVOKE SELECT ON pg_trigger FROM PUBLIC; CREATE TABLE t (id integer);"
                "ALTER TABLE t ENABLE ROW LEVEL SECURITY")  # fmt: skip
    health = checked.health()
    assert health["coverage"].pop("trigger_disabled") == "not checked: permission denied for table pg_trigger"
    assert set(health["coverage"].values()) == {"read"}
    assert [subjects for _, _, subjects in of(health)] == [["public.t"]]


def test_a_locked_sequence_is_said_and_not_waited_for(checked):
    checked.sql("CREATE TABLE t (id serial, other serial); SELECT setval('t_id_seq', 2147483647), setval('t_other_seq', 2147483647);"
                "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO reader")  # fmt: skip
    with checked.cluster.session(db=checked.database) as other:
        other.ask("BEGIN; ALTER SEQUENCE t_id_seq CACHE 5")
        health = checked.health()
        other.ask("ROLLBACK")
    assert health["coverage"]["sequence_near_end"] == "not checked: 1 of 2 sequences: locked by another session"
    assert [subjects for _, _, subjects in of(health)] == [["public.t.other public.t_other_seq"]]


def test_an_index_that_may_be_in_the_making_is_no_warning(checked):
    checked.sql("CREATE TABLE t (a integer); INSERT INTO t VALUES (1), (1)")
    with pytest.raises(RuntimeError):
        checked.sql("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)")
    with checked.cluster.session(db=checked.database) as other:
        other.ask("BEGIN; LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE")
        (found,) = checked.health()["findings"]
        other.ask("ROLLBACK")
    assert found["severity"] == "info"
    assert found["message"].endswith("; a session that may be building it is at work on the table")
    (later,) = checked.health()["findings"]
    assert (later["severity"], later["fingerprint"]) == ("warning", found["fingerprint"])


def test_many_of_a_kind_are_counted_and_the_first_are_told(checked):
    checked.sql("".join(f"CREATE TABLE t{n:02} (a integer); ALTER TABLE t{n:02} ENABLE ROW LEVEL SECURITY;" for n in range(25)))
    health = checked.health()
    assert health["counts"] == {"row_security_without_policy": 25}
    assert [subject for _, _, (subject,) in of(health)] == [f"public.t{n:02}" for n in range(20)]
    assert "  health      and 20 more, in the JSON report\n" in run("check", *checked.words).stdout


def test_many_sequences_are_read_in_pages_and_few_locks_are_held(checked):
    checked.sql("".join(f"CREATE SEQUENCE s{n:03} MAXVALUE 100;" for n in range(250)) + "SELECT setval('s249', 99), setval('s000', 96), nextval('s100');"
                "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO reader")  # fmt: skip
    assert [subject for _, _, (subject,) in of(checked.health())] == ["public.s249", "public.s000"]


def test_what_belongs_to_an_extension_is_not_told(checked):
    checked.sql("CREATE EXTENSION pg_trgm; CREATE TABLE t (a integer); ALTER TABLE t ENABLE ROW LEVEL SECURITY")
    assert of(checked.health()) == [("row_security_without_policy", "warning", ["public.t"])]
    checked.sql("ALTER EXTENSION pg_trgm ADD TABLE t")
    assert of(checked.health()) == []


def test_hostile_names_are_shown_in_one_line_and_their_remedy_works(checked):
    name = '"a""b\n\x1b[31m; DROP TABLE x"'
    checked.sql(f"CREATE TABLE {name} (a integer); ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    (found,) = checked.health()["findings"]
    assert "\n" not in found["message"] and "\x1b" not in found["message"]
    checked.sql(found["action"].split("any:\n", 1)[1])
    assert checked.health()["findings"] == []


def test_a_search_path_of_its_own_changes_nothing(checked):
    checked.sql(
        "CREATE SCHEMA evil; CREATE VIEW evil.pg_class AS SELECT 1 AS oid; CREATE FUNCTION evil.quote_ident(name) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;"
        "GRANT USAGE ON SCHEMA evil TO reader; ALTER ROLE reader SET search_path TO evil, public, pg_catalog;"
        "CREATE TABLE t (a integer); ALTER TABLE t ENABLE ROW LEVEL SECURITY"
    )
    try:
        assert of(checked.health()) == [("row_security_without_policy", "warning", ["public.t"])]
    finally:
        checked.sql("ALTER ROLE reader RESET search_path")


def test_through_a_pooler_it_is_the_same(checked):
    checked.sql("CREATE TABLE t (a integer); ALTER TABLE t ENABLE ROW LEVEL SECURITY")
    with PgBouncer(checked.cluster) as pooler:
        code, report = check(*checked.words[:2], "--database", pooler.url("reader", db=checked.database))
    assert (code, report["status"]) == (0, "synced")
    assert of(report["schema"]["health"]) == [("row_security_without_policy", "warning", ["public.t"])]


def test_nothing_is_written(checked):
    checked.sql("CREATE TABLE t (id serial); SELECT nextval('t_id_seq'); GRANT SELECT ON t_id_seq TO reader")
    for _ in range(3):  # the server notes its own transactions there every fifteen seconds
        before = checked.sql("SELECT pg_current_wal_insert_lsn()")
        checked.health()
        if checked.sql("SELECT pg_current_wal_insert_lsn()") == before:
            return
    raise AssertionError("each of three checks wrote something")


def test_tenants_have_a_health_too(checked):
    checked.sql("CREATE SCHEMA one; CREATE TABLE one.alembic_version (version_num text); INSERT INTO one.alembic_version VALUES ('c3');"
                "GRANT USAGE ON SCHEMA one TO reader; GRANT SELECT ON one.alembic_version TO reader; GRANT DELETE ON one.alembic_version TO PUBLIC")  # fmt: skip
    code, report = check(*checked.words, "--version-table-schema", "public", "--version-table-schema", "one")
    assert (code, report["status"]) == (0, "synced")
    assert of(report["schema"]["health"]) == [("version_table_writable", "critical", ["one.alembic_version"])]


EVERYTHING_WRONG = """
CREATE TABLE alembic_version (version_num varchar(32) NOT NULL); INSERT INTO alembic_version VALUES ('c3');
GRANT UPDATE ON alembic_version TO PUBLIC;
CREATE TABLE p (id serial PRIMARY KEY); SELECT setval('p_id_seq', 2000000000);
CREATE TABLE t (a integer CONSTRAINT k REFERENCES p, b integer) PARTITION BY LIST (b);
CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1);
CREATE INDEX i ON ONLY t (b);
ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;
CREATE TRIGGER g AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TABLE t1 DISABLE TRIGGER g; ALTER TABLE t ENABLE ROW LEVEL SECURITY;
"""


@pytest.mark.parametrize("major", sorted([*RELEASES, 15]))
def test_every_version_tells_the_same(chain, major):
    programs, copy = (POSTGRES_BIN, None) if major == 15 else programs_of(major)
    try:
        with Cluster(programs=programs) as cluster:
            cluster.psql(EVERYTHING_WRONG, db="app")
            if major >= 18:
                cluster.psql("ALTER TABLE p ADD CONSTRAINT not_enforced CHECK (id > 0) NOT ENFORCED", db="app")
            code, report = check("--repository", chain, "--database", cluster.url())
    finally:
        if copy is not None:
            shutil.rmtree(copy)
    assert (code, report["status"]) == (0, "synced")
    health = report["schema"]["health"]
    assert set(health["coverage"].values()) == {"read"}
    assert of(health) == [
        ("version_table_writable", "critical", ["public.alembic_version"]),
        ("sequence_near_end", "warning", ["public.p.id public.p_id_seq"]),
        ("invalid_index", "warning", ["public.t public.i"]),
        ("trigger_disabled", "warning", ["public.t1 g"]),
        ("constraint_not_validated", "warning", ["public.t c"]),
        ("constraint_not_validated", "warning", ["public.t1 c"]),
        ("row_security_without_policy", "warning", ["public.t"]),
        ("foreign_key_without_index", "info", ["public.t k"]),
    ]  # fmt: skip
