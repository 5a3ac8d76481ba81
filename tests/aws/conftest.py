import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "e2e")]

from python_venv import use_venv  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--refresh-table", action="store_true",
                     help="write the outcomes of the fault matrix to docs/reliability.md")  # fmt: skip


def pytest_configure(config):
    config.addinivalue_line("markers", "object_lock: the bucket of this test has Object Lock")


def pytest_sessionstart():
    # Before anything is collected: the suites import boto3 and moto like any other module.
    use_venv("moto", ["moto[s3,ssm]", "flask", "flask-cors", "boto3", "docker", "pg8000"],
             ["boto3", "moto.server", "pg8000"], what="moto")  # fmt: skip


@pytest.fixture
def aws():
    from verifying_server import Aws

    with Aws() as server:
        yield server


@pytest.fixture(scope="module")
def github(tmp_path_factory):
    """GitHub with the private repository example/shop: revisions a1, b2, c3."""
    from github import private_github
    from nightly import TOKEN

    with private_github(tmp_path_factory.mktemp("github"), TOKEN, "a1", "b2", "c3") as server:
        yield server
