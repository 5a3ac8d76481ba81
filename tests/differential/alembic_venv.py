"""The newest Alembic from PyPI: the authority that schema-drift is compared with."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from python_venv import build_folder, venv_python  # noqa: E402, F401


def alembic_python():
    """Path of a Python interpreter that can import alembic; see python_venv for what happens
    where PyPI cannot be reached."""
    return venv_python("alembic", ["alembic"], ["alembic"], what="Alembic")
