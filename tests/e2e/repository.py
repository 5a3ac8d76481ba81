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
