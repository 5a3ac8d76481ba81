"""One database with a version table for each tenant: read at once, each with its own verdict."""

import json

import pytest

from program import check, reports_in, run, valid
from test_fleet import alerts_in

ODD = 'a "b"; $$ c\'d'
EMOJI = "tenant_🐘"
MANY = 500


def schema(name):
    return '"' + name.replace('"', '""') + '"'


def tenant(name, *rows, readable=True):
    quoted = schema(name)
    values = "".join(f"INSERT INTO {quoted}.alembic_version VALUES ('{row}');" for row in rows)
    return (f"CREATE SCHEMA {quoted}; GRANT USAGE ON SCHEMA {quoted} TO reader;"
            f"CREATE TABLE {quoted}.alembic_version (version_num varchar(32) PRIMARY KEY); {values}"
            + (f"GRANT SELECT ON {quoted}.alembic_version TO reader;" if readable else ""))  # fmt: skip


@pytest.fixture
def tenants(cluster, roles, database, chain, tmp_path):
    """A database to put tenants into, and a check of it; (psql, check)."""

    def look(*words, **how):
        return check("--repository", chain, "--database", cluster.url(user="reader", db=database), *words, **how)

    look.run = lambda *words, **how: run("check", "--repository", chain, "--database",
                                         cluster.url(user="reader", db=database), *words, **how)  # fmt: skip
    return lambda sql: cluster.psql(sql, db=database), look


def statuses(report):
    return {row["name"]: row["status"] for row in report["tenants"]}


def test_five_hundred_tenants_each_have_a_verdict(tenants):
    psql, look = tenants
    synced = [f"tenant_{number:03}" for number in range(MANY - 6)]
    psql("".join(tenant(name, "c3") for name in synced))
    psql(tenant("tenant_behind", "b2") + tenant("tenant_far", "a1") + tenant("tenant_empty") + tenant(EMOJI, "c3")
         + tenant("tenant_secret", "c3", readable=False) + "CREATE SCHEMA tenant_new;" + tenant("other", "zz"))  # fmt: skip
    code, report = look("--version-table-schema", "tenant_*")
    assert code == 2
    found = statuses(report)
    assert len(found) == MANY and list(found) == sorted(found, key=str.encode)
    assert {name: status for name, status in found.items() if status != "synced"} == {
        "tenant_behind": "behind", "tenant_far": "behind", "tenant_empty": "unversioned",
        "tenant_new": "unversioned", "tenant_secret": "error"}  # fmt: skip
    rows = {row["name"]: row for row in report["tenants"]}
    assert rows["tenant_far"]["pending_count"] == 2 and rows["tenant_far"]["production_versions"] == ["a1"]
    assert (rows["tenant_empty"]["reason"], rows["tenant_new"]["reason"]) == ("table_empty", "table_missing")
    assert rows["tenant_secret"]["failure"] == {
        "kind": "permission_denied", "message": "role reader may not read tenant_secret.alembic_version"}  # fmt: skip
    assert report["failure"]["message"] == (
        "1 of 500 tenants could not be read: role reader may not read tenant_secret.alembic_version")  # fmt: skip
    assert report["failure"]["hint"] == "GRANT SELECT ON tenant_secret.alembic_version TO reader"
    assert [revision["revision"] for revision in report["pending"]] == ["b2", "c3"]
    messages = {finding["kind"]: finding["message"] for finding in report["findings"]}
    assert messages["tenants_behind"] == "2 of 500 tenants are behind: tenant_behind, tenant_far"
    assert messages["tenants_unversioned"] == "2 of 500 tenants have no version rows: tenant_empty, tenant_new"
    assert messages["tenants_unread"] == "1 of 500 tenants could not be read: tenant_secret"


def test_all_schemas_that_have_the_table_and_no_others(tenants):
    psql, look = tenants
    psql(tenant("one", "c3") + tenant(ODD, "c3") + "CREATE SCHEMA helpers")
    code, report = look("--version-table-schema", "*")
    assert (code, statuses(report)) == (0, {ODD: "synced", "one": "synced"})
    assert ("2 schemas without alembic_version were not taken for tenants: "
            "a pattern such as tenant_* says which schemas are") in report["warnings"]  # fmt: skip


def test_schemas_that_are_named_are_tenants_whether_they_are_there_or_not(tenants):
    psql, look = tenants
    psql(tenant("one", "c3") + tenant("two", "b2"))
    code, report = look("--version-table-schema", "one", "--version-table-schema", "two",
                        "--version-table-schema", "three")  # fmt: skip
    assert (code, statuses(report)) == (1, {"one": "synced", "three": "unversioned", "two": "behind"})
    assert report["status"] == "unversioned"
    text = look.run("--version-table-schema", "one", "--version-table-schema", "two").stdout
    assert "  tenants     2 tenants: 1 synced, 1 behind (two)\n" in text


def test_a_pattern_takes_underscores_and_percent_signs_as_they_are(tenants):
    psql, look = tenants
    psql(tenant("t_1", "c3") + tenant("tx1", "zz") + tenant("t%1", "zz"))
    assert statuses(look("--version-table-schema", "t_*")[1]) == {"t_1": "synced"}


