"""A clean Debian machine: debootstrap's base under an overlay, with systemd as its first process.

    with DebianMachine() as machine:
        machine.run("apt-get", "install", "-y", "/tmp/x.deb")

It has processes, mounts and a host name of its own, and this machine's network. What it changes lies
in memory and is gone with it. It takes root; where the kernel or a container forbids it, the suite
says so. The base is made once for a build tree, from wherever apt gets its packages here.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from python_venv import build_folder, made_once, not_available, run_all

SUITE = "bookworm"
# The shell that becomes systemd: $1 the base, $2 an empty folder for mounts, $3 the archives.
BOOT = r"""
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
root=$2/root
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in "null 3" "zero 5" "full 7" "random 8" "urandom 9"; do
  mknod -m 666 "$root/dev/${device% *}" c 1 "${device#* }"
done
mknod -m 666 "$root/dev/tty" c 5 0
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
mount --bind "$3" "$root/var/cache/apt/archives"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
cd "$root"
pivot_root . mnt
umount -l /mnt
# As systemd itself does on a machine: a service's credentials are mounted in a namespace of their own
# and reach it by propagation.
mount --make-rshared /
export container=other
exec /lib/systemd/systemd --system --log-target=console --log-level=warning --unit=multi-user.target
"""


def package_sources():
    """[(URI, suite)] of Debian's packages, as this machine's apt has them."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"],
        capture_output=True, text=True, check=True).stdout  # fmt: skip
    return [tuple(line.split()) for line in sorted(set(told.splitlines())) if line.split()[1].startswith(SUITE)]


def debian_base():
    """Folder of a minimal Debian with systemd, made once."""
    base = build_folder() / "debian-base"
    if os.geteuid() != 0:
        not_available("a clean Debian", "debootstrap and mounts take root")
    if not shutil.which("debootstrap"):
        not_available("a clean Debian", "debootstrap is missing: .ci/install-packages test")

    def make():
        sources = package_sources()
        mirrors = [uri for uri, suite in sources if suite == SUITE]
        if not mirrors:
            return f"apt has no source of {SUITE} here"
        failure = run_all([["debootstrap", "--variant=minbase", "--include=ca-certificates,systemd,systemd-sysv",
                            SUITE, str(base / "root"), mirrors[0]]], timeout=900)  # fmt: skip
        if failure is None:
            listed = "".join(f"deb {uri} {suite} main\n" for uri, suite in sources)
            (base / "root/etc/apt/sources.list").write_text(listed)
            shutil.rmtree(base / "root/var/cache/apt/archives", ignore_errors=True)
            (base / "root/var/cache/apt/archives").mkdir()
        return failure

    failure = made_once(base, make)
    if failure is not None:
        not_available("a clean Debian", failure)
    return base / "root"


class DebianMachine:
    def __enter__(self):
        base = debian_base()
        archives = build_folder() / "debian-archives"
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="sd-debian-"))
        self._log = open(self._folder.with_suffix(".log"), "w+")
        # Of the variables only those that lead to the network may get in.
        kept = {n: v for n, v in os.environ.items() if n.lower().endswith("_proxy")}
        self._environment = {**kept, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                             "DEBIAN_FRONTEND": "noninteractive"}  # fmt: skip
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--cgroup",
             "bash", "-c", BOOT, "boot", str(base), str(self._folder), str(archives)],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, env=self._environment)  # fmt: skip
        try:
            self._wait_until_booted()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.kill()  # and with it, by --kill-child, the machine's first process
        self._process.wait(timeout=30)
        self._log.close()
        self._folder.with_suffix(".log").unlink()
        for _ in range(100):  # the mounts go with the last process of the machine
            try:
                self._folder.rmdir()
                return
            except OSError:
                time.sleep(0.05)

    def _wait_until_booted(self):
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            first = self._first_process()
            if first:
                self._first = first
                told = self.run("systemctl", "is-system-running", check=False)
                if told.stdout.strip() in ("running", "degraded"):
                    return
            time.sleep(0.1)
        self._log.flush()
        self._log.seek(0)
        not_available("a clean Debian", f"it does not start here: {self._log.read()[-500:]}")

    def _first_process(self):
        children = pathlib.Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        try:
            (child,) = children.read_text().split()
            name = pathlib.Path(f"/proc/{child}/comm").read_text().strip()
        except (OSError, ValueError):
            return None
        return child if name == "systemd" else None

    def run(self, *words, check=True, text=None, timeout=300):
        """A finished process inside the machine; `text` (or bytes) is its standard input."""
        given = (text or "").encode() if not isinstance(text, bytes) else text
        done = subprocess.run(
            ["nsenter", "--target", self._first, "--mount", "--pid", "--uts", "--ipc", "--cgroup",
             "--", *map(str, words)], input=given, capture_output=True, timeout=timeout,
            env=self._environment)  # fmt: skip
        done.stdout, done.stderr = (stream.decode(errors="replace") for stream in (done.stdout, done.stderr))
        assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def write(self, path, content, mode="644"):
        self.run("install", "-D", "-m", mode, "/dev/stdin", path, text=content)

    def unpack(self, folder, path):
        """The contents of a folder of this machine, below `path` there."""
        packed = subprocess.run(["tar", "-C", str(folder), "-c", "."], capture_output=True, check=True).stdout
        self.run("mkdir", "-p", path)
        self.run("tar", "-C", path, "-x", "--no-same-owner", text=packed)

    def files(self, pattern):
        """Every path whose name matches, but for what is only mounted."""
        told = self.run("find", "/", "-xdev", "-name", pattern, check=False)
        return sorted(told.stdout.splitlines())
