"""The floors of the house: a source file includes only its own floor's headers or lower ones.

docs/architecture.md says why. The rules stand here as data; the last tests break them on purpose,
because a check that cannot fail checks nothing.
"""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Folder -> the folders it may include besides itself. A folder that is not here has no place yet.
BASE = {"drift/base", "drift/http"}
READING = BASE | {"migrations/git", "migrations/python", "migrations/alembic"}
AWS = BASE | {"drift/aws", "drift/aws/credentials", "drift/aws/services"}
GROUND = READING | AWS | {"migrations", "migrations/upgrade", "drift/runtime_api"}
MAY_INCLUDE = {
    "drift/base": set(),
    "drift/http": {"drift/base"},
    "migrations/git": BASE,
    "migrations/python": {"drift/base"},
    "migrations/alembic": BASE | {"migrations/git"},
    "migrations/upgrade": {"drift/base", "migrations/python"},
    "migrations": READING,
    # Who signs is given a way to find credentials and does not know the sources.
    "drift/aws": BASE,
    "drift/aws/credentials": BASE | {"drift/aws"},
    "drift/aws/services": AWS - {"drift/aws/services"},
    "drift/runtime_api": BASE,
    "drift/sql": GROUND,
    "drift/sql_api": GROUND | {"drift/sql", "drift/production", "drift/schema", "drift/schema/catalog"},
    "drift/production": GROUND | {"drift/sql"},
    "drift/verdict": GROUND | {"drift/sql", "drift/production"},
    # Values: of drift/sql it sees what reads and writes JSON alone (see NARROW).
    "drift/schema": GROUND | {"drift/sql"},
    "drift/schema/catalog": GROUND | {"drift/sql", "drift/production", "drift/schema"},
    "drift/schema/rules": GROUND | {"drift/schema"},
    "drift/schema/statements": GROUND | {"drift/sql", "drift/schema", "drift/pending"},
    "drift/pending": GROUND,
    "drift/impact": GROUND | {"drift/sql", "drift/production", "drift/pending"},
    "drift/report": GROUND | {"drift/sql", "drift/production", "drift/verdict", "drift/schema", "drift/impact", "drift/pending"},
    # Values of its own: of drift/report it sees the frame of pages alone (see NARROW).
    "drift/report/formats": BASE | {"drift/report"},
}
VALUES = set(MAY_INCLUDE)
MAY_INCLUDE["reporters"] = VALUES
MAY_INCLUDE["drift/check"] = VALUES | {"reporters"}
MAY_INCLUDE["drift/config"] = VALUES | {"reporters", "drift/check"}
MAY_INCLUDE["drift/query"] = VALUES
MAY_INCLUDE["drift/shell"] = VALUES | {"drift/query"}
MAY_INCLUDE["drift/doctor"] = VALUES | {"reporters", "drift/check"}
MAY_INCLUDE["drift/cli"] = VALUES | {"reporters", "drift/check", "drift/config", "drift/query", "drift/shell", "drift/doctor"}
COMPOSITION_ROOT = "drift/main.cc"

# (folder, folder it sees) -> the only files of that one that it sees.
NARROW = {
    ("drift/schema", "drift/sql"): {"drift/sql/json_text.h", "drift/sql/strict_json.h"},
    ("drift/schema/statements", "drift/sql"): {"drift/sql/sql_text.h"},
    ("drift/report/formats", "drift/report"): {"drift/report/page.h"},
}

