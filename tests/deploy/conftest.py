import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "e2e"), str(HERE.parent / "aws")]

from python_venv import use_venv  # noqa: E402


def pytest_sessionstart():
    # As in tests/aws: before anything is collected.
    use_venv("moto", ["moto[s3,ssm]", "flask", "flask-cors", "boto3", "docker", "pg8000"],
             ["boto3", "moto.server", "pg8000"], what="moto")  # fmt: skip


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    """The Lambda zip, from the program that this build made for it."""
    from program import ROOT
    from python_venv import build_folder

    path = tmp_path_factory.mktemp("zip") / "schema-drift.zip"
    done = subprocess.run([ROOT / "cron/lambda/make-zip", build_folder() / "schema-drift-lambda", path],
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def github(tmp_path_factory):
    """GitHub with the private repository example/shop: revisions a1, b2, c3."""
    from github import private_github
    from nightly import TOKEN

    with private_github(tmp_path_factory.mktemp("github"), TOKEN, "a1", "b2", "c3") as server:
        yield server


@pytest.fixture(scope="module")
def moto():
    from stack import moto_with_cloudformation

    with moto_with_cloudformation():
        yield


@pytest.fixture
def aws(moto):
    """Over TLS: the buckets' policies refuse everything else."""
    from verifying_server import Aws

    with Aws(tls=True) as server:
        yield server
