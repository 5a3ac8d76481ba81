"""Remotes that are read piece by piece, over version 2 of git's protocol, from real servers."""

import json
import os
import pathlib
import re
import subprocess
import time

import pytest
import test_git_remote as shared
from git_servers import HttpsServer, git
from hostile_git import HostileV2
from program import BINARY, environment, valid
from repository import Repository
from test_git_remote import TOKEN, authority, reader  # noqa: F401

# What an older protocol says of servers and credentials must be said here as well; they take the
# `server` and the `project` of this file.
for name in """
    test_a_wrong_token_is_tried_once_and_named test_no_token_where_one_is_asked_for
    test_a_public_repository_is_read_though_the_token_is_refused
    test_credentials_are_kept_nowhere test_an_authority_that_nobody_knows_is_refused
    test_a_redirect_to_another_host_is_not_followed test_a_redirect_to_plain_http_is_not_followed
    test_a_repository_that_is_not_there test_a_server_that_forbids_is_an_authentication_failure
    test_a_server_in_trouble_can_be_asked_again test_refs_are_named_as_on_the_remote
    test_a_branch_that_was_pushed_by_force_is_followed test_a_deleted_branch_is_gone_here_too
    test_the_default_branch_is_the_remotes test_an_empty_remote_says_that_it_has_no_commits
    test_a_remote_without_a_default_branch_says_so
    test_a_failed_fetch_is_an_error_even_with_a_clone_at_hand
    """.split():
    if name != "test_a_public_repository_is_read_though_the_token_is_refused":
        globals()[name] = getattr(shared, name)

FILTER = {"uploadpack.allowFilter": "true"}
GREETING = "GET /project.git/info/refs?service=git-upload-pack"
ASK = "POST /project.git/git-upload-pack"


@pytest.fixture
def project(tmp_path):
    return shared.Project(tmp_path / "project")


@pytest.fixture
def server(project, authority):  # noqa: F811
    with HttpsServer(project.root, authority) as running:
        running.version_2, running.config = True, FILTER
        yield running


