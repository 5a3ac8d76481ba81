"""Asks the SQL API's handler, for the test_sql_api_* suites.

    with SqlApi(cluster.url()) as api:
        api.ask(query="SELECT 1")["rows"]
        api.refuses({"query": "COMMIT"}, "refused", "COMMIT is not allowed here")

Every request that is answered with rows, and every answer, must satisfy docs/sql-api.schema.json.
"""

import json
import os
import pathlib
import subprocess

import jsonschema

from postgres import clean_environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("SCHEMA_DRIFT_BUILD", "build/release")) / "tests" / "call_sql_api"
CONTRACT = json.loads((ROOT / "docs/sql-api.schema.json").read_text())


def validator(name):
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": CONTRACT["$defs"]})


def records(audit):
    """What stands in an audit log that is a file."""
    return [json.loads(line) for line in audit.read_text().splitlines()]


REQUEST, ANSWER, PROXY_BODY = validator("request"), validator("answer"), validator("proxy_body")


def body_of(answer):
    """What the envelope of the DB proxy holds, where there is one."""
    if "statusCode" not in answer:
        return answer
    body = json.loads(answer["body"])
    PROXY_BODY.validate(body)
    assert (answer["statusCode"] == 200) == ("result" in body)
    return body


class SqlApi:
    """`options` as in call_sql_api.cc; `allow` are functions; `environment` is a dictionary."""

    def __init__(self, url, *allow, environment=None, **options):
        words = [f"allow={name}" for name in allow] + [f"{name}={value}" for name, value in options.items()]
        self.process = subprocess.Popen(
            [PROGRAM, url, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            env=clean_environment(**{"HOME": "/nonexistent", **(environment or {})}))  # fmt: skip
        self.log = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the handler; what it wrote to standard error."""
        if self.process.stdin.closed:
            return self.log
        self.process.stdin.close()
        self.log = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        assert self.process.wait(timeout=30) in (0, 2)
        return self.log

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def receive(self):
        """The bytes of the next answer, and the answer."""
        text = self.process.stdout.readline()
        assert text, "no answer: " + self.process.stderr.read()
        answer = json.loads(text)
        ANSWER.validate(answer)
        body_of(answer)
        return text, answer

    def refusal(self, line):
        """Why the line is no request; "" where it is one. Nothing is asked of the database."""
        self.send("?" + line)
        return self.process.stdout.readline().rstrip("\n")

    def raw(self, line):
        self.send(line)
        return self.receive()[1]

    def call(self, request):
        answer = self.raw(json.dumps(request))
        body = body_of(answer)
        error = body.get("error", {})
        if (error if isinstance(error, dict) else body).get("type") != "invalid_request":
            REQUEST.validate(request)
        return answer

    def ask(self, **request):
        answer = self.call(request)
        assert "error" not in answer, answer
        return answer

    def rows(self, query, **request):
        return self.ask(query=query, **request)["rows"]

    def value(self, query, **request):
        ((value,),) = self.rows(query, **request)
        return value

    def error(self, **request):
        return self.call(request)["error"]

    def refuses(self, request, type_, message, hint=None, **more):
        error = {"type": type_, "message": message, **({"hint": hint} if hint else {}), **more}
        answered = self.call(request) if isinstance(request, dict) else self.raw(request)
        assert answered == {"error": error}

    def advance(self, seconds):
        """Moves the clock of a handler that was given a time to this one."""
        self.send(f"@{seconds}")
