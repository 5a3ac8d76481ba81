"""What tests/mutants/*.toml say: areas, the faults to try in each, and why some of them may live."""

import pathlib
import tomllib
from typing import NamedTuple

from operators import Fault, chosen, lines_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent


class Area(NamedTuple):
    name: str
    files: dict  # path: how many faults the operators make of it
    units: list  # patterns of the unit tests' sources
    suites: list  # tests/NAME.py, tried where the unit tests pass
    programs: list  # what those suites start


class FaultToTry(NamedTuple):
    path: str
    line: int
    before: str  # its first line
    after: str
    what: str  # the operator, or the sentence of a patch
    changed: str  # the whole text

    @property
    def key(self):
        """What stays the same when other lines move."""
        return (self.path, self.before, self.after)

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}: {self.before} -> {self.after}"


def _read(name):
    with open(HERE / name, "rb") as file:
        return tomllib.load(file)


def areas():
    return [Area(**{"units": [], "suites": [], "programs": [], **entry}) for entry in _read("areas.toml")["area"]]


def patches():
    return _read("patches.toml")["patch"]


def reasons():
    """{key: why it may live}."""
    return {(entry["file"], entry["line"], entry["becomes"]): entry["reason"]
            for entry in _read("patches.toml").get("survivor", [])}  # fmt: skip


def _made(path, text, fault, what):
    before, after = lines_of(text, fault)
    changed = text[: fault.begin] + fault.text + text[fault.end :]
    return FaultToTry(path, text.count("\n", 0, fault.begin) + 1, before, after, what, changed)


def to_try(area, patches_only=False):
    """All faults of an area: the patches, then those of the operators."""
    made = []
    for path, count in area.files.items():
        text = (ROOT / path).read_text()
        for patch in patches():
            if patch["file"] == path:
                begin = place(patch, text)
                fault = Fault("patch", begin, begin + len(patch["from"]), patch["to"])
                made.append(_made(path, text, fault, patch["what"]))
        if not patches_only:
            made += [_made(path, text, fault, fault.operator) for fault in chosen(path, text, count)]
    return made


def place(patch, text):
    """Where a patch belongs; it must say so by its text alone."""
    count = text.count(patch["from"])
    if count != 1:
        raise ValueError(
            f"tests/mutants/patches.toml: the text of \"{patch['what']}\" stands {count} times in {patch['file']} instead of "
            "once: write it as it stands there now, or take the patch out where the code has gone")  # fmt: skip
    return text.index(patch["from"])
