"""`schema record`, `schema accept` and `check --schema-expected` against a real server: which expectation
is used, what differs, and what is said where nothing could be compared."""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading

import pytest
from postgres import POSTGRES_BIN, clean_environment, database_url
from program import BINARY, ROOT, check, environment, run, valid
from repository import Repository
from test_alert_states import Door

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from python_venv import venv_python  # noqa: E402

TABLES = (
    "CREATE TABLE users (id integer PRIMARY KEY, email varchar(80) NOT NULL);"
    "CREATE INDEX users_email ON users (email);"
    "CREATE VIEW names AS SELECT email FROM users"
)


class Shop:
    """Production at c3 with the tables of its migrations, a freshly upgraded database of CI, and the
    place for schemas."""

    def __init__(self, cluster, chain, versioned, folder):
        self.cluster, self.chain, self.folder = cluster, chain, folder
        self.database, self.url = versioned
        self.place = folder / "schemas"
        self.reports = folder / "reports"
        self.ci = self.database + "_ci"
        cluster.psql(f"CREATE DATABASE {self.ci}")
        for name in (self.database, self.ci):
            self.sql(TABLES, name)
        self.sql("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));"
                 "INSERT INTO alembic_version VALUES ('c3')", self.ci)  # fmt: skip
        self.sql("INSERT INTO alembic_version VALUES ('c3')")

    def sql(self, statements, database=None):
        return self.cluster.psql(statements, db=database or self.database)

    def record(self, *words, database=None, place=None):
        return run("schema", "record", "--database", self.cluster.url(db=database or self.ci),
                   "--expected", place or self.place, *words)  # fmt: skip

    def accept(self, *words):
        return run("schema", "accept", *words, "--database", self.url, "--expected", self.place)

    def words(self, *words):
        return ("--repository", self.chain, "--database", self.url, "--schema-expected", self.place, *words)

    def check(self, *words, **how):
        return check(*self.words(*words), **how)


@pytest.fixture
def shop(cluster, chain, versioned, tmp_path):
    made = Shop(cluster, chain, versioned, tmp_path)
    yield made
    cluster.psql(f"DROP DATABASE {made.ci} WITH (FORCE)")


def differences(report):
    return [" ".join(filter(None, (one["state"], one["kind"], one["on"], one["name"], one["property"])))
            for one in report["schema"]["differences"]]  # fmt: skip


# --- rules -------------------------------------------------------------------------------------


def test_rules_judge_the_differences_of_a_check(shop):
    assert shop.record().returncode == 0
    shop.sql("DROP INDEX users_email; ALTER TABLE users ADD born date; GRANT SELECT ON users TO PUBLIC")
    rules = shop.folder / "rules.toml"
    rules.write_text("""[[ignore]]
kind = "index"
reason = "made at the weekend"
[[report]]
kind = "column"
name = "*.born"
reason = "comes with the next release"
[[ignore]]
kind = "trigger"
reason = "there was one"
[[role]]
name = "PUBLIC"
rights = ["USAGE on schema public"]
reason = "nobody reads a table without a name of their own"
""")
    code, report = shop.check("--schema-rules", rules)
    assert (code, report["status"]) == (1, "schema_drift")
    failing = [one for one in report["schema"]["differences"] if one["fails"]]
    assert [(one["name"], one["property"]) for one in failing] == [("users", "rights of PUBLIC")]
    # The index; and that the grants of a role with rules of its own differ from what was recorded.
    assert report["schema"]["counts"]["ignored"] == 2
    assert [one for one in report["warnings"] if "rules.toml:8" in one], report["warnings"]
    shop.sql("REVOKE SELECT ON users FROM PUBLIC")
    code, report = shop.check("--schema-rules", rules)
    assert (code, report["status"]) == (0, "synced")
    assert "1 ignored by rules" in run("check", *shop.words("--schema-rules", rules)).stdout


@pytest.mark.parametrize("rules, says", [
    (None, "cannot read {}: No such file or directory"),
    ("[[ignore]]\nkind = 'index'\n", "{}:1"),
])  # fmt: skip
def test_rules_that_cannot_be_read_stop_a_check(shop, rules, says):
    path = shop.folder / "rules.toml"
    if rules is not None:
        path.write_text(rules)
    done = run("check", *shop.words("--schema-rules", path))
    assert (done.returncode, done.stdout) == (64, "")
    assert says.format(path) in done.stderr


