"""What every state of the version table in a real PostgreSQL comes out as."""

import pytest

from version_table_reader import TABLE, TWO_ROWS, grant_reader, place, read

pytestmark = pytest.mark.usefixtures("roles")


class TestStatesOfTheTable:
    @pytest.mark.usefixtures("both_ways")
    def test_rows_come_sorted_and_the_table_is_named(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        grant_reader(cluster, database)
        answer = read(cluster.url(user="reader", db=database))
        assert answer.table == {
            "exists": True,
            "schema": "public",
            "table": "alembic_version",
            "qualified_name": "public.alembic_version",
            "rows": ["a1", "b2"],
            "elsewhere": [],
            "database": place(cluster, database),
            "database_name": database,
            "warnings": [],
        }

    @pytest.mark.usefixtures("both_ways")
    def test_missing_table_is_a_value(self, cluster, database):
        answer = read(cluster.url(user="reader", db=database))
        assert not answer.exists
        assert answer.rows == []
        assert answer.qualified_name == "alembic_version"
        assert (answer.schema, answer.table["table"]) == ("", "alembic_version")

    @pytest.mark.usefixtures("both_ways")
    def test_missing_table_in_a_named_schema_says_where_it_was_looked_for(self, cluster, database):
        answer = read(cluster.url(user="reader", db=database), "alembic_version", "Audit")
        assert not answer.exists
        assert answer.qualified_name == '"Audit".alembic_version'

    @pytest.mark.usefixtures("both_ways")
    def test_empty_table_exists(self, cluster, database):
        cluster.psql(TABLE, db=database)
        grant_reader(cluster, database)
        answer = read(cluster.url(user="reader", db=database))
        assert answer.exists
        assert answer.rows == []

    @pytest.mark.usefixtures("both_ways")
    def test_table_in_another_schema_is_named_first(self, cluster, database):
        cluster.psql(
            "CREATE SCHEMA zeta; CREATE SCHEMA audit; SET search_path = zeta;" + TWO_ROWS +
            "CREATE TABLE audit.a_alembic_version (version_num TEXT)", db=database)  # fmt: skip
        answer = read(cluster.url(user="reader", db=database))
        assert not answer.exists
        assert answer.elsewhere == ["zeta.alembic_version", "audit.a_alembic_version"]
        assert answer.warnings == [
            "2 other tables look like a version table and were not read: "
            "zeta.alembic_version, audit.a_alembic_version"
        ]

    @pytest.mark.usefixtures("both_ways")
    def test_named_schema_is_read_whatever_the_search_path(self, cluster, database):
        cluster.psql("CREATE SCHEMA audit; SET search_path = audit;" + TWO_ROWS, db=database)
        cluster.psql("GRANT USAGE ON SCHEMA audit TO reader; GRANT SELECT ON audit.alembic_version TO reader", db=database)  # fmt: skip
        answer = read(cluster.url(user="reader", db=database), "alembic_version", "audit")
        assert answer.rows == ["a1", "b2"]
        assert answer.qualified_name == "audit.alembic_version"

    @pytest.mark.usefixtures("both_ways")
    def test_search_path_of_the_role_decides(self, cluster, database):
        cluster.psql(
            TABLE + "CREATE SCHEMA tenant;"
            "CREATE TABLE tenant.alembic_version (version_num TEXT);"
            "INSERT INTO tenant.alembic_version VALUES ('tenants');"
            "GRANT USAGE ON SCHEMA tenant TO reader; GRANT SELECT ON tenant.alembic_version TO reader;"
            f"ALTER ROLE reader IN DATABASE {database} SET search_path = tenant, public",
            db=database)  # fmt: skip
        answer = read(cluster.url(user="reader", db=database))
        assert answer.rows == ["tenants"]
        assert answer.elsewhere == ["public.alembic_version"]
        assert answer.warnings == [
            "1 other table looks like a version table and was not read: public.alembic_version"
        ]

    @pytest.mark.usefixtures("both_ways")
    def test_many_lookalikes_are_counted_and_some_are_named(self, cluster, database):
        cluster.psql(
            TWO_ROWS + "DO $$ BEGIN FOR i IN 100..249 LOOP EXECUTE format("
            "'CREATE SCHEMA t%s CREATE TABLE alembic_version (version_num TEXT)', i);"
            "END LOOP; END $$", db=database)  # fmt: skip
        grant_reader(cluster, database)
        answer = read(cluster.url(user="reader", db=database))
        assert answer.rows == ["a1", "b2"]
        assert len(answer.elsewhere) == 100
        named = ", ".join(f"t{i}.alembic_version" for i in range(100, 110))
        assert answer.warnings == [
            f"150 other tables look like a version table and were not read: {named} and 140 more"
        ]

    @pytest.mark.usefixtures("both_ways")
    def test_more_lookalikes_than_are_counted_are_told_as_such(self, cluster, database):
        cluster.psql(
            TWO_ROWS + "DO $$ BEGIN FOR i IN 1..1100 LOOP EXECUTE format("
            "'CREATE TABLE a_alembic_version_%s (version_num INT)', i);"
            "END LOOP; END $$", db=database)  # fmt: skip
        grant_reader(cluster, database)
        answer = read(cluster.url(user="reader", db=database))
        assert answer.rows == ["a1", "b2"], "the table itself is never cut off"
        assert answer.warnings[0].startswith("at least 999 other tables look like a version table")

    @pytest.mark.usefixtures("both_ways")
    def test_lookalike_without_the_column_or_of_another_kind_is_not_listed(self, cluster, database):
        cluster.psql(
            TWO_ROWS + "CREATE TABLE alembic_version_notes (note TEXT);"
            "CREATE TABLE alembicXversion (version_num TEXT);"
            "CREATE VIEW alembic_version_view AS SELECT * FROM alembic_version;", db=database)  # fmt: skip
        grant_reader(cluster, database)
        assert read(cluster.url(user="reader", db=database)).elsewhere == []

    @pytest.mark.usefixtures("both_ways")
    def test_repeated_rows_are_kept(self, cluster, database):
        cluster.psql(
            "CREATE TABLE alembic_version (version_num TEXT);"
            "INSERT INTO alembic_version VALUES ('b'), ('a'), ('b')", db=database)  # fmt: skip
        grant_reader(cluster, database)
        assert read(cluster.url(user="reader", db=database)).rows == ["a", "b", "b"]

    @pytest.mark.usefixtures("both_ways")
    def test_thousands_of_rows_are_read(self, cluster, database):
        cluster.psql(
            TABLE + "INSERT INTO alembic_version SELECT lpad(i::text, 32, '0') "
            "FROM generate_series(1, 20000) i", db=database)  # fmt: skip
        grant_reader(cluster, database)
        rows = read(cluster.url(user="reader", db=database)).rows
        assert rows == [f"{i:032}" for i in range(1, 20001)]

    @pytest.mark.usefixtures("both_ways")
    def test_more_rows_than_any_version_table_has_are_refused(self, cluster, database):
        cluster.psql(
            TABLE + "INSERT INTO alembic_version SELECT i::text FROM generate_series(1, 100001) i",
            db=database)  # fmt: skip
        grant_reader(cluster, database)
        read(cluster.url(user="reader", db=database)).refuses(
            "too_many_rows",
            "public.alembic_version holds more than 100000 rows",
            "it is not Alembic's: --version-table names another table, as in env.py",
        )

    def test_answer_that_would_fill_the_memory_is_refused(self, cluster, database):
        cluster.psql(
            "CREATE TABLE alembic_version (version_num TEXT);"
            "INSERT INTO alembic_version SELECT repeat('x', 1000) FROM generate_series(1, 20000) i",
            db=database)  # fmt: skip
        grant_reader(cluster, database)
        answer = read(cluster.url(user="reader", db=database))
        assert answer.error["kind"] == "too_many_rows"
        assert answer.error["message"] == f"{place(cluster, database)} answers with more than 16 MiB"

    @pytest.mark.usefixtures("both_ways")
    def test_huge_value_is_refused_without_being_fetched(self, cluster, database):
        cluster.psql(
            "CREATE TABLE alembic_version (version_num TEXT);"
            "INSERT INTO alembic_version VALUES (repeat('x', 200 * 1024 * 1024))",
            db=database)  # fmt: skip
        grant_reader(cluster, database)
        read(cluster.url(user="reader", db=database)).refuses(
            "wrong_column",
            "public.alembic_version holds a version_num of more than 1024 bytes: not a revision",
            "--version-table names another table, as in env.py",
        )

    @pytest.mark.usefixtures("both_ways")
    def test_null_is_refused(self, cluster, database):
        cluster.psql(
            "CREATE TABLE alembic_version (version_num TEXT);"
            "INSERT INTO alembic_version VALUES ('a'), (NULL)", db=database)  # fmt: skip
        grant_reader(cluster, database)
        read(cluster.url(user="reader", db=database)).refuses(
            "null_row",
            "public.alembic_version holds a row whose version_num is NULL",
            "Alembic never writes one; look at it, then DELETE FROM public.alembic_version "
            "WHERE version_num IS NULL",
        )

    @pytest.mark.parametrize(
        ("columns", "told"),
        [
            ('id INT, "Version" TEXT', 'it has id, "Version"'),
            ('"VERSION_NUM" TEXT', 'it has "VERSION_NUM"'),
            ("", "it has no columns"),
        ],
    )
    @pytest.mark.usefixtures("both_ways")
    def test_table_without_the_column_is_not_alembics(self, cluster, database, columns, told):
        cluster.psql(f"CREATE TABLE alembic_version ({columns})", db=database)
        grant_reader(cluster, database)
        read(cluster.url(user="reader", db=database)).refuses(
            "wrong_column",
            f"public.alembic_version has no column version_num; {told}",
            "it is not Alembic's: --version-table and --version-table-schema name another table, "
            "as in env.py",
        )

    @pytest.mark.usefixtures("both_ways")
    def test_column_of_another_type_is_read_as_text(self, cluster, database):
        cluster.psql(
            "CREATE TABLE alembic_version (version_num BIGINT);"
            "INSERT INTO alembic_version VALUES (20251230), (7)", db=database)  # fmt: skip
        grant_reader(cluster, database)
        assert read(cluster.url(user="reader", db=database)).rows == ["20251230", "7"]

    @pytest.mark.usefixtures("both_ways")
    @pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED VIEW"])
    def test_view_is_read_with_a_warning(self, cluster, database, kind):
        cluster.psql(
            f"CREATE {kind} alembic_version AS SELECT 'a1'::varchar AS version_num", db=database)  # fmt: skip
        grant_reader(cluster, database)
        answer = read(cluster.url(user="reader", db=database))
        assert answer.rows == ["a1"]
        assert answer.warnings == [
            f"public.alembic_version is a {kind.lower()}, not a plain table; Alembic did not make it"
        ]

    @pytest.mark.usefixtures("both_ways")
    def test_relation_that_is_no_table_is_refused(self, cluster, database):
        cluster.psql("CREATE SEQUENCE alembic_version", db=database)
        read(cluster.url(user="reader", db=database)).refuses(
            "wrong_column",
            "public.alembic_version is a sequence, not a table",
            "--version-table and --version-table-schema name another table, as in env.py",
        )

    @pytest.mark.usefixtures("both_ways")
    def test_rows_of_inheriting_tables_count_as_for_alembic(self, cluster, database):
        cluster.psql(
            TWO_ROWS + "CREATE TABLE child () INHERITS (alembic_version);"
            "INSERT INTO child VALUES ('c3')", db=database)  # fmt: skip
        grant_reader(cluster, database)
        assert read(cluster.url(user="reader", db=database)).rows == ["a1", "b2", "c3"]

    @pytest.mark.usefixtures("both_ways")
    @pytest.mark.parametrize("name", ["Alembic Version", 'quo"te', "o'clock", "back\\slash", "vérsion", "select"])  # fmt: skip
    def test_odd_names_are_found_and_case_counts(self, cluster, database, name):
        quoted = '"' + name.replace('"', '""') + '"'
        cluster.psql(
            f"CREATE SCHEMA {quoted}; CREATE TABLE {quoted}.{quoted} (version_num TEXT);"
            f"INSERT INTO {quoted}.{quoted} VALUES ('odd');"
            f"GRANT USAGE ON SCHEMA {quoted} TO reader; GRANT SELECT ON {quoted}.{quoted} TO reader",
            db=database)  # fmt: skip
        url = cluster.url(user="reader", db=database)
        assert read(url, name, name).rows == ["odd"]
        assert not read(url, name.swapcase(), name).exists

    @pytest.mark.usefixtures("both_ways")
    def test_name_is_never_executed(self, cluster, database):
        cluster.psql(TWO_ROWS, db=database)
        name = "alembic_version'; DROP TABLE alembic_version; --"
        assert not read(cluster.url(db=database), name, '"; DROP TABLE alembic_version; --').exists
        assert cluster.psql("SELECT count(*) FROM alembic_version", db=database) == "2"

    @pytest.mark.usefixtures("both_ways")
    @pytest.mark.parametrize("state, passes", [
        ("40001", True), ("40P01", True), ("53200", True), ("53400", True), ("57P01", True), ("58030", False),
        ("22012", False), ("04000", False), ("05300", False), ("XX000", False)])  # fmt: skip
    def test_what_passes_by_itself_may_be_tried_again(self, cluster, database, state, passes):
        cluster.psql(
            "CREATE FUNCTION fails() RETURNS text LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE 'no luck' USING ERRCODE = '{state}'; END $$;"
            "CREATE VIEW alembic_version AS SELECT fails() AS version_num", db=database)  # fmt: skip
        grant_reader(cluster, database)
        read(cluster.url(user="reader", db=database)).refuses(
            "sql_failed", f"reading public.alembic_version failed: no luck (SQLSTATE {state})",
            "run again later" if passes else "", retryable=passes)  # fmt: skip
