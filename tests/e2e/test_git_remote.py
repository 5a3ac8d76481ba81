"""Remote repositories: real servers, a real cache, and everything that can go wrong between."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from git_servers import (  # noqa: E402
    Authority, HttpsServer, Project, account, can_serve_ssh, git, make_key, ssh_server,
)
from hostile_git import Hostile  # noqa: E402

BUILD = os.environ.get("SCHEMA_DRIFT_BUILD", "build/release")
READ_REPOSITORY = os.path.join(BUILD, "tests", "read_repository")
TOKEN = "ghp_0123456789secret"
ALL_OBJECTS = 7  # of a new Project: two commits, three trees, two files


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "ca")


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "project")


@pytest.fixture
def server(project, authority):
    with HttpsServer(project.root, authority) as running:
        yield running


class Reader:
    """Runs read_repository with a private home and cache."""

    def __init__(self, folder, authority):
        self.home = folder / "home"
        self.cache = folder / "cache"
        (self.home / ".ssh").mkdir(parents=True, mode=0o700)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home),
            "SSL_CERT_FILE": str(authority.certificate),
            **{name: os.environ[name] for name in ("ASAN_OPTIONS", "LSAN_OPTIONS")
               if name in os.environ},
        }

    def start(self, url, ref="", **environment):
        return subprocess.Popen(
            [READ_REPOSITORY, url, str(self.cache), ref], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env={**self.environment, **environment})

    def finish(self, process):
        out, err = process.communicate(timeout=60)
        assert process.returncode in (0, 2), (process.returncode, err)
        answer = json.loads(out)
        answer["log"] = [json.loads(line) for line in err.splitlines()]
        for secret in (TOKEN, "hunter2"):
            assert secret not in out + err
        return answer

    def read(self, url, ref="", **environment):
        return self.finish(self.start(url, ref, **environment))

    def clone(self):
        """The folder of the only clone in the cache."""
        clone, = (path for path in self.cache.iterdir() if path.name.endswith(".git"))
        return clone


@pytest.fixture
def reader(tmp_path, authority):
    return Reader(tmp_path, authority)


def fetched(answer):
    """Objects that the run received, or None where it fetched nothing at all."""
    counts = [int(line["objects"]) for line in answer["log"] if line["event"] == "fetched"]
    return counts[-1] if counts else None


def error(answer, kind):
    assert answer.get("error", {}).get("kind") == kind, answer
    return answer["error"]


# ------------------------------------------------------------------------------------- over https


def test_a_repository_is_read_over_https(reader, server, project):
    answer = reader.read(server.url())
    assert answer["url"] == server.url()
    assert answer["commit"] == project.head()
    assert answer["files"] == {"alembic.ini": 10, "versions/1a.py": 16}
    assert server.credentials == []


def test_the_token_goes_with_the_first_request(reader, server, project):
    server.token = TOKEN
    answer = reader.read(server.url(), SCHEMA_DRIFT_GIT_TOKEN=TOKEN)
    assert answer["commit"] == project.head()
    assert server.credentials == [f"x-access-token:{TOKEN}"] * 2
    assert server.requests == ["GET /project.git/info/refs?service=git-upload-pack",
                               "POST /project.git/git-upload-pack"]


def test_a_public_repository_is_read_though_the_token_is_refused(reader, server, project):
    server.token, server.public = "another", True
    answer = reader.read(server.url(), SCHEMA_DRIFT_GIT_TOKEN=TOKEN)
    assert answer["commit"] == project.head()
    # Once, and then never again.
    assert server.credentials == [f"x-access-token:{TOKEN}"]
    assert len(server.requests) == 3


def test_what_does_not_speak_git_is_named(reader, server):
    server.content_type = "text/html"
    failed = error(reader.read(server.url()), "remote_unreachable")
    assert failed["message"] == (f"{server.url()} cannot be read: what answers there does not speak "
                                 "git")
    assert not failed["retryable"]


def test_the_password_of_the_url_wins_over_the_token(reader, server):
    server.token = "hunter2"
    answer = reader.read(server.url("jane:hunter2@"), SCHEMA_DRIFT_GIT_TOKEN=TOKEN)
    assert answer["url"] == server.url()
    assert set(server.credentials) == {"jane:hunter2"}


def test_the_user_of_the_url_goes_with_the_token(reader, server):
    server.token = TOKEN
    assert "commit" in reader.read(server.url("jane@"), SCHEMA_DRIFT_GIT_TOKEN=TOKEN)
    assert set(server.credentials) == {f"jane:{TOKEN}"}


def test_a_wrong_token_is_tried_once_and_named(reader, server):
    server.token = "another"
    refused = error(reader.read(server.url(), SCHEMA_DRIFT_GIT_TOKEN=TOKEN),
                    "authentication_failed")
    assert refused["message"] == "the server at localhost refused the credentials"
    assert refused["hint"] == ("check that the token in SCHEMA_DRIFT_GIT_TOKEN has not expired and "
                               "may read the repository")
    assert not refused["retryable"]
    assert server.credentials == [f"x-access-token:{TOKEN}"]


def test_no_token_where_one_is_asked_for(reader, server):
    server.token = TOKEN
    refused = error(reader.read(server.url()), "authentication_failed")
    assert refused["message"] == ("the server at localhost asks for credentials and none were "
                                  "given")
    assert refused["hint"] == ("set SCHEMA_DRIFT_GIT_TOKEN to a token that may read the "
                               "repository")


def test_credentials_are_kept_nowhere(reader, server):
    server.token = "hunter2"
    assert "commit" in reader.read(server.url("jane:hunter2@"))
    for path in reader.cache.rglob("*"):
        assert "hunter2" not in path.name
        if path.is_file():
            contents = path.read_bytes()
            assert b"hunter2" not in contents and b"jane" not in contents


def test_an_authority_that_nobody_knows_is_refused(reader, server, tmp_path):
    stranger = Authority(tmp_path / "stranger")
    refused = error(reader.read(server.url(), SSL_CERT_FILE=str(stranger.certificate)),
                    "host_not_verified")
    assert refused["message"] == (f"the certificate of localhost:{server.port} is not trusted: "
                                  "unable to get local issuer certificate")
    assert refused["hint"] == (
        "where its authority is a private one, name a file with that one's certificate in "
        "--ca-file; verification cannot be switched off")
    assert server.requests == []


def test_a_certificate_of_another_host_is_refused(reader, project, authority):
    with HttpsServer(project.root, authority, host="elsewhere.example.com") as server:
        refused = error(reader.read(server.url(), SCHEMA_DRIFT_GIT_TOKEN=TOKEN),
                        "host_not_verified")
        assert refused["message"] == (
            f"the certificate of localhost:{server.port} is not trusted: it is for another name")
        assert server.requests == []


def test_certificates_that_cannot_be_loaded_are_named(reader, server):
    refused = error(reader.read(server.url(), SSL_CERT_FILE="/nonexistent.pem"),
                    "host_not_verified")
    assert refused["message"] == "the certificates of /nonexistent.pem cannot be loaded"
    assert refused["hint"] == ("install the package ca-certificates, or name a file of certificates "
                               "in SSL_CERT_FILE")


def test_authorities_may_lie_in_a_folder(reader, server, project, authority, tmp_path):
    folder = tmp_path / "authorities"
    folder.mkdir()
    shutil.copy(authority.certificate, folder / "one.pem")
    subprocess.run(["openssl", "rehash", str(folder)], check=True, capture_output=True)
    answer = reader.read(server.url(), SSL_CERT_FILE="", SSL_CERT_DIR=str(folder))
    assert answer["commit"] == project.head()
    (folder / "one.pem").unlink()
    refused = error(reader.read(server.url(), SSL_CERT_FILE="", SSL_CERT_DIR=str(folder)),
                    "host_not_verified")
    assert refused["message"].endswith("is not trusted: unable to get local issuer certificate")


def test_an_authority_is_found_among_many_and_the_one_whose_key_fits(reader, server, project,
                                                                     authority, tmp_path):
    # Same name, another key: one of them before the right one, one behind it.
    namesakes = [Authority(tmp_path / name).certificate.read_text() for name in ("one", "two")]
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("a comment\n" + namesakes[0] + authority.certificate.read_text() +
                      namesakes[1] + "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    assert reader.read(server.url(), GIT_SSL_CAINFO=str(bundle),
                       SSL_CERT_FILE="/nonexistent.pem")["commit"] == project.head()


def test_a_redirect_to_another_host_is_not_followed(reader, server, project, authority):
    with HttpsServer(project.root, authority, host="127.0.0.1") as other:
        server.redirect_to = f"https://127.0.0.1:{other.port}"
        refused = error(reader.read(server.url(), SCHEMA_DRIFT_GIT_TOKEN=TOKEN),
                        "remote_unreachable")
        assert refused["message"] == (f"{server.url()} redirects to another host, where the "
                                      "credentials must not go")
        assert refused["hint"] == "give the new URL"
        assert other.requests == [] and other.credentials == []


def test_a_redirect_within_the_host_is_followed_without_the_token(reader, server, project,
                                                                  authority):
    with HttpsServer(project.root, authority) as other:
        server.redirect_to = f"https://localhost:{other.port}"
        answer = reader.read(server.url(), SCHEMA_DRIFT_GIT_TOKEN=TOKEN)
        assert answer["commit"] == project.head()
        # Another port may be another server.
        assert other.credentials == [] and len(other.requests) == 2


def test_a_renamed_project_is_followed_with_the_token(reader, server, project):
    server.token, server.moved = TOKEN, ("/old.git", "/project.git")
    answer = reader.read(server.url().replace("project", "old"), SCHEMA_DRIFT_GIT_TOKEN=TOKEN)
    assert answer["commit"] == project.head()
    assert server.credentials == [f"x-access-token:{TOKEN}"] * 3


def test_a_redirect_to_plain_http_is_not_followed(reader, server):
    with silent_server() as port:
        server.redirect_to = f"http://localhost:{port}"
        refused = error(reader.read(server.url(), SCHEMA_DRIFT_GIT_TOKEN=TOKEN),
                        "remote_unreachable")
    assert refused["message"] == (f"{server.url()} redirects to plain http, where anybody on the "
                                  "way could forge the migrations")


def test_redirects_in_a_circle_end(reader, server):
    server.redirect_to = f"https://localhost:{server.port}"
    failed = error(reader.read(server.url()), "remote_unreachable")
    assert failed["message"] == f"{server.url()} cannot be read: the redirects do not end"
    assert len(server.requests) == 8


def test_a_repository_that_is_not_there(reader, server):
    missing = server.url().replace("project", "missing")
    refused = error(reader.read(missing), "repository_not_found")
    assert refused["message"] == f"{missing} is not there, or may not be seen with these credentials"
    assert refused["hint"] == "check the spelling, and that the token or key may read it"


def test_a_server_that_forbids_is_an_authentication_failure(reader, server):
    server.status = 403
    refused = error(reader.read(server.url(), SCHEMA_DRIFT_GIT_TOKEN=TOKEN),
                    "authentication_failed")
    assert refused["message"] == ("the server at localhost does not let these credentials read "
                                  f"{server.url()}")
    assert refused["hint"] == ("give the token the right to read the repository; an organisation "
                               "may have to allow the token as well")
    refused = error(reader.read(server.url()), "authentication_failed")
    assert refused["message"] == ("the server at localhost asks for credentials and none were "
                                  "given")


def test_a_server_in_trouble_can_be_asked_again(reader, server):
    server.status = 503
    failed = error(reader.read(server.url()), "remote_unreachable")
    assert failed["message"] == (f"{server.url()} cannot be read: unexpected http status code: "
                                 "503")
    assert failed["retryable"]


def test_nobody_listens(reader, project, authority):
    with HttpsServer(project.root, authority) as gone:
        url = gone.url()
    failed = error(reader.read(url), "remote_unreachable")
    assert failed["message"] == (f"{url} cannot be read: cannot reach localhost:{gone.port}: "
                                 "connection refused")
    assert failed["hint"] == "check the URL and the way there (DNS, proxy, firewall)"
    assert failed["retryable"]


def test_a_server_that_dies_in_mid_transfer_leaves_no_clone(reader, server, project):
    project.add("noise", os.urandom(200_000))
    server.cut_after = 50_000
    failed = error(reader.read(server.url()), "remote_unreachable")
    assert failed["retryable"]
    assert [path.name for path in reader.cache.iterdir() if path.suffix != ".lock"] == []
    server.cut_after = None
    assert reader.read(server.url())["commit"] == project.head()


def test_a_slow_server_does_not_outlast_the_deadline(reader, server, project):
    project.add("noise", os.urandom(500_000))
    server.stall = 30
    start = time.monotonic()
    failed = error(reader.read(server.url(), TIMEOUT_MS="1500"), "timed_out")
    assert time.monotonic() - start < 10
    assert failed["message"] == "out of time while reading the remote repository"
    assert [path.name for path in reader.cache.iterdir() if path.suffix != ".lock"] == []


@contextlib.contextmanager
def silent_server():
    """The port of a server that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("url", ["https://localhost:{}/x", "ssh://git@localhost:{}/x"])
