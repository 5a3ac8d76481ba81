"""`schema-drift query` on a terminal: a person types, over libpq and through the function alike."""

import os
import re
import signal
import stat
import termios
import time

import pytest

from terminal import Terminal
from test_sql_api_server import Serving

AWS = {"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDSHELL", "AWS_SECRET_ACCESS_KEY": "secret"}
PROMPT, MORE = "=> ", "-> "


@pytest.fixture(scope="module")
def served(cluster, tmp_path_factory):
    """A database, and the function in front of it."""
    cluster.psql("CREATE DATABASE typed")
    cluster.psql(
        "CREATE TABLE people (id int PRIMARY KEY, name text, height numeric); CREATE SCHEMA other;"
        "INSERT INTO people VALUES (1, 'Ada', 1.65), (2, NULL, NULL), (3, '', 2);"
        'CREATE TABLE other."Odd Name" (id int, person int REFERENCES people); CREATE TABLE "Mixed" (id int UNIQUE);'
        "CREATE TABLE numbered (id serial PRIMARY KEY, note text); CREATE INDEX by_note ON numbered (note)", db="typed")  # fmt: skip
    audit = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    with Serving("--database", cluster.url(db="typed"), "--allow-mutations", "--audit", audit) as server:
        yield server, audit
    cluster.psql("DROP DATABASE typed WITH (FORCE)")


class Typing(Terminal):
    """`say` types a line and gives what was shown before the next prompt."""

    def __init__(self, *words, env):
        super().__init__("query", *words, env=env)
        self.begin()

    def begin(self):
        self.greeting = self.until(PROMPT)

    def until(self, *texts, timeout=20):
        end = time.monotonic() + timeout
        seen = getattr(self, "seen", 0)
        while True:
            fresh = self.shown[seen:]
            if any(fresh.endswith(text) for text in texts):
                self.seen = len(self.shown)
                return fresh
            assert time.monotonic() < end, repr(fresh)
            assert self._read(0.05), repr(fresh)

    def say(self, text, *until):
        self.type(text + "\n")
        shown = self.until(*(until or (PROMPT,)))
        # What is typed before the terminal is the editor's is echoed twice.
        answer = shown.rpartition(text + "\n")[2]
        return answer[: answer.rfind("\n") + 1]


@pytest.fixture
def typing(served, cluster, tmp_path):
    begun = []

    def begin(*words, through="libpq", **env):
        server, audit = served
        where = "lambda:sql-api" if through == "function" else cluster.url(db="typed")
        options = () if through == "function" else ("--audit", audit)
        shell = Typing("--database", where, *options, *words,
                       env={**AWS, "AWS_ENDPOINT_URL_LAMBDA": server.url, "XDG_STATE_HOME": str(tmp_path / "state"), "NO_COLOR": "1",
                            "PAGER": "", "HOME": str(tmp_path), **env})  # fmt: skip
        begun.append(shell)
        return shell

    yield begin
    for shell in begun:
        if shell.process.poll() is None:
            shell.process.kill()
            shell.process.wait()


@pytest.fixture(params=["libpq", "function"])
def shell(request, typing):
    return typing("--mutate", through=request.param)


