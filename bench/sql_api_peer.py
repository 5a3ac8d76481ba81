"""The SQL API as a team would write it in Python: psycopg, with its C implementation, under AWS's own
runtime client. bench/sql_api measures schema-drift beside it.

    DATABASE_URL=postgresql://... python -m awslambdaric sql_api_peer.handler

The same contract for a query: read-only by the database, bound parameters, a statement timeout under
the function's deadline, a connection that is kept, rows as lists, values as schema-drift writes them
(numeric and large integers as strings, times in ISO 8601, bytes in Base64), structured errors. What
schema-drift does beyond that (a limit on the answer, pages, refusing statements that would leave the
transaction) is left out here.
"""

import base64
import datetime
import decimal
import os
import uuid

import psycopg

SAFE_INTEGER = 2**53

_connection = None


def connection():
    global _connection
    if _connection is None or _connection.closed or _connection.broken:
        _connection = psycopg.connect(os.environ["DATABASE_URL"], application_name="sql-api")
        _connection.read_only = True
    return _connection


def plain(value):
    """`value` as JSON can hold it without loss."""
    if value is None or isinstance(value, (str, bool, float, dict, list)):
        return value
    if isinstance(value, int):
        # A client that reads numbers as doubles would lose digits.
        return value if -SAFE_INTEGER <= value <= SAFE_INTEGER else str(value)
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(value).decode()
    return str(value)


def query(event, context):
    session = connection()
    try:
        with session.cursor() as cursor:
            milliseconds = max(context.get_remaining_time_in_millis() - 500, 1)
            cursor.execute(f"SET LOCAL statement_timeout = {milliseconds}")
            cursor.execute(event["query"], event.get("params"))
            columns = [column.name for column in cursor.description]
            rows = [[plain(value) for value in row] for row in cursor.fetchall()]
    finally:
        session.rollback()
    return {"columns": columns, "rows": rows, "row_count": len(rows)}


def execute_many(event):
    session = connection()
    session.read_only = False
    try:
        with session.cursor() as cursor:
            cursor.executemany(event["query"], event["params"])
            affected = cursor.rowcount
        session.commit()
    finally:
        session.rollback()
        session.read_only = True
    return {"affected_rows": affected}


def handler(event, context):
    try:
        return execute_many(event) if event.get("operation") == "execute_many" else query(event, context)
    except psycopg.Error as error:
        told = error.diag
        return {"error": {"type": "sql_failed", "sqlstate": error.sqlstate,
                          "message": told.message_primary or str(error), "hint": told.message_hint,
                          "position": told.statement_position}}
