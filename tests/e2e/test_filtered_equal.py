"""What is read of a remote piece by piece is what a full clone gives.

The tests of `explain`, of the repository commands and of `check` run once more: each of their calls
with a local repository is repeated over https from an empty cache, with a server that has filters and
with one that speaks an old protocol, so that libgit2 clones. Both must say the same.
"""

import json
import pathlib
import re
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import program  # noqa: E402
import test_check  # noqa: E402
import test_explain  # noqa: E402
import test_repository_commands  # noqa: E402
from git_servers import Authority, HttpsServer  # noqa: E402

MODULES = (test_explain, test_repository_commands, test_check)
# What a run says of itself, and of the way to the repository.
VOLATILE = {"timestamp", "run_id", "duration_ms", "stage_durations_ms", "fetch", "target",
            "sequence", "previous_sha256", "alert"}
# They are about other things than what a repository says: servers that hang, a repository that its
# own server cannot read, words that name the run.
ELSEWHERE = {
    "test_refs_that_cannot_be_listed_are_an_error",
    "test_success_is_only_alerted_when_asked",
    "test_json_logs_are_one_object_a_line_with_the_run",
    "test_a_database_that_never_answers_ends_with_the_deadline",
    "test_a_run_that_hangs_does_not_hold_up_the_next_for_ever",
}
for module in MODULES:
    for name, thing in vars(module).items():
        is_fixture = hasattr(thing, "_pytestfixturefunction") or hasattr(thing, "_fixture_function")
        if is_fixture or (name.startswith("test_") and callable(thing) and name not in ELSEWHERE):
            globals()[name] = thing


@pytest.fixture(scope="session")
def git_server(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("authority") / "ca")
    with HttpsServer(tmp_path_factory.mktemp("served"), authority) as server:
        server.version_2 = True
        server.config = {"uploadpack.allowFilter": "true", "safe.directory": "*"}
        server.authority = authority
        server.root = pathlib.Path(server._root)
        server.compared = 0
        yield server


def at_its_end(text):
    """Where the time was over is chance."""
    return re.sub(r"(out of time|interrupted) while .*", r"\1", text)


def comparable(text):
    """The words of a run without what must differ."""
    try:
        documents = json.loads(text)
    except ValueError:
        return text
    for document in documents if isinstance(documents, list) else [documents]:
        for key in VOLATILE:
            document.pop(key, None)
        for key in VOLATILE:
            if isinstance(document.get("repository"), dict):
                document["repository"].pop(key, None)
    return documents


@pytest.fixture(autouse=True)
def every_call_twice(request, monkeypatch, tmp_path_factory, git_server):
    local_run = program.run

    def run(*words, env=None, **how):
        done = local_run(*words, env=env, **how)
        words = [str(word) for word in words]
        # A wrong call asks nobody, and what one run stores the next would read.
        if "--repository" not in words or "--reports" in words or done.returncode == 64:
            return done
        place = words.index("--repository") + 1
        folder = pathlib.Path(words[place])
        git_folder = folder / ".git" if (folder / ".git").is_dir() else folder
        if not (git_folder / "HEAD").exists() or (git_folder / "shallow").exists():
            return done
        name = f"p{git_server.compared}.git"
        git_server.compared += 1
        (git_server.root / name).symlink_to(git_folder.resolve())
        url = f"https://localhost:{git_server.port}/{name}"
        words[place] = url
        answers = []
        for git_server.version_2, kind, other in ((True, "partial", "git"), (False, "git", "partial")):
            cache = tmp_path_factory.mktemp("cache")
            answers.append(local_run(*words, "--cache-dir", cache, env={
                **(env or {}), "SSL_CERT_FILE": str(git_server.authority.certificate)}, **how))
            assert not list(cache.glob(f"*.{other}"))
            assert list(cache.glob(f"*.{kind}")) or answers[-1].returncode == 2
            shutil.rmtree(cache)
        filtered, full = answers
        assert filtered.returncode == full.returncode, answers
        assert comparable(filtered.stdout) == comparable(full.stdout)
        assert at_its_end(filtered.stderr) == at_its_end(full.stderr)
        return done

    for module in (program, *MODULES):
        monkeypatch.setattr(module, "run", run)
