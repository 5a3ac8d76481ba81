"""The built program on a terminal of its own, for the suites that type."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from program import BINARY, environment


class Terminal:
    """The program with a terminal of its own: everything that it shows is in `.shown`."""

    def __init__(self, *words, stdin=None, stdout=None, env=None):
        self.pid, self.fd = None, None
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

        def controlling():
            os.setsid()
            fcntl.ioctl(2, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [BINARY, *map(str, words)], stdin=follower if stdin is None else stdin,
            stdout=follower if stdout is None else stdout, stderr=follower, preexec_fn=controlling,
            env=environment(**{"TERM": "xterm", **(env or {})}))  # fmt: skip
        os.close(follower)
        self.fd, self.shown = leader, ""

    def read_until(self, text, timeout=20):
        end = time.monotonic() + timeout
        while text not in self.shown:
            assert time.monotonic() < end, self.shown
            self._read(0.1)
        return self.shown

    def _read(self, timeout):
        if not select.select([self.fd], [], [], timeout)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.shown += data.decode().replace("\r\n", "\n")
        return bool(data)

    def type(self, text):
        os.write(self.fd, text.encode())

    def finish(self, timeout=20):
        """(exit code, all that was shown)"""
        end = time.monotonic() + timeout
        while self._read(0.1) and time.monotonic() < end:
            if self.process.poll() is not None and not select.select([self.fd], [], [], 0)[0]:
                break
        self.process.wait(timeout=timeout)
        os.close(self.fd)
        return self.process.returncode, self.shown
