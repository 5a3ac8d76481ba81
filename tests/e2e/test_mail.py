"""Alerts by mail: the built program, a real sendmail (msmtp) and an SMTP server of the test."""

import json
import os
import re
import signal
import subprocess
import time

import pytest

from conftest import CANARY
from mail_server import SmtpServer, home_with_msmtp, run_with_sendmail, start_with_sendmail
from program import BINARY, environment, valid
from repository import Repository

MSMTP = "/usr/bin/msmtp"
SHOWN = "mailto:o***@example.com (af3c8254)"


@pytest.fixture
def words(chain, versioned, stamp, tmp_path):
    stamp("b2")
    return ["check", "--repository", chain, "--database", versioned[1], "--target", "shop",
            "--reports", tmp_path / "reports", "--spool-dir", tmp_path / "spool"]  # fmt: skip


@pytest.fixture
def server():
    with SmtpServer() as smtp:
        yield smtp


def program_that(tmp_path, script):
    """A sendmail that does what `script` says."""
    path = tmp_path / "sendmail"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def undelivered(tmp_path):
    return valid(json.loads((tmp_path / "reports/latest/shop.json").read_text()))["undelivered"]


def test_a_mail_arrives_and_says_what_to_do(words, server, tmp_path):
    done = run_with_sendmail(MSMTP, tmp_path, *words, "--alerts", "mailto:ops@example.com,dba@example.com",
                             env=home_with_msmtp(server, tmp_path))  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    ((to, mail),) = server.mails
    assert to == ["ops@example.com", "dba@example.com"]
    assert mail["To"] == "ops@example.com, dba@example.com"
    assert mail["Subject"] == "[schema-drift] shop: BEHIND: 1 revision is pending"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f]{16}\.[0-9a-f]{8}@[A-Za-z0-9.-]+>", mail["Message-ID"])
    assert abs(mail["Date"].datetime.timestamp() - time.time()) < 120
    text = mail.get_content().replace("\r\n", "\n")
    (report,) = (tmp_path / "reports").glob("2*/*/*/*.json")
    assert f"\n  what to do  apply with `alembic upgrade heads`\n  report      {report}\n" in text
    assert undelivered(tmp_path) == []


def test_several_addresses_in_the_environment_are_one_mail(words, server, tmp_path):
    done = run_with_sendmail(MSMTP, tmp_path, *words, env={
        **home_with_msmtp(server, tmp_path),
        "SCHEMA_DRIFT_ALERTS": "mailto:ops@example.com,dba@example.com,terminal"})  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("[schema-drift] shop: BEHIND")
    ((to, _),) = server.mails
    assert to == ["ops@example.com", "dba@example.com"]


def test_a_docstring_of_a_megabyte_pushes_nothing_out_of_the_mail(words, server, tmp_path):
    """And its hostile characters reach neither a header nor a line of the body."""
    shop = Repository(tmp_path / "shop").chain("a1", "b2")
    shop.migration("c3", "b2", "\x1b[2J\u202e Bcc: all@example.com " + "d" * (1 << 20))
    words[2] = shop.folder
    done = run_with_sendmail(MSMTP, tmp_path, *words, "--alerts", "mailto:ops@example.com",
                             env=home_with_msmtp(server, tmp_path))  # fmt: skip
    assert done.returncode == 1
    ((to, mail),) = server.mails
    assert to == ["ops@example.com"] and mail["Bcc"] is None
    text = mail.get_content().replace("\r\n", "\n")
    assert len(server.raw[0]) < 5_000
    assert "\n  finding     1 revision is not applied: 'c3'\n" in text
    assert "\n  what to do  apply with `alembic upgrade heads`\n  report      " in text
    assert "\n    c3  \\x1b[2J\\u202e Bcc: all@example.com ddd" in text


def test_a_sendmail_that_fails_is_told_with_its_words_but_without_addresses(words, tmp_path):
    sendmail = program_that(tmp_path, 'printf "sendmail: no route to \\033[2Jops@example.com\\n" >&2; exit 75')
    done = run_with_sendmail(sendmail, tmp_path, *words, "--alerts", "mailto:ops@example.com")
    assert done.returncode == 3
    assert undelivered(tmp_path) == [
        f"cannot send the alert to {SHOWN}: /usr/sbin/sendmail ended with exit code 75: "
        "sendmail: no route to \\x1b[2Jo***@example.com"]  # fmt: skip
    assert "ops@example.com" not in done.stderr + done.stdout


def test_msmtp_without_a_server_is_told(words, server, tmp_path):
    home = home_with_msmtp(server, tmp_path)
    (tmp_path / "home/.msmtprc").unlink()
    done = run_with_sendmail(MSMTP, tmp_path, *words, "--alerts", "mailto:ops@example.com", env=home)
    assert done.returncode == 3
    (sentence,) = undelivered(tmp_path)
    assert sentence.startswith(f"cannot send the alert to {SHOWN}: /usr/sbin/sendmail ended with exit code ")


