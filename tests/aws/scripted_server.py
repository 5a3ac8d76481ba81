"""A server that answers what the test says, for answers that AWS gives rarely and moto never."""

import http.server
import threading


class Scripted:
    """Answers (status, headers, body) in turn, the last one for ever; `requests` has what came as
    (method, target, headers by lower-case name, body)."""

    def __init__(self, *answers):
        self.answers, self.requests = list(answers), []

    def __enter__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def _answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.requests.append(
                    (self.command, self.path, {n.lower(): v for n, v in self.headers.items()}, body))  # fmt: skip
                number = min(len(outer.requests), len(outer.answers)) - 1
                status, headers, answer = outer.answers[number]
                if callable(answer):
                    answer = answer(outer.requests[-1])
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_PUT = do_POST = _answer

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def environment(self):
        return {
            "AWS_ENDPOINT_URL": self.url, "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "AKIDSCRIPTED", "AWS_SECRET_ACCESS_KEY": "secret/CANARY+key",
            "AWS_SESSION_TOKEN": "token/CANARY==", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}  # fmt: skip