def test_statements_and_commands(shell):
    assert ", PostgreSQL 1" in shell.greeting and "made after a yes" in shell.greeting
    assert shell.say("SELECT * FROM people ORDER BY id;") == (
        " id |  name  | height\n----+--------+--------\n  1 | Ada    |   1.65\n"
        "  2 | [null] | [null]\n  3 |        |      2\n(3 rows)\n")  # fmt: skip
    shell.say("SELECT 'a;", MORE)
    shell.say("b' AS text, -- ;", MORE)
    assert shell.say(" 2 AS n; SELECT 3 AS m;") == " text  | n\n-------+---\n a;\\nb | 2\n(1 row)\n m\n---\n 3\n(1 row)\n"
    assert shell.say("\\x") == "Expanded display is on.\n"
    assert shell.say("SELECT NULL AS nothing, '' AS empty;") == (
        "-[ RECORD 1 ]---------------------------\nnothing | [null]\nempty   |\n")  # fmt: skip
    described = shell.say("\\d people")
    assert re.search(r"^ height +\| numeric +\| t ", described, re.MULTILINE), "a table, whatever \\x says"
    assert "Indexes:\n    CREATE UNIQUE INDEX people_pkey ON public.people USING btree (id)\n" in described
    assert "Constraints:\n    people_pkey: PRIMARY KEY (id)\n" in described
    assert 'Referred to by:\n    other."Odd Name", Odd Name_person_fkey: FOREIGN KEY (person) REFERENCES people(id)\n' in described
    assert "person" in shell.say('\\d other."Odd Name"')
    assert 'UNIQUE INDEX "Mixed_id_key"' in shell.say("\\d Mixed"), "found as the columns are"
    for command in ("\\dt", "\\d"):
        tables = shell.say(command)
        assert "public" in tables and "people" in tables and "Odd Name" in tables
    assert shell.say("\\x") == "Expanded display is off.\n"
    assert shell.say("\\timing") == "Timing is on.\n"
    assert re.search(r"^Time: \d+\.\d{3} ms$", shell.say("SELECT 1 AS a;"), re.MULTILINE)
    assert "\\timing" in shell.say("\\?")
    shell.type("\\q\n")
    assert shell.finish()[0] == 0


def test_errors_do_not_end_it(shell):
    assert shell.say("SELECT nope;").startswith('schema-drift: error: column "nope" does not exist (42703)\nLINE 1: SELECT nope\n')
    assert shell.say("\\nope x") == "schema-drift: error: unknown command \\nope\n  hint: \\? lists those that there are\n"
    assert shell.say("\\i") == "schema-drift: error: \\i needs the name of a file\n  hint: \\i FILE\n"
    assert shell.say("\\i /no/where") == ("schema-drift: error: cannot read /no/where\n"
                                          "  hint: \\i names a file with statements\n")  # fmt: skip
    assert "COMMIT is not allowed here" in shell.say("COMMIT;")
    assert shell.say("\\d nowhere").startswith("schema-drift: error: there is no table nowhere")
    assert "(1 row)" in shell.say("SELECT 1;")
    shell.type("\x04")
    assert shell.finish()[0] == 0


def test_values_have_names(shell, tmp_path):
    assert shell.say("SELECT :n;") == ("schema-drift: error: the statement's :n has no value\n"
                                       "  hint: \\set n VALUE gives it one\n")  # fmt: skip
    shell.say("\\set n 41")
    assert shell.say("\\set") == "n = 41\n"
    assert " 42\n" in shell.say("SELECT :n::int + 1 AS n;")
    (tmp_path / "a.sql").write_text("SELECT :n AS first;\nSELECT 'second' AS second")
    out = shell.say(f"\\i {tmp_path}/a.sql")
    assert " 41\n" in out and " second\n" in out
    (tmp_path / "b.sql").write_text("SELECT 1; SELECT 'open")
    assert shell.say(f"\\i {tmp_path}/b.sql").endswith("  hint: nothing of it was run\n")
    shell.say("\\unset n")
    assert "has no value" in shell.say("SELECT :n;")


