"""The floors of the house: a source file includes only its own floor's headers or lower ones.

docs/architecture.md says why. The rules stand here as data; the last tests break them on purpose,
because a check that cannot fail checks nothing.
"""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Folder -> the folders it may include besides itself. A folder that is not here has no place yet.
BASE = {"drift/base"}
GROUND = BASE | {"migrations", "drift/aws", "drift/lambda"}
MAY_INCLUDE = {
    "drift/base": set(),
    "migrations": BASE,
    "drift/aws": BASE,
    "drift/lambda": BASE,
    "drift/sql": GROUND,
    "drift/sql_api": GROUND | {"drift/sql"},
    "drift/production": GROUND | {"drift/sql"},
    "drift/verdict": GROUND | {"drift/sql", "drift/production"},
    "drift/report": GROUND | {"drift/sql", "drift/production", "drift/verdict"},
}
VALUES = set(MAY_INCLUDE)
MAY_INCLUDE["reporters"] = VALUES
MAY_INCLUDE["drift/check"] = VALUES | {"reporters"}
MAY_INCLUDE["drift/config"] = VALUES | {"reporters", "drift/check"}
MAY_INCLUDE["drift/query"] = VALUES
MAY_INCLUDE["drift/doctor"] = VALUES | {"reporters", "drift/check"}
MAY_INCLUDE["drift/cli"] = VALUES | {"reporters", "drift/check", "drift/config", "drift/query", "drift/doctor"}
COMPOSITION_ROOT = "drift/main.cc"

# A C library shows in one file, so that its types, its initialisation and its error codes do too.
ONLY_IN = {
    r"git2(\.h|/.*)": {
        "migrations/git/https.cc", "migrations/git/library.h", "migrations/git/memory.cc",
        "migrations/git/object.cc", "migrations/git/sockets.cc", "migrations/git/ssh.cc"},
    r"(postgresql/)?(libpq-fe|libpq/.*|pg_config.*)(\.h)?": {
        "drift/sql/libpq.h", "drift/sql/postgres.cc", "drift/sql/postgres_options.cc",
    },
    r"curl/.*": {"drift/base/http_connection.cc"},
    r"openssl/.*": {
        "drift/aws/digest.cc", "drift/base/authorities.cc", "migrations/git/object_hash.cc"},
    r"toml\+\+/.*|toml\+\+\.h|toml\.hpp": {"migrations/alembic/config.cc", "migrations/alembic/pyproject.cc"},
    r"boost/.*": {"drift/base/http_reception.cc", "drift/lambda/local_server.cc"},
    r"CLI/.*": None,  # any .cc file of drift/cli
}
# nlohmann/json.hpp costs about three seconds a file, and a header passes that on.
NOT_IN_HEADERS = re.compile(r"nlohmann/json\.hpp")

# Nor may a library come in by the back door: who includes these headers uses libgit2 or libpq.
LIBPQ_SIDE = re.compile(r"drift/sql/postgres(_options)?\.cc")
LIBGIT2_SIDE = re.compile(r"migrations/git/\w+\.(h|cc)")
OF_LIBGIT2_SIDE = {
    "migrations/git/library.h", "migrations/git/open_repository.h", "migrations/git/conversation.h",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)


