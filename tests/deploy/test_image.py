"""The image of `make image`: read by umoci, run by runc, every digest and size in it computed again."""

import contextlib
import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile

import pytest

from git_servers import Authority, HttpsServer, Project
from postgres import Cluster
from program import BINARY, ROOT, valid

MAKE = ROOT / "cron/image/make-image"
VERSION = re.search(r"VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text().split("project(")[1])[1]
TYPE = "application/vnd.oci.image."


def make(*words, **how):
    return subprocess.run([MAKE, *map(str, words)], capture_output=True, text=True, **how)


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    folder = tmp_path_factory.mktemp("image") / "layout"
    done = make(BINARY, folder)
    assert done.returncode == 0, done.stderr
    return folder


class Image:
    """Follows descriptors from index.json, as https://github.com/opencontainers/image-spec has it."""

    def __init__(self, folder):
        self.folder, self.seen = folder, set()
        assert json.loads((folder / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
        self.index = json.loads((folder / "index.json").read_text())
        assert (self.index["schemaVersion"], self.index["mediaType"]) == (2, f"{TYPE}index.v1+json")
        (described,) = self.index["manifests"]
        assert described["annotations"] == {"org.opencontainers.image.ref.name": VERSION}
        self.manifest = json.loads(self.blob(described, "manifest.v1+json"))
        assert (self.manifest["schemaVersion"], self.manifest["mediaType"]) == (2, f"{TYPE}manifest.v1+json")
        self.config = json.loads(self.blob(self.manifest["config"], "config.v1+json"))
        assert {name: self.config[name] for name in ("architecture", "os")} == described["platform"]
        (layer,) = self.manifest["layers"]
        self.layer = gzip.decompress(self.blob(layer, "layer.v1.tar+gzip"))
        assert self.config["rootfs"] == {
            "type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(self.layer).hexdigest()}"]}  # fmt: skip

    def blob(self, described, kind):
        assert described["mediaType"] == TYPE + kind
        algorithm, digest = described["digest"].split(":")
        content = (self.folder / "blobs" / algorithm / digest).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (digest, described["size"])
        self.seen.add(digest)
        return content


def test_every_digest_and_size_is_right_and_nothing_else_is_there(layout):
    image = Image(layout)
    assert {path.name for path in (layout / "blobs/sha256").iterdir()} == image.seen
    assert sorted(path.name for path in layout.iterdir()) == ["blobs", "index.json", "oci-layout"]


def test_who_runs_it_and_what_it_is_called(layout):
    config = Image(layout).config["config"]
    assert (config["User"], config["Entrypoint"], config["Cmd"]) == ("10001:10001", ["/usr/bin/schema-drift"], ["check"])
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    assert (labels["title"], labels["version"], labels["licenses"]) == ("schema-drift", VERSION, "MIT")
    # The two images differ in what is around the program alone.
    dockerfile = (ROOT / "cron/Dockerfile").read_text()
    assert all(variable in dockerfile for variable in config["Env"] if not variable.startswith("PATH="))
    assert not [variable for variable in config["Env"] if re.search("TOKEN|PASSWORD|SECRET|DATABASE", variable)]


def test_it_holds_the_program_and_what_that_needs_alone(layout):
    with tarfile.open(fileobj=io.BytesIO(Image(layout).layer)) as archive:
        entries = {entry.name: entry for entry in archive}
        listed = archive.extractfile("usr/share/doc/schema-drift/CONTENTS").read().decode()
        document = json.load(archive.extractfile("usr/share/doc/schema-drift/sbom.cdx.json"))
        program = archive.extractfile("usr/bin/schema-drift").read()
    assert [name for name in entries if name.startswith(("bin", "sbin", "usr/bin/", "usr/sbin"))] == ["usr/bin/schema-drift"]
    libraries = {name.rsplit("/", 1)[1] for name, entry in entries.items() if ".so" in name and entry.isfile()}
    assert libraries == {line.split("\t")[0] for line in listed.splitlines()}
    assert document["metadata"]["component"]["hashes"][0]["content"] == hashlib.sha256(program).hexdigest()
    for package in ("libc6", "libcurl4", "libgit2-1.5", "libpq5", "schema-drift"):
        assert f"usr/share/doc/{package}/copyright" in entries
    own = {name for name, entry in entries.items() if entry.uid or entry.gid}
    assert own == {"var/cache/schema-drift", "var/lib/schema-drift"}
    assert {entry.mtime for entry in entries.values()} == {0}
    assert not [name for name, entry in entries.items() if entry.mode & 0o6022 and not entry.issym() and name != "tmp"]


@contextlib.contextmanager
def unpacked(layout, folder):
    """umoci's bundle of the image: rootfs/ and the config.json that runc takes."""
    done = subprocess.run(["umoci", "unpack", "--image", f"{layout}:{VERSION}", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def contained(bundle, *words, files=None, env=None):
    """Runs it in a container of runc, on this machine's network; `files`: {path inside: path here}."""
    config = json.loads((bundle / "config.json").read_text())
    config["process"]["terminal"] = False
    config["process"]["args"] = [*config["process"]["args"][:1], *words] if words else config["process"]["args"]
    config["process"]["env"] += [f"{name}={value}" for name, value in (env or {}).items()]
    config["linux"]["namespaces"] = [one for one in config["linux"]["namespaces"] if one["type"] != "network"]
    config["mounts"] += [{"destination": inside, "type": "bind", "source": str(path), "options": ["bind", "ro"]}
                         for inside, path in (files or {}).items()]  # fmt: skip
    folder = bundle.with_name("run")
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**config, "root": {"path": str(bundle / "rootfs")}}))
    return subprocess.run(
        ["runc", "--root", bundle.with_name("state"), "run", "--bundle", folder, f"schema-drift-{bundle.parent.name}"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)  # fmt: skip


def test_a_container_checks_production_as_a_user_without_rights(layout, tmp_path):
    project = Project(tmp_path / "project")
    project.add("alembic.ini", "[alembic]\nscript_location = %(here)s\n")
    project.add("versions/1a.py", "revision = '1a'\ndown_revision = None\n")
    authority = Authority(tmp_path / "ca")
    (tmp_path / "hosts").write_text("127.0.0.1 localhost\n")
    files = {"/etc/ssl/certs/ca-certificates.crt": authority.certificate, "/etc/hosts": tmp_path / "hosts"}
    with (unpacked(layout, tmp_path / "bundle") as bundle, Cluster(tcp=True) as cluster,
          HttpsServer(project.root, authority) as server):  # fmt: skip
        cluster.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                     "INSERT INTO alembic_version VALUES ('1a')", db="app")  # fmt: skip
        given = {"SCHEMA_DRIFT_REPOSITORY": f"https://localhost:{server.port}/project.git",
                 "SCHEMA_DRIFT_DATABASE": f"postgresql://owner@localhost:{cluster.port}/app",
                 "SCHEMA_DRIFT_REPORTS": "/var/lib/schema-drift/reports", "SCHEMA_DRIFT_FORMAT": "json"}  # fmt: skip
        done = contained(bundle, files=files, env=given)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        report = valid(json.loads(done.stdout))
        assert report["status"] == "synced"
        kept = bundle / "rootfs/var/lib/schema-drift/reports/latest/app.json"
        assert json.loads(kept.read_text()) == report
        assert kept.stat().st_uid == 10001
        # Its exit code is the check's, and without a database it says so.
        done = contained(bundle)
        assert (done.returncode, done.stderr.splitlines()[0]) == (64, "schema-drift: error: no database was given")
        # Nobody is trusted but the authorities of Debian's ca-certificates.
        done = contained(bundle, "heads", files={"/etc/hosts": tmp_path / "hosts"}, env=given)
        assert done.returncode == 2 and "certificate" in done.stderr


@pytest.mark.parametrize("words, code, told", [
    (["nowhere", "x"], 1, "make-image: nowhere is not there: run make image\n"),
    ([], 64, "PROGRAM is CMake's schema-drift"),
    ([MAKE, "x"], 1, "make-image: "),
])  # fmt: skip
def test_what_cannot_be_packed_is_refused(tmp_path, words, code, told):
    done = make(*words, cwd=tmp_path)
    assert done.returncode == code
    assert told in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
