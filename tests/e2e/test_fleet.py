"""Many targets in one run: each gets its own verdict, whatever becomes of the others."""

import collections
import json
import time

import pytest

from far_postgres import FarPostgres
from postgres import free_port
from program import reports_in, run, valid

ODD = {"f_hang": "hang", "f_mute": "mute", "f_close": "close", "f_drop": "drop"}
HEALTHY = 36


@pytest.fixture(scope="module")
def databases(cluster):
    """A server with 36 databases that are synced, four that misbehave and one that is behind."""
    names = [f"f_{number}" for number in range(HEALTHY)] + [*ODD, "f_behind"]
    cluster.psql("CREATE ROLE nightly LOGIN; CREATE DATABASE f_template")
    cluster.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                 "INSERT INTO alembic_version VALUES ('c3');"
                 "GRANT SELECT ON alembic_version TO nightly", db="f_template")  # fmt: skip
    cluster.psql("".join(f"CREATE DATABASE {name} TEMPLATE f_template;" for name in names))
    cluster.psql("UPDATE alembic_version SET version_num = 'b2'", db="f_behind")
    yield cluster
    for name in [*names, "f_template"]:
        cluster.psql(f"DROP DATABASE {name} WITH (FORCE)")
    cluster.psql("DROP ROLE nightly")


@pytest.fixture
def configuration(tmp_path, chain):
    """Writes the targets file: {name: database URL or a whole target}; its path."""

    def write(targets, **run_options):
        path = tmp_path / "fleet.json"
        listed = [{"target": name, **(of if isinstance(of, dict) else {"database": of})}
                  for name, of in targets.items()]  # fmt: skip
        path.write_text(json.dumps({**run_options, "defaults": {"repository": str(chain)}, "targets": listed}))
        return path

    return write


def reports_of(done):
    return {report["target"]: valid(report) for report in json.loads(done.stdout)}


def test_a_thousand_targets_far_away_each_get_their_own_verdict(databases, configuration, tmp_path):
    with FarPostgres(databases, delay=0.040, odd=ODD) as far:
        targets = {}
        for number in range(1000):
            name = f"f_{number % HEALTHY}"
            if number % 200 == 13:
                name = sorted(ODD)[number // 200 % 4]
            if number == 500:
                name = "f_nowhere"
            if number % 250 == 17:
                name = "f_behind"
            targets[f"t{number}-{name}"] = far.url(user="nightly", db=name)
        targets["refused"] = f"postgresql://nightly@127.0.0.1:{free_port()}/f_1"
        config = configuration(targets, reports=str(tmp_path / "reports"), target_timeout=4)
        begin = time.monotonic()
        done = run("check", "--config", config, "--format", "json", timeout=120)
        took = time.monotonic() - begin
    assert done.returncode == 2, done.stderr
    reports = reports_of(done)
    assert list(reports) == list(targets)  # in the order of the configuration

    wanted = {"behind": ("behind", None), "hang": ("error", "timed_out"), "mute": ("error", "timed_out"),
              "close": ("error", "connection_failed"), "drop": ("error", "connection_failed"),
              "nowhere": ("error", "connection_failed"), "refused": ("error", "connection_failed")}  # fmt: skip
    for name, report in reports.items():
        status, kind = wanted.get(name.rpartition("_")[2], ("synced", None))
        assert (report["status"], (report["failure"] or {}).get("kind")) == (status, kind), report
    statuses = collections.Counter(report["status"] for report in reports.values())
    assert statuses == {"synced": 990, "behind": 4, "error": 7}
    assert len(reports_in(tmp_path / "reports")) == 1001
    # 1,000 one after another would be 240 s.
    assert took < 60
    # 20 at once, but for those that are being closed.
    assert far.seen["most_at_once"] <= 30
