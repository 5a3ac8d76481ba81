"""alembic.ini and pyproject.toml: schema-drift against Alembic's own Config.

Random files are built from the pieces that ConfigParser treats specially, most of them valid.
Both sides read the same bytes. Where schema-drift is stricter on purpose, `refused_on_purpose`
says so; everything else must agree.
"""

import json
import pathlib
import random
import subprocess

import pytest

from alembic_venv import alembic_python, build_folder

HERE = pathlib.Path(__file__).resolve().parent
SEED = 20251230
GENERATED = 4000

KEYS = ["script_location", "version_locations", "prepend_sys_path", "path_separator",
        "version_path_separator", "recursive_version_locations", "sourceless", "file_template",
        "a", "b", "sqlalchemy.url"]
PATHS = ["alembic", "migrations", "%(here)s/alembic", "%(here)s/../db", "pkg.sub:dir", ".", "a b",
         "a/versions", "%(script_location)s/versions", "%(a)s", "%(A)s/x", "%(b)s", "50%%",
         "\u00e9t\u00e9", "%(HERE)s"]
SPACES = ["", " ", "  ", "\t", " \t", "\u00a0", "\x0b", "\u3000 "]


def separators(pick):
    return pick(["space", "newline", "os", ":", ";", "os", "newline", "os  # a comment", "OS", ""])


def value(pick, key):
    if key.endswith("separator"):
        return separators(pick)
    if key in ("recursive_version_locations", "sourceless"):
        return pick(["true", "false", "True", "1", "", "%(a)s"])
    if key == "file_template":
        return pick(["%%(year)d_%%(slug)s", "%(year)d_%(slug)s", "%(rev)s"])
    pieces = [pick(PATHS) for _ in range(pick([1, 1, 2, 3]))]
    text = pick([" ", ", ", ",", ":", ";", "  ", ";;", " : ", " ,"]).join(pieces)
    if pick([False] * 30 + [True]):
        text += pick(["%", "%(", "%()s", "%(nowhere)s", "%d", "%(a)", "%(x y)s"])
    return text


def random_ini(rng):
    pick = rng.choice
    lines = []
    if pick([True] * 20 + [False]):
        lines += [pick(["", "# top", "; top", "\t# top"])] * pick([0, 1])
        lines += [pick(["[alembic]"] * 30 + ["[ALEMBIC]", "[core]", "[DEFAULT]", "[alembic] x]"])]
    used = set()
    for _ in range(rng.randrange(1, 12)):
        roll = rng.random()
        if roll < 0.62:
            key = pick(KEYS)
            if key in used and pick([True] * 15 + [False]):
                continue
            used.add(key)
            shown = pick([key] * 4 + [key.upper(), key.capitalize()])
            indent = pick([""] * 12 + [" ", "  "])
            text = value(pick, key)
            if pick([False] * 4 + [True]) and "," in text:
                text = text.replace(",", "\n" + pick(["  ", "\t", "    ", "\u00a0"]))
            lines.append(indent + shown + pick(SPACES) + pick("===:") + pick(SPACES) + text +
                         pick(SPACES))
        elif roll < 0.72:
            lines.append(pick(["# note", "  ; note", "#", ";x = y", "   # script_location = no"]))
        elif roll < 0.80:
            lines.append(pick(["", "   ", "\t"]))
        elif roll < 0.92:
            lines.append(pick(["  ", "    ", "\t", "\u00a0 "]) +
                         pick(["more", "x = y", "[not a section]", "a/b", "%(a)s", "# no", "= z"]))
        elif roll < 0.985:
            name = pick(["core", "loggers", "DEFAULT", "tenant", "post_write_hooks", "odd]name"])
            if name == "DEFAULT" or name not in used:
                lines.append("[" + name + "]" + pick(["", "", " trailing"]))
                if name != "DEFAULT":
                    used = {name}
        else:
            lines.append(pick(["bare words", "= value", "[]", "[open", "\ufefflost", ":"]))
    return pick(["\n", "\n", "\r\n", "\r"]).join(lines) + pick(["\n", ""])


def random_pyproject(rng):
    pick = rng.choice
    lines = [pick(["", "[project]\nname = 'x'"]), pick(["[tool.alembic]"] * 6 + ["[tool.black]"])]
    texts = ["'%(here)s/alembic'", "'db'", "\"a%%b\"", "'%(nowhere)s'", "'100%'", "5", "'''db'''"]
    for key in rng.sample(KEYS[:7], rng.randrange(0, 6)):
        if key in ("version_locations", "prepend_sys_path"):
            items = [pick(texts[:3] * 6 + texts) for _ in range(rng.randrange(0, 4))]
            lines.append(f"{key} = [{', '.join(items)}]")
        elif key in ("recursive_version_locations", "sourceless"):
            lines.append(f"{key} = {pick(['true', 'false', 'true', chr(34) + 'true' + chr(34)])}")
        else:
            lines.append(f"{key} = {pick(texts[:3] * 6 + texts)}")
    if pick([False] * 25 + [True]):
        lines.append(pick(["oops", "a = ", "[tool.alembic]", "x = 'open"]))
    return "\n".join(lines) + "\n"


