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


@pytest.fixture
def database(cluster, request):
    """A new, empty database of the shared server; its name."""
    name = f"db_{abs(hash(request.node.nodeid)) % 10**12}"
    cluster.psql(f"CREATE DATABASE {name}")
    yield name
    cluster.psql(f"DROP DATABASE {name} WITH (FORCE)")
