"""`schema-drift query`: a person, a script and a terminal ask a real PostgreSQL."""

import contextlib
import csv
import http.server
import io
import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest
from program import BINARY, SANITIZED, environment, run, start
from terminal import Terminal

PASSWORD = "c@nary/p:ss?w%rd"


@pytest.fixture(scope="module")
def database(cluster):
    cluster.psql("CREATE DATABASE asked")
    cluster.psql(
        "CREATE TABLE people (id int PRIMARY KEY, name text, height numeric);"
        "INSERT INTO people VALUES (1, 'Ada', 1.65), (2, NULL, NULL), (30, '', 2);"
        "CREATE TABLE notes (id serial PRIMARY KEY, note text);"
        "CREATE SCHEMA other; CREATE TABLE other.people (id int)", db="asked")  # fmt: skip
    yield cluster.url(db="asked")
    cluster.psql("DROP DATABASE asked WITH (FORCE)")


def ask(database, *words, **how):
    return run("query", "--database", database, *words, **how)


def piped(text, *words, env=None):
    """With `text` on standard input."""
    done = subprocess.run([BINARY, "query", *words], input=text, capture_output=True, timeout=60,
                          env=environment(**(env or {})))  # fmt: skip
    return subprocess.CompletedProcess(words, done.returncode, done.stdout.decode(), done.stderr.decode())


def succeeded(done):
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def refused(done, code, text):
    assert (done.returncode, done.stdout) == (code, ""), done
    assert done.stderr == text


# --- the forms ---------------------------------------------------------------------------------


def test_a_table_is_aligned_and_tells_null_from_nothing(database):
    assert succeeded(ask(database, "SELECT * FROM people ORDER BY id")) == (
        " id |  name  | height\n"
        "----+--------+--------\n"
        "  1 | Ada    |   1.65\n"
        "  2 | [null] | [null]\n"
        " 30 |        |      2\n"
        "(3 rows)\n")  # fmt: skip


def test_wide_combining_and_control_characters_keep_the_columns_straight(database):
    out = succeeded(ask(database, "SELECT * FROM (VALUES ('日本', 1), (U&'e\\0301', 2), "
                                  "(E'a\\tb\\nc\\x1b[31m', 3), (U&'\\202Ex', 4), ('😀', 5)) AS v(text, n)"))  # fmt: skip
    assert lines_are_straight(out), out
    lines = [line.partition(" |")[0].strip() for line in out.splitlines()]
    assert lines == ["text", "-" * 17 + "+---", "日本", "e\u0301", "a\\tb\\nc\\x1b[31m",
                     "\\u202ex", "😀", "(5 rows)"]  # fmt: skip


def lines_are_straight(out):
    """The bar stands at the same column of the screen in every line."""
    import unicodedata

    def width(text):
        return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
                   for c in text)  # fmt: skip

    bars = {width(re.split(r"[|+]", line)[0]) for line in out.splitlines()[:-1]}
    return len(bars) == 1 and not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out)


def test_csv_is_what_rfc_4180_says_and_null_is_not_nothing(database):
    done = subprocess.run(
        [BINARY, "query", "--database", database, "--format", "csv",
         "SELECT id, name, height > 1 AS tall, E'a,\"b\"\\nc' AS odd FROM people ORDER BY id"],
        capture_output=True, env=environment())  # fmt: skip
    assert done.stdout == (
        b'id,name,tall,odd\r\n'
        b'1,Ada,t,"a,""b""\nc"\r\n'
        b'2,,,"a,""b""\nc"\r\n'
        b'30,"",t,"a,""b""\nc"\r\n')  # fmt: skip
    rows = list(csv.reader(io.StringIO(done.stdout.decode(), newline="")))
    assert rows[1] == ["1", "Ada", "t", 'a,"b"\nc']


def test_expanded_is_a_line_for_each_value(database):
    out = succeeded(ask(database, "SELECT id, name AS \"längster\", height FROM people ORDER BY id", "--format", "expanded"))
    assert out == ("-[ RECORD 1 ]---------------------------\nid       | 1\nlängster | Ada\nheight   | 1.65\n"
                   "-[ RECORD 2 ]---------------------------\nid       | 2\nlängster | [null]\nheight   | [null]\n"
                   "-[ RECORD 3 ]---------------------------\nid       | 30\nlängster |\nheight   | 2\n")  # fmt: skip
    assert succeeded(ask(database, "SELECT 1 WHERE false", "--format", "expanded")) == "(0 rows)\n"


def test_json_is_one_array_of_objects(database):
    out = succeeded(ask(database, "SELECT id, name, ARRAY[id] AS list, '{\"a\": 1}'::json AS doc "
                                  "FROM people ORDER BY id", "--format", "json"))  # fmt: skip
    assert json.loads(out) == [
        {"id": 1, "name": "Ada", "list": [1], "doc": {"a": 1}},
        {"id": 2, "name": None, "list": [2], "doc": {"a": 1}},
        {"id": 30, "name": "", "list": [30], "doc": {"a": 1}}]  # fmt: skip
    assert succeeded(ask(database, "SELECT 1 WHERE false", "--format", "json")) == "[]\n"


def test_ndjson_is_an_object_a_line_and_loses_no_column(database):
    out = succeeded(ask(database, "SELECT 1 AS a, 2 AS a, 3 AS b, 4 AS a", "--format", "ndjson"))
    assert out == '{"a":1,"a_2":2,"b":3,"a_3":4}\n'
    assert succeeded(ask(database, "SELECT 1 WHERE false", "--format", "ndjson")) == ""