def test_rules_without_an_expectation_are_a_wrong_call(shop):
    path = shop.folder / "rules.toml"
    path.write_text("")
    done = run("check", "--repository", shop.chain, "--database", shop.url, "--schema-rules", path)
    assert done.returncode == 64
    assert done.stderr == (
        "schema-drift: error: --schema-rules is given without --schema-expected\n"
        "  hint: rules judge what differs from the schema that is expected: say where that is kept\n")  # fmt: skip


# --- record ------------------------------------------------------------------------------------


def test_a_schema_is_recorded_under_its_version_rows(shop):
    done = shop.record()
    assert (done.returncode, done.stdout, done.stderr) == (
        0, f"the schema of {shop.ci} on {shop.cluster.folder} at 'c3' is recorded\n  {shop.place}/recorded/c3.json\n", "")  # fmt: skip
    kept = (shop.place / "recorded/c3.json").read_text()
    assert kept == run("schema", "snapshot", "--database", shop.cluster.url(db=shop.ci)).stdout
    done = shop.record("--format", "json")
    assert json.loads(done.stdout)["recorded"] == "same_already"


def test_several_rows_and_rows_that_are_no_name(shop):
    shop.sql("INSERT INTO alembic_version VALUES ('a1.b')", shop.ci)
    assert shop.record().returncode == 0
    shop.sql("DELETE FROM alembic_version; INSERT INTO alembic_version VALUES ('../../x')", shop.ci)
    assert shop.record().returncode == 0
    names = sorted(path.name for path in (shop.place / "recorded").iterdir())
    assert names[0] == "a1.b+c3.json"
    assert re.fullmatch(r"sha256-[0-9a-f]{64}\.json", names[1])
    assert len(names) == 2


def test_another_schema_of_the_same_rows_is_refused(shop):
    assert shop.record().returncode == 0
    before = (shop.place / "recorded/c3.json").read_text()
    shop.sql("ALTER TABLE users ADD born date", shop.ci)
    done = shop.record()
    assert done.returncode == 2
    assert done.stderr == (
        f"schema-drift: error: another schema is recorded for 'c3' at {shop.place}/recorded/c3.json\n"
        "  hint: the same revisions made two schemas: compare them with schema-drift schema diff; --replace puts "
        "this one in its place\n")  # fmt: skip
    assert (shop.place / "recorded/c3.json").read_text() == before
    done = shop.record("--replace")
    assert (done.returncode, "is recorded in the place of another" in done.stdout) == (0, True)
    assert (shop.place / "recorded/c3.json").read_text() != before


def test_two_builds_at_once_record_one_schema(shop):
    shop.sql("ALTER TABLE users ADD born date", shop.ci)
    done = {}
    threads = [threading.Thread(target=lambda name=name: done.update({name: shop.record(database=name)}))
               for name in (shop.ci, shop.database)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.returncode for one in done.values()) == [0, 2]


def test_what_cannot_be_found_again_is_not_recorded(shop):
    shop.sql("DELETE FROM alembic_version", shop.ci)
    done = shop.record()
    assert done.returncode == 64
    assert done.stderr == (
        f"schema-drift: error: {shop.ci} on {shop.cluster.folder} has no version row\n"
        "  hint: a schema is kept under its version rows: run `alembic upgrade head` first, and check --version-table\n")  # fmt: skip
    done = run("schema", "record", "--database", shop.cluster.url(user="reader", db=shop.ci), "--expected", shop.place)
    assert done.returncode == 2
    assert f"the version rows of {shop.ci} on {shop.cluster.folder} were not checked: role reader may not read" in done.stderr
    assert done.stderr.endswith("  hint: a schema is kept under its version rows: let the role read them\n")
    done = run("schema", "record", "--database", shop.url)
    assert (done.returncode, done.stderr) == (
        64, "schema-drift: error: no place for schemas was given\n  hint: give --expected DIR or --expected "
            "s3://bucket/schemas: what check has as --schema-expected\n")  # fmt: skip
    assert not shop.place.exists()