class Night:
    """A repository of migrations, served, and the program with a cache of its own."""

    def __init__(self, folder, server, reader):  # noqa: F811
        self.repository = Repository(folder / "repository").chain("a1b1", "b2b2", "c3c3")
        (self.repository.folder / "unrelated.bin").write_bytes(os.urandom(100_000))
        self.repository.commit("Something large")
        self.server, self.reader = server, reader
        bare = pathlib.Path(server._root) / "project.git"
        git(bare.parent, "clone", "-q", "--bare", str(self.repository.folder), "night.git")
        bare.rename(bare.with_name("old.git"))
        bare.with_name("night.git").rename(bare)
        self.repository.git("remote", "add", "origin", str(bare))

    def push(self):
        self.repository.git("push", "-q", "--force", "--all", "origin")

    def start(self, command, *words, **env):
        return subprocess.Popen(
            [BINARY, command, "--repository", self.server.url(), "--cache-dir",
             str(self.reader.cache), "--format", "json", "--log", "json",
             *map(str, words)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment(SSL_CERT_FILE=self.reader.environment["SSL_CERT_FILE"], **env))

    def run(self, command, *words, **env):
        """(exit code, what was printed, the lines of the log about fetches)"""
        process = self.start(command, *words, **env)
        out, err = process.communicate(timeout=60)
        log = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
        return (process.returncode, json.loads(out) if out else err,
                [line for line in log if line["event"] == "fetched"])

    def check(self, database, *words):
        code, report, _ = self.run("check", "--database", database, *words)
        return code, valid(report)


@pytest.fixture
def night(tmp_path, server, reader):  # noqa: F811
    return Night(tmp_path, server, reader)


def hows(log):
    return [line["how"] for line in log]


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# ------------------------------------------------------------------------------------ what it takes


def test_a_cold_read_takes_four_requests_and_no_file_that_is_not_read(night):
    code, answer, log = night.run("heads")
    assert (code, answer["heads"]) == (0, ["c3c3"])
    assert night.server.requests == [GREETING, ASK, ASK, ASK]
    # The commit and its three folders; alembic.ini and three migrations.
    assert [(line["how"], line["objects"]) for line in log] == [("filtered", "4"), ("filtered", "4")]
    assert size(night.reader.cache) < 20_000  # beside 100,000 that nobody asked for


def test_a_second_run_asks_for_the_refs_alone(night):
    night.run("heads")
    night.server.requests.clear()
    assert night.run("heads")[1]["heads"] == ["c3c3"]
    assert night.server.requests == [GREETING, ASK]


def test_only_what_is_new_is_fetched(night):
    night.run("heads")
    night.repository.migration("d4d4", "c3c3")
    night.push()
    night.server.requests.clear()
    code, answer, log = night.run("heads")
    assert (code, answer["heads"]) == (0, ["d4d4"])
    # A commit and the three folders that changed; one migration.
    assert [line["objects"] for line in log] == ["4", "1"]
    assert len(night.server.requests) == 4


def test_the_report_says_what_was_fetched(night, versioned, stamp):
    stamp("c3c3")
    code, report = night.check(versioned[1])
    fetch = report["repository"]["fetch"]
    assert (code, fetch["how"], fetch["round_trips"]) == (0, "filtered", 4)
    assert 500 < fetch["bytes"] < 10_000
    code, report = night.check(versioned[1])
    fetch = report["repository"]["fetch"]
    assert (code, fetch["how"], fetch["round_trips"]) == (0, "cached", 2)
    assert 0 < fetch["bytes"] < 1_000


def test_a_local_repository_takes_no_fetch(chain, versioned, stamp):
    stamp("c3")
    done = subprocess.run([BINARY, "check", "--repository", chain, "--database", versioned[1],
                           "--format", "json"], capture_output=True, text=True, env=environment())
    assert valid(json.loads(done.stdout))["repository"]["fetch"] is None


@pytest.mark.parametrize("ids", ["true", "false"])
@pytest.mark.parametrize("version_2, config, how", [
    (True, FILTER, "filtered"), (True, {}, "shallow"), (False, FILTER, "full")])
def test_what_the_server_can_do_decides(night, versioned, stamp, version_2, config, how, ids):
    night.server.version_2 = version_2
    night.server.config = {**config, "uploadpack.allowAnySHA1InWant": ids}
    stamp("a1b1")
    code, report = night.check(versioned[1])
    assert (code, report["status"]) == (1, "behind")
    assert report["repository"]["fetch"]["how"] == how
    assert [one["committed_at"] for one in report["pending"]] == [
        "2026-01-02T12:00:00Z", "2026-01-03T12:00:00Z"]
    assert night.run("explain", "b2b2")[1]["revisions"][0]["introduced"]["subject"] == "Add b2b2"


def test_a_server_that_gives_no_files_by_their_ids_gives_all_of_a_commit(night):
    night.server.gives_files = False
    code, answer, log = night.run("heads")
    assert (code, answer["heads"]) == (0, ["c3c3"])
    assert hows(log) == ["filtered", "filtered", "shallow"]
    night.server.requests.clear()
    assert night.run("heads")[1]["heads"] == ["c3c3"]
    assert night.server.requests == [GREETING, ASK]


def test_a_full_clone_of_an_earlier_version_is_brought_up_to_date(night, versioned, stamp):
    night.server.version_2 = False
    night.run("heads")
    night.server.version_2 = True
    night.repository.migration("d4d4", "c3c3")
    night.push()
    stamp("d4d4")
    code, report = night.check(versioned[1])
    assert (code, report["repository"]["fetch"]["how"]) == (0, "full")
    assert not list(night.reader.cache.glob("*.partial"))
    code, report = night.check(versioned[1])
    assert (code, report["repository"]["fetch"]["how"]) == (0, "cached")


# ------------------------------------------------------------------------------------------ history


def test_pending_revisions_take_the_history_back_to_their_create_date(night, versioned, stamp):
    for number in range(28):  # of which a run for the last needs but a few
        (night.repository.folder / "noise").write_text(str(number))
        night.repository.git("add", "-A")
        night.repository.git("commit", "-q", "-m", "noise", day=f"2026-02-{number + 1:02d}T12:00:00Z")
    night.repository.migration("d4d4", "c3c3", message="late\n\nCreate Date: 2026-03-01 10:00:00",
                               commit=False)
    night.repository.git("add", "-A")
    night.repository.git("commit", "-q", "-m", "Add d4d4", day="2026-03-01T12:00:00Z")
    night.push()
    stamp("c3c3")
    code, report = night.check(versioned[1])
    assert (code, report["status"]) == (1, "behind")
    assert report["pending"][0]["committed_at"] == "2026-03-01T12:00:00Z"
    assert report["repository"]["fetch"]["round_trips"] == 5
    clone, = night.reader.cache.glob("*.partial")
    commits = subprocess.run(
        ["git", "-C", clone, "cat-file", "--batch-check", "--batch-all-objects"], check=True,
        capture_output=True, text=True, env={**os.environ, "GIT_NO_LAZY_FETCH": "1"}).stdout.count(" commit ")
    assert commits < 10


def test_a_create_date_that_lies_takes_the_history_further_back(night, versioned, stamp):
    night.repository.migration("d4d4", "c3c3", message="x\n\nCreate Date: 2027-01-01 10:00:00")
    for day in range(6, 20):
        (night.repository.folder / "noise").write_text(str(day))
        night.repository.git("add", "-A")
        night.repository.git("commit", "-q", "-m", "noise", day=f"2026-01-{day:02d}T12:00:00Z")
    night.push()
    stamp("c3c3")
    code, report = night.check(versioned[1])
    assert (code, report["pending"][0]["committed_at"]) == (1, "2026-01-05T12:00:00Z")


@pytest.mark.parametrize("most", ["0", "300"])
def test_past_the_budget_authors_and_dates_are_not_asked_for(night, versioned, stamp, most):
    stamp("a1b1")
    code, report = night.check(versioned[1], "--max-history-bytes", most)
    assert (code, report["status"]) == (1, "behind")
    assert [one["committed_at"] for one in report["pending"]] == [None, None]
    assert report["warnings"] == [
        "when the pending revisions were committed was not asked for: their history is larger than "
        "--max-history-bytes"]
    code, report = night.check(versioned[1])
    assert None not in [one["committed_at"] for one in report["pending"]]


def test_the_newest_commit_introduces_nothing_while_its_parents_are_not_here(night, versioned, stamp):
    # At depth 1 the boundary commit seems to bring every file.
    stamp("a1b1")
    report = night.check(versioned[1], "--max-history-bytes", "0")[1]
    assert [one["author"] for one in report["pending"]] == [None, None]


def test_expressions_and_short_ids_are_understood(night):
    short = night.repository.git("rev-parse", "--short=8", "HEAD~2")
    for ref, head in (("main~2", "b2b2"), ("HEAD^", "c3c3"), (short, "b2b2"),
                      (night.repository.git("rev-parse", "HEAD~3"), "a1b1")):
        assert night.run("heads", "--ref", ref)[1]["heads"] == [head], ref
    # The history is here by now.
    night.server.requests.clear()
    assert night.run("heads", "--ref", "main~3")[1]["heads"] == ["a1b1"]
    assert night.server.requests == [GREETING, ASK]


def test_an_unknown_revision_is_found_on_another_branch(night):
    night.repository.git("checkout", "-q", "-b", "feature")
    night.repository.migration("d4d4", "c3c3")
    night.repository.git("checkout", "-q", "main")
    night.push()
    night.run("heads")
    night.server.requests.clear()
    code, answer, log = night.run("explain", "d4d4")
    found, = answer["revisions"]
    assert (code, found["found"], found["refs"]) == (0, "elsewhere", ["feature"])
    assert found["searched"] == {"refs": 2, "commits": 5, "shallow": False}
    # The refs of the name, all refs, history without files, the migrations in it.
    assert night.server.requests == [GREETING, ASK, ASK, ASK, ASK]


# ----------------------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("which", ["refs", "trees", "files"])
def test_an_answer_that_is_cut_is_an_error_and_the_next_run_succeeds(night, which):
    place = ["refs", "trees", "files"].index(which)
    whole = []
    night.server.altered = lambda answer: whole.append(answer) or answer
    assert night.run("heads")[0] == 0
    length = len(whole[place])
    for cut in sorted({0, 1, 3, 10, length // 3, length // 2, length - 30, length - 4, length - 1}):
        for path in night.reader.cache.glob("*.partial"):
            subprocess.run(["rm", "-r", path], check=True)
        count = []

        def alter(answer):
            count.append(1)
            # From its own end, for git sends the same in packets of other sizes from time to time.
            return answer[: cut if cut <= length // 2 else cut - length] if len(count) == place + 1 else answer

        night.server.altered = alter
        code, said, _ = night.run("heads")
        assert code == 2, (cut, said)
        assert re.search("cannot be read|damaged pack", json.dumps(said)), said
        night.server.altered = None
        assert night.run("heads")[1]["heads"] == ["c3c3"], cut


@pytest.mark.parametrize("place", [1, 2])
def test_no_flipped_bit_gives_a_wrong_answer(night, place):
    whole = []
    night.server.altered = lambda answer: whole.append(answer) or answer
    truth = night.run("heads")[1]
    length = len(whole[place])
    for at in range(0, length, max(1, length // 20)):
        for path in night.reader.cache.glob("*.partial"):
            subprocess.run(["rm", "-r", path], check=True)
        count = []

        def alter(answer):
            count.append(1)
            if len(count) != place + 1 or at >= len(answer):
                return answer
            return answer[:at] + bytes([answer[at] ^ 1 << at % 8]) + answer[at + 1:]

        night.server.altered = alter
        code, answer, _ = night.run("heads")
        # Some bits stand in what is for people, or in a length that another one makes up for.
        assert code == 2 or answer == truth, (at, answer)
        night.server.altered = None
        assert night.run("heads")[1] == truth, at


def test_a_connection_that_drops_in_the_middle_of_a_pack(night):
    night.server.cut_after = 300
    code, said, _ = night.run("heads")
    assert code == 2 and "cannot be read" in json.dumps(said), said
    night.server.cut_after = None
    assert night.run("heads")[1]["heads"] == ["c3c3"]


def test_a_run_that_is_killed_in_the_middle_of_a_fetch_leaves_nothing_in_the_way(night):
    for number in range(300):
        (night.repository.folder / f"folder{number}").mkdir()
        (night.repository.folder / f"folder{number}/file").write_text(str(number))
    night.repository.commit()
    night.push()
    night.server.stall = 20
    process = night.start("heads")
    end = time.monotonic() + 20
    while not list(night.reader.cache.glob("*.partial/objects/pack/pack_git2_*")):
        assert time.monotonic() < end
        time.sleep(0.01)
    process.kill()
    process.communicate()
    night.server.stall = None
    assert night.run("heads")[1]["heads"] == ["c3c3"]
    clone, = night.reader.cache.glob("*.partial")
    assert not list(clone.glob("objects/pack/pack_git2_*"))


def test_runs_at_once_share_the_cache(night):
    runs = [night.start("heads") for _ in range(4)]
    for run in runs:
        out, err = run.communicate(timeout=60)
        assert run.returncode == 0, err
        assert json.loads(out)["heads"] == ["c3c3"]
    assert night.run("explain", "a1b1", "nothere")[1]["revisions"][0]["found"] == "in_ref"


@pytest.mark.parametrize("damage", ["packs", "index", "known", "config", "file", "foreign"])
def test_a_damaged_cache_is_made_anew(night, damage):
    night.run("heads")
    clone, = night.reader.cache.glob("*.partial")
    packs = sorted((clone / "objects/pack").glob("*.pack"))
    if damage == "packs":
        for pack in packs:
            pack.chmod(0o600)
            pack.write_bytes(pack.read_bytes()[:40])
    elif damage == "index":
        for index in (clone / "objects/pack").glob("*.idx"):
            index.chmod(0o600)
            index.write_bytes(b"")
    elif damage == "known":
        for path in (clone / "objects/pack").iterdir():
            path.unlink()
    elif damage == "config":
        (clone / "config").write_text("garbage [")
    elif damage == "file":
        subprocess.run(["rm", "-r", clone], check=True)
        clone.write_text("no folder")
    elif damage == "foreign":
        (clone / "schema-drift-url").write_text("https://other.example.com/x")
    answers = [night.run("heads")]
    if answers[-1][0] != 0:  # what only reading shows is mended by the next run
        answers.append(night.run("heads"))
    assert answers[-1][1]["heads"] == ["c3c3"], answers


def test_the_cache_is_private_and_what_git_knows(night):
    night.run("heads")
    clone, = night.reader.cache.glob("*.partial")
    assert night.reader.cache.stat().st_mode & 0o777 == 0o700
    assert clone.stat().st_mode & 0o777 == 0o700
    assert git(clone, "rev-parse", "--is-shallow-repository") == "true"
    assert git(clone, "cat-file", "-t", night.repository.git("rev-parse", "HEAD")) == "commit"


def test_too_many_packs_are_a_reason_for_a_new_store(night):
    night.run("heads")
    clone, = night.reader.cache.glob("*.partial")
    for number in range(101):
        (clone / f"objects/pack/pack-{number:040}.pack").write_bytes(b"")
    assert night.run("heads")[1]["heads"] == ["c3c3"]
    assert len(list(clone.glob("objects/pack/*.pack"))) == 2


def test_more_than_is_allowed_is_refused(night):
    (night.repository.folder / "folder").mkdir()
    for number in range(30_000):
        (night.repository.folder / "folder" / f"{os.urandom(50).hex()}").touch()
    night.repository.commit()
    night.push()
    code, said, _ = night.run("heads", "--max-fetch-bytes", 1048576)
    assert code == 2
    assert "its server sends more than 1048576 bytes of objects" in json.dumps(said)


# ----------------------------------------------------------------------------------- hostile servers


def hostile(server, reader, kind, ref="", **environment):  # noqa: F811
    server.hostile = HostileV2(kind, secret=TOKEN)
    return reader.read(server.url(), ref, SCHEMA_DRIFT_GIT_TOKEN=TOKEN, **environment)


@pytest.mark.parametrize("kind, limit, message", [
    ("endless_capabilities", {}, "its server says too much of what it can do"),
    ("endless_refs", {}, "its server sends more than 64 MiB of refs"),
    ("endless_text", {}, "its server sends more than 1 MiB of messages"),
    ("endless_pack", {"MAX_FETCH_BYTES": "5000000"},
     "its server sends more than 5000000 bytes of objects"),
    ("another_object", {}, "its server does not send the commit that was asked for"),
    ("refuses", {}, "its server says: the quota of \\x1b[31mexample/shop\\x1b[0m is used up, ***"),
    ("gives_up", {}, "its server says: fatal: the quota of \\x1b[31mexample/shop\\x1b[0m is used up"),
    ("hangs_up", {}, "its server hung up in the middle of a pack"),
])
def test_a_server_that_means_no_good(server, reader, kind, limit, message):  # noqa: F811
    failed = shared.error(hostile(server, reader, kind, **limit), "remote_unreachable")
    assert failed["message"] == f"{server.url()} cannot be read: {message}"


@pytest.mark.parametrize("kind, message", [
    ("junk_pack", "an object is not compressed as it should be"),
    ("wrong_hash", "packfile trailer mismatch"),
    ("delta_bomb", "an object of it has 1099511627776 bytes, more than the 67108864 that are taken"),
])
def test_a_pack_that_is_none(server, reader, kind, message):  # noqa: F811
    failed = shared.error(hostile(server, reader, kind), "repository_unreadable")
    assert failed["message"] == f"{server.url()} sent a damaged pack: {message}"
    clone, = reader.cache.glob("*.partial")
    assert list(clone.glob("objects/pack/*")) == []


def test_names_of_refs_lead_nowhere(server, reader):  # noqa: F811
    failed = shared.error(hostile(server, reader, "another_object", "nothing"), "ref_not_found")
    assert failed["message"] == f"there is no branch, tag or commit nothing in {server.url()}"
    assert failed["hint"] == "there are main"
    assert sorted(path.suffix for path in reader.cache.iterdir()) == [".lock", ".lock", ".partial"]


def test_objects_named_by_another_hash_are_not_supported(server, reader):  # noqa: F811
    failed = shared.error(hostile(server, reader, "sha256"), "unsupported")
    assert failed["message"] == (f"{server.url()} names its objects by SHA-256, which is not "
                                 "supported")
    assert failed["hint"] == "read a SHA-1 repository"


def test_a_commit_that_the_server_does_not_have(night):
    missing = "1" * 40
    code, said, _ = night.run("heads", "--ref", missing)
    assert code == 2
    assert f"there is no branch, tag or commit {missing} in {night.server.url()}" in json.dumps(said)


def test_a_history_whose_files_are_not_given_by_their_ids_is_fetched_whole(night):
    night.server.gives_files = False
    night.repository.git("checkout", "-q", "-b", "feature")
    night.repository.migration("d4d4", "c3c3")
    night.repository.git("checkout", "-q", "main")
    night.push()
    code, answer, _ = night.run("explain", "d4d4", "a1b1")
    assert [one["found"] for one in answer["revisions"]] == ["elsewhere", "in_ref"]
    assert [one["introduced"]["subject"] for one in answer["revisions"]] == ["Add d4d4", "Add a1b1"]
