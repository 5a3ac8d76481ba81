"""What a finding prints as the remedy is run as it stands, and must be one.

Each test makes a version table that is wrong in one way, sees that check only says so, runs the
statement that it prints through psql, and sees the next check say `synced`.
"""

import re

import pytest
from program import check, run
from repository import Repository

STATEMENT = re.compile(r"\b(?:DELETE FROM|UPDATE) .*;", re.DOTALL)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class Patient:
    """A version table without a primary key and the repository it is checked against."""

    def __init__(self, cluster, database, repository, table="alembic_version", schema="public"):
        self.cluster = cluster
        self.database = database
        self.name = f"{quoted(schema)}.{quoted(table)}"
        self.words = ("--repository", repository, "--database",
                      cluster.url(user="reader", db=database),
                      "--version-table", table, "--version-table-schema", schema)  # fmt: skip
        self.sql(
            f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)};"
            f"GRANT USAGE ON SCHEMA {quoted(schema)} TO reader;"
            f"CREATE TABLE {self.name} (version_num varchar(64));"
            f"GRANT SELECT ON {self.name} TO reader"
        )

    def sql(self, statements):
        return self.cluster.psql(statements, db=self.database)

    def insert(self, *rows):
        for row in rows:
            self.sql(f"INSERT INTO {self.name} VALUES ($row${row}$row$)")
        return self

    def rows(self):
        return self.sql(f"SELECT version_num FROM {self.name} ORDER BY 1").splitlines()

    def diagnosis(self, status):
        """The findings; the table is as it was before."""
        before = self.sql(f"SELECT xmin, ctid, * FROM {self.name} ORDER BY ctid")
        code, report = check(*self.words)
        assert (code, report["status"]) == (1, status)
        assert self.sql(f"SELECT xmin, ctid, * FROM {self.name} ORDER BY ctid") == before
        return report["findings"]

    def mend(self, findings):
        statements = [STATEMENT.search(finding["action"])[0] for finding in findings]
        for statement in statements:
            self.sql(statement)
        return statements

    def is_synced(self):
        code, report = check(*self.words)
        return (code, report["status"], report["findings"]) == (0, "synced", [])


@pytest.fixture
def patient(cluster, roles, database, chain):
    return Patient(cluster, database, chain)


def test_redundant_rows_are_deleted_and_the_head_stays(patient):
    patient.insert("a1", "c3", "b2")
    findings = patient.diagnosis("inconsistent")
    assert [finding["subjects"] for finding in findings] == [["a1"], ["b2"]]
    patient.mend(findings)
    assert patient.rows() == ["c3"]
    assert patient.is_synced()


def test_rows_of_alembics_own_table_are_mended_too(cluster, versioned, stamp, chain):
    stamp("a1", "c3")
    words = ("--repository", chain, "--database", versioned[1])
    code, report = check(*words)
    assert (code, report["status"]) == (1, "inconsistent")
    cluster.psql(STATEMENT.search(report["findings"][0]["action"])[0], db=versioned[0])
    assert check(*words)[0] == 0


def test_of_repeated_rows_one_stays(patient):
    patient.insert("c3", "c3", "c3")
    patient.mend(patient.diagnosis("inconsistent"))
    assert patient.rows() == ["c3"]
    assert patient.is_synced()


def test_repeated_and_redundant_rows_are_mended_in_the_order_printed(patient):
    patient.insert("a1", "a1", "c3", "c3")
    findings = patient.diagnosis("inconsistent")
    assert {finding["kind"] for finding in findings} == {"redundant_row", "duplicate_row"}
    patient.mend(findings)
    assert patient.rows() == ["c3"]
    assert patient.is_synced()


def test_a_row_that_a_child_table_repeats_is_told_apart_from_its_parents(patient):
    # Both are the first row of their table, so they lie at the same ctid.
    patient.insert("c3")
    patient.sql(f"CREATE TABLE child () INHERITS ({patient.name}); INSERT INTO child VALUES ('c3')")
    patient.mend(patient.diagnosis("inconsistent"))
    assert patient.rows() == ["c3"]
    assert patient.is_synced()


@pytest.mark.parametrize("row", ["c3x", "C3XYZ", " c3xyz", "c3xyz\n", "\tC3xyz\r", "c3xyz\\ "])
def test_a_row_that_is_nearly_an_id_is_rewritten_to_it(cluster, roles, database, tmp_path, row):
    head = "c3xyz\\" if "\\" in row else "c3xyz"
    repository = Repository(tmp_path)
    repository.migration("a1", None, commit=False)
    (repository.versions / "head.py").write_text(f"revision = {head!r}\ndown_revision = 'a1'\n")
    repository.commit()
    patient = Patient(cluster, database, tmp_path).insert(row)
    patient.mend(patient.diagnosis("unknown_revision"))
    assert patient.rows() == [head]
    assert patient.is_synced()