def test_a_change_is_tried_and_asked_for(shell, cluster):
    cluster.psql("TRUNCATE numbered RESTART IDENTITY", db="typed")
    asked = shell.say("INSERT INTO numbered (note) VALUES ('a'), ('b');", "Type yes: ")
    assert "  INSERT INTO numbered (note) VALUES ('a'), ('b')\n\n2 rows would change. Tried and taken back" in asked
    assert shell.say("no") == "not run\n"
    assert cluster.psql("SELECT count(*) FROM numbered", db="typed") == "0"
    shell.say("INSERT INTO numbered (note) VALUES ('c');", "Type yes: ")
    assert shell.say("yes") == "(1 row affected)\n"
    assert cluster.psql("SELECT id, note FROM numbered", db="typed") == "4|c", "the tries took values of the sequence"
    assert "duplicate key" in shell.say("INSERT INTO numbered VALUES (4);"), "what fails is not asked for"
    assert "It runs; how many rows it changes is not told." in shell.say("SELECT setval('numbered_id_seq', 100);", "Type yes: ")
    assert " 100\n" in shell.say("yes"), "what a SELECT changes"
    assert "pg_terminate_backend" in shell.say("SELECT pg_terminate_backend(1);"), "no change may call it either"
    shell.say("DELETE FROM numbered;", "Type yes: ")
    shell.type("\x03")
    assert "nobody confirmed the statement\n  hint: it was not run\n" in shell.until(PROMPT)
    assert cluster.psql("SELECT count(*) FROM numbered", db="typed") == "1"


def test_without_mutate_it_only_reads(typing, cluster):
    shell = typing()
    assert "Statements only read" in shell.greeting
    for statement in ("DELETE FROM people;", "WITH d AS (DELETE FROM people RETURNING 1) SELECT * FROM d;"):
        assert shell.say(statement) == (
            "schema-drift: error: the statement changes something, and this session only reads\n"
            "  hint: schema-drift query --mutate begins one that asks before each change\n")  # fmt: skip
    assert cluster.psql("SELECT count(*) FROM people", db="typed") == "3"


def test_ctrl_c_ends_the_statement_and_not_the_session(typing, cluster):
    shell = typing()
    active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(62)%' AND state = 'active' AND pid <> pg_backend_pid()"

    def wait_for(count):
        end = time.monotonic() + 10
        while cluster.psql(active) != count:
            assert time.monotonic() < end
            time.sleep(0.05)

    shell.type("SELECT pg_sleep(62);\n")
    wait_for("1")
    begin = time.monotonic()
    shell.type("\x03")
    assert "interrupted" in shell.until(PROMPT)
    assert time.monotonic() - begin < 3
    wait_for("0")
    shell.say("SELECT 'half", MORE)
    shell.type("\x03")
    assert shell.until(PROMPT).endswith("^C\ntyped=> ")
    shell.type("SELECT half a line\x03")
    shell.until("^C\ntyped=> ")
    assert " 1\n" in shell.say("SELECT 1 AS a;")


def test_a_statement_has_its_time(typing):
    shell = typing("--timeout", "2")
    assert re.search("canceling statement due to statement timeout|timed out", shell.say("SELECT pg_sleep(60);"))
    assert "(1 row)" in shell.say("SELECT 1;"), "the session, which is older than that, has none"


def test_sigterm_ends_it_and_gives_the_terminal_back(typing):
    shell = typing()
    shell.process.terminate()
    assert shell.finish()[0] == 0


def test_what_is_typed_again_is_found(typing, tmp_path):
    first = typing()
    first.say("SELECT 'remembered' AS a;")
    first.say("SELECT 1,", MORE)
    first.say("2;")
    first.say("\\set secret hunter2")
    first.say("CREATE ROLE x", MORE)
    first.say("PASSWORD 'hunter2';")
    first.say("SELECT * FROM dblink('postgresql://a:hunter2@example.com/b');")
    first.type("\\q\n")
    first.finish()
    file = tmp_path / "state/schema-drift/query_history"
    assert file.read_text() == "SELECT 'remembered' AS a;\nSELECT 1,\n2;\n\\q\n"
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(file.parent).st_mode) == 0o700
    second = typing()
    assert " remembered\n" in second.say("\x1b[A\x1b[A\x1b[A\x1b[A")