def test_a_silent_server_does_not_outlast_the_deadline(reader, url):
    with silent_server() as port:
        start = time.monotonic()
        failed = error(reader.read(url.format(port), TIMEOUT_MS="500"), "timed_out")
    assert time.monotonic() - start < 10
    assert failed["message"] == "out of time while reading the remote repository"


def test_a_host_without_an_address_is_named(reader):
    failed = error(reader.read("https://nobody.invalid/x"), "remote_unreachable")
    assert failed["message"] == ("https://nobody.invalid/x cannot be read: cannot reach "
                                 "nobody.invalid: the name cannot be resolved")


# -------------------------------------------------------------------------------------- the cache


def test_a_second_run_receives_nothing(reader, server, project):
    assert fetched(reader.read(server.url())) == ALL_OBJECTS
    server.requests.clear()
    answer = reader.read(server.url())
    assert fetched(answer) == 0
    assert answer["commit"] == project.head()
    assert server.requests == ["GET /project.git/info/refs?service=git-upload-pack"]


def test_only_what_is_new_is_received(reader, server, project):
    reader.read(server.url())
    head = project.add("versions/2b.py", "revision = '2b'\n")
    answer = reader.read(server.url())
    assert answer["commit"] == head
    assert "versions/2b.py" in answer["files"]
    assert fetched(answer) == 4  # the commit, two trees, the file


