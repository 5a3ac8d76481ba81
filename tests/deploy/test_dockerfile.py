"""The Dockerfile without Docker: no image is built here, and no registry is asked for its base.

What can be shown is: the build stage finds every file that it reads among those that .dockerignore
lets through, and the RUN lines of the image, run in debootstrap's Debian, leave a program that
works for a user without rights. What is not shown: the names of the base images, and the compilation
inside of one.
"""

import base64
import fnmatch
import json
import re
import shlex
import shutil
import subprocess

import pytest

from debian_machine import DebianMachine
from program import BINARY, ROOT

DOCKERFILE = (ROOT / "cron/Dockerfile").read_text()
IGNORED = (ROOT / "cron/Dockerfile.dockerignore").read_text()


def stages():
    """[[(instruction, argument)]], one list for each FROM, continuation lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE)
    found = []
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if line.strip():
            word, _, argument = line.strip().partition(" ")
            if word == "FROM":
                found.append([])
            found[-1].append((word, argument.strip()))
    return found


def in_context(name):
    """Whether .dockerignore lets the file through: the last rule that matches it or a folder above decides.
    https://docs.docker.com/build/concepts/context/#dockerignore-files"""
    parts = name.split("/")
    names = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    passes = True
    for rule in IGNORED.splitlines():
        if rule and not rule.startswith("#"):
            pattern = rule.lstrip("!")
            # A star does not reach across a slash there.
            if any(fnmatch.fnmatchcase(n, pattern) and n.count("/") == pattern.count("/") for n in names):
                passes = rule.startswith("!")
    return passes


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """The files that the build stage would see."""
    folder = tmp_path_factory.mktemp("context") / "src"
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")  # fmt: skip
    for name in listed:
        if name and in_context(name) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def test_it_has_a_build_stage_and_one_that_runs():
    build, image, sbom, last = stages()
    assert build[0] == ("FROM", "debian:12-slim AS build")
    assert image[0] == ("FROM", "debian:12-slim AS image")
    assert (sbom[0], last[0]) == (("FROM", "build AS sbom"), ("FROM", "image"))
    settings = dict(last)
    assert settings["USER"] == "10001"
    assert json.loads(settings["ENTRYPOINT"]) + json.loads(settings["CMD"]) == ["/usr/bin/schema-drift", "check"]
    # Whatever a secret is given as, it is not baked in.
    assert not re.search(r"TOKEN|PASSWORD|SECRET|DATABASE", DOCKERFILE.replace("SCHEMA_DRIFT_", ""))


def test_the_context_has_what_the_build_reads_and_not_the_rest(context):
    assert not (context / "tests").exists() and not (context / ".git").exists() and not (context / "bench").exists()
    configured = subprocess.run(
        ["cmake", "--preset", "release", "-DSCHEMA_DRIFT_TESTS=OFF", "-DSCHEMA_DRIFT_BENCH=OFF"], cwd=context,
        capture_output=True, text=True)  # fmt: skip
    assert configured.returncode == 0, configured.stderr
    # A dry run fails where an input is missing and no rule makes it.
    planned = subprocess.run(["ninja", "-C", "build/release", "-n", "schema-drift"], cwd=context,
                             capture_output=True, text=True)  # fmt: skip
    assert planned.returncode == 0, planned.stdout[-2000:]


@pytest.fixture(scope="module")
def package(context, tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    done = subprocess.run([context / "cron/debian/make-package", BINARY, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.deb"))


def check_bill_of_materials(machine, context, folder):
    """The stage that has Python is given parts of the image and names all that is installed there."""
    _, _, sbom, _ = stages()
    parts = [argument.split()[1] for word, argument in sbom if word == "COPY"]
    assert parts == ["/var/lib/dpkg", "/usr/share/doc", "/usr/bin/schema-drift"]
    (told,) = [argument for word, argument in sbom if word == "RUN"]
    assert told == "cron/sbom.py /image/usr/bin/schema-drift --installed /image >/sbom.cdx.json"
    packed = machine.run("sh", "-c", f"tar -c {' '.join(parts)} 2>/dev/null | base64 -w0").stdout
    subprocess.run(["tar", "-C", folder, "-x"], input=base64.b64decode(packed), check=True)
    done = subprocess.run([context / "cron/sbom.py", folder / "usr/bin/schema-drift", "--installed", folder],
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    named = {part["name"]: part["version"] for part in json.loads(done.stdout)["components"]}
    installed = dict(line.split() for line in machine.run(
        "dpkg-query", "-W", "-f", "${Package} ${Version}\n").stdout.splitlines())  # fmt: skip
    del installed["schema-drift"]
    assert len(installed) > 80
    assert {name: named.get(name) for name in installed} == installed


def test_the_run_lines_of_the_image_leave_a_working_program(context, package, tmp_path):
    _, image, sbom, last = stages()
    variables = dict(pair.split("=", 1) for word, text in last if word == "ENV" for pair in shlex.split(text))
    with DebianMachine() as machine:
        machine.write(f"/tmp/{package.name}", package.read_bytes())
        for word, argument in image:
            if word == "RUN":
                machine.run("sh", "-c", argument)
        assert machine.run("sh", "-c", "ls /tmp /var/lib/apt/lists").stdout.split() == ["/tmp:", "/var/lib/apt/lists:"]
        check_bill_of_materials(machine, context, tmp_path)
        assert machine.run("test", "-s", "/etc/ssl/certs/ca-certificates.crt").returncode == 0
        (user,) = [argument for word, argument in last if word == "USER"]
        as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs", "env", "-i",
                   *(f"{name}={value}" for name, value in variables.items())]  # fmt: skip
        entry = [*json.loads(dict(last)["ENTRYPOINT"]), *json.loads(dict(last)["CMD"])]
        done = machine.run(*as_user, *entry, check=False)
        assert (done.returncode, done.stderr.splitlines()[0]) == (64, "schema-drift: error: no database was given")
        # The folders of its variables are its own.
        for folder in ("/var/cache/schema-drift", "/var/lib/schema-drift"):
            machine.run(*as_user, "touch", f"{folder}/mine")
        assert machine.run(*as_user, "touch", "/usr/bin/mine", check=False).returncode != 0
