"""The crontab line, run by /bin/sh as cron runs it: what it prints is what cron mails."""

import os
import pathlib
import subprocess

import pytest

from postgres import Cluster
from program import BINARY, ROOT
from repository import Repository

CRONTAB = (ROOT / "cron/schema-drift.crontab").read_text()
SETTINGS = "/etc/schema-drift/environment"


def entries():
    """(variables, [(schedule, command)]) as crontab(5) reads them."""
    variables, jobs = {}, []
    for line in CRONTAB.splitlines():
        if not line or line.startswith("#"):
            continue
        name, is_variable, value = line.partition("=")
        if is_variable and name.isidentifier():
            variables[name] = value
        else:
            *schedule, command = line.split(None, 5)
            jobs.append((schedule, command))
    return variables, jobs


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as server:
        server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)", db="app")
        yield server


@pytest.fixture
def mail(tmp_path, cluster):
    """What cron would mail after a run with production at a revision."""
    repository = Repository(tmp_path / "work").chain("a1", "b2")
    settings = tmp_path / "environment"

    def run(revision, url=None):
        cluster.psql(f"DELETE FROM alembic_version; INSERT INTO alembic_version VALUES ('{revision}')", db="app")
        settings.write_text(f"SCHEMA_DRIFT_REPOSITORY={repository.folder}\n"
                            f"SCHEMA_DRIFT_DATABASE='{url or cluster.url()}'\n"
                            f"SCHEMA_DRIFT_REPORTS={tmp_path}/reports\n")  # fmt: skip
        ((_, command),) = entries()[1]
        path = f"{pathlib.Path(BINARY).parent}:{entries()[0]['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-c", command.replace(SETTINGS, str(settings))], capture_output=True, text=True,
            cwd=tmp_path, env={"HOME": str(tmp_path), "PATH": path, "LOGNAME": "drift"})  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return run


def test_it_is_one_line_at_three_and_mails_somebody():
    variables, ((schedule, command),) = entries()
    assert schedule == ["0", "3", "*", "*", "*"]
    assert variables["MAILTO"]
    # cron makes a line end of it: https://manpages.debian.org/bookworm/cron/crontab.5.en.html
    assert "%" not in command
    assert command.count(SETTINGS) == 1


def test_nothing_is_mailed_where_there_is_nothing_to_say(mail):
    assert mail("b2") == (0, "")


def test_drift_is_mailed(mail):
    code, text = mail("a1")
    assert code == 1
    assert "BEHIND" in text and "b2" in text


def test_an_error_is_mailed(mail, cluster):
    code, text = mail("b2", url=cluster.url(db="nowhere"))
    assert code == 2
    assert "nowhere" in text


def test_missing_settings_are_mailed(tmp_path):
    ((_, command),) = entries()[1]
    done = subprocess.run(["/bin/sh", "-c", command.replace(SETTINGS, str(tmp_path / "none"))],
                          capture_output=True, text=True, env=os.environ)  # fmt: skip
    assert done.returncode != 0
    assert str(tmp_path / "none") in done.stderr


def test_two_at_once_do_not_disturb_each_other(mail, tmp_path, cluster):
    mail("a1")
    ((_, command),) = entries()[1]
    command = command.replace(SETTINGS, str(tmp_path / "environment"))
    path = f"{pathlib.Path(BINARY).parent}:{entries()[0]['PATH']}"
    started = [
        subprocess.Popen(["/bin/sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path,
                         env={"HOME": str(tmp_path), "PATH": path}) for _ in range(8)]  # fmt: skip
    assert [process.wait(timeout=60) for process in started] == [1] * 8
    assert len(list((tmp_path / "reports").glob("[0-9]*/*/*/*.json"))) == 9
    for process in started:
        process.communicate()
