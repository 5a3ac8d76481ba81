import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from postgres import Cluster  # noqa: E402


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