def test_no_digit_is_lost(database):
    out = succeeded(ask(database, "SELECT 9007199254740993 AS big, 0.1::numeric(30,20) AS exact",
                        "--format", "ndjson"))  # fmt: skip
    assert json.loads(out) == {"big": "9007199254740993", "exact": "0.10000000000000000000"}


def test_no_row_and_no_column_are_printed_too(database):
    assert succeeded(ask(database, "SELECT 1 AS a WHERE false")) == " a\n---\n(0 rows)\n"
    assert succeeded(ask(database, "SELECT FROM people")) == "--\n(3 rows)\n"


def test_a_format_that_is_none_is_refused(database):
    refused(ask(database, "SELECT 1", "--format", "xml"), 64,
            'schema-drift: error: unknown --format "xml"\n'
            "  hint: give table, expanded, json, csv or ndjson\n")  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "ndjson", "json", "table"])
@pytest.mark.parametrize("pages", [(), ("--page-rows", "1000")])
def test_a_large_result_comes_whole_at_once_and_in_pages(database, form, pages):
    out = succeeded(ask(database, "SELECT g FROM generate_series(1, 12345) AS g", "--format", form, *pages))
    numbers = [int(n) for n in re.findall(r"^\D*(\d+)\}?,?$", out, re.MULTILINE)]
    assert numbers == list(range(1, 12346))


def test_an_export_takes_at_most_twice_the_time_of_psql(database, cluster, tmp_path):
    """The best of three each, in turns: 0.7 to 1.0 of psql's time, whatever else the machine does."""
    cluster.psql("DROP TABLE IF EXISTS large; CREATE TABLE large AS SELECT g AS id, 'user ' || g AS name, md5(g::text) AS hash, "
                 "g * 1.25 AS amount, now() + g * interval '1 s' AS at, g % 3 = 0 AS flag, CASE WHEN g % 5 > 0 THEN "
                 "'some \"quoted\" text, with a comma' END AS note FROM generate_series(1, 80000) AS g", db="asked")  # fmt: skip
    programs = {"psql": ["psql", "--no-psqlrc", "--csv", "-c", "SELECT * FROM large", database],
                "query": [BINARY, "query", "--database", database, "--format", "csv", "SELECT * FROM large"]}  # fmt: skip
    times = {name: [] for name in programs}
    for name, words in list(programs.items()) * 3:
        with open(tmp_path / name, "w") as out:
            begin = time.monotonic()
            subprocess.run(words, stdout=out, env=environment(), check=True)
            times[name].append(time.monotonic() - begin)
    assert (tmp_path / "query").stat().st_size >= (tmp_path / "psql").stat().st_size > 9_000_000
    most = 20 if SANITIZED else 2
    assert min(times["query"]) <= most * min(times["psql"]), times


@pytest.mark.parametrize("form", ["csv", "table"])
@pytest.mark.parametrize("pages", [(), ("--page-rows", "1000")])
def test_an_export_is_of_one_moment(database, cluster, form, pages):
    """Others delete and insert while it is read."""
    cluster.psql("DROP TABLE IF EXISTS exported; CREATE TABLE exported AS SELECT g, repeat('x', 100) AS x "
                 "FROM generate_series(1, 150000) AS g", db="asked")  # fmt: skip
    process = start("query", "--database", database, "SELECT * FROM exported", "--format", form, *pages)
    try:
        head = [process.stdout.readline() for _ in range(5)]
        cluster.psql("DELETE FROM exported WHERE g < 140000; INSERT INTO exported VALUES (0, 'new')", db="asked")
        rest, err = process.stdout.read(), process.stderr.read()
        assert (process.wait(timeout=10), err) == (0, "")
    finally:
        process.kill()
        process.communicate()
    numbers = [int(found) for found in re.findall(r"^ *(\d+)[ ,].*x$", "".join(head) + rest, re.MULTILINE)]
    assert numbers == list(range(1, 150001))


def test_a_stream_that_breaks_says_so_after_the_rows_that_came(database):
    done = ask(database, "SELECT 10 / (20000 - g) AS n FROM generate_series(1, 30000) AS g", "--format", "csv")
    assert done.returncode == 1
    assert 1000 < len(done.stdout.splitlines()) < 20001
    assert done.stderr == "schema-drift: error: division by zero (22012)\n"


def test_types_that_only_the_catalog_knows_are_streamed(database, cluster):
    cluster.psql("DROP TYPE IF EXISTS mood CASCADE; CREATE TYPE mood AS ENUM ('so, so', 'fine');"
                 "DROP DOMAIN IF EXISTS stamp; CREATE DOMAIN stamp AS timestamptz", db="asked")  # fmt: skip
    out = succeeded(ask(
        database, "SELECT 'so, so'::mood AS m, ARRAY['fine']::mood[] AS a, '2026-01-02 03:04:05.5+02'::stamp AS s, "
        "'\\x00ff'::bytea AS b, NULL::mood AS n, true AS t, '[1,\n2]'::jsonb AS j", "--format", "csv"))  # fmt: skip
    assert out == 'm,a,s,b,n,t,j\n"so, so","[""fine""]",2026-01-02T01:04:05.500000+00:00,AP8=,,t,"[1, 2]"\n'


@pytest.mark.parametrize("statement", [
    "SHOW server_version_num", "EXPLAIN SELECT 1", "VALUES (1)", "TABLE people",
    "WITH a AS (SELECT 1) SELECT * FROM a"])  # fmt: skip
def test_everything_that_reads_can_be_asked(database, statement):
    assert succeeded(ask(database, statement)).endswith((" row)\n", " rows)\n"))


