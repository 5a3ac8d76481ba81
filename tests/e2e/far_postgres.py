"""A PostgreSQL server far away, some of whose databases misbehave.

    with FarPostgres(cluster, delay=0.040, odd={"db_7": "hang", "db_8": "drop"}) as far:
        run(far.url(user="reader", db="db_1"))

The server is real; a process of its own stands before it, on loopback, and holds each byte back for
half of `delay` in each direction. By the database that a client asks for: `hang` takes the connection
and never answers, `mute` lets the client in and never answers a question, `close` ends the connection
as soon as it knows the name, `drop` ends it in the middle of the first answer after the log-in.
"""

import asyncio
import json
import os
import struct
import subprocess
import sys

from postgres import database_url

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104


class FarPostgres:
    def __init__(self, cluster, delay=0.040, odd=None):
        self._command = [sys.executable, __file__, f"{cluster.folder}/.s.PGSQL.{cluster.port}",
                         str(delay), json.dumps(odd or {})]  # fmt: skip

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_):
        self._process.stdin.close()  # which ends it, also where this process is killed
        told = self._process.stdout.read()
        self._process.wait(timeout=20)
        self._process.stdout.close()
        # What its clients did, for tests that ask.
        self.seen = json.loads(told)

    def url(self, user="owner", db="app", **parameters):
        return database_url("127.0.0.1", self.port, user, db, **parameters)


class Relay:
    def __init__(self, target, delay, odd):
        self.target, self.half, self.odd = target, delay / 2, odd
        self.tasks = set()  # the loop itself holds none of them
        self.open, self.seen = set(), {"connections": 0, "most_at_once": 0}

    async def serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        self.open.add(reader)
        self.seen["connections"] += 1
        self.seen["most_at_once"] = max(self.seen["most_at_once"], len(self.open))
        try:
            await self.converse(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open.discard(reader)
            writer.close()
            self.tasks.discard(asyncio.current_task())

    async def converse(self, reader, writer):
        while True:
            (length,) = struct.unpack("!I", await reader.readexactly(4))
            body = await reader.readexactly(length - 4)
            (code,) = struct.unpack("!I", body[:4])
            if code not in (SSL_REQUEST, GSS_REQUEST):
                break
            await asyncio.sleep(2 * self.half)
            writer.write(b"N")
        words = body[4:].split(b"\0")
        behaviour = self.odd.get(dict(zip(words[::2], words[1::2])).get(b"database", b"").decode(), "")
        if behaviour == "close":
            return
        if behaviour == "hang":
            await reader.read()  # until the client gives up
            return
        above, below = await asyncio.open_unix_connection(self.target)
        below.write(struct.pack("!I", length) + body)
        ask = asyncio.create_task(self.pump(reader, below, mute=behaviour == "mute"))
        try:
            await self.pump(above, writer, drop=behaviour == "drop")
        finally:
            ask.cancel()
            below.close()

    async def pump(self, reader, writer, mute=False, drop=False):
        """Passes on what comes, later; answers of a log-in end in ReadyForQuery."""
        logged_in, loop = False, asyncio.get_running_loop()
        while some := await reader.read(65536):
            if mute:
                continue
            if drop and logged_in:
                some = some[: len(some) // 2]
            loop.call_later(self.half, self.write, writer, some)
            if drop and logged_in:
                break
            logged_in = logged_in or some.endswith(b"Z\0\0\0\x05I")
        self.open.discard(reader)  # where that was the client, it has gone
        await asyncio.sleep(self.half)

    @staticmethod
    def write(writer, some):
        if not writer.is_closing():
            writer.write(some)


async def main(target, delay, odd):
    relay = Relay(target, float(delay), json.loads(odd))
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0, backlog=2000)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(relay.seen), flush=True)
    os._exit(0)  # whoever is still connected has lost it


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
