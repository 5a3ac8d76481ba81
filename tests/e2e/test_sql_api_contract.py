"""Requests and answers of the SQL API, as docs/sql-api.md has them."""

import itertools
import json
import random

import jsonschema
import pytest

from sql_api_caller import ANSWER, CONTRACT, REQUEST, SqlApi

SEE = "docs/sql-api.md describes every request"

TABLES = """
CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY, "Full name" text NOT NULL DEFAULT 'x', size numeric(10,2),
  twice int GENERATED ALWAYS AS (2) STORED, gone int, PRIMARY KEY (id, "Full name"));
ALTER TABLE users DROP COLUMN gone; COMMENT ON COLUMN users.size IS 'in metres';
INSERT INTO users ("Full name") VALUES ('a'), ('b');
CREATE TABLE "Orders" (a int); CREATE TABLE parted (a int) PARTITION BY RANGE (a); CREATE TABLE bare ();
CREATE VIEW seen AS SELECT 1 AS one; CREATE MATERIALIZED VIEW kept AS SELECT 1 AS one;
CREATE SCHEMA "Audit"; CREATE TABLE "Audit".log (a int); CREATE TABLE "Audit".users (a int);
"""


@pytest.fixture(scope="module")
def api(cluster):
    cluster.psql("CREATE DATABASE contract")
    cluster.psql(TABLES, db="contract")
    with SqlApi(cluster.url(db="contract")) as caller:
        yield caller


class TestQuery:
    def test_answers_columns_types_rows_and_their_number(self, api):
        assert api.ask(query="SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL ORDER BY 1") == {
            "columns": ["a", "b"], "types": ["int4", "text"], "rows": [[1, "x"], [2, None]], "row_count": 2}  # fmt: skip

    def test_no_rows_still_have_columns(self, api):
        assert api.ask(query="SELECT 1 AS a WHERE false") == {
            "columns": ["a"], "types": ["int4"], "rows": [], "row_count": 0}  # fmt: skip
        assert api.ask(query="SELECT", rows="objects") == {"columns": [], "types": [], "rows": [{}], "row_count": 1}

    @pytest.mark.parametrize(
        "request_", [{"query": "SELECT 1"}, {"action": "query", "query": "SELECT 1"}, {"action": "query", "sql": "SELECT 1"},
                     {"query": "(SELECT 1) ;;"}, {"query": "VALUES (1)"}, {"query": "WITH a AS (SELECT 1) SELECT * FROM a"},
                     {"query": "SELECT 1 -- ;"}, {"query": "/* ; */ SELECT 1"}])  # fmt: skip
    def test_may_be_sent_in_several_ways(self, api, request_):
        assert api.call(request_)["rows"] == [[1]]

    def test_explain_show_and_table_read(self, api):
        assert api.ask(query="EXPLAIN (FORMAT json) SELECT 1")["rows"][0][0][0]["Plan"]["Node Type"] == "Result"
        assert api.rows("SHOW transaction_read_only") == [["on"]]
        assert api.rows("TABLE seen") == [[1]]
        assert "Update" in api.rows("EXPLAIN UPDATE users SET size = 1")[0][0]

    def test_rows_as_objects(self, api):
        assert api.rows("SELECT 1 AS a, 'x' AS \"b\"\"c\"", rows="objects") == [{"a": 1, 'b"c': "x"}]
        api.refuses(
            {"query": "SELECT 1 AS a, 2 AS a", "rows": "objects"}, "invalid_request",
            "two columns are named a, and an object holds a name once",
            'name them apart with AS, or ask for "rows": "lists"')  # fmt: skip
        assert api.rows("SELECT 1 AS a, 2 AS a") == [[1, 2]]

    def test_error_of_the_server_has_its_fields(self, api):
        assert api.error(query="SELECT 1,\n  nmae FROM (SELECT 'é' AS name) s") == {
            "type": "sql_failed", "sqlstate": "42703", "message": 'column "nmae" does not exist',
            "hint": 'Perhaps you meant to reference the column "s.name".', "position": 13}  # fmt: skip
        error = api.error(query="SELECT '{1,2'::int[]")
        assert (error["sqlstate"], error["detail"]) == ("22P02", "Unexpected end of input.")
        assert api.error(query="SELECT 1/0")["sqlstate"] == "22012"


