"""Databases to take snapshots of, and what `schema diff` says of two of them."""

import json
import pathlib

from postgres import database_url
from program import run

EVERY_KIND = pathlib.Path(__file__).with_name("every_kind.sql").read_text()


class Databases:
    """Databases of one server that are made from one another, which takes a tenth of a second."""

    def __init__(self, cluster, folder):
        self.cluster = cluster
        self.folder = folder
        self._count = 0

    def empty(self, name=None):
        self._count += 1
        name = name or f"schema_{self._count}"
        self.cluster.psql(f'CREATE DATABASE "{name}"')
        return name

    def copy(self, template):
        self._count += 1
        name = f"schema_{self._count}"
        self.cluster.psql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop(self, name):
        self.cluster.psql(f'DROP DATABASE "{name}" WITH (FORCE)')

    def url(self, name, user="owner"):
        return database_url(str(self.cluster.folder), self.cluster.port, user, name)

    def snapshot(self, name, user="owner", words=()):
        """The file of a snapshot."""
        file = self.folder / f"{name}-{user}.json"
        done = run("schema", "snapshot", "--database", self.url(name, user), "-o", file, *words)
        assert done.returncode == 0, done.stderr
        return file


def diff(expected, live, *words):
    """(exit code, the document) of a comparison."""
    done = run("schema", "diff", expected, live, "--format", "json", *words)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def told(finding):
    """"missing column app.users.born"; "changed column app.users.born type"."""
    place = ".".join(part for part in (finding["schema"], finding["on"], finding["name"]) if part)
    words = [finding["state"], finding["kind"], place]
    if finding["property"]:
        words.append(finding["property"])
    if finding["to"]:
        words.append(f"to {finding['to']}")
    return " ".join(words)


def failing(document):
    return sorted(told(finding) for finding in document["findings"] if finding["fails"])


def not_failing(document):
    return sorted(told(finding) for finding in document["findings"] if not finding["fails"])
