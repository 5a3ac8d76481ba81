"""The SQL API's action "health": what a check over a connection says, word for word."""

import pytest
from postgres import Cluster
from program import check
from repository import Repository
from sql_api_caller import SqlApi

# One of each kind, and a sequence that the role may not read.
SICK = """
CREATE TABLE t (a integer); INSERT INTO t VALUES (1), (1);
CREATE TABLE p (id integer PRIMARY KEY);
CREATE TABLE c (p integer CONSTRAINT c_p REFERENCES p, n integer);
ALTER TABLE c ADD CONSTRAINT c_n CHECK (n > 0) NOT VALID;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t DISABLE TRIGGER g;
ALTER TABLE p ENABLE ROW LEVEL SECURITY;
CREATE SEQUENCE s MAXVALUE 100; SELECT setval('s', 96);
CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('a1');
GRANT SELECT, INSERT ON alembic_version TO PUBLIC
"""


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as server:
        server.psql("CREATE ROLE nobody LOGIN")
        server.psql(SICK, db="app")
        with pytest.raises(RuntimeError, match="could not create unique index"):
            server.psql("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)", db="app")
        yield server


@pytest.mark.parametrize("user", ["owner", "nobody"])
def test_it_is_what_a_check_over_a_connection_says(cluster, tmp_path, user):
    repository = Repository(tmp_path / "repository").chain("a1").folder
    code, report = check("--repository", repository, "--database", cluster.url(user=user, db="app"))
    assert (code, report["status"]) == (0, "synced")
    health = report["schema"]["health"]
    assert len({finding["kind"] for finding in health["findings"]}) == (7 if user == "owner" else 6)
    with SqlApi(cluster.url(user=user, db="app")) as api:
        assert api.ask(action="health") == {"health": health}
        # The connection is as good as before.
        assert api.ask(query="SELECT 1")["rows"] == [[1]]
    if user == "nobody":
        assert health["coverage"]["sequence_near_end"].startswith("not checked: 1 of 1 sequences: the role may not")


def test_the_version_table_is_the_one_that_is_named(cluster):
    writable = lambda answer: answer["health"]["counts"].get("version_table_writable")  # noqa: E731
    with SqlApi(cluster.url(db="app")) as api:
        assert writable(api.ask(action="health", table="alembic_version", schema="public")) == 1
        assert writable(api.ask(action="health", table="other")) is None


def test_what_does_not_fit_or_does_not_go_with_it(cluster):
    with SqlApi(cluster.url(db="app"), max_bytes=2000) as api:
        error = api.error(action="health")
        assert error["message"] == "the answer is larger than 2000 bytes"
        error = api.error(action="health", timeout_ms=5)
        assert error["message"] == '"timeout_ms" does not go with health'
