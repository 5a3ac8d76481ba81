"""`--schema-rules repository:PATH`: rules that lie in the repository, at the ref that is checked."""

import json

import pytest
from program import check, run
from repository import Repository
from test_filtered_fetch import FILTER, Night, authority, project, reader, server  # noqa: F401

RULES = '[[ignore]]\nkind = "column"\nname = "public.users.born"\nreason = "comes with the next release"\n'
AT = "repository:deploy/rules.toml"


class Shop:
    """Production with one column more than what is recorded for it."""

    def __init__(self, cluster, database, folder):
        self.url, self.place = cluster.url(db=database), folder / "schemas"
        cluster.psql(
            "CREATE TABLE users (id integer PRIMARY KEY);"
            "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
            "INSERT INTO alembic_version VALUES ('c3c3')",
            db=database,
        )
        done = run("schema", "record", "--database", self.url, "--expected", self.place)
        assert done.returncode == 0, done.stderr
        cluster.psql("ALTER TABLE users ADD born date", db=database)

    def words(self, repository, *words):
        return ("--repository", repository, "--database", self.url, "--schema-expected", self.place, *words)


@pytest.fixture
def shop(cluster, database, tmp_path):
    return Shop(cluster, database, tmp_path)


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "repository").chain("a1b1", "b2b2", "c3c3")
    put_rules(made, RULES)
    return made


def put_rules(repository, text, message="Say which differences do not count"):
    path = repository.folder / "deploy/rules.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return repository.commit(message)


def test_the_rules_of_the_ref_judge_a_check(shop, repository):
    head = repository.git("rev-parse", "HEAD")
    # What lies in the work tree does not count.
    (repository.folder / "deploy/rules.toml").unlink()
    code, report = check(*shop.words(repository.folder, "--schema-rules", AT))
    assert (code, report["status"], report["warnings"]) == (0, "synced", [])
    assert report["schema"]["rules"] == {"file": "deploy/rules.toml", "commit": head}
    assert report["schema"]["counts"]["ignored"] == 1
    assert report["schema"]["coverage"]["column"] == "compared"
    text = run("check", *shop.words(repository.folder, "--schema-rules", AT)).stdout
    assert f"; 1 ignored by rules; rules: deploy/rules.toml at {head[:12]}" in text


def test_each_ref_has_rules_of_its_own(shop, repository):
    repository.git("branch", "before")
    other = put_rules(repository, RULES.replace("users.born", "users.other"), "Others")
    code, report = check(*shop.words(repository.folder, "--schema-rules", AT))
    assert (code, report["status"]) == (1, "schema_drift")
    assert report["schema"]["rules"]["commit"] == other
    assert any("deploy/rules.toml:1 matches no difference" in one for one in report["warnings"])
    code, report = check(*shop.words(repository.folder, "--schema-rules", AT, "--ref", "before"))
    assert (code, report["status"]) == (0, "synced")


def test_rules_on_disk_have_no_commit(shop, repository):
    file = repository.folder / "deploy/rules.toml"
    code, report = check(*shop.words(repository.folder, "--schema-rules", file))
    assert (code, report["schema"]["rules"]) == (0, {"file": str(file), "commit": None})
    code, report = check(*shop.words(repository.folder))
    assert (code, report["schema"]["rules"]) == (1, None)


@pytest.mark.parametrize("text, says", [
    (None, "there is no file deploy/rules.toml at commit {}"),
    ("[[ignore]]\nkind = 'index'\n", "deploy/rules.toml:1: [[ignore]] has no reason (at commit {})"),
])  # fmt: skip
def test_rules_that_are_none_leave_the_schema_not_compared(shop, repository, text, says):
    if text is None:
        repository.git("rm", "-q", "deploy/rules.toml")
        head = repository.commit("Without")
    else:
        head = put_rules(repository, text, "Badly")
    code, report = check(*shop.words(repository.folder, "--schema-rules", AT))
    says = says.format(head)
    assert (code, report["status"]) == (2, "error")
    assert report["failure"]["message"] == f"the schema was not compared: {says}"
    assert (report["failure"]["stage"], report["failure"]["kind"]) == ("configuration", "configuration")
    schema = report["schema"]
    assert (schema["compared"], schema["not_compared_because"], schema["differences"]) == (False, says, [])
    # Wrong rows outrank it.
    repository.migration("d4d4", "c3c3")
    code, report = check(*shop.words(repository.folder, "--schema-rules", AT))
    assert (code, report["status"]) == (1, "behind")
    assert any(one.startswith("the schema was not compared: ") for one in report["warnings"])


