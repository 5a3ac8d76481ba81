"""Git repositories with Alembic migrations, made by the git program."""

import os
import pathlib
import subprocess

INI = "[alembic]\nscript_location = %(here)s/migrations\n"


class Repository:
    """A work tree with alembic.ini and migrations/versions, and one commit for each change."""

    def __init__(self, folder, ini=INI):
        self.folder = pathlib.Path(folder)
        self.versions = self.folder / "migrations/versions"
        self.versions.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        if ini is not None:
            (self.folder / "alembic.ini").write_text(ini)
        (self.folder / "migrations/env.py").write_text("raise SystemExit('never run')\n")
        self._day = 0

    def git(self, *words, day=None):
        date = {"GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day} if day else {}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", "-C", self.folder, "-c", "user.name=example",
             "-c", "user.email=dev@example.com", "-c", "commit.gpgsign=false", *words],
            check=True, capture_output=True, text=True,
            env={**clean, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", **date})  # fmt: skip
        return done.stdout.strip()

    def commit(self, message="change"):
        self._day += 1
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message, day=f"2026-01-{self._day:02d}T12:00:00Z")
        return self.git("rev-parse", "HEAD")

    def migration(self, revision, down=None, message="", commit=True, **variables):
        lines = [f'"""{message or "add " + revision}', "", f"Revision ID: {revision}", '"""']
        lines += [f"revision = {revision!r}", f"down_revision = {down!r}"]
        lines += [f"{name} = {value!r}" for name, value in variables.items()]
        lines += ["", "def upgrade():", "    raise SystemExit('never run')", ""]
        (self.versions / f"{revision}_x.py").write_text("\n".join(lines))
        return self.commit(f"Add {revision}") if commit else None

    def chain(self, *revisions):
        down = None
        for revision in revisions:
            self.migration(revision, down)
            down = revision
        return self


def endless_history(folder):
    """A bare repository that nobody can look through, and its folder: the commit before the last one
    has a tree that names one subtree twice, thirty deep, which would be 2**30 files."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)

    def git(*arguments, text=None):
        return subprocess.run(["git", "-C", folder, "-c", "user.name=e", "-c", "user.email=e@example.com", *arguments],
                              input=text, check=True, capture_output=True, text=True).stdout.strip()  # fmt: skip

    def commit_of(versions, *parents):
        ini = git("hash-object", "-w", "--stdin", text="[alembic]\nscript_location = m\n")
        script = git("mktree", text=f"040000 tree {versions}\tversions\n")
        root = git("mktree", text=f"100644 blob {ini}\talembic.ini\n040000 tree {script}\tm\n")
        return git("commit-tree", "-m", "x", *parents, root)

    blob = git("hash-object", "-w", "--stdin", text="revision = 'a1b1'\ndown_revision = None\n")
    plain = tree = git("mktree", text=f"100644 blob {blob}\ta.py\n")
    for _ in range(30):
        tree = git("mktree", text=f"040000 tree {tree}\ta\n040000 tree {tree}\tb\n")
    git("update-ref", "refs/heads/main", commit_of(plain, "-p", commit_of(tree)))
    return folder
