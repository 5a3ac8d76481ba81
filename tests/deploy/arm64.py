"""The zip of `make lambda-arm64`, started by QEMU in a root that has nothing else: `make check-arm64`.

No suite of `make test`: compiling everything once more would cost minutes of each run. QEMU translates
the program and hands its calls to this machine's kernel; a processor of that kind is not shown.
"""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

from empty_root import EmptyRoot
from git_servers import Authority, HttpsServer, Project
from postgres import Cluster
from program import ROOT, valid

ZIP = ROOT / "build/lambda/schema-drift-arm64.zip"
BOOTSTRAP = "/var/task/bootstrap"


class ArmRoot(EmptyRoot):
    def __init__(self, folder):
        super().__init__(folder)
        shutil.copy(shutil.which("qemu-aarch64-static"), self.folder / "qemu")
        self.unpack(ZIP)

    def arm(self, *words, **how):
        return self.run("/qemu", BOOTSTRAP, *words, timeout=300, **how)


@pytest.fixture
def root(tmp_path):
    return ArmRoot(tmp_path / "root")


def test_everything_in_it_is_for_arm64(root):
    files = [path for path in root.folder.glob("var/task/**/*") if path.name == "bootstrap" or ".so" in path.name]
    assert len(files) > 20
    for path in files:
        header = subprocess.run(["readelf", "-h", path], capture_output=True, text=True, check=True).stdout
        assert re.search(r"Machine: +AArch64", header), path
    document = json.loads((root.folder / "var/task/sbom.cdx.json").read_text())
    linked = {part["name"]: part["purl"] for part in document["components"]}
    assert linked["libcurl4"].endswith("?arch=arm64") and linked["libgit2-1.5"].endswith("?arch=arm64")
    assert ZIP.stat().st_size < 11_000_000


def test_it_starts(root):
    done = root.arm("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"schema-drift \d+\.\d+\.\d+\n", done.stdout)


def test_it_checks_production_and_keeps_a_report(root, tmp_path):
    project = Project(tmp_path / "project")
    project.add("alembic.ini", "[alembic]\nscript_location = %(here)s\n")
    project.add("versions/1a.py", '"""grün"""\nrevision = "1a"\ndown_revision = None\n')
    project.add("versions/2b.py", '"""größer"""\nrevision = "2b"\ndown_revision = "1a"\n')
    authority = Authority(tmp_path / "ca")
    root.write("/etc/hosts", "127.0.0.1 localhost\n")
    root.write("/etc/pki/tls/certs/ca-bundle.crt", pathlib.Path(authority.certificate).read_bytes())
    with Cluster(tcp=True) as cluster, HttpsServer(project.root, authority) as server:
        cluster.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                     "INSERT INTO alembic_version VALUES ('1a')", db="app")  # fmt: skip
        words = ("check", "--format", "json", "--cache-dir", "/tmp/cache", "--reports", "/tmp/reports",
                 "--repository", f"https://localhost:{server.port}/project.git")  # fmt: skip
        env = {"SCHEMA_DRIFT_DATABASE": f"postgresql://owner@127.0.0.1:{cluster.port}/app"}
        done = root.arm(*words, env=env)
        assert (done.returncode, done.stderr) == (1, ""), done.stdout
        report = valid(json.loads(done.stdout))
        assert (report["status"], [one["message"] for one in report["pending"]]) == ("behind", ["größer"])
        assert valid(json.loads((root.folder / "tmp/reports/latest/app.json").read_text())) == report
        cluster.psql("UPDATE alembic_version SET version_num = '2b'", db="app")
        done = root.arm(*words, env=env)
        assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "synced")
