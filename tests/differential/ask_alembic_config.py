"""Run by Alembic's interpreter: what Alembic's Config makes of each configuration on stdin.

Same JSON lines as read_ini.cc. The folder that %(here)s stands for is a temporary one; it is
replaced by the mark that schema-drift uses (kTreeRoot in migrations/alembic/config.h).
"""

import json
import pathlib
import sys
import tempfile
import warnings

from alembic.config import Config

TREE_ROOT = "/\x01tree"


def read(request, root):
    folder = pathlib.Path(root, request["folder"])
    folder.mkdir(exist_ok=True)
    ini, pyproject = folder / "alembic.ini", folder / "pyproject.toml"
    for path, text in ((ini, request["ini"]), (pyproject, request["pyproject"])):
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_bytes(text.encode())
    try:
        config = Config(str(ini), toml_file=str(pyproject), ini_section=request["section"])
        answer = {
            "script_location": config.get_alembic_option("script_location"),
            "version_locations": config.get_version_locations_list() or [],
            "prepend_sys_path": config.get_prepend_sys_paths_list() or [],
            "recursive_version_locations": config.get_alembic_boolean_option(
                "recursive_version_locations"),
            "sourceless": config.get_alembic_boolean_option("sourceless"),
        }
        answer = json.loads(json.dumps(answer).replace(root, "/\\u0001tree"))
        answer["has_section"] = config.file_config.has_section(request["section"])
        answer["has_table"] = bool(config.toml_alembic_config)
        return answer
    except Exception as error:  # whatever stops Alembic counts
        return {"error": f"{type(error).__name__}: {error}".replace(root, TREE_ROOT)}


def main():
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as root:
        for line in sys.stdin:
            print(json.dumps(read(json.loads(line), str(pathlib.Path(root).resolve()))))


main()