class TestParameters:
    def test_are_bound(self, api):
        query = "SELECT $2::text AS b, $1::int + 1 AS a, $3::bool, $4::numeric, $5::text, $6::int[]"
        params = [41, "x'y", True, 1.50, None, [1, None]]
        assert api.rows(query, params=params) == [["x'y", 42, True, "1.5", None, [1, None]]]

    def test_of_psycopg_are_translated(self, api):
        assert api.rows("SELECT %s::int, %s::text, '100%%', 5 %% 3", params=[1, "a"]) == [[1, "a", "100%", 2]]
        assert api.rows("SELECT %(b)s::text, %(a)s::int, %(b)s::text", params={"a": 1, "b": "x"}) == [["x", 1, "x"]]
        assert api.rows("SELECT '100%', 5 % 3") == [["100%", 2]], "nothing is translated without parameters"
        assert api.rows("SELECT $1::int, '%s'", params=[1]) == [[1, "%s"]], "nor beside $1"

    def test_nested_lists_and_objects(self, api):
        assert api.value("SELECT $1::int[]", params=[[[1, 2], [3, 4]]]) == [[1, 2], [3, 4]]
        assert api.value("SELECT $1::jsonb", params=[{"b": [1, {"c": None}], "a": "x"}]) == {"b": [1, {"c": None}], "a": "x"}

    @pytest.mark.parametrize(
        "query, params, message, hint",
        [
            ("SELECT $1", [], "the statement has 1 placeholder and there are 0 parameters",
             "write $1, $2, ... where the values belong, without quotes around them"),
            ("SELECT $1", [1, 2], "the statement has 1 placeholder and there are 2 parameters",
             "write $1, $2, ... where the values belong, without quotes around them"),
            ("SELECT 1", [1], "the statement has 0 placeholders and there is 1 parameter",
             "write $1, $2, ... where the values belong, without quotes around them"),
            ("SELECT %s, %s", [1], "the statement has 2 placeholders and there is 1 parameter",
             "write $1, $2, ... where the values belong, without quotes around them"),
            ("SELECT '%s'", ["x"], "a placeholder is inside a string, a quoted identifier or a comment",
             "take away the quotes around it: the value is bound, not pasted"),
            ("SELECT %s /* %s */", ["x", "y"], "a placeholder is inside a string, a quoted identifier or a comment",
             "take away the quotes around it: the value is bound, not pasted"),
            ("SELECT %s WHERE 'a' LIKE 'a%'", ["x"], "a % that is not a placeholder, in a statement whose parameters are bound with %s",
             "write %% for it, or write the placeholders as $1, $2, ..."),
            ("SELECT %(a)s", {"b": 1}, 'there is no parameter "a"',
             '"params" must have every name that the statement uses'),
            ("SELECT %(a)s", [1], 'the statement names its parameters, and "params" is a list',
             'send "params" as an object, or write %s'),
            ("SELECT %s", {"a": 1}, 'the statement has %s, and "params" is an object',
             'send "params" as a list, or write %(name)s'),
            ("SELECT $1", {"a": 1}, 'the placeholders are numbered, and "params" is an object',
             'send "params" as a list, or write %(name)s'),
            ("SELECT $0", [1], "a placeholder has an impossible number", "they are $1, $2, ..."),
            ("SELECT $99999999999999999999", [1], "a placeholder has an impossible number", "they are $1, $2, ..."),
        ],
    )  # fmt: skip
    def test_that_do_not_match_are_refused(self, api, query, params, message, hint):
        api.refuses({"query": query, "params": params}, "invalid_request", message, hint)

    def test_position_is_that_of_the_statement_as_sent(self, api):
        query = "SELECT 'é%%', %(long_name)s::text, nope"
        assert api.error(query=query, params={"long_name": "x"})["position"] == query.index("nope") + 1
        assert api.error(query="SELECT 'é', nope", max_rows=5)["position"] == 13


class TestTables:
    def test_lists_names_and_tells_kinds_apart(self, api):
        answer = api.ask(action="tables")
        assert answer["tables"] == ['"Audit".log', '"Audit".users', 'public."Orders"', "public.bare", "public.kept",
                                    "public.parted", "public.seen", "public.users"]  # fmt: skip
        kinds = {one["table"]: one["kind"] for one in answer["details"]}
        assert kinds["kept"] == "materialized view" and kinds["seen"] == "view" and kinds["parted"] == "partitioned table"
        assert {"schema": "Audit", "table": "log", "kind": "table"} in answer["details"]

    def test_of_one_schema(self, api):
        assert api.ask(action="tables", schema="Audit")["tables"] == ["log", "users"]
        assert '"Orders"' in api.ask(action="tables", schema="public")["tables"]
        assert "pg_class" in api.ask(action="tables", schema="pg_catalog")["tables"]
        assert api.ask(action="tables", schema="nope")["tables"] == []

    def test_too_many_say_how_to_ask_for_less(self, cluster, api):
        with SqlApi(cluster.url(db="contract"), max_bytes=300) as small:
            small.refuses({"action": "tables"}, "answer_too_large", "the answer is larger than 300 bytes",
                          'ask for the tables of one schema: "schema": "NAME"')  # fmt: skip
            assert small.error(action="schema", table="users")["type"] == "answer_too_large"


