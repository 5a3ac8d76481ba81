"""The callers of the DB proxy, unchanged: what they send, and how they read what comes back.

`call` is such a client's reading of an answer; PAYLOADS were recorded from one. What its statements
give is compared with psycopg itself."""

import datetime
import decimal
import itertools
import json
import pathlib
import sys
import uuid

import pytest

from sql_api_caller import SqlApi

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

from python_venv import use_venv  # noqa: E402

TABLES = """
CREATE TABLE orders (id int PRIMARY KEY, customer text NOT NULL, total numeric(12,2), paid boolean DEFAULT false,
  placed timestamptz, due date, ref uuid, tags text[], extra jsonb, big bigint, ratio float8, small smallint);
INSERT INTO orders VALUES
  (1, 'Ann', 12.50, true, '2026-11-20 03:04:05.6+00', '2026-11-21', '00000000-0000-0000-0000-000000000001', '{a,b}', '{"k": [1, 2]}', 9007199254740993, 0.1, 3),
  (2, 'Bob 100%', 1000000.00, false, '2026-11-20 03:04:05+00', NULL, NULL, '{}', NULL, 5, 1e-7, NULL),
  (3, 'Cy', NULL, NULL, NULL, '2026-12-01', '00000000-0000-0000-0000-000000000003', NULL, '"x"', NULL, NULL, -1);
"""


class ProxyError(Exception):
    pass


def read(answer):
    """The second team's client: the body of a 200, or what it raises."""
    body = json.loads(answer["body"])
    if answer["statusCode"] != 200:
        raise ProxyError(body["error"])
    return body["result"]


@pytest.fixture
def db(cluster, database):
    cluster.psql(TABLES, db=database)
    return database


@pytest.fixture(params=["by its keys", "by the option"])
def api(cluster, db, request, tmp_path):
    options = {"envelope": "proxy"} if request.param == "by the option" else {}
    with SqlApi(cluster.url(db=db), mutations="yes", audit=tmp_path / "audit.jsonl", **options) as caller:
        yield caller


def call(api, operation, query=None, params=None, params_list=None, return_dict=False):
    """As the client sends it: every key, whatever the operation."""
    return read(api.call({"operation": operation, "query": query, "params": params, "params_list": params_list,
                          "return_dict": return_dict}))  # fmt: skip


# Payloads and what their caller went on to use.
PAYLOADS = [
    ({"operation": "execute_query", "query": "SELECT id, customer FROM orders WHERE id = %s", "params": [1], "return_dict": True},
     [{"id": 1, "customer": "Ann"}]),
    ({"operation": "execute_query", "query": "SELECT id, total FROM orders ORDER BY id", "params": None, "params_list": None,
      "return_dict": False}, [[1, 12.5], [2, 1000000.0], [3, None]]),
    ({"operation": "execute_query_one", "query": "SELECT count(*) AS n FROM orders WHERE customer LIKE '%%100\\%%'",
      "params": [], "return_dict": True}, {"n": 1}),
    ({"operation": "execute_query_one", "query": "SELECT id FROM orders WHERE id = 77", "return_dict": False}, None),
    ({"operation": "execute_query", "query": "UPDATE orders SET paid = %s WHERE id = %s RETURNING id", "params": [True, 2],
      "return_dict": False}, [[2]]),
    ({"operation": "execute_query", "query": "DELETE FROM orders WHERE id = %(id)s", "params": {"id": 3}, "return_dict": True}, []),
    ({"operation": "execute_many", "query": "INSERT INTO orders (id, customer, total) VALUES (%s, %s, %s)",
      "params_list": [[10, "a", 1.5], [11, "b", None], [12, "c", 2]], "return_dict": False}, 3),
    ({"operation": "execute_many", "query": "DELETE FROM orders WHERE id = %s", "params_list": []}, 0),
]  # fmt: skip


