"""A git server that means no good, in real pkt-lines. https://git-scm.com/docs/gitprotocol-pack

`Hostile(kind).advertisement()` and `.result()` yield what it sends, some without end. As a program it
is what ssh runs instead of git-upload-pack:

    hostile_git.py KIND
"""

import hashlib
import itertools
import os
import struct
import sys
import time
import zlib

ZERO = "0" * 40
TIP = "1" * 40
SAYS = "the quota of \x1b[31mexample/shop\x1b[0m is used up"


def line(payload):
    payload = payload if isinstance(payload, bytes) else payload.encode()
    return b"%04x" % (len(payload) + 4) + payload


def band(number, payload):
    return line(bytes([number]) + payload)


def object_of(content):
    """A blob as a pack holds it, stored and not squeezed, because there must be much of it."""
    size, head = len(content), []
    byte, size = 3 << 4 | size & 15, size >> 4
    while size:
        head.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    return bytes([*head, byte]) + zlib.compress(content, 0)


def delta_of(size):
    """A delta that says it makes so many bytes, of an object that the pack does not have."""
    numbers = b""
    for value in (10, size):
        while value > 0x7F:
            numbers, value = numbers + bytes([value & 0x7F | 0x80]), value >> 7
        numbers += bytes([value])
    return bytes([7 << 4 | len(numbers)]) + b"\1" * 20 + zlib.compress(numbers)


class Hostile:
    """KINDS are the methods below that say what comes instead of a pack, and two that end earlier."""

    version = 0

    def __init__(self, kind, secret=""):
        self.kind, self.secret = kind, secret

    def advertisement(self):
        if self.kind == "refuses":
            yield line(f"ERR {SAYS}, {self.secret}\n")
            return
        yield line(f"{TIP} HEAD\0side-band-64k ofs-delta symref=HEAD:refs/heads/main\n")
        yield line(f"{TIP} refs/heads/main\n")
        if self.kind == "endless_refs":
            for start in itertools.count(0, 1000):
                yield b"".join(line(f"{TIP} refs/heads/{n:040}\n") for n in range(start, start + 1000))
        yield b"0000"

    def result(self, _=b""):
        yield line("NAK\n")
        yield from getattr(self, self.kind)()

    def gives_up(self):
        yield band(2, b"Counting objects:  50% (1/2)\r")
        yield band(3, f"fatal: {SAYS}\n".encode())

    def hangs_up(self):
        yield band(2, b"Counting objects: 100% (2/2), done.\n")
        yield band(2, b"the server goes down for maintenance\nCompressing objects:  50% (1/2)\r")

    def falls_silent(self):
        yield band(1, b"PACK" + struct.pack(">II", 2, 1))
        sys.stdout.buffer.flush()
        time.sleep(40)

    def endless_text(self):
        while True:
            yield band(2, b"Counting objects: " + b"." * 900 + b"\r")

    def endless_pack(self):
        yield band(1, b"PACK" + struct.pack(">II", 2, 40_000_000))
        for number in itertools.count():
            yield band(1, object_of(b"%020d" % number * 2500))

    def junk_pack(self):
        yield band(1, b"PACK" + struct.pack(">II", 2, 1) + b"\x35" + b"junk" * 100)
        yield b"0000"

    def wrong_hash(self):
        pack = b"PACK" + struct.pack(">II", 2, 1) + object_of(b"x")
        yield band(1, pack + hashlib.sha1(b"something else").digest())
        yield b"0000"


class HostileV2(Hostile):
    """The same in version 2 of the protocol. https://git-scm.com/docs/gitprotocol-v2"""

    version = 2

    def advertisement(self):
        yield line("version 2\n") + line("ls-refs\n") + line("fetch=shallow filter\n")
        yield line("object-format=%s\n" % ("sha256" if self.kind == "sha256" else "sha1"))
        if self.kind == "endless_capabilities":
            while True:
                yield line("server-option=%s\n" % ("x" * 1000))
        yield b"0000"

    def result(self, body=b""):
        if b"command=ls-refs" in body:
            if self.kind == "refuses":
                yield line(f"ERR {SAYS}, {self.secret}\n")
                return
            yield line(f"{TIP} HEAD symref-target:refs/heads/main\n")
            yield line(f"{TIP} refs/heads/main\n")
            if self.kind == "endless_refs":
                for start in itertools.count(0, 1000):
                    yield b"".join(
                        line(f"{TIP} refs/heads/main{n:040}\n") for n in range(start, start + 1000))
            for name in ("../../../escape", "a\x1b[31mb", "a/../b", "x.lock", "/etc/passwd"):
                yield line(f"{TIP} refs/heads/{name}\n")
            yield b"0000"
            return
        yield line("packfile\n")
        yield from getattr(self, self.kind)()

    def delta_bomb(self):
        pack = b"PACK" + struct.pack(">II", 2, 1) + delta_of(1 << 40)
        yield band(1, pack + hashlib.sha1(pack).digest())
        yield b"0000"

    def another_object(self):
        pack = b"PACK" + struct.pack(">II", 2, 1) + object_of(b"x")
        yield band(1, pack + hashlib.sha1(pack).digest())
        yield b"0000"


def read_wants(stream):
    """Until the client says that this is all."""
    while (digits := stream.read(4)) and len(digits) == 4:
        if stream.read(max(int(digits, 16) - 4, 0)) == b"done\n":
            return True
    return False


if __name__ == "__main__":
    hostile = Hostile(sys.argv[1])
    out = sys.stdout.buffer
    try:
        for piece in hostile.advertisement():
            out.write(piece)
        out.flush()
        if read_wants(sys.stdin.buffer):
            for piece in hostile.result():
                out.write(piece)
            out.flush()
    except BrokenPipeError:  # the client has had enough, and this server does not care
        time.sleep(40)
        os._exit(1)