def test_a_history_that_cannot_be_trusted_is_left_alone(typing, tmp_path):
    folder = tmp_path / "state/schema-drift"
    folder.mkdir(parents=True)
    (tmp_path / "elsewhere").write_text("SELECT 'from elsewhere';\n")
    (folder / "query_history").symlink_to(tmp_path / "elsewhere")
    shell = typing()
    assert "what is typed is not remembered: " in shell.say("SELECT 1;")
    assert "not remembered" not in shell.say("SELECT 2;")
    assert (tmp_path / "elsewhere").read_text() == "SELECT 'from elsewhere';\n"


def test_names_are_completed(shell):
    shell.type("SELECT hei\t FROM peo\t;\n")
    shown = shell.until(PROMPT)
    assert "1.65" in shown and "(3 rows)" in shown, shown
    shell.type(" FROM people p WHERE p.id = 1;\x01sel\tp.na\t\n")
    assert " Ada\n" in shell.until(PROMPT)
    shell.type('SELECT * FROM other.\t;\n')
    assert "(0 rows)" in shell.until(PROMPT)
    shell.type("\\d num\t\n")
    assert "by_note" in shell.until(PROMPT)
    shell.type("SELECT 'peo\t';\n")
    assert "people" not in shell.until(PROMPT)


def test_what_is_longer_than_the_screen_goes_through_the_pager(typing, tmp_path):
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho \"paged $1\"\nhead -n 3\n")
    pager.chmod(0o755)
    shell = typing(PAGER=f"{pager} 'by sh'")
    out = shell.say("SELECT g FROM generate_series(1, 1000000) AS g;")
    assert re.fullmatch(r"paged by sh\n +g\n-+\n +1\n", out), out
    assert shell.say("SELECT 1 AS a;") == " a\n---\n 1\n(1 row)\n", "a short answer needs none"


def test_less_is_the_pager_and_leaves_short_answers_on_the_screen(typing):
    shell = typing(PAGER="less", LESS="")
    shell.type("SELECT g FROM generate_series(1, 100) AS g;\n")
    shell.until(":\x1b[K", ":")
    shell.type("q")
    shell.until(PROMPT)
    assert "(1 row)" in shell.say("SELECT 1;")


def test_unicode_is_edited_as_characters(typing):
    shell = typing()
    shell.type("SELECT 'ñ日x\x7f\x7fé' AS a;\n")
    assert " ñé\n" in shell.until(PROMPT)


def test_it_goes_on_where_it_was_stopped(typing):
    """Ctrl-Z and fg: the shell in between had the terminal as it likes it."""
    shell = typing()
    shell.type("SELECT 4")
    shell.until("SELECT 4")
    shell.process.send_signal(signal.SIGSTOP)
    modes = termios.tcgetattr(shell.fd)
    modes[3] |= termios.ICANON | termios.ECHO
    termios.tcsetattr(shell.fd, termios.TCSANOW, modes)
    shell.process.send_signal(signal.SIGCONT)
    shell.until("typed=> SELECT 4")
    shell.type("2\x7f1 AS a;\n")
    assert " 41\n" in shell.until(PROMPT)


def test_nothing_in_the_database_moves_the_cursor(typing):
    shell = typing()
    out = shell.say("SELECT E'\\x1b[2J\\u009b2J\\u202e' AS \"a\\b\";")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out), repr(out)


def test_a_database_that_cannot_be_reached_is_exit_code_2(cluster):
    gone = Terminal("query", "--database", "postgresql://owner@localhost:1/x")
    code, shown = gone.finish()
    assert code == 2 and "onnection refused" in shown


@pytest.mark.parametrize("word", ["--yes", "--dry-run", "--param=x"])
def test_what_belongs_to_a_statement_needs_one(cluster, word):
    code, shown = Terminal("query", "--database", cluster.url(), word).finish()
    assert code == 64
    assert shown == (f"schema-drift: error: {word.partition('=')[0]} needs a statement\n"
                     "  hint: give one statement: schema-drift query 'SELECT ...'\n")  # fmt: skip
