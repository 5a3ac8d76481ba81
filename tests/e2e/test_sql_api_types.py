"""How each type of PostgreSQL is written as JSON, and that none is forgotten."""

import base64
import datetime
import json
import re

import pytest

from sql_api_caller import SqlApi

# Every scalar type that a query can return: an expression that gives it, and what it is as JSON.
# A string that begins with "=" is what psql shows, so what the type writes is left as it is.
SCALARS = {
    "bool": [("true", True), ("false", False)],
    "bytea": [(r"'\x00ff10'", base64.b64encode(b"\x00\xff\x10").decode()), ("''", ""),
              (r"'\x41'", "QQ==")],
    "char": [("'x'", "x"), ("''", "")],
    "name": [("'a name'", "a name")],
    "int2": [("-32768", -32768)],
    "int4": [("2147483647", 2147483647)],
    "int8": [("9007199254740992", 9007199254740992), ("9007199254740993", "9007199254740993"),
             ("-9007199254740992", -9007199254740992), ("-9007199254740993", "-9007199254740993"),
             ("-9223372036854775808", "-9223372036854775808"), ("0", 0)],
    "float4": [("1.5", 1.5), ("'NaN'", "NaN"), ("'Infinity'", "Infinity"),
               ("'-Infinity'", "-Infinity"), ("1e-10", 1e-10), ("0.1", 0.1)],
    "float8": [("0.1", 0.1), ("1e300", 1e300), ("'-0'", 0), ("'NaN'", "NaN"),
               ("'-Infinity'", "-Infinity"), ("3.141592653589793", 3.141592653589793)],
    "numeric": [("1.10", "1.10"), ("'NaN'", "NaN"), ("1e30", "1" + "0" * 30), ("7", "7")],
    "money": [("1234.5", "$1,234.50")],
    "oid": [("4294967295", 4294967295)],
    "text": [("E'a\"\\\\\\n\\t\\x01é\\u2028'", 'a"\\\n\t\x01é\u2028'), ("''", "")],
    "bpchar": [("'ab '", "ab ")],
    "varchar": [("'ab'", "ab")],
    "json": [("'{\"b\": [1.50, 1e2, null],  \"a\": \"é\"}'", {"b": [1.5, 100.0, None], "a": "é"}),
             ("'\"x\"'", "x"), ("'null'", None)],
    "jsonb": [("'{\"b\": 1.50, \"a\": {\"c\": true}}'", {"a": {"c": True}, "b": 1.5}),
              ("'12345678901234567890'", 12345678901234567890)],
    "date": [("'2026-11-20'", "2026-11-20"), ("'infinity'", "infinity"), ("'0044-03-15 BC'", "0044-03-15 BC")],
    "time": [("'03:04:05.678'", "03:04:05.678000"), ("'24:00:00'", "24:00:00")],
    "timetz": [("'03:04:05+05:30'", "03:04:05+05:30"), ("'03:04:05.25-02'", "03:04:05.250000-02:00"),
               ("'03:04:05+05:30:15'", "03:04:05+05:30:15")],
    "timestamp": [("'2026-11-20 03:04:05.90572'", "2026-11-20T03:04:05.905720"), ("'-infinity'", "-infinity"),
                  ("'2026-11-20 03:04:05.123456'", "2026-11-20T03:04:05.123456"),
                  ("'0044-03-15 12:00:00.5 BC'", "0044-03-15T12:00:00.500000 BC"),
                  ("'0044-03-15 12:00 BC'", "0044-03-15T12:00:00 BC")],
    "timestamptz": [("'2026-11-20 03:04:05.000001+05:30'", "2026-11-19T21:34:05.000001+00:00"),
                    ("'infinity'", "infinity"),
                    ("'0044-03-15 12:00+00 BC'", "0044-03-15T12:00:00+00:00 BC")],
    "interval": [("'1 year 2 mons -3 days 04:05:06.7'", "P1Y2M-3DT4H5M6.7S"), ("'0'", "PT0S")],
    "uuid": [("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")],
    "xml": [("'<a b=\"1\">x</a>'", '<a b="1">x</a>')],
    "bit": [("B'1'", "1")],
    "varbit": [("B'1010'", "1010")],
    "inet": [("'10.0.0.1/8'", "10.0.0.1/8")],
    "cidr": [("'10.0.0.0/8'", "10.0.0.0/8")],
    "macaddr": [("'08:00:2b:01:02:03'", "08:00:2b:01:02:03")],
    "macaddr8": [("'08:00:2b:01:02:03:04:05'", "08:00:2b:01:02:03:04:05")],
    "point": [("'(1,2.5)'", "(1,2.5)")],
    "lseg": [("'[(1,2),(3,4)]'", "[(1,2),(3,4)]")],
    "path": [("'((1,2),(3,4))'", "((1,2),(3,4))")],
    "box": [("'(3,4),(1,2)'", "(3,4),(1,2)")],
    "polygon": [("'((1,2),(3,4))'", "((1,2),(3,4))")],
    "line": [("'{1,2,3}'", "{1,2,3}")],
    "circle": [("'<(1,2),3>'", "<(1,2),3>")],
    "int4range": [("'[1,5)'", "[1,5)")],
    "int8range": [("'[1,5)'", "[1,5)")],
    "numrange": [("'[1.5,)'", "[1.5,)")],
    "tsrange": [("'[2026-01-01,2026-01-02)'", '["2026-01-01 00:00:00","2026-01-02 00:00:00")')],
    "tstzrange": [("'[2026-01-01 00:00+00,)'", '["2026-01-01 00:00:00+00",)')],
    "daterange": [("'empty'", "empty")],
    "int4multirange": [("'{[1,2),[5,6)}'", "{[1,2),[5,6)}")],
    "int8multirange": [("'{}'", "{}")],
    "nummultirange": [("'{[1,2]}'", "{[1,2]}")],
    "tsmultirange": [("'{}'", "{}")],
    "tstzmultirange": [("'{}'", "{}")],
    "datemultirange": [("'{[2026-01-01,2026-01-03)}'", "{[2026-01-01,2026-01-03)}")],
    "tsvector": [("'fat:2 cat:3'", "'cat':3 'fat':2")],
    "tsquery": [("'fat & cat'", "'fat' & 'cat'")],
    "pg_lsn": [("'16/B374D848'", "16/B374D848")],
    "tid": [("'(0,1)'", "(0,1)")],
    "xid": [("'7'", "7")],
    "xid8": [("'70000000000000'", "70000000000000")],
    "cid": [("'7'", "7")],
    "txid_snapshot": [("'10:20:10,14'", "10:20:10,14")],
    "pg_snapshot": [("'10:20:10,14'", "10:20:10,14")],
    "jsonpath": [("'$.a'", '$."a"')],
    "refcursor": [("'c'", "c")],
    "aclitem": [("'owner=r/owner'", "owner=r/owner")],
    "regclass": [("'pg_class'", "pg_class")],
    "regcollation": [("'\"C\"'", '"C"')],
    "regconfig": [("'english'", "english")],
    "regdictionary": [("'simple'", "simple")],
    "regnamespace": [("'pg_catalog'", "pg_catalog")],
    "regoper": [("'||/'", "||/")],
    "regoperator": [("'+(integer,integer)'", "+(integer,integer)")],
    "regproc": [("'now'", "now")],
    "regprocedure": [("'now()'", "now()")],
    "regrole": [("'owner'", "owner")],
    "regtype": [("'int'", "integer")],
    "int2vector": [("'1 2 3'", "1 2 3")],
    "oidvector": [("'1 2 3'", "1 2 3")],
}
# Types that no expression can give: they have no input, or hold the planner's statistics.
NO_VALUES = {"pg_node_tree", "pg_ndistinct", "pg_dependencies", "pg_mcv_list", "gtsvector",
             "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary"}  # fmt: skip