class TestSchema:
    def test_describes_every_column(self, api):
        answer = api.ask(action="schema", table="users")
        assert (answer["schema"], answer["table"], answer["kind"]) == ("public", "users", "table")
        assert answer["primary_key"] == ["id", "Full name"]
        plain = {"default": None, "primary_key": False, "identity": None, "generated": False, "comment": None}
        assert answer["columns"] == [
            {**plain, "name": "id", "type": "integer", "nullable": False, "primary_key": True, "identity": "always"},
            {**plain, "name": "Full name", "type": "text", "nullable": False, "primary_key": True, "default": "'x'::text"},
            {**plain, "name": "size", "type": "numeric(10,2)", "nullable": True, "comment": "in metres"},
            {**plain, "name": "twice", "type": "integer", "nullable": True, "default": "2", "generated": True},
        ]

    @pytest.mark.parametrize(
        "name, schema, found",
        [("users", None, "public.users"), ("USERS", None, "public.users"), ("Orders", None, "public.Orders"),
         ('"Orders"', None, "public.Orders"), ("public.users", None, "public.users"), ('"Audit".log', None, "Audit.log"),
         ("log", "Audit", "Audit.log"), ("users", "Audit", "Audit.users"), ("pg_class", None, "pg_catalog.pg_class"),
         ("bare", None, "public.bare"), ("seen", None, "public.seen")])  # fmt: skip
    def test_name_is_read_as_in_sql(self, api, name, schema, found):
        for action in ("schema", "count"):
            if action == "count" and name == "pg_class":
                continue
            answer = api.ask(action=action, table=name, **({"schema": schema} if schema else {}))
            assert f"{answer['schema']}.{answer['table']}" == found

    def test_missing_table_says_where_to_look(self, api):
        api.refuses({"action": "schema", "table": "nope"}, "sql_failed", "there is no table nope",
                    'the action "tables" lists them', sqlstate="42P01")  # fmt: skip
        api.refuses({"action": "count", "table": "log"}, "sql_failed", "there is no table log",
                    'it is not on the search_path: ask for "Audit".log', sqlstate="42P01")  # fmt: skip
        api.refuses({"action": "count", "table": "a.b", "schema": "c"}, "invalid_request",
                    '"table" and "schema" name different schemas', "send one of them")  # fmt: skip


class TestOtherActions:
    def test_count_is_exact(self, api):
        assert api.ask(action="count", table="users") == {"schema": "public", "table": "users", "count": 2}
        assert api.ask(action="count", table="bare")["count"] == 0

    def test_version(self, api):
        answer = api.ask(action="version")
        assert answer["version"].startswith("PostgreSQL ")
        assert answer["server_version_num"] // 10000 == int(answer["server_version"].split(".")[0])

    def test_health_check(self, api):
        answer = api.ask(operation="health_check")
        assert (answer["status"], answer["database"], answer["role"], answer["in_recovery"]) == (
            "healthy", "contract", "owner", False)  # fmt: skip


class TestOperations:
    def test_execute_query_answers_objects(self, api):
        assert api.ask(operation="execute_query", query="SELECT %s::int AS a", params=[1])["rows"] == [{"a": 1}]
        assert api.ask(operation="execute_query", query="SELECT 1 AS a", rows="lists")["rows"] == [[1]]

    def test_execute_query_one_answers_one_row_or_null(self, api):
        many = "SELECT g, 'x' AS t FROM generate_series(1, 50000) g"
        assert api.ask(operation="execute_query_one", query=many) == {
            "columns": ["g", "t"], "types": ["int4", "text"], "row": {"g": 1, "t": "x"}, "row_count": 1}  # fmt: skip
        assert api.ask(operation="execute_query_one", query=many, rows="lists")["row"] == [1, "x"]
        none = api.ask(operation="execute_query_one", query="SELECT 1 AS a WHERE false")
        assert (none["row"], none["row_count"]) == (None, 0)
        assert api.value("SELECT 1") == 1, "what was passed over is over"


