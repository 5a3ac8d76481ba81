"""What another user of the machine leaves in the folders that a run of root's reads from.

The other user is a real one: what it makes is made by processes of its own.
"""

import hashlib
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time

import pytest
from git_servers import Authority, HttpsServer, Project
from program import check, reports_in, run, valid

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")

STRANGER = pwd.getpwnam("nobody")
SECRET = "root:$6$canary:19000:0:99999:7:::\n"
RUN_ID = "00000000000000aa"


def as_stranger(*words, **how):
    return subprocess.run(
        list(map(str, words)), user=STRANGER.pw_uid, group=STRANGER.pw_gid, extra_groups=[],
        check=True, capture_output=True, text=True, cwd="/", umask=0o022, **how)  # fmt: skip


@pytest.fixture
def public():
    """A folder that everybody may put something into, as /tmp is one."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sd-public-", dir="/tmp"))
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def secret(public):
    """What only root can read."""
    path = public / "shadow"
    path.write_text(SECRET)
    path.chmod(0o600)
    return path


@pytest.fixture
def words(chain, versioned, stamp, tmp_path):
    stamp("c3")
    return ["--repository", chain, "--database", versioned[1], "--target", "shop",
            "--reports", tmp_path / "reports"]  # fmt: skip


def other(words, **changed):
    """The same words but for some options."""
    words = list(words)
    for name, value in changed.items():
        words[words.index(f"--{name}") + 1] = value
    return words


def spool_of(folder, reports):
    return pathlib.Path(folder) / hashlib.sha256(str(reports).encode()).hexdigest()[:16]


def forged(words, tmp_path):
    """A report that says what a stranger wants it to say."""
    done = run("check", *words, "--format", "json", "--dry-run")
    report = {**json.loads(done.stdout), "timestamp": "2026-11-20T03:00:00Z", "run_id": RUN_ID}
    return json.dumps(report), f"shop-20261120T030000Z-{RUN_ID}.json"


def everything_in(folder):
    return {path: path.read_text() for path in pathlib.Path(folder).rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", ["forged", "link", "pipe", "endless"])
@pytest.mark.parametrize("whose", ["spool", "folder of spools"])
def test_what_a_stranger_spooled_is_neither_stored_nor_waited_for(words, tmp_path, public, secret, kind, whose):
    reports = tmp_path / "reports"
    text, name = forged(words, tmp_path)
    spools = public / "spools"
    spool = spool_of(spools, reports)
    if whose == "spool":  # in a folder of root's that is open to all
        spools.mkdir()
        spools.chmod(0o1777)
        as_stranger("mkdir", spool)
    else:
        as_stranger("mkdir", "-p", spool)
    make = {"forged": ["tee", spool / name], "link": ["ln", "-s", secret, spool / name],
            "pipe": ["mkfifo", spool / name], "endless": ["ln", "-s", "/dev/zero", spool / name]}  # fmt: skip
    as_stranger(*make[kind], input=text)
    began = time.monotonic()
    done = run("check", *words, "--spool-dir", spools, "--timeout", "10", timeout=30)
    assert time.monotonic() - began < 12
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        f"schema-drift: warning: the spool is left alone spool={spool} because=it belongs to another user (nobody)\n")
    assert not any(RUN_ID in name for name in reports_in(reports))
    assert not any("canary" in text for text in everything_in(reports).values())
    assert os.path.lexists(spool / name)


@pytest.mark.parametrize("kind, because", [
    ("link", "it is a link"), ("second name", None), ("pipe", "it is not a regular file"),
    ("endless", "it is a link"), ("huge", "it is larger than 64 MiB"), ("shadow", "it is not JSON"),
])  # fmt: skip
def test_what_is_no_report_in_our_own_spool_is_left_alone(words, tmp_path, public, secret, kind, because):
    reports, spools = tmp_path / "reports", tmp_path / "state"
    text, name = forged(words, tmp_path)
    spool = spool_of(spools, reports)
    spool.mkdir(parents=True, mode=0o700)
    path = spool / name
    if kind == "link":
        path.symlink_to(secret)
    elif kind == "second name":
        os.link(secret, path)
        because = "it is not JSON"
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    elif kind == "huge":
        with open(path, "w") as file:
            file.truncate(8 << 30)
    else:
        path.write_text(SECRET)
        path.chmod(0o600)
    began = time.monotonic()
    done = run("check", *words, "--spool-dir", spools, "--timeout", "10", timeout=30)
    assert time.monotonic() - began < 12
    assert done.returncode == 0, done.stderr
    assert done.stderr == (f"schema-drift: warning: files in the spool are left alone files=1 first={path} "
                           f"because={because}\n")  # fmt: skip
    assert not any("canary" in text for text in everything_in(reports).values())
    assert os.path.lexists(path)


def test_a_report_that_was_spooled_by_us_is_stored_all_the_same(words, tmp_path):
    spools = tmp_path / "state"
    (tmp_path / "reports").write_text("a file stands in the way")
    assert run("check", *words, "--spool-dir", spools).returncode == 3
    (tmp_path / "reports").unlink()
    done = run("check", *words, "--spool-dir", spools)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(reports_in(tmp_path / "reports")) == 2


def test_without_a_home_a_report_that_cannot_be_stored_is_said_to_be_lost(words, tmp_path):
    (tmp_path / "reports").write_text("a file stands in the way")
    before = set(pathlib.Path("/tmp").glob("schema-drift-*"))
    code, report = check(*words, env={"HOME": ""})
    assert code == 3
    assert report["undelivered"] == [
        f"cannot write {tmp_path}/reports: Not a directory",
        "nor could it be spooled: there is no folder for it: neither --spool-dir, XDG_STATE_HOME nor HOME is set"]
    assert set(pathlib.Path("/tmp").glob("schema-drift-*")) == before


def test_without_a_home_a_remote_repository_has_no_cache(versioned):
    done = run("check", "--repository", "https://localhost:1/project", "--database", versioned[1], "--format", "json",
               env={"HOME": ""})  # fmt: skip
    assert done.returncode == 2
    failure = valid(json.loads(done.stdout))["failure"]
    assert (failure["kind"], failure["message"], failure["hint"]) == (
        "cache_unusable", "there is no cache folder for remote repositories",
        "give --cache-dir, or set XDG_CACHE_HOME or HOME")


def doctor_row(name, *words, env=None):
    done = run("doctor", "--format", "json", *words, env=env)
    return next((row["state"], row["seen"], row["action"]) for row in json.loads(done.stdout)["checks"]
                if row["check"] == name)  # fmt: skip


OWN_FOLDER = ("give a folder that belongs to the user of the nightly run and that nobody else may write into "
              "(chmod 700)")  # fmt: skip


@pytest.mark.parametrize("how, seen", [
    ("open to all", "is not trusted: everybody may write into it"),
    ("of a stranger", "is not trusted: it belongs to another user (nobody)"),
])  # fmt: skip
def test_doctor_fails_for_folders_that_a_run_would_not_use(words, tmp_path, public, how, seen):
    folder = public / "folder"
    if how == "open to all":
        folder.mkdir()
        folder.chmod(0o777)
    else:
        as_stranger("mkdir", folder)
    assert doctor_row("spool", *words, "--spool-dir", folder) == ("fail", seen, OWN_FOLDER)
    remote = [*other(words, repository="https://localhost:1/x"), "--cache-dir", folder, "--timeout", "5"]
    assert doctor_row("cache", *remote, "--spool-dir", tmp_path / "state") == ("fail", seen, OWN_FOLDER)
    if how == "open to all":
        assert doctor_row("reports", *other(words, reports=folder)) == ("fail", seen, OWN_FOLDER)


def test_doctor_fails_for_a_spool_that_a_stranger_made(words, tmp_path, public):
    spool = spool_of(public, tmp_path / "reports")
    as_stranger("mkdir", spool)
    assert doctor_row("spool", *words, "--spool-dir", public) == (
        "fail", f"is not trusted: {spool}: it belongs to another user (nobody)",
        "find out who made it; the run leaves what is in it alone")


def test_doctor_tells_of_folders_that_there_are_none_of(words):
    home = {"HOME": ""}
    assert doctor_row("spool", *words, env=home) == (
        "warn", "there is none: neither --spool-dir, XDG_STATE_HOME nor HOME is set",
        "give --spool-dir: a report that cannot be stored would be lost")
    assert doctor_row("cache", *other(words, repository="https://localhost:1/x"), "--timeout", "5", env=home) == (
        "fail", "there is none: neither --cache-dir, XDG_CACHE_HOME nor HOME is set",
        "give --cache-dir: a remote repository is cloned into it")


@pytest.fixture
def of_service(words, tmp_path, public):
    """A folder of reports that a service keeps: its files are the other user's."""
    run("check", *words)
    reports = public / "reports"
    shutil.copytree(tmp_path / "reports", reports)
    for path in [reports, *reports.rglob("*")]:
        os.chown(path, STRANGER.pw_uid, STRANGER.pw_gid)
    return reports