# A library's headers -> the folders that may see them. Nobody else may, by whatever header of ours:
# a library's types, its initialisation and its error codes stay in its room.
LIBRARIES = {
    r"git2(\.h|/.*)": {"migrations/git"},
    r"(postgresql/)?(libpq-fe|libpq/.*|pg_config.*)(\.h)?": {"drift/sql"},
    r"curl/.*": {"drift/http"},
    r"openssl/.*": {"drift/aws", "drift/http", "migrations/git"},
    r"zlib\.h": {"drift/base", "migrations/git"},
    r"pugixml\.hpp": {"drift/aws", "drift/aws/credentials", "drift/aws/services"},
    r"pg_query(\.h|/.*)": {"drift/pending"},
    r"toml\+\+/.*|toml\+\+\.h|toml\.hpp": {"migrations/alembic", "drift/schema/rules"},
    r"boost/.*": {"drift/runtime_api"},
    r"CLI/.*": {"drift/cli"},
    r"histedit\.h": {"drift/shell"},
}
# These cost seconds a file, and a header passes that on.
NOT_IN_HEADERS = re.compile(r"nlohmann/json\.hpp|CLI/.*|boost/.*")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def is_source(path):
    return path.suffix in (".h", ".cc", ".cpp", ".hpp", ".c")


def folder_of(name):
    return name.rpartition("/")[0]


def violations(root):
    """Every broken rule below `root`, as 'file: what is wrong', in the order of the files."""
    texts = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for top in ("drift", "migrations", "reporters")
        for path in (root / top).rglob("*")
        if is_source(path)
    }
    includes = {name: INCLUDE.findall(text) for name, text in texts.items()}
    return [
        f"{name}: {problem}"
        for name in sorted(texts)
        for problem in problems_of_file(name, texts[name], includes)
    ]


def problems_of_file(name, text, includes):
    folder = folder_of(name)
    if name != COMPOSITION_ROOT and folder not in MAY_INCLUDE:
        yield f"the folder {folder} stands on no floor"
        return
    if name.endswith(".h") and "#pragma once\n" not in text:
        yield "has no #pragma once"
    for quoted, angled in includes[name]:
        if quoted:
            yield from problems_of_own_include(name, folder, quoted, includes)
        else:
            yield from problems_of_library_include(name, angled, includes)
    yield from libraries_of_others(name, folder, includes)


def problems_of_own_include(name, folder, included, includes):
    if included not in includes:
        yield f'"{included}" is no file below the root'
        return
    target = folder_of(included)
    if name == COMPOSITION_ROOT or target == folder:
        return
    if included == COMPOSITION_ROOT or target not in MAY_INCLUDE[folder]:
        yield f"may not include {included}: {folder} does not see {target}"
    elif included not in NARROW.get((folder, target), {included}):
        yield f"may not include {included}: {folder} sees only {', '.join(sorted(NARROW[folder, target]))} of {target}"


def problems_of_library_include(name, included, includes):
    if name.endswith(".h") and NOT_IN_HEADERS.fullmatch(included):
        yield f"a header may not include <{included}>"
    if included in includes:
        yield f"<{included}> is a file of this project: write it with quotation marks"


def libraries_of_others(name, folder, includes):
    """The libraries of other rooms that `name` sees, itself or by the headers that it includes."""
    seen, waiting = {name}, [name]
    while waiting:
        through = waiting.pop(0)
        for quoted, angled in includes[through]:
            for pattern, rooms in LIBRARIES.items():
                if angled and re.fullmatch(pattern, angled) and folder not in rooms:
                    by = "" if through == name else f" by {through}"
                    yield f"sees <{angled}>{by}: it belongs in {' and '.join(sorted(rooms))} alone"
            if quoted in includes and quoted not in seen:
                seen.add(quoted)
                waiting.append(quoted)


def test_every_file_includes_only_its_own_floor_or_lower_ones():
    found = violations(ROOT)
    assert not found, "\n".join(found)


def test_there_is_something_to_check():
    sources = [path for path in (ROOT / "drift").rglob("*") if is_source(path)]
    assert len(sources) > 10


def test_no_folder_sees_one_that_sees_it():
    for folder, seen in MAY_INCLUDE.items():
        for lower in seen:
            assert folder not in MAY_INCLUDE[lower], f"{folder} and {lower} see each other"


