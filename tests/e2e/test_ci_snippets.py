"""docs/ci, executed as far as a shell can: the steps' own lines, with the variables that the platforms set.
What is not shown: the platforms' own parts, such as where annotations and artifacts end up."""

import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree

import pytest
import yaml
from postgres import Cluster
from program import BINARY, ROOT, environment
from repository import Repository

ACTION = yaml.safe_load((ROOT / "docs/ci/action.yml").read_text())
GITLAB = yaml.safe_load((ROOT / "docs/ci/gitlab.yml").read_text())
TABLE = "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
COLUMN = 'from alembic import op\nimport sqlalchemy as sa\nrevision = "b2"\ndown_revision = "a1"\ndef upgrade():\n    {}\n'


class Pipeline:
    """A checkout at the deployed commit, b2; production is at `row`. `operation`: what b2 does."""

    def __init__(self, folder, cluster, row, operation):
        self.folder, self.cluster = folder, cluster
        (folder / "bin").mkdir(parents=True)
        (folder / "bin/schema-drift").symlink_to(BINARY)
        repository = Repository(folder / "checkout")
        (repository.versions / "a1.py").write_text('revision = "a1"\ndown_revision = None\n')
        (repository.versions / "b2.py").write_text(COLUMN.format(operation))
        self.commit, self.checkout = repository.commit(), repository.folder
        cluster.psql(f"DROP TABLE IF EXISTS alembic_version; DROP TABLE IF EXISTS users; CREATE TABLE users (n int);"
                     f"{TABLE} INSERT INTO alembic_version VALUES ('{row}')", db="app")  # fmt: skip

    def shell(self, lines, shell=("bash", "--noprofile", "--norc", "-eo", "pipefail"), **variables):
        return subprocess.run(
            [*shell, "-c", lines], cwd=self.checkout, capture_output=True, text=True, timeout=120,
            env=environment(PATH=f"{self.folder}/bin:{os.environ['PATH']}", SCHEMA_DRIFT_DATABASE=self.cluster.url(db="app"),
                            **variables))  # fmt: skip

    def github(self, **given):
        """The action as GitHub runs it: its inputs' defaults, `${{ inputs.NAME }}` filled in."""
        inputs = {name: described.get("default", "") for name, described in ACTION["inputs"].items()} | given
        (step,) = ACTION["runs"]["steps"]
        assert step["shell"] == "bash"
        variables = {name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda m: inputs[m[1]], value)
                     for name, value in step["env"].items()}  # fmt: skip
        # Nothing of a caller stands in the script itself: a commit's name would be run.
        assert "${{" not in step["run"] + "".join(variables.values())
        self.summary = self.folder / "summary.md"
        self.summary.write_text("")
        return self.shell(step["run"], GITHUB_STEP_SUMMARY=str(self.summary), **variables)

    def gitlab(self, job):
        return self.shell("\n".join(GITLAB[job]["script"]), shell=("sh", "-e"), CI_COMMIT_SHA=self.commit)


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as server:
        yield server


SAFE = 'op.add_column("users", sa.Column("m", sa.Integer()))'
SEVERE = 'op.create_index("ix", "users", ["n"])'


@pytest.mark.parametrize("row, operation, stage, code, first", [
    ("a1", SAFE, "before", 0, "::notice ::pending: "),
    ("a1", SEVERE, "before", 1, "::error file=migrations/versions/b2.py,line=6,title=create-index::"),
    ("a1", SAFE, "after", 1, "::error file=migrations/versions/b2.py,line=1,title=pending-revisions::"),
    ("b2", SAFE, "after", 0, "::notice ::check: app is synced: "),
])  # fmt: skip
def test_the_action(cluster, tmp_path, row, operation, stage, code, first):
    pipeline = Pipeline(tmp_path, cluster, row, operation)
    done = pipeline.github(stage=stage, commit=pipeline.commit)
    assert done.returncode == code, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith(first)], done.stdout
    assert pipeline.summary.read_text().startswith("### ")
    assert (pipeline.checkout / "schema-drift.sarif").read_text().startswith("{")


@pytest.mark.parametrize("given, code, told", [
    ({"stage": "before", "commit": ""}, 64, "--ref"),
    ({"stage": "later", "commit": "main"}, 64, '::error ::unknown stage "later": give before or after'),
    ({"stage": "after", "commit": "nowhere"}, 2, "nowhere"),
])  # fmt: skip
def test_the_action_does_not_let_through_what_it_was_not_told(cluster, tmp_path, given, code, told):
    done = Pipeline(tmp_path, cluster, "b2", SAFE).github(**given)
    assert done.returncode == code
    assert told in done.stdout + done.stderr


@pytest.mark.parametrize("row, operation, job, code", [
    ("a1", SAFE, "schema-drift before", 0), ("a1", SEVERE, "schema-drift before", 1),
    ("a1", SAFE, "schema-drift after", 1), ("b2", SAFE, "schema-drift after", 0),
])  # fmt: skip
def test_the_jobs_of_gitlab(cluster, tmp_path, row, operation, job, code):
    pipeline = Pipeline(tmp_path, cluster, row, operation)
    done = pipeline.gitlab(job)
    assert done.returncode == code, done.stdout + done.stderr
    report = pathlib.Path(pipeline.checkout / GITLAB[".schema-drift"]["artifacts"]["reports"]["junit"])
    failed = list(xml.etree.ElementTree.parse(report).iter("failure"))
    assert bool(failed) == (code != 0)
