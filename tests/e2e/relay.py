"""Passes PostgreSQL's protocol on to a cluster and changes what is asked on the way.

    with Relay(cluster, {"COMMIT": "ROLLBACK"}) as relay:
        run(relay.url(db="app"))

The server is real and does what it was asked: only, that is not what the program sent. So it can be
seen what the program makes of a statement that it took for another, or of a pooler that loses one.
Keys are whole strings of a message: a statement, or the value of a parameter of the connection.
"""

import shutil
import socket
import struct
import threading

from postgres import database_url, private_directory


class Relay:
    def __init__(self, cluster, changes=()):
        self._target = f"{cluster.folder}/.s.PGSQL.{cluster.port}"
        self._open, self._silent = set(), set()
        self._changes = {b"\0%s\0" % old.encode(): b"\0%s\0" % new.encode() for old, new in dict(changes).items()}

    def __enter__(self):
        self.folder = private_directory()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{self.folder}/.s.PGSQL.5432")
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.close()
        shutil.rmtree(self.folder)

    def url(self, user="owner", db="app", **parameters):
        return database_url(str(self.folder), 5432, user, db, **parameters)

    def lead_to(self, cluster):
        """New connections go there; those that are open stay."""
        self._target = f"{cluster.folder}/.s.PGSQL.{cluster.port}"

    def fall_silent(self):
        """What is open from now on hears nothing any more, as behind a gateway that forgot it."""
        self._silent.update(self._open)

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._target)
            self._open.add(server)
            for pump in (self._ask, self._answer):
                threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def _ask(self, client, server):
        reader = client.makefile("rb")
        kind = b""  # the first message has none
        with client, server:
            while head := reader.read(len(kind) + 4):
                kind, length = head[:-4], struct.unpack("!I", head[-4:])[0]
                body = reader.read(length - 4)
                for old, new in self._changes.items():
                    body = body.replace(old, new)
                if server in self._silent:
                    continue
                server.sendall(kind + struct.pack("!I", len(body) + 4) + body)
                kind = b"?"
            server.shutdown(socket.SHUT_WR)

    @staticmethod
    def _answer(client, server):
        try:
            while some := server.recv(65536):
                client.sendall(some)
            client.shutdown(socket.SHUT_WR)
        except OSError:  # the other half has ended
            pass
