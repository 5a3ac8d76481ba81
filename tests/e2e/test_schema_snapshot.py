"""`schema snapshot` and `schema diff` against a real server: the same twice, rights, hostile names,
and what other sessions do meanwhile."""

import json
import threading

import pytest
from postgres import Cluster
from program import run
from schema import EVERY_KIND, Databases, diff, failing, told


@pytest.fixture(scope="module")
def server():
    with Cluster(settings={"log_statement": "none", "wal_level": "logical"}) as cluster:
        cluster.psql("CREATE ROLE app_reader; CREATE ROLE stranger LOGIN")
        yield cluster


@pytest.fixture(scope="module")
def databases(server, tmp_path_factory):
    return Databases(server, tmp_path_factory.mktemp("snapshots"))


@pytest.fixture(scope="module")
def everything(databases):
    """A database with one of every kind, which no test changes."""
    name = databases.empty("everything")
    databases.cluster.psql(EVERY_KIND, db=name)
    return name


@pytest.fixture
def copy(databases, everything):
    name = databases.copy(everything)
    yield name
    databases.drop(name)


def test_the_same_database_twice_gives_the_same_bytes(databases, everything, copy):
    first = databases.snapshot(everything).read_bytes()
    assert first == databases.snapshot(everything).read_bytes()
    assert first == databases.snapshot(copy).read_bytes()


def test_every_kind_is_read(databases, everything):
    document = json.loads(databases.snapshot(everything).read_text())
    assert document["format"] == 1
    assert document["version_rows"] == ["a1b2c3"]
    assert set(document["coverage"].values()) == {"read"}
    kinds = {each["kind"] for each in document["objects"]}
    never_here = {"base type", "language", "access method", "transform", "text search parser",
                  "text search template", "subscription", "extension member"}  # fmt: skip
    assert set(document["coverage"]) - kinds == never_here | {"version rows"}


def test_a_role_with_nothing_but_connect_reads_the_same(databases, everything):
    mine = json.loads(databases.snapshot(everything).read_text())
    theirs = json.loads(databases.snapshot(everything, user="stranger").read_text())
    assert theirs["root"] == mine["root"]
    assert theirs["version_rows"] is None
    assert theirs["coverage"].pop("version rows") == (
        "not checked: role stranger may not read public.alembic_version")  # fmt: skip
    assert set(theirs["coverage"].values()) == {"read"}


def test_settings_of_the_role_change_nothing(databases, everything, server):
    server.psql(
        "CREATE ROLE odd LOGIN SUPERUSER;"
        "ALTER ROLE odd SET search_path TO app, public;"
        "ALTER ROLE odd SET quote_all_identifiers TO on;"
        "ALTER ROLE odd SET \"TimeZone\" TO 'Asia/Kolkata';"
        "ALTER ROLE odd SET DateStyle TO 'SQL, DMY';"
        "ALTER ROLE odd SET IntervalStyle TO 'sql_standard';"
        "ALTER ROLE odd SET bytea_output TO 'escape';"
        "ALTER ROLE odd SET extra_float_digits TO -5;"
        "ALTER ROLE odd SET standard_conforming_strings TO off"
    )
    assert databases.snapshot(everything, user="odd").read_bytes() == databases.snapshot(everything).read_bytes()


def test_no_secret_is_kept(databases, everything):
    text = databases.snapshot(everything).read_text()
    for secret in ("hunter2", "hunter3", "db.example.com"):
        assert secret not in text
    assert '"options":"host=#' in text


def test_a_changed_password_of_a_foreign_server_is_seen(databases, everything, copy, server):
    server.psql("ALTER SERVER elsewhere OPTIONS (SET password 'hunter9')", db=copy)
    code, document = diff(databases.snapshot(everything), databases.url(copy))
    assert failing(document) == ["changed foreign server elsewhere options"]
    assert "hunter" not in json.dumps(document)


def test_nothing_is_written(databases, everything, server):
    place = "SELECT pg_current_wal_insert_lsn()"
    before = server.psql(place)
    databases.snapshot(everything)
    assert server.psql(place) == before


def test_standard_output_is_where_it_goes_without_a_file(databases, everything):
    done = run("schema", "snapshot", "--database", databases.url(everything))
    assert done.returncode == 0
    assert done.stdout == databases.snapshot(everything).read_text()


def test_no_version_table_is_no_row(databases):
    document = json.loads(databases.snapshot(databases.empty()).read_text())
    assert document["version_rows"] == []
    assert document["coverage"]["version rows"] == "read: there is no alembic_version"


