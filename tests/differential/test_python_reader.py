"""Compares the reader of module variables with CPython itself.

Random modules (seeded, the same on every run) and hand-written ones are executed by this very
Python in an empty namespace, and read by read_module. Where ours says that it knows a value, it
must be CPython's; it may say that it does not know only where the module holds a form that cannot
be known. What CPython compiles must not be a syntax error to us.

Two things are outside that claim. A module without `revision` or `down_revision` is one that
Alembic refuses, so what a branch would have given them is believed. And trickery is not followed:
there ours must give what the module says without it.
"""

import ast
import contextlib
import glob
import json
import os
import random
import subprocess
import sys
import sysconfig
import types

import pytest

BUILD = os.environ.get("SCHEMA_DRIFT_BUILD", "build/release")
PROGRAM = os.path.join(BUILD, "tests", "read_module")
NAMES = ("revision", "down_revision", "branch_labels", "depends_on")
REQUIRED = ("revision", "down_revision")
RANDOM_MODULES = 3000

# Modules of the same tree, as the reader's loader gives them and as CPython imports them.
TREE = {
    "tree_app": "PACKAGE = 'from the package'\n",
    "tree_app.cli": (
        "from .consts import NESTED as AGAIN\nfrom tree_app import PACKAGE as UP\n"
        "import os\nEXPAND = 'expand'\nPAIR = ('x', 'y')\nLIST = ['x']\n"
        "COMPUTED = os.getcwd()\n_HIDDEN = 'hidden'\n"
        "CHANGED = 'before'\n\ndef change():\n    global CHANGED\n    CHANGED = 'after'\n"
    ),
    "tree_app.consts": "NESTED = 'nested' + ' ' 'constant'\n",
    "tree_star": "revision = 'starred'\nA = 'star A'\n_B = 'no star'\n",
    "tree_all": "__all__ = ['_B', 'depends_on']\n_B = 'all B'\ndepends_on = ('all',)\nrevision = 'not'\n",
}
PACKAGES = {"tree_app"}


