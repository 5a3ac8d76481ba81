"""`explain` and `pending` as SARIF, JUnit's XML, Markdown and GitHub's annotations, read by those who
say what each form is."""

import json
import xml.etree.ElementTree

import jsonschema
import pytest
from output_authorities import junit_problems, sarif_problems, sarif_schema
from program import run
from test_explain_operations import Project

BODY = r"""
op.create_index("ix", "users", ["n"])
op.drop_column("a|b<i>@me ::error::\n%0A", "x")  # schema-drift: ignore drop-column -- nobody | <b>reads</b> it
op.execute("UPDATE users SET n = 1")
op.execute("DO $$ BEGIN END $$")
op.create_index("ix", "users", ["n"])
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return Project(tmp_path_factory.mktemp("formats") / "project", "pass", BODY)


def written(project, form, *words):
    words = words or ("explain", "r2")
    done = run(*words, "--repository", project.repository.folder, "--format", form)
    assert done.stderr == ""
    path = project.repository.folder.parent / f"said.{form}"
    path.write_text(done.stdout)
    return path


RULES = [
    ("create-index", "error", 8), ("held-lock", "error", 10), ("unread", "error", 11), ("create-index", "error", 12),
    ("held-lock", "error", 12), ("data-change", "warning", 10), ("drop-column", "error", 9),
]  # fmt: skip


def test_sarif_is_what_its_schema_and_github_want(project, tmp_path):
    path = written(project, "sarif")
    document = json.loads(path.read_text())
    jsonschema.Draft202012Validator(sarif_schema()).validate(document)
    assert [problem for problem in sarif_problems(path, tmp_path) if "SARIF2005" not in problem] == []
    (result,) = document["runs"]
    place = lambda one: one["locations"][0]["physicalLocation"]["region"]["startLine"]  # noqa: E731
    assert [(one["ruleId"], one["level"], place(one)) for one in result["results"]] == RULES
    assert [bool(one.get("suppressions")) for one in result["results"]] == [False] * 6 + [True]
    for rule in result["tool"]["driver"]["rules"]:
        assert rule["help"]["text"].endswith(f"See docs/rules.md#{rule['id']}.")


def test_a_fingerprint_stays_where_lines_move(project, tmp_path):
    def prints(made):
        document = json.loads(written(made, "sarif").read_text())
        return [one["partialFingerprints"]["primaryLocationLineHash"] for one in document["runs"][0]["results"]]

    moved = Project(tmp_path / "project", "pass", "x = 1\n" + BODY)
    assert prints(moved) == prints(project)
    assert len(set(prints(project))) == len(RULES)


def test_junit_is_what_jenkins_wants(project):
    path = written(project, "junit")
    assert junit_problems(path) == []
    suite = next(xml.etree.ElementTree.parse(path).getroot().iter("testsuite"))
    assert (suite.get("failures"), suite.get("skipped")) == ("5", "1")


def test_github_annotates_lines(project):
    lines = written(project, "github").read_text().splitlines()
    assert lines[0].startswith(
        "::error file=migrations/versions/r2_x.py,line=8,title=create-index::create_index users (n) ix: CREATE INDEX "
    )
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 5 + ["::warning", "::notice"]
    assert lines[-1] == "::notice ::explain: 4 high, 0 medium, 1 low"


def test_a_name_is_no_command_of_github(tmp_path):
    made = Project(tmp_path / "project", 'op.drop_table("a\\n::error::x%0A,:")')
    lines = written(made, "github", "explain", "r1").read_text().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("::error file=migrations/versions/r1_x.py,line=8,title=drop-table::drop_table a\\n::error::x%250A,:: the table")


def test_markdown_for_a_pull_request(project):
    text = written(project, "markdown").read_text()
    assert text.startswith("### explain: 4 high, 0 medium, 1 low\n\n- read: <code>4 of 5 operations</code>\n")
    assert "| **fails** | create index |" in text
    assert "<b>" not in text and "@me" not in text and "a|b" not in text
    assert text.count("\n| ") == len(RULES) + 1


def test_pending_in_the_same_forms(project):
    text = written(project, "markdown", "pending", "--at", "r1").read_text()
    assert text.startswith("### pending: 1 revision is pending: 4 high, 0 medium, 1 low\n")
    assert written(project, "github", "pending", "--at", "r2").read_text() == (
        "::notice ::pending: production has every migration of this ref: 0 high, 0 medium, 0 low\n"
    )


def test_a_revision_that_is_nowhere_is_said(project):
    text = written(project, "github", "explain", "beef").read_text()
    assert "::error ::revision beef: is not at HEAD\n" in text


@pytest.mark.parametrize("command", ["explain", "pending"])
def test_an_unknown_format(project, command):
    done = run(command, "--repository", project.repository.folder, "--format", "xml")
    assert done.returncode == 64
    assert done.stderr == (
        'schema-drift: error: unknown --format "xml"\n  hint: give text, json, markdown, sarif, junit or github\n'
    )