@pytest.fixture
def house(tmp_path):
    """A small tree that keeps every rule; a test breaks one of them."""
    files = {
        "drift/base/error.h": "#pragma once\n#include <string>\n",
        "drift/sql/postgres.h": '#pragma once\n#include "drift/base/error.h"\n',
        "drift/sql/libpq.h": "#pragma once\n#include <libpq-fe.h>\n",
        "drift/sql/postgres.cc": '#include "drift/sql/postgres.h"\n#include "drift/sql/libpq.h"\n',
        "drift/verdict/verdict.h": '#pragma once\n#include "migrations/graph.h"\n',
        "drift/cli/heads.cc": '#include <CLI/CLI.hpp>\n#include "migrations/graph.h"\n',
        "drift/main.cc": '#include "drift/verdict/verdict.h"\n',
        "migrations/graph.h": '#pragma once\n#include "drift/base/error.h"\n',
        "reporters/file.cc": "#include <nlohmann/json.hpp>\n",
        "migrations/git/library.h": "#pragma once\n#include <git2.h>\n",
        "migrations/git/tree.cc": '#include "migrations/git/library.h"\n',
    }
    for name, text in files.items():
        write(tmp_path, name, text)
    assert violations(tmp_path) == []
    return tmp_path


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "name, text, problem",
    [
        (
            "drift/base/log.cc",
            '#include "drift/sql/postgres.h"\n',
            "may not include drift/sql/postgres.h: drift/base does not see drift/sql",
        ),
        (
            "migrations/graph.cc",
            '  #  include "drift/verdict/verdict.h"  // why\n',
            "may not include drift/verdict/verdict.h: migrations does not see drift/verdict",
        ),
        (
            "drift/aws/sign.cc",
            '#include "migrations/graph.h"\n',
            "may not include migrations/graph.h: drift/aws does not see migrations",
        ),
        (
            "drift/sql/sql.cc",
            '#include "drift/verdict/verdict.h"\n',
            "may not include drift/verdict/verdict.h: drift/sql does not see drift/verdict",
        ),
        (
            "drift/schema/object.cc",
            '#include "drift/sql/postgres.h"\n',
            "may not include drift/sql/postgres.h: drift/schema sees only drift/sql/json_text.h, "
            "drift/sql/strict_json.h of drift/sql",
        ),
        ("migrations/graph.cc", '#include "graph.h"\n', '"graph.h" is no file below the root'),
        (
            "migrations/tree.cc",
            "#include <git2.h>\n",
            "sees <git2.h>: it belongs in migrations/git alone",
        ),
        (
            "reporters/file.cc",
            "#include <git2/sys/odb_backend.h>\n",
            "sees <git2/sys/odb_backend.h>: it belongs in migrations/git alone",
        ),
        (
            "migrations/graph.cc",
            '#include "migrations/git/library.h"\n',
            "sees <git2.h> by migrations/git/library.h: it belongs in migrations/git alone",
        ),
        (
            "drift/sql_api/handler.cc",
            '#include "drift/sql/libpq.h"\n',
            "sees <libpq-fe.h> by drift/sql/libpq.h: it belongs in drift/sql alone",
        ),
        (
            "drift/base/retry.cc",
            "#include <curl/curl.h>\n",
            "sees <curl/curl.h>: it belongs in drift/http alone",
        ),
        (
            "drift/sql/tls.cc",
            "#include <openssl/evp.h>\n",
            "sees <openssl/evp.h>: it belongs in drift/aws and drift/http and migrations/git alone",
        ),
        (
            "drift/sql/server.cc",
            "#include <boost/beast/http.hpp>\n",
            "sees <boost/beast/http.hpp>: it belongs in drift/runtime_api alone",
        ),
        (
            "drift/cli/options.h",
            "#pragma once\n#include <CLI/CLI.hpp>\n",
            "a header may not include <CLI/CLI.hpp>",
        ),
        (
            "reporters/file.h",
            "#pragma once\n#include <nlohmann/json.hpp>\n",
            "a header may not include <nlohmann/json.hpp>",
        ),
        ("reporters/file.h", "#include <string>\n", "has no #pragma once"),
        ("drift/fleet/fleet.cc", "", "the folder drift/fleet stands on no floor"),
    ],
)
def test_a_broken_rule_is_found(house, name, text, problem):
    write(house, name, text)
    assert violations(house) == [f"{name}: {problem}"]
