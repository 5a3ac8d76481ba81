"""Root's hand in a service's folder: the service still has to be able to work there the next night."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
from program import BINARY, environment

SERVICE = 64_123  # no user has to have that number


@pytest.fixture
def shared():
    """A folder that everybody may enter, with the program in it."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    # Not below pytest's own folder: others may not pass through that.
    with tempfile.TemporaryDirectory(prefix="sd-service-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        shutil.copy(BINARY, folder)
        yield pathlib.Path(folder)


class Machine:
    def __init__(self, shared, chain, url):
        self.home = shared / "service"
        shutil.copytree(chain, self.home / "repository")
        self.reports = self.home / "reports"
        self.program = shared / pathlib.Path(BINARY).name
        self.url = url
        for path in [self.home, *self.home.rglob("*")]:
            os.chown(path, SERVICE, SERVICE)

    def run(self, user, *words):
        become = {"user": SERVICE, "group": SERVICE, "extra_groups": []} if user == "service" else {}
        home = str(self.home) if become else "/root"
        done = subprocess.run(
            [self.program, *map(str, words), "--reports", self.reports], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, umask=0o022, **become,
            env=environment(HOME=home))  # fmt: skip
        return done

    def check(self, user, target):
        repository = ["--repository", self.home / "repository", "--cache-dir", self.home / f"cache-{user}"]
        return self.run(user, "check", "--database", self.url, "--target", target, *repository,
                        "--spool-dir", self.home / f"spool-{user}")  # fmt: skip

    def owners(self):
        return {(path.stat().st_uid, path.stat().st_gid) for path in [self.reports, *self.reports.rglob("*")]}


@pytest.fixture
def machine(shared, chain, versioned, stamp):
    stamp("a1")
    return Machine(shared, chain, versioned[1])


def test_the_service_goes_on_after_root_acknowledged_and_checked(machine):
    assert machine.check("service", "shop").returncode == 1
    done = machine.run("root", "ack", "shop", "--until", "3d", "--reason", "deploy on Monday")
    assert (done.returncode, done.stderr) == (0, "")
    # A first report of root's makes a lock, a latest and, on another day, the folder of a day.
    for path in machine.reports.glob("[0-9]*"):
        path.rename(machine.reports / "1999")
    done = machine.check("root", "orders")
    assert done.returncode == 1, done.stderr
    assert machine.owners() == {(SERVICE, SERVICE)}
    for target in ("shop", "orders"):
        done = machine.check("service", target)
        assert done.returncode == 1, done.stderr
    assert "deploy on Monday" in machine.check("service", "shop").stdout
    done = machine.run("service", "ack", "shop", "--withdraw")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_folder_that_root_makes_belongs_to_whom_it_is_made_for(machine):
    assert machine.check("root", "shop").returncode == 1
    assert machine.owners() == {(SERVICE, SERVICE)}
    assert machine.check("service", "shop").returncode == 1


def test_root_is_not_led_astray_by_what_the_service_put_there(machine, shared):
    assert machine.check("service", "shop").returncode == 1
    elsewhere = shared / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (machine.reports / "acks").symlink_to(elsewhere)
    done = machine.run("root", "ack", "shop", "--until", "3d", "--reason", "x")
    assert done.returncode == 2
    assert list(elsewhere.iterdir()) == []


def test_what_root_left_there_before_is_named_with_its_remedy(machine):
    assert machine.check("service", "shop").returncode == 1
    acks = machine.reports / "acks"
    acks.mkdir(mode=0o755)
    done = machine.run("root", "ack", "shop", "--until", "3d", "--reason", "x")
    assert done.returncode == 2
    assert f"cannot write {acks}/.shop.json." in done.stderr
    assert "Permission denied" in done.stderr
    assert (f"hint: root writes there as the folder's owner: give them all of it with chown -R "
            f"{SERVICE}:{SERVICE} {machine.reports}\n") in done.stderr


def test_roots_own_folder_stays_roots(machine, shared):
    machine.reports = shared / "reports"
    assert machine.check("root", "shop").returncode == 1
    assert machine.run("root", "ack", "shop", "--until", "3d", "--reason", "x").returncode == 0
    assert machine.owners() == {(0, 0)}
