"""`schema diff --format html|junit|sarif|markdown`, read by those who say what each form is."""

import json
import xml.etree.ElementTree

import jsonschema
import pytest
from browser import Browser
from output_authorities import junit_problems, sarif_problems, sarif_schema
from postgres import Cluster
from program import run
from schema import Databases

NAME = "a\"'<script>alert(1)</script> | `x` *y* ]]> & @me \\ 😀 \x01\x1b[31m\ntwo"
DRIFT = f"""
ALTER TABLE app.orders DROP COLUMN note;
CREATE TABLE app."{NAME.replace('"', '""')}" (a integer);
CREATE INDEX by_hand ON app.orders (id);
COMMENT ON TABLE app.orders IS '{NAME.replace("'", "''")}';
GRANT SELECT ON app.orders TO PUBLIC;
ALTER TABLE app.old RENAME TO new;
"""
RULES = '[[ignore]]\nproperty = "privileges*"\nreason = "]]> | <b> `known`"\n'


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    """A folder with expected.json and live.json, which differ in six ways, two with names that hurt."""
    folder = tmp_path_factory.mktemp("sides")
    with Cluster() as cluster:
        databases = Databases(cluster, folder)
        base = databases.empty()
        cluster.psql("CREATE SCHEMA app; CREATE TABLE app.orders (id integer, note text); CREATE TABLE app.old (o date)", db=base)
        live = databases.copy(base)
        cluster.psql(DRIFT, db=live)
        databases.snapshot(base).rename(folder / "expected.json")
        databases.snapshot(live).rename(folder / "live.json")
    (folder / "rules.toml").write_text(RULES)
    return folder


def written(sides, form, *words):
    done = run("schema", "diff", "expected.json", "live.json", "--schema-rules", "rules.toml", "--format", form, *words,
               cwd=sides)  # fmt: skip
    assert done.returncode == 1, done.stderr
    path = sides / f"diff.{form}"
    path.write_text(done.stdout)
    return path


def test_sarif_is_what_its_schema_and_github_want(sides, tmp_path):
    path = written(sides, "sarif")
    document = json.loads(path.read_text())
    jsonschema.Draft202012Validator(sarif_schema()).validate(document)
    problems = sarif_problems(path, tmp_path)
    # The project has no address of its own to name.
    assert [problem for problem in problems if "SARIF2005" not in problem] == []
    (result,) = document["runs"]
    assert {r["ruleId"]: r["level"] for r in result["results"]} == {
        "missing-column": "error", "unexpected-table": "error", "renamed-table": "error",
        "unexpected-index": "warning", "changed-table-comment": "warning",
        "changed-table-privilege": "error"}  # fmt: skip
    suppressed = [r["ruleId"] for r in result["results"] if "suppressions" in r]
    assert suppressed == ["changed-table-privilege"]
    assert {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in result["results"]} == {
        "expected.json"}  # fmt: skip


def test_a_broken_sarif_is_noticed(sides, tmp_path):
    document = json.loads(written(sides, "sarif").read_text())
    document["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(sarif_schema()).validate(document)


def test_junit_is_what_jenkins_reads(sides):
    path = written(sides, "junit")
    assert junit_problems(path) == []
    suite = xml.etree.ElementTree.parse(path).getroot().find("testsuite")
    cases = suite.findall("testcase")
    assert int(suite.get("tests")) == len(cases)
    assert int(suite.get("failures")) == 3 == len(suite.findall("testcase/failure"))
    (skipped,) = suite.findall("testcase/skipped")
    assert skipped.get("message") == "]]> | <b> `known` (rules.toml:1)"
    table = [case for case in cases if case.get("classname") == "unexpected-table"]
    assert "<script>alert(1)</script> | `x` *y* ]]> & @me" in table[0].get("name")


def test_markdown_keeps_its_table(sides):
    lines = written(sides, "markdown").read_text().splitlines()
    assert lines[0] == "### schema diff: drift: 3 differences"
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 1 + 6 and all(row.count("|") == 5 for row in rows)
    assert not [row for row in rows if "<script" in row or "`" in row or "@" in row]


def test_the_page_in_a_browser(sides, tmp_path):
    page = written(sides, "html").rename(sides / "page.html")
    browser = Browser(tmp_path / "profile")
    try:
        browser.show(page)
        text = browser.value("document.body.innerText")
        assert "drift: 3 differences" in text and "\\x01\\x1b[31m\\ntwo" in text
        assert browser.value("document.querySelectorAll('script, b b, em').length") == 0
        assert browser.value("[...document.querySelectorAll('.tiles li')].map(e => e.innerText).join()") == (
            "3fails,2to know,1ignored by rules")  # fmt: skip
        assert browser.value("document.querySelectorAll('tbody tr').length") == 6
        # A telephone shows it without scrolling sideways.
        browser.show(page, width=375, height=700, scheme="dark")
        assert browser.value("document.documentElement.scrollWidth <= 375")
    finally:
        browser.close()


def test_the_page_is_well_formed(sides):
    import html.parser

    class Strict(html.parser.HTMLParser):
        open_tags = []

        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "br"):
                self.open_tags.append(tag)

        def handle_endtag(self, tag):
            assert self.open_tags.pop() == tag

    parser = Strict()
    parser.feed(written(sides, "html").read_text())
    parser.close()
    assert parser.open_tags == []


def test_another_word_is_a_wrong_call(sides):
    done = run("schema", "diff", "expected.json", "live.json", "--format", "xml", cwd=sides)
    assert done.returncode == 64
    assert done.stderr == (
        'schema-drift: error: unknown --format "xml"\n  hint: give text, json, html, junit, sarif or markdown\n')  # fmt: skip
    done = run("schema", "snapshot", "--database", "postgresql:///x", "--format", "sarif")
    assert done.returncode == 64
    assert 'unknown --format "sarif"' in done.stderr