def test_rows_leave_as_soon_as_their_page_is_there(database):
    """The fourth page waits; the first is out. The server itself sends 8 KiB at a time."""
    process = start("query", "--database", database, "--format", "ndjson", "--page-rows", "10",
                    "SELECT g, repeat('x', 2000) AS filling, CASE WHEN g > 30 THEN pg_sleep(60)::text END AS slow "
                    "FROM generate_series(1, 100) AS g")  # fmt: skip
    try:
        first = [json.loads(process.stdout.readline())["g"] for _ in range(10)]
        assert first == list(range(1, 11))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 1
    finally:
        process.kill()
        process.communicate()


def test_a_reader_that_has_seen_enough_is_no_error(database):
    done = subprocess.run(
        f"'{BINARY}' query --database '{database}' --format ndjson "
        "'SELECT g FROM generate_series(1, 200000) AS g' | head -n 1",
        shell=True, capture_output=True, text=True, env=environment(), timeout=60)  # fmt: skip
    assert (done.stdout, done.stderr) == ('{"g":1}\n', "")


# --- what is asked -----------------------------------------------------------------------------


def test_a_statement_comes_from_a_word_a_file_or_standard_input(database, tmp_path):
    expected = " n\n---\n 7\n(1 row)\n"
    file = tmp_path / "seven.sql"
    file.write_text("-- a comment\nSELECT 7 AS n;\n")
    assert succeeded(ask(database, "SELECT 7 AS n")) == expected
    assert succeeded(ask(database, "--file", file)) == expected
    env = {"SCHEMA_DRIFT_DATABASE": database}
    assert succeeded(piped(b"SELECT 7 AS n\n", env=env)) == expected
    assert succeeded(piped(b"SELECT 7 AS n\n", "-", env=env)) == expected
    assert succeeded(piped(b"SELECT 7 AS n\n", "--file", "-", env=env)) == expected


def test_parameters_are_bound_never_pasted(database):
    out = succeeded(ask(database, "SELECT $1::int + 1 AS n, $2::text AS t", "--param", "41", "--param",
                        "'; DROP TABLE people --", "--format", "ndjson"))  # fmt: skip
    assert json.loads(out) == {"n": 42, "t": "'; DROP TABLE people --"}


def test_parameters_go_by_name(database):
    out = succeeded(ask(database, "SELECT :n::int + :n AS n, ':n' AS text, (ARRAY[1,2,3])[:n:2] AS part, :t AS t",
                        "--param", "t=a=b", "--param", "n=2", "--format", "ndjson"))  # fmt: skip
    assert json.loads(out) == {"n": 4, "text": ":n", "part": [2], "t": "a=b"}
    assert succeeded(ask(database, "SELECT $1 AS v", "--param", "a=b", "--format", "csv")) == "v\na=b\n"


@pytest.mark.parametrize("words, text", [
    (("SELECT :id", "--param", "5"), "a --param has no name, and the statement has :id\n"
     "  hint: give it as --param id=VALUE\n"),
    (("SELECT :name", "--param", "nmae=5"), "the statement has no :nmae\n  hint: did you mean name?\n"),
    (("SELECT :a", "--param", "zzz=5"), "the statement has no :zzz\n"
     "  hint: each --param NAME=VALUE is for a :NAME in the statement\n"),
    (("SELECT :a", "--param", "a=1", "--param", "a=2"), "--param a was given twice\n"
     "  hint: a name has one value, wherever it stands\n"),
    (("SELECT :a, :b", "--param", "a=1"), "the statement's :b has no value\n  hint: --param b=VALUE gives it one\n"),
])  # fmt: skip
def test_a_name_without_a_value_is_a_wrong_call(database, words, text):
    refused(ask(database, *words), 64, "schema-drift: error: " + text)


def test_an_error_points_at_its_place_behind_a_name(database):
    done = ask(database, "SELECT :a::text, nope", "--param", "a=1")
    assert done.stderr.splitlines()[1:3] == ["LINE 1: SELECT :a::text, nope", " " * 25 + "^"]


def test_a_file_has_several_statements(database, cluster, tmp_path):
    file = tmp_path / "several.sql"
    file.write_text("-- first\nSELECT 1 AS a; SELECT ';' AS b;\n\nSELECT :c AS c")
    words = ("-f", file, "--param", "c=3", "--format", "csv")
    assert succeeded(ask(database, *words)) == 'a\n1\nb\n;\nc\n3\n'
    file.write_text("SELECT 1 AS a;\n\nSELECT nope;\nSELECT 3")
    done = ask(database, "-f", file, "--format", "csv")
    assert (done.returncode, done.stdout) == (1, "a\n1\n")
    assert done.stderr == ('schema-drift: error: column "nope" does not exist (42703)\nLINE 1: SELECT nope\n'
                           "               ^\n  statement 2 of 3, in line 3; those behind it were not run\n")  # fmt: skip
    refused(ask(database, "-f", file, "--param", "1"), 64,
            "schema-drift: error: --param goes with no file of several statements\n"
            "  hint: give values by name: --param NAME=VALUE for :NAME\n")  # fmt: skip


def test_tables_schema_count_and_version_need_no_sql(database):
    tables = succeeded(ask(database, "tables", "--format", "ndjson"))
    assert "people" in tables and "notes" in tables
    assert succeeded(ask(database, "count", "people")).splitlines()[2].split()[-1] == "3"
    assert "height" in succeeded(ask(database, "schema", "people"))
    assert "height" not in succeeded(ask(database, "schema", "other.people"))
    assert "PostgreSQL" in succeeded(ask(database, "version"))