class TestBadRequests:
    @pytest.mark.parametrize(
        "request_, message, hint",
        [
            ("", "the request is empty", SEE),
            ("nonsense", "the request is not JSON (at byte 2)", SEE),
            ('{"query": "SELECT 1"} x', "the request is not JSON (at byte 23)", SEE),
            ('{"query": "SELECT 1", "query": "COMMIT"}', 'the request holds the key "query" twice', SEE),
            ('{"query": "SELECT \\u0000"}', "the request holds the character U+0000", SEE),
            ("[" * 40 + "]" * 40, "the request is nested deeper than 32 levels", SEE),
            ("[1]", "the request is a list of 1, not an object", SEE),
            ("{}", "the request says nothing to do", 'send {"query": "SELECT ..."}, {"sql": "INSERT ..."}, or an "action"'),
            ({"qery": "SELECT 1"}, 'unknown key "qery"', 'did you mean "query"?'),
            ({"query": "SELECT 1", "maxrows": 1}, 'unknown key "maxrows"', 'did you mean "max_rows"?'),
            ({"query": "SELECT 1", "zzzzzz": 1}, 'unknown key "zzzzzz"', SEE),
            ({"body": '{"query": "SELECT 1"}'}, "the request is one of API Gateway or of a function URL",
             "invoke the function itself: its answers go to no browser, and who may ask is decided by lambda:InvokeFunction"),
            ({"query": "SELECT 1", "sql": "SELECT 1"}, 'the request has both "query" and "sql"', "send one of them"),
            ({"action": "query", "query": "SELECT 1", "sql": "SELECT 1"}, 'the request has both "query" and "sql"', "send one of them"),
            ({"action": "query", "operation": "health_check"}, "the request names both an action and an operation", "send one of them"),
            ({"action": "tabels"}, 'unknown action "tabels"', 'did you mean "tables"?'),
            ({"action": "zzz"}, 'unknown action "zzz"', "one of query, mutate, tables, schema, count, version, snapshot, health, dry_run"),
            ({"action": 7}, '"action" is a number, not a string', None),
            ({"operation": "execute"}, 'unknown operation "execute"', "one of execute_query, execute_query_one, execute_many, health_check"),
            ({"action": "query"}, "query needs a statement", 'send it as "query" or "sql"'),
            ({"query": "  \n"}, "query needs a statement", 'send it as "query" or "sql"'),
            ({"query": ["SELECT 1"]}, '"query" is a list of 1, not a string', None),
            ({"query": "SELECT " + "1" * 6_000_000}, '"query" is longer than 6000000 characters', None),
            ({"action": "tables", "table": "x"}, '"table" does not go with tables', SEE),
            ({"action": "version", "query": "SELECT 1"}, '"query" does not go with version', SEE),
            ({"action": "count"}, "count needs the name of a table", '{"action": "count", "table": "NAME"}'),
            ({"query": "SELECT 1", "rows": "dicts"}, '"rows" is neither "lists" nor "objects"', None),
            ({"query": "SELECT 1", "max_rows": 0}, '"max_rows" is not a whole number from 1 to 1000000', None),
            ({"query": "SELECT 1", "max_rows": 1.5}, '"max_rows" is not a whole number from 1 to 1000000', None),
            ({"query": "SELECT 1", "max_rows": "5"}, '"max_rows" is not a whole number from 1 to 1000000', None),
            ({"query": "SELECT 1", "timeout_ms": -1}, '"timeout_ms" is not a whole number from 1 to 900000', None),
            ({"query": "SELECT 1", "cursor": "x"}, '"cursor" needs "max_rows"',
             "send the same request as before, with the cursor that its answer gave"),
            ({"query": "SELECT 1", "read_only": "yes"}, '"read_only" is a string of 3 bytes, not true or false', None),
            ({"query": "SELECT 1", "params": "x"}, '"params" is a string of 1 bytes, not a list or an object', None),
            ({"operation": "execute_many", "query": "SELECT 1"}, 'execute_many needs "params", a list with the parameters of each run', None),
        ],
    )  # fmt: skip
    def test_are_refused_by_name(self, api, request_, message, hint):
        api.refuses(request_, "invalid_request", message, hint)

    def test_never_repeat_a_value(self, api):
        for request in ('{"query": "SELECT 1", "canary"', {"query": {"canary": 1}}, {"query": "SELECT 1", "rows": "canary"}):
            error = json.dumps(api.raw(request if isinstance(request, str) else json.dumps(request)))
            assert "canary" not in error or "with the key canary" in error


