"""Several targets: what is pending is read for each that lacks something, and for no other."""

import itertools
import json
import re

import pytest
from far_postgres import FarPostgres
from program import run, valid
from test_explain_operations import Project

SYNCED = 6
INDEX = 'op.create_index("ix", "big", ["n"])'


@pytest.fixture(scope="module")
def databases(cluster):
    """Two that lack r2, with tables of their own sizes, and six that are synced."""
    names = ["o_small", "o_large", *(f"o_{number}" for number in range(SYNCED))]
    cluster.psql("CREATE ROLE nightly LOGIN; CREATE DATABASE o_template")
    cluster.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                 "INSERT INTO alembic_version VALUES ('r2'); GRANT SELECT ON alembic_version TO nightly;"
                 "CREATE TABLE big (n int, note text)", db="o_template")  # fmt: skip
    cluster.psql("".join(f"CREATE DATABASE {name} TEMPLATE o_template;" for name in names))
    for name, rows in (("o_small", 100), ("o_large", 60000)):
        cluster.psql("UPDATE alembic_version SET version_num = 'r1';"
                     f"INSERT INTO big SELECT i, repeat('x', 900) FROM generate_series(1, {rows}) i", db=name)  # fmt: skip
        cluster.psql("ANALYZE big", db=name)
    yield cluster
    for name in [*names, "o_template"]:
        cluster.psql(f"DROP DATABASE {name} WITH (FORCE)")
    cluster.psql("DROP ROLE nightly")


@pytest.fixture
def fleet(tmp_path):
    """Checks targets, {name: URL}; (exit code, {name: report})."""

    made = itertools.count()

    def look(targets, body, *words, tenants=None):
        repository = Project(tmp_path / f"project{next(made)}", "pass", body).repository.folder
        config = tmp_path / "fleet.json"
        extra = {"version_table_schema": tenants} if tenants else {}
        config.write_text(json.dumps({"defaults": {"repository": str(repository), **extra}, "targets": [
            {"target": name, "database": url} for name, url in targets.items()]}))  # fmt: skip
        done = run("check", "--config", config, "--format", "json", *words)
        assert done.stdout, done.stderr
        said = json.loads(done.stdout)
        return done.returncode, {one["target"]: valid(one) for one in (said if isinstance(said, list) else [said])}

    return look


def urls(server, *names):
    return {name: server.url(user="nightly", db=name) for name in names}


@pytest.mark.parametrize("limits, most", [((), 10), (("--jobs", "4", "--max-connections-per-host", "1"), 3)])
def test_each_has_the_operations_of_its_own_tables(databases, fleet, limits, most):
    names = ["o_small", *(f"o_{number}" for number in range(SYNCED)), "o_large"]
    with FarPostgres(databases, delay=0) as far:
        code, reports = fleet(urls(far, *names), INDEX, *limits)
    assert code == 1
    small, large = reports["o_small"], reports["o_large"]
    assert (small["status"], large["status"]) == ("behind", "behind")
    assert small["pending"][0]["tables"] == large["pending"][0]["tables"] == {"big": "SHARE"}
    (one,), (other,) = small["pending"][0]["operations"], large["pending"][0]["operations"]
    assert (one["severity"], one["wait"]) == ("low", "SHARE: writers wait under a second")
    assert (other["severity"], other["wait"]) == ("high", "SHARE: writers wait under a second to 4 s")
    rows = lambda report: report["operations"]["production"]["tables"]["big"]["rows"]  # noqa: E731
    assert (rows(small), rows(large)) == (100, 60000)
    # What is synced has nothing to say, and is asked for nothing more.
    assert [name for name, report in reports.items() if "operations" in report] == ["o_small", "o_large"]
    assert far.seen["connections"] == len(names) + 2
    assert far.seen["most_at_once"] <= most  # one may still be closing


def test_a_gate_is_of_every_target(databases, fleet):
    targets = urls(databases, "o_small", "o_1")
    assert fleet(targets, INDEX, "--fail-on", "high")[0] == 0
    assert fleet(targets, INDEX, "--fail-on", "low")[0] == 1
    assert fleet({**targets, **urls(databases, "o_large")}, INDEX, "--fail-on", "high")[0] == 1


def test_a_report_of_several_keeps_a_hundred_operations(databases, fleet):
    body = "for i in range(150):\n    op.execute(f'COMMENT ON TABLE big IS \\'{i}\\'')"
    _, reports = fleet(urls(databases, "o_small", "o_large"), body)
    for report in reports.values():
        assert (len(report["pending"][0]["operations"]), report["operations"]["left_out"]) == (100, 50)


def test_tables_of_tenants_are_not_looked_at_and_that_is_said(databases, fleet):
    databases.psql("".join(
        f"CREATE SCHEMA {name}; GRANT USAGE ON SCHEMA {name} TO nightly;"
        f"CREATE TABLE {name}.alembic_version (version_num varchar(32) PRIMARY KEY);"
        f"GRANT SELECT ON {name}.alembic_version TO nightly;"
        f"INSERT INTO {name}.alembic_version VALUES ('{row}');" for name, row in (("t_1", "r1"), ("t_2", "r2"))), db="o_2")  # fmt: skip
    try:
        # One alone asks over the connection that it has, several over another.
        for others in ([], ["o_3"]):
            _, reports = fleet(urls(databases, "o_2", *others), INDEX, tenants=["t_*"])
            report = reports["o_2"]
            assert report["status"] == "behind"
            said = report["operations"]["production"]
            assert (said["read"], said["because"]) == (False, "each tenant has tables of its own")
            (operation,) = report["pending"][0]["operations"]
            assert (operation["severity"], operation["seconds"]) == ("high", None)
            assert operation["wait"] == "SHARE: writers wait for a time that nobody can tell"
    finally:
        databases.psql("DROP SCHEMA t_1 CASCADE; DROP SCHEMA t_2 CASCADE", db="o_2")


def test_the_page_shows_what_they_do(databases, fleet, tmp_path):
    fleet(urls(databases, "o_small", "o_large"), INDEX, "--reports", tmp_path / "reports")
    page = run("reports", "summary", "--format", "html", "--reports", tmp_path / "reports").stdout
    assert page.count("<details open><summary>what they do: 1 operation, 1 high</summary>") == 1
    assert page.count("<details><summary>what they do: 1 operation, 0 high</summary>") == 1
    assert re.search(r'<b>high</b> big \(\d+ MB, ~60 k rows\) · create_index \(n\) ix · SHARE: writers wait', page)
    assert "versions/r2_x.py:8</p>" in page
