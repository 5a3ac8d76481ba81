"""Real git servers on the loopback interface: git http-backend behind TLS, and dropbear.

Everything lies in private folders, listens on free ports and is gone when its `with` block ends.
"""

import base64
import contextlib
import http.server
import itertools
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time

GIT_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Author",
    "GIT_AUTHOR_EMAIL": "author@example.com",
    "GIT_COMMITTER_NAME": "Committer",
    "GIT_COMMITTER_EMAIL": "committer@example.com",
}


def git(folder, *arguments, **options):
    """Runs git in `folder` with nobody's configuration; its output without the last line break."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env=GIT_ENVIRONMENT, check=True, capture_output=True, text=True, **options,
    )
    return done.stdout.rstrip("\n")


class Project:
    """A repository that people push to: a work tree, and the bare repository that is served."""

    def __init__(self, folder):
        self.work = pathlib.Path(folder) / "work"
        self.root = pathlib.Path(folder) / "served"
        self.bare = self.root / "project.git"
        self.work.mkdir(parents=True)
        self.root.mkdir()
        git(self.work, "init", "-q", "-b", "main")
        git(self.root, "init", "-q", "--bare", "-b", "main", "project.git")
        git(self.work, "remote", "add", "origin", str(self.bare))
        self.add("alembic.ini", "[alembic]\n")
        self.add("versions/1a.py", "revision = '1a'\n")

    def add(self, name, contents):
        """Commits and pushes one file to the branch that is checked out; the commit's id."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(contents, bytes):
            path.write_bytes(contents)
        else:
            path.write_text(contents)
        git(self.work, "add", "-A")
        git(self.work, "commit", "-q", "-m", f"Add {name}")
        git(self.work, "push", "-q", "--force", "origin", "HEAD")
        return self.head()

    def head(self):
        return git(self.work, "rev-parse", "HEAD")


class Authority:
    """A private certificate authority, made with the openssl program."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.certificate = self.folder / "ca.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                      "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
                      "-subj", "/CN=schema-drift tests")

    def issue(self, host):
        """(certificate, key) of a server called `host`."""
        if not (self.folder / f"{host}.pem").exists():
            self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                          "-keyout", f"{host}.key", "-out", f"{host}.csr", "-subj", f"/CN={host}")
            (self.folder / f"{host}.ext").write_text(f"subjectAltName=DNS:{host}\n")
            self._openssl("x509", "-req", "-in", f"{host}.csr", "-CA", "ca.pem", "-CAkey",
                          "ca.key", "-CAcreateserial", "-days", "2", "-out", f"{host}.pem",
                          "-extfile", f"{host}.ext")
        return self.folder / f"{host}.pem", self.folder / f"{host}.key"

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)


class HttpsServer:
    """git http-backend behind TLS. The attributes say what a test wants of it, and what it saw."""

    def __init__(self, root, authority, host="localhost"):
        self.token = None  # password to demand, with any user
        self.public = False  # whether it is demanded only of those who give one
        self.content_type = None  # instead of the right one
        self.redirect_to = None  # origin to send everybody to
        self.moved = None  # (old path, new path) of a renamed project
        self.cut_after = None  # bytes of a pack after which the connection drops
        self.stall = None  # seconds to wait in the middle of a pack
        self.status = None  # answer everything with this
        self.version_2 = False  # hand on Git-Protocol, so that git may speak version 2
        self.config = {}  # git's, such as {"uploadpack.allowFilter": "true"}
        self.gives_files = True  # by their ids: git does, other servers may not
        self.altered = None  # what becomes of the answers to POST, bytes to bytes
        self.hostile = None  # a hostile_git.Hostile, to answer in git's place
        self.sent = 0  # bytes that it could send
        self.requests = []  # "METHOD path"
        self.credentials = []  # "user:password" of each request that had any
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                server._answer(self, b"")

            def do_POST(self):
                server._answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # clients that hang up are what some tests are about

        self._root = root
        self._http = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, authority.issue(host)))
        # The handshake in the connection's own thread, at its first read.
        self._http.socket = context.wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def url(self, user="", host="localhost"):
        return f"https://{user}{host}:{self.port}/project.git"

    def _answer(self, request, body):
        self.requests.append(f"{request.command} {request.path}")
        given = request.headers.get("Authorization", "")
        if given.startswith("Basic "):
            given = base64.b64decode(given[len("Basic "):]).decode()
            self.credentials.append(given)
        if self.moved and request.path.startswith(self.moved[0]):
            path = self.moved[1] + request.path[len(self.moved[0]):]
            return self._send(request, 301, {"Location": path}, b"moved")
        if self.redirect_to:
            return self._send(request, 301, {"Location": self.redirect_to + request.path}, b"")
        if self.token is not None and given.partition(":")[2] != self.token and (
                given or not self.public):
            return self._send(request, 401, {"WWW-Authenticate": 'Basic realm="git"'}, b"no")
        if self.status:
            return self._send(request, self.status, {}, b"as told")
        if self.hostile:
            return self._send_hostile(request, body)
        if not self.gives_files and (refusal := self._refused(request, body)):
            return self._send(request, 200, {}, refusal)
        status, headers, answer = self._backend(request, body)
        if self.altered and request.command == "POST":
            answer = self.altered(answer)
        return self._send(request, status, headers, answer)

    def _refused(self, request, body):
        """What a server says that looks for a want among its commits alone."""
        bare = self._root / request.path.split("/")[1]
        for want in re.findall(rb"want ([0-9a-f]{40})", body):
            if git(bare, "cat-file", "-t", want.decode()) != "commit":
                line = b"ERR want %s not valid\n" % want
                return b"%04x" % (len(line) + 4) + line
        return None

    def _send_hostile(self, request, body):
        fetches = request.command == "POST"
        request.send_response(200)
        request.send_header("Content-Type", "application/x-git-upload-pack-" + (
            "result" if fetches else "advertisement"))
        request.send_header("Connection", "close")  # its length is nobody's to know
        request.end_headers()
        preamble = [] if fetches or self.hostile.version == 2 else [
            b"001e# service=git-upload-pack\n0000"]
        with contextlib.suppress(OSError):
            for piece in itertools.chain(
                    preamble, self.hostile.result(body) if fetches else self.hostile.advertisement()):
                request.wfile.write(piece)
                self.sent += len(piece)

    def _backend(self, request, body):
        path, _, query = request.path.partition("?")
        extra = {"GIT_CONFIG_COUNT": str(len(self.config))}
        for number, (key, value) in enumerate(self.config.items()):
            extra[f"GIT_CONFIG_KEY_{number}"], extra[f"GIT_CONFIG_VALUE_{number}"] = key, value
        if self.version_2 and request.headers.get("Git-Protocol"):
            extra["GIT_PROTOCOL"] = request.headers["Git-Protocol"]
        if request.headers.get("Content-Encoding"):
            extra["HTTP_CONTENT_ENCODING"] = request.headers["Content-Encoding"]
        done = subprocess.run(
            ["git", "http-backend"], input=body, capture_output=True,
            env={**GIT_ENVIRONMENT, **extra, "GIT_PROJECT_ROOT": str(self._root), "GIT_HTTP_EXPORT_ALL": "1",
                 "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": request.command,
                 "CONTENT_TYPE": request.headers.get("Content-Type", ""),
                 "CONTENT_LENGTH": str(len(body))})
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return int(headers.pop("Status", "200").split()[0]), headers, answer

    def _send(self, request, status, headers, body):
        request.send_response(status)
        headers.setdefault("Content-Type", "text/plain")
        if self.content_type:
            headers["Content-Type"] = self.content_type
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command == "POST" and self.cut_after is not None:
            request.wfile.write(body[:self.cut_after])
            request.close_connection = True
            return
        if request.command == "POST" and self.stall is not None:
            # A trickle: there is always something to read, and never an end.
            end = time.monotonic() + self.stall
            for start in range(0, len(body), 100):
                request.wfile.write(body[start:start + 100])
                request.wfile.flush()
                if time.monotonic() > end:
                    return
                time.sleep(0.02)
            return
        request.wfile.write(body)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_key(path, kind="ed25519", passphrase=""):
    """A private key in OpenSSH's format, with its public half beside it."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", str(path)],
                   check=True)
    return path