HOSTILE = ['a"b', "a'b", "a\nb", "a\\b", "x" * 63, "😀😀", "{a,b}", "a.b", " ", "$1", "%s", "-- a", "a b/*", "PUBLIC", "@owner", "select"]


def test_hostile_names_are_names(databases, server):
    name, other = databases.empty(), databases.empty()
    for number, word in enumerate(HOSTILE):
        quoted = '"' + word.replace('"', '""') + '"'
        literal = word.replace("'", "''")
        server.psql(f"CREATE ROLE {quoted}" if word != "PUBLIC" else "SELECT 1")
        grantee = quoted if word != "PUBLIC" else "PUBLIC"
        for database in (name, other):
            server.psql(
                f"CREATE SCHEMA {quoted};"
                f"CREATE TABLE {quoted}.{quoted} ({quoted} text DEFAULT E'{literal}' CONSTRAINT {quoted} CHECK ({quoted} <> ''));"
                f"CREATE INDEX ON {quoted}.{quoted} (({quoted} || '{number}'));"
                f"CREATE VIEW {quoted}.v AS SELECT {quoted} FROM {quoted}.{quoted};"
                f"COMMENT ON COLUMN {quoted}.{quoted}.{quoted} IS E'{literal}';"
                f"GRANT SELECT ON {quoted}.{quoted} TO {grantee}".replace("E'a\\b'", "E'a\\\\b'"),
                db=database,
            )
    assert databases.snapshot(name).read_bytes() == databases.snapshot(other).read_bytes()
    for word in HOSTILE:
        quoted = '"' + word.replace('"', '""') + '"'
        server.psql(f"ALTER TABLE {quoted}.{quoted} ADD COLUMN more integer", db=other)
    code, document = diff(databases.snapshot(name), databases.url(other))
    assert failing(document) == sorted(f"unexpected column {word}.{word}.more" for word in HOSTILE)
    shown = run("schema", "diff", databases.snapshot(name), databases.url(other)).stdout
    assert "a\\nb.a\\nb.more" in shown


def test_a_table_with_very_many_columns(databases, server):
    name = databases.empty()
    server.psql(
        "".join(
            f"CREATE TABLE wide_{number} (" + ", ".join(f"c{i} integer" for i in range(1600)) + ");"
            for number in range(7)
        ),
        db=name,
    )
    document = json.loads(databases.snapshot(name).read_text())
    assert sum(each["kind"] == "column" for each in document["objects"]) == 7 * 1600


def test_what_another_session_has_locked_is_not_checked(databases, everything, copy, server):
    with server.session(db=copy) as other:
        other.ask("BEGIN; LOCK TABLE app.orders IN ACCESS EXCLUSIVE MODE")
        done = run("schema", "snapshot", "--database", databases.url(copy), "-o", databases.folder / "locked.json")
        assert done.returncode == 0
        document = json.loads((databases.folder / "locked.json").read_text())
        not_checked = {kind for kind, state in document["coverage"].items() if state != "read"}
        why = "not checked: locked by another session: app.orders"
        assert {document["coverage"][kind] for kind in not_checked} == {why}
        assert not_checked == {
            "constraint", "index", "materialized view", "policy", "statistics", "view"}  # fmt: skip
        assert f"index {why}" in done.stderr
        code, document = diff(databases.snapshot(everything), databases.folder / "locked.json")
        assert (code, document["findings"]) == (2, [])
        assert document["coverage"]["index"] == (
            "not checked: live side: locked by another session: app.orders")  # fmt: skip
        other.ask("ROLLBACK")
    code, document = diff(databases.snapshot(everything), databases.url(copy))
    assert (code, document["findings"]) == (0, [])


def test_changes_while_it_is_read_are_never_half_seen(databases, everything, copy, server):
    """Tables come and go and are renamed while snapshots are taken: each tells of one moment."""
    server.psql("CREATE TABLE app.moving (a integer CHECK (a > 0), b text DEFAULT 'x')", db=copy)
    stop = threading.Event()

    def keep_changing():
        number = 0
        with server.session(db=copy) as other:
            while not stop.is_set():
                number += 1
                other.ask(
                    f"BEGIN; ALTER TABLE app.moving RENAME a TO a{number}; ALTER TABLE app.moving RENAME a{number} TO a;"
                    f"CREATE TABLE app.passing_{number} (a integer CHECK (a > 1)); COMMIT"
                )
                stop.wait(0.3)
                other.ask(f"DROP TABLE app.passing_{number}")
                stop.wait(0.3)

    thread = threading.Thread(target=keep_changing)
    thread.start()
    try:
        for _ in range(15):
            done = run("schema", "snapshot", "--database", databases.url(copy))
            if done.returncode == 2:
                assert "changed while it was read, 5 times in a row" in done.stderr
                continue
            assert done.returncode == 0, done.stderr
            objects = json.loads(done.stdout)["objects"]
            moving = [each for each in objects if each["object"] == "moving"]
            assert {each.get("name") for each in moving} == {None, "a", "b", "moving_a_check"}
            for passing in {each["object"] for each in objects if each["object"].startswith("passing_")}:
                kinds = sorted(each["kind"] for each in objects if each["object"] == passing)
                assert kinds == ["column", "constraint", "table"]
    finally:
        stop.set()
        thread.join()


