"""Single AWS calls of schema-drift: a session that stays open, one JSON line a call."""

import json
import os
import pathlib
import subprocess

from python_venv import build_folder


class Failed(Exception):
    """The Error of a call: fault, message, hint, retryable."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.fault, self.message, self.hint = error["fault"], error["message"], error["hint"]
        self.retryable = error["retryable"]


class Calls:
    def __init__(self, environment, **settings):
        program = pathlib.Path(build_folder()) / "tests" / "aws_call"
        kept = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS")
                if name in os.environ}  # fmt: skip
        self._process = subprocess.Popen(
            [program, json.dumps(settings)], env=kept | {"HOME": "/nonexistent"} | environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
        self.output = ""  # all that it ever printed

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self._process.stdin.close()
        self.output += self._process.stdout.read()
        errors = self._process.stderr.read()
        code = self._process.wait(30)
        self._process.stdout.close()
        self._process.stderr.close()
        assert kind or (code == 0 and errors == ""), f"exit code {code}: {errors}"

    def __call__(self, operation, **question):
        self._process.stdin.write(json.dumps({"operation": operation, **question}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError("aws_call ended: " + self._process.stderr.read())
        self.output += line
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["result"]


def call(environment, operation, **question):
    """One call in a session of its own."""
    with Calls(environment) as calls:
        return calls(operation, **question)
