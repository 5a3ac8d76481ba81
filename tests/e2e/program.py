"""Runs the built program as a person or cron would, and reads what it says."""

import atexit
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SCHEMA_DRIFT_BINARY", str(ROOT / "build/release/schema-drift"))
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/report.schema.json").read_text()))


# AddressSanitizer keeps what was freed for a while, so memory tells nothing there.
SANITIZED = b"__asan_init" in pathlib.Path(BINARY).read_bytes() if os.path.exists(BINARY) else False


# What one test leaves in the spool or the cache must not be seen by another run, nor stay behind.
STATE = tempfile.mkdtemp(prefix="schema-drift-state-")
atexit.register(shutil.rmtree, STATE, ignore_errors=True)


def environment(**extra):
    """Nothing of whoever runs the tests may reach the program under test."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "AWS_", "GIT_", "SCHEMA_DRIFT_", "SSL_CERT_", "XDG_"))
        and name not in ("GITHUB_TOKEN", "CURL_CA_BUNDLE", "NO_COLOR", "REQUESTS_CA_BUNDLE")
    }
    if "HOME" not in extra:
        kept["XDG_STATE_HOME"] = kept["XDG_CACHE_HOME"] = STATE
    return {**kept, "LC_ALL": "C.UTF-8", "TERM": "dumb", **extra}


def start(*words, env=None, **popen):
    return subprocess.Popen(
        [BINARY, *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment(**(env or {})), **popen)  # fmt: skip


def run(*words, env=None, timeout=60, **popen):
    process = start(*words, env=env, **popen)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def valid(report):
    """The report, once it satisfies docs/report.schema.json."""
    SCHEMA.validate(report)
    return report


def check(*words, **how):
    """`check --format json`: (exit code, validated report)."""
    done = run("check", "--format", "json", *words, **how)
    try:
        return done.returncode, valid(json.loads(done.stdout))
    except json.JSONDecodeError:
        raise AssertionError(f"no report: {done}") from None


def reports_in(folder):
    """Every dated report of a report folder, validated, by file name."""
    found = sorted(pathlib.Path(folder).glob("[0-9]*/*/*/*.json"))
    return {path.name: valid(json.loads(path.read_text())) for path in found}
