"""The README's first command, without its build: docs/demo/run says what the README promises."""

import re
import subprocess

from program import BINARY, ROOT


def test_the_demo_shows_what_the_readme_says(tmp_path):
    done = subprocess.run([ROOT / "docs/demo/run", BINARY, tmp_path / "demo"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = re.search(r"^shop: BEHIND: .*?^  report ", done.stdout, re.DOTALL | re.MULTILINE)[0]
    readme = re.search(r"^shop: BEHIND: .*?^  report ", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[0]

    def lasting(text):
        """Without the names of temporary folders and without ages."""
        return re.sub(r"/tmp/\S+?/|\(\d+ days ago\)", "", text)

    assert lasting(shown) == lasting(readme)