class Reader:
    def __init__(self):
        self.process = subprocess.Popen(
            [PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def read(self, source):
        request = {
            "source": source.hex(),
            "modules": {name: text.encode().hex() for name, text in TREE.items()},
        }
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "read_module died on " + repr(source)
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def reader():
    found = Reader()
    yield found
    found.close()


@pytest.fixture(scope="module", autouse=True)
def tree(tmp_path_factory):
    """The modules of TREE, and `outside`, which is not in the tree, importable by CPython."""
    root = tmp_path_factory.mktemp("tree")
    for name, text in TREE.items():
        path = root.joinpath(*name.split("."))
        path = path / "__init__.py" if name in PACKAGES else path.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "outside.py").write_text("revision = 'outside'\nA = 'outside A'\n")
    sys.path.insert(0, str(root))
    yield
    sys.path.remove(str(root))


def executed(source):
    """The module after it ran, or None where CPython cannot compile or run it."""
    for name in [name for name in sys.modules if name.split(".")[0] in ("outside", *TREE)]:
        del sys.modules[name]
    module = types.ModuleType("migration_under_test")
    sys.modules["migration_under_test"] = module
    try:
        with contextlib.redirect_stdout(None):
            exec(compile(source, "<module>", "exec"), module.__dict__)
    except Exception:
        return None
    finally:
        del sys.modules["migration_under_test"]
    return module.__dict__


def compiles(source):
    try:
        compile(source, "<module>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def agrees(answer, namespace, name):
    kind = answer["kind"]
    if kind == "unknown":
        assert answer["reason"]
        return True
    if kind == "absent":
        return name not in namespace
    if name not in namespace:
        # Alembic takes None for an optional one that is not there.
        return name in REQUIRED or kind == "none"
    value = namespace[name]
    if kind == "none":
        return value is None
    if kind == "string":
        return type(value) is str and value == answer["strings"][0]
    if type(value) is set:
        return value == set(answer["strings"])
    return type(value) in (tuple, list) and list(value) == answer["strings"]


def check(reader, source, known=()):
    """`known` are the names that must not be unknown."""
    answer = reader.read(source)
    shown = source.decode("utf-8", "replace")
    namespace = executed(source)
    if answer["syntax_error"]:
        assert not compiles(source), (shown, answer["syntax_error"])
        return "syntax error"
    if namespace is None:
        return "not run"
    for name in NAMES:
        assert agrees(answer[name], namespace, name), (
            shown, name, answer[name], namespace.get(name, "absent"))
        if name in known:
            assert answer[name]["kind"] != "unknown", (shown, name, answer[name])
    return "compared"


class Generator:
    """Random modules. `doubtful` is set once one holds a form that cannot be known."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.doubtful = False

    def name(self):
        return self.random.choice(NAMES + ("A", "B", "C"))

    def text(self):
        pieces = ("a", "1b2c", "x y", "é", "日本", "", "#", "(", "]", "{", "}", ";", ":", "=", "%s",
                  "import", "\\\\", "\\n", "\\t", "\\x41", "\\u00e9", "\\U0001F600", "\\101", "\\0",
                  "\\d", "\\\n", "\\'", '\\"', "def f():", "'''"[0:0], "revision = 'no'"[0:8])
        return "".join(self.random.choice(pieces) for _ in range(self.random.randint(0, 4)))

    def literal(self):
        quote = self.random.choice(("'", '"', "'''", '"""'))
        prefix = self.random.choice(("", "", "", "r", "R", "u", "U", "f", "rf", "fR"))
        text = self.text()
        if "f" in prefix.lower():
            text = text.replace("{", "{{").replace("}", "}}")
        if "r" in prefix.lower():
            text = text.replace("\\", "")
            if len(quote) == 1:
                text = text.replace("\n", "")
        if len(quote) == 3 and self.random.random() < 0.3:
            text += "\n# not a comment " + ("\"" if quote[0] == "'" else "'") + "\n"
        return prefix + quote + text + quote

    def string(self):
        choice = self.random.random()
        if choice < 0.6:
            return self.literal()
        if choice < 0.75:
            return "(" + self.literal() + self.gap() + self.literal() + ")"
        if choice < 0.85:
            return self.literal() + " + " + self.literal()
        if choice < 0.93:
            return "(" + self.string() + ")"
        return "(" + self.literal() + " # ' \" (\n" + "  " + self.literal() + "\n)"

    def gap(self):
        return self.random.choice((" ", "", "\n", " \\\n ", "  # )\n\n\t"))

    def value(self):
        choice = self.random.random()
        if choice < 0.5:
            return self.string()
        if choice < 0.6:
            return "None"
        if choice < 0.65:
            return self.random.choice(("()", "[]", "(None)", "((), )[0:0]"[0:2]))
        items = [self.string() for _ in range(self.random.randint(1, 3))]
        joined = ("," + self.random.choice((" ", "\n  ", ""))).join(items)
        comma = self.random.choice(("", ","))
        kind = self.random.choice("([{")
        if kind == "(":
            return "(" + joined + ",)"
        return kind + joined + comma + {"[": "]", "{": "}"}[kind]

    def certain(self, depth=0):
        """Statements whose outcome must be known."""
        n, m, v, w = self.name(), self.name(), self.value(), self.value()
        forms = [
            lambda: f"{n} = {v}",
            lambda: f"{n} = {v}",
            lambda: f"{n}: str = {v}",
            lambda: f"{n}: 'Union[str, None]'\n{n} = {v}",
            lambda: f"{n} = {m} = {v}",
            lambda: f"A = B = C = {v}; {n} = A",
            lambda: f"{n}, {m} = {v}, {w}" if n != m else f"{n} = {v}",
            lambda: f"({n}, {m}) = [{v}, {w}]" if n != m else f"{n} = {v}",
            lambda: f"[A, (B, C)] = {v}, ({w}, None)\n{n} = B",
            lambda: f"({n}) = {v}",
            lambda: f"{n} = {v}; {m} = {w};",
            lambda: f"A = {self.string()}\n{n} = A + {self.literal()}",
            lambda: f"A = {self.string()}\n{n} = (A, {self.literal()})",
            lambda: f"{n} = {self.string()}\n{n} += {self.literal()}",
            lambda: f"del_me = {v}\ndel del_me",
            lambda: f"{n} = ({v})  # {m} = 'comment'",
            lambda: f"{n} \\\n  = \\\n {v}",
            lambda: f"def f(x=1, *, y: 'int' = 2) -> None:\n    revision = 'local'\n\n# dedented\n    return {v}",
            lambda: f"async def g():\n\tif x: return '''\nrevision = 1\n'''\n\tawait f(')', {{'a': [1]}})",
            lambda: "def h(): return 'revision'",
            lambda: f"def k():\n  '''doc {m} = '''\n  def inner(\n a, b):\n     {n} = f\"{{a!r:>{{b}}}} }}}}\"\n     pass\n  x = (1,\n2)",
            lambda: f"from tree_app.cli import EXPAND\n{n} = EXPAND",
            lambda: f"import tree_app.cli as cli\n{n} = (cli.EXPAND,)",
            lambda: f"import tree_app.cli\n{n} = tree_app.cli.EXPAND",
            lambda: f"from tree_app import cli, PACKAGE\n{n} = cli.PAIR; {m} = PACKAGE",
            lambda: f"from tree_app.cli import (AGAIN, UP as A,)\n{n} = AGAIN + A",
            lambda: f"from tree_app import consts as c\n{n} = c.NESTED",
            lambda: "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    revision = 'no'\n    from x import y",
            lambda: f"import typing as t\nif t.TYPE_CHECKING: revision = 'no'\nelse: {n} = {v}",
            lambda: f"if __name__ == '__main__':\n    {n} = 'main'",
            lambda: f"with __import__('contextlib').nullcontext():\n    {n} = {v}\n    {m} = {w}",
            lambda: "import os, sys\nfrom os import path as p",
        ]
        if depth < 3:
            inner = lambda: indented(self.certain(depth + 1), self.random)
            forms += [
                lambda: f"if True:\n{inner()}",
                lambda: f"if 1:\n{inner()}\nelse:\n    {n} = 'else'",
                lambda: f"if not True:\n    {n} = 'no'\nelif 0: {n} = 'no'\nelse:\n{inner()}",
                lambda: f"if None:\n  {n} = 'no'\nelif (not 0):\n{inner()}\nelif foo():\n  pass",
                lambda: f"while False:\n  {n} = 'no'",
            ]
        return self.random.choice(forms)()

    def uncertain(self):
        """Statements after which a value may be unknown, but never wrong."""
        self.doubtful = True
        n, m, v, w = self.name(), self.name(), self.value(), self.value()
        forms = [
            f"try:\n    {n} = {v}\n    1 / 0\n    {m} = {w}\nexcept ZeroDivisionError:\n    {m} = {v}",
            f"try:\n    import not_there\n    {n} = {v}\nexcept ImportError as {m}:\n    pass\nfinally:\n    B = {w}",
            f"for {n} in ({v}, {w}): pass",
            f"for _ in (1, 2, 3):\n    {n} = A\n    A = B\n    B = {v}",
            f"A = {v}\nB = {w}\nfor _ in range(3):\n    {n}, A, B = A, B, A",
            f"_i = 0\nwhile _i < 2:\n    _i += 1\n    {n} = {m}\n    {m} = {v}",
            f"if len('a') > 1:\n    {n} = {v}\nelse:\n    {m} = {w}",
            f"if len('a') == 1:\n    {n} = {v}\nelif True:\n    {m} = {w}",
            f"if len('ab') == 1: {n} = {v}\nelif True: {m} = {w}\nelse: {n} = {w}",
            f"import contextlib\nwith contextlib.suppress(ZeroDivisionError):\n    {n} = {v}\n    1 / 0\n    {m} = {w}",
            f"import contextlib\nwith contextlib.nullcontext({v}) as {n}: pass",
            f"import contextlib\nwith (contextlib.nullcontext({v}) as {n}, contextlib.nullcontext(('x', 'y')) as (A, {m})):\n    pass",
            f"globals()['{n}'] = {v}",
            f"vars()['{n}'] = {v}",
            f"class K:\n    {n} = {v}\n    def f(self): pass",
            f"class {n}: pass",
            f"def {n}(): pass",
            f"import os as {n}",
            f"from os import path as {n}",
            f"from tree_app.cli import LIST\n{n} = LIST\nLIST.append('more')",
            f"from tree_app.cli import COMPUTED\n{n} = COMPUTED",
            "from tree_star import *",
            f"from tree_star import *\n{n} = A",
            f"from tree_all import *\n{n} = _B",
            f"from outside import A\n{n} = A",
            f"A = ['x']\n{n} = A\nA.append('y')",
            f"x = f'{{({n} := 5)}}'",
            f"{n} = ['x']\n{n}.append('y')",
            f"{n} = ['x']\n{n} += ['y']",
            f"A = ['x']\n{n} = A\nA += ['y']",
            f"{n} = ['x', 'y']\ndel {n}[0]",
            f"{n} = ['x', 'y']\n{n}[0] = {v}",
            f"{n} = ['x', 'y']\n{n}[0], A = {v}, {w}",
            f"{n} = ['x', 'y']\nfor {n}[0] in ('z',): pass",
            f"T = ('q', ['x'])\nA, {n} = T\nT[1].append('y')",
            f"A = ['x']\nT = (A, 'x')\n{n} = A\nT[0].append('y')",
            f"A = ['x']\nT = (A,) + ('b',)\nU = T + ()\n{n} = A\nU[0].append('y')",
            f"(A := {v})\n{n} = A",
            f"print(({n} := {v}))",
            f"x = [({n} := q) for q in ('a', 'b')]",
            f"{n} = [q for q in ('a', 'b')]",
            f"{n} = {{'a': 'b'}}",
            f"{n} = *('a', 'b'),",
            f"{n}, *{m} = 'a', 'b', 'c'" if n != m else f"{n} = 5",
            f"{n}, {m} = 'ab'",
            f"{n}, {m} = {{'a', 'b'}}",
            f"{n} = 'a' if len('a') else 'b'",
            f"{n} = 'a' 'b%s' % 'x'",
            f"{n} = 'a'.upper()",
            f"{n} = f'{{1 + 1}}' 'b'",
            f"{n} = '-'.join(('a', 'b'))",
            f"{n} = str({v})",
            f"{n} = b'bytes'",
            f"{n} = 5",
            f"{n} = ('a', None)",
            f"{n} = ('a', ('b',))",
            f"{n} = ('a', 5)",
            f"{n} = True",
            f"{n} = '\\N{{DASH}}'[0:0] + '\\N{{EM DASH}}'",
            f"{n} = '\\ud83d\\ude00'",
            f"{n} = {v}\ndel {n}",
            f"if len('a'):\n    del_it = 1\n    {n} = {v}\n    del {n}",
            f"match ('a', 'b'):\n    case [{n}, A]:\n        {m} = {v}\n    case _:\n        pass",
            f"match 'a':\n    case str() as {n}: pass",
            f"{n} = A = ['a']\nif len('a'): {n} = ['a']\nA.append('b')",
            f"M = ['a']\n{n} = ['a']\nif len('a'): {n} = M\nM.append('z')",
            f"{n} = {v}\nwhile True:\n    {n} = {w}\n    break\nelse:\n    {n} = 'else'",
            f"for _ in ():\n    {n} = {v}\nelse:\n    {n} = {w}",
            f"{n} = not 'a'",
            f"{n} = {v} or {w}",
            f"x = {{'b': lambda q: q, 'c': [i for i in range(3)]}}\n{n} = {m} = {v}",
            f"{n} = lambda: 'a'",
            f"f = lambda: 'a' ; {n} = f",
            f"{n} = ...",
            f"{n} = -1",
            f"{n} = ('a',) * 2",
            f"{n} = ('a', 'b')[0]",
            f"{n} = 'x' in 'xy'",
            f"{n} = 'x' == 'y' == 'x'",
            f"{n} = tree_app = 'shadow'",
            f"{n} = A = B = C = {v}\nimport os as A, sys as B",
        ]
        return self.random.choice(forms)

    def trickery(self):
        """Statements that change names in ways no reader of the top-level code would see, and what
        the module says without that."""
        n, m, v, w = self.name(), self.name(), self.value(), self.value()
        forms = [
            (f"exec('{n} = 1 ')\n{m} = {w}", f"{m} = {w}"),
            (f"locals().update({n}={v})", ""),
            (f"import sys\nsetattr(sys.modules[__name__], '{n}', {v})", ""),
            (f"import sys\nsys.modules[__name__].{n} = {v}", ""),
            (f"import importlib\nimportlib.import_module(__name__).{n} = {v}", ""),
            (f"def change():\n    global x, {n}\n    {n} = {v}\nchange()", ""),
            (f"def change(): global {n}; {n} = {v}\nq = change\nq()", ""),
            (f"def change():\n    globals()['{n}'] = {v}\nlist(map(lambda _: change(), (1,)))", ""),
            (f"def outer(f):\n    f()\n    return f\n@outer\ndef change():\n    global {n}\n    {n} = {v}", ""),
            (f"class K:\n    global {n}\n    {n} = {v}", ""),
            (f"from tree_app import cli\ncli.change()\n{n} = cli.CHANGED", f"{n} = 'before'"),
            (f"import tree_app.cli\ntree_app.cli.EXPAND = 'patched'\n{n} = tree_app.cli.EXPAND", f"{n} = 'expand'"),
            (f"from tree_app import cli\ndef f(): setattr(cli, 'EXPAND', 'patched')\nf()\n{n} = cli.EXPAND", f"{n} = 'expand'"),
            (f"import tree_app.cli as a\nfor a.EXPAND in ('p',): pass\n{n} = a.EXPAND", f"{n} = 'expand'"),
            ("from outside import *", ""),
            (f"from outside import *\n{n} = {v}", f"{n} = {v}"),
            (f"{n} = ['x']\ndef f(): {n}.append('y')\nf()", f"{n} = ['x']"),
            (f"f = lambda: {n}.append('y')\n{n} = ['x']\nf()", f"{n} = ['x']"),
            (f"x = f'''DO $$ BEGIN {n} := {{1 + 1}}; END $$'''\n{m} = {w}", f"{m} = {w}"),
            ("def __getattr__(name): return 'from getattr'", ""),
            ("ｒevision = 'full width'", ""),
            ("reviſion = 'long s'", ""),
        ]
        return self.random.choice(forms)

    def filler(self):
        return self.random.choice((
            "", "# comment: revision = 'no'", "\f", "'''\nrevision = 'in a string'\n'''",
            "x = {'a': [1, 2, (3)], 'b': {}}", "print('revision', end='')", "pass",
            "y = 0x1F + 1e-5 + 1_000 + 1j", "z = x if x else None", "   # indented comment", "\\\n",
            "w: list = [1, *x] if 0 else []", "assert 'revision'", "v = not x", "global revision",
            "if x: pass\nelif 1: pass", "for i in (): pass", "match = 1; case = match; type = case",
            "def t(): ...", "import os", "t = r'\\' 'x'", "t = rb'\\x' b'\\''",
        ))

    def module(self):
        doc = self.random.choice(("", self.literal().lstrip("fFrRuU") + "\n", "'''message\n\nmore'''\n"))
        parts = []
        for _ in range(self.random.randint(1, 7)):
            choice = self.random.random()
            if choice < 0.55:
                parts.append(self.certain())
            elif choice < 0.75:
                parts.append(self.uncertain())
            else:
                parts.append(self.filler())
        return doc + "\n".join(parts) + self.random.choice(("\n", ""))


def indented(text, source_of_chance):
    """`text` one level deeper; strings over several lines take what they get."""
    space = source_of_chance.choice(("    ", "\t", " ", "  "))
    return "\n".join(space + line if line.strip() else line for line in text.split("\n"))


def encoded(text, chance):
    choice = chance.random()
    if choice < 0.1:
        return text.replace("\n", "\r\n").encode()
    if choice < 0.15:
        return text.replace("\n", "\r").encode()
    if choice < 0.25:
        return b"\xef\xbb\xbf" + text.encode()
    if choice < 0.3:
        with contextlib.suppress(UnicodeEncodeError):
            return ("# -*- coding: latin-1 -*-\n" + text).encode("latin-1")
    if choice < 0.35:
        with contextlib.suppress(UnicodeEncodeError):
            return ("#!/usr/bin/python\n# vim: fileencoding=cp1252 :\n" + text).encode("cp1252")
    return text.encode()


def test_random_modules(reader):
    outcomes = {"compared": 0, "not run": 0, "syntax error": 0}
    certain = 0
    for seed in range(RANDOM_MODULES):
        generator = Generator(seed)
        source = encoded(generator.module(), generator.random)
        known = () if generator.doubtful else NAMES
        outcome = check(reader, source, known)
        outcomes[outcome] += 1
        certain += outcome == "compared" and not generator.doubtful
    # The comparison means something only where most modules run, and many hold no doubt.
    assert outcomes["compared"] >= 1500, outcomes
    assert certain >= 600, (certain, outcomes)


def test_each_doubtful_form_alone(reader):
    """Every form after which values may be unknown, right behind known values."""
    compared = 0
    for seed in range(1500):
        generator = Generator(100000 + seed)
        start = "revision = 'r'\ndown_revision = ('d',)\nbranch_labels = None\nA = 'a'\nB = 'b'\nC = 'c'\n"
        compared += check(reader, (start + generator.uncertain()).encode()) == "compared"
    assert compared >= 1000


def test_trickery_leaves_what_is_written(reader):
    start = ("revision = 'r'\ndown_revision = ('d',)\nbranch_labels = None\n"
             "A = 'a'\nB = 'b'\nC = 'c'\n")
    doubted = 0
    for seed in range(1000):
        generator = Generator(200000 + seed)
        source, without = generator.trickery()
        if not compiles(source):
            continue
        answer = reader.read((start + source).encode())
        assert answer["syntax_error"] is None, source
        namespace = executed(start + without)
        for name in NAMES:
            assert answer[name]["kind"] != "unknown", (source, name, answer[name])
            assert agrees(answer[name], namespace, name), (source, name, answer[name])
        doubted += answer["doubt"] is not None
    assert 150 < doubted < 500


HAND_WRITTEN = [
    # form after form: source, names that must be known
    ("revision = 'a' 'b' \"c\"\ndown_revision = u'x'", NAMES),
    ("\ufeffrevision = 'bom'", NAMES),
    ("if True:\n  if 1:\n    revision = 'a'\n  else:\n    revision = 'b'\n", NAMES),
    ("revision = 'a'\nif True: pass\nelse: revision = 'b'", NAMES),
    ("revision='a';down_revision='b'", NAMES),
    ("revision = 'a'\nrevision: str", NAMES),
    ("revision: str\n", NAMES),
    ("revision = down_revision = 'a'\ndel revision\n", NAMES),
    ("x = '''\n'''; revision = 'a'", NAMES),
    ("x = 'a\\\nb'\nrevision = x", NAMES),
    ("revision = ('a'\n    # comment\n    'b'\n)\n", NAMES),
    ("revision = ((((('a')))))\n", NAMES),
    ("def f(\n  a,\n): return 1\nrevision = 'a'\n", NAMES),
    ("def f(): \\\n  return 1\nrevision = 'a'\n", NAMES),
    ("class A: revision = 'x'\nrevision = 'a'\n", ("revision",)),
    ("def f():\n    '''\nrevision = 'no'\n'''\nrevision = 'yes'\n", NAMES),
    ("def f():\n    x = '''a''' '\\'' \"\\\"\" '''it's'''\n\n\n\nrevision = 'yes'\n", NAMES),
    ("def f():\n  pass\n  # deeper\n# back\n    # comment\nrevision = 'yes'\n", NAMES),
    ("def f():\n  if x:\n\n      y\n  else:\n   z\nrevision = 'yes'\n", NAMES),
    ("def f():\n\tif x:\n\t    y\n\tz\nrevision = 'yes'\n", NAMES),
    ("def f(): x = [\n1,\n]; y = {\n}\nrevision = 'yes'\n", NAMES),
    ("def f():\n    return f'{x!r:{y}}' f\"{'a' if x else 'b'}\" rf'\\{x}' f'{{'\nrevision = 'a'\n", NAMES),
    ("async def f():\n    async with x: pass\nrevision = 'a'\n", NAMES),
    ("import typing\nif typing.TYPE_CHECKING:\n    revision = 'a'\n", NAMES),
    ("if 0:\n    revision = 'a'\nelif 1:\n    revision = 'b'\nelse:\n    revision = 'c'\n", NAMES),
    ("DEBUG = False\nif DEBUG:\n    revision = 'a'\n", NAMES),
    ("if True:\n    def f():\n        x\n    revision = 'a'\ndown_revision = None\n", NAMES),
    ("revision = 'a'\ntry:\n    revision = 'a'\nexcept E:\n    pass\n", NAMES),
    ("revision = 'a'\nfor i in (1, 2):\n    revision = 'a'\n", NAMES),
    ("A = 'q'\nrevision = 'q'\nfor i in (1, 2):\n    revision = A\n    A = 'z'\n", ()),
    ("A = 'q'\nrevision = 'q'\nfor i in (1, 2):\n    if revision == 'z': pass\n    revision = A; A = 'z'\n", ()),
    ("B = False\nfor i in (1, 2):\n    if B:\n        revision = 'a'\n    B = True\n", ()),
    ("revision = 'a'\n\\\ndown_revision = 'b'\n", NAMES),
    ("revision = 'a' ; \ndown_revision = 'b' # ;\n", NAMES),
    ("revision = 'a'\\\n    'b'\n", NAMES),
    ("type revision = str\n", ()),
    ("match = {'a': 1}\nmatch['a'] = 2\nrevision = 'a'\n", NAMES),
    ("case = 1\ntype = 2\n_ = 3\nrevision = 'a'\n", NAMES),
    ("print (lambda: 1)()\nrevision = 'a'\n", ("revision",)),
    ("lambda: (yield)\nrevision = 'a'\n", ("revision",)),
    ("x = lambda a=1: a\nif (lambda: True)(): revision = 'a'\n", ()),
    ("x: 'a' = 1; y: {'k': 'v'} = 2\nrevision: dict[str, 'x'] = 'a'\n", NAMES),
    ("with open('/dev/null') as f: x = 1\nrevision = 'a'\n", NAMES),
    ("revision = 'a'\nrevision.__class__\n", NAMES),
    ("revision = '''a\r\nb'''\n", NAMES),
    ("revision = 'a'\x0c\n\x0cdown_revision = 'b'\n", NAMES),
    ("revision = '\\400'\n", NAMES),
    ("revision = f'{{a}}'\n", NAMES),
    ("revision = ()\ndown_revision = []\n", NAMES),
    ("revision = 'a',\n", NAMES),
    ("revision, = 'a',\n", NAMES),
    ("[revision] = ['a']\n", NAMES),
    ("(revision,) = down_revision = ('a',)\n", NAMES),
    ("A = ('a', None)\nrevision, down_revision = A\n", NAMES),
    ("revision, depends_on = 'a', ['b']\n", NAMES),
    ("A = 'a'\nrevision = A\nA = 'b'\n", NAMES),
    ("A = {'revision': 'x'}\nfor k, v in A.items(): globals()[k] = v\n", ()),
    ("try:\n    import not_there\n    revision = 'a'\nexcept ImportError:\n    revision = 'a'\n", NAMES),
    ("try:\n    depends_on = 'a'\n    import not_there\nexcept ImportError:\n    pass\n", NAMES),
    ("try:\n    import not_there\n    depends_on = 'a'\nexcept ImportError:\n    pass\n", NAMES[:3]),
    ("try:\n    import not_there\n    depends_on = 'a'\nexcept ImportError:\n    depends_on = 'a'\n", NAMES),
    ("if len('ab') == 1:\n    depends_on = None\n", NAMES),
    ("revision = 'a'\nx = f'''DO $$ BEGIN v := {len('a')}; revision := 1; END $$'''\n", NAMES),
    ("from outside import *\nrevision = 'a'\ndown_revision = None\n", NAMES[:3]),
    ("A = 'x'\nx = f'{A.foo if 0 else A}'\nrevision = A\n", NAMES),
    ("revision = 'a'\nassert revision\nraise_ = 1\n", NAMES),
    ("import os.path as x, sys\nfrom os import (path,\n  sep)\nrevision = 'a'\n", NAMES),
    ("from . import x\n", NAMES),
    ("from ... import x\nfrom .a.b import c\nfrom.d import e\n", NAMES),
    ("if True:\n    pass\nelif revision:\n    pass\nrevision = 'x'\n", NAMES),
    ("revision = 'a'\n" + "x = " + "(" * 60 + "1" + ")" * 60 + "\n", NAMES),
    ("revision = " + "(" * 40 + "'a'" + ")" * 40 + "\n", NAMES),
    ("A = 'a'\n" + "A = A + A\n" * 30 + "revision = A\n"[0:0], NAMES),
    ("A = ('a',)\n" + "A = A + A\n" * 16 + "revision = 'b'\n", NAMES),
    ("\n" * 50 + "if 1:\n" + "".join(" " * i + "if 1:\n" for i in range(1, 60)) + " " * 60 + "revision = 'a'\n", NAMES),
    ("0xfor x in [1]\n"[0:0] + "revision = 'a'\n", NAMES),
    ("x = 1if 1else 2\nrevision = 'a'\n", NAMES),
    ("x = 1.\ny = .5\nz = 1..real\nrevision = 'a'\n", NAMES),
    ("@staticmethod\ndef f(): pass\nrevision = 'a'\n", NAMES),
    ("@(lambda f: f)\nclass A:\n    @property\n    def x(self): return 1\nrevision = 'a'\n", ("revision",)),
    ("class A(object, metaclass=type):\n  x = 1\n\n  def f(self, revision='x'):\n      return {}\nrevision = 'a'\n", ("revision",)),
    ("def f(x, revision=None, *a, **k): pass\nf(1, revision='b')\nrevision = 'a'\n", ("revision",)),
]


@pytest.mark.parametrize("source, known", HAND_WRITTEN)
def test_hand_written_module(reader, source, known):
    check(reader, source.encode(), known)


def test_the_standard_library_has_no_syntax_error_and_its_docstrings_are_read(reader):
    root = sysconfig.get_path("stdlib")
    files = sorted(glob.glob(os.path.join(root, "**", "*.py"), recursive=True))
    files = [path for path in files if "site-packages" not in path]
    assert len(files) > 300
    compared = 0
    for path in files:
        with open(path, "rb") as file:
            source = file.read()
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, LookupError):
            continue
        answer = reader.read(source)
        # The one thing that CPython takes and we refuse, openly: rare codings.
        if answer["syntax_error"] and "unsupported coding" in answer["syntax_error"]["message"]:
            continue
        assert answer["syntax_error"] is None, (path, answer["syntax_error"])
        docstring = ast.get_docstring(tree, clean=False) or ""
        if "\\N{" not in docstring:
            assert answer["docstring"] == docstring, path
            # As alembic.script.base.Script.doc has it.
            assert answer["message"] == docstring.strip().split("\n\n")[0], path
            compared += 1
    assert compared > 300