def test_what_has_holes_is_not_recorded(shop):
    with shop.cluster.session(db=shop.ci) as other:
        other.ask("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        done = shop.record()
        other.ask("ROLLBACK")
    assert done.returncode == 2
    assert "was not read whole: " in done.stderr and "locked by another session: public.users" in done.stderr
    assert done.stderr.endswith("  hint: what is expected must have no holes: run again when that has passed\n")


# --- check -------------------------------------------------------------------------------------


def test_the_schema_of_the_revision_is_synced(shop):
    shop.record()
    code, report = shop.check()
    assert (code, report["status"], report["findings"]) == (0, "synced", [])
    schema = report["schema"]
    assert schema["compared"] is True and schema["not_compared_because"] is None
    assert schema["expected"]["from"] == "recorded"
    assert schema["expected"]["place"] == f"{shop.place}/recorded/c3.json"
    assert schema["expected"]["version_rows"] == ["c3"]
    assert schema["counts"]["failing"] == 0
    assert set(schema["coverage"].values()) == {"compared"}
    assert report["not_checked"] == []
    # The grant to the reader, whom CI does not know.
    assert differences(report) == ["changed table alembic_version privileges of reader"]
    assert schema["differences"][0]["fails"] is False
    text = run("check", *shop.words()).stdout
    assert (f"  schema      compared with what was recorded at {shop.place}/recorded/c3.json: no difference that "
            "fails, and 1 that does not\n") in text  # fmt: skip


def test_a_changed_schema_is_schema_drift_with_the_fingerprints_of_diff(shop):
    shop.record()
    shop.sql("DROP INDEX users_email; ALTER TABLE users ADD born date, ALTER email DROP NOT NULL")
    code, report = shop.check()
    assert (code, report["status"], report["drift_detected"]) == (1, "schema_drift", True)
    assert [(finding["message"], finding["subjects"]) for finding in report["findings"]] == [
        ("unexpected column public.users.born", ["column public.users.born"]),
        ("changed column public.users.email: not_null is the default, expected yes", ["column public.users.email not_null"]),
        ("missing index public.users.users_email", ["index public.users.users_email"])]  # fmt: skip
    assert {finding["kind"] for finding in report["findings"]} == {"schema_drift"}
    assert {finding["severity"] for finding in report["findings"]} == {"critical"}
    done = run("schema", "diff", shop.place / "recorded/c3.json", shop.url, "--format", "json")
    told = {one["fingerprint"] for one in json.loads(done.stdout)["findings"] if one["fails"]}
    assert {finding["fingerprint"] for finding in report["findings"]} == told
    assert report["schema"]["counts"]["failing"] == 3
    assert shop.check()[1]["findings"] == report["findings"]
    text = run("check", *shop.words()).stdout
    assert text.startswith(f"{shop.database}: SCHEMA_DRIFT: 3 differences from the schema of this revision\n")
    shop.sql("CREATE INDEX users_email ON users (email); ALTER TABLE users DROP born, ALTER email SET NOT NULL")
    assert shop.check()[0] == 0


def test_more_differences_than_anybody_reads_are_counted(shop):
    shop.record()
    shop.sql("".join(f"CREATE TABLE t{n:03} (a integer);" for n in range(230)))
    code, report = shop.check()
    assert code == 1
    assert len(report["findings"]) == 21
    assert report["findings"][-1]["message"] == "210 more differences in the schema, in the report: unexpected table public.t020 and so on"
    assert (report["schema"]["counts"]["failing"], len(report["schema"]["differences"])) == (230, 200)


def test_version_drift_outranks_it_and_the_findings_tell_of_both(shop):
    shop.sql("UPDATE alembic_version SET version_num = 'b2'", shop.ci)
    shop.sql("UPDATE alembic_version SET version_num = 'b2'")
    shop.record()
    shop.sql("ALTER TABLE users ADD born date")
    code, report = shop.check()
    assert (code, report["status"]) == (1, "behind")
    assert [finding["kind"] for finding in report["findings"]] == ["pending_revisions", "schema_drift"]
    assert report["schema"]["expected"]["version_rows"] == ["b2"]


def test_without_an_expectation_it_says_what_is_missing(shop):
    shop.sql("ALTER TABLE users ENABLE ROW LEVEL SECURITY")
    code, report = shop.check()
    assert (code, report["status"]) == (0, "synced")
    because = f"nothing is recorded for 'c3' in {shop.place}"
    assert report["schema"]["compared"] is False
    assert report["schema"]["not_compared_because"] == because
    assert report["warnings"] == [
        f"the schema was not compared: {because}; `schema-drift schema record` takes it from a database that was "
        "freshly upgraded to there"]  # fmt: skip
    assert report["not_checked"][0].startswith("the tables, columns and indexes of the database")
    assert [finding["kind"] for finding in report["schema"]["health"]["findings"]] == ["row_security_without_policy"]


def test_an_empty_version_table_has_nothing_to_find_a_snapshot_by(shop):
    shop.record()
    shop.sql("DELETE FROM alembic_version")
    code, report = shop.check()
    assert (code, report["status"]) == (1, "unversioned")
    assert report["schema"]["not_compared_because"] == "production has no version row to find a snapshot by"


def test_an_edited_snapshot_is_no_expectation(shop):
    shop.record()
    file = shop.place / "recorded/c3.json"
    file.write_text(file.read_text().replace("varying(80)", "varying(90)"))
    code, report = shop.check()
    assert (code, report["status"], report["drift_detected"]) == (2, "error", None)
    assert report["failure"]["stage"] == "schema"
    assert report["failure"]["kind"] == "report_unreadable"
    assert report["failure"]["message"] == (
        f"the schema was not compared: {file} was changed after it was written: its digest does not match")  # fmt: skip
    assert report["schema"]["compared"] is False
    # The rows were read, and where they are wrong that is what counts.
    shop.sql("INSERT INTO alembic_version VALUES ('a1'); UPDATE alembic_version SET version_num = 'b2' WHERE version_num = 'c3'")
    file.rename(file.with_name("a1+b2.json"))
    code, report = shop.check()
    assert (code, report["status"]) == (1, "inconsistent")
    assert [warning for warning in report["warnings"] if warning.startswith("the schema was not compared: ")]


@pytest.mark.parametrize("text, message", [
    ('{"format":7,\n', "is of format 7, and this program reads formats up to 1"),
    ("", "is not a snapshot of schema-drift: "),
])  # fmt: skip
def test_a_snapshot_of_another_format_is_an_error(shop, text, message):
    shop.record()
    file = shop.place / "recorded/c3.json"
    file.write_text(text)
    code, report = shop.check()
    assert (code, report["status"]) == (2, "error")
    assert message in report["failure"]["message"]


def test_a_snapshot_under_another_name_is_an_error(shop):
    shop.sql("UPDATE alembic_version SET version_num = 'b2'", shop.ci)
    shop.record()
    (shop.place / "recorded/b2.json").rename(shop.place / "recorded/c3.json")
    code, report = shop.check()
    assert (code, report["failure"]["message"]) == (
        2, f"the schema was not compared: {shop.place}/recorded/c3.json is a snapshot of other version rows ('b2')")  # fmt: skip
    assert report["failure"]["hint"] == "record it again: its name says of which rows it should be"


def test_a_place_that_is_none_or_refuses_is_an_error(shop):
    shop.record()
    done = run("check", *shop.words()[:4], "--schema-expected", "gs://name:canary@x/y")
    assert done.returncode == 64
    assert done.stderr == (
        "schema-drift: error: cannot keep schemas at gs://name:***@x/y\n"
        "  hint: give a folder, file:///absolute/path or s3://bucket/prefix\n")  # fmt: skip
    # A server that says it is too busy, again and again.
    with Door() as door:
        door.hanging.add("GET")
        code, report = check(*shop.words()[:4], "--schema-expected", "s3://schemas/here", "--timeout", "6", env=door.s3)
    assert (code, report["status"], report["failure"]["stage"]) == (2, "error", "schema")
    assert report["failure"]["kind"] in ("timed_out", "http_failed")
    assert report["production_versions"] == ["c3"] and report["codebase_heads"] == ["c3"]
    assert report["duration_ms"] < 6_000
    assert set(report["schema"]["health"]["coverage"].values()) == {"read"}


class Muted:
    """A door before the server that passes everything on until the client asks for the schema, and
    nothing from then on."""

    def __init__(self, cluster):
        self.server = f"{cluster.folder}/.s.PGSQL.{cluster.port}"
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = [self.listener]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.server)
            self.sockets += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self.pass_on, args=(source, target), daemon=True).start()

    def pass_on(self, source, target):
        try:
            while data := source.recv(65536):
                if b"quote_all_identifiers" in data:
                    return
                target.sendall(data)
        except OSError:
            pass

    def __exit__(self, *_):
        for each in self.sockets:
            each.close()


