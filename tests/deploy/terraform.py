"""Terraform and its AWS provider, where this machine has them: neither can be installed by a test."""

import dataclasses
import json
import os
import pathlib
import platform
import shutil
import subprocess

# Where terraform itself looks for providers of a machine, and where else images keep them.
# https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
PLACES = [os.environ.get("SCHEMA_DRIFT_TERRAFORM_PROVIDERS", ""), "~/.terraform.d/plugins",
          "~/.local/share/terraform/plugins", "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins",
          *sorted(map(str, pathlib.Path("/opt").glob("*")))]  # fmt: skip


def find_provider():
    """(the mirror with a provider hashicorp/aws for this machine, None), or (None, why there is none)."""
    if not shutil.which("terraform"):
        return None, "terraform is not installed"
    system = f"linux_{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine())}"
    for place in filter(None, PLACES):
        root = pathlib.Path(place).expanduser()
        if next(root.glob(f"*/hashicorp/aws/*/{system}/terraform-provider-aws*"), None):
            return root, None
    return None, "terraform has no provider hashicorp/aws here"


@dataclasses.dataclass
class Terraform:
    folder: pathlib.Path
    mirror: pathlib.Path

    def __post_init__(self):
        self.config = self.folder / "terraform.rc"
        self.config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{self.mirror}"\n  }}\n}}\n')

    def run(self, *words, code=0):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_"))}
        done = subprocess.run(
            ["terraform", *words], cwd=self.folder, capture_output=True, text=True, timeout=900, stdin=subprocess.DEVNULL,
            env={**environment, "TF_CLI_CONFIG_FILE": str(self.config), "CHECKPOINT_DISABLE": "1",
                 "TF_IN_AUTOMATION": "1"})  # fmt: skip
        assert done.returncode == code, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout + done.stderr

    def json(self, *words):
        return json.loads(self.run(*words, "-json"))