def test_a_nearly_equal_row_beside_the_id_is_deleted_since_a_key_would_refuse_it_twice(patient):
    patient.insert("c3", "c")
    patient.sql(f"ALTER TABLE {patient.name} ADD PRIMARY KEY (version_num)")
    patient.mend(patient.diagnosis("unknown_revision"))
    assert patient.rows() == ["c3"]
    assert patient.is_synced()


@pytest.mark.parametrize(
    "name",
    ["Alembic Version", 'quo"te', "o'clock", "back\\slash", '"; DROP TABLE x; --', "vérsion", "select"],
)
def test_tables_and_schemas_of_any_name(cluster, roles, database, chain, name):
    patient = Patient(cluster, database, chain, table=name, schema=name)
    patient.insert("a1", "c3", "c3")
    patient.mend(patient.diagnosis("inconsistent"))
    assert patient.rows() == ["c3"]
    assert patient.is_synced()


@pytest.mark.parametrize("conforming", ["on", "off"])
def test_ids_with_quotes_and_backslashes_under_both_readings_of_a_backslash(
    cluster, roles, database, tmp_path, conforming
):
    base, middle, head = "it's", "back\\slash", "\\'; DROP TABLE x;"
    repository = Repository(tmp_path)
    for number, (revision, down) in enumerate([(base, None), (middle, base), (head, middle)]):
        (repository.versions / f"{number}.py").write_text(
            f"revision = {revision!r}\ndown_revision = {down!r}\n"
        )
    repository.commit()
    cluster.psql(f"ALTER DATABASE {database} SET standard_conforming_strings = {conforming}")
    patient = Patient(cluster, database, tmp_path).insert(base, middle, middle, head)
    patient.mend(patient.diagnosis("inconsistent"))
    assert patient.rows() == [head]
    assert patient.is_synced()


def test_many_redundant_and_repeated_rows_share_a_statement(cluster, roles, database, tmp_path):
    repository = Repository(tmp_path)
    names = [f"r{number}" for number in range(100, 150)]
    for name, down in zip(names, [None, *names]):
        repository.migration(name, down, commit=False)
    repository.commit()
    patient = Patient(cluster, database, tmp_path).insert(*names, *names)
    findings = patient.diagnosis("inconsistent")
    assert len(findings) == 42, "twenty singly and the rest together, of each kind"
    patient.mend(findings)
    assert patient.rows() == ["r149"]
    assert patient.is_synced()


@pytest.mark.parametrize("row", ["c", "c3\n", "C3\t"])
def test_the_statement_can_be_copied_from_the_text_for_people(patient, row):
    patient.insert(row)
    done = run("check", *patient.words)
    assert done.returncode == 1
    patient.sql(STATEMENT.search(done.stdout)[0])
    assert patient.is_synced()


def test_a_row_with_hidden_characters_is_no_guess_but_can_be_removed_by_its_copied_name(patient):
    # Not white space, so nobody knows what was meant; a repeated one can still be told.
    patient.insert("c3\u202e", "c3\u202e", "c3")
    done = run("check", *patient.words)
    assert "\u202e" not in done.stdout
    patient.sql(STATEMENT.search(done.stdout)[0])
    assert patient.rows() == ["c3", "c3\u202e"]


def test_null_rows_go_with_the_statement_of_the_hint(patient):
    patient.insert("c3")
    patient.sql(f"INSERT INTO {patient.name} VALUES (NULL)")
    code, report = check(*patient.words)
    assert (code, report["failure"]["kind"]) == (2, "null_row")
    patient.sql(report["failure"]["hint"].split("then ")[1])
    assert patient.is_synced()


def test_a_table_in_another_schema_is_found_by_the_option_of_the_hint(
    cluster, roles, database, chain
):
    patient = Patient(cluster, database, chain, schema="billing").insert("c3")
    words = patient.words[:4]
    code, report = check(*words)
    assert (code, report["status"]) == (1, "unversioned")
    option = re.search(r"--version-table-schema (\S+)$", report["findings"][0]["action"])
    code, report = check(*words, "--version-table-schema", option[1])
    assert (code, report["status"]) == (0, "synced")
