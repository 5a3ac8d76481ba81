"""Rows that come through a function in pages, while others change the table."""

import csv
import io
import threading

import pytest

from program import run
from test_sql_api_server import Serving

ENVIRONMENT = {"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDQUERY", "AWS_SECRET_ACCESS_KEY": "secret"}
ROWS = 12_000


@pytest.fixture
def db(cluster, database):
    cluster.psql(f"""CREATE TABLE t (tenant text, id int, body text, PRIMARY KEY (tenant, id));
        INSERT INTO t SELECT 'T''"' || g % 7, g, repeat('x', 200) FROM generate_series(1, {ROWS}) g;
        CREATE SCHEMA "Odd S"; CREATE TABLE "Odd S"."Ta ble" (at timestamptz, big bigint, ratio float8, raw bytea, PRIMARY KEY (ratio, big, at, raw));
        INSERT INTO "Odd S"."Ta ble" SELECT '2026-01-01'::timestamptz + g * interval '1 ms', 9007199254740992 + g, g % 3 / 7.0::float8,
          sha256(g::text::bytea) FROM generate_series(1, 50) g;
        CREATE TABLE heap (a int); INSERT INTO heap SELECT generate_series(1, 50); CREATE VIEW seen AS SELECT * FROM t;
        CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE heir () INHERITS (parent);
        INSERT INTO parent SELECT generate_series(1, 20); INSERT INTO heir SELECT 10 FROM generate_series(1, 30);
        CREATE TABLE lists (k int[] PRIMARY KEY); INSERT INTO lists SELECT ARRAY[g] FROM generate_series(1, 30) g;
        CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF parted DEFAULT;
        INSERT INTO parted SELECT generate_series(1, 30)""", db=database)  # fmt: skip
    return database


@pytest.fixture
def ask(cluster, db):
    with Serving("--database", cluster.url(db=db)) as server:

        def asking(statement, *words):
            return run("query", statement, "--database", "lambda:sql-api", "--format", "csv", *words,
                       env={**ENVIRONMENT, "AWS_ENDPOINT_URL_LAMBDA": server.url})  # fmt: skip

        yield asking


def rows(done):
    header, *found = csv.reader(io.StringIO(done.stdout))
    return found


def test_rows_that_were_there_throughout_are_printed_once(ask, cluster, db):
    stop = threading.Event()

    def change():
        for at in range(1, ROWS, 200):
            if stop.is_set():
                return
            cluster.psql(f"DELETE FROM t WHERE id BETWEEN {at} AND {at + 199} AND id % 3 > 0;"
                         f"INSERT INTO t SELECT 'A', {ROWS} + g, '' FROM generate_series({at}, {at + 99}) g", db=db)  # fmt: skip

    changing = threading.Thread(target=change)
    changing.start()
    try:
        done = ask("SELECT * FROM t", "--page-rows", "300")
    finally:
        stop.set()
        changing.join()
    assert (done.returncode, done.stderr) == (0, "")
    ids = [int(row[1]) for row in rows(done)]
    assert len(ids) == len(set(ids))
    missing = {g for g in range(1, ROWS + 1) if g % 3 == 0} - set(ids)
    assert not missing, f"{len(missing)} rows are missing"


@pytest.mark.parametrize("statement, count", [
    ("TABLE t;", ROWS), ("select * from public.t -- all\n", ROWS), ("SELECT * FROM t WHERE id > 11000 AND body <> ';'", 1000),
    ('SELECT * FROM "Odd S"."Ta ble"', 50), ("SELECT * FROM parted", 30)])  # fmt: skip
def test_a_key_of_any_kind_parts_the_pages(ask, statement, count):
    done = ask(statement, "--page-rows", str(max(count // 9, 2)))
    assert (done.returncode, done.stderr, len({tuple(row) for row in rows(done)})) == (0, "", count)
    assert len(rows(done)) == count


@pytest.mark.parametrize("statement, count", [
    ("SELECT * FROM heap", 50), ("SELECT * FROM seen LIMIT 50", 50), ("SELECT * FROM parent", 50), ("SELECT id FROM parted", 30),
    ("SELECT * FROM seen WHERE id < 51", 50), ("SELECT * FROM parted ORDER BY id", 30), ("SELECT * FROM lists", 30)])  # fmt: skip
def test_where_no_key_is_known_the_pages_may_not_agree(ask, statement, count):
    done = ask(statement, "--page-rows", "7")
    assert (done.returncode, len(rows(done))) == (4, count)
    assert "the pages may not agree" in done.stderr


def test_a_big_table_comes_in_pages_by_itself(ask, cluster, db):
    cluster.psql("UPDATE t SET body = repeat('x', 1000)", db=db)
    done = ask("SELECT * FROM t")
    assert (done.returncode, len(rows(done))) == (0, ROWS)
    assert done.stderr == (
        "schema-drift: warning: the rows are more than one answer of the function holds: they are read in pages, "
        "each of which sees the table as it is then\n")  # fmt: skip