class TestRecordedPayloads:
    @pytest.mark.parametrize("payload, result", PAYLOADS)
    def test_are_answered_as_ever(self, api, payload, result):
        assert read(api.call(payload)) == result

    @pytest.mark.parametrize("keys", [{"return_dict": True}, {"params_list": None}, {"query": "", "params": [], "return_dict": False}])
    def test_health_check_wrapped_and_plain(self, api, keys):
        answer = api.call({"operation": "health_check", **keys})
        body = json.loads(answer["body"])
        assert answer["statusCode"] == 200 and answer["healthy"] is True
        assert body["healthy"] is True and body["result"]["healthy"] is True
        assert body["result"]["database"].startswith("db_")

    def test_health_check_of_a_database_that_is_not_there(self):
        with SqlApi("postgresql://nobody@127.0.0.1:1/none", envelope="proxy") as api:
            answer = api.call({"operation": "health_check"})
        assert (answer["statusCode"], answer["healthy"]) == (500, False)
        assert json.loads(answer["body"])["error"].startswith("cannot connect to none on 127.0.0.1:1")

    def test_plain_requests_stay_plain(self, api):
        assert api.ask(query="SELECT 1")["rows"] == [[1]]
        assert api.ask(sql="DELETE FROM orders WHERE id = 1") == {"affected_rows": 1}
        assert "statusCode" not in api.ask(action="version")

    def test_without_the_option_and_the_keys_operations_are_those_of_the_sql_api(self, cluster, db):
        with SqlApi(cluster.url(db=db)) as api:
            assert api.ask(operation="execute_query", query="SELECT 1 AS a")["rows"] == [{"a": 1}]
            assert api.ask(operation="health_check")["healthy"] is True


class TestErrors:
    @pytest.mark.parametrize(
        "payload, error",
        [({"query": "SELECT nope"}, 'column "nope" does not exist'),
         ({"query": "SELECT %s", "params": []}, "the statement has 1 placeholder and there are 0 parameters"),
         ({"query": "COMMIT"}, "COMMIT is not allowed here"),
         ({"query": ""}, "execute_query needs a statement"),
         ({"query": "SELECT 1", "max_rows": 5}, '"max_rows" does not go with the proxy\'s envelope'),
         ({"query": "SELECT 1", "params_list": [[1]]}, '"params_list" does not go with execute_query'),
         ({"query": "SELECT 1 AS a, 2 AS a", "return_dict": True}, "two columns are named a, and an object holds a name once")])  # fmt: skip
    def test_are_500_with_a_sentence(self, api, payload, error):
        answer = api.call({"operation": "execute_query", "return_dict": False, **payload})
        assert answer["statusCode"] == 500
        assert json.loads(answer["body"])["error"] == error

    def test_have_their_parts_beside_the_sentence(self, api):
        body = json.loads(api.call({"operation": "execute_query", "query": "SELECT\n nope", "return_dict": False})["body"])
        assert (body["type"], body["sqlstate"], body["position"]) == ("sql_failed", "42703", 9)

    def test_of_execute_many(self, api):
        with pytest.raises(ProxyError, match='^run 2 of 2: duplicate key value violates unique constraint "orders_pkey"$'):
            call(api, "execute_many", "INSERT INTO orders (id, customer) VALUES (%s, %s)", params_list=[[20, "x"], [1, "y"]])
        assert call(api, "execute_query", "SELECT count(*) FROM orders WHERE id = 20") == [[0]]
        with pytest.raises(ProxyError, match='^the request has both "params" and "params_list"$'):
            call(api, "execute_many", "SELECT 1", params=[1], params_list=[[1]])
        with pytest.raises(ProxyError, match='^"params_list" is an object with the key a, not a list of lists or objects$'):
            call(api, "execute_many", "SELECT 1", params_list={"a": 1})

    def test_of_what_is_no_json(self, cluster):
        with SqlApi(cluster.url(), envelope="proxy") as api:
            assert json.loads(api.raw("nonsense")["body"])["error"] == "the request is not JSON (at byte 2)"

    def test_changes_need_the_permission(self, cluster, db):
        with SqlApi(cluster.url(db=db)) as api:
            with pytest.raises(ProxyError, match="^the statement changes something \\(delete\\), and changes are not allowed here$"):
                call(api, "execute_query", "DELETE FROM orders")
        assert cluster.psql("SELECT count(*) FROM orders", db=db) == "3"


