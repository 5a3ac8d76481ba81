#!/usr/bin/python3
"""Makes a bare repository with a long history by git fast-import:

    bench/make_history.py FOLDER [COMMITS]
    bench/make_history.py FOLDER COMMITS REVISIONS MEGABYTES

150 files at the root, migrations four folders deep: every tenth commit adds one. Every fortieth
commit is a branch of its own that was not merged, so that 20,000 commits have 500 tips.

With REVISIONS, so many migrations go on from one another on main, and each commit brings an equal part
of MEGABYTES that nothing can compress, in one of 1,400 files.
"""

import random

import subprocess
import sys

INI = "[alembic]\nscript_location = %(here)s/backend/app/migrations\n"
FILES = 150


def migration(number):
    columns = "".join(f"    op.add_column('t{k}', sa.Column('c{k}', sa.Integer()))\n" for k in range(20))
    return (
        f'"""Migration {number}\n\nCreate Date: 2026-01-01 00:00:00\n"""\n'
        "from alembic import op\nimport sqlalchemy as sa\n\n"
        f"revision = '{number:012x}'\ndown_revision = None\n\n\ndef upgrade():\n{columns}"
    )


def stream(commits):
    """The commands of git fast-import."""
    last = None  # the commit of main before
    for i in range(commits):
        branch = "main" if i % 40 or last is None else f"branch-{i}"
        yield f"commit refs/heads/{branch}\nmark :{i + 1}\n"
        yield f"committer example <dev@example.com> {1_700_000_000 + 600 * i} +0000\n"
        yield data(f"Change {i}\n\nSome words about it, as people write.\n")
        if branch != "main":
            yield f"from :{last}\n"
        if last is None:
            yield from file("alembic.ini", INI)
            for k in range(FILES):
                yield from file(f"file{k}.txt", f"{k}\n")
        yield from file(f"backend/app/src/{i % 40}/{i % 300}.txt", f"{i}\n" * 20)
        yield from file(f"file{i % FILES}.txt", f"{i}\n")
        if i % 10 == 0:
            yield from file(f"backend/app/migrations/versions/{i:012x}_x.py", migration(i))
        if branch == "main":
            last = i + 1


def large_stream(commits, revisions, megabytes):
    """The same with a chain of migrations, and as large as wanted."""
    noise = random.Random(20_000)
    down = None
    made = 0
    for i in range(commits):
        yield f"commit refs/heads/main\nmark :{i + 1}\n"
        yield f"committer example <dev@example.com> {1_700_000_000 + 600 * i} +0000\n"
        yield data(f"Change {i}\n\nSome words about it, as people write.\n")
        if i == 0:
            yield from file("alembic.ini", INI)
            yield from file("backend/app/migrations/env.py", "raise SystemExit('never run')\n")
        yield f"M 100644 inline assets/{i % 40}/{i % 1_400}.bin\n"
        size = megabytes * 1_000_000 // commits
        yield f"data {size}\n"
        yield noise.randbytes(size)
        yield from file(f"backend/app/src/{i % 40}/{i % 300}.txt", f"{i}\n" * 20)
        if i >= made * commits / revisions:
            text = migration(made).replace("down_revision = None", f"down_revision = {down!r}")
            yield from file(f"backend/app/migrations/versions/{made:012x}_x.py", text)
            down, made = f"{made:012x}", made + 1


def data(text):
    return f"data {len(text.encode())}\n{text}\n"


def file(path, text):
    yield f"M 100644 inline {path}\n"
    yield data(text)


def main():
    folder, *numbers = sys.argv[1:]
    commits, *large = map(int, numbers or ["20000"])
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    importer = subprocess.Popen(["git", "-C", folder, "fast-import", "--quiet"], stdin=subprocess.PIPE)
    for piece in large_stream(commits, *large) if large else stream(commits):
        importer.stdin.write(piece if isinstance(piece, bytes) else piece.encode())
    importer.stdin.close()
    if importer.wait() != 0:
        sys.exit("make_history: git fast-import failed")
    subprocess.run(["git", "-C", folder, "gc", "-q"], check=True)


if __name__ == "__main__":
    main()
