"""`current` and `status`: where production stands, without a report and without an alert; and
`pending TARGET`, what a deploy will run."""

import json

import pytest

from program import run
from repository import Repository


def text(*words, **how):
    done = run(*words, **how)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def place(versioned, chain):
    """The options of a database and its repository."""
    return ["--database", versioned[1], "--repository", chain]


def test_current_says_where_the_row_stands(versioned, stamp, chain, place):
    stamp("b2")
    code, out, err = text("current", *place)
    lines = out.splitlines()
    assert (code, err, lines[0]) == (0, "", "b2  add b2")
    assert lines[1].startswith(f"  production  {versioned[0]} on ") and lines[1].endswith(", public.alembic_version")
    assert lines[2].startswith(f"  repository  {chain} at HEAD (")
    assert lines[3:] == ["  pending     1 revision"]
    document = json.loads(run("current", *place, "--format", "json").stdout)
    assert document["rows"] == [{"revision": "b2", "at_ref": True, "is_head": False, "message": "add b2",
                                 "path": "migrations/versions/b2_x.py"}]  # fmt: skip
    assert (document["exists"], document["pending_count"], document["ref"]) == (True, 1, "HEAD")


def test_current_of_a_head_and_of_a_row_that_the_ref_lacks(versioned, stamp, place):
    stamp("c3")
    assert text("current", *place)[1].splitlines()[0] == "c3 (head)  add c3"
    assert "  pending     nothing\n" in text("current", *place)[1]
    stamp("zz99")
    out = text("current", *place)[1]
    assert "zz99  (not at HEAD: schema-drift explain zz99 looks for it elsewhere)\n" in out
    assert "pending" not in out  # nobody knows what the strange row has among its ancestors
    document = json.loads(run("current", *place, "--format", "json").stdout)
    assert document["pending_count"] is None
    assert document["rows"][1] == {"revision": "zz99", "at_ref": False, "is_head": None, "message": None, "path": None}


def test_current_of_nothing(cluster, versioned, database, place):
    assert text("current", *place)[1].startswith("public.alembic_version is empty\n")
    cluster.psql("DROP TABLE alembic_version", db=database)
    code, out, _ = text("current", *place)
    assert (code, out.splitlines()[0]) == (0, "alembic_version is not there")
    cluster.psql("CREATE SCHEMA app; CREATE TABLE app.alembic_version (version_num varchar(32))", db=database)
    assert text("current", *place)[1].splitlines()[0] == "alembic_version is not there; there is 'app.alembic_version'"