# Each is sent to the function and to psycopg: types that the values bring along, percent signs, values.
STATEMENTS = [
    ("SELECT id FROM orders WHERE id = %s", [1.0]),
    ("SELECT id FROM orders WHERE id = ANY(%s) ORDER BY id", [[1, 3, None]]),
    ("SELECT id FROM orders WHERE customer = ANY(%s)", [["Ann", "x,\"y\\"]]),
    ("SELECT id FROM orders WHERE ref = ANY(%s)", [["00000000-0000-0000-0000-000000000001"]]),
    ("SELECT pg_typeof(%s)::text, pg_typeof(%s)::text, pg_typeof(%s)::text, pg_typeof(%s)::text", [5, 40000, 5000000000, 10**30]),
    ("SELECT pg_typeof(%s)::text, pg_typeof(%s)::text, pg_typeof(%s)::text", [1.0, True, -32769]),
    ("SELECT pg_typeof(%s)::text, pg_typeof(%s)::text", [[1, 2], [1.5]]),
    ("SELECT pg_typeof(%s)::text", [[[1, 40000], [None, 2]]]),
    ("SELECT %s + 1, %s || 'x', %s", [5, "a", 2.5]),
    ("SELECT %s / 2, %s / 2", [5, 5.0]),
    ("SELECT 5 %% 3, 'a%%b', %s", [1]),
    ("SELECT '100%%' = %s, 7 %% %s", ["100%", 4]),
    ("SELECT '100%', 5 % 3", None),
    ("SELECT '100%%', '%s'", None),
    ("SELECT '100%%', 5 %% 3", []),
    ("SELECT id FROM orders WHERE customer LIKE %s ORDER BY id", ["%100\\%"]),
    ("SELECT id FROM orders WHERE customer LIKE 'B%%' AND id = %s", [2]),
    ("SELECT total, total * %s, total * %s FROM orders ORDER BY id", [2, 0.5]),
    ("SELECT sum(total), avg(total), max(big), min(ratio) FROM orders", None),
    ("SELECT big, big + %s FROM orders ORDER BY id", [1]),
    ("SELECT * FROM orders ORDER BY id", None),
    ("SELECT placed, due, ref FROM orders WHERE placed < %s ORDER BY id", ["2027-01-01T00:00:00+00:00"]),
    ("SELECT placed::timestamp, placed::time FROM orders ORDER BY id", None),
    ("SELECT id FROM orders WHERE due = %s OR due = %s::date ORDER BY id", ["2026-11-21", "2026-12-01"]),
    ("SELECT id FROM orders WHERE paid = %s", [True]),
    ("SELECT id FROM orders WHERE paid IS NOT DISTINCT FROM %s", [None]),
    ("SELECT %(a)s::int + %(b)s, %(a)s", {"a": 1, "b": 2}),
    ("SELECT extra -> %s, extra ->> 'k' FROM orders ORDER BY id", ["k"]),
    ("SELECT extra -> 'k' -> %s FROM orders WHERE id = 1", [1]),
    ("SELECT id FROM orders WHERE extra = %s", ['"x"']),
    ("SELECT tags, array_length(tags, %s) FROM orders ORDER BY id", [1]),
    ("SELECT id FROM orders WHERE small = %s OR small = %s ORDER BY id", [3, -1.0]),
    ("SELECT generate_series(1, %s), round(2.345, %s), left('abcdef', %s)", [3, 2, 4]),
    ("SELECT id FROM orders ORDER BY id LIMIT %s OFFSET %s", [1, 1]),
    ("SELECT CASE WHEN %s THEN 'yes' ELSE %s END", [True, "no"]),
    ("SELECT coalesce(%s, %s), greatest(%s, %s)", [None, "x", 3, 4.5]),
    ("SELECT make_date(%s, %s, %s), date '2026-01-01' + %s", [2026, 11, 20, 7]),
    ("SELECT %s::text, %s::numeric, %s::jsonb", [5, "1.10", '{"a": 1.50}']),
    ("SELECT true AND %s, NOT %s", [False, True]),
]  # fmt: skip
# Where psycopg ends in an error, so does the function, with the same SQLSTATE.
FAILING = [
    ("SELECT %s || %s", [1, 2]), ("SELECT id FROM orders WHERE customer = %s", [5]), ("SELECT id FROM orders WHERE paid = %s", [1]),
    ("SELECT 300 * %s, %s * %s", [300, 300, 300]), ("SELECT upper(%s)", [5]), ("SELECT pg_typeof(%s)", ["5"]), ("SELECT pg_typeof(%s)", [None]), ("SELECT id FROM orders WHERE ref = %s", ["nope"]),
    ("SELECT id FROM orders WHERE customer = ANY(%s)", [[1]]),
]  # fmt: skip


