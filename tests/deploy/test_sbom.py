"""The bill of materials of package, zip and image: valid, complete, and of the versions that are there."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import zipfile

import pytest

from program import BINARY, ROOT
from python_venv import build_folder, venv_python
from test_debian_package import make_package

sys.path.insert(0, str(ROOT / "cron"))

import sbom  # noqa: E402

VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
found = JsonStrictValidator(SchemaVersion.V1_5).validate_str(sys.stdin.read())
print(found if found else "valid")
"""


def judged(document):
    """What the official schema, which the library of CycloneDX brings, says."""
    python = venv_python("cyclonedx", ["cyclonedx-python-lib[json-validation]"], ["cyclonedx", "jsonschema"],
                         what="cyclonedx-python-lib")  # fmt: skip
    return subprocess.run([python, "-c", VALIDATE], input=document, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def of_package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deb")
    subprocess.run(["dpkg-deb", "-x", make_package(folder), folder / "root"], check=True)
    document = (folder / "root/usr/share/doc/schema-drift/sbom.cdx.json").read_text()
    return document, (folder / "root/usr/bin/schema-drift").read_bytes()


@pytest.fixture(scope="module")
def of_zip(archive):
    with zipfile.ZipFile(archive) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    return files["sbom.cdx.json"].decode(), files


@pytest.fixture(scope="module")
def of_image():
    """Of this machine, as the image's stage asks it of the image."""
    done = subprocess.run([ROOT / "cron/sbom.py", BINARY, "--installed", "/"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("fixture", ["of_package", "of_zip", "of_image"])
def test_it_is_what_the_official_schema_wants(request, fixture):
    made = request.getfixturevalue(fixture)
    document = made if isinstance(made, str) else made[0]
    assert judged(document) == "valid"
    refs = [part["bom-ref"] for part in json.loads(document)["components"]]
    assert len(refs) == len(set(refs))


def test_the_judge_refuses_what_is_wrong(of_package):
    assert judged(of_package[0].replace('"library"', '"librarian"')) != "valid"


def test_the_program_is_named_with_its_hash(of_package, of_zip):
    for document, content in ((of_package[0], of_package[1]), (of_zip[0], of_zip[1]["bootstrap"])):
        program = json.loads(document)["metadata"]["component"]
        assert program["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]
        told = subprocess.run([BINARY, "--version"], capture_output=True, text=True).stdout.split()[1]
        assert (program["name"], program["version"]) == ("schema-drift", told)


def test_every_file_of_the_zip_is_named_with_its_hash(of_zip):
    document, files = of_zip
    document = json.loads(document)
    named = {file["name"]: file["hashes"][0]["content"] for part in [*document["components"], document["metadata"]["component"]]
             for file in part.get("components", [])}  # fmt: skip
    assert named == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()
                     if ".so" in name}  # fmt: skip


def test_versions_are_those_that_dpkg_knows(of_package):
    parts = {part["name"]: part for part in json.loads(of_package[0])["components"]}
    for name in ("libgit2-1.5", "libpq5", "libcurl4", "libc6", "nlohmann-json3-dev"):
        version, architecture = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version} ${Architecture}\\n", name], capture_output=True, text=True,
            check=True).stdout.splitlines()[0].split()  # fmt: skip
        assert parts[name]["version"] == version
        assert parts[name]["purl"] == (
            f"pkg:deb/debian/{name}@{version.replace('+', '%2B')}?arch={architecture}")  # fmt: skip
    assert {"license": {"id": "MIT"}} in parts["nlohmann-json3-dev"]["licenses"]


def test_what_is_compiled_in_is_what_the_compiler_read():
    """The headers of the build, by package, less those that come with a linked library or the compiler."""
    deps = subprocess.run(["ninja", "-C", build_folder(), "-t", "deps"], capture_output=True, text=True, check=True).stdout
    headers, ours = set(), False
    for line in deps.splitlines():
        if line and not line.startswith(" "):
            ours = "schema_drift_parts.dir" in line
        elif ours and line.strip().startswith("/usr/"):
            headers.add(pathlib.Path(os.path.normpath(line.strip())))
    assert len(headers) > 500
    owners = set(sbom.packages_of(sorted(headers)).values()) - {None}
    linked = {name for name in sbom.packages_of(sbom.libraries_of(BINARY).values()).values()}
    sources = {about[2] for about in sbom.packages(sorted(linked)).values()}
    alone = {name for name, about in sbom.packages(sorted(owners)).items()
             if about[2] not in sources and not re.match(r"(gcc-|libgcc|linux-libc)", name)}  # fmt: skip
    assert alone | {"libstdc++-12-dev"} == set(sbom.COMPILED_IN)


def test_the_image_names_every_package_installed(of_image):
    installed = set(subprocess.run(["dpkg-query", "-W", "-f", "${Package}\\n"], capture_output=True, text=True,
                                   check=True).stdout.split())  # fmt: skip
    assert installed - {part["name"] for part in json.loads(of_image)["components"]} <= {"schema-drift"}


@pytest.mark.parametrize("words, code, text", [
    ([], 64, "Prints what schema-drift is made of"),
    (["/nonexistent/program"], 1, "sbom.py: "),
    ([BINARY, "--installed", "/nonexistent"], 1,
     "sbom.py: /nonexistent/var/lib/dpkg holds no status of installed packages"),
    ([BINARY, "x"], 64, "Prints what schema-drift is made of"),
])  # fmt: skip
def test_what_cannot_be_told_is_an_error(words, code, text):
    done = subprocess.run([ROOT / "cron/sbom.py", *words], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (code, "")
    assert text in done.stderr and "Traceback" not in done.stderr