def test_a_pattern_that_takes_nothing_is_no_verdict(tenants):
    code, report = tenants[1]("--version-table-schema", "nobody_*")
    assert (code, report["status"]) == (2, "error")
    assert "has no schema that 'nobody_*' takes" in report["failure"]["message"]


def test_what_is_wrong_with_one_table_is_that_tenants_alone(tenants):
    psql, look = tenants
    psql("".join(tenant(f"t{number}", "c3") for number in range(20)))
    psql("CREATE SCHEMA t_view; GRANT USAGE ON SCHEMA t_view TO reader;"
         "CREATE VIEW t_view.alembic_version AS SELECT (1/(random()*0)::int)::text AS version_num;"
         "GRANT SELECT ON t_view.alembic_version TO reader;"
         "CREATE SCHEMA t_other; GRANT USAGE ON SCHEMA t_other TO reader;"
         "CREATE TABLE t_other.alembic_version (id int); GRANT SELECT ON t_other.alembic_version TO reader")  # fmt: skip
    code, report = look("--version-table-schema", "t*")
    assert code == 2
    failures = {row["name"]: row["failure"] for row in report["tenants"] if row["failure"]}
    assert failures["t_view"]["message"] == "reading t_view.alembic_version failed: division by zero (SQLSTATE 22012)"
    assert failures["t_other"]["message"] == (
        "t_other.alembic_version has no column version_num; it has id")  # fmt: skip
    assert list(statuses(report).values()).count("synced") == 20


def test_a_locked_tenant_does_not_hold_up_the_others(tenants, cluster, database):
    psql, look = tenants
    psql("".join(tenant(f"t{number}", "c3") for number in range(20)))
    with cluster.session(db=database) as other:
        other.ask("BEGIN; LOCK TABLE t7.alembic_version IN ACCESS EXCLUSIVE MODE")
        code, report = look("--version-table-schema", "t*", "--timeout", "60")
    assert code == 2
    assert {name for name, status in statuses(report).items() if status != "synced"} == {"t7"}
    assert "t7.alembic_version is locked by another session" in report["failure"]["message"]


def test_a_tenant_that_is_gone_is_told_once(tenants, tmp_path):
    psql, look = tenants
    psql(tenant("t1", "c3") + tenant("t2", "c3") + tenant(ODD, "c3"))
    words = ["--version-table-schema", "*", "--reports", tmp_path / "reports", "--alerts", "terminal"]
    assert look(*words)[0] == 0
    psql(f"DROP SCHEMA {schema(ODD)} CASCADE")
    done = look.run(*words, "--format", "json")
    report = valid(json.loads(done.stdout))
    assert done.returncode == 1 and report["status"] == "unversioned" and report["reason"] == "tenants_gone"
    assert [finding["kind"] for finding in report["findings"]] == ["tenants_gone"]
    assert report["findings"][0]["subjects"] == [ODD]
    assert len(alerts_in(done)) == 1
    code, report = look(*words)
    assert (code, statuses(report)) == (0, {"t1": "synced", "t2": "synced"})
    assert len(reports_in(tmp_path / "reports")) == 3


def test_a_tenant_that_goes_while_nothing_can_be_read_is_missed_all_the_same(tenants, tmp_path, cluster, database):
    psql, look = tenants
    psql(tenant("t1", "c3") + tenant("t2", "c3"))
    words = ["--version-table-schema", "*", "--reports", tmp_path / "reports", "--target", "shop"]
    assert look(*words)[0] == 0
    cluster.psql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    code, report = look(*words)
    assert (code, statuses(report)) == (2, {"t1": "error", "t2": "error"})
    cluster.psql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    psql("DROP SCHEMA t2 CASCADE")
    code, report = look(*words)
    assert (code, statuses(report)) == (1, {"t1": "synced", "t2": "unversioned"})


def test_a_list_in_the_configuration(tenants, cluster, database, chain, tmp_path):
    psql, _ = tenants
    psql(tenant("one", "c3") + tenant("two", "c3"))
    path = tmp_path / "c.json"
    for schemas, wanted in ((["one", "two"], ["one", "two"]), ("*", ["one", "two"]), ("one", None)):
        path.write_text(json.dumps({"targets": [{
            "target": "a", "repository": str(chain), "version_table_schema": schemas,
            "database": cluster.url(user="reader", db=database)}]}))  # fmt: skip
        code, report = check("--config", path)
        assert code == 0
        assert [row["name"] for row in report["tenants"]] == wanted if wanted else "tenants" not in report


def test_the_doctor_reads_the_tenants(tenants, cluster, database, chain):
    psql, _ = tenants
    psql(tenant("t1", "c3") + tenant("t2", "c3", readable=False))
    words = ["doctor", "--repository", chain, "--database", cluster.url(user="reader", db=database),
             "--format", "json", "--version-table-schema"]  # fmt: skip
    text = run(*words, "t*").stdout
    assert "1 of 2 tenants cannot be read: role reader may not read t2.alembic_version" in text
    psql("GRANT SELECT ON t2.alembic_version TO reader")
    assert "2 tenants can be read" in run(*words, "t*").stdout