def plain(value):
    """As the proxy's json.dumps made it."""
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(value)


class TestHostile:
    """The gate is the same one: what it refuses of others it refuses here, in every operation."""

    STATEMENTS = [
        "COMMIT; DROP TABLE orders", "DROP TABLE orders", "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE", "COPY orders TO '/tmp/x'",
        "DO $$ BEGIN DELETE FROM orders; END $$", "SELECT pg_terminate_backend(pg_backend_pid())", "SELECT lo_import('/etc/passwd')",
        "SELECT pg_read_file('/etc/passwd')", "SELECT setval('s', 7)", "WITH gone AS (DELETE FROM orders RETURNING id) SELECT * FROM gone",
        "EXPLAIN ANALYZE DELETE FROM orders", "SELECT 1 INTO stolen", "SELECT id FROM orders FOR UPDATE", "/**/DELETE/**/FROM orders",
        "SELECT $q$x$q$; DELETE FROM orders", "SELECT '%s'; DELETE FROM orders --", "SELECT U&\"d\\0072op\" FROM orders; ROLLBACK",
    ]  # fmt: skip

    @pytest.mark.parametrize("statement", STATEMENTS)
    def test_nothing_is_changed_where_changes_are_not_allowed(self, cluster, db, statement):
        cluster.psql("CREATE SEQUENCE s", db=db)
        before = cluster.psql("SELECT count(*), pg_current_wal_lsn() FROM orders", db=db)
        with SqlApi(cluster.url(db=db)) as api:
            for operation, params in itertools.product(["execute_query", "execute_query_one", "execute_many"], [None, [], [["x"]]]):
                with pytest.raises(ProxyError):
                    call(api, operation, statement, params=params if operation != "execute_many" else None, params_list=params)
            assert call(api, "execute_query", "SELECT 1") == [[1]]
        assert cluster.psql("SELECT count(*), pg_current_wal_lsn() FROM orders", db=db) == before

    @pytest.mark.parametrize("name", ['orders (id) VALUES (9); DROP TABLE orders; --', 'orders"', "public.orders", "ORDERS", "%s", "$1"])
    def test_a_name_is_a_name(self, cluster, db, tmp_path, name):
        with SqlApi(cluster.url(db=db), mutations="yes", audit=tmp_path / "audit") as api:
            for request in ({"table": name, "data": {"id": 9}}, {"table": "orders", "data": {name: 9}},
                            {"schema": name, "table": "orders", "data": {"id": 9}}):  # fmt: skip
                body = json.loads(api.call(request)["body"])
                assert body["sqlstate"] in ("42P01", "42703", "3F000"), body
        assert cluster.psql("SELECT count(*) FROM orders", db=db) == "3"


