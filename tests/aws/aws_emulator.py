"""AWS's own Runtime Interface Emulator around a function, with the interface of LambdaEmulator.

Built from source into the build folder, once, like versitygw in object_store.py; not every Go proxy
gives it. https://github.com/aws/aws-lambda-runtime-interface-emulator
"""

import functools
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from lambda_emulator import Answered, LambdaEmulator
from object_store import go_program
from postgres import free_port
from program import BINARY, environment
from python_venv import build_folder, made_once, run_all

MODULE = "github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie@latest"


@functools.cache
def runtime_interface_emulator():
    """(path of the program, None), or (None, why it cannot be built)."""
    folder = build_folder() / "lambda-rie"
    failure = None
    if not (folder / "complete").exists():
        try:
            go = go_program()  # may make an environment of its own, so before the lock
        except Exception as error:
            return None, str(error)
        variables = {**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod"}
        failure = made_once(folder, lambda: run_all(
            [["nice", go, "install", MODULE]], timeout=900, env=variables))  # fmt: skip
    return (None, failure) if failure is not None else (folder / "aws-lambda-rie", None)


class RuntimeInterfaceEmulator:
    """Its Invoke knows one function, called `function`, and sends no X-Amz-Function-Error: an error's
    payload is all there is."""

    environment = LambdaEmulator.environment

    def __init__(self, words=("sql-api",), env=None, timeout=30, program=None):
        self._command = [program or BINARY, *words]
        self._env, self.timeout = env or {}, timeout

    def __enter__(self):
        program, failure = runtime_interface_emulator()
        assert program is not None, failure
        self._folder = tempfile.TemporaryDirectory(prefix="sd-rie-")
        self.log_file = pathlib.Path(self._folder.name) / "log"
        port, api = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}"
        with open(self.log_file, "wb") as log:
            # A group of its own, because it starts the function as a child.
            self.process = subprocess.Popen(
                [str(program), "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
                 "--runtime-api-address", f"127.0.0.1:{api}", *map(str, self._command)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=environment(**self._env, AWS_LAMBDA_FUNCTION_TIMEOUT=str(self.timeout)))  # fmt: skip
        end = time.monotonic() + 20
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                text = self.log_file.read_text(errors="replace")
                self.__exit__()
                raise RuntimeError(f"the Runtime Interface Emulator did not start:\n{text}")
            time.sleep(0.05)
        return self

    def _answers(self):
        try:
            urllib.request.urlopen(self.url, timeout=2)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._folder.cleanup()

    def invoke(self, payload, trace_id="Root=1-5759e988-bd862e3fe1be46a994272793"):
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        request = urllib.request.Request(
            f"{self.url}/2015-03-31/functions/function/invocations", data=data,
            headers={"X-Amzn-Trace-Id": trace_id})  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=self.timeout + 10) as response:
                status, body = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
        failed = b'"errorType"' in body[:10_000] or status >= 400 or body.startswith(b"Task timed out")
        return Answered(status, "Unhandled" if failed else "", body, self.log_file.read_bytes()[-4096:])
