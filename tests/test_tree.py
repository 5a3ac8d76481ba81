"""What holds for every tracked file: formatting, length, and what may not stand in public text."""

import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_LINES = 500  # past this a file owns more than one thing

# Package registries are named by pip and apt, not by this project: a mirror must be enough. Put
# together from pieces, or this file would be the one that names them.
REGISTRY_HOSTS = [
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("registry", "npmjs", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
    )
]
# A folder of one person's machine.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:%s)/[\w.]" % "|".join(("wor" + "k", "hom" + "e", "Use" + "rs")))


def tracked(*patterns):
    """Tracked files, or all files where this is no git checkout (a release archive)."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("the files are listed by git, and this is no git repository")
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def texts(*patterns):
    """(name, text) of every tracked text file; fuzz inputs are bytes that no editor shall mend."""
    for path in tracked(*patterns):
        name = path.relative_to(ROOT).as_posix()
        data = path.read_bytes()
        if name.startswith("tests/fuzz/corpus/") or b"\0" in data:
            continue
        yield name, data.decode("utf-8", errors="surrogateescape")


def blemishes(name, text):
    """What an editor should have mended: 'name:line: what'."""
    own = name.endswith((".cc", ".h", ".py", ".txt", ".json", ".md")) or name.startswith((".ci/", "cron/"))
    for number, line in enumerate(text.split("\n"), start=1):
        if own and "\t" in line:
            yield f"{name}:{number}: a tab"
        if own and line != line.rstrip():
            yield f"{name}:{number}: blanks at the end"
        for host in REGISTRY_HOSTS:
            if host in line:
                yield f"{name}:{number}: names the package registry {host}"
        if MACHINE_PATHS.search(line):
            yield f"{name}:{number}: names a folder of one machine"
    if own and text and not text.endswith("\n"):
        yield f"{name}: no newline at the end"
    if name.endswith((".cc", ".h")) and text.count("\n") > MOST_LINES:
        yield f"{name}: {text.count(chr(10))} lines, more than {MOST_LINES}"


def test_tracked_files_have_no_blemish():
    found = [blemish for name, text in texts() for blemish in blemishes(name, text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "name, text, found",
    [
        ("drift/a.cc", "int x;\t\n", ["drift/a.cc:1: a tab", "drift/a.cc:1: blanks at the end"]),
        ("drift/a.cc", "int x;", ["drift/a.cc: no newline at the end"]),
        ("drift/a.cc", "int x;\n" * 501, ["drift/a.cc: 501 lines, more than 500"]),
        ("docs/a.md", "see " + "/hom" + "e/x\n", ["docs/a.md:1: names a folder of one machine"]),
        (
            "README.md",
            f"\nget it from {REGISTRY_HOSTS[0]}\n",
            [f"README.md:2: names the package registry {REGISTRY_HOSTS[0]}"],
        ),
    ],
)
def test_a_blemish_is_found(name, text, found):
    assert list(blemishes(name, text)) == found


def test_sources_are_formatted():
    formatter = shutil.which("clang-format-14")
    assert formatter, "clang-format-14 is missing: .ci/install-packages test"
    sources = tracked("*.cc", "*.h")
    assert sources
    run = subprocess.run(
        [formatter, "--dry-run", "--Werror", *sources], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, "run make format\n" + run.stderr[:4000]


def test_scripts_are_executable_and_name_their_interpreter():
    for name, text in texts(".ci/*", "bench/run", "bench/cold_start", "docs/demo/run", "cron/*/make-*"):
        assert (ROOT / name).stat().st_mode & 0o111, f"{name} is not executable"
        assert text.startswith("#!/"), f"{name} has no interpreter line"