def generated():
    rng = random.Random(SEED)
    for _ in range(GENERATED):
        with_ini = rng.random() < 0.93
        with_pyproject = not with_ini or rng.random() < 0.3
        yield {
            "ini": random_ini(rng) if with_ini else None,
            "pyproject": random_pyproject(rng) if with_pyproject else None,
            "folder": rng.choice(["", "", "backend", "my app"]),
            "section": rng.choice(["alembic"] * 20 + ["core", "tenant"]),
        }


def nested(levels):
    """A reference through that many options, the last of them plain."""
    lines = ["[alembic]", "script_location = %(k1)s"]
    lines += [f"k{i} = %(k{i + 1})s" for i in range(1, levels)] + [f"k{levels} = end"]
    return "\n".join(lines)


HAND_WRITTEN = {
    "template of Alembic 1.7.6 without version_locations":
        "[alembic]\nscript_location = alembic\nprepend_sys_path = .\n"
        "version_path_separator = os  # Use os.pathsep. Default for new projects.\n",
    "that template with version_locations":
        "[alembic]\nscript_location = alembic\nversion_locations = a:b\n"
        "version_path_separator = os  # Use os.pathsep. Default for new projects.\n",
    "path_separator wins": "[alembic]\nscript_location = x\nversion_locations = a;b c\n"
                           "path_separator = ;\nversion_path_separator = space\n",
    "version_path_separator is not for prepend_sys_path":
        "[alembic]\nscript_location = x\nprepend_sys_path = a:b,c d\n"
        "version_path_separator = nonsense\n",
    "newline": "[alembic]\nscript_location = x\npath_separator = newline\n"
               "version_locations =\n  a\n\n  # not b\n  c \n",
    "legacy split over lines": "[alembic]\nscript_location = x\nversion_locations =\n  a\n  b\n",
    "byte order mark": "\ufeff[alembic]\nscript_location = x\n",
    "same default twice": "[DEFAULT]\na = 1\n[DEFAULT]\nb = 2\n[alembic]\nscript_location=%(a)s%(b)s",
    "same option twice in DEFAULT": "[DEFAULT]\na = 1\n[DEFAULT]\na = 2\n[alembic]\n",
    "section twice": "[alembic]\n[b]\n[alembic]\nscript_location = x\n",
    "here overridden": "[DEFAULT]\nhere = /there\n[alembic]\nscript_location = %(here)s/x\n",
    "references nine deep": nested(9),
    "references ten deep": nested(10),
    "references eleven deep": nested(11),
    "references twelve deep": nested(12),
    "circle": "[alembic]\nscript_location = %(script_location)s\n",
    "empty": "",
    "only a comment": "# nothing\n",
    "empty script_location": "[alembic]\nscript_location =\n",
}


def requests():
    hand_written = [{"ini": ini, "pyproject": None, "folder": "backend", "section": "alembic"}
                    for ini in HAND_WRITTEN.values()]
    return hand_written + list(generated())


def answers(command, lines):
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def refused_on_purpose(request, theirs):
    """Why schema-drift refuses what Alembic lets pass, or None."""
    if request["ini"] is not None and not theirs["has_section"] and not theirs["has_table"]:
        if "[tool.alembic]" not in (request["pyproject"] or ""):
            return "Alembic goes on without the section and finds no script_location"
    if any("\n" in piece for piece in theirs["version_locations"]):
        return "Alembic takes several lines for one path and finds no migration"
    if isinstance(theirs["script_location"], int):
        return "Alembic fails later, on a number for a path"
    return None


@pytest.fixture(scope="module")
def compared():
    asked = requests()
    lines = "".join(json.dumps(request) + "\n" for request in asked)
    theirs = answers([alembic_python(), str(HERE / "ask_alembic_config.py")], lines)
    ours = answers([str(build_folder() / "tests" / "read_ini")], lines)
    assert len(asked) == len(theirs) == len(ours)
    return list(zip(asked, theirs, ours))


def test_every_configuration_is_read_as_alembic_reads_it(compared):
    differences = []
    for request, theirs, ours in compared:
        if "error" in theirs:
            agree = "error" in ours
        elif refused_on_purpose(request, theirs):
            agree = "error" in ours
        else:
            agree = "error" not in ours and all(ours[key] == theirs[key] for key in ours)
        if not agree:
            differences.append(json.dumps({"asked": request, "alembic": theirs, "ours": ours},
                                          indent=1))
    assert not differences, f"{len(differences)} differ:\n" + "\n".join(differences[:5])


def test_the_comparison_covers_both_outcomes(compared):
    """A generator that only makes refused files would compare nothing."""
    read = [theirs for request, theirs, _ in compared
            if "error" not in theirs and not refused_on_purpose(request, theirs)]
    assert len(read) >= 1000
    assert len(compared) - len(read) >= 200
    assert sum(len(theirs["version_locations"]) > 1 for theirs in read) >= 100
    assert sum("u0001tree" in json.dumps(theirs) for theirs in read) >= 100


def test_every_refusal_names_the_file_and_says_what_to_try(compared):
    for request, _, ours in compared:
        if "error" in ours:
            assert "alembic.ini" in ours["error"] or "pyproject.toml" in ours["error"], ours
            assert ours["hint"], ours