def test_root_reads_what_a_service_keeps(words, of_service):
    done = run("reports", "latest", "--reports", of_service)
    assert done.returncode == 0 and " shop    synced " in done.stdout, done.stderr
    assert run("reports", "show", "shop", "--reports", of_service).returncode == 0
    done = run("check", *other(words, reports=of_service), "--format", "json")
    assert done.returncode == 0
    assert "cannot be read" not in json.dumps(json.loads(done.stdout)["alert"])


def test_root_follows_no_link_out_of_what_a_service_keeps(words, of_service, secret, tmp_path):
    latest = of_service / "latest/shop.json"
    as_stranger("ln", "-sf", secret, latest)
    done = run("reports", "latest", "shop", "--reports", of_service)
    assert done.returncode == 2
    assert done.stderr == (
        f"schema-drift: error: cannot read {latest}: it is a link\n"
        "  hint: find out who put it there: what is read from such a folder could have been changed by "
        "anybody\n")
    assert "canary" not in done.stdout
    done = run("check", *other(words, reports=of_service), "--format", "json")
    assert json.loads(done.stdout)["status"] == "synced"
    assert "canary" not in done.stdout + done.stderr
    assert secret.read_text() == SECRET, "the link was replaced, not followed"


def test_root_writes_no_report_out_of_what_a_service_keeps(words, of_service, tmp_path):
    elsewhere = tmp_path / "etc"
    elsewhere.mkdir()
    as_stranger("rm", "-r", of_service / "latest")
    as_stranger("ln", "-s", elsewhere, of_service / "latest")
    code, report = check(*other(words, reports=of_service), "--spool-dir", tmp_path / "state")
    assert code == 3
    assert report["undelivered"][0] == (
        f"the report was kept, but not as the latest: cannot write {of_service}/latest: it is a link")  # fmt: skip
    assert list(elsewhere.iterdir()) == []