@pytest.mark.parametrize("words, text", [
    (("SELECT", "1"), "query was given 2 words\n"
     "  hint: put the statement in quotation marks: schema-drift query 'SELECT ...'\n"),
    (("tables", "x"), "tables takes no further word\n  hint: schema-drift query tables\n"),
    (("count",), "count needs the name of one table\n  hint: schema-drift query count NAME\n"),
    (("version", "--mutate"), "--mutate goes with no version\n  hint: it belongs to a statement\n"),
    (("tables", "--param", "1"), "--param goes with no tables\n  hint: it belongs to a statement\n"),
    (("   ",), "the statement is empty\n  hint: give one statement: schema-drift query 'SELECT ...'\n"),
    (("--file", "/nonexistent.sql"), "cannot read /nonexistent.sql: No such file or directory\n"
     "  hint: --file names a file with statements\n"),
    (("SELECT 1", "--file", "x"), "a statement was given twice: in a file and as a word\n"
     "  hint: give one statement: schema-drift query 'SELECT ...'\n"),
    (("SELECT 1", "--page-rows", "0"), 'invalid --page-rows "0": out of range\n'
     "  hint: give a whole number from 1 to 1000000\n"),
    (("SELECT 1", "--databse", "x"), 'schema-drift query does not know "--databse"\n'
     "  hint: did you mean --database?\n"),
])  # fmt: skip
def test_a_wrong_call_is_told_from_a_failed_one(database, words, text):
    refused(run("query", *words, env={"SCHEMA_DRIFT_DATABASE": database}), 64,
            "schema-drift: error: " + text)  # fmt: skip


def test_a_statement_that_is_no_text_is_refused(database):
    env = {"SCHEMA_DRIFT_DATABASE": database}
    refused(piped(b"SELECT '\xe9'", env=env), 64,
            "schema-drift: error: the statement is not UTF-8 (at byte 9)\n"
            "  hint: convert it: iconv -f LATIN1 -t UTF-8\n")  # fmt: skip
    refused(piped(b"SELECT '" + b"x" * 6_100_000 + b"'", env=env), 64,
            "schema-drift: error: the statement is longer than 6000000 characters\n"
            "  hint: the SQL API takes no longer one\n")  # fmt: skip
    refused(piped(b"", env=env), 64,
            "schema-drift: error: the statement is empty\n"
            "  hint: give one statement: schema-drift query 'SELECT ...'\n")  # fmt: skip


def test_one_of_several_targets_is_named(database, tmp_path):
    config = tmp_path / "fleet.json"
    config.write_text(json.dumps({"targets": [
        {"target": "asked", "database": database}, {"target": "x", "database": "postgresql:///x"}]}))  # fmt: skip
    assert succeeded(run("query", "--config", config, "--target", "asked", "SELECT 1 AS n")).endswith("(1 row)\n")
    refused(run("query", "--config", config, "SELECT 1"), 64,
            "schema-drift: error: the configuration has several targets\n"
            "  hint: name one with --target\n")  # fmt: skip


# --- what goes wrong ---------------------------------------------------------------------------


def test_an_error_points_at_its_place(database):
    refused(ask(database, "SELECT id,\n\tnmae AS name\nFROM people"), 1,
            'schema-drift: error: column "nmae" does not exist (42703)\n'
            "LINE 2:  nmae AS name\n"
            "         ^\n"
            '  hint: Perhaps you meant to reference the column "people.name".\n')  # fmt: skip


def test_the_place_is_found_behind_wide_characters_and_in_long_lines(database):
    done = ask(database, "SELECT '日本' AS a, nope")
    line, caret = done.stderr.splitlines()[1:3]
    assert line == "LINE 1: SELECT '日本' AS a, nope"
    assert caret == " " * (line.index("nope") + 2) + "^"
    done = ask(database, "SELECT " + "1, " * 100 + "nope, " + "2, " * 100 + "3")
    line, caret = done.stderr.splitlines()[1:3]
    assert line.startswith("LINE 1: ..., 1, 1") and line.endswith("2...") and len(line) < 100
    assert line[caret.index("^"):].startswith("nope")


def test_what_changes_data_is_refused_without_mutate(database, cluster):
    for statement in ("DELETE FROM people", "WITH d AS (DELETE FROM people RETURNING *) SELECT * FROM d",
                      "SELECT 1; DELETE FROM people", "COMMIT"):  # fmt: skip
        done = ask(database, statement)
        assert (done.returncode, done.stdout) == (1, ""), statement
        assert done.stderr.startswith("schema-drift: error: ")
    assert cluster.psql("SELECT count(*) FROM people", db="asked") == "3"


def test_a_database_that_cannot_be_reached_is_exit_code_2(database, cluster):
    for url, told in (
        ("postgresql://owner@localhost:1/x", "connection refused"),
        (cluster.url(db="nowhere"), 'database "nowhere" does not exist'),
        (cluster.url(user="nobody_gets_in"), "nobody_gets_in"),
    ):  # fmt: skip
        done = ask(url, "SELECT 1")
        assert (done.returncode, done.stdout) == (2, ""), done
        assert told in done.stderr.lower()


def test_no_password_is_shown(cluster, roles):
    for url in (cluster.url(user="guarded", password=PASSWORD + "x"),
                f"host={cluster.folder} user=guarded password='{PASSWORD}x' dbname=app"):  # fmt: skip
        done = ask(url, "SELECT 1")
        assert done.returncode == 2
        assert "nary" not in done.stderr and "p%3Ass" not in done.stderr