def test_a_deploy_in_progress_is_said(databases, copy, server):
    """The version rows change while the catalog is read, which a lock makes last."""
    with server.session(db=copy) as other:
        other.ask("BEGIN; LOCK TABLE app.orders IN ACCESS EXCLUSIVE MODE")
        answer = {}
        thread = threading.Thread(
            target=lambda: answer.update(done=run("schema", "snapshot", "--database", databases.url(copy))))  # fmt: skip
        thread.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while server.psql(waiting) == "0":
            assert thread.is_alive(), answer
        server.psql("UPDATE alembic_version SET version_num = 'd4e5f6'", db=copy)
        thread.join()
        other.ask("ROLLBACK")
    done = answer["done"]
    assert done.returncode == 2
    assert done.stderr == (
        f"schema-drift: error: a deploy is in progress in {copy} on {server.folder}: its version rows were "
        "'a1b2c3' and are 'd4e5f6' now\n"
        "  hint: run again when it has finished\n")  # fmt: skip


def test_wrong_calls_say_what_to_do(databases, tmp_path):
    for words, error in {
        ("diff", "a"): "diff needs two sides",
        (): "schema needs to know what to do\n  hint: schema-drift schema snapshot --database URL -o FILE, schema diff "
            "EXPECTED LIVE, schema record --expected PLACE, or schema accept TARGET --reason TEXT --expected PLACE\n",
        ("snapshots",): "schema needs to know what to do",
    }.items():
        done = run("schema", *words)
        assert (done.returncode, error in done.stderr) == (64, True), done
    done = run("schema", "diff", tmp_path / "none.json", tmp_path / "none.json")
    assert done.returncode == 2
    assert done.stderr == (
        f"schema-drift: error: cannot read {tmp_path}/none.json: No such file or directory\n"
        "  hint: each side of a diff is the file of a snapshot, s3://bucket/name, or a database URL\n")  # fmt: skip
    (tmp_path / "newer.json").write_text('{"format":7,\n')
    done = run("schema", "diff", tmp_path / "newer.json", tmp_path / "newer.json")
    assert done.returncode == 2
    assert done.stderr == (
        f"schema-drift: error: {tmp_path}/newer.json is of format 7, and this program reads formats up to 1\n"
        "  hint: a newer schema-drift wrote it: compare with that one\n")  # fmt: skip


def test_an_edited_snapshot_is_refused(databases, everything):
    file = databases.snapshot(everything)
    edited = file.with_name("edited.json")
    edited.write_text(file.read_text().replace('"varying(80)', '"varying(90)').replace("users_extra", "users_extras"))
    done = run("schema", "diff", file, edited)
    assert done.returncode == 2
    assert f"{edited} was changed after it was written: its digest does not match" in done.stderr


def test_the_text_names_both_sides(databases, everything, copy, server):
    server.psql("ALTER TABLE app.users DROP COLUMN born", db=copy)
    done = run("schema", "diff", databases.url(everything), databases.url(copy))
    assert done.returncode == 1
    version = int(server.psql("SHOW server_version_num"))
    about = f"(PostgreSQL {version // 10000}.{version % 10000}, version 'a1b2c3')"
    assert done.stdout == (
        f"expected  everything on {server.folder} {about}\n"
        f"live      {copy} on {server.folder} {about}\n"
        "drift: 1 difference\n"
        "  missing    column app.users.born\n")  # fmt: skip


def test_strict_fails_for_every_facet(databases, everything, copy, server):
    server.psql("COMMENT ON TABLE app.users IS 'Others'", db=copy)
    file = databases.snapshot(everything)
    code, document = diff(file, databases.url(copy))
    assert code == 0
    (finding,) = document["findings"]
    assert told(finding) == "changed table app.users comment"
    assert (finding["fails"], finding["severity"], finding["why_not_failing"]) == (False, "warning", "a comment")
    code, document = diff(file, databases.url(copy), "--strict")
    assert (code, failing(document)) == (1, ["changed table app.users comment"])
