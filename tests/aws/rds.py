"""RDS with IAM authentication: a real PostgreSQL behind what RDS puts in front of it.

    with RdsWithIam(cluster, principals, authority.issue("localhost")) as rds:
        run(f"postgresql://drift@localhost:{rds.port}/app")
        rds.attempts

RDS asks for the password in clear over TLS, and takes it for a request that the caller signed: see
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.Connecting.html
The signature is checked by botocore, the right by the caller's policy; what is let in is handed on
to the cluster, which trusts it.
"""

import contextlib
import socket
import ssl
import struct
import threading
import time
from urllib.parse import parse_qs

import signature
from operations import ACCOUNT
from verifying_server import Request

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
RESOURCE = "db-ABCDEFGHIJKL01234"


class RdsWithIam:
    def __init__(self, cluster, principals, certificate, region="eu-central-1"):
        self.cluster, self.principals, self.region = cluster, principals, region
        self.attempts = []  # {"user", "host", "why"}: why is None where the token was good
        self.plain = 0  # connections that did not ask for TLS
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate)

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._guarded, args=(client,), daemon=True).start()

    def _guarded(self, client):
        client.settimeout(20)
        with contextlib.suppress(OSError, EOFError), client:
            self._serve(client)

    def _serve(self, client):
        startup = _message(client, typed=False)
        (code,) = struct.unpack("!I", startup[:4])
        if code == GSS_REQUEST:
            client.sendall(b"N")
            startup = _message(client, typed=False)
            (code,) = struct.unpack("!I", startup[:4])
        if code != SSL_REQUEST:
            self.plain += 1
            client.sendall(_fatal("28000", "no pg_hba.conf entry, no encryption"))
            return
        client.sendall(b"S")
        with self._context.wrap_socket(client, server_side=True) as secure:
            startup = _message(secure, typed=False)
            words = startup[4:].split(b"\0")
            options = dict(zip(words[::2], words[1::2]))
            user = options[b"user"].decode()
            secure.sendall(b"R" + struct.pack("!II", 8, 3))
            token = _message(secure, typed=True)[:-1].decode()
            why = self._refusal(token, user)
            self.attempts.append({"user": user, "host": token.partition("/")[0], "why": why})
            if why is not None:
                secure.sendall(_fatal("28000", f'PAM authentication failed for user "{user}"'))
                return
            self._relay(secure, startup)

    def _refusal(self, token, user):
        """Why the token is not good, or None."""
        address, _, query = token.partition("/")
        request = Request("https", "GET", "/" + query, [("host", address.lower())], b"")
        try:
            claim = signature.claim_of(request)
            if claim is None:
                return "not signed"
            asked = parse_qs(request.query)
            if (asked["Action"], asked["DBUser"]) != (["connect"], [user]):
                return f"signed for {asked}"
            if (claim.service, claim.region, claim.signed) != ("rds-db", self.region, ["host"]):
                return f"signed for {claim.service} in {claim.region}: {claim.signed}"
            if claim.expires > 900 or not address.endswith(f":{self.port}"):
                return f"signed for {claim.expires} s at {address}"
            principal = self.principals.by_key(claim.key_id)
            if principal is None or claim.token != principal.token:
                return "unknown key"
            signature.check_time(claim, time.time())
            signature.check_signature(request, claim, principal.secret, None)
        except signature.Refused as refused:
            return refused.reason
        arn = f"arn:aws:rds-db:{self.region}:{ACCOUNT}:dbuser:{RESOURCE}/{user}"
        return None if principal.decide("rds-db:connect", arn) == "allowed" else "denied"

    def _relay(self, secure, startup):
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(f"{self.cluster.folder}/.s.PGSQL.{self.cluster.port}")
            server.sendall(struct.pack("!I", len(startup) + 4) + startup)
            secure.settimeout(None)

            def back():
                with contextlib.suppress(OSError):
                    while data := server.recv(65536):
                        secure.sendall(data)
                    secure.shutdown(socket.SHUT_RDWR)

            answers = threading.Thread(target=back, daemon=True)
            answers.start()
            with contextlib.suppress(OSError):
                while data := secure.recv(65536):
                    server.sendall(data)
                server.shutdown(socket.SHUT_WR)
            answers.join(10)


def _exactly(stream, count):
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def _message(stream, typed):
    """The body of one protocol message.
    https://www.postgresql.org/docs/15/protocol-message-formats.html
    """
    if typed:
        _exactly(stream, 1)
    (size,) = struct.unpack("!I", _exactly(stream, 4))
    return _exactly(stream, size - 4)


def _fatal(sqlstate, text):
    fields = b"SFATAL\0VFATAL\0C" + sqlstate.encode() + b"\0M" + text.encode() + b"\0\0"
    return b"E" + struct.pack("!I", len(fields) + 4) + fields
