"""Runs bodies of upgrade() by Alembic against PostgreSQL, each in a transaction that is rolled back,
and tells what a second session sees: the locks on tables that were there before, and which of them
have another file now. Standard input: {"url", "setup", "cases": [body]}; standard output: a list."""

import json
import sys

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

TABLES = """
    SELECT c.oid, CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname, c.relfilenode
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm', 'v') AND n.nspname IN ('public', 'app')
"""
LOCKS = "SELECT relation, mode FROM pg_locks WHERE pid = %d AND locktype = 'relation' AND granted"
STRENGTH = ["AccessShare", "RowShare", "RowExclusive", "ShareUpdateExclusive", "Share", "ShareRowExclusive",
            "Exclusive", "AccessExclusive"]  # fmt: skip
HEAD = "import sqlalchemy as sa\nfrom alembic import op\nfrom sqlalchemy.dialects import postgresql\n"


def seen(connection, watcher, body):
    before = {oid: (name, file) for oid, name, file in watcher.exec_driver_sql(TABLES)}
    pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
    transaction = connection.begin() if not connection.in_transaction() else connection.get_transaction()
    error = None
    context = MigrationContext.configure(connection)
    try:
        with Operations.context(context):
            exec(compile(HEAD + body, "<case>", "exec"), {})
    except sa.exc.DBAPIError as failure:
        error = failure.orig.pgcode
    if error is not None:
        transaction.rollback()
        return {"error": error}
    locks = {}
    for oid, mode in watcher.exec_driver_sql(LOCKS % pid):
        if oid not in before:
            continue
        name = before[oid][0]
        strength = STRENGTH.index(mode.removesuffix("Lock"))
        locks[name] = max(locks.get(name, 0), strength)
    after = {oid: file for oid, _, file in connection.exec_driver_sql(TABLES)}
    rewritten = sorted(name for oid, (name, file) in before.items() if oid in after and after[oid] != file)
    transaction.rollback()
    return {"locks": {name: STRENGTH[strength] for name, strength in locks.items()}, "rewritten": rewritten}


def main():
    given = json.load(sys.stdin)
    engine = sa.create_engine(given["url"])
    with engine.connect() as connection, engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watcher:
        watcher.exec_driver_sql(given["setup"])
        json.dump([seen(connection, watcher, body) for body in given["cases"]], sys.stdout)


main()
