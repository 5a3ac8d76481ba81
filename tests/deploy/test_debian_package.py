"""The Debian package on a clean Debian: installed, run by its systemd units, removed, purged."""

import hashlib
import json
import pathlib
import re
import subprocess
import time

import pytest

from debian_machine import DebianMachine
from mail_server import SmtpServer, msmtp_settings
from postgres import Cluster
from program import BINARY, ROOT, valid
from repository import Repository

MAKE = ROOT / "cron/debian/make-package"
PASSWORD = "p@ss:w/rd%canary"
ENVIRONMENT = """\
SCHEMA_DRIFT_REPOSITORY=/srv/shop
SCHEMA_DRIFT_DATABASE_FILE=/run/credentials/schema-drift.service/database
SCHEMA_DRIFT_REPORTS=/var/lib/schema-drift/reports
SCHEMA_DRIFT_ALERTS=terminal
"""
CREDENTIAL = "/etc/credstore/schema-drift.database"
# A tenth of the exposure that systemd-analyze prints; docs/operations.md states it.
MOST_EXPOSURE = 11


def make_package(folder):
    done = subprocess.run([MAKE, BINARY, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (package,) = pathlib.Path(folder).glob("*.deb")
    return package


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return make_package(tmp_path_factory.mktemp("deb"))


@pytest.fixture(scope="module")
def machine(package):
    with DebianMachine() as debian:
        debian.write("/root/package.deb", package.read_bytes())
        debian.run("apt-get", "-q", "update")
        debian.run("apt-get", "-q", "install", "-y", "--no-install-recommends", "/root/package.deb")
        yield debian


@pytest.fixture(scope="module")
def cluster():
    with Cluster(tcp=True) as server:
        server.psql(f"CREATE ROLE drift LOGIN PASSWORD '{PASSWORD}' IN ROLE with_password")
        server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                    "GRANT SELECT ON alembic_version TO drift", db="app")  # fmt: skip
        yield server


def keep_secret(machine, text):
    """As docs/operations.md says."""
    machine.run("install", "-m", "600", "/dev/stdin", CREDENTIAL, text=text)


@pytest.fixture(scope="module")
def configured(machine, cluster, tmp_path_factory):
    """The service set up as docs/operations.md says; production's row is the test's."""
    repository = Repository(tmp_path_factory.mktemp("shop") / "work").chain("a1", "b2")
    machine.unpack(repository.folder, "/srv/shop")
    machine.run("tee", "/etc/schema-drift/environment", text=ENVIRONMENT)
    url = cluster.url(user="drift", password=PASSWORD, host="127.0.0.1")
    keep_secret(machine, url + "\n")

    def production_at(revision):
        cluster.psql(f"DELETE FROM alembic_version; INSERT INTO alembic_version VALUES ('{revision}')", db="app")

    production_at("b2")
    return production_at


def start(machine):
    """(exit code of systemctl, result of the unit, exit code of the program, its lines in the journal)"""
    # systemd refuses the sixth start within ten seconds; no night has so many.
    machine.run("systemctl", "reset-failed", "schema-drift", check=False)
    # A cursor of the unit's own: after another's, journalctl passes over the first line that is asked for.
    told = machine.run("journalctl", "-u", "schema-drift", "-n", "0", "--show-cursor", check=False).stdout
    cursor = told.strip().rpartition(" ")[2]
    code = machine.run("systemctl", "start", "schema-drift", check=False).returncode
    told = machine.run("systemctl", "show", "schema-drift", "-p", "Result", "-p", "ExecMainStatus").stdout
    shown = dict(line.split("=", 1) for line in told.splitlines())
    after = ["--after-cursor", cursor] if cursor.startswith("s=") else []
    journal = machine.run("journalctl", "-u", "schema-drift", "-o", "cat", *after).stdout
    return code, shown["Result"], int(shown["ExecMainStatus"]), journal


def latest(machine):
    return valid(json.loads(machine.run("cat", "/var/lib/schema-drift/reports/latest/app.json").stdout))


def test_lintian_has_nothing_to_say(package):
    done = subprocess.run(["lintian", "--fail-on", "warning,error", package], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_same_input_gives_the_same_package(package, tmp_path):
    again = make_package(tmp_path)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(package.read_bytes()).digest()


def test_the_manual_names_every_option_of_every_command():
    manual = subprocess.run([BINARY, "man"], capture_output=True, text=True, check=True).stdout
    told = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z-]+)  +\S", told.partition("Subcommands:\n")[2], re.MULTILINE)
    assert {"check", "heads", "history", "pending"} <= set(commands)
    sections = dict(re.findall(r"^\.SH OPTIONS OF (\S+)\n(.*?)(?=^\.SH)", manual, re.MULTILINE | re.DOTALL))
    for command in commands:
        told = subprocess.run([BINARY, command, "--help-all"], capture_output=True, text=True, check=True).stdout
        options = set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", told, re.MULTILINE)) - {"--help", "--help-all"}
        section = sections[command.upper().replace("-", "\\-")].replace("\\-", "-")
        assert set(re.findall(r"^\.B (?:-\w,)?(--[a-z-]+)", section, re.MULTILINE)) == options, command