def test_a_branch_that_was_pushed_by_force_is_followed(reader, server, project):
    reader.read(server.url())
    git(project.work, "commit", "-q", "--amend", "-m", "Another history")
    head = project.add("versions/3c.py", "revision = '3c'\n")
    assert reader.read(server.url())["commit"] == head


def test_refs_are_named_as_on_the_remote(reader, server, project):
    main = project.head()
    git(project.work, "checkout", "-q", "-b", "release/1")
    release = project.add("versions/9.py", "revision = '9'\n")
    git(project.work, "tag", "-a", "-m", "annotated", "v1", main)
    git(project.work, "push", "-q", "origin", "v1")
    for ref, commit in (("", main), ("main", main), ("origin/main", main), ("release/1", release),
                        ("origin/release/1", release), ("v1", main), (release[:12], release),
                        ("refs/heads/release/1", release)):
        assert reader.read(server.url(), ref)["commit"] == commit, ref
    unknown = error(reader.read(server.url(), "mian"), "ref_not_found")
    assert unknown["message"] == f"there is no branch, tag or commit mian in {server.url()}"
    assert unknown["hint"] == "did you mean main?"


def test_many_branches_do_not_become_many_files(reader, server, project):
    reader.read(server.url())
    assert not (reader.clone() / "packed-refs").exists()
    shutil.rmtree(reader.cache)
    for number in range(40):
        git(project.bare, "branch", f"feature-{number}", "main")
    answer = reader.read(server.url(), "feature-39")
    assert answer["commit"] == project.head()
    assert [path for path in (reader.clone() / "refs").rglob("*") if path.is_file()] == []
    assert reader.read(server.url(), "feature-7")["commit"] == project.head()


