"""Snapshots of PostgreSQL 13 to 18, and comparisons across them. Each server is started once, so what
operations mean for its tables is read here, too."""

import json
import shutil

import pytest
from join_cases import join_of, prepare
from postgres import POSTGRES_BIN, Cluster
from postgres_versions import RELEASES, programs_of
from program import run
from schema import EVERY_KIND, Databases, diff, failing, told

MAJORS = sorted([*RELEASES, 15])


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory):
    """By major version: a snapshot of one of every kind, by its owner and by a role with no right,
    and one with a column and an index changed."""
    made = {}
    for major in MAJORS:
        programs, copy = (POSTGRES_BIN, None) if major == 15 else programs_of(major)
        try:
            with Cluster(programs=programs, settings={"log_statement": "none", "wal_level": "logical"}) as cluster:
                databases = Databases(cluster, tmp_path_factory.mktemp(f"v{major}"))
                cluster.psql("CREATE ROLE app_reader; CREATE ROLE stranger LOGIN")
                cluster.psql(EVERY_KIND, db=databases.empty("same"))
                made[major] = {"owner": databases.snapshot("same"), "stranger": databases.snapshot("same", user="stranger")}
                cluster.psql(
                    "ALTER TABLE app.users ALTER born TYPE timestamp; DROP INDEX app.users_extra;"
                    "ALTER TABLE app.orders DROP CONSTRAINT positive; ALTER TABLE app.users DISABLE TRIGGER touch;"
                    "ALTER POLICY own ON app.orders USING (user_id > 1); ALTER TYPE app.mood ADD VALUE 'wow';"
                    "ALTER VIEW app.active RENAME COLUMN orders TO total",
                    db=databases.copy("same"),
                )  # fmt: skip
                made[major]["changed"] = databases.snapshot("schema_2")
                prepare(cluster)
                with cluster.session(db="app") as session:
                    session.ask("BEGIN; SELECT count(*) FROM big")
                    made[major]["join"] = join_of(databases.folder, cluster.url(user="reader", db="app"))
        finally:
            if copy is not None:
                shutil.rmtree(copy)
    return made


@pytest.mark.parametrize("major", MAJORS)
def test_every_version_is_read_whole_by_any_role(snapshots, major):
    mine, theirs = (json.loads(snapshots[major][who].read_text()) for who in ("owner", "stranger"))
    assert mine["server_version_num"] // 10000 == major
    assert set(mine["coverage"].values()) == {"read"}
    assert {kind for kind, state in theirs["coverage"].items() if state != "read"} == {"version rows"}
    assert mine["root"] == theirs["root"]


@pytest.mark.parametrize("live", MAJORS)
@pytest.mark.parametrize("expected", MAJORS)
def test_the_same_schema_on_two_versions_does_not_fail(snapshots, expected, live):
    code, document = diff(snapshots[expected]["owner"], snapshots[live]["owner"])
    assert (code, failing(document)) == (0, [])
    about = {told(finding) for finding in document["findings"]}
    assert about <= {
        "changed extension citext version",
        # Since PostgreSQL 15.
        "changed schema public owner",
        "changed schema public privileges of PUBLIC",
    }
    views = document["coverage"].get("view definition")
    assert views == (None if expected == live else
        f"not checked: PostgreSQL {expected} and {live} tell the same query in different words")  # fmt: skip


@pytest.mark.parametrize("live", MAJORS)
@pytest.mark.parametrize("expected", MAJORS)
def test_what_changed_is_found_across_versions(snapshots, expected, live):
    code, document = diff(snapshots[expected]["owner"], snapshots[live]["changed"])
    assert code == 1
    assert failing(document) == sorted([
        "changed column app.users.born type",
        "changed enum app.mood labels",
        "changed policy app.orders.own using",
        "changed trigger app.users.touch enabled",
        "missing constraint app.orders.positive",
        "missing index app.users.users_extra",
        "renamed column app.active.orders to total",
        # It says "active.total AS orders" now, which only the same version can tell.
        *(["changed view app.busy definition"] if expected == live else []),
    ])  # fmt: skip


def test_a_comparison_says_so_in_words(snapshots):
    done = run("schema", "diff", snapshots[15]["owner"], snapshots[16]["owner"])
    assert done.returncode == 0
    assert "view definition not checked: PostgreSQL 15 and 16 tell the same query in different words" in done.stdout


@pytest.mark.parametrize("major", MAJORS)
def test_operations_beside_the_tables_of_every_version(snapshots, major):
    explained, pending, report = snapshots[major]["join"]
    assert explained["server_version"] == explained["production"]["server_version"] == major
    assert [one["applied"] for one in explained["revisions"]] == [True, False]
    operations = explained["revisions"][1]["operations"]
    assert [one["severity"] for one in operations] == ["low", "low", "low", "low", "high"]
    # A validated CHECK, a longer varchar, the other side of a foreign key.
    assert operations[0]["scans"] is False and operations[1]["rewrites"] is False
    assert operations[2]["locks"] == {"child": "ACCESS EXCLUSIVE", "big": "ACCESS EXCLUSIVE"}
    tables = explained["production"]["tables"]
    assert (tables["big"]["rows"], tables["parted"]["rows"], tables["parted"]["parts"]) == (1000, 500, 1)
    assert (tables["fresh"]["rows"], tables["fresh"]["bytes"]) == (None, None)
    (holder,) = tables["big"]["lock_holders"]
    assert (holder["mode"], holder["seconds"]) == ("ACCESS SHARE", None)  # not this role's to see
    assert pending["pending"][0]["operations"] == report["pending"][0]["operations"] == operations
    assert report["operations"]["production"]["tables"]["parted"] == tables["parted"]
