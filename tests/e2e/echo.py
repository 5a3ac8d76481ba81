"""A server that answers with what it was asked: path, headers and body, written in many ways.

`spellings` are the ways in which a secret may come back.
"""

import base64
import html
import http.server
import json
import threading
import urllib.parse


def spellings(secret):
    raw = secret.encode()
    yield secret
    yield secret.lower()
    yield secret.upper()
    for quoted in (urllib.parse.quote(secret, safe=""), urllib.parse.quote(secret), urllib.parse.quote_plus(secret)):
        yield quoted
        yield quoted.lower()
        yield urllib.parse.quote(quoted, safe="")
    yield html.escape(secret)
    for escaped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield escaped
        yield escaped.replace("/", "\\/")
        yield json.dumps(escaped)[1:-1]
    for lead in range(3):  # wherever it begins within what was encoded
        whole = base64.b64encode(b"x" * lead + raw).decode()
        within = whole[4 if lead else 0 : len(whole) - 4]
        yield within
        yield within.translate(str.maketrans("+/", "-_"))


def leaks(texts, secrets):
    return [(where, secret) for where, text in texts.items() for secret in secrets
            if any(spelling in text for spelling in spellings(secret))]  # fmt: skip


WRITINGS = {
    "as it is": str,
    "lower case": str.lower,
    "upper case": str.upper,
    "URL": lambda text: urllib.parse.quote(text, safe=""),
    "form": urllib.parse.quote_plus,
    "URL twice": lambda text: urllib.parse.quote(urllib.parse.quote(text, safe=""), safe=""),
    "HTML": html.escape,
    "JSON": lambda text: json.dumps({"error": text}),
    "JSON in JSON": lambda text: json.dumps({"error": json.dumps({"error": text})}),
    "Base64": lambda text: base64.b64encode(text.encode()).decode(),
    "Base64 later": lambda text: base64.b64encode(("x" + text).encode()).decode(),
}


class Echo:
    """`say(method, path, headers, body)` gives (status, headers, text) of every answer."""

    def __init__(self, say):
        self.asked = asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(handler):
                body = handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode("utf-8", "replace")
                asked.append(handler.path)
                status, headers, text = say(handler.command, handler.path, dict(handler.headers), body)
                handler.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
                    handler.send_header(name, value)
                handler.end_headers()
                handler.wfile.write(text.encode())

            do_GET = do_POST = do_PUT = answer

            def log_message(*_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.origin = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