@pytest.fixture(scope="module")
def api(cluster):
    with SqlApi(cluster.url(db="postgres")) as caller:
        yield caller


def typed(expression, name):
    return f"CAST({expression} AS pg_catalog.{quoted(name)})"


def quoted(name):
    return '"char"' if name == "char" else f'"{name}"'


class TestEveryBuiltInType:
    def test_none_is_forgotten(self, cluster):
        known = cluster.psql(
            "SELECT typname FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace "
            "AND typtype IN ('b', 'r', 'm') AND typcategory <> 'A' OR typname IN ('int2vector', 'oidvector')"
        ).split("\n")  # fmt: skip
        assert len(known) > 70
        assert set(known) - NO_VALUES == set(SCALARS)

    @pytest.mark.parametrize("name", sorted(SCALARS))
    def test_scalar(self, api, name):
        for expression, expected in SCALARS[name]:
            answer = api.ask(query=f"SELECT {typed(expression, name)} AS v, NULL::pg_catalog.{quoted(name)} AS n")
            assert answer["types"] == [name, name]
            assert answer["rows"] == [[expected, None]]
            assert repr(answer["rows"][0][0]) == repr(expected), "1 is not 1.0"

    # ARRAY[] of the vectors is a matrix of numbers to PostgreSQL, not a list of vectors.
    @pytest.mark.parametrize("name", sorted(set(SCALARS) - {"int2vector", "oidvector"}))
    def test_array(self, api, name):
        values = ", ".join(typed(expression, name) for expression, _ in SCALARS[name])
        expected = [value for _, value in SCALARS[name]]
        answer = api.ask(query=f"SELECT ARRAY[{values}, NULL] AS a")
        assert answer["types"] == [f"{name}[]"]
        assert repr(answer["rows"]) == repr([[expected + [None]]])

    def test_types_that_no_expression_gives_are_text(self, api, cluster):
        cluster.psql("CREATE TABLE IF NOT EXISTS shown_plan (a int DEFAULT 7)")
        row = api.ask(query="SELECT adbin FROM pg_attrdef LIMIT 1")
        assert row["types"] == ["pg_node_tree"]
        assert row["rows"][0][0].startswith("{CONST")
        # most_common_vals is anyarray: of which type it is, only its row knows.
        assert api.ask(query="SELECT stavalues1 FROM pg_statistic WHERE false")["types"] == ["anyarray"]

    def test_pseudo_types_are_text(self, api):
        answer = api.ask(query="SELECT ROW(1, 'a b', NULL) AS r, pg_sleep(0) AS v, ARRAY[ROW(1,2)] AS rs")
        assert answer["types"] == ["record", "void", "record[]"]
        assert answer["rows"] == [['(1,"a b",)', "", ["(1,2)"]]]