def test_a_pipe_among_the_reports_keeps_nobody_waiting(words, of_service):
    latest = of_service / "latest/shop.json"
    as_stranger("rm", latest)
    as_stranger("mkfifo", latest)
    began = time.monotonic()
    done = run("check", *other(words, reports=of_service), "--timeout", "10", "--format", "json", timeout=30)
    assert time.monotonic() - began < 12
    assert json.loads(done.stdout)["status"] == "synced"
    assert valid(json.loads(latest.read_text()))["status"] == "synced"


def test_reports_that_everybody_may_change_are_not_believed(words, tmp_path):
    reports = tmp_path / "reports"
    reports.mkdir()
    reports.chmod(0o777)
    code, report = check(*words, "--spool-dir", tmp_path / "state")
    assert code == 3
    assert report["undelivered"][0] == f"cannot write {reports}: everybody may write into it"
    done = run("reports", "list", "--reports", reports)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"schema-drift: error: cannot read {reports}: everybody may write into it\n")


def test_a_stranger_s_cache_is_not_used(tmp_path, public, versioned):
    project = Project(tmp_path / "project")
    authority = Authority(tmp_path / "authority")
    cache = public / "cache"
    as_stranger("mkdir", cache)
    with HttpsServer(project.root, authority) as server:
        done = run("heads", "--repository", server.url(), "--cache-dir", cache,
                   env={"SSL_CERT_FILE": str(authority.certificate)})  # fmt: skip
        assert server.requests == []
    assert done.returncode == 2
    assert done.stderr == (
        f"schema-drift: error: the cache folder {cache} can be changed by others: it belongs to another user (nobody)\n"
        "  hint: --cache-dir names a folder that belongs to this user alone\n")


@pytest.mark.parametrize("kind, because", [
    ("of a stranger", "it belongs to another user (nobody)"), ("pipe", "it is not a regular file"),
    ("link", "token on the way to it is a link of another user's (nobody)"),
])  # fmt: skip
def test_a_stranger_s_token_is_not_used(chain, versioned, public, secret, kind, because):
    token = public / "token"
    if kind == "of a stranger":
        as_stranger("tee", token, input="token")
    elif kind == "pipe":
        as_stranger("mkfifo", token)
    else:
        as_stranger("ln", "-s", secret, token)
    done = run("check", "--repository", chain, "--database", versioned[1], "--git-token-file", token, timeout=20)
    assert done.returncode == 64
    assert done.stderr == (
        f"schema-drift: error: cannot read the token file {token}: {because}\n"
        "  hint: --git-token-file names a file that holds nothing but the token, and that belongs to this user or to "
        "root\n")
