"""make_reports.py FOLDER TARGETS NIGHTS: the reports of a fleet, each naming the one before it."""

import datetime
import hashlib
import json
import pathlib
import sys


def report(target, number, run_id, time, before):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "schema_version": 1, "timestamp": stamp, "run_id": run_id, "tool_version": "0.1.0", "target": target,
        "codebase_head": "c3", "production_version": "c3", "drift_detected": False, "status": "synced",
        "reason": None,
        "repository": {"url": "https://git.example.com/shop", "ref": "main", "commit": "a" * 40,
                       "committed_at": stamp, "script_location": "migrations"},
        "production": {"database": f"{target} on db.example.com:5432", "version_table": "public.alembic_version"},
        "codebase_heads": ["c3"], "production_versions": ["c3"], "pending": [], "findings": [], "warnings": [],
        "failure": None, "undelivered": [], "not_checked": [], "sequence": number, "previous_sha256": before,
        "previous_unknown_because": None, "alert": None, "duration_ms": 40,
        "stage_durations_ms": {"repository": 30, "production": 10},
    }  # fmt: skip


def main(folder, targets, nights):
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0, tzinfo=None)
    before = {}
    (folder / "latest").mkdir(parents=True, exist_ok=True)
    for night in range(nights):
        time = now - datetime.timedelta(days=nights - 1 - night, minutes=10)
        day = folder / time.strftime("%Y/%m/%d")
        day.mkdir(parents=True, exist_ok=True)
        for number in range(targets):
            target, run_id = f"shop-{number:03}", f"{night:08x}{number:08x}"
            text = json.dumps(report(target, night + 1, run_id, time, before.get(target)), indent=2) + "\n"
            before[target] = hashlib.sha256(text.encode()).hexdigest()
            (day / f"{target}-{time.strftime('%Y%m%dT%H%M%SZ')}-{run_id}.json").write_text(text)
            if night == nights - 1:
                (folder / "latest" / f"{target}.json").write_text(text)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