def test_an_interrupt_cancels_the_statement(database, cluster):
    process = start("query", "--database", database, "SELECT pg_sleep(61)")
    active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(61)%' AND state = 'active' AND pid <> pg_backend_pid()"
    deadline = time.monotonic() + 10
    while cluster.psql(active) != "1" and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    out, err = process.communicate(timeout=10)
    assert time.monotonic() - begin < 3
    assert (process.returncode, out) == (1, "")
    assert err.startswith("schema-drift: error: ")
    deadline = time.monotonic() + 3
    while cluster.psql(active) != "0" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert cluster.psql(active) == "0"


def test_a_time_out_ends_the_statement(database):
    begin = time.monotonic()
    done = ask(database, "SELECT pg_sleep(60)", "--timeout", "1")
    assert time.monotonic() - begin < 5
    assert (done.returncode, done.stdout) == (1, ""), done
    assert done.stderr == (
        "schema-drift: error: canceling statement due to statement timeout (57014)\n"
        "  hint: --timeout gives a statement more time, up to that of the function where one is asked\n")  # fmt: skip


@pytest.mark.parametrize("words, hint", [
    (["DELETE FROM notes"], "--mutate runs it as a change"),
    (["--mutate", "--yes", "EXPLAIN DELETE FROM notes"], "leave --mutate out"),
    (["SELECT 1; SELECT 2"], "give one statement a call"),
    (["SELECT asked_volatile()"], "--allow-function public.asked_volatile lets queries call it"),
])  # fmt: skip
def test_hints_speak_of_options(database, cluster, words, hint):
    cluster.psql("CREATE OR REPLACE FUNCTION asked_volatile() RETURNS int LANGUAGE sql AS 'SELECT 5'", db="asked")
    done = ask(database, *words)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"  hint: {hint}"), done


def test_a_function_that_is_allowed_is_called(database, cluster):
    cluster.psql("CREATE OR REPLACE FUNCTION asked_volatile() RETURNS int LANGUAGE sql AS 'SELECT 5'", db="asked")
    done = ask(database, "SELECT asked_volatile()", "--allow-function", "asked_volatile", "--format", "csv")
    assert done.stdout == "asked_volatile\n5\n"


# --- changing data -----------------------------------------------------------------------------


def test_without_a_terminal_nothing_is_changed_unless_it_is_said(database, cluster):
    refused(ask(database, "--mutate", "INSERT INTO notes (note) VALUES ('no')"), 64,
            "schema-drift: error: a statement that changes data has to be confirmed on a terminal\n"
            "  hint: --yes runs it without asking\n")  # fmt: skip
    assert cluster.psql("SELECT count(*) FROM notes", db="asked") == "0"


def test_the_environment_cannot_say_yes(database, cluster):
    done = ask(database, "--mutate", "INSERT INTO notes (note) VALUES ('no')",
               env={"SCHEMA_DRIFT_YES": "true"})  # fmt: skip
    assert done.returncode == 64
    done = ask(database, "INSERT INTO notes (note) VALUES ('no')",
               env={"SCHEMA_DRIFT_MUTATE": "true", "SCHEMA_DRIFT_YES": "true"})  # fmt: skip
    assert done.returncode == 1
    assert cluster.psql("SELECT count(*) FROM notes", db="asked") == "0"


def test_yes_runs_it_and_the_audit_log_says_who(database, cluster, tmp_path):
    audit = tmp_path / "audit.jsonl"
    words = ("--mutate", "--yes", "INSERT INTO notes (note) VALUES ($1)", "--param", "canary")
    assert succeeded(ask(database, *words, "--audit", audit)) == "(1 row affected)\n"
    assert json.loads(succeeded(ask(database, *words, "--audit", audit, "--format", "json"))) == [
        {"affected_rows": 1}]  # fmt: skip
    assert cluster.psql("SELECT count(*) FROM notes WHERE note = 'canary'", db="asked") == "2"
    records = [json.loads(line) for line in audit.read_text().splitlines()]
    assert records and all("@" in one["actor"] for one in records if "actor" in one)
    assert any("actor" in one for one in records)
    assert "canary" not in audit.read_text()
    cluster.psql("DELETE FROM notes", db="asked")


