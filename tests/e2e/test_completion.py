"""Completion in the shells themselves, and the manual page: both made from the tables of the program."""

import re
import shutil
import subprocess

import pytest

from program import run
from typed_in_a_shell import Shell, fish_offers

COMMANDS = ["check", "heads", "history", "pending", "explain", "reports", "ack", "doctor", "sql-api", "query",
            "schema", "completion", "man"]  # fmt: skip

# What is typed, and what the tab makes of it or lists.
TYPED = [
    ("schema-drift hist", "history"),
    ("schema-drift check --database-f", "--database-file"),
    ("schema-drift check --fail-on me", "medium"),
    ("schema-drift pending --format sa", "sarif"),
    ("schema-drift reports ver", "verify"),
    ("schema-drift completion zs", "zsh"),
    ("schema-drift check --config a\\ fl", "eet.json"),
    ("schema-drift check --repository some-f", "older/"),
]


def options_of(command):
    """Those that --help-all names."""
    done = run(command, "--help-all")
    return set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", done.stdout, re.MULTILINE)) - {"--help", "--help-all"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a fleet.json").write_text("{}")
    (tmp_path / "some-folder").mkdir()
    return tmp_path


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_a_tab_completes(name, folder):
    with Shell(name, folder) as shell:
        for line, awaited in TYPED:
            shell.typed(line, awaited)
        # bash parts this at the equals sign, zsh does not.
        shell.typed("schema-drift check --format=jsonl", "jsonl ")
        shown = shell.typed("schema-drift ", "man")
        for command in COMMANDS:
            assert command in shown
        shown = shell.typed("schema-drift heads --", "--versions-path")
        assert set(re.findall(r"--[a-z-]+", shown)) - {"--", "--help", "--help-all"} == options_of("heads")
        assert "--reports" not in shown


def test_fish_offers_the_same(folder):
    for line, awaited in TYPED:
        offers = fish_offers(folder, line)
        assert {one for one in offers if one.endswith(awaited)}, (line, offers)
    assert set(COMMANDS) <= fish_offers(folder, "schema-drift ")
    offers = {one for one in fish_offers(folder, "schema-drift heads --") if one.startswith("--")}
    assert offers - {"--help", "--help-all"} == options_of("heads")
    assert fish_offers(folder, "schema-drift check --format js") == {"json", "jsonl"}


@pytest.mark.parametrize("command", COMMANDS)
def test_each_form_that_is_offered_is_one(command, folder):
    offers = fish_offers(folder, f"schema-drift {command} --format ")
    help_line = re.search(r"--format FORMAT +(.*)", run(command, "--help").stdout)
    if not help_line:
        return
    assert offers == set(help_line[1].replace(" (default)", "").replace(" or ", ", ").split(", "))
    words = {"ack": ["--list"], "schema": ["diff", "a", "b"], "query": ["--database", "postgresql:///x?host=/nowhere", "SELECT 1"]}
    for form in offers:
        done = run(command, *words.get(command, []), "--format", form, cwd=folder)
        assert "unknown --format" not in done.stderr, form
    done = run(command, *words.get(command, []), "--format", "yaml", cwd=folder)
    assert 'unknown --format "yaml"' in done.stderr


@pytest.mark.parametrize("words, message", [
    ([], "completion was given no shell"),
    (["tcsh"], 'completion does not know "tcsh"'),
    (["bash", "zsh"], 'completion does not know "bash zsh"'),
])  # fmt: skip
def test_another_shell_is_refused(words, message):
    done = run("completion", *words)
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr == f"schema-drift: error: {message}\n  hint: say schema-drift completion bash, zsh or fish\n"


def test_the_manual_names_every_option_and_no_formatter_complains(tmp_path):
    page = tmp_path / "schema-drift.1"
    assert run("man", "-o", page).returncode == 0
    text = page.read_text()
    sections = dict(re.findall(r"^\.SH OPTIONS OF (\S+)\n(.*?)(?=^\.SH)", text, re.MULTILINE | re.DOTALL))
    for command in COMMANDS:
        section = sections[command.upper().replace("-", "\\-")].replace("\\-", "-")
        assert set(re.findall(r"^\.B (?:-\w,)?(--[a-z-]+)", section, re.MULTILINE)) == options_of(command)
    checks = [["groff", "-man", "-ww", "-z", "-Tutf8"], ["mandoc", "-Tlint", "-Wwarning"]]
    for check in checks:
        if shutil.which(check[0]):
            done = subprocess.run([*check, page], capture_output=True, text=True)
            told = (done.stdout + done.stderr).splitlines()
            # It has no date, so that the same sources give the same bytes.
            assert [line for line in told if "missing date" not in line] == [], check