@contextlib.contextmanager
def ssh_server(folder, authorized_key, command=None):
    """dropbear on a free port of the loopback interface; yields (port, known_hosts line).
    `command` is run whatever a client asks for.

    dropbear reads authorized_keys from the home of the account that signs in. It runs in a mount
    namespace of its own, where that home is a private folder, so the real one is not touched.
    """
    folder = pathlib.Path(folder)
    home = folder / "home"
    (home / ".ssh").mkdir(parents=True)
    forced = f'command="{command}" ' if command else ""
    public_key = pathlib.Path(f"{authorized_key}.pub").read_text()
    (home / ".ssh" / "authorized_keys").write_text(forced + public_key)
    for path in (home, home / ".ssh"):
        path.chmod(0o700)
    (home / ".ssh" / "authorized_keys").chmod(0o600)
    host_key = folder / "host_key"
    subprocess.run(["dropbearkey", "-t", "ed25519", "-f", str(host_key)], check=True,
                   capture_output=True)
    public = subprocess.run(["dropbearkey", "-y", "-f", str(host_key)], check=True,
                            capture_output=True, text=True).stdout
    kind, key = next(line.split()[:2] for line in public.splitlines() if line.startswith("ssh-"))
    port = free_port()
    real_home = os.path.expanduser(f"~{account()}")
    server = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c",
         'mount --bind "$1" "$2" && exec dropbear -F -E -e -s -j -k -m -r "$3" '
         '-p "127.0.0.1:$4" -P "$5"',
         "sh", str(home), real_home, str(host_key), str(port), str(folder / "pid")],
        stdout=subprocess.DEVNULL, stderr=open(folder / "dropbear.log", "wb"),
        env={**GIT_ENVIRONMENT, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
             "GIT_CONFIG_VALUE_0": "*"})
    try:
        wait_for_port(port, server)
        yield port, f"[localhost]:{port} {kind} {key}\n"
    finally:
        server.terminate()
        server.wait()


def account():
    import pwd
    return pwd.getpwuid(os.geteuid()).pw_name


def can_serve_ssh():
    """Whether this machine lets us have a mount namespace, and has dropbear."""
    if not all(shutil.which(program) for program in ("dropbear", "dropbearkey", "unshare")):
        return False
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


def wait_for_port(port, process):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError("the server does not listen")