class TestWhatIsAnsweredCanBeSentBack:
    """The same value arrives, whatever it looks like: nothing is stored as the text of its JSON.

    JSON that is a string is none of it: a string that is sent is the document itself. And Python
    makes an int of -0.
    """

    def same(self, api, name, expression, sent, json_name=None):
        # 1.50 and 1.5 are one number to Python, so JSON is compared as jsonb does.
        compared = f"::text::{json_name}" if json_name else "::text"
        there = f"SELECT CAST($1 AS {name}){compared}, CAST(({expression}) AS {name}){compared}"
        ((stored, meant),) = api.rows(there, params=[sent])
        assert stored == meant

    def values(self, name):
        return [(expression, expected) for expression, expected in SCALARS[name] if expression != "'-0'"
                and not (name in ("json", "jsonb") and (expected is None or isinstance(expected, str)))]  # fmt: skip

    @pytest.mark.parametrize("name", sorted(SCALARS))
    def test_scalar(self, api, name):
        for expression, _ in self.values(name):
            answered = api.value(f"SELECT {typed(expression, name)}")
            self.same(api, f"pg_catalog.{quoted(name)}", typed(expression, name), answered,
                      "jsonb" if name in ("json", "jsonb") else None)  # fmt: skip

    @pytest.mark.parametrize("name", sorted(set(SCALARS) - {"int2vector", "oidvector"}))
    def test_array(self, api, name):
        array = "ARRAY[" + ", ".join([typed(e, name) for e, _ in self.values(name)] + ["NULL"]) + "]"
        answered = api.value(f"SELECT {array}")
        self.same(api, f"pg_catalog.{quoted(name)}[]", array, answered,
                  "jsonb[]" if name in ("json", "jsonb") else None)  # fmt: skip


