"""Lambda around one function: the Runtime API on one side, Invoke on the other.

    with LambdaEmulator(["sql-api"], {"SCHEMA_DRIFT_DATABASE": url}) as function:
        function.invoke({"query": "SELECT 1"})
        run("check", "--database", "lambda:function", env=function.environment())

`LambdaEmulator` does what AWS documents, with the failures that a test wants to see: a function that
exits, times out, does not start or answers too much.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
`RuntimeInterfaceEmulator` is AWS's own (aws_emulator.py), where the Go proxy has it.
"""

import base64
import contextlib
import http.server
import json
import pathlib
import queue
import signal
import subprocess
import tempfile
import threading
import time
import uuid

from program import BINARY, environment

MOST_ANSWER = 6 * 1024 * 1024 + 100
PATH = "/2018-06-01/runtime"


class Answered:
    """What Invoke gives: `status`, `function_error` ("" for none), `payload`, `log`."""

    def __init__(self, status, function_error, payload, log=b""):
        self.status, self.function_error, self.payload, self.log = status, function_error, payload, log

    @property
    def json(self):
        return json.loads(self.payload)


class _Invocation:
    def __init__(self, payload, timeout, trace_id):
        self.id, self.payload, self.trace_id = str(uuid.uuid4()), payload, trace_id
        self.deadline = time.time() + timeout
        self.done = threading.Event()
        self.payload_back = self.error_type = None

    def finish(self, payload, error_type=None):
        if not self.done.is_set():
            self.payload_back, self.error_type = payload, error_type
            self.done.set()


class LambdaEmulator:
    """One environment: one invocation at a time; the process is kept from one to the next, and a new
    one is started after a failure that Lambda answers so. `starts` counts them."""

    def __init__(self, words=("sql-api",), env=None, timeout=30, program=None):
        self._command = [program or BINARY, *words]
        self._env, self.timeout = env or {}, timeout
        self._next = queue.Queue()
        self._current = None
        self._one_at_a_time = threading.Lock()
        self.process, self.starts = None, 0
        self.init_error = None
        self.refused = []  # (path, status) of every POST that was not taken
        self.most_answer = MOST_ANSWER

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="sd-lambda-")
        self.log_file = pathlib.Path(self._folder.name) / "log"
        self.log_file.touch()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.authority = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.authority}"
        return self

    def __exit__(self, *_):
        self._end(signal.SIGTERM)
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()

    # The process.

    def start(self):
        """A fresh environment, as for a first invocation."""
        self.starts += 1
        self.init_error = None
        self._ready = threading.Event()
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment(**self._env, AWS_LAMBDA_RUNTIME_API=self.authority))  # fmt: skip

    def _end(self, how=signal.SIGKILL):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        code = None if self.process is None else self.process.returncode
        self.process = None
        return code

    # Invoke.

    def invoke(self, payload, trace_id="Root=1-5759e988-bd862e3fe1be46a994272793"):
        """`payload`: bytes as they are, anything else as JSON."""
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        with self._one_at_a_time:
            return self._invoke(data, trace_id)

    def _invoke(self, data, trace_id):
        begin = self.log_file.stat().st_size
        if self.process is None or self.process.poll() is not None:
            self.start()
        invocation = self._current = _Invocation(data, self.timeout, trace_id)
        self._next.put(invocation)
        end = time.monotonic() + self.timeout
        while not invocation.done.wait(0.02):
            if self.process.poll() is not None:
                self._forget()
                code = self._end()
                if self.init_error is not None:
                    invocation.finish(self.init_error, "Unhandled")
                    break
                status = f"signal: {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
                invocation.finish(json.dumps({
                    "errorType": "Runtime.ExitError",
                    "errorMessage": f"RequestId: {invocation.id} Error: Runtime exited with error: "
                                    f"{status}"}).encode(), "Unhandled")  # fmt: skip
            elif time.monotonic() > end:
                self._forget()
                self._end()
                invocation.finish(json.dumps({
                    "errorType": "Sandbox.Timedout",
                    "errorMessage": f"RequestId: {invocation.id} Error: Task timed out after "
                                    f"{self.timeout:.2f} seconds"}).encode(), "Unhandled")  # fmt: skip
        with open(self.log_file, "rb") as log:
            log.seek(begin)
            tail = log.read()[-4096:]
        return Answered(200, invocation.error_type or "", invocation.payload_back, tail)

    def _forget(self):
        with contextlib.suppress(queue.Empty):
            while True:
                self._next.get_nowait()

    def environment(self):
        """For a client whose functions are all this one."""
        return {
            "AWS_ENDPOINT_URL_LAMBDA": self.url, "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIDEMULATOR", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}  # fmt: skip

    # The Runtime API.

    def _handler(outer):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1  # head and body leave together

            def log_message(self, *_):
                pass

            def _send(self, status, body=b"", headers=()):
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()

            def do_GET(self):
                if self.path != f"{PATH}/invocation/next":
                    return self._send(404)
                process = outer.process
                while True:
                    try:
                        invocation = outer._next.get(timeout=0.2)
                        break
                    except queue.Empty:
                        if outer.process is not process or process.poll() is not None:
                            self.close_connection = True
                            return None
                self._send(200, invocation.payload, [
                    ("Lambda-Runtime-Aws-Request-Id", invocation.id),
                    ("Lambda-Runtime-Deadline-Ms", str(int(invocation.deadline * 1000))),
                    ("Lambda-Runtime-Invoked-Function-Arn",
                     "arn:aws:lambda:eu-central-1:123456789012:function:function"),
                    ("Lambda-Runtime-Trace-Id", invocation.trace_id),
                    ("Content-Type", "application/json")])  # fmt: skip
                return None

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path.startswith("/2015-03-31/functions/"):
                    return self._invoke(body)
                status = outer._take(self.path, body)
                if status != 202:
                    outer.refused.append((self.path, status))
                return self._send(status)

            def _invoke(self, body):
                answered = outer.invoke(body)
                headers = [("X-Amz-Executed-Version", "$LATEST")]
                if answered.function_error:
                    headers.append(("X-Amz-Function-Error", answered.function_error))
                if self.headers.get("X-Amz-Log-Type") == "Tail":
                    headers.append(("X-Amz-Log-Result", base64.b64encode(answered.log).decode()))
                self._send(answered.status, answered.payload, headers)

        return Handler

    def _take(self, path, body):
        if path == f"{PATH}/init/error":
            self.init_error = body
            return 202
        current = self._current
        if current is None or current.done.is_set():
            return 403
        if path == f"{PATH}/invocation/{current.id}/error":
            current.finish(body, "Unhandled")
            return 202
        if path != f"{PATH}/invocation/{current.id}/response":
            return 400
        if len(body) > self.most_answer:
            current.finish(json.dumps({
                "errorType": "Function.ResponseSizeTooLarge",
                "errorMessage": "Response payload size exceeded maximum allowed payload size "
                                f"({self.most_answer} bytes)."}).encode(), "Unhandled")  # fmt: skip
            return 413
        current.finish(body)
        return 202
