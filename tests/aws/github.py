"""github.com on this machine: a git server with a certificate of that name, behind a proxy.

The program is told of the proxy by HTTPS_PROXY, as behind a firewall, and trusts the private
authority by SSL_CERT_FILE. So `github:owner/name`, its token and its TLS are the real thing.
"""

import contextlib
import pathlib
import socket
import socketserver
import subprocess
import threading

from git_servers import Authority, HttpsServer
from repository import Repository


class _Connect(socketserver.StreamRequestHandler):
    """CONNECT github.com:443 leads to the git server; every other host is refused."""

    def handle(self):
        line = self.rfile.readline().decode("latin-1").split()
        while self.rfile.readline().strip():
            pass
        self.server.asked.append(line[1] if len(line) > 1 else "")
        if line[:2] != ["CONNECT", "github.com:443"]:
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.server.git_port)) as there:
            back = threading.Thread(target=_pump, args=(there, self.connection), daemon=True)
            back.start()
            _pump(self.connection, there)
            back.join(timeout=5)


def _pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class _Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_):
        pass


class GitHub:
    """`environment` is what the program needs; `git.token` demands one; `git.credentials` and
    `asked` tell what came."""

    def __init__(self, folder, work_tree, name="example/shop"):
        folder = pathlib.Path(folder)
        root = folder / "served"
        (root / name).parent.mkdir(parents=True)
        subprocess.run(["git", "clone", "-q", "--bare", str(work_tree), str(root / f"{name}.git")],
                       check=True)  # fmt: skip
        self.authority = Authority(folder / "authority")
        self.git = HttpsServer(root, self.authority, host="github.com")
        self._proxy = _Proxy(("127.0.0.1", 0), _Connect)
        self._proxy.git_port, self._proxy.asked = self.git.port, []
        self.asked = self._proxy.asked
        self.environment = {
            "HTTPS_PROXY": f"http://127.0.0.1:{self._proxy.server_address[1]}",
            "NO_PROXY": "127.0.0.1,localhost",
            "SSL_CERT_FILE": str(self.authority.certificate),
        }

    def __enter__(self):
        self.git.__enter__()
        threading.Thread(target=self._proxy.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._proxy.shutdown()
        self._proxy.server_close()
        self.git.__exit__()


@contextlib.contextmanager
def private_github(folder, token, *revisions):
    """A GitHub whose repository is a chain of `revisions` that only `token` may read."""
    repository = Repository(folder / "work").chain(*revisions)
    with GitHub(folder, repository.folder) as server:
        server.git.token = token
        yield server