def test_a_database_that_falls_silent_once_the_rows_are_read_costs_the_schema_alone(shop):
    with Muted(shop.cluster) as door:
        url = database_url("127.0.0.1", door.port, "reader", shop.database)
        words = ("--repository", shop.chain, "--database", url, "--timeout", "8")
        code, report = check(*words)
        assert (code, report["status"], report["production_versions"]) == (0, "synced", ["c3"])
        assert report["duration_ms"] < 5_000
        (state,) = set(report["schema"]["health"]["coverage"].values())
        assert state.startswith("not checked: ")
        shop.record()
        code, report = check(*words, "--schema-expected", shop.place)
    assert (code, report["status"], report["production_versions"]) == (2, "error", ["c3"])
    assert (report["failure"]["stage"], report["failure"]["kind"]) == ("schema", "timed_out")
    assert report["duration_ms"] < 6_500


def test_a_catalog_that_is_locked_is_not_waited_for(shop):
    shop.sql("CREATE TABLE secrets (id integer); ALTER TABLE secrets ENABLE ROW LEVEL SECURITY")
    with shop.cluster.session(db=shop.database) as other:
        other.ask("BEGIN; LOCK TABLE pg_policy IN ACCESS EXCLUSIVE MODE")
        code, report = check(*shop.words()[:4])
        other.ask("ROLLBACK")
    assert (code, report["status"]) == (0, "synced")
    coverage = report["schema"]["health"]["coverage"]
    assert coverage["row_security_without_policy"] == "not checked: another session held a lock"
    assert coverage["invalid_index"] == coverage["sequence_near_end"] == "read"
    assert report["stage_durations_ms"]["schema"] < 3_000


