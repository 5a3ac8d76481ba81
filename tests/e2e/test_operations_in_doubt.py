"""What `explain` reads of generated upgrade() bodies that only a run can decide, against Python itself.
Each file is run many times, and its environment answers by chance. Whatever a run calls, `explain`
must have said of that line, or that it cannot read it; what it says unconditionally every run must do."""

import json
import random
import signal
import sys
import types

import pytest
from program import run
from repository import Repository

FILES = 400
RUNS = 25
ANSWER = "os.getenv('ANSWER')"

HEAD = """import os
from alembic import op
CONSTANT = 'before'

def helper(first, *rest):
    op.drop_table(first)
    for one in rest:
        op.drop_table(one)

def chosen(first, second):
    if os.getenv('ANSWER'):
        return first
    return second

def rename():
    global CONSTANT
    if os.getenv('ANSWER'):
        CONSTANT = 'after'

def named(first='left out', **more):
    op.drop_table(first)
    for one in more:
        op.drop_column(more[one], one)

def upgrade():
    a, b, c = 'a', 'b', 'c'
    names = ['i', 'j']
    others = names
    box = {'k': 'v'}
"""


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, *choices):
        return self.random.choice(choices)

    def text(self):
        plain = repr(f"t{self.random.randrange(20)}")
        name = self.one("a", "b", "c")
        return self.one(plain, plain, name, name, f"f'x_{{{name}}}'", f"{name} + '_x'", f"({name} if {ANSWER} else {plain})",
                        f"box[{name}] if {name} in box else {plain}")  # fmt: skip

    def test(self):
        return self.one(ANSWER, f"not {ANSWER}", f"{self.text()} == {self.text()}", f"{ANSWER} or os.getenv('OTHER')",
                        f"len(names) > {self.random.randrange(3)}", f"{self.text()} in names", f"{ANSWER} and {self.text()} == 't1'")  # fmt: skip

    def block(self, depth, in_loop):
        return ["    " + line for line in self.body(depth + 1, in_loop)]

    def body(self, depth, in_loop):
        return [line for _ in range(self.random.randint(1, 4)) for line in self.statement(depth, in_loop)]

    def maybe(self, share, header, depth, in_loop):
        return [header, *self.block(depth, in_loop)] if self.random.random() < share else []

    def plain(self):
        text = self.text
        return self.one(
            *3 * [f"{self.one('a', 'b', 'c')} = {text()}"], *4 * [f"op.drop_table({text()})"],
            f"op.drop_column({text()}, {text()})", f"names.append({text()})", f"names += [{text()}]",
            f"box[{text()}] = {text()}", f"names = [{text()}]", f"names.extend([{text()}, {text()}])", "names = list(names)",
            "others = names", f"others.append({text()})", f"box.update(k={text()})", f"helper({text()}, *names)",
            f"helper(*os.getenv('LETTERS'), {text()})", f"op.drop_table(chosen({text()}, {text()}))", "rename()",
            "op.drop_table(CONSTANT)", f"named(**{{'first': {text()}}})", "named(**box)", f"a, b = {text()}, {text()}",
            f"a = (b := {text()})", "[op.drop_table(one) for one in names]", f"op.drop_table(box.get('k', {text()}))",
        )  # fmt: skip

    def statement(self, depth, in_loop):
        if depth > 3 or self.random.random() < 0.35:
            return [self.plain()]
        leave = self.one("break", "continue") if in_loop else "return"
        raising = [f"    if {ANSWER}:", "        raise ValueError"]
        if self.random.random() < 0.15:
            return [f"if {ANSWER}:", f"    {leave}"]
        if in_loop and self.random.random() < 0.05:
            return [leave]
        bumped = self.one("a", "CONSTANT")
        return self.one(
            lambda: [f"if {self.test()}:", *self.block(depth, in_loop),
                     *self.maybe(0.4, f"elif {self.test()}:", depth, in_loop), *self.maybe(0.5, "else:", depth, in_loop)],
            lambda: [f"for {self.one('a', 'b', 'd')} in " + self.one(
                         "names", "others", f"[{self.text()}, {self.text()}]", "os.getenv('LETTERS')", "('x', 'y', 'z')", "list(box)") + ":",
                     *self.block(depth, True), *self.maybe(0.3, "else:", depth, in_loop)],
            lambda: [f"while {self.one(ANSWER, 'True', 'len(names) < 3')}:", *self.block(depth, True), f"    if {ANSWER}:", "        break",
                     *self.maybe(0.3, "else:", depth, in_loop)],
            lambda: ["try:", *self.block(depth, in_loop), *raising, *self.block(depth, in_loop), "except ValueError:",
                     *self.block(depth, in_loop), *self.maybe(0.3, "else:", depth, in_loop), *self.maybe(0.3, "finally:", depth, in_loop)],
            lambda: ["try:", *self.block(depth, in_loop), "    os.attempt()", *self.block(depth, in_loop), "except ValueError:",
                     *self.one(["    pass"], self.block(depth, in_loop)), *self.maybe(0.3, "finally:", depth, in_loop)],
            lambda: [f"match {ANSWER}:", "    case 'x':", *["    " + line for line in self.block(depth, in_loop)],
                     "    case _:", *["    " + line for line in self.block(depth, in_loop)]],
            lambda: [f"with op.batch_alter_table({self.text()}) as batch:", f"    batch.drop_column({self.text()})"],
            lambda: ["def bump():", f"    {'nonlocal' if bumped == 'a' else 'global'} {bumped}", f"    {bumped} = {self.text()}".replace("a = a", "a = 'z'"),
                     *self.one([], [f"    if {ANSWER}:", f"        {bumped} = 'bumped'"]), "bump()", f"op.drop_table({bumped})"],
        )()  # fmt: skip


