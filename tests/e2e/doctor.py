"""`schema-drift doctor` run, and its rows read."""

import json

from program import run


def doctor(*words, env=None, timeout=60):
    """(exit code, rows): a row is (about, state, seen, action); rows by check, in lists by order."""
    done = run("doctor", "--format", "json", *words, env=env, timeout=timeout)
    assert done.stderr == "", done
    document = json.loads(done.stdout)
    assert list(document) == ["tool_version", "timestamp", "state", "checks"]
    rows = {}
    for row in document["checks"]:
        assert list(row) == ["check", "about", "state", "seen", "action"]
        assert row["state"] in ("ok", "warn", "fail", "unknown", "skipped")
        rows.setdefault(row["check"], []).append(
            (row["about"], row["state"], row["seen"], row["action"]))  # fmt: skip
    return done.returncode, rows


def only(rows, check):
    """The one row of that check: (state, seen, action)."""
    (row,) = rows[check]
    return row[1:]
