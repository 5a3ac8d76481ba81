"""The newest Alembic from PyPI, in a virtual environment that all suites share.

Alembic is the authority that schema-drift is compared with, so it is never vendored and never
pinned: when a release changes a rule, a suite fails and says so.
"""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

# ctest's SKIP_RETURN_CODE: what this suite needs cannot be had on this machine.
SKIPPED = 77


def build_folder():
    """Where the suites may leave things: the build tree that they test."""
    default = pathlib.Path(__file__).resolve().parents[2] / "build" / "release"
    return pathlib.Path(os.environ.get("SCHEMA_DRIFT_BUILD", default))


def alembic_python():
    """Path of a Python interpreter that can import alembic.

    Makes the environment where it is missing; suites that start together wait for the one that
    makes it. Where PyPI cannot be reached the whole suite is skipped, but under CI=true it fails:
    there, a skipped comparison would look like a passed one. Call it from a fixture or a test:
    while pytest still collects, it would turn the skip into an error.
    """
    venv = build_folder() / "venv-alembic"
    python = venv / "bin" / "python"
    # Written last, so a half-made environment (an interrupted run) is never taken for a whole one.
    complete = venv / "complete"
    if complete.exists():
        return str(python)

    venv.parent.mkdir(parents=True, exist_ok=True)
    with open(venv.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if complete.exists():
            return str(python)
        shutil.rmtree(venv, ignore_errors=True)
        failure = _make(venv, python)
        if failure is None:
            complete.touch()
            return str(python)

    if os.environ.get("CI") == "true":
        raise RuntimeError(f"cannot install Alembic, and CI=true asks for it: {failure}")
    # Past pytest's capture: otherwise nobody learns why the suite says "skipped".
    print(f"skipped: Alembic cannot be installed: {failure}", file=sys.__stderr__, flush=True)
    pytest.exit(f"Alembic cannot be installed: {failure}", returncode=SKIPPED)


def _make(venv, python):
    """Returns None, or why it could not be done."""
    commands = [
        ["/usr/bin/python3", "-m", "venv", str(venv)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--retries", "2", "--timeout", "20", "alembic"],
        [str(python), "-c", "import alembic"],
    ]
    for command in commands:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).strip().splitlines()
            return lines[-1] if lines else f"{command[0]} ended with code {done.returncode}"
    return None
