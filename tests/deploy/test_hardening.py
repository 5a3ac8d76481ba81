"""What is shipped is built as `hardening=+all` of Debian builds, and leaves no core behind.

The image holds the package's program (test_dockerfile.py), so there are three: as built, in the
package, in the zip. The program that CI's sanitizers build is none of them.
"""

import os
import re
import resource
import signal
import subprocess
import time
import zipfile

import pytest

from postgres import Cluster
from program import BINARY, ROOT, environment
from test_debian_package import make_package


@pytest.fixture(scope="module", params=["build", "package", "zip"])
def shipped(request, tmp_path_factory):
    """The path of a program."""
    if request.param == "build":
        return BINARY
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "package":
        subprocess.run(["dpkg-deb", "-x", make_package(folder), folder / "root"], check=True)
        return folder / "root/usr/bin/schema-drift"
    with zipfile.ZipFile(request.getfixturevalue("archive")) as opened:
        return opened.extract("bootstrap", folder)


def told(*words):
    return subprocess.run([*map(str, words)], capture_output=True, text=True, check=True, env={
        "PATH": os.environ["PATH"], "LC_ALL": "C"}).stdout  # fmt: skip


def test_it_may_lie_anywhere_in_memory(shipped):
    assert re.search(r"Type: +DYN ", told("readelf", "-h", shipped))
    assert re.search(r"\(FLAGS_1\) .*\bPIE\b", told("readelf", "-d", shipped))


def test_what_was_resolved_at_its_start_cannot_be_changed(shipped):
    assert re.search(r"\(FLAGS_1\) .*\bNOW\b", told("readelf", "-d", shipped))
    assert re.search(r"^ +GNU_RELRO ", told("readelf", "-lW", shipped), re.MULTILINE)


def test_no_data_can_be_run(shipped):
    headers = told("readelf", "-lW", shipped)
    assert re.search(r"^ +GNU_STACK .* RW +0x", headers, re.MULTILINE)
    assert not re.search(r"^ +LOAD .* RWE ", headers, re.MULTILINE)


def test_stacks_and_copies_are_checked(shipped):
    symbols = told("readelf", "--dyn-syms", "-W", shipped)
    assert " __stack_chk_fail@" in symbols
    assert set(re.findall(r" (__mem\w+_chk)@", symbols)), "nothing of _FORTIFY_SOURCE"


def test_no_frame_jumps_over_the_guard_page(shipped):
    """-fstack-clash-protection touches each page of a large frame."""
    code = told("objdump", "-d", "--no-show-raw-insn", shipped)
    if os.uname().machine == "x86_64":
        assert len(re.findall(r"\bor[ql] +\$0x0,(?:0x\w+)?\(%rsp\)", code)) >= 3
    else:
        assert len(re.findall(r"\bstr\s+xzr, \[sp, #1024\]", code)) >= 3


def test_every_source_is_compiled_so():
    """A file with options of its own would not show in the program."""
    build = os.environ.get("SCHEMA_DRIFT_BUILD", str(ROOT / "build/release"))
    commands = told("ninja", "-C", build, "-t", "compdb")
    compiled = [line for line in commands.splitlines() if '"command"' in line and "/drift/" in line and " -c " in line]
    assert len(compiled) > 100
    for flag in ("-fstack-protector-strong", "-fstack-clash-protection", "-D_FORTIFY_SOURCE=2", "-fPIE"):
        assert all(flag in line for line in compiled), flag


@pytest.fixture
def running():
    """The pid of a program that serves, as a user without rights, with no limit on cores."""

    def as_nobody():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)

    with Cluster() as cluster:
        process = subprocess.Popen(
            [BINARY, "sql-api", "--database", cluster.url()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env=environment(HOME="/nonexistent"), cwd="/", preexec_fn=as_nobody)  # fmt: skip
        assert process.stdout.readline().startswith("listening on ")
        yield process
        process.kill()
        process.wait()


def test_no_core_is_written(running):
    limits = open(f"/proc/{running.pid}/limits").read()
    assert re.search(r"^Max core file size +0 +0 +bytes", limits, re.MULTILINE)
    running.send_signal(signal.SIGSEGV)
    _, status = os.waitpid(running.pid, 0)
    running.returncode = -os.WTERMSIG(status)
    assert (os.WTERMSIG(status), os.WCOREDUMP(status)) == (signal.SIGSEGV, False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can tell whose /proc/PID/environ is")
def test_nobody_else_of_its_user_can_look_into_it(running):
    """What may be dumped belongs to its user there, what may not to root: proc(5)."""
    time.sleep(0.1)
    assert os.stat(f"/proc/{running.pid}/environ").st_uid == 0
