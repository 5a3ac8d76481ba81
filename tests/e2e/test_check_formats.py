"""`check` as SARIF, JUnit's XML, Markdown and GitHub's annotations, read by those who say what each
form is."""

import json
import xml.etree.ElementTree

import jsonschema
import pytest
from output_authorities import junit_problems, sarif_problems, sarif_schema
from postgres import Cluster
from program import run
from repository import Repository

TABLE = "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"


class Shop:
    """A repository at b2; the database `behind` is at a1, `level` at b2, and `nowhere` does not exist."""

    def __init__(self, folder, cluster):
        self.folder, self.cluster = folder, cluster
        repository = Repository(folder / "repository")
        (repository.versions / "a1.py").write_text('"""begin"""\nrevision = "a1"\ndown_revision = None\n')
        (repository.versions / "b2.py").write_text('"""a | <b> @me ::error::"""\nrevision = "b2"\ndown_revision = "a1"\ndef upgrade():\n    pass\n')
        repository.commit()
        for name, row in (("behind", "a1"), ("level", "b2")):
            cluster.psql(f"CREATE DATABASE {name}")
            cluster.psql(f"{TABLE} INSERT INTO alembic_version VALUES ('{row}')", db=name)
        self.repository = repository.folder

    def check(self, form, *databases, more=()):
        config = self.folder / "targets.json"
        config.write_text(json.dumps({"targets": [
            {"target": name, "repository": str(self.repository), "database": self.cluster.url(db=name)}
            for name in databases]}))  # fmt: skip
        done = run("check", "--config", config, "--format", form, *more)
        path = self.folder / f"said.{form}"
        path.write_text(done.stdout)
        return done, path


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with Cluster() as cluster:
        yield Shop(tmp_path_factory.mktemp("shop"), cluster)


def test_sarif_is_what_its_schema_and_github_want(shop, tmp_path):
    done, path = shop.check("sarif", "behind", "level")
    assert (done.returncode, done.stderr) == (1, "")
    document = json.loads(path.read_text())
    jsonschema.Draft202012Validator(sarif_schema()).validate(document)
    assert [problem for problem in sarif_problems(path, tmp_path) if "SARIF2005" not in problem] == []
    (made,) = document["runs"]
    (result,) = made["results"]
    assert (result["ruleId"], result["level"]) == ("pending-revisions", "error")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "migrations/versions/b2.py"


def cases(path):
    tree = xml.etree.ElementTree.parse(path)
    return {(case.get("classname"), case.get("name")): [part.tag for part in case if part.tag in ("failure", "error", "skipped")]
            for case in tree.iter("testcase")}  # fmt: skip


def test_junit_is_what_jenkins_wants(shop):
    done, path = shop.check("junit", "behind", "level", "nowhere")
    assert done.returncode == 2
    assert junit_problems(path) == []
    found = cases(path)
    assert found == {("checked", "behind"): [], ("checked", "level"): [], ("checked", "nowhere"): ["error"],
                     ("pending-revisions", "behind"): ["failure"]}  # fmt: skip


def test_of_what_is_synced_nothing_fails(shop):
    done, path = shop.check("junit", "level")
    assert (done.returncode, cases(path)) == (0, {("checked", "level"): []})
    done, _ = shop.check("github", "level")
    assert done.stdout == "::notice ::check: level is synced: production has every migration of this ref\n"


def test_github_annotates_the_first_pending_file(shop):
    done, _ = shop.check("github", "behind", "nowhere")
    assert done.returncode == 2
    first, second, last = done.stdout.splitlines()
    assert first == ("::error file=migrations/versions/b2.py,line=1,title=pending-revisions::"
                     "behind: 1 revision is not applied: 'b2'")  # fmt: skip
    assert second.startswith("::error ::nowhere: ") and "nowhere" in second
    assert last.startswith("::notice ::check: behind is behind: 1 revision is pending; nowhere is error: ")


def test_markdown_for_a_pull_request(shop):
    done, _ = shop.check("markdown", "behind")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == "### check: behind is behind: 1 revision is pending"
    (row,) = [line for line in lines if line.startswith("| **fails** |")]
    assert "pending revisions" in row and "<code>b2 a &#124; &#60;b&#62; &#64;me &#58;&#58;error&#58;&#58;</code>" in row
    assert row.count(" | ") == 3


def test_what_a_gate_lets_through_is_no_failure(shop):
    done, path = shop.check("junit", "behind", more=["--fail-on", "high"])
    assert (done.returncode, [what for what in cases(path).values() if what]) == (0, [])


def test_quiet_prints_nothing(shop):
    done, _ = shop.check("sarif", "behind", more=["--quiet"])
    assert (done.returncode, done.stdout) == (1, "")


def test_an_unknown_format(shop):
    done, _ = shop.check("yaml", "level")
    assert (done.returncode, done.stderr) == (64, (
        'schema-drift: error: unknown --format "yaml"\n'
        "  hint: give text, json, jsonl, markdown, sarif, junit or github\n"))  # fmt: skip
