"""What `explain` reads of generated upgrade() bodies, against Python itself: the same file is run with
an `op` that records its calls."""

import ast
import json
import random
import sys
import types

import pytest
from program import run
from repository import Repository

FILES = 120
HELPERS = "PREFIX = 'tree_'\nNAMES = ('one', 'two')\n\ndef drop_all(op, names):\n    for name in names:\n        op.drop_table(PREFIX + name)\n"


class Recorder:
    """As alembic.op: each call becomes (operation, table, first column)."""

    def __init__(self):
        self.calls = []

    def f(self, name):
        return name

    def get_bind(self):
        dialect = types.SimpleNamespace(name="postgresql")
        return types.SimpleNamespace(dialect=dialect, engine=types.SimpleNamespace(dialect=dialect, name="postgresql"))

    def execute(self, sql):
        for statement in sql.split(";"):
            word, table = statement.split()[0], statement.split()[2 if statement.split()[0] == "DELETE" else 1]
            self.calls.append(("execute", word, table))

    def drop_table(self, table, schema=None):
        self.calls.append(("drop_table", f"{schema}.{table}" if schema else table, None))

    def drop_column(self, table, column, schema=None):
        self.calls.append(("drop_column", f"{schema}.{table}" if schema else table, column))

    def create_index(self, name, table, columns):
        self.calls.append(("create_index", table, columns[0]))

    def batch_alter_table(self, table, schema=None):
        outer = self

        class Batch:
            def __enter__(self):
                return self

            def __exit__(self, *_):
                pass

            def drop_column(self, column):
                outer.drop_column(table, column, schema=schema)

            def create_index(self, name, columns):
                outer.create_index(name, f"{schema}.{table}" if schema else table, columns)

        return Batch()


