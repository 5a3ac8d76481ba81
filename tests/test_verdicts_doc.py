"""docs/verdicts.md against the words of the program: what a report can say stands there."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOC = (ROOT / "docs" / "verdicts.md").read_text()


def words_of_switch(path, function):
    body = (ROOT / path).read_text().split(f"{function}(", 1)[1].split("\n}\n", 1)[0]
    words = set(re.findall(r'case [^:]+::\w+: return "(\w+)";', body))
    assert words, f"{function} of {path} looks unlike a switch now"
    return words


def first_column(heading):
    section = DOC.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_every_kind_of_failure_is_explained():
    assert first_column("Kinds of failure") == words_of_switch("drift/base/error.cc", "fault_name")


def test_every_status_has_a_section():
    statuses = words_of_switch("drift/verdict/verdict.cc", "status_name")
    assert statuses <= set(re.findall(r"^## (\w+)$", DOC, re.MULTILINE))
    assert statuses == set(re.findall(r"^\| \[`(\w+)`\]", DOC, re.MULTILINE))


def test_every_kind_of_finding_is_listed():
    source = (ROOT / "drift" / "verdict" / "findings.cc").read_text()
    assert first_column("Findings") == set(re.findall(r'add\(findings, "(\w+)"', source))