def test_what_is_locked_is_not_checked_and_the_rest_is_compared(shop):
    shop.record()
    shop.sql("ALTER TABLE users ADD born date")
    with shop.cluster.session(db=shop.database) as other:
        other.ask("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        code, report = shop.check()
        assert (code, report["status"]) == (1, "schema_drift")
        other.ask("ROLLBACK; ALTER TABLE users DROP born; BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        code, report = shop.check()
        other.ask("ROLLBACK")
    assert (code, report["status"]) == (0, "synced")
    (warning,) = report["warnings"]
    assert warning.startswith("the schema was compared in part: ")
    assert "locked by another session: public.users" in warning
    assert any("not checked" in line for line in report["not_checked"])


def test_a_deploy_in_progress_is_said(shop):
    """The version row changes while the catalog is read, which a lock makes last."""
    shop.record()
    with shop.cluster.session(db=shop.database) as other:
        other.ask("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        answer = {}
        thread = threading.Thread(target=lambda: answer.update(done=shop.check()))
        thread.start()
        while shop.sql("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0":
            assert thread.is_alive(), answer
        shop.sql("UPDATE alembic_version SET version_num = 'b2'")
        thread.join()
        other.ask("ROLLBACK")
    code, report = answer["done"]
    assert (code, report["status"]) == (2, "error")
    assert report["failure"]["message"].startswith("the schema was not compared: a deploy is in progress in ")


def test_changes_while_it_is_read_are_no_drift_that_is_not_there(shop):
    """Another session renames a column and back all the while: it is read again, or not told."""
    shop.record()
    stop = threading.Event()

    def keep_changing():
        with shop.cluster.session(db=shop.database) as other:
            while not stop.is_set():
                other.ask("BEGIN; ALTER TABLE users RENAME email TO mail; ALTER TABLE users RENAME mail TO email; COMMIT")
                stop.wait(0.2)

    thread = threading.Thread(target=keep_changing)
    thread.start()
    try:
        for _ in range(5):
            code, report = shop.check()
            assert report["findings"] == []
            assert code == 0 or "changed while it was read" in report["failure"]["message"], report
    finally:
        stop.set()
        thread.join()


def test_tenants_are_not_compared_and_that_is_said(shop):
    shop.record()
    shop.sql("CREATE SCHEMA one; CREATE TABLE one.alembic_version AS SELECT * FROM public.alembic_version;"
             "GRANT USAGE ON SCHEMA one TO reader; GRANT SELECT ON one.alembic_version TO reader")  # fmt: skip
    code, report = shop.check("--version-table-schema", "public", "--version-table-schema", "one")
    assert (code, report["status"]) == (0, "synced")
    assert report["schema"]["not_compared_because"] == (
        "each tenant has version rows of its own, and a snapshot is of one version table")
    assert report["warnings"] == [
        "the schema was not compared: each tenant has version rows of its own, and a snapshot is of one version table"]


def test_several_targets_have_a_place_of_their_own(shop):
    shop.record()
    shop.sql("ALTER TABLE users ADD born date")
    config = shop.folder / "fleet.json"
    config.write_text(json.dumps({
        "defaults": {"repository": str(shop.chain), "schema_expected": str(shop.place)},
        "targets": [{"target": "shop", "database": shop.url},
                    {"target": "ci", "database": shop.cluster.url(db=shop.ci)},
                    {"target": "apart", "database": shop.url, "schema_expected": str(shop.folder / "none")}]}))  # fmt: skip
    done = run("check", "--config", config, "--format", "json", "--metrics-file", shop.folder / "metrics")
    reports = {report["target"]: valid(report) for report in json.loads(done.stdout)}
    assert done.returncode == 1
    assert {name: report["status"] for name, report in reports.items()} == {
        "shop": "schema_drift", "ci": "synced", "apart": "synced"}  # fmt: skip
    assert [reports[name]["schema"]["compared"] for name in ("shop", "ci", "apart")] == [True, True, False]
    metrics = (shop.folder / "metrics").read_text()
    assert 'schema_drift_schema_differences{target="shop"} 1\n' in metrics
    assert 'schema_drift_schema_differences{target="ci"} 0\n' in metrics
    assert 'schema_drift_schema_differences{target="apart"}' not in metrics
    assert 'schema_drift_health_findings{target="apart"} 0\n' in metrics


def test_alerts_acknowledgements_summaries_and_the_page_know_it(shop):
    shop.record()
    night = shop.words("--reports", shop.reports, "--target", "shop", "--alerts", "terminal")
    assert check(*night)[0] == 0
    shop.sql("ALTER TABLE users ADD born date")
    code, report = check(*night)
    assert (code, report["alert"]["kind"]) == (1, "first_drift")
    (known,) = report["alert"]["seen"]["drift"]["findings"]
    assert known["kind"] == "schema_drift"
    assert known["subjects"] == ["column public.users.born"]
    done = run("ack", "shop", "--reports", shop.reports, "--until", "2d", "--reason", "a trial")
    assert done.returncode == 0, done.stderr
    assert f"  {known['fingerprint']}  schema_drift\n" in done.stdout
    assert check(*night)[1]["alert"]["kind"] == "drift_acknowledged"
    shop.sql("ALTER TABLE users ADD died date; CREATE TABLE closed (a integer); ALTER TABLE closed ENABLE ROW LEVEL SECURITY")
    report = check(*night)[1]
    assert (report["alert"]["kind"], report["alert"]["send"]) != ("drift_acknowledged", False)
    assert "3 schema_drift" in run("reports", "summary", "--reports", shop.reports).stdout
    page = run("reports", "summary", "--reports", shop.reports, "--format", "html").stdout
    assert "unexpected column public.users.died" in page
    assert "health of the schema: 1 finding" in page
    assert "public.closed has row level security and no policy: whoever it holds for sees no row" in page
    assert f"compared with what was recorded at {shop.place}/recorded/c3.json" in page
    assert 'href="#do:schema_drift"' in page and 'id="do:schema_drift"' in page
    shop.sql("ALTER TABLE users DROP born, DROP died; DROP TABLE closed")
    report = check(*night)[1]
    assert (report["alert"]["kind"], report["sequence"]) == ("recovered", 5)


# --- accept ------------------------------------------------------------------------------------


def test_production_as_it_is_can_be_the_baseline(shop):
    shop.sql("ALTER TABLE users ADD born date")
    done = shop.accept(shop.database, "--reason", "made before CI recorded", "--until", "30d")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        rf"{shop.database} at 'c3': the schema as it is now is accepted by \S+ at \S+Z: made before CI recorded\n"
        rf"  in force until \S+Z\n  recorded at {shop.place}/accepted/{shop.database}/c3\.json\n", done.stdout)  # fmt: skip
    code, report = shop.check()
    assert (code, report["status"]) == (0, "synced")
    expected = report["schema"]["expected"]
    assert (expected["from"], report["schema"]["compared"]) == ("accepted", True)
    assert expected["accepted"]["reason"] == "made before CI recorded"
    assert "compared with production as it was accepted by " in run("check", *shop.words()).stdout
    shop.sql("DROP INDEX users_email")
    code, report = shop.check()
    assert (code, report["status"]) == (1, "schema_drift")
    assert report["findings"][0]["message"] == "missing index public.users.users_email"
    # Of another revision it says nothing.
    shop.sql("UPDATE alembic_version SET version_num = 'b2'")
    assert shop.check()[1]["schema"]["compared"] is False


def test_what_was_recorded_goes_before_what_was_accepted(shop):
    shop.sql("ALTER TABLE users ADD born date")
    shop.record()
    done = shop.accept(shop.database, "--reason", "x")
    assert f"  but {shop.place}/recorded/c3.json is recorded for these rows, and goes before it\n" in done.stdout
    code, report = shop.check()
    assert (code, report["schema"]["expected"]["from"]) == (1, "recorded")


def test_an_accepted_schema_expires_and_that_is_said(shop):
    assert shop.accept(shop.database, "--reason", "for now", "--until", "1d").returncode == 0
    file = shop.place / f"accepted/{shop.database}/c3.json"
    file.write_text(re.sub(r'"until": "[^"]+"', '"until": "2026-01-02T00:00:00Z"', file.read_text()))
    code, report = shop.check()
    assert (code, report["status"], report["schema"]["compared"]) == (0, "synced", False)
    (warning,) = report["warnings"]
    assert "and what was accepted by " in warning and ": for now has expired on 2026-01-02; " in warning
    done = shop.accept("--list")
    assert re.fullmatch(
        rf"{shop.database} at 'c3': expired on 2026-01-02\n  accepted by \S+ at \S+Z: for now\n", done.stdout)  # fmt: skip


def test_an_accepted_schema_is_withdrawn(shop):
    assert shop.accept(shop.database, "--reason", "for now").returncode == 0
    (row,) = json.loads(shop.accept("--list", "--format", "json").stdout)
    assert (row["state"], row["target"], row["version_rows"], row["until"]) == ("in_force", shop.database, ["c3"], None)
    done = shop.accept(shop.database, "--withdraw", "--reason", "it was wrong")
    assert re.match(rf"{shop.database} at 'c3': what was accepted by \S+ at \S+Z: for now is withdrawn by \S+\n", done.stdout)
    (row,) = json.loads(shop.accept("--list", shop.database, "--format", "json").stdout)
    assert (row["state"], row["withdrawn"]["reason"]) == ("withdrawn", "it was wrong")
    code, report = shop.check()
    assert (code, report["schema"]["compared"]) == (0, False)
    assert "has been withdrawn at " in report["warnings"][0]
    done = shop.accept(shop.database, "--withdraw")
    assert (done.returncode, done.stderr) == (
        64, f"schema-drift: error: no accepted schema of {shop.database} to withdraw\n"
            "  hint: schema-drift schema accept --list shows which there are\n")  # fmt: skip


def test_an_accepted_schema_that_was_touched_is_an_error(shop):
    assert shop.accept(shop.database, "--reason", "x").returncode == 0
    folder = shop.place / f"accepted/{shop.database}"
    (snapshot,) = folder.glob("*.schema")
    before = snapshot.read_text()
    snapshot.unlink()
    again = "accept it again: schema-drift schema accept TARGET --reason TEXT"
    code, report = shop.check()
    assert (code, report["failure"]["message"], report["failure"]["hint"]) == (
        2, f"the schema was not compared: the schema that was accepted is gone: there is no {snapshot}", again)  # fmt: skip
    other = run("schema", "snapshot", "--database", shop.cluster.url(db=shop.ci)).stdout
    assert other != before
    snapshot.write_text(other)
    failure = shop.check()[1]["failure"]
    assert (failure["message"], failure["hint"]) == (
        f"the schema was not compared: {snapshot} is not the schema that was accepted", again)  # fmt: skip
    (folder / "c3.json").write_text("{}")
    failure = shop.check()[1]["failure"]
    assert (failure["message"], failure["hint"]) == (
        f"the schema was not compared: {folder}/c3.json does not say what was accepted", again)  # fmt: skip
    done = shop.accept("--list")
    assert (done.stdout, f"{folder}/c3.json cannot be read" in done.stderr) == ("no schema was accepted here\n", True)


@pytest.mark.parametrize("words, message, hint", [
    ((), "schema accept takes one target", "--list needs none"),
    (("X",), "schema accept needs --reason", "every report that leans on it names it"),
    (("nowhere", "--reason", "x"), 'unknown target "nowhere"', "as check names it; --target gives a database another name"),
    (("X", "--reason", "x", "--until", "5x"), 'invalid --until "5x": not a time', "give a date"),
    (("X", "--reason", "x", "--until", "2020-01-01"), "--until 2020-01-01T00:00:00Z is past", "still to come"),
    (("X", "--withdraw", "--until", "2d"), "schema accept takes either --withdraw or --until", "ends now"),
    (("--list", "--reason", "x"), "schema accept --list takes no other option of accept", "--list --expected PLACE"),
])  # fmt: skip
def test_wrong_calls_of_accept_say_what_to_do(shop, words, message, hint):
    done = shop.accept(*[shop.database if word == "X" else word for word in words])
    assert done.returncode == 64
    assert f"schema-drift: error: {message}\n" in done.stderr
    assert hint in done.stderr
    assert not shop.place.exists()


# --- CI ----------------------------------------------------------------------------------------


def ci_snippet():
    """The lines of docs/schema.md that CI runs."""
    text = (ROOT / "docs/schema.md").read_text().split("\n## In CI\n", 1)[1]
    return text.split("```sh\n", 1)[1].split("```", 1)[0]


ENV_PY = """
from alembic import context
from sqlalchemy import create_engine
import os
with create_engine(os.environ["DATABASE_URL"].replace("://", "+psycopg2://", 1)).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
UPGRADES = {
    "a1": 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("email", sa.String(80), nullable=False))',
    "b2": 'op.create_index("users_email", "users", ["email"], unique=True); op.execute("CREATE VIEW names AS SELECT email FROM users")',
}


def test_what_the_docs_say_to_do_in_ci_records_what_production_is_compared_with(cluster, roles, database, tmp_path):
    """Real migrations by real Alembic, into a fresh database of CI and into production."""
    repository = Repository(tmp_path / "shop")
    (repository.folder / "migrations/env.py").write_text(ENV_PY)
    down = None
    for revision, body in UPGRADES.items():
        (repository.versions / f"{revision}_x.py").write_text(
            f"import sqlalchemy as sa\nfrom alembic import op\nrevision = {revision!r}\ndown_revision = {down!r}\n"
            f"def upgrade():\n    {body}\n")  # fmt: skip
        down = revision
    repository.commit()
    python = venv_python("alembic-pg", ["alembic", "psycopg2-binary"], ["alembic", "psycopg2"], what="Alembic")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "schema-drift").symlink_to(pathlib.Path(BINARY).resolve())
    path = f"{folder}:{pathlib.Path(python).parent}:{POSTGRES_BIN}:{os.environ['PATH']}"
    ci = database + "_ci"
    place = tmp_path / "schemas"
    env = environment(PATH=path, PGHOST=str(cluster.folder), PGPORT=str(cluster.port), PGUSER="owner",
                      CI_DATABASE=ci, DATABASE_URL=cluster.url(db=ci), SCHEMAS=str(place))  # fmt: skip
    try:
        done = subprocess.run(["sh", "-eu", "-c", ci_snippet()], cwd=repository.folder, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert f"at 'b2' is recorded\n  {place}/recorded/b2.json\n" in done.stdout
        subprocess.run([pathlib.Path(python).parent / "alembic", "upgrade", "head"], cwd=repository.folder, check=True,
                       env={**clean_environment(), "DATABASE_URL": cluster.url(db=database)}, capture_output=True)  # fmt: skip
        words = ("--repository", repository.folder, "--database", cluster.url(db=database), "--schema-expected", place)
        code, report = check(*words)
        assert (code, report["status"], report["schema"]["differences"]) == (0, "synced", [])
        cluster.psql("DROP INDEX users_email", db=database)
        code, report = check(*words)
        assert (code, report["status"]) == (1, "schema_drift")
        assert [finding["message"] for finding in report["findings"]] == ["missing index public.users.users_email"]
    finally:
        cluster.psql(f"DROP DATABASE IF EXISTS {ci} WITH (FORCE)")
