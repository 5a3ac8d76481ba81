"""Virtual environments with packages from PyPI, shared by all suites of a build tree.

What schema-drift is compared with (Alembic, botocore, moto) is never vendored and never pinned:
when a release changes a rule, a suite fails and says so.
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
    default = pathlib.Path(__file__).resolve().parents[1] / "build" / "release"
    return pathlib.Path(os.environ.get("SCHEMA_DRIFT_BUILD", default))


def not_available(what, failure):
    """Ends the suite as skipped, or as failed under CI=true: there, a skipped comparison would
    look like a passed one. Call it from a fixture, a test or pytest_sessionstart: while pytest
    still collects, it would turn the skip into an error."""
    if os.environ.get("CI") == "true":
        raise RuntimeError(f"cannot install {what}, and CI=true asks for it: {failure}")
    # Past pytest's capture: otherwise nobody learns why the suite says "skipped".
    print(f"skipped: {what} cannot be installed: {failure}", file=sys.__stderr__, flush=True)
    pytest.exit(f"{what} cannot be installed: {failure}", returncode=SKIPPED)


def made_once(folder, make):
    """Makes `folder` by `make()`, which returns None or why it failed, unless it is whole already.

    Suites that start together wait for the one that makes it. Returns None or the reason.
    """
    # Written last, so a half-made folder (an interrupted run) is never taken for a whole one.
    complete = folder / "complete"
    if complete.exists():
        return None
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if complete.exists():
            return None
        shutil.rmtree(folder, ignore_errors=True)
        failure = make()
        if failure is None:
            complete.touch()
        return failure


def run_all(commands, timeout=300, env=None):
    """Runs them until one fails. Returns None, or why it did."""
    for command in commands:
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=timeout, env=env)  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).strip().splitlines()
            return lines[-1] if lines else f"{command[0]} ended with code {done.returncode}"
    return None


def venv_python(name, packages, imports, what=None):
    """Path of a Python interpreter that can import `imports`, in the environment `venv-NAME`."""
    venv = build_folder() / f"venv-{name}"
    python = venv / "bin" / "python"
    failure = made_once(venv, lambda: run_all([
        ["/usr/bin/python3", "-m", "venv", str(venv)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         "--retries", "2", "--timeout", "20", *packages],
        [str(python), "-c", "import " + ", ".join(imports)],
    ]))  # fmt: skip
    if failure is not None:
        not_available(what or name, failure)
    return str(python)


def use_venv(name, packages, imports, what=None):
    """The same packages for this very process: the environment was made by the same Python."""
    python = venv_python(name, packages, imports, what)
    (packages_folder,) = pathlib.Path(python).parents[1].glob("lib/python3*/site-packages")
    if str(packages_folder) not in sys.path:
        sys.path.insert(0, str(packages_folder))