def source(seed):
    body = Generator(seed).body(0, False)
    return f"revision = 'f{seed}'\ndown_revision = None\n" + HEAD + "".join(f"    {line}\n" for line in body)


class Ended(Exception):
    """The run took long enough."""


class Recorder:
    """As alembic.op: each call becomes the lines that led to it, and (operation, table, column)."""

    def __init__(self):
        self.calls = []

    def add(self, operation, table, column=None):
        lines, frame = [], sys._getframe()
        while frame is not None:
            if frame.f_code.co_filename == "<migration>":
                lines.append(frame.f_lineno)
            frame = frame.f_back
        self.calls.append((lines, (operation, table, column)))
        if len(self.calls) > 60:
            raise Ended

    def drop_table(self, table):
        self.add("drop_table", table)

    def drop_column(self, table, column):
        self.add("drop_column", table, column)

    def batch_alter_table(self, table):
        batch = types.SimpleNamespace(drop_column=lambda column: self.add("drop_column", table, column))

        class Manager:
            def __enter__(self):
                return batch

            def __exit__(self, *_):
                return False

        return Manager()


def one_run(code, seed, monkeypatch):
    """Its calls and whether it came to its end; nothing where something failed that the body does not
    raise itself (a name that is not there, say): of that `explain` claims nothing."""
    chance = random.Random(seed)
    likely = chance.choice([0.2, 0.5, 0.8])
    recorder, unforeseen = Recorder(), []
    alembic, environment = types.ModuleType("alembic"), types.ModuleType("os")
    asked = iter(range(200))

    def getenv(name):
        if next(asked, None) is None:
            raise Ended
        if name == "LETTERS":
            return chance.choice(["", "p", "pq"])
        return "x" if chance.random() < likely else None

    def attempt():
        if chance.random() < 0.5:
            raise ValueError

    def trace(frame, event, argument):
        own = frame.f_code.co_filename == "<migration>"
        if own and event == "exception" and argument[0] not in (ValueError, Ended, StopIteration):
            unforeseen.append(argument[0])
        return trace

    def stop(*_):
        raise Ended

    alembic.op, environment.getenv, environment.attempt = recorder, getenv, attempt
    before = signal.signal(signal.SIGVTALRM, stop)
    with monkeypatch.context() as replaced:
        replaced.setitem(sys.modules, "alembic", alembic)
        replaced.setitem(sys.modules, "os", environment)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.2, 0.2)
        outer = sys.gettrace()
        sys.settrace(trace)
        try:
            namespace = {}
            exec(code, namespace)
            namespace["upgrade"]()
            ended = True
        except (Ended, ValueError):
            ended = False
        except Exception:
            return None
        finally:
            sys.settrace(outer)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)
    return None if unforeseen else (recorder.calls, ended)


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """What explain reads of each file, by its seed."""
    repository = Repository(tmp_path_factory.mktemp("doubtful") / "project")
    for seed in range(FILES):
        (repository.versions / f"f{seed}.py").write_text(source(seed))
    repository.commit()
    done = run("explain", "--repository", repository.folder, "--format", "json")
    assert done.returncode == 0, done.stderr
    return {int(one["revision"][1:]): one["operations"] for one in json.loads(done.stdout)["revisions"]}


def too_long(operations):
    return any(one["opaque"] and "takes too long" in one["reason"] for one in operations)


def shape(operation):
    return (operation["operation"], operation["table"], operation["columns"][0] if operation["columns"] else None)


@pytest.mark.parametrize("seed", range(FILES))
def test_what_any_run_does_was_said(read, seed, monkeypatch):
    text = source(seed)
    code = compile(text, "<migration>", "exec")
    known = {(one["line"], shape(one)) for one in read[seed] if not one["opaque"]}
    certain = {(one["line"], shape(one)) for one in read[seed] if not one["opaque"] and not one["conditional"]}
    unread = {(one["line"], one["operation"]) for one in read[seed] if one["opaque"]}
    if too_long(read[seed]):
        unread |= {(line, None) for line in range(text.count("\n") + 2)}
    for chance in range(RUNS):
        found = one_run(code, chance, monkeypatch)
        if found is None:
            continue
        calls, ended = found
        for lines, call in calls:
            said = (lines[0], call) in known or (lines[0], call[0]) in unread or any((line, None) in unread for line in lines)
            assert said, (chance, lines, call, text)
        done = {(lines[0], call) for lines, call in calls}
        assert not ended or certain <= done, (chance, certain - done, text)


def test_enough_of_it_is_read_and_run(read, monkeypatch):
    """Else the test above would show nothing."""
    runs = [one_run(compile(source(seed), "<migration>", "exec"), chance, monkeypatch) for seed in range(40) for chance in range(3)]
    assert sum(found is not None and len(found[0]) > 0 for found in runs) > 60
    known = [one for some in read.values() for one in some if not one["opaque"]]
    assert len(known) > 2000
    assert sum(one["conditional"] for one in known) > 1000
    assert sum(map(too_long, read.values())) < 5