def test_several_changes_of_a_file_are_one_transaction(database, cluster, tmp_path):
    file = tmp_path / "changes.sql"
    file.write_text("INSERT INTO notes (note) VALUES ('a'), ('b');\nUPDATE notes SET note = 'c';\nINSERT INTO people VALUES (1);")
    words = ("--mutate", "--yes", "-f", file, "--audit", tmp_path / "audit")
    done = ask(database, *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert "statement 3 of 3: duplicate key value" in done.stderr
    assert cluster.psql("SELECT count(*) FROM notes", db="asked") == "0"
    refused(ask(database, *words, "--param", "a=1"), 64,
            "schema-drift: error: --param goes with no file of several changes\n"
            "  hint: put the values into the statements, or give one statement a call\n")  # fmt: skip
    file.write_text("INSERT INTO notes (note) VALUES ('a'), ('b'); DELETE FROM notes")
    assert succeeded(ask(database, *words)) == "(4 rows affected)\n"


def test_a_dry_run_says_how_many_rows_and_takes_them_back(database, cluster, tmp_path):
    words = ("--dry-run", "UPDATE people SET name = 'x' WHERE id < :most", "--param", "most=30",
             "--audit", tmp_path / "audit")  # fmt: skip
    assert succeeded(ask(database, *words)) == "(2 rows would be affected; it was taken back)\n"
    assert succeeded(ask(database, *words, "--format", "csv")) == "affected_rows\n2\n"
    untold = ("--dry-run", "WITH x AS (DELETE FROM notes RETURNING 1) SELECT * FROM x", "--audit", tmp_path / "other")
    assert succeeded(ask(database, *untold)) == (
        "(it runs, and how many rows are affected is not told; it was taken back)\n")  # fmt: skip
    assert json.loads(succeeded(ask(database, *untold, "--format", "json"))) == [{"affected_rows": None}]
    assert cluster.psql("SELECT name FROM people WHERE id = 1", db="asked") == "Ada"
    stages = [json.loads(line)["stage"] for line in (tmp_path / "audit").read_text().splitlines()]
    assert stages == ["tried", "tried"]


def test_a_change_that_would_fail_is_not_asked_for(terminal, cluster, tmp_path):
    code, shown = terminal("--mutate", "INSERT INTO people VALUES (1, 'x', 1)", "--audit", tmp_path / "audit").finish()
    assert code == 1 and "duplicate key value" in shown and "Type yes" not in shown


def test_rows_that_a_change_returns_are_printed(database, cluster, tmp_path):
    words = ("--mutate", "--yes", "INSERT INTO notes (note) VALUES ('a'), ('b') RETURNING note",
             "--audit", tmp_path / "audit")  # fmt: skip
    assert succeeded(ask(database, *words)) == " note\n------\n a\n b\n(2 rows)\n(2 rows affected)\n"
    assert succeeded(ask(database, *words, "--format", "csv")) == "note\na\nb\n"
    cluster.psql("DELETE FROM notes", db="asked")


def test_a_mutation_that_fails_changes_nothing(database, cluster, tmp_path):
    done = ask(database, "--mutate", "--yes", "INSERT INTO people VALUES (4, 'x', 1), (1, 'y', 1)",
               "--audit", tmp_path / "audit")  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        'schema-drift: error: duplicate key value violates unique constraint "people_pkey" (23505)\n'
        "  detail: Key (id)=(1) already exists.\n")  # fmt: skip
    assert cluster.psql("SELECT count(*) FROM people", db="asked") == "3"


# --- a terminal --------------------------------------------------------------------------------


@pytest.fixture
def terminal(database):
    def on(*words, **how):
        return Terminal("query", "--database", database, *words, **how)

    return on


def test_on_a_terminal_null_is_faint(terminal):
    code, shown = terminal("SELECT NULL::text AS n").finish()
    assert (code, shown) == (0, "   n\n--------\n \x1b[2m[null]\x1b[0m\n(1 row)\n")
    code, shown = terminal("SELECT NULL::text AS n", env={"NO_COLOR": "1"}).finish()
    assert (code, shown) == (0, "   n\n--------\n [null]\n(1 row)\n")


@pytest.mark.parametrize("form", ["table", "csv", "json", "ndjson"])
def test_nothing_in_the_database_moves_the_cursor(terminal, form):
    _, shown = terminal("--format", form, "SELECT E'\\x1b[2J\\u009b2J\\u202e' AS \"a\x1b[31m\"").finish()
    shown = shown.replace("\r\n", "\n")  # of csv
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown), repr(shown)


def test_a_change_is_shown_and_asked_for(terminal, cluster, tmp_path):
    asking = terminal("--mutate", "INSERT INTO notes\n  (note) VALUES ('asked')", "--audit",
                      tmp_path / "audit")  # fmt: skip
    shown = asking.read_until("Type yes: ")
    where = re.search(r"This changes data in (postgresql://owner@/asked\S*):\n\n", shown)
    assert where, shown
    assert ("  INSERT INTO notes\n    (note) VALUES ('asked')\n\n1 row would change. Tried and taken back, but for "
            "values that sequences gave; others may change rows until then.\n\nRun it? Type yes: ") in shown
    assert cluster.psql("SELECT count(*) FROM notes", db="asked") == "0"
    asking.type("yes\n")
    code, shown = asking.finish()
    assert code == 0 and shown.endswith("(1 row affected)\n"), shown
    assert cluster.psql("SELECT count(*) FROM notes", db="asked") == "1"
    cluster.psql("DELETE FROM notes", db="asked")


@pytest.mark.parametrize("answer", ["no\n", "\n", "yess\n", "\x04"])
def test_anything_but_yes_runs_nothing(terminal, cluster, answer):
    asking = terminal("--mutate", "INSERT INTO notes (note) VALUES ('no')")
    asking.read_until("Type yes: ")
    asking.type(answer)
    code, shown = asking.finish()
    assert (code, shown.endswith("not run\n")) == (1, True), shown
    assert cluster.psql("SELECT count(*) FROM notes", db="asked") == "0"


def test_an_interrupt_at_the_question_runs_nothing(terminal, cluster):
    asking = terminal("--mutate", "INSERT INTO notes (note) VALUES ('no')")
    asking.read_until("Type yes: ")
    asking.type("\x03")
    code, shown = asking.finish()
    assert code == 1
    assert "schema-drift: error: nobody confirmed the statement\n  hint: it was not run\n" in shown
    assert cluster.psql("SELECT count(*) FROM notes", db="asked") == "0"


def test_the_terminal_is_asked_though_the_statement_comes_through_a_pipe(terminal, cluster, tmp_path):
    read, write = os.pipe()
    os.write(write, b"INSERT INTO notes (note) VALUES ('piped')")
    os.close(write)
    asking = terminal("--mutate", "-", "--audit", tmp_path / "audit", stdin=read)
    os.close(read)
    asking.read_until("Type yes: ")
    asking.type("yes\n")
    assert asking.finish()[0] == 0
    assert cluster.psql("SELECT note FROM notes", db="asked") == "piped"
    cluster.psql("DELETE FROM notes", db="asked")