def test_the_clone_is_a_repository_to_git_as_well(reader, server, project):
    reader.read(server.url())
    assert git(reader.clone(), "fsck", "--full", "--strict") == ""
    assert git(reader.clone(), "rev-parse", "HEAD") == project.head()


def test_a_deleted_branch_is_gone_here_too(reader, server, project):
    git(project.work, "push", "-q", "origin", "HEAD:feature")
    assert "commit" in reader.read(server.url(), "feature")
    git(project.work, "push", "-q", "origin", ":feature")
    error(reader.read(server.url(), "feature"), "ref_not_found")


def test_a_branch_may_become_a_folder_of_branches(reader, server, project):
    git(project.work, "push", "-q", "origin", "HEAD:feature")
    assert "commit" in reader.read(server.url(), "feature")
    git(project.work, "push", "-q", "origin", ":feature", "HEAD:feature/one")
    answer = reader.read(server.url(), "feature/one")
    assert answer["commit"] == project.head()
    assert fetched(answer) == 0  # no new clone was needed for it


def test_the_default_branch_is_the_remotes(reader, server, project):
    main = project.head()
    assert reader.read(server.url())["commit"] == main
    git(project.work, "checkout", "-q", "-b", "trunk")
    trunk = project.add("versions/4.py", "revision = '4'\n")
    assert reader.read(server.url())["commit"] == main
    git(project.bare, "symbolic-ref", "HEAD", "refs/heads/trunk")
    assert reader.read(server.url())["commit"] == trunk


def test_an_empty_remote_says_that_it_has_no_commits(reader, server, project):
    git(project.root, "init", "-q", "--bare", "-b", "main", "empty.git")
    unborn = error(reader.read(server.url().replace("project", "empty")), "ref_not_found")
    assert unborn["hint"] == "the repository has no branches and no tags"


def test_a_remote_without_a_default_branch_says_so(reader, server, project):
    # A detached HEAD at a commit that no branch names.
    (project.bare / "HEAD").write_text(git(project.work, "rev-parse", "HEAD~1") + "\n")
    missing = error(reader.read(server.url()), "ref_not_found")
    assert missing["message"] == f"{server.url()} has no default branch"
    assert reader.read(server.url(), "main")["commit"] == project.head()


def test_a_failed_fetch_is_an_error_even_with_a_clone_at_hand(reader, server, project, authority):
    url = server.url()
    assert "commit" in reader.read(url)
    server.status = 500
    assert error(reader.read(url), "remote_unreachable")["retryable"]


def test_the_cache_is_private(reader, server):
    reader.read(server.url())
    assert reader.cache.stat().st_mode & 0o777 == 0o700
    assert reader.clone().stat().st_mode & 0o777 == 0o700


def test_one_run_waits_for_the_other_on_a_cold_cache(reader, server, project):
    first, second = (reader.start(server.url()) for _ in range(2))
    answers = [reader.finish(first), reader.finish(second)]
    assert {answer["commit"] for answer in answers} == {project.head()}
    assert sorted(fetched(answer) for answer in answers) == [0, ALL_OBJECTS]


def test_many_runs_share_a_cache_while_it_is_made_anew(reader, server, project):
    reader.read(server.url())
    for _ in range(3):
        (reader.clone() / "HEAD").write_text("garbage\n")
        runs = [reader.start(server.url()) for _ in range(4)]
        for run in runs:
            assert reader.finish(run)["commit"] == project.head()


