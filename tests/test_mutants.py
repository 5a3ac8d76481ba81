"""That what tests/mutants puts into the sources can still be put there. The run itself takes long."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "mutants"))

import faults_to_try as mutants  # noqa: E402
import operators  # noqa: E402

SOURCE = """\
#include "a<b.h"
int f(int a, const char* s) {
  if (a == 1 && s != nullptr) return 7;  // if (a == 2) ++a;
  if (const auto it = find(a); it) done(a < 3, "x < y");
  std::string text = name(a);
  a += 1'000;
  text.reserve(9);
  while (true) {
    ++a;
  }
  return text[0] + '0';
}
"""
MADE = [
    "negate: if (a == 1 && s != nullptr) return 7;  // if (a == 2) ++a; -> if (!(a == 1 && s != nullptr)) return 7;  // if (a == 2) ++a;",
    "swap: if (a == 1 && s != nullptr) return 7;  // if (a == 2) ++a; -> if (a != 1 && s != nullptr) return 7;  // if (a == 2) ++a;",
    "constant: if (a == 1 && s != nullptr) return 7;  // if (a == 2) ++a; -> if (a == 2 && s != nullptr) return 7;  // if (a == 2) ++a;",
    "negate: if (const auto it = find(a); it) done(a < 3, \"x < y\"); -> if (const auto it = find(a); !(it)) done(a < 3, \"x < y\");",
    "never: if (const auto it = find(a); it) done(a < 3, \"x < y\"); -> if (const auto it = find(a); false && (it)) done(a < 3, \"x < y\");",
    "swap: if (const auto it = find(a); it) done(a < 3, \"x < y\"); -> if (const auto it = find(a); it) done(a <= 3, \"x < y\");",
    "drop: a += 1'000; -> ;",
    "swap: a += 1'000; -> a -= 1'000;",
    "constant: a += 1'000; -> a += 1001;",
    "constant: while (true) { -> while (false) {",
    "drop: ++a; -> ;",
    "empty return: return text[0] + '0'; -> return {};",
]  # fmt: skip
NEVER_MADE = ["a<=b.h", "x <= y", "a != 2", "\n  ;\n  while", "text.reserve(8)", "'1'"]


def told(text, fault):
    before, after = operators.lines_of(text, fault)
    return f"{fault.operator}: {before} -> {after}"


def test_operators_change_code_and_neither_text_nor_comments():
    made = operators.faults(SOURCE)
    assert set(MADE) <= {told(SOURCE, fault) for fault in made}
    for fault in made:
        changed = SOURCE[: fault.begin] + fault.text + SOURCE[fault.end :]
        assert changed != SOURCE
        assert not [piece for piece in NEVER_MADE if piece in changed], told(SOURCE, fault)


def test_the_choice_is_the_same_each_time_and_stays_where_lines_are_added():
    first = [told(SOURCE, fault) for fault in operators.chosen("a.cc", SOURCE, 6)]
    assert len(first) == 6
    assert first == [told(SOURCE, fault) for fault in operators.chosen("a.cc", SOURCE, 6)]
    assert first != [told(SOURCE, fault) for fault in operators.chosen("b.cc", SOURCE, 6)]
    longer = "// A comment.\n\n" + SOURCE
    assert first == [told(longer, fault) for fault in operators.chosen("a.cc", longer, 6)]


def test_each_area_names_files_and_tests_that_are_there():
    for area in mutants.areas():
        assert area.units or area.suites, area.name
        for pattern in area.units:
            assert list(mutants.ROOT.glob(pattern)), f"tests/mutants/areas.toml: no file is called {pattern}"
        for suite in area.suites:
            assert (mutants.ROOT / "tests" / f"{suite}.py").is_file(), f"tests/mutants/areas.toml: there is no suite {suite}"
        for path in area.files:
            assert (mutants.ROOT / path).is_file(), f"tests/mutants/areas.toml: there is no {path}"


@pytest.mark.parametrize("patch", mutants.patches(), ids=lambda patch: patch["what"])
def test_each_patch_has_its_one_place(patch):
    text = (mutants.ROOT / patch["file"]).read_text()
    begin = mutants.place(patch, text)
    assert text[begin : begin + len(patch["from"])] == patch["from"] != patch["to"]
    assert any(patch["file"] in area.files for area in mutants.areas()), f"no area of areas.toml covers {patch['file']}"


def test_a_patch_without_a_place_is_told_with_what_to_do():
    patch = {"file": "drift/a.cc", "what": "x is y", "from": "x", "to": "y"}
    for text, count in (("", 0), ("x x", 2)):
        with pytest.raises(ValueError) as told_:
            mutants.place(patch, text)
        assert str(told_.value) == (
            f'tests/mutants/patches.toml: the text of "x is y" stands {count} times in drift/a.cc instead of once: '
            "write it as it stands there now, or take the patch out where the code has gone")  # fmt: skip


def test_there_are_enough_of_them_and_each_is_another():
    faults = [fault for area in mutants.areas() for fault in mutants.to_try(area)]
    assert len(faults) >= 200
    assert len({fault.changed for fault in faults}) >= 200


def test_reasons_are_for_faults_that_can_be_made():
    possible = {}
    for path, before, after in mutants.reasons():
        if path not in possible:
            text = (mutants.ROOT / path).read_text()
            possible[path] = {operators.lines_of(text, fault) for fault in operators.faults(text)}
        assert (before, after) in possible[path], (
            f"tests/mutants/patches.toml: a reason is given for `{before}` -> `{after}`, which no operator makes of "
            f"{path} any more: take the entry out")  # fmt: skip