def test_current_needs_no_repository_unless_it_is_named(versioned, stamp, tmp_path):
    stamp("b2")
    code, out, _ = text("current", "--database", versioned[1], cwd=tmp_path)
    assert (code, out.splitlines()[0]) == (0, "b2")
    assert out.splitlines()[-1].startswith("  repository  none: ")
    code, out, err = text("current", "--database", versioned[1], "--repository", tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("schema-drift: error: ")


def test_current_reads_one_table(versioned, place):
    code, _, err = text("current", *place, "--version-table-schema", "tenant_*")
    assert (code, err) == (64, "schema-drift: error: current reads one version table, and --version-table-schema names "
                               "several\n  hint: name one schema; status reads all of them\n")  # fmt: skip


def test_status_is_one_line_and_keeps_nothing(versioned, stamp, place, tmp_path):
    stamp("b2")
    words = [*place, "--target", "shop"]
    env = {"SCHEMA_DRIFT_REPORTS": str(tmp_path / "reports"), "SCHEMA_DRIFT_ALERTS": "terminal"}
    assert text("status", *words, env=env) == (1, "shop: behind: 1 revision is pending\n", "")
    assert not (tmp_path / "reports").exists()
    stamp("c3")
    assert text("status", *words)[1].startswith("shop: inconsistent: ")
    done = json.loads(run("status", *words, "--format", "json").stdout)
    assert (done["status"], done["target"]) == ("inconsistent", "shop")


def test_status_that_cannot_tell_says_why(chain):
    code, out, err = text("status", "--database", "postgresql:///x?host=/nonexistent", "--repository", chain)
    assert (code, out) == (2, "")
    assert err.startswith("x: ERROR: cannot tell: cannot connect to x on /nonexistent: ")


# ------------------------------------------------------------------------------ pending [FROM:]TARGET


def pending(*words):
    done = run("pending", *words, "--format", "json")
    assert done.returncode in (0, 1), done
    return [one["revision"] for one in json.loads(done.stdout)["pending"]]


def test_what_a_deploy_will_run(versioned, stamp, place, chain):
    stamp("a1")
    assert pending(*place) == ["b2", "c3"]
    assert pending("b2", *place) == ["b2"]
    assert pending("head", *place) == pending("current:head", *place) == ["b2", "c3"]
    assert pending("+1", *place) == ["b2"]
    assert pending("b2:head", "--repository", chain) == pending("b2:", "--repository", chain) == ["c3"]
    assert pending(":b2", "--repository", chain) == ["a1", "b2"]
    code, out, _ = text("pending", "b2", *place)
    assert code == 1
    assert out.startswith("pending: BEHIND: 1 revision is pending\n")
    assert "  what to do  apply with `alembic upgrade b2`\n" in out
    assert "as far as 'b2' goes; the ref's own heads are 'c3'" in out


def test_nothing_to_run_is_not_called_synced_of_the_ref(chain):
    code, out, _ = text("pending", "c3:b2", "--repository", chain)
    assert (code, out) == (0, "an upgrade to 'b2' would run nothing\n  applied     c3\n"
                              "  warning     as far as 'b2' goes; the ref's own heads are 'c3'\n")  # fmt: skip


@pytest.mark.parametrize("words, message, hint", [
    (["zz"], "there is no revision or branch 'zz'", "schema-drift history lists every revision of the ref"),
    (["haed"], "there is no revision or branch 'haed'", "did you mean 'head'?"),
    (["a1:b2", "--at", "a1"], "--at and a range both say what production is at",
     "leave --at out, or give pending no more than the target"),
    (["a1", "b2"], 'pending does not know "b2"', "it takes one target, or one range: pending ae10:head"),
    (["head-1"], "there is no revision or branch 'head-1'",
     "steps go up from somewhere, as in +1 or ae10+2; downgrades are not read"),
    (["a1:a1+x"], "'a1+x' does not end with a number of steps", "write +1, or ae10+2"),
    (["a1:a1+7"], "'a1+7' goes past the head: there are only 2 steps", "say head for all that there are"),
    (["xyz@head"], "there is no revision or branch 'xyz'", "schema-drift history lists every revision of the ref"),
])  # fmt: skip
def test_what_names_nothing_is_refused(chain, words, message, hint):
    assert text("pending", *words, "--repository", chain) == (
        64, "", f"schema-drift: error: {message}\n  hint: {hint}\n")  # fmt: skip


def test_two_heads_are_no_head(tmp_path):
    repository = Repository(tmp_path / "work").chain("aaaa1", "bbbb2")
    repository.migration("bbbc3", "aaaa1", branch_labels=("shop",))
    where = ["--repository", repository.folder]
    assert text("pending", "aaaa1:head", *where) == (
        64, "", "schema-drift: error: 'head' is ambiguous: the repository has the heads 'bbbb2' and 'bbbc3'\n"
                "  hint: say heads for all of them, or one by its id\n")  # fmt: skip
    assert text("pending", "aaaa1:bbb", *where) == (
        64, "", "schema-drift: error: revision 'bbb' is ambiguous\n"
                "  hint: 'bbbb2' and 'bbbc3' begin with it: give more of it\n")  # fmt: skip
    assert text("pending", "shop@bbbb2", *where) == (
        64, "", "schema-drift: error: revision 'bbbb2' is not a member of branch 'shop'\n"
                "  hint: schema-drift history lists the labels of each revision\n")  # fmt: skip
    assert text("pending", "aaaa1:+1", *where)[2].startswith(
        "schema-drift: error: '+1' is ambiguous: there is more than one way up\n")
    assert pending("aaaa1:shop@head", *where) == ["bbbc3"]
    assert pending("aaaa1:heads", *where) == ["bbbb2", "bbbc3"]
