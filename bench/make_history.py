#!/usr/bin/python3
"""Makes a bare repository with a long history by git fast-import:

    bench/make_history.py FOLDER [COMMITS]

150 files at the root, migrations four folders deep: every tenth commit adds one. Every fortieth
commit is a branch of its own that was not merged, so that 20,000 commits have 500 tips.
"""

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


def data(text):
    return f"data {len(text.encode())}\n{text}\n"


def file(path, text):
    yield f"M 100644 inline {path}\n"
    yield data(text)


def main():
    folder, commits = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    subprocess.run(["git", "-C", folder, "fast-import", "--quiet"],
                   input="".join(stream(commits)).encode(), check=True)  # fmt: skip
    subprocess.run(["git", "-C", folder, "gc", "-q"], check=True)


if __name__ == "__main__":
    main()