class Generator:
    """A random body whose every value can be known."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.numbers = 0

    def fresh(self):
        self.numbers += 1
        return f"n{self.numbers}"

    def text(self, names):
        pick = self.random.randrange(13)
        name = self.random.choice(names) if names else None
        plain = repr(f"t{self.random.randrange(50)}")
        if name is None or pick < 2:
            return plain
        return [
            name, f"f'a_{{{name}}}'", f"{name} + '_x'", f"'%s_y' % {name}", f"'{{}}_z'.format({name})",
            f"op.f({name})", f"{name}.upper()", f"'_'.join([{name}, {plain}])", f"({name} if 1 < 2 else {plain})",
            f"PREFIX + {name}", f"[{plain}, {name}][1]",
        ][pick - 2]  # fmt: skip

    def body(self, depth, names):
        lines = []
        for _ in range(self.random.randint(1, 4)):
            lines += self.statement(depth, names)
        return lines

    def indented(self, depth, names):
        return ["    " + line for line in self.body(depth + 1, list(names))]

    def statement(self, depth, names):
        pick = self.random.randrange(16 if depth < 3 else 8)
        text = lambda: self.text(names)  # noqa: E731
        if pick < 2:
            name = self.fresh()
            line = f"{name} = {text()}"
            names.append(name)
            return [line]
        if pick == 2:
            return [f"op.drop_table({text()}, schema={self.random.choice(['None', repr('app')])})"]
        if pick == 3:
            return [f"op.drop_column({text()}, {text()})"]
        if pick == 4:
            return [f"op.create_index('ix', table_name={text()}, columns=[{text()}])".replace("table_name=", "").replace("columns=", "")]
        if pick == 5:
            return [f"op.execute('UPDATE ' + {text()} + ' SET a = 1; DELETE FROM ' + {text()})"]
        if pick == 6:
            return [f"helper({text()}, columns=[{text()} for _ in range({self.random.randrange(3)})])"]
        if pick == 7:
            return ["drop_all(op, NAMES)"]
        if pick in (8, 9):
            loop = self.fresh()
            over = self.random.choice([
                f"[{text()}, {text()}]", "NAMES", f"({text()},)", "sorted(['b', 'a'])",
                "{'k': 1, 'l': 2}", "'p q r'.split()",
            ])  # fmt: skip
            lines = [f"for {loop} in {over}:"] + self.indented(depth, [*names, loop])
            if self.random.random() < 0.3:
                lines += [f"    if {loop} == {text()}:", f"        {self.random.choice(['break', 'continue'])}", "    op.drop_table('after')"]
            return lines
        if pick == 10:
            a, b = self.fresh(), self.fresh()
            return [f"for {a}, ({b}, _) in enumerate(zip(NAMES, 'xy')):", f"    op.drop_column({b}, f'c{{{a}:02d}}')"]
        if pick in (11, 12):
            test = self.random.choice([
                "op.get_bind().dialect.name == 'postgresql'", "op.get_bind().engine.name in ('sqlite', 'mysql')",
                f"{text()} == {text()}", "not NAMES", "len(NAMES) > 1 and 'one' in NAMES", f"({text()}).startswith('t')",
            ])  # fmt: skip
            lines = [f"if {test}:"] + self.indented(depth, names)
            if self.random.random() < 0.6:
                lines += ["else:"] + self.indented(depth, names)
            return lines
        if pick == 13:
            batch = self.fresh()
            schema = self.random.choice(["", ", schema='app'"])
            return [f"with op.batch_alter_table({text()}{schema}) as {batch}:", f"    {batch}.drop_column({text()})",
                    f"    {batch}.create_index('ix', [{text()}])"]  # fmt: skip
        if pick == 14:
            return ["try:"] + self.indented(depth, names) + ["finally:", "    op.drop_table('last')"]
        name = self.fresh()
        return [f"def {name}(table, *rest, column='c', **more):", "    op.drop_column(table, column, **more)",
                "    for one in rest:", "        op.drop_table(one)",
                f"{name}({text()}, {text()}, column={text()}, schema='app')", f"{name}({text()})"]  # fmt: skip


def source(seed):
    generator = Generator(seed)
    body = generator.body(0, ["CONSTANT"])
    return "\n".join([
        "from alembic import op", "from helpers import NAMES, PREFIX, drop_all", "CONSTANT = 'const' 'ant'", "",
        "def helper(table, columns=()):", "    op.drop_table(table)", "    for column in columns:",
        "        op.drop_column(table, column)", "", "def upgrade():", *["    " + line for line in body], "",
    ])  # fmt: skip


def recorded(text):
    op = Recorder()
    alembic, helpers = types.ModuleType("alembic"), types.ModuleType("helpers")
    alembic.op = op
    exec(HELPERS, helpers.__dict__)
    before = {name: sys.modules.get(name) for name in ("alembic", "helpers")}
    sys.modules.update(alembic=alembic, helpers=helpers)
    try:
        namespace = {}
        exec(compile(text, "<migration>", "exec"), namespace)
        namespace["upgrade"]()
    finally:
        for name, module in before.items():
            sys.modules.pop(name)
            if module is not None:
                sys.modules[name] = module
    return op.calls


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """What explain reads of each file, by its seed."""
    repository = Repository(tmp_path_factory.mktemp("generated") / "project")
    ini = repository.folder / "alembic.ini"
    ini.write_text(ini.read_text() + "prepend_sys_path = .\n")
    (repository.folder / "helpers.py").write_text(HELPERS)
    for seed in range(FILES):
        (repository.versions / f"f{seed}.py").write_text(f"revision = 'f{seed}'\ndown_revision = None\n" + source(seed))
    repository.commit()
    done = run("explain", "--repository", repository.folder, "--format", "json")
    assert done.returncode == 0, done.stderr
    return {int(one["revision"][1:]): one["operations"] for one in json.loads(done.stdout)["revisions"]}


@pytest.mark.parametrize("seed", range(FILES))
def test_the_operations_read_are_those_that_python_makes(read, seed):
    text = source(seed)
    ast.parse(text)
    ours = []
    for one in read[seed]:
        assert not one["opaque"], (one["reason"], text)
        assert not one["conditional"], (one, text)
        if one["operation"] == "execute":
            ours.append(("execute", one["command"], one["table"]))
        else:
            ours.append((one["operation"], one["table"], one["columns"][0] if one["columns"] else None))
    theirs = [(kind, a, b) if kind != "execute" else (kind, a, b.lower()) for kind, a, b in recorded(text)]
    assert ours == theirs, text