class TestParametersGoByTheirPlace:
    @pytest.fixture
    def table(self, cluster, database, tmp_path):
        cluster.psql("""CREATE DOMAIN blob AS bytea; CREATE DOMAIN doc AS jsonb; CREATE DOMAIN words AS text[];
                        CREATE TYPE mood AS ENUM ('sad', 'glad');
                        CREATE TABLE t (b bytea, bs bytea[], d blob, j jsonb, k json, js jsonb[], dj doc, w words,
                                        m mood, ms mood[], i int[], t text)""", db=database)  # fmt: skip
        with SqlApi(cluster.url(db=database), mutations="yes", audit=tmp_path / "audit") as api:
            yield lambda column, value: self.stored(api, column, value)

    def stored(self, api, column, value):
        answer = api.call({"sql": f"INSERT INTO t ({column}) VALUES ($1) RETURNING {column}::text", "params": [value]})
        if "error" in answer:
            return answer["error"]
        # And by psycopg's placeholder, several at once.
        many = api.ask(operation="execute_many", query=f"INSERT INTO t ({column}) VALUES (%s)", params=[[value], [value]])
        assert many == {"affected_rows": 2}
        same = api.rows(f"SELECT DISTINCT {column}::text FROM t")
        assert same == answer["rows"]
        return same[0][0]

    @pytest.mark.parametrize("column, value, stored", [
        ("b", "AP8Q", "\\x00ff10"), ("b", "\\x00ff10", "\\x00ff10"), ("b", "", "\\x"), ("b", None, None),
        ("bs", ["AP8Q", None, "\\x01"], '{"\\\\x00ff10",NULL,"\\\\x01"}'),
        ("d", "AP8Q", "\\x00ff10"),
        ("j", [], "[]"), ("j", [1, "a", None, {"b": []}], '[1, "a", null, {"b": []}]'), ("j", [[]], "[[]]"),
        ("j", {"a": [1]}, '{"a": [1]}'), ("j", '[1,2]', "[1, 2]"), ("j", '"x"', '"x"'), ("j", 5, "5"), ("j", True, "true"),
        ("k", [], "[]"), ("dj", [], "[]"), ("dj", [[1]], "[[1]]"),
        ("js", [], "{}"), ("js", [[], {"a": 1}, 5, None], '{[],"{\\"a\\": 1}",5,NULL}'),
        ("w", [], "{}"), ("w", ["a,b", None, 'q"'], '{"a,b",NULL,"q\\""}'),
        ("m", "glad", "glad"), ("ms", ["sad", None], "{sad,NULL}"),
        ("i", [], "{}"), ("i", [[1, 2], [3, None]], "{{1,2},{3,NULL}}"),
        ("t", "AP8Q", "AP8Q"), ("t", {"a": 1}, '{"a":1}'),
    ])  # fmt: skip
    def test_is_stored(self, table, column, value, stored):
        assert table(column, value) == stored

    def test_what_no_place_takes_is_refused(self, table):
        assert table("b", "no base64") == {
            "type": "invalid_request", "message": "parameter 1 is not Base64, and its place takes bytea",
            "hint": "send the bytes as answers have them, in Base64, or as \\x and hexadecimal digits"}  # fmt: skip
        assert table("t", [1]) == {
            "type": "invalid_request", "message": "parameter 1 is a list, and its place takes text",
            "hint": "a list is for an array or for json; $1::int[] says what a place takes"}  # fmt: skip
        assert table("bs", ["AP8Q", "?"])["message"] == "parameter 1 is not Base64, and its place takes bytea"
        assert table("m", ["sad"])["message"] == "parameter 1 is a list, and its place takes public.mood"

    def test_the_run_is_named(self, cluster, database, tmp_path):
        cluster.psql("CREATE TABLE t (b bytea)", db=database)
        with SqlApi(cluster.url(db=database), mutations="yes", audit=tmp_path / "audit") as api:
            error = api.error(operation="execute_many", query="INSERT INTO t VALUES (%s)", params=[["AP8Q"], ["?"]])
            assert error["message"] == "run 2 of 2: parameter 1 is not Base64, and its place takes bytea"
        assert cluster.psql("SELECT count(*) FROM t", db=database) == "0"

    def test_mistakes_in_the_statement_are_told_by_its_execution(self, api):
        assert api.error(query="SELECT nope, %s", params=["x"])["sqlstate"] == "42703"
        assert api.error(query="SELEC", params=[])["type"] == "refused"
        assert api.rows("SELECT %s", params=["x"]) == [["x"]]