def test_a_machine_without_sendmail_is_told_before_and_after(words, tmp_path):
    done = run_with_sendmail(None, tmp_path, *words, "--alerts", "mailto:ops@example.com")
    assert done.returncode == 3
    assert undelivered(tmp_path) == [
        f"cannot send the alert to {SHOWN}: /usr/sbin/sendmail is not installed"]  # fmt: skip
    asked = ["doctor", "--format", "json", *words[1:], "--alerts", "mailto:ops@example.com"]
    done = run_with_sendmail(None, tmp_path, *asked)
    rows = {row["check"]: row for row in json.loads(done.stdout)["checks"]}
    assert done.returncode == 2
    assert rows["alerts"] == {
        "check": "alerts", "about": SHOWN, "state": "fail",
        "seen": "/usr/sbin/sendmail is not installed",
        "action": "install a package that brings one, such as msmtp-mta (it hands mails to your mail server), "
                  "or give another --alerts"}  # fmt: skip
    done = run_with_sendmail(MSMTP, tmp_path, *asked)
    rows = {row["check"]: row for row in json.loads(done.stdout)["checks"]}
    assert (rows["alerts"]["state"], rows["alerts"]["seen"]) == (
        "ok", "/usr/sbin/sendmail is there; whether a mail would arrive cannot be told without sending")  # fmt: skip


def test_a_sendmail_that_hangs_is_ended_with_the_run_s_time(words, tmp_path):
    sendmail = program_that(tmp_path, f"echo $$ >{tmp_path}/pid; exec sleep 300")
    begin = time.monotonic()
    done = run_with_sendmail(sendmail, tmp_path, *words, "--alerts", "mailto:ops@example.com", "--timeout", "10")
    assert (done.returncode, time.monotonic() - begin < 30) == (3, True)
    assert undelivered(tmp_path) == [
        f"cannot send the alert to {SHOWN}: /usr/sbin/sendmail did not take the mail in time"]  # fmt: skip
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_signal_ends_a_sendmail_that_hangs_and_it_is_recorded(words, tmp_path):
    sendmail = program_that(tmp_path, f"echo $$ >{tmp_path}/half && mv {tmp_path}/half {tmp_path}/pid; exec sleep 300")
    process = start_with_sendmail(sendmail, tmp_path, *words, "--alerts", "mailto:ops@example.com")
    until = time.monotonic() + 60
    while not (tmp_path / "pid").exists():
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert (process.returncode, time.monotonic() - begin < 8) == (3, True)
    assert undelivered(tmp_path) == [
        f"cannot send the alert to {SHOWN}: /usr/sbin/sendmail was interrupted before it had taken the mail"]  # fmt: skip
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_nothing_of_the_environment_reaches_sendmail_but_what_it_needs(words, tmp_path):
    sendmail = program_that(tmp_path, f'env >"{tmp_path}/env"; printf "%s\\n" "$@" >"{tmp_path}/words"; cat >/dev/null')
    done = run_with_sendmail(sendmail, tmp_path, *words, "--alerts", "mailto:ops@example.com",
                             env={"PGPASSWORD": CANARY, "AWS_SECRET_ACCESS_KEY": CANARY, "HOME": "/nonexistent"})  # fmt: skip
    assert done.returncode == 1
    assert (tmp_path / "words").read_text().splitlines() == ["-i", "--", "ops@example.com"]
    told = (tmp_path / "env").read_text()
    assert CANARY not in told and "HOME=/nonexistent" in told


@pytest.mark.parametrize("alerts, journal, warned", [
    ("terminal", True, True), ("terminal", False, False), ("webhook:https://alerts.example.com/x", True, False)])  # fmt: skip
def test_the_journal_alone_is_nobody(words, tmp_path, alerts, journal, warned):
    with open(tmp_path / "stderr", "w+") as stderr:
        status = os.fstat(stderr.fileno())
        stream = f"{status.st_dev}:{status.st_ino}" if journal else "8:1"
        subprocess.run([BINARY, *map(str, words), "--alerts", alerts], stdout=subprocess.DEVNULL, stderr=stderr,
                       env=environment(JOURNAL_STREAM=stream, SCHEMA_DRIFT_WEBHOOK_SECRET="x"))  # fmt: skip
        stderr.seek(0)
        told = stderr.read()
    assert ("warning: alerts go to the journal alone, which tells nobody; give --alerts mailto:ADDRESS or another "
            "place that reaches a person" in told) is warned  # fmt: skip


def test_doctor_says_that_the_journal_tells_nobody(words, tmp_path):
    with open(tmp_path / "stderr", "w") as stderr:
        status = os.fstat(stderr.fileno())
        done = subprocess.run(
            [BINARY, "doctor", "--format", "json", *map(str, words[1:]), "--alerts", "terminal"],
            stdout=subprocess.PIPE, stderr=stderr, text=True,
            env=environment(JOURNAL_STREAM=f"{status.st_dev}:{status.st_ino}"))  # fmt: skip
    rows = {row["check"]: row for row in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1, "nobody would be told"
    assert rows["alerts"] == {
        "check": "alerts", "about": "terminal", "state": "warn",
        "seen": "standard error is the journal here, which tells nobody",
        "action": "give --alerts mailto:ADDRESS or another place that reaches a person"}  # fmt: skip
