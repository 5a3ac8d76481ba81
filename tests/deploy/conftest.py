import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "e2e"), str(HERE.parent / "aws")]

from python_venv import use_venv  # noqa: E402


def pytest_sessionstart():
    # As in tests/aws: before anything is collected.
    use_venv("moto", ["moto[s3,ssm]", "flask", "flask-cors", "boto3", "docker", "pg8000"],
             ["boto3", "moto.server", "pg8000"], what="moto")  # fmt: skip