def test_waiting_for_another_run_ends_at_the_deadline(reader, server):
    import fcntl
    reader.read(server.url())
    with open(f"{reader.clone()}.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        failed = error(reader.read(server.url(), TIMEOUT_MS="300"), "timed_out")
    assert failed["message"] == ("out of time while waiting for another run that fetches the same "
                                 "repository")


def truncate_packs(clone):
    for pack in (clone / "objects/pack").glob("*.pack"):
        pack.chmod(0o600)
        os.truncate(pack, pack.stat().st_size // 2)


def remove_packs(clone):
    shutil.rmtree(clone / "objects/pack")


def spoil_pack_index(clone):
    for index in (clone / "objects/pack").glob("*.idx"):
        index.chmod(0o600)
        index.write_bytes(b"garbage" * 100)


def zero_middle_of_packs(clone):
    for pack in (clone / "objects/pack").glob("*.pack"):
        pack.chmod(0o600)
        contents = bytearray(pack.read_bytes())
        contents[20:-20] = bytes(len(contents) - 40)
        pack.write_bytes(contents)


DAMAGE = {
    "truncated pack": truncate_packs,
    "zeroed pack": zero_middle_of_packs,
    "no packs": remove_packs,
    "spoilt pack index": spoil_pack_index,
    "garbage in HEAD": lambda clone: (clone / "HEAD").write_text("garbage\n"),
    "empty HEAD": lambda clone: (clone / "HEAD").write_text(""),
    "garbage in config": lambda clone: (clone / "config").write_text("[[["),
    "garbage in packed-refs": lambda clone: (clone / "packed-refs").write_bytes(b"\0garbage\n"),
    "garbage in a ref": lambda clone: (clone / "refs/heads/main").write_text("garbage\n"),
    "no objects folder": lambda clone: shutil.rmtree(clone / "objects"),
    "no refs folder": lambda clone: shutil.rmtree(clone / "refs"),
    "empty folder": lambda clone: (shutil.rmtree(clone), clone.mkdir()),
    "file in its place": lambda clone: (shutil.rmtree(clone), clone.write_text("")),
    "clone of another URL": lambda clone: (clone / "schema-drift-url").write_text("https://x/y"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_clone_is_made_anew(reader, server, project, damage):
    reader.read(server.url())
    damage(reader.clone())
    answer = reader.read(server.url())
    assert answer.get("commit") == project.head(), answer
    assert answer["files"] == {"alembic.ini": 10, "versions/1a.py": 16}
    assert "commit" in reader.read(server.url())
    assert not list(reader.cache.glob("*.new"))


def test_damage_that_only_reading_shows_is_mended_by_the_next_run(reader, server, project):
    project.add("versions/big.py", "#" + "x" * 50_000)
    reader.read(server.url())
    clone = reader.clone()
    blob = git(project.work, "rev-parse", "HEAD:versions/big.py")
    # All objects loose, so that one of them can go.
    packs = list((clone / "objects/pack").glob("*.pack"))
    moved = [shutil.move(pack, reader.home / pack.name) for pack in packs]
    for pack in moved:
        with open(pack, "rb") as contents:
            git(clone, "unpack-objects", "-q", stdin=contents)
    for index in (clone / "objects/pack").glob("*.idx"):
        index.unlink()
    (clone / "objects" / blob[:2] / blob[2:]).unlink()
    failed = error(reader.read(server.url()), "cache_unusable")
    assert failed["message"].startswith(
        f"big.py cannot be read from the cached clone of {server.url()} (object {blob}): ")
    assert failed["hint"] == "run it again: the clone is made anew"
    assert failed["retryable"]
    assert reader.read(server.url())["commit"] == project.head()


def test_an_interrupted_clone_is_not_mistaken_for_a_good_one(reader, server, project):
    project.add("noise", os.urandom(500_000))
    server.stall = 30
    run = reader.start(server.url())
    end = time.monotonic() + 20
    while not any(line.startswith("POST") for line in server.requests):
        assert time.monotonic() < end
        time.sleep(0.01)
    time.sleep(0.3)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert list(reader.cache.glob("*.new"))
    server.stall = None
    answer = reader.read(server.url())
    assert answer["commit"] == project.head()
    assert not list(reader.cache.glob("*.new"))


def test_too_many_packs_are_a_reason_for_a_new_clone(reader, server, project):
    reader.read(server.url())
    pack = next((reader.clone() / "objects/pack").glob("*.pack"))
    for i in range(101):
        shutil.copy(pack, pack.with_name(f"pack-{i:040x}.pack"))
    assert fetched(reader.read(server.url())) == ALL_OBJECTS
    assert len(list((reader.clone() / "objects/pack").glob("*.pack"))) == 1


def test_a_cache_that_cannot_be_written_is_named(reader, server, tmp_path):
    reader.cache = tmp_path / "file" / "cache"
    (tmp_path / "file").write_text("")
    failed = error(reader.read(server.url()), "cache_unusable")
    assert failed["message"] == (f"cannot create the cache folder {reader.cache}: Not a directory")
    assert failed["hint"] == ("--cache-dir names a folder that this user may write, on a disk with "
                              "room for a bare clone")
    assert server.requests == []


def test_a_cache_that_strangers_can_change_is_refused(reader, server):
    reader.cache.mkdir()
    reader.cache.chmod(0o777)
    failed = error(reader.read(server.url()), "cache_unusable")
    assert failed["message"] == (
        f"the cache folder {reader.cache} can be changed by others: everybody may write into it")
    assert failed["hint"] == "--cache-dir names a folder that belongs to this user alone"


def test_the_callers_git_configuration_changes_nothing(reader, server, project):
    (reader.home / ".gitconfig").write_text(
        '[url "https://localhost:1/"]\n insteadOf = https://localhost\n'
        "[http]\n sslVerify = false\n proxy = http://localhost:1\n")
    assert reader.read(server.url())["commit"] == project.head()


# --------------------------------------------------------------------------------------- over ssh


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    if not can_serve_ssh():
        if os.environ.get("CI") == "true":
            pytest.fail("dropbear and a mount namespace are needed")
        pytest.skip("dropbear or mount namespaces are not available here")
    return make_key(tmp_path_factory.mktemp("keys") / "id_ed25519")


@pytest.fixture
def ssh(tmp_path, key):
    with ssh_server(tmp_path / "ssh", key) as (port, known_host):
        yield port, known_host


def ssh_url(port, project):
    return f"ssh://{account()}@localhost:{port}{project.bare}"


def trust(reader, known_host):
    (reader.home / ".ssh/known_hosts").write_text(known_host)


def test_a_repository_is_read_over_ssh_with_a_key_file(reader, ssh, project, key):
    port, known_host = ssh
    trust(reader, known_host)
    url = ssh_url(port, project)
    answer = reader.read(url, SCHEMA_DRIFT_SSH_KEY=str(key))
    assert answer["commit"] == project.head()
    assert answer["url"] == url
    head = project.add("versions/2b.py", "revision = '2b'\n")
    answer = reader.read(url, SCHEMA_DRIFT_SSH_KEY=str(key))
    assert (answer["commit"], fetched(answer)) == (head, 4)


def test_the_default_key_of_the_home_is_tried(reader, ssh, project, key):
    port, known_host = ssh
    trust(reader, known_host)
    shutil.copy(key, reader.home / ".ssh/id_ed25519")
    # A key that is refused and one that needs a passphrase are no hindrance.
    make_key(reader.home / ".ssh/id_rsa", "rsa", passphrase="hunter2")
    make_key(reader.home / ".ssh/id_ecdsa", "ecdsa")
    answer = reader.read(ssh_url(port, project), SSH_AUTH_SOCK="/nonexistent/agent")
    assert answer["commit"] == project.head()


def test_a_key_of_the_agent_is_used(reader, ssh, project, key, tmp_path):
    port, known_host = ssh
    trust(reader, known_host)
    path = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 10
        while not path.exists():
            assert time.monotonic() < end
            time.sleep(0.01)
        environment = {**os.environ, "SSH_AUTH_SOCK": str(path)}
        subprocess.run(["ssh-add", "-q", str(key)], env=environment, check=True)
        answer = reader.read(ssh_url(port, project), SSH_AUTH_SOCK=str(path))
        assert answer["commit"] == project.head()
    finally:
        agent.terminate()
        agent.wait()


def test_an_unknown_host_key_is_refused_with_its_fingerprint(reader, ssh, project, key, tmp_path):
    port, known_host = ssh
    public = tmp_path / "host.pub"
    public.write_text(" ".join(known_host.split()[1:]) + "\n")
    fingerprint = subprocess.run(["ssh-keygen", "-l", "-f", str(public)], check=True,
                                 capture_output=True, text=True).stdout.split()[1]
    refused = error(reader.read(ssh_url(port, project), SCHEMA_DRIFT_SSH_KEY=str(key)),
                    "host_not_verified")
    assert refused["message"] == ("the key of localhost is not the one in known_hosts, or none is "
                                  f"there; it sent ssh-ed25519 {fingerprint}")
    assert refused["hint"] == (
        "compare it with the fingerprint that the host publishes, and only then run "
        f"`ssh-keyscan -p {port} localhost >> ~/.ssh/known_hosts`; a key that changes without "
        "notice may be an attack")


def test_a_changed_host_key_is_refused(reader, ssh, project, key, tmp_path):
    port, _ = ssh
    other = make_key(tmp_path / "other").with_suffix(".pub").read_text().split()
    trust(reader, f"[localhost]:{port} {other[0]} {other[1]}\n")
    refused = error(reader.read(ssh_url(port, project), SCHEMA_DRIFT_SSH_KEY=str(key)),
                    "host_not_verified")
    assert refused["message"].startswith("the key of localhost is not the one in known_hosts")


def test_a_key_of_another_host_does_not_vouch_for_this_one(reader, ssh, project, key):
    port, known_host = ssh
    trust(reader, known_host.replace("[localhost]", "[elsewhere]"))
    error(reader.read(ssh_url(port, project), SCHEMA_DRIFT_SSH_KEY=str(key)), "host_not_verified")


def test_without_a_home_no_host_can_be_verified(reader, ssh, project, key):
    port, _ = ssh
    del reader.environment["HOME"]
    refused = error(reader.read(ssh_url(port, project), SCHEMA_DRIFT_SSH_KEY=str(key)),
                    "host_not_verified")
    assert refused["message"] == ("localhost cannot be verified: HOME is not set, so there is no "
                                  "known_hosts")


def test_a_key_that_the_server_does_not_know_is_refused(reader, ssh, project, tmp_path):
    port, known_host = ssh
    trust(reader, known_host)
    wrong = make_key(tmp_path / "wrong")
    refused = error(reader.read(ssh_url(port, project), SCHEMA_DRIFT_SSH_KEY=str(wrong)),
                    "authentication_failed")
    assert refused["message"] == (f"the server at localhost refused the credentials of {account()} "
                                  f"({wrong})")
    assert refused["hint"] == ("check that the public key is registered there and may read the "
                               "repository")


def test_no_key_at_all(reader, ssh, project):
    port, known_host = ssh
    trust(reader, known_host)
    refused = error(reader.read(ssh_url(port, project)), "authentication_failed")
    assert refused["message"] == "there is no ssh key to sign in to localhost with"


def test_a_key_with_a_passphrase_is_explained(reader, project, tmp_path):
    protected = make_key(tmp_path / "protected", passphrase="hunter2")
    refused = error(reader.read("git@localhost:project", SCHEMA_DRIFT_SSH_KEY=str(protected)),
                    "authentication_failed")
    assert refused["message"] == f"the ssh key {protected} is protected by a passphrase"


def test_a_key_that_is_not_there_is_explained(reader, tmp_path):
    refused = error(reader.read("git@localhost:project", SCHEMA_DRIFT_SSH_KEY="/nonexistent/key"),
                    "authentication_failed")
    assert refused["message"] == ("the ssh key /nonexistent/key cannot be read: No such file or "
                                  "directory")
    assert refused["hint"] == "--ssh-key names the file of a private key that this user may read"


def test_a_file_that_is_no_key_is_explained(reader, ssh, project, tmp_path):
    port, known_host = ssh
    trust(reader, known_host)
    (tmp_path / "nonsense").write_text("nonsense\n")
    refused = error(reader.read(ssh_url(port, project),
                                SCHEMA_DRIFT_SSH_KEY=str(tmp_path / "nonsense")),
                    "authentication_failed")
    assert refused["message"].startswith("cannot sign in to localhost: ")


def test_a_repository_that_is_not_there_over_ssh(reader, ssh, project, key):
    port, known_host = ssh
    trust(reader, known_host)
    url = ssh_url(port, project) + "-missing"
    refused = error(reader.read(url, SCHEMA_DRIFT_SSH_KEY=str(key)), "repository_not_found")
    assert refused["message"] == f"{url} is not there, or may not be seen with these credentials"


# ----------------------------------------------------------------------------- hostile git servers


@pytest.fixture(params=["https", "ssh"])
def read_from(request, reader, tmp_path, project, server):
    """Reads from a hostile server of that kind, over https or ssh: (url, answer)."""

    def over_https(kind, **environment):
        server.hostile = Hostile(kind, secret=TOKEN)
        return server.url(), reader.read(server.url(), SCHEMA_DRIFT_GIT_TOKEN=TOKEN, **environment)

    def over_ssh(kind, **environment):
        key = request.getfixturevalue("key")
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hostile_git.py")
        with ssh_server(tmp_path / "ssh", key, f"/usr/bin/python3 {script} {kind}") as (port, host):
            trust(reader, host)
            url = ssh_url(port, project)
            return url, reader.read(url, SCHEMA_DRIFT_SSH_KEY=str(key), **environment)

    return over_https if request.param == "https" else over_ssh


@pytest.mark.parametrize("kind, limit, sends, hint", [
    ("endless_refs", {}, "more than 64 MiB of refs",
     "no repository has so many branches and tags: look at what answers there"),
    ("endless_text", {}, "more than 1 MiB of messages", "look at what answers there"),
    ("endless_pack", {"MAX_FETCH_BYTES": "5000000"}, "more than 5000000 bytes of objects",
     "where the history is that large, allow more with --max-fetch-bytes"),
])
def test_what_a_server_sends_without_end_is_not_taken(read_from, reader, kind, limit, sends, hint):
    begin = time.monotonic()
    url, answer = read_from(kind, **limit)
    assert time.monotonic() - begin < 90  # the server would never end
    failed = error(answer, "remote_unreachable")
    assert failed["message"] == f"{url} cannot be read: its server sends {sends}"
    assert failed["hint"] == hint
    assert not failed["retryable"]
    assert [path.name for path in reader.cache.iterdir() if path.suffix != ".lock"] == []


def test_an_ssh_server_that_falls_silent_is_left_behind(reader, tmp_path, project, key):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hostile_git.py")
    with ssh_server(tmp_path / "ssh", key, f"/usr/bin/python3 {script} falls_silent") as (port, host):
        trust(reader, host)
        url = ssh_url(port, project)
        begin = time.monotonic()
        answer = reader.read(url, SCHEMA_DRIFT_SSH_KEY=str(key), TIMEOUT_MS="3000")
        assert time.monotonic() - begin < 10
        failed = error(answer, "timed_out")
        assert failed["message"] == "out of time while reading the remote repository"
        assert [path.name for path in reader.cache.iterdir() if path.suffix != ".lock"] == []

        process = subprocess.Popen(
            heads_command(reader, url), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env={**reader.environment, "SCHEMA_DRIFT_SSH_KEY": str(key)})
        time.sleep(3)
        process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        _, err = process.communicate(timeout=30)
        assert time.monotonic() - begin < 5
        assert "interrupted while reading the remote repository" in err


def test_endless_refs_cost_little_memory(reader, server):
    server.hostile = Hostile("endless_refs")
    process = reader.start(server.url())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert "64 MiB of refs" in process.stdout.read()
    assert server.sent < 80 << 20
    sanitized = b"__asan_init" in open(READ_REPOSITORY, "rb").read()
    assert sanitized or usage.ru_maxrss < 300_000, usage.ru_maxrss  # KiB


@pytest.mark.parametrize("kind, says", [
    ("refuses", "its server says: the quota of \\x1b[31mexample/shop\\x1b[0m is used up"),
    ("gives_up", "its server says: fatal: the quota of \\x1b[31mexample/shop\\x1b[0m is used up"),
])
def test_the_servers_own_words_are_told(read_from, kind, says):
    url, answer = read_from(kind)
    failed = error(answer, "remote_unreachable")
    # The token that the server of the first one repeats is not shown.
    message = failed["message"].replace(", ***", "").removesuffix(",")
    assert message == f"{url} cannot be read: {says}"


def test_what_the_server_said_before_it_hung_up_is_told(read_from):
    url, answer = read_from("hangs_up")
    failed = error(answer, "remote_unreachable")
    assert failed["message"].startswith(f"{url} cannot be read: ")
    assert failed["message"].endswith("; before that it said: the server goes down for maintenance")


@pytest.mark.parametrize("kind", ["junk_pack", "wrong_hash"])
def test_a_damaged_pack_is_the_servers_and_not_the_caches(read_from, kind):
    url, answer = read_from(kind)
    failed = error(answer, "repository_unreadable")
    assert failed["message"].startswith(f"{url} sent a damaged pack: ")
    assert failed["hint"] == (
        "run it again; where it stays so, run `git fsck` in the repository on its server")


def test_a_bound_that_is_no_number_is_refused(reader, server):
    for wrong in ("5x", "0", "-1", "1048575", "99999999999999999999"):
        done = run_heads(reader, server, SCHEMA_DRIFT_MAX_FETCH_BYTES=wrong)
        assert done.returncode == 64
        assert done.stderr == (
            f'schema-drift: error: invalid --max-fetch-bytes "{wrong}": not a number of bytes from '
            "1048576\n  hint: give a whole number, such as 4294967296 for 4 GiB\n")


# -------------------------------------------------------------------------------- the program itself


def heads_command(reader, url):
    program = os.environ.get("SCHEMA_DRIFT_BINARY", os.path.join(BUILD, "schema-drift"))
    return [program, "heads", "--repository", url, "--cache-dir", str(reader.cache),
            "--format", "json"]


def run_heads(reader, server, **environment):
    return subprocess.run(
        heads_command(reader, server.url()),
        capture_output=True, text=True, timeout=60, env={**reader.environment, **environment})


def test_the_program_reads_heads_over_https(reader, server, project):
    server.token = TOKEN
    project.add("alembic.ini", "[alembic]\nscript_location = migrations\n")
    project.add("migrations/versions/1a.py", "revision = '1a'\ndown_revision = None\n")
    done = run_heads(reader, server, SCHEMA_DRIFT_GIT_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["repository"] == server.url()
    assert answer["commit"] == project.head()
    assert answer["heads"] == ["1a"]


def test_the_program_says_that_a_token_was_refused(reader, server):
    server.token = "another"
    done = run_heads(reader, server, SCHEMA_DRIFT_GIT_TOKEN=TOKEN)
    assert done.returncode == 2
    failure = json.loads(done.stdout)["failure"]
    assert failure["kind"] == "authentication_failed"
    assert failure["message"] == "the server at localhost refused the credentials"
    assert TOKEN not in done.stdout + done.stderr
