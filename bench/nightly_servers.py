"""GitHub, AWS and distance for bench/nightly, all on loopback.

The AWS here answers at once and checks nothing, so that the programs are measured and not the
server; tests/aws has the one that checks. Each service has a port of its own, as each has a host of
its own in AWS. Everything speaks TLS, as there.
"""

import asyncio
import contextlib
import hashlib
import http.server
import io
import json
import ssl
import subprocess
import threading
import time
import urllib.parse

from git_servers import GIT_ENVIRONMENT, HttpsServer

SERVICES = ("SECRETS_MANAGER", "LAMBDA", "S3", "SNS")


class GitServer(HttpsServer):
    """Passes on what GitHub has: protocol version 2 with filters, and compressed requests."""

    def __init__(self, root, authority, host, busy):
        super().__init__(root, authority, host)
        self._busy = busy
        # Head and body leave in one piece and at once: the kernel's waiting is no part of the distance.
        handler = self._http.RequestHandlerClass
        handler.disable_nagle_algorithm, handler.wbufsize = True, -1

    def _answer(self, request, body):
        begin = time.monotonic()
        super()._answer(request, body)
        self._busy.append((f"git {request.command}", begin, time.monotonic()))

    def _backend(self, request, body):
        path, _, query = request.path.partition("?")
        done = subprocess.run(
            ["git", "http-backend"], input=body, capture_output=True,
            env={**GIT_ENVIRONMENT, "GIT_PROJECT_ROOT": str(self._root), "GIT_HTTP_EXPORT_ALL": "1",
                 "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": request.command,
                 "CONTENT_TYPE": request.headers.get("Content-Type", ""),
                 "CONTENT_LENGTH": str(len(body)),
                 "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
                 "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "uploadpack.allowFilter",
                 "GIT_CONFIG_VALUE_0": "true",
                 "GIT_PROTOCOL": request.headers.get("Git-Protocol", "")})
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return int(headers.pop("Status", "200").split()[0]), headers, answer


def _joined(stream):
    """The body whose chunks come from `stream`, which is then behind the trailer."""
    pieces = []
    while size := int(stream.readline().split(b";")[0], 16):
        pieces.append(stream.read(size))
        stream.readline()
    while stream.readline().strip():
        pass
    return b"".join(pieces)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one piece

    def log_message(self, *_):
        pass

    def handle_expect_100(self):
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def _body(self):
        if (self.headers.get("Transfer-Encoding") or "").lower() == "chunked":
            body = _joined(self.rfile)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # boto3 uploads with a checksum behind the body, for which AWS has chunks of its own.
        if "aws-chunked" in (self.headers.get("Content-Encoding") or ""):
            body = _joined(io.BytesIO(body))
        return body

    def do_POST(self):
        begin = time.monotonic()
        aws = self.server.aws
        body = self._body()
        name, kind, answer = aws.answer(self, body)
        self.send_response(200 if answer is not None else 400)
        self.send_header("Content-Type", kind)
        if self.command == "PUT":
            self.send_header("ETag", f'"{hashlib.md5(body).hexdigest()}"')
        self.send_header("Content-Length", str(len(answer or b"")))
        self.end_headers()
        self.wfile.write(answer or b"")
        self.wfile.flush()
        aws.busy.append((name, begin, time.monotonic()))

    do_PUT = do_POST

    def do_GET(self):
        begin = time.monotonic()
        aws = self.server.aws
        stored = aws.stored.get(self.path)
        answer = stored if stored is not None else b"<Error><Code>NoSuchKey</Code></Error>"
        self.send_response(200 if stored is not None else 404)
        self.send_header("Content-Type", "application/json" if stored is not None else "application/xml")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        self.wfile.flush()
        aws.busy.append(("S3 GetObject", begin, time.monotonic()))


