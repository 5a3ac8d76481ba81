"""Every operation, for no row, one, two and many, in both shapes and with errors: one JSON document
that satisfies the contract, and what a change answers is written before it is committed."""

import itertools
import json

import pytest

from sql_api_caller import SqlApi

MANY = 300
# In what a row has: plain, a type of the catalog (whose rows wait until it is known), quotes, NULL.
COLUMNS = {
    "plain": "id",
    "enum": "id, mood, ARRAY[mood, NULL] AS moods",
    "odd": 'id, $$"\\{[,$$ || chr(10) AS "a "" b", NULL AS nothing, $${"k": [1, {}]}$$::jsonb AS j',
}
READS = [{"action": "query"}, {"operation": "execute_query"}, {"operation": "execute_query_one"}]
CHANGES = [{"action": "mutate"}, {"operation": "execute_query"}, {"operation": "execute_query_one"}]


@pytest.fixture
def db(cluster, database):
    cluster.psql(f"""CREATE TYPE mood AS ENUM ('sad', 'glad');
                     CREATE TABLE t (id int PRIMARY KEY, v text, mood mood DEFAULT 'glad');
                     INSERT INTO t SELECT generate_series(1, {MANY}), 'old'""", db=database)  # fmt: skip
    return database


@pytest.fixture
def api(cluster, db, tmp_path):
    with SqlApi(cluster.url(db=db), mutations="yes", audit=tmp_path / "audit.jsonl") as caller:
        yield caller


def is_one_line_of_json(text):
    """As a strict reader sees it: no key twice, nothing behind the end."""

    def distinct(pairs):
        assert len({key for key, _ in pairs}) == len(pairs), pairs
        return dict(pairs)

    assert text.count("\n") == 1 and text.endswith("\n")
    return json.loads(text, object_pairs_hook=distinct)


def call(api, request):
    api.send(json.dumps(request))
    text, answer = api.receive()  # which validates it against docs/sql-api.schema.json
    assert is_one_line_of_json(text) == answer
    return answer


def check_rows(answer, request, shape, count, columns):
    single = request.get("operation") == "execute_query_one"
    assert answer["row_count"] == (min(count, 1) if single else count)
    rows = ([answer["row"]] if answer["row"] is not None else []) if single else answer["rows"]
    assert len(rows) == answer["row_count"]
    for row in rows:
        assert isinstance(row, dict if shape == "objects" else list)
        assert len(row) == len(answer["columns"]) == len(answer["types"])
    if single and count:
        assert (rows[0]["id"] if shape == "objects" else rows[0][0]) == 1
    if columns == "odd" and rows:
        values = list(rows[0].values()) if shape == "objects" else rows[0]
        assert values[1:] == ['"\\{[,\n', None, {"k": [1, {}]}]


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("shape", ["lists", "objects"])
@pytest.mark.parametrize("count", [0, 1, 2, MANY])
class TestAnswers:
    def test_of_reads(self, api, count, shape, columns):
        query = f"SELECT {COLUMNS[columns]} FROM t WHERE id <= {count} ORDER BY id"
        for _, request in itertools.product(range(2), READS):  # the second time the types are known
            answer = call(api, {**request, "query": query, "rows": shape})
            check_rows(answer, request, shape, count, columns)

    def test_of_changes(self, api, cluster, db, count, shape, columns):
        for number, request in enumerate(CHANGES * 2):
            query = f"UPDATE t SET v = 'new{number}' WHERE id <= {count} RETURNING {COLUMNS[columns]}"
            answer = call(api, {**request, "query": query, "rows": shape})
            check_rows(answer, request, shape, count, columns)
            assert answer["affected_rows"] == count
            assert cluster.psql(f"SELECT count(*) FROM t WHERE v = 'new{number}'", db=db) == str(count)

    def test_of_errors(self, api, cluster, db, count, shape, columns):
        """The statement fails in the middle of its rows, or at once."""
        for request in READS:
            # The server makes the rows of a sorted subquery one by one.
            query = f"SELECT {COLUMNS[columns]}, 1 / (id - {count}) FROM (SELECT * FROM t ORDER BY id) AS t"
            answer = call(api, {**request, "query": query, "rows": shape})
            if "error" in answer:
                assert count > 0 and answer["error"]["sqlstate"] == "22012"
            else:  # whoever wants one row need not hear of the third
                assert count == 0 or (request.get("operation") == "execute_query_one" and count > 1)
        for request in CHANGES:
            query = f"UPDATE t SET v = 'lost' WHERE id <= {count} RETURNING {COLUMNS[columns]}, 1 / (id - {count})"
            answer = call(api, {**request, "query": query, "rows": shape})
            assert ("error" in answer) == (count > 0), answer
            assert cluster.psql("SELECT count(*) FROM t WHERE v = 'lost'", db=db) == "0"


class TestManyAndHealth:
    @pytest.mark.parametrize("count", [1, 2, MANY])
    def test_execute_many(self, api, cluster, db, count):
        request = {"operation": "execute_many", "query": "UPDATE t SET v = 'many' WHERE id = %s"}
        answer = call(api, {**request, "params": [[i] for i in range(1, count + 1)]})
        assert answer == {"affected_rows": count}
        assert cluster.psql("SELECT count(*) FROM t WHERE v = 'many'", db=db) == str(count)

    def test_without_runs_or_with_a_failing_one(self, api, cluster, db):
        request = {"operation": "execute_many", "query": "UPDATE t SET v = 'many' WHERE 1 / (id - %s) > 0"}
        assert call(api, {**request, "params": []})["error"]["type"] == "invalid_request"
        assert call(api, {**request, "params": [[MANY + 1], [5]]})["error"]["sqlstate"] == "22012"
        assert cluster.psql("SELECT count(*) FROM t WHERE v = 'many'", db=db) == "0"

    def test_health_check(self, api):
        assert call(api, {"operation": "health_check"})["status"] == "healthy"


class TestBeforeCommit:
    def test_rows_of_a_new_type_that_are_too_many_change_nothing(self, cluster, db, tmp_path):
        """Their size as JSON is known only once the catalog has told the type."""
        with SqlApi(cluster.url(db=db), mutations="yes", audit=tmp_path / "audit.jsonl", max_bytes=3000) as api:
            answer = call(api, {"sql": "UPDATE t SET v = 'lost' RETURNING id, mood"})
            assert answer == {"error": {
                "type": "answer_too_large",
                "message": "the rows of RETURNING are larger than 3000 bytes; nothing was changed",
                "hint": "return fewer columns, or change fewer rows at once"}}  # fmt: skip
        assert cluster.psql("SELECT count(*) FROM t WHERE v = 'lost'", db=db) == "0"

    def test_the_first_row_of_many_megabytes_is_answered_and_all_are_changed(self, api, cluster, db):
        query = "UPDATE t SET v = repeat('x', 100000) RETURNING id, v"
        answer = call(api, {"operation": "execute_query_one", "query": query})
        assert (answer["affected_rows"], answer["row_count"], len(answer["row"]["v"])) == (MANY, 1, 100000)
        assert cluster.psql("SELECT count(*) FROM t WHERE length(v) = 100000", db=db) == str(MANY)
