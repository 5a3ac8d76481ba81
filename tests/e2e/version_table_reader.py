"""Runs read_version_table and looks at what it says, for the test_production_* suites."""

import json
import os
import pathlib
import subprocess
import time

from postgres import clean_environment

BUILD = pathlib.Path(os.environ.get("SCHEMA_DRIFT_BUILD", "build/release"))
READER = BUILD / "tests" / "read_version_table"

TABLE = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);"
TWO_ROWS = TABLE + "INSERT INTO alembic_version VALUES ('b2'), ('a1');"
# A view that keeps whoever reads it waiting at the server.
SLOW_VIEW = "CREATE VIEW alembic_version AS SELECT pg_sleep(30)::text AS version_num"


class Answer:
    def __init__(self, text, code):
        document = json.loads(text)
        self.error = document.get("error")
        self.code = code
        self.table = document
        self.text = text

    def __getattr__(self, name):
        assert self.error is None, self.error
        return self.table[name]

    def refuses(self, kind, message, hint, retryable=False):
        assert self.error == {
            "kind": kind,
            "message": message,
            "hint": hint,
            "retryable": retryable,
        }
        assert self.code == 2


def start(url, table="alembic_version", schema="", timeout_ms=60_000, **environment):
    environment.setdefault("HOME", "/nonexistent")
    return subprocess.Popen(
        [READER, url, table, schema, str(timeout_ms)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=clean_environment(**environment))  # fmt: skip


def finish(process):
    out, err = process.communicate(timeout=60)
    assert err == ""
    assert process.returncode in (0, 2), (process.returncode, out)
    return Answer(out, process.returncode)


def read(url, *arguments, **options):
    return finish(start(url, *arguments, **options))


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def grant_reader(cluster, database, table="alembic_version"):
    cluster.psql(f"GRANT SELECT ON {table} TO reader", db=database)


def place(cluster, database):
    return f"{database} on {cluster.folder}"


def sessions_of_ours(cluster, condition="true"):
    return int(
        cluster.psql(
            "SELECT count(*) FROM pg_stat_activity "
            f"WHERE application_name = 'schema-drift' AND {condition}"
        )
    )
