import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from postgres import Cluster  # noqa: E402
from repository import Repository  # noqa: E402


@pytest.fixture(scope="session")
def cluster():
    """One server for all tests that need nothing special of it. Socket only."""
    with Cluster() as server:
        yield server


# With every character that a careless URL would trip over.
CANARY = "c@nary/p:ss?w%rd"


@pytest.fixture(scope="session")
def roles(cluster):
    """`reader` owns nothing, `guarded` needs CANARY, `limited` finds no room."""
    cluster.psql(
        "CREATE ROLE reader LOGIN;"
        f"CREATE ROLE guarded LOGIN PASSWORD '{CANARY}' IN ROLE with_password;"
        "CREATE ROLE limited LOGIN CONNECTION LIMIT 0"
    )


@pytest.fixture
def database(cluster, request):
    """A new, empty database of the shared server; its name."""
    name = f"db_{abs(hash(request.node.nodeid)) % 10**12}"
    cluster.psql(f"CREATE DATABASE {name}")
    yield name
    cluster.psql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def versioned(cluster, roles, database):
    """A new database with an empty alembic_version that `reader` may read; gives (name, url)."""
    cluster.psql(
        "CREATE TABLE alembic_version (version_num varchar(32) NOT NULL,"
        " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));"
        "GRANT SELECT ON alembic_version TO reader",
        db=database,
    )
    return database, cluster.url(user="reader", db=database)


@pytest.fixture
def stamp(cluster, versioned):
    def insert(*revisions):
        for revision in revisions:
            cluster.psql(f"INSERT INTO alembic_version VALUES ('{revision}')", db=versioned[0])

    return insert


@pytest.fixture(scope="session")
def chain(tmp_path_factory):
    """A repository with the revisions a1, b2, c3 in a row, which no test changes; its folder."""
    return Repository(tmp_path_factory.mktemp("chain")).chain("a1", "b2", "c3").folder


@pytest.fixture(params=["libpq", "sql-api"])
def both_ways(request, monkeypatch):
    """Reads the version table over libpq, then through the SQL API's handler: the same is said."""
    if request.param == "sql-api":
        monkeypatch.setenv("READ_THROUGH", request.param)