class TestTimesForPython:
    def test_of_any_age(self, api):
        """fromisoformat before Python 3.11 takes a fraction of three or six digits, and no other."""
        shape = re.compile(r"(\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\d(\.\d{6})?([+-]\d\d:\d\d)?")
        rows = api.rows("SELECT t, t::timestamp, t::time, t::timetz FROM generate_series(0, 999) AS i, "
                        "LATERAL (SELECT '2026-11-20 03:04:05Z'::timestamptz + i * '7.000931 s'::interval AS t) AS x")  # fmt: skip
        assert len(rows) == 1000
        for row in rows:
            assert all(shape.fullmatch(value) for value in row), row
            assert datetime.datetime.fromisoformat(row[0]).replace(tzinfo=None) == datetime.datetime.fromisoformat(row[1])


class TestArrays:
    @pytest.mark.parametrize(
        "expression, expected",
        [
            ("ARRAY[]::int[]", []),
            ("ARRAY[[1,2],[3,NULL]]", [[1, 2], [3, None]]),
            ("ARRAY[[[1],[2]],[[3],[4]]]", [[[1], [2]], [[3], [4]]]),
            ("'[0:2]={1,2,3}'::int[]", [1, 2, 3]),
            ("'[-1:0][2:3]={{1,2},{3,4}}'::int[]", [[1, 2], [3, 4]]),
            (r"""ARRAY['a,b', '{x}', 'q"uo', E'back\\slash', '', 'NULL', NULL, ' sp ', E'new\nline', 'é']""",
             ["a,b", "{x}", 'q"uo', "back\\slash", "", "NULL", None, " sp ", "new\nline", "é"]),
            ("ARRAY['(1,1),(0,0)'::box, '(2,2),(1,1)'::box]", ["(1,1),(0,0)", "(2,2),(1,1)"]),
            ("""ARRAY['{"a": [1, "x,y"]}'::jsonb, '[]'::jsonb]""", [{"a": [1, "x,y"]}, []]),
            ("ARRAY['NaN'::float8, 1.5]", ["NaN", 1.5]),
            ("ARRAY[true, false, NULL]", [True, False, None]),
        ],
    )  # fmt: skip
    def test_is_a_list(self, api, expression, expected):
        assert api.value(f"SELECT {expression} AS a") == expected


