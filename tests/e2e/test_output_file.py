"""--output: what a command prints goes to a file, whole or not at all."""

import json
import os
import signal
import stat
import threading

import pytest

from program import run, start


@pytest.fixture
def kept(tmp_path):
    """A file with what an earlier run said."""
    file = tmp_path / "answer"
    file.write_text("earlier\n")
    return file


def nothing_beside(file):
    assert [path.name for path in file.parent.iterdir() if path.is_file()] == [file.name]


@pytest.mark.parametrize("words", [
    ["heads"], ["heads", "--format", "json"], ["history"], ["pending", "--at", "a1"],
    ["pending", "--at", "a1", "--format", "sarif"], ["explain", "a1"],
    ["check", "--database", "postgresql:///x?host=/nonexistent", "--format", "json"],
    ["doctor", "--database", "postgresql:///x?host=/nonexistent"],
])  # fmt: skip
def test_the_file_has_what_would_have_been_printed(chain, kept, words):
    words = [*words, "--repository", chain]
    printed = run(*words)
    done = run(*words, "-o", kept)
    assert (done.returncode, done.stdout) == (printed.returncode, "")
    if words[0] in ("check", "doctor"):  # times differ
        assert kept.read_text().splitlines()[:2] == printed.stdout.splitlines()[:2]
    else:
        assert kept.read_text() == printed.stdout != ""
        assert done.stderr == printed.stderr
    nothing_beside(kept)


def test_a_side_that_cannot_be_read_is_said_in_the_file(chain, kept):
    done = run("check", "--database", "postgresql:///x?host=/nonexistent", "--repository", chain, "-o", kept)
    assert (done.returncode, done.stdout) == (2, "")
    assert kept.read_text() == done.stderr
    assert kept.read_text().startswith("x: ERROR: cannot tell: ")


def test_no_answer_leaves_the_file_and_says_so(tmp_path, kept):
    done = run("heads", "--repository", tmp_path / "nowhere", "-o", kept)
    assert (done.returncode, done.stdout, kept.read_text()) == (2, "", "earlier\n")
    assert done.stderr.endswith("schema-drift: the file of --output was not written\n")
    nothing_beside(kept)
    # A document that says why is an answer.
    done = run("heads", "--repository", tmp_path / "nowhere", "-o", kept, "--format", "json")
    assert json.loads(kept.read_text())["status"] == "error"
    assert "was not written" not in done.stderr


def test_what_does_not_end_well_leaves_nothing(chain, kept, monkeypatch):
    """Killed in the middle: a repository of a server that never answers."""
    process = start("heads", "--repository", "https://192.0.2.1/x.git", "-o", kept)
    threading.Event().wait(0.5)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert kept.read_text() == "earlier\n"
    nothing_beside(kept)


def test_links_are_followed_and_rights_stay(chain, kept, tmp_path):
    kept.chmod(0o640)
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "link"
    link.symlink_to(kept)
    assert run("heads", "--repository", chain, "-o", link).returncode == 0
    assert link.is_symlink() and kept.read_text() == "c3  add c3\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o640


def test_a_new_file_has_the_usual_rights(chain, tmp_path):
    assert run("heads", "--repository", chain, "-o", "new", cwd=tmp_path).returncode == 0
    old = os.umask(0)
    os.umask(old)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~old


def test_what_is_no_file_is_written_to_as_it_stands(chain, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    assert run("heads", "--repository", chain, "-o", pipe).returncode == 0
    reader.join()
    assert read == ["c3  add c3\n"] and stat.S_ISFIFO(pipe.stat().st_mode)
    assert run("heads", "--repository", chain, "-o", "/dev/null").returncode == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert run("heads", "--repository", chain, "-o", "-").stdout == "c3  add c3\n"


@pytest.mark.parametrize("place, why", [("missing/file", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_written_is_told_first(chain, tmp_path, place, why):
    done = run("heads", "--repository", chain, "-o", tmp_path / place)
    shown = tmp_path / place if place != "." else tmp_path
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (f"schema-drift: error: cannot write {shown}: {why}\n"
                           "  hint: check that its folder exists, is writable by this user and has space\n")  # fmt: skip


def test_a_bucket_is_for_snapshots_alone(chain):
    done = run("heads", "--repository", chain, "-o", "s3://bucket/x")
    assert (done.returncode, done.stderr) == (
        64, 'schema-drift: error: invalid --output "s3://bucket/x": not a file\n'
            "  hint: schema snapshot alone writes to a bucket; name a file\n")  # fmt: skip


def test_completion_and_manual_too(tmp_path):
    for words in (["completion", "fish"], ["man"]):
        assert run(*words, "--output", tmp_path / "file").stdout == ""
        assert (tmp_path / "file").read_text() == run(*words).stdout != ""
