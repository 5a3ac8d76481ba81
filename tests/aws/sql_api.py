"""The SQL API as a function of the test, with real SQL: a Lambda inside the VPC, in short.

    aws.function("sql-api", SqlApi(cluster, "app"))

Answers in each of the envelopes that deployments use.
"""

import json

import pg8000.native


class SqlApi:
    """`envelope`: bare, object, text. `rows`: lists or objects. `errors`: text, object, status.
    `tcp`: reaches the server by its address, as a function in a VPC does."""

    def __init__(self, cluster, database, user="owner", envelope="bare", rows="lists", errors="object", tcp=False):
        self._where = ({"host": "127.0.0.1", "port": cluster.port} if tcp else
                       {"unix_sock": f"{cluster.folder}/.s.PGSQL.{cluster.port}"})  # fmt: skip
        self._database, self._user = database, user
        self._envelope, self._rows, self._errors = envelope, rows, errors

    def __call__(self, payload):
        if not isinstance(payload, dict) or "query" not in payload:
            return self._enveloped({"error": "unknown action"}, 400)
        try:
            connection = pg8000.native.Connection(self._user, database=self._database, **self._where)
            try:
                rows = connection.run(payload["query"])
                columns = [column["name"] for column in connection.columns or []]
            finally:
                connection.close()
        except pg8000.exceptions.DatabaseError as error:
            return self._failure(error.args[0])
        if self._rows == "objects":
            rows = [dict(zip(columns, row)) for row in rows]
        # Decimals, dates and UUIDs become text, as in most JSON encoders of such functions.
        answer = json.loads(json.dumps(
            {"columns": columns, "rows": rows, "row_count": len(rows)}, default=str))  # fmt: skip
        return self._enveloped(answer, 200)

    def _failure(self, fields):
        if self._errors == "text":
            return self._enveloped({"error": fields["M"]}, 200)
        error = {"error": {"message": fields["M"], "sqlstate": fields["C"]}}
        return self._enveloped(error, 500 if self._errors == "status" else 200)

    def _enveloped(self, answer, status):
        if self._envelope == "bare":
            return answer
        body = json.dumps(answer) if self._envelope == "text" else answer
        return {"statusCode": status, "body": body}