def test_a_folder_a_link_out_and_a_large_file_are_no_rules(shop, repository):
    code, report = check(*shop.words(repository.folder, "--schema-rules", "repository:deploy"))
    assert code == 2
    assert "there is no file deploy at commit" in report["failure"]["message"]
    (repository.folder / "link.toml").symlink_to("/etc/passwd")
    (repository.folder / "large.toml").write_text("#" * (2 << 20))
    repository.commit("Strange")
    code, report = check(*shop.words(repository.folder, "--schema-rules", "repository:link.toml"))
    assert "there is no file link.toml at commit" in report["failure"]["message"]
    code, report = check(*shop.words(repository.folder, "--schema-rules", "repository:large.toml"))
    assert code == 2 and "large.toml" in report["failure"]["message"]


def test_a_repository_that_cannot_be_read_says_so_once_and_the_rules_why(shop, tmp_path):
    code, report = check(*shop.words(tmp_path / "none", "--schema-rules", AT))
    assert (code, report["status"], report["failure"]["stage"]) == (2, "error", "repository")
    assert report["schema"]["not_compared_because"] == (
        "its rules are deploy/rules.toml of the repository, which could not be read")  # fmt: skip
    assert report["schema"]["differences"] == [] and report["findings"] == []


@pytest.mark.parametrize("path", ["", "/etc/rules.toml", "../rules.toml", "a//b", "a/./b", "deploy/"])
def test_what_is_no_path_in_a_repository_is_a_wrong_call(shop, repository, path):
    done = run("check", *shop.words(repository.folder, "--schema-rules", f"repository:{path}"))
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr == (
        f'schema-drift: error: invalid --schema-rules "repository:{path}": not a path from the root of the repository\n'
        "  hint: write repository:deploy/rules.toml, without a slash at either end\n")  # fmt: skip


def test_a_fleet_judges_each_target_by_the_rules_of_its_ref(shop, repository, tmp_path):
    repository.git("branch", "before")
    put_rules(repository, RULES.replace("users.born", "users.other"), "Others")
    config = tmp_path / "drift.json"
    config.write_text(json.dumps({
        "defaults": {"repository": str(repository.folder), "schema_expected": str(shop.place), "schema_rules": AT},
        "targets": [{"target": name, "database": shop.url, "ref": ref}
                    for name, ref in (("one", "main"), ("two", "before"), ("three", "before"))]}))  # fmt: skip
    done = run("check", "--config", config, "--format", "jsonl")
    assert done.returncode == 1, done.stderr
    rows = {row["target"]: row["status"] for row in map(json.loads, done.stdout.splitlines()) if "target" in row}
    assert rows == {"one": "schema_drift", "two": "synced", "three": "synced"}


def test_a_diff_reads_them_too(shop, repository):
    recorded = shop.place / "recorded/c3c3.json"
    words = ("schema", "diff", recorded, shop.url, "--repository", repository.folder, "--schema-rules", AT)
    done = run(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(*words[:-1], "repository:none.toml")
    assert done.returncode == 2 or done.returncode == 64
    assert "there is no file none.toml at commit" in done.stderr


def test_a_filtered_fetch_brings_the_rules_as_well(shop, tmp_path, server, reader):  # noqa: F811
    night = Night(tmp_path / "night", server, reader)
    head = put_rules(night.repository, RULES)
    night.push()
    words = ("--schema-expected", shop.place, "--schema-rules", AT)
    code, report = night.check(shop.url, *words)
    assert (code, report["status"], report["warnings"]) == (0, "synced", [])
    assert report["repository"]["fetch"]["how"] == "filtered"
    assert report["schema"]["rules"] == {"file": "deploy/rules.toml", "commit": head}
    # The second time it is here.
    night.server.requests.clear()
    code, report = night.check(shop.url, *words)
    assert (code, report["repository"]["fetch"]["how"]) == (0, "cached")
    assert FILTER == night.server.config