class TestBesidePsycopg:
    @pytest.fixture(scope="class")
    def psycopg(self):
        use_venv("psycopg", ["psycopg[binary]"], ["psycopg"])
        import psycopg
        import psycopg.rows

        return psycopg

    @pytest.fixture(scope="class")
    def session(self, psycopg, cluster):
        cluster.psql("CREATE DATABASE beside")
        cluster.psql(TABLES, db="beside")
        with psycopg.connect(cluster.url(db="beside"), autocommit=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection

    @pytest.fixture(scope="class")
    def beside(self, cluster, session):
        with SqlApi(cluster.url(db="beside")) as caller:
            yield caller

    @pytest.mark.parametrize("query, params", STATEMENTS)
    def test_the_same_rows(self, beside, session, psycopg, query, params):
        for rows, return_dict in ((psycopg.rows.tuple_row, False), (psycopg.rows.dict_row, True)):
            with session.cursor(row_factory=rows) as cursor:
                expected = json.loads(json.dumps(cursor.execute(query, params).fetchall(), default=plain))
                names = [column.name for column in cursor.description]
            if return_dict and len(set(names)) < len(names):
                continue
            for _ in range(2):  # the second time the statement is remembered
                assert call(beside, "execute_query", query, params, return_dict=return_dict) == expected
            assert call(beside, "execute_query_one", query, params, return_dict=return_dict) == (expected or [None])[0]

    @pytest.mark.parametrize("query, params", FAILING)
    def test_the_same_errors(self, beside, session, psycopg, query, params):
        with pytest.raises(psycopg.Error) as raised:
            session.execute(query, params)
        answer = beside.call({"operation": "execute_query", "query": query, "params": params, "return_dict": False})
        assert json.loads(answer["body"])["sqlstate"] == raised.value.sqlstate

    def test_values_of_other_types_under_the_same_text(self, beside):
        for value, name in ((5, "smallint"), (5.0, "double precision"), (70000, "integer"), (True, "boolean")):
            assert call(beside, "execute_query", "SELECT pg_typeof(%s)::text", [value]) == [[name]]

    def test_runs_of_other_types(self, cluster, session, psycopg, tmp_path):
        runs = [[1, 5], [2, 1.5], [3, None], [4, "7"], [5, 10**12]]
        session.execute("CREATE TABLE mixed (id int, v numeric); CREATE TABLE mixed_too (LIKE mixed)")
        with session.cursor() as cursor:
            cursor.executemany("INSERT INTO mixed VALUES (%s, %s)", runs)
        with SqlApi(cluster.url(db="beside"), mutations="yes", audit=tmp_path / "audit") as api:
            assert call(api, "execute_many", "INSERT INTO mixed_too VALUES (%s, %s)", params_list=runs) == 5
        assert session.execute("SELECT * FROM mixed ORDER BY id").fetchall() == session.execute(
            "SELECT * FROM mixed_too ORDER BY id").fetchall()  # fmt: skip


class TestBeforeCommit:
    """As test_sql_api_answers.py has it for bare answers."""

    @pytest.mark.parametrize("count, return_dict, operation", itertools.product(
        [0, 1, 2, 300], [True, False], ["execute_query", "execute_query_one"]))  # fmt: skip
    def test_every_answer_is_whole(self, api, cluster, db, count, return_dict, operation):
        cluster.psql("CREATE TYPE mood AS ENUM ('glad'); CREATE TABLE t AS SELECT g AS id, 'old' AS v, 'glad'::mood AS m "
                     "FROM generate_series(1, 300) g", db=db)  # fmt: skip
        odd = "id, $$\"\\{[,$$ || chr(10) AS \"a \"\" b\", NULL AS nothing, m, ARRAY[m] AS ms"
        for query in (f"SELECT {odd} FROM t WHERE id <= {count} ORDER BY id",
                      f"UPDATE t SET v = 'new' WHERE id <= {count} RETURNING {odd}"):  # fmt: skip
            rows = call(api, operation, query, return_dict=return_dict)
            if operation == "execute_query_one":
                rows = [] if rows is None else [rows]
            assert len(rows) == (min(count, 1) if operation == "execute_query_one" else count)
            for row in rows:
                values = list(row.values()) if return_dict else row
                assert values[1:] == ['"\\{[,\n', None, "glad", ["glad"]]
        assert cluster.psql("SELECT count(*) FROM t WHERE v = 'new'", db=db) == str(count)
        with pytest.raises(ProxyError):
            call(api, operation, f"UPDATE t SET v = 'lost' RETURNING 1 / (id - {count or 1})", return_dict=return_dict)
        assert cluster.psql("SELECT count(*) FROM t WHERE v = 'lost'", db=db) == "0"

    def test_what_does_not_fit_in_its_envelope_changes_nothing(self, cluster, db):
        """Quotes take two characters more in the envelope than in the row."""
        with SqlApi(cluster.url(db=db), mutations="yes", max_bytes=20_000) as api:
            quotes = "repeat('\"', 6000)"
            for query in (f"UPDATE orders SET customer = 'lost' WHERE id = 1 RETURNING {quotes}", f"SELECT {quotes}"):
                body = json.loads(api.call({"operation": "execute_query", "query": query, "return_dict": False})["body"])
                assert body["type"] == "answer_too_large"
            assert call(api, "execute_query", "SELECT repeat('x', 6000)") == [["x" * 6000]]
        assert cluster.psql("SELECT count(*) FROM orders WHERE customer = 'lost'", db=db) == "0"


class TestInsert:
    """The callers of the IAM proxy: a row as an object, under a role that may only write."""

    @pytest.fixture
    def writer(self, cluster, db, tmp_path):
        cluster.psql("""CREATE SCHEMA foo; CREATE TABLE foo.events (id bigserial PRIMARY KEY, name text, at timestamptz,
                        payload jsonb, tags text[], raw bytea, "Odd ""Name" int);
                        CREATE ROLE lambda_writer LOGIN; GRANT USAGE ON SCHEMA foo TO lambda_writer;
                        GRANT INSERT, UPDATE, DELETE ON foo.events TO lambda_writer;
                        GRANT USAGE ON ALL SEQUENCES IN SCHEMA foo TO lambda_writer""", db=db)  # fmt: skip
        self.audit = tmp_path / "audit.jsonl"
        with SqlApi(cluster.url(user="lambda_writer", db=db), mutations="yes", audit=self.audit) as caller:
            yield caller
        cluster.psql("DROP OWNED BY lambda_writer; DROP ROLE lambda_writer", db=db)

    def test_is_bound_and_recorded(self, writer, cluster, db):
        data = {"name": "'; DROP TABLE foo.events; --", "at": "2026-11-20T03:04:05Z", "payload": {"canary": [1]},
                "tags": ["a", "b,c"], "raw": "AQI=", 'Odd "Name': 5}  # fmt: skip
        answer = writer.call({"schema": "foo", "table": "events", "data": data})
        assert answer["statusCode"] == 200
        assert json.loads(answer["body"]) == {"result": [], "affected_rows": 1}
        assert cluster.psql("SELECT id, name, at AT TIME ZONE 'UTC', payload, tags, raw, \"Odd \"\"Name\" FROM foo.events", db=db) == (
            "1|'; DROP TABLE foo.events; --|2026-11-20 03:04:05|{\"canary\": [1]}|{a,\"b,c\"}|\\x0102|5")  # fmt: skip
        executed, committed = (json.loads(line) for line in self.audit.read_text().splitlines())
        assert (executed["stage"], executed["kind"], committed["stage"], committed["affected_rows"]) == (
            "executed", "insert", "committed", 1)  # fmt: skip
        assert "canary" not in self.audit.read_text()

    @pytest.mark.parametrize(
        "request_, error",
        [({"schema": "public", "table": "orders", "data": {"id": 9}}, "permission denied for table orders"),
         ({"schema": "foo", "table": "nope", "data": {"id": 9}}, 'relation "foo.nope" does not exist'),
         ({"schema": "foo", "table": "events", "data": {"nope": 9}}, 'column "nope" of relation "events" does not exist'),
         ({"schema": "foo", "table": "events", "data": {}}, '"data" has no column'),
         ({"schema": "foo", "table": "events", "data": [1]}, '"data" is a list of 1, not an object'),
         ({"schema": "foo", "data": {"id": 1}}, "an insert needs the name of a table"),
         ({"table": "events", "data": {"x" * 64: 1}}, f"\"{'x' * 40}...\" is not a name: PostgreSQL's have 1 to 63 bytes"),
         ({"table": "events", "data": {"id": 1}, "read_only": True},
          "the statement changes something (insert), and a query only reads")])  # fmt: skip
    def test_errors_are_500(self, writer, request_, error):
        answer = writer.call(request_)
        assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (500, error)

    def test_needs_the_permission(self, cluster, db):
        with SqlApi(cluster.url(db=db)) as api:
            answer = api.call({"table": "orders", "data": {"id": 9, "customer": "x"}})
            assert json.loads(answer["body"])["error"] == (
                "the statement changes something (insert), and changes are not allowed here")  # fmt: skip
