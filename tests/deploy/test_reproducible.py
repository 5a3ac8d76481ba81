"""The same commit gives the same bytes, wherever, whenever and by whomever it is built.

A second whole build would cost minutes of each run, so it is shown in parts: some sources are compiled
again from a copy in another folder and compared with the objects of the build; the program is linked
again elsewhere; package and zip are made again from it.
"""

import hashlib
import os
import pathlib
import re
import shlex
import shutil
import subprocess

import pytest

from program import BINARY, ROOT
from python_venv import build_folder

BUILD = build_folder()
# One of each kind: the entry, a large table, JSON, Boost's headers, libgit2's, one that is told the
# version, one with anonymous namespaces alone.
SOURCES = ["drift/main.cc", "drift/report/report_json.cc", "drift/runtime_api/local_server.cc",
           "migrations/git/https.cc", "drift/aws/sigv4.cc", "drift/cli/program.cc"]  # fmt: skip
# Another time zone, language, user's folder and mask, and none of what the caller exported.
ELSEWHERE = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def commands(target):
    """Every command that leads to a target of the build, the last one last."""
    return subprocess.run(["ninja", "-C", BUILD, "-t", "commands", target], capture_output=True, text=True,
                          check=True).stdout.splitlines()  # fmt: skip


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The sources in a folder with another, longer name."""
    folder = tmp_path_factory.mktemp("a much longer name of a folder".replace(" ", "-")) / "schema-drift"
    for name in ("drift", "migrations", "reporters"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "build").mkdir()
    return folder


@pytest.mark.parametrize("source", SOURCES)
def test_an_object_does_not_depend_on_where_it_is_compiled(copied, source):
    (command,) = [line for line in commands("schema-drift") if f" -c {ROOT / source}" in line]
    words = shlex.split(command.replace(str(ROOT), str(copied)))
    if "ccache" in pathlib.Path(words[0]).name:
        words = words[1:]  # it would give us the object of the build
    made = copied / "build" / (source.replace("/", "-") + ".o")
    built = BUILD / words[words.index("-o") + 1]
    words[words.index("-o") + 1] = str(made)
    for option in ("-MF", "-MT"):
        words[words.index(option) + 1] = str(made) + ".d"
    # From another working folder, too.
    subprocess.run(words, check=True, cwd=copied, env=ELSEWHERE, umask=0o077)
    assert digest(made) == digest(built)


def test_the_program_does_not_depend_on_where_it_is_linked(tmp_path):
    command = re.sub(r"^: && (.*) && :$", r"\1", commands("schema-drift")[-1])
    words = shlex.split(command)
    words[words.index("-o") + 1] = str(tmp_path / "program")
    for number, word in enumerate(words):
        if word.endswith((".o", ".a")) and not word.startswith("/"):
            (tmp_path / word).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(BUILD / word, tmp_path / word)
    subprocess.run(words, check=True, cwd=tmp_path, env=ELSEWHERE, umask=0o077)
    assert digest(tmp_path / "program") == digest(BINARY)


def test_no_folder_of_the_build_is_in_the_program():
    content = pathlib.Path(BINARY).read_bytes()
    assert str(ROOT).encode() not in content and str(BUILD).encode() not in content


def test_no_source_asks_what_time_it_is():
    for folder in ("drift", "migrations", "reporters"):
        for path in sorted((ROOT / folder).rglob("*.*")):
            assert not re.search(r"__(DATE|TIME|TIMESTAMP)__", path.read_text()), path


@pytest.mark.parametrize("make, program, name", [
    ("cron/debian/make-package", "schema-drift", "schema-drift_*.deb"),
    ("cron/image/make-image", "schema-drift", "index.json"),  # which names the digest of all the rest
    ("cron/lambda/make-zip", "schema-drift-lambda", "schema-drift.zip")])  # fmt: skip
def test_an_archive_depends_on_what_is_in_it_alone(tmp_path, make, program, name):
    """Made twice: from here, and from a copy of the tree and the program, later, by somebody else."""
    copy = tmp_path / "another place"
    for part in ("cron", "docs"):
        shutil.copytree(ROOT / part, copy / part)
    for part in ("README.md", "SECURITY.md", "CMakeLists.txt"):
        shutil.copy(ROOT / part, copy / part)
    shutil.copyfile(BUILD / program, copy / program)
    (copy / program).chmod(0o700)
    os.utime(copy / program, (1_000_000_000, 1_000_000_000))
    made = []
    for root, binary, folder, how in (
            (ROOT, BUILD / program, tmp_path / "first", {}),
            (copy, copy / program, tmp_path / "second", {"env": ELSEWHERE, "umask": 0o077, "cwd": "/"})):  # fmt: skip
        folder.mkdir()
        target = folder / name if make.endswith("zip") else folder
        done = subprocess.run([root / make, binary, target], capture_output=True, text=True, **how)
        assert done.returncode == 0, done.stderr
        made.append(next(folder.glob(name)))
    assert digest(made[0]) == digest(made[1])
