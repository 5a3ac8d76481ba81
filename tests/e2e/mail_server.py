"""Mail: an SMTP server on loopback, and a machine whose sendmail is a program of the test's choice.

    with SmtpServer() as server:
        done = run_with_sendmail(msmtp(server, folder), "check", ...)
        (mail,) = server.mails
"""

import email
import email.policy
import os
import pathlib
import socketserver
import subprocess
import threading

from program import BINARY, environment

# $1: the program that is sendmail, or "" for a machine without one; $2: an empty folder.
MACHINE = r"""
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$2"
for folder in sbin lib; do
  mkdir -p "$2/$folder/upper" "$2/$folder/work"
  mount -t overlay overlay -o "lowerdir=/usr/$folder,upperdir=$2/$folder/upper,workdir=$2/$folder/work" "/usr/$folder"
  rm -f "/usr/$folder/sendmail"
done
[ -z "$1" ] || ln -s "$1" /usr/sbin/sendmail
shift 2
exec "$@"
"""


class SmtpServer:
    """Takes every mail. `mails`: (recipients, parsed message); `raw`: as they came."""

    def __init__(self, host="127.0.0.1"):
        self.mails, self.raw = [], []

        class Session(socketserver.StreamRequestHandler):
            def say(session, line):
                session.wfile.write(line.encode() + b"\r\n")

            def handle(session):
                session.say("220 test ESMTP")
                to = []
                for line in session.rfile:
                    word = line.strip().upper()
                    if word.startswith(b"EHLO"):
                        session.say("250 test")
                    elif word.startswith(b"RCPT"):
                        to.append(line.decode().partition("<")[2].partition(">")[0])
                        session.say("250 ok")
                    elif word == b"DATA":
                        session.say("354 go on")
                        lines = []
                        for text in session.rfile:
                            if text == b".\r\n":
                                break
                            lines.append(text[1:] if text.startswith(b".") else text)
                        self.raw.append(b"".join(lines))
                        self.mails.append((to, email.message_from_bytes(self.raw[-1], policy=email.policy.default)))
                        to = []
                        session.say("250 taken")
                    elif word == b"QUIT":
                        session.say("221 bye")
                        return
                    else:
                        session.say("250 ok")

        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self._server = socketserver.ThreadingTCPServer((host, 0), Session)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def msmtp_settings(server):
    return f"account default\nhost 127.0.0.1\nport {server.port}\nfrom schema-drift@db1.example.com\n"


def home_with_msmtp(server, folder):
    """A HOME in which msmtp, the sendmail of the test, finds that server."""
    home = pathlib.Path(folder) / "home"
    home.mkdir(exist_ok=True)
    (home / ".msmtprc").write_text(msmtp_settings(server))
    return {"HOME": str(home)}


def start_with_sendmail(program, folder, *words, env=None):
    """The built program on a machine whose /usr/sbin/sendmail is `program` (None: there is none)."""
    mounts = pathlib.Path(folder) / "mounts"
    mounts.mkdir(exist_ok=True)
    private = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    return subprocess.Popen(
        [*private, "sh", "-c", MACHINE, "sh", str(program or ""), str(mounts), BINARY, *map(str, words)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(**(env or {})))  # fmt: skip


def run_with_sendmail(program, folder, *words, env=None, timeout=60):
    process = start_with_sendmail(program, folder, *words, env=env)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return subprocess.CompletedProcess(words, process.returncode, out, err)
