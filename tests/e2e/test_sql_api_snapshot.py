"""The SQL API's action "snapshot": the schema in pages, the same bytes as read directly."""

import base64
import hashlib
import zlib

import pytest
from postgres import Cluster
from program import run
from schema import EVERY_KIND
from sql_api_caller import SqlApi


@pytest.fixture(scope="module")
def cluster():
    with Cluster(settings={"log_statement": "none", "wal_level": "logical"}) as server:
        server.psql("CREATE ROLE app_reader; CREATE ROLE app_writer; CREATE ROLE nobody LOGIN")
        server.psql(EVERY_KIND, db="app")
        yield server


@pytest.fixture
def direct(cluster):
    done = run("schema", "snapshot", "--database", cluster.url(db="app"))
    assert done.returncode == 0, done.stderr
    return done.stdout


def pages(api, digest=None, number=1):
    """Every page from `number` on, as one text, and how many there are."""
    data, count, first = b"", number, None
    while number <= count:
        more = {"page": number, "digest": digest} if digest else {}
        answer = api.ask(action="snapshot", **more)
        digest, count = answer["digest"], answer["pages"]
        assert answer["page"] == number
        data += base64.b64decode(answer["snapshot"], validate=True)
        number += 1
    assert hashlib.sha256(data).hexdigest() == digest
    return zlib.decompress(data).decode(), count


def test_one_page_holds_a_usual_schema(cluster, direct):
    with SqlApi(cluster.url(db="app")) as api:
        assert pages(api) == (direct, 1)
        # The connection is as good as before.
        assert api.ask(query="SELECT 1")["rows"] == [[1]]


def test_several_pages_hold_a_large_one(cluster, direct):
    with SqlApi(cluster.url(db="app"), max_bytes=2000) as api:
        text, count = pages(api)
        assert text == direct and count > 3


def test_another_instance_goes_on(cluster, direct):
    with SqlApi(cluster.url(db="app"), max_bytes=4000) as one, SqlApi(cluster.url(db="app"), max_bytes=4000) as other:
        first = one.ask(action="snapshot")
        second = other.ask(action="snapshot", page=2, digest=first["digest"])
        assert (second["digest"], second["page"]) == (first["digest"], 2)


def test_a_schema_that_changes_between_pages_is_begun_again(cluster):
    with SqlApi(cluster.url(db="app"), max_bytes=4000) as one, SqlApi(cluster.url(db="app"), max_bytes=4000) as other:
        first = one.ask(action="snapshot")
        cluster.psql("CREATE TABLE app.meanwhile (a integer)", db="app")
        try:
            error = other.error(action="snapshot", page=2, digest=first["digest"])
            assert error["message"] == "the schema changed between two pages of its snapshot"
            assert error["hint"] == "begin again with the first page"
            # The instance that gave the first page still has what it belongs to.
            assert one.ask(action="snapshot", page=2, digest=first["digest"])["digest"] == first["digest"]
        finally:
            cluster.psql("DROP TABLE app.meanwhile", db="app")


def test_a_page_that_there_is_not(cluster):
    with SqlApi(cluster.url(db="app")) as api:
        digest = api.ask(action="snapshot")["digest"]
        error = api.error(action="snapshot", page=2, digest=digest)
        assert error["message"] == "there is no page 2: the snapshot has 1"
        error = api.error(action="snapshot", page=2)
        assert error["message"] == '"page" needs "digest"'
        assert error["hint"] == "send the digest that the first page's answer gave"
        error = api.error(action="snapshot", timeout_ms=5)
        assert error["message"] == '"timeout_ms" does not go with snapshot'


def test_a_role_without_rights_reads_it_too(cluster, direct):
    with SqlApi(cluster.url(db="app", user="nobody")) as api:
        text, _ = pages(api)
    objects = lambda document: document[document.index('"objects":[') : document.index('"digests":[')]  # noqa: E731
    assert objects(text) == objects(direct)
    assert '"version_rows":null' in text


def test_another_version_table(cluster):
    cluster.psql("CREATE SCHEMA other; CREATE TABLE other.v (version_num text); INSERT INTO other.v VALUES ('z9')", db="app")
    try:
        with SqlApi(cluster.url(db="app")) as api:
            answer = api.ask(action="snapshot", table="v", schema="other")
            text = zlib.decompress(base64.b64decode(answer["snapshot"])).decode()
            assert '"version_rows":["z9"]' in text
    finally:
        cluster.psql("DROP SCHEMA other CASCADE", db="app")
