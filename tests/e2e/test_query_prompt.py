"""The question before a change: with what stands for its placeholders, and `yes` alone is an answer."""

import pytest
from test_query import Terminal


@pytest.fixture
def notes(cluster):
    cluster.psql("CREATE DATABASE prompted")
    cluster.psql("CREATE TABLE notes (note text)", db="prompted")
    yield lambda: cluster.psql("SELECT string_agg(note, ',') FROM notes", db="prompted")
    cluster.psql("DROP DATABASE prompted WITH (FORCE)")


def test_the_question_shows_the_values_and_takes_yes_alone(notes, cluster, tmp_path):
    words = ["query", "--database", cluster.url(db="prompted"), "--mutate", "INSERT INTO notes VALUES ($1), ($2)",
             "--param", "one", "--param", "two\n$3 = three", "--audit", tmp_path / "audit"]  # fmt: skip
    for answer in ("y\n", "yes please\n", " yes\n", "j\n"):
        asking = Terminal(*words)
        shown = asking.read_until("Type yes: ")
        assert "  INSERT INTO notes VALUES ($1), ($2)\n" in shown
        assert "  $1 = one\n  $2 = two\\n$3 = three\n" in shown
        asking.type(answer)
        code, shown = asking.finish()
        assert (code, shown.endswith("not run\n")) == (1, True), shown
    assert notes() == ""
    asking = Terminal(*words)
    asking.read_until("Type yes: ")
    asking.type("yes\n")
    assert asking.finish()[0] == 0
    assert notes() == "one,two\n$3 = three"