def test_what_the_package_needs_is_in_its_dependencies(machine):
    """Nothing but Debian's base was there before: a library that is not named would be missing."""
    assert machine.run("schema-drift", "--version").stdout.startswith("schema-drift ")
    assert "not found" not in machine.run("ldd", "/usr/bin/schema-drift").stdout


def test_the_units_are_valid(machine):
    done = machine.run("systemd-analyze", "verify", "--man=no", "schema-drift.service", "schema-drift.timer",
                       "schema-drift-failed@x.service")  # fmt: skip
    assert done.stderr + done.stdout == ""


def test_the_service_exposes_little(machine):
    done = machine.run("systemd-analyze", "security", "--no-pager", f"--threshold={MOST_EXPOSURE}", "schema-drift.service")
    (score,) = re.findall(r"Overall exposure level for schema-drift.service: (\d+\.\d)", done.stdout)
    assert round(float(score) * 10) == MOST_EXPOSURE
    assert f"exposure level {score}" in (ROOT / "docs/operations.md").read_text()


def test_installing_enables_nothing(machine):
    assert machine.run("systemctl", "is-enabled", "schema-drift.timer", check=False).stdout == "disabled\n"
    assert machine.run("stat", "-c", "%a %U", "/etc/schema-drift/environment").stdout == "600 root\n"
    assert machine.run("stat", "-c", "%a %U", "/etc/credstore").stdout == "700 root\n"


def test_the_timer_starts_it_each_night(machine, configured):
    machine.run("systemctl", "enable", "--now", "schema-drift.timer")
    told = machine.run("systemctl", "show", "schema-drift.timer", "-p", "TimersCalendar", "-p", "Persistent",
                       "-p", "RandomizedDelayUSec", "-p", "ActiveState").stdout  # fmt: skip
    assert "OnCalendar=*-*-* 03:00:00 UTC" in told
    assert "Persistent=yes" in told and "RandomizedDelayUSec=15min" in told and "ActiveState=active" in told


def test_a_run_reads_its_secret_from_the_credential_and_keeps_a_report(machine, configured):
    configured("b2")
    assert start(machine)[:3] == (0, "success", 0)
    assert latest(machine)["status"] == "synced"
    # Whoever the dynamic user was, nobody else reads what it wrote.
    assert machine.run("stat", "-c", "%a", "/var/lib/private/schema-drift/reports/latest/app.json").stdout == "600\n"


def test_drift_is_told_in_the_journal_and_is_no_failure_of_the_unit(machine, configured):
    configured("a1")
    code, result, status, journal = start(machine)
    assert (code, result, status) == (0, "success", 1)
    assert latest(machine)["status"] == "behind"
    assert "BEHIND" in journal and "b2" in journal


def test_a_second_run_finds_the_state_of_the_first(machine, configured):
    """A dynamic user may have another number each time; systemd hands its folders over."""
    before = len(machine.files("app-*.json"))
    start(machine)
    assert len(machine.files("app-*.json")) == before + 1


def test_what_could_not_be_told_fails_the_unit(machine, configured, cluster):
    keep_secret(machine, cluster.url(user="drift", password="wrong", host="127.0.0.1"))
    code, result, status, journal = start(machine)
    assert (code, result, status) == (1, "exit-code", 2)
    assert latest(machine)["failure"]["kind"] == "database_authentication_failed"
    keep_secret(machine, cluster.url(user="drift", password=PASSWORD, host="127.0.0.1"))
    assert start(machine)[0] == 0


def test_the_first_run_says_that_the_journal_tells_nobody(machine, configured):
    assert ("alerts go to the journal alone, which tells nobody; give --alerts mailto:ADDRESS or another place "
            "that reaches a person") in start(machine)[3]  # fmt: skip


@pytest.fixture
def mails(machine, configured, cluster):
    """[(recipients, mail)] that leave the machine, whose alerts are mails; put back afterwards."""
    machine.run("apt-get", "-q", "install", "-y", "--no-install-recommends", "msmtp-mta")
    mailed = ENVIRONMENT.replace("=terminal", "=mailto:ops@example.com\nSCHEMA_DRIFT_NOTIFY_ON_SUCCESS=true")
    with SmtpServer() as server:
        machine.write("/etc/msmtprc", msmtp_settings(server))
        machine.run("tee", "/etc/schema-drift/environment", text=mailed)
        yield server.mails
    machine.run("tee", "/etc/schema-drift/environment", text=ENVIRONMENT)
    machine.run("apt-get", "-q", "purge", "-y", "msmtp", "msmtp-mta", "dma")
    machine.run("systemctl", "reset-failed", "schema-drift", check=False)