def test_the_statement_that_is_shown_hides_nothing(terminal):
    asking = terminal("--mutate", "DELETE FROM notes --\x1b[2K\u202e\r x")
    shown = asking.read_until("Type yes: ")
    assert "DELETE FROM notes --\\x1b[2K\\u202e\\x0d x" in shown
    asking.type("no\n")
    asking.finish()


def test_no_statement_is_a_wrong_call_where_nobody_sees_the_answers(terminal):
    code, shown = terminal(stdout=subprocess.DEVNULL).finish()
    assert code == 64
    assert shown == ("schema-drift: error: no statement was given\n"
                     "  hint: give one statement: schema-drift query 'SELECT ...'\n")  # fmt: skip


# --- functions that are there already -----------------------------------------------------------


class Function:
    """A Lambda function that answers as the test says; `.requests` has what it was asked."""

    def __init__(self, *answers, status=200, headers=()):
        self.answers, self.requests = [json.dumps(a).encode() if not isinstance(a, bytes) else a
                                       for a in answers], []  # fmt: skip
        self.delay = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append(json.loads(body))
                time.sleep(outer.delay)
                answer = outer.answers[min(len(outer.requests), len(outer.answers)) - 1]
                if answer == b"hang up":
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def ask(self, *words):
        host, port = self._server.server_address
        return run("query", "--database", "lambda:sql-api", *words, env={
            "AWS_ENDPOINT_URL_LAMBDA": f"http://{host}:{port}", "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIDQUERY", "AWS_SECRET_ACCESS_KEY": "secret"})  # fmt: skip


ROWS = {"columns": ["id", "name"], "rows": [[1, "a"], [2, None]], "row_count": 2}
OBJECTS = {"rows": [{"id": 1, "name": "a"}, {"id": 2, "name": None}], "row_count": 2}


@pytest.mark.parametrize("answer", [
    ROWS, OBJECTS, {"statusCode": 200, "body": ROWS}, {"statusCode": 200, "body": json.dumps(OBJECTS)},
    {**OBJECTS, "columns": ["id", "name"], "success": True},
])  # fmt: skip
def test_every_envelope_of_rows_is_read(answer):
    with Function(answer) as function:
        assert succeeded(function.ask("SELECT 1")) == (
            " id |  name\n----+--------\n  1 | a\n  2 | [null]\n(2 rows)\n")  # fmt: skip
        assert function.requests == [{"query": "SELECT 1"}]


@pytest.mark.parametrize("answer, words, out", [
    ({"tables": ["a", "b"]}, ("tables",), "tables\na\nb\n"),
    (["a", "b"], ("tables",), "name\na\nb\n"),
    ({"statusCode": 200, "body": json.dumps(["a"])}, ("tables",), "name\na\n"),
    ({"tables": []}, ("tables",), "tables\n"),
    ({"table": "t", "columns": [{"column_name": "id", "data_type": "integer"}]}, ("schema", "t"),
     "column_name,data_type\nid,integer\n"),
    ({"table": "t", "count": 3}, ("count", "t"), "table,count\nt,3\n"),
    ({"count": 3}, ("count", "t"), "count\n3\n"),
    ({"version": "PostgreSQL 16.6"}, ("version",), "version\nPostgreSQL 16.6\n"),
    ("PostgreSQL 16.6", ("version",), "result\nPostgreSQL 16.6\n"),
])  # fmt: skip
def test_every_shape_of_the_other_actions_is_read(answer, words, out):
    with Function(answer) as function:
        assert succeeded(function.ask(*words, "--format", "csv")) == out


@pytest.mark.parametrize("answer, text", [
    ({"error": "syntax error at or near \"SELEC\""}, 'syntax error at or near "SELEC"\n'),
    ({"statusCode": 400, "body": json.dumps({"error": "bad"})}, "status 400: bad\n"),
    ({"error": {"message": "no such table", "sqlstate": "42P01", "position": 15, "hint": "look"}},
     "no such table (42P01)\nLINE 1: SELECT 1 FROM nope\n                      ^\n  hint: look\n"
     .replace("                      ^", "                      ^")),
    ({"errorMessage": "connect: password=hunter2 refused", "errorType": "OperationalError"},
     "OperationalError: connect: password=*** refused\n"),
])  # fmt: skip
def test_every_shape_of_an_error_is_told(answer, text):
    with Function(answer) as function:
        refused(function.ask("SELECT 1 FROM nope"), 1, "schema-drift: error: " + text)


def test_a_function_that_fails_is_told_with_the_end_of_its_log():
    headers = [("X-Amz-Function-Error", "Unhandled"), ("X-Amz-Log-Result", "Ym9vbQ==")]
    with Function({"errorType": "KeyError", "errorMessage": "'query'"}, headers=headers) as function:
        refused(function.ask("SELECT 1"), 1,
                "schema-drift: error: the function sql-api failed: KeyError: 'query'\n"
                "  detail: its log ends: boom\n")  # fmt: skip


def test_rows_that_were_cut_off_do_not_pass_for_all():
    with Function({**ROWS, "truncated": True}) as function:
        done = function.ask("SELECT 1", "--format", "csv")
        assert done.returncode == 1
        assert done.stderr == (
            "schema-drift: error: the SQL API answered only a part of the rows (truncated is set)\n"
            "  hint: raise the number of rows that the function returns\n")  # fmt: skip