def folder_of(path):
    """'drift/sql' for 'drift/sql/postgres.cc'; 'migrations' for anything below migrations/."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "drift" else parts[0]


def is_source(path):
    return path.suffix in (".h", ".cc", ".cpp", ".hpp", ".c")


def violations(root):
    """Every broken rule below `root`, as 'file: what is wrong', in the order of the files."""
    found = []
    files = sorted(
        path
        for top in ("drift", "migrations", "reporters")
        for path in (root / top).rglob("*")
        if is_source(path)
    )
    for path in files:
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        found += [f"{name}: {problem}" for problem in problems_of_file(root, name, text)]
    return found


def problems_of_file(root, name, text):
    folder = folder_of(name)
    if name != COMPOSITION_ROOT and folder not in MAY_INCLUDE:
        yield f"the folder {folder} stands on no floor"
        return
    if name.endswith(".h") and "#pragma once\n" not in text:
        yield "has no #pragma once"
    for quoted, angled in INCLUDE.findall(text):
        if quoted:
            yield from problems_of_own_include(root, name, folder, quoted)
        else:
            yield from problems_of_library_include(name, folder, angled)


def problems_of_own_include(root, name, folder, included):
    if not (root / included).is_file():
        yield f'"{included}" is no file below the root'
        return
    target = folder_of(included)
    if included in OF_LIBGIT2_SIDE and (
            not LIBGIT2_SIDE.fullmatch(name) or name == "migrations/git/repository.h"):
        yield f"may not include {included}: migrations/git/repository.h hides libgit2"
    if included == "drift/sql/libpq.h" and not LIBPQ_SIDE.fullmatch(name):
        yield f"may not include {included}: drift/sql/postgres.h hides libpq"
    if name == COMPOSITION_ROOT or target == folder:
        return
    if included == COMPOSITION_ROOT or target not in MAY_INCLUDE[folder]:
        yield f"may not include {included}: {folder} does not see {target}"


def problems_of_library_include(name, folder, included):
    if name.endswith(".h") and NOT_IN_HEADERS.fullmatch(included):
        yield f"a header may not include <{included}>: use <nlohmann/json_fwd.hpp>"
    if (ROOT / included).is_file():
        yield f"<{included}> is a file of this project: write it with quotation marks"
    for pattern, homes in ONLY_IN.items():
        if not re.fullmatch(pattern, included):
            continue
        if homes is None:
            if folder != "drift/cli" or not name.endswith(".cc"):
                yield f"<{included}> belongs in a .cc file of drift/cli"
        elif name not in homes:
            yield f"<{included}> belongs in {' or '.join(sorted(homes))} alone"


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
        ("migrations/graph.cc", '#include "graph.h"\n', '"graph.h" is no file below the root'),
        (
            "migrations/tree.cc",
            "#include <git2.h>\n",
            "<git2.h> belongs in migrations/git/https.cc or migrations/git/library.h or "
            "migrations/git/memory.cc or migrations/git/object.cc or migrations/git/sockets.cc "
            "or migrations/git/ssh.cc alone",
        ),
        (
            "reporters/file.cc",
            "#include <git2/sys/odb_backend.h>\n",
            "<git2/sys/odb_backend.h> belongs in migrations/git/https.cc or "
            "migrations/git/library.h or migrations/git/memory.cc or migrations/git/object.cc or "
            "migrations/git/sockets.cc or migrations/git/ssh.cc alone",
        ),
        (
            "migrations/graph.cc",
            '#include "migrations/git/library.h"\n',
            "may not include migrations/git/library.h: migrations/git/repository.h hides libgit2",
        ),
        (
            "drift/sql/handler.cc",
            '#include "drift/sql/libpq.h"\n',
            "may not include drift/sql/libpq.h: drift/sql/postgres.h hides libpq",
        ),
        (
            "drift/sql/postgres.h",
            "#pragma once\n#include <libpq-fe.h>\n",
            "<libpq-fe.h> belongs in drift/sql/libpq.h or drift/sql/postgres.cc or "
            "drift/sql/postgres_options.cc alone",
        ),
        (
            "drift/base/retry.cc",
            "#include <curl/curl.h>\n",
            "<curl/curl.h> belongs in drift/base/http_connection.cc alone",
        ),
        (
            "drift/sql/tls.cc",
            "#include <openssl/evp.h>\n",
            "<openssl/evp.h> belongs in drift/aws/digest.cc or drift/base/authorities.cc or "
            "migrations/git/object_hash.cc alone",
        ),
        (
            "drift/lambda/runtime.cc",
            "#include <boost/beast/http.hpp>\n",
            "<boost/beast/http.hpp> belongs in "
            "drift/base/http_reception.cc or drift/lambda/local_server.cc alone",
        ),
        (
            "drift/cli/options.h",
            "#pragma once\n#include <CLI/CLI.hpp>\n",
            "<CLI/CLI.hpp> belongs in a .cc file of drift/cli",
        ),
        (
            "reporters/file.h",
            "#pragma once\n#include <nlohmann/json.hpp>\n",
            "a header may not include <nlohmann/json.hpp>: use <nlohmann/json_fwd.hpp>",
        ),
        ("reporters/file.h", "#include <string>\n", "has no #pragma once"),
        ("drift/fleet/fleet.cc", "", "the folder drift/fleet stands on no floor"),
    ],
)
def test_a_broken_rule_is_found(house, name, text, problem):
    write(house, name, text)
    assert violations(house) == [f"{name}: {problem}"]