class TestTheSchema:
    def test_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(CONTRACT)

    def test_refuses_what_the_handler_refuses(self, api):
        for request in ({"qery": "SELECT 1"}, {"query": "SELECT 1", "sql": "SELECT 1"}, {"action": "tabels"}, {"action": "count"},
                        {"action": "query", "operation": "health_check"}, {"query": "SELECT 1", "max_rows": 0}, {},
                        {"operation": "execute_many", "query": "x"}, {"action": "tables", "table": "x"}):  # fmt: skip
            assert not REQUEST.is_valid(request), request
            assert api.error(**request)["type"] == "invalid_request"

    def test_tells_answers_apart(self):
        for answer in ({}, {"error": {"message": "x"}}, {"rows": []}, {"error": {"type": "odd", "message": "x"}}):
            assert not ANSWER.is_valid(answer)


class TestSchemaAndReader:
    """docs/sql-api.schema.json and the function agree on what a request is, whatever one sends."""

    REQUESTS = [
        {"query": "SELECT 1"}, {"sql": "DELETE FROM t"}, {"action": "dry_run", "statement": "x"}, {"action": "query", "sql": "SELECT 1"}, {"action": "mutate", "query": "x"},
        {"action": "tables"}, {"action": "schema", "table": "t"}, {"action": "count", "table": "t"}, {"action": "version"},
        {"operation": "execute_query", "query": "SELECT 1"}, {"operation": "execute_query_one", "sql": "SELECT 1"},
        {"operation": "execute_many", "query": "x", "params": [[1]]}, {"operation": "health_check"},
        {"action": "snapshot"}, {"action": "snapshot", "page": 2, "digest": "x"}, {"table": "t", "data": {"a": 1}}, {"action": "health"},
        {"operation": "execute_query", "query": "SELECT 1", "return_dict": True}, {"operation": "health_check", "params_list": None},
        {"operation": "execute_many", "query": "x", "params_list": [[1]], "params": None, "return_dict": False},
    ]  # fmt: skip
    KEYS = ["action", "operation", "query", "sql", "params", "table", "schema", "rows", "max_rows", "cursor", "timeout_ms",
            "actor", "read_only", "row_security", "page", "digest", "params_list", "return_dict", "data", "idempotency_key", "statement", "nope"]  # fmt: skip
    VALUES = [
        None, "", " ", "x", "x" * 256, "x" * 257, "é" * 200, "SELECT 1", "lists", "objects", "query", "mutate", "tables", "schema",
        "count", "version", "execute_query", "execute_query_one", "execute_many", "health_check", "snapshot", "health", "dry_run", 0, 1, -1, 1.0, 10.0, 1.5, 1e3,
        1000000, 1000001, 900000, 900001, 1e300, True, False, [], [1], [None], [[]], [[1], [2]], [{}], [[1], {"a": 1}], [[1], 2],
        {}, {"a": 1},
    ]  # fmt: skip

    def agree(self, api, request):
        text = json.dumps(request)
        refusal, valid = api.refusal(text), REQUEST.is_valid(request)
        assert (refusal == "") == valid, f"{text}\nthe function says: {refusal or 'a request'}\nthe schema says: {valid}"

    def test_on_one_key_changed(self, api):
        for request, key in itertools.product(self.REQUESTS, self.KEYS):
            self.agree(api, {k: v for k, v in request.items() if k != key})
            for value in self.VALUES:
                self.agree(api, {**request, key: value})

    def test_on_anything(self, api):
        chance = random.Random(12)
        for _ in range(5000):
            keys = chance.sample(self.KEYS[:-1], chance.randint(1, 4))
            request = {**chance.choice(self.REQUESTS), **{key: chance.choice(self.VALUES) for key in keys}}
            self.agree(api, request)
        for request in (None, [], "x", 1, {}):
            self.agree(api, request)

    @pytest.mark.parametrize("number", ["10.0", "1e1", "100e-1", "10.00e0"])
    def test_on_spellings_of_a_number(self, api, number):
        """JSON has one kind of number."""
        assert api.refusal(f'{{"query": "SELECT 1", "max_rows": {number}}}') == ""