class FastAws:
    """`secrets`: ARN -> text; `query`: SQL -> answer of the SQL API. `stored` and `published` tell
    what came, `busy` when each request was worked on."""

    def __init__(self, authority, query, busy):
        self.secrets, self.query, self.busy = {}, query, busy
        self.stored, self.published = {}, []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, authority.issue("localhost")))
        self._servers = {}
        for service in SERVICES:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
            server.daemon_threads, server.aws = True, self
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False)
            self._servers[service] = server
        self.ports = {service: server.server_address[1] for service, server in self._servers.items()}

    def __enter__(self):
        for server in self._servers.values():
            server.handle_error = lambda *_: None
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def answer(self, request, body):
        """(name of the call, content type, body or None)."""
        if request.command == "PUT":
            self.stored[request.path] = body
            return "S3 PutObject", "application/xml", b""
        if request.path.endswith("/invocations"):
            return "Lambda Invoke", "application/json", self.query(json.loads(body)["query"])
        if (request.headers.get("X-Amz-Target") or "").endswith("GetSecretValue"):
            arn = json.loads(body)["SecretId"]
            answer = {"ARN": arn, "Name": arn.rpartition(":")[2], "VersionId": "1" * 32,
                      "SecretString": self.secrets[arn], "VersionStages": ["AWSCURRENT"]}
            return "Secrets Manager GetSecretValue", "application/x-amz-json-1.1", json.dumps(answer).encode()
        fields = dict(urllib.parse.parse_qsl(body.decode()))
        if fields.get("Action") == "Publish":
            self.published.append(fields)
            return "SNS Publish", "text/xml", (
                b'<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
                b"<MessageId>567910cd-659e-55d4-8ccb-5aaf14679dc0</MessageId></PublishResult>"
                b"<ResponseMetadata><RequestId>d74b8436-ae13-5ab4-a9ff-ce54dfea72a0</RequestId>"
                b"</ResponseMetadata></PublishResponse>")
        return f"unknown {request.command} {request.path}", "text/plain", None


class Distance:
    """TCP ports that lead to others `round_trip` seconds away: opening a connection takes one round
    trip, and each byte half of one. `rate`: bytes a second in each direction of a connection.
    `connections` names each that was opened, `carried` counts the bytes of both directions."""

    def __init__(self):
        self.round_trip, self.rate, self.connections, self.carried = 0.0, float("inf"), [], 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        async def end():
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def door(self, name, port, proxy=False):
        """A port that leads to `port`. `proxy`: it is asked by CONNECT, which itself costs nothing,
        so a tunnel is as far away as a connection."""

        async def handle(reader, writer):
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._handle(name, port, proxy, reader, writer)
            writer.close()

        async def listen():
            return await asyncio.start_server(handle, "127.0.0.1", 0)

        server = asyncio.run_coroutine_threadsafe(listen(), self._loop).result()
        return server.sockets[0].getsockname()[1]

    async def _handle(self, name, port, proxy, reader, writer):
        self.connections.append(name)
        if proxy:
            await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(self.round_trip)
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        if proxy:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(self._carry(reader, there_writer), self._carry(there_reader, writer))
        finally:
            there_writer.close()

    async def _carry(self, source, sink):
        """Each piece arrives half a round trip after it was sent, whatever follows it."""
        under_way = asyncio.Queue()

        async def deliver():
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(due - self._loop.time())
                if not data:
                    sink.write_eof() if sink.can_write_eof() else None
                    return
                sink.write(data)
                await sink.drain()

        delivery = asyncio.ensure_future(deliver())
        free = 0.0  # when all that was sent before has left
        try:
            while True:
                data = await source.read(1 << 16)
                free = max(free, self._loop.time()) + len(data) / self.rate
                self.carried += len(data)
                under_way.put_nowait((free + self.round_trip / 2, data))
                # The sender feels a full line.
                await asyncio.sleep(max(0.0, free - self._loop.time() - 0.05))
                if not data:
                    break
            await delivery
        finally:
            delivery.cancel()