class TestTypesOfTheDatabase:
    """They are looked up once, after the rows have come."""

    @pytest.fixture
    def own(self, cluster, database):
        cluster.psql(
            "CREATE TYPE mood AS ENUM ('sad', 'so, so', '{happy}');"
            "CREATE DOMAIN positive AS int CHECK (value > 0);"
            "CREATE DOMAIN doc AS jsonb; CREATE DOMAIN doc2 AS doc;"
            "CREATE TYPE pair AS (a int, b text);"
            "CREATE SCHEMA \"Odd one\"; CREATE TYPE \"Odd one\".\"T\" AS ENUM ('x');"
            "CREATE TYPE spans AS RANGE (subtype = int4);", db=database)  # fmt: skip
        with SqlApi(cluster.url(db=database)) as caller:
            yield caller

    def test_enum_domain_composite_and_range(self, own):
        answer = own.ask(
            query="SELECT 'sad'::mood, ARRAY['so, so', '{happy}', NULL]::mood[], 5::positive, ARRAY[1,2]::positive[], "
            "ARRAY['{\"k\": 1}']::doc2[], ROW(1, 'x y')::pair, ARRAY[ROW(1,'{')::pair], 'x'::\"Odd one\".\"T\", "
            "ARRAY['x']::\"Odd one\".\"T\"[], spans(1,2), '{1,2}'::int[]"
        )
        assert answer["types"] == [
            "public.mood", "public.mood[]", "int4", "public.positive[]", "public.doc2[]", "public.pair",
            "public.pair[]", '"Odd one"."T"', '"Odd one"."T"[]', "public.spans", "int4[]",
        ]  # fmt: skip
        assert answer["rows"] == [[
            "sad", ["so, so", "{happy}", None], 5, [1, 2], [{"k": 1}], '(1,"x y")', ["(1,{)"], "x", ["x"],
            "[1,2)", [1, 2],
        ]]  # fmt: skip

    def test_an_enum_label_that_looks_like_an_array_is_text(self, own):
        assert own.value("SELECT '{happy}'::mood") == "{happy}"

    def test_type_made_after_the_connection_is_known_too(self, own, cluster, database):
        assert own.value("SELECT 'sad'::mood") == "sad"
        cluster.psql("CREATE TYPE later AS ENUM ('a')", db=database)
        assert own.ask(query="SELECT ARRAY['a']::later[]")["types"] == ["public.later[]"]

    def test_many_rows_of_an_unknown_type_stay_within_the_limit(self, cluster, database):
        cluster.psql("CREATE TYPE mood AS ENUM ('sad')", db=database)
        with SqlApi(cluster.url(db=database), max_bytes=20000) as small:
            assert len(small.rows("SELECT 'sad'::mood FROM generate_series(1, 1500)")) == 1500
            error = small.error(query="SELECT ARRAY['sad','sad']::mood[] FROM generate_series(1, 15000)")
            assert error["type"] == "answer_too_large"
        with SqlApi(cluster.url(db=database), max_bytes=20000) as small:
            page = small.ask(query="SELECT 'sad'::mood FROM generate_series(1, 90000)", max_rows=90000)
            assert 1500 < page["row_count"] < 3000 and page["next_cursor"]


class TestText:
    def test_numbers_of_json_keep_their_digits(self, api):
        api.send(json.dumps({"query": "SELECT '{\"a\": 1.500, \"b\": 123456789012345678901234567890}'::jsonb"}))
        text, _ = api.receive()
        assert '{"a": 1.500, "b": 123456789012345678901234567890}' in text

    def test_a_role_with_other_settings_gets_the_same(self, cluster, database, roles):
        cluster.psql(
            f"ALTER DATABASE {database} SET DateStyle = 'German'; ALTER DATABASE {database} SET TimeZone = 'Asia/Kolkata';"
            f"ALTER DATABASE {database} SET IntervalStyle = 'postgres_verbose'; ALTER DATABASE {database} SET bytea_output = 'escape';"
            f"ALTER DATABASE {database} SET extra_float_digits = -3; ALTER DATABASE {database} SET client_encoding = 'LATIN1';"
            f"ALTER DATABASE {database} SET standard_conforming_strings = off"
        )  # fmt: skip
        with SqlApi(cluster.url(db=database)) as odd:
            assert odd.rows(
                "SELECT '2026-11-20 03:04:05+00'::timestamptz, '1 day'::interval, '\\x00ff'::bytea, 0.1::float8 + 0.2, 'é\\'"
            ) == [["2026-11-20T03:04:05+00:00", "P1D", "AP8=", 0.30000000000000004, "é\\"]]  # fmt: skip