def test_pages_are_asked_for_until_there_are_no_more():
    first = {**ROWS, "next_cursor": "c1"}
    second = {**ROWS, "rows": [[3, "c"]], "row_count": 1}
    with Function(first, second) as function:
        done = function.ask("SELECT 1", "--format", "csv", "--page-rows", "2")
        assert (done.returncode, done.stdout) == (4, "id,name\n1,a\n2,\n3,c\n")
        assert done.stderr == (
            "schema-drift: warning: the pages may not agree: rows that others inserted or deleted in between move "
            "those behind them, which are then missing or twice; a direct connection reads all rows of one moment\n")  # fmt: skip
        assert function.requests == [{"query": "SELECT 1", "max_rows": 2},
                                     {"query": "SELECT 1", "max_rows": 2, "cursor": "c1"}]  # fmt: skip
    with Function({"error": {"type": "answer_too_large", "message": "m"}}, first, second) as function:
        done = function.ask("SELECT 1", "--format", "csv")
        assert (done.returncode, done.stdout) == (4, "id,name\n1,a\n2,\n3,c\n")
        assert done.stderr.startswith(
            "schema-drift: warning: the rows are more than one answer of the function holds: they are read in pages, "
            "each of which sees the table as it is then\nschema-drift: warning: the pages may not agree")  # fmt: skip
    with Function({**ROWS, "next_cursor": "c1"}) as function:
        done = function.ask("SELECT 1")
        assert done.returncode == 1
        assert done.stderr == ("schema-drift: error: the SQL API gave the same cursor twice\n"
                               "  hint: the rows that were printed are not all\n")  # fmt: skip


@pytest.mark.parametrize("answer, text", [
    (b"", "the SQL API answered nothing\n"),
    (b"<html>", "the SQL API answered a text that is not JSON (at byte 1)\n"),
    ({}, "the SQL API answered an empty object\n"),
    ({"rows": [1]}, "the SQL API answered row 1 as a number, not as a list or an object\n"),
    ({"columns": ["a"], "rows": [[1, 2]]}, "the SQL API answered 2 values in row 1 where there should be 1\n"),
    ({"columns": "a", "rows": []}, "the SQL API answered columns that are a string of 1 bytes, not a list\n"),
    ({"statusCode": 302, "body": ROWS},
     "the SQL API answered with status 302, which is neither success nor an error\n"),
])  # fmt: skip
def test_an_answer_that_is_none_is_an_error(answer, text):
    with Function(answer) as function:
        done = function.ask("SELECT 1")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("schema-drift: error: " + text)


def test_a_change_is_sent_once_whatever_happens():
    with Function(b"hang up") as function:
        done = function.ask("--mutate", "--yes", "DELETE FROM t")
        assert (done.returncode, done.stdout) == (2, "")
        assert "; it is not known whether the statement was carried out\n" in done.stderr
        assert done.stderr.endswith(
            "  hint: look at the data or at the audit log before running it again\n")  # fmt: skip
        assert len(function.requests) == 1
        (sent,) = function.requests
        assert sent["sql"] == "DELETE FROM t" and "@" in sent["actor"]
    with Function(b"{}", status=502) as function:
        done = function.ask("--mutate", "--yes", "DELETE FROM t")
        assert done.returncode == 2 and len(function.requests) == 1
        assert "it is not known whether the statement was carried out" in done.stderr
    with Function(b"hang up") as function:
        assert function.ask("SELECT 1").returncode == 2
        assert len(function.requests) > 1


def test_a_change_that_is_interrupted_is_told_as_unknown():
    with Function({"affected_rows": 1}) as function:
        function.delay = 10
        host, port = function._server.server_address
        process = start("query", "--database", "lambda:sql-api", "--mutate", "--yes", "DELETE FROM t", env={
            "AWS_ENDPOINT_URL_LAMBDA": f"http://{host}:{port}", "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIDQUERY", "AWS_SECRET_ACCESS_KEY": "secret"})  # fmt: skip
        deadline = time.monotonic() + 10
        while not function.requests and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=5)
    assert (process.returncode, out) == (1, "")
    assert "interrupted" in err and "it is not known whether the statement was carried out" in err
    assert "nothing was changed" not in err


def test_a_change_in_a_function_that_fails_is_told_as_unknown():
    headers = [("X-Amz-Function-Error", "Unhandled")]
    with Function({"errorMessage": "Task timed out after 3.00 seconds"}, headers=headers) as function:
        done = function.ask("--mutate", "--yes", "DELETE FROM t")
        assert done.returncode == 1
        assert "hint: it is not known whether the statement was carried out" in done.stderr
        with contextlib.suppress(IndexError):
            assert len(function.requests) == 1


def test_a_function_that_knows_no_dry_run_is_asked_for_the_change_alone():
    """It must not take the try for the change: the statement has a key of its own."""
    old = {"error": "Unknown action: dry_run"}
    with Function(old, {"affected_rows": 2}) as function:
        host, port = function._server.server_address
        asking = Terminal("query", "--mutate", "DELETE FROM t", "--database", "lambda:old", env={
            "AWS_ENDPOINT_URL_LAMBDA": f"http://{host}:{port}", "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"})  # fmt: skip
        shown = asking.read_until("Type yes: ")
        assert "How many rows it would change is not known: the function tries no change first." in shown
        asking.type("yes\n")
        assert asking.finish()[0] == 0
    tried, made = function.requests
    assert {key: tried[key] for key in tried if key != "actor"} == {"action": "dry_run", "statement": "DELETE FROM t"}
    assert made["sql"] == "DELETE FROM t"
