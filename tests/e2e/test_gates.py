"""--fail-on, and comments that say what is known and wanted."""

import json

import pytest
from program import check, run
from test_explain_operations import Project

HIGH = 'op.create_index("ix", "users", ["n"])'
MEDIUM = 'op.execute("UPDATE users SET n = 1")'
LOW = 'op.add_column("users", sa.Column("n", sa.Integer()))'


@pytest.fixture
def project(tmp_path):
    return lambda *bodies: Project(tmp_path / "project", *bodies)


def said(project, command, *words):
    done = run(command, *words, "--repository", project.repository.folder, "--format", "json")
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.mark.parametrize(
    "body, level, fails",
    [(HIGH, "high", 1), (MEDIUM, "high", 0), (MEDIUM, "medium", 1), (LOW, "medium", 0), (LOW, "low", 1),
     ("pass", "low", 0), ("op.execute(what)", "high", 1)],
)  # fmt: skip
def test_fail_on(project, body, level, fails):
    made = project("pass", body)
    assert said(made, "explain", "r2", "--fail-on", level)[0] == fails
    assert said(made, "explain", "--fail-on", level)[0] == fails
    assert said(made, "explain", "r2")[0] == 0
    code, document, _ = said(made, "pending", "--at", "r1", "--fail-on", level)
    assert (code, document["status"]) == (fails, "behind")
    assert said(made, "pending", "--at", "r1")[0] == 1
    assert said(made, "pending", "--at", "r2", "--fail-on", level)[0] == 0


def test_fail_on_says_nothing_of_other_verdicts(project):
    made = project("pass", LOW)
    assert said(made, "pending", "--at", "gone", "--fail-on", "high")[0] == 1
    assert said(made, "explain", "gone", "--fail-on", "high")[0] == 1


def test_check_fails_on_what_was_asked(project, versioned, stamp):
    made = project("pass", LOW)
    stamp("r1")
    words = ("--repository", made.repository.folder, "--database", versioned[1])
    assert check(*words)[0] == 1
    code, report = check(*words, "--fail-on", "high")
    assert (code, report["status"], report["drift_detected"]) == (0, "behind", True)
    assert check(*words, "--fail-on", "low")[0] == 1


def test_an_unknown_severity(project):
    done = run("explain", "--fail-on", "grave", "--repository", project("pass").repository.folder)
    assert done.returncode == 64
    assert done.stderr == (
        'schema-drift: error: unknown --fail-on "grave"\n  hint: give high, medium or low\n'
    )


def test_a_comment_takes_an_operation_out(project):
    made = project(f"""
        {HIGH}  # schema-drift: ignore create-index -- small for ever
        # schema-drift: ignore drop-column, rename -- nobody reads it
        op.drop_column(
            "users", "n")
        """)
    code, document, err = said(made, "explain", "r1", "--fail-on", "medium")
    assert code == 0
    first, second = document["revisions"][0]["operations"]
    assert (first["severity"], first["rules"][0]["suppressed"]) == ("low", "small for ever")
    assert (second["severity"], second["rules"][0]["suppressed"]) == ("low", "nobody reads it")
    assert err == (
        "schema-drift: warning: migrations/versions/r1_x.py:9: nothing to ignore: no operation of line 10 breaks rename\n"
    )
    done = run("explain", "r1", "--repository", made.repository.folder)
    assert "          create-index is ignored: small for ever\n" in done.stdout


@pytest.mark.parametrize(
    "comment, warning",
    [
        ("ignore create-index", "nothing is ignored without a reason: write # schema-drift: ignore RULE -- reason"),
        ("ignore create-indx -- x", 'unknown rule "create-indx": did you mean create-index?'),
        ("skip", 'unknown comment "skip": write # schema-drift: ignore RULE -- reason'),
    ],
)
def test_comments_that_are_no_good(project, comment, warning):
    made = project("pass", f"{HIGH}  # schema-drift: {comment}")
    code, document, err = said(made, "explain", "r2", "--fail-on", "high")
    assert (code, err) == (1, f"schema-drift: warning: migrations/versions/r2_x.py:8: {warning}\n")
    assert said(made, "pending", "--at", "r1")[1]["warnings"] == [f"migrations/versions/r2_x.py:8: {warning}"]