def test_an_alert_is_mailed_out_of_the_sandbox(machine, configured, mails):
    configured("a1")
    assert start(machine)[1:3] == ("success", 1)
    ((to, mail),) = mails
    assert to == ["ops@example.com"]
    assert mail["Subject"].startswith("[schema-drift] app: BEHIND")
    assert "/var/lib/schema-drift/reports/2" in mail.get_content()


def test_a_failure_of_the_unit_is_mailed_to_root(machine, configured, cluster, mails):
    keep_secret(machine, cluster.url(user="drift", password="wrong", host="127.0.0.1"))
    assert start(machine)[1:3] == ("exit-code", 2)
    keep_secret(machine, cluster.url(user="drift", password=PASSWORD, host="127.0.0.1"))
    for _ in range(100):
        if len(mails) > 1:
            break
        time.sleep(0.1)
    (_, alert), (to, mail) = sorted(mails, key=lambda one: one[0] == ["root"])
    assert alert["Subject"].startswith("[schema-drift] app: ERROR")
    assert to == ["root"] and mail["To"] == "root"
    assert re.fullmatch(r"schema-drift\.service failed on \S+", mail["Subject"])
    assert "cannot tell: " in mail.get_content() and "status=2" in mail.get_content()


def test_a_sendmail_that_needs_a_group_fails_in_the_sandbox_and_the_documented_drop_in_mends_it(
        machine, configured, mails):  # fmt: skip
    configured("a1")
    machine.run("apt-get", "-q", "install", "-y", "--no-install-recommends", "dma")
    _, result, status, journal = start(machine)
    assert (result, status) == ("exit-code", 3)
    assert re.search(r"cannot send the alert to mailto:o\*\*\*@example\.com \(af3c8254\): /usr/sbin/sendmail ended with "
                     r"exit code \d+: .*can not open config", journal)  # fmt: skip
    (drop_in,) = re.findall(r"```\n(\[Service\]\nBind.*?)```", (ROOT / "docs/operations.md").read_text(), re.DOTALL)
    machine.write("/etc/systemd/system/schema-drift.service.d/mail.conf", drop_in)
    machine.run("systemctl", "daemon-reload")
    try:
        assert start(machine)[1:3] == ("success", 1)
    finally:
        machine.run("rm", "-r", "/etc/systemd/system/schema-drift.service.d")
        machine.run("systemctl", "daemon-reload")
    ((to, _),) = mails
    assert to == ["ops@example.com"]


def test_without_the_credential_it_says_which_file_is_missing(machine, configured, cluster):
    machine.run("mv", CREDENTIAL, "/root/kept")
    code, _, status, journal = start(machine)
    machine.run("mv", "/root/kept", CREDENTIAL)
    assert (code, status) == (1, 64)
    assert "cannot read the database file /run/credentials/schema-drift.service/database" in journal


def test_the_password_is_nowhere_to_be_read(machine, configured):
    start(machine)
    quoted = cluster_password_in_url()
    told = machine.run("journalctl", "-o", "export").stdout + machine.run("systemctl", "show", "schema-drift").stdout
    told += machine.run("grep", "-r", ".", "/var/lib/private/schema-drift", "/var/cache/private/schema-drift").stdout
    assert PASSWORD not in told and quoted not in told


def cluster_password_in_url():
    return PASSWORD.replace("%", "%25").replace("@", "%40").replace(":", "%3A").replace("/", "%2F")


def test_the_sandbox_holds(machine, configured):
    """The hardening is on in the running unit, not only written down: seccomp, no capability, no new rights."""
    machine.write("/etc/systemd/system/schema-drift.service.d/look.conf",
                  "[Service]\nExecStart=\nExecStart=/bin/cat /proc/self/status\n")  # fmt: skip
    machine.run("systemctl", "daemon-reload")
    try:
        code, _, _, journal = start(machine)
    finally:
        machine.run("rm", "-r", "/etc/systemd/system/schema-drift.service.d")
        machine.run("systemctl", "daemon-reload")
    assert code == 0
    status = dict(line.split(":\t", 1) for line in journal.splitlines() if ":\t" in line)
    assert status["CapBnd"] == status["CapEff"] == "0" * 16
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert status["Uid"].split()[0] != "0"


def test_removing_leaves_settings_and_reports_and_purging_leaves_nothing(machine, configured):
    """The last test: the machine has no package afterwards."""
    machine.run("apt-get", "-q", "remove", "-y", "schema-drift")
    assert machine.run("systemctl", "is-active", "schema-drift.timer", check=False).stdout == "inactive\n"
    left = machine.files("*schema-drift*")
    assert "/usr/bin/schema-drift" not in left and "/etc/schema-drift" in left
    assert machine.files("app-*.json")
    machine.run("apt-get", "-q", "purge", "-y", "schema-drift")
    assert machine.files("*schema-drift*") == [] and machine.files("credstore") == []
    assert machine.files("app-*.json") == []
    assert machine.run("systemctl", "--failed", "--no-legend").stdout == ""
