"""Whatever way upgrade() takes to change the database, `explain` says so: each of these is followed to
its operation, or said not to be read. None is passed over."""

import json

import pytest
from program import run
from repository import Repository

HEAD = '''
import contextlib, dataclasses, enum, functools, itertools, os, sys, threading, types
from concurrent.futures import ThreadPoolExecutor
from sqlalchemy.orm import Session, sessionmaker
from alembic import op

def drop(name, schema=None):
    op.drop_table(name)
def rename(name):
    op.rename_table(name, "other")
def session_later():
    yield Session(bind=op.get_bind())
def functions_later():
    yield drop
@contextlib.contextmanager
def session_scope():
    yield Session(bind=op.get_bind())
def one_of_them():
    if os.getenv("ASK"):
        return drop
    return rename
def apply(function=rename):
    function("t")
class Tables:
    KIND = "kind"
    def __init__(self, name, handle=None):
        self.name = name
        self.handle = handle
    def drop(self):
        op.drop_table(self.name)
    def through(self):
        self.handle.drop_table(self.name)
    @property
    def gone(self):
        op.drop_table(self.name)
    @classmethod
    def make(cls, name):
        return cls.plain(name)
    @staticmethod
    def plain(name):
        op.drop_table(name)
class Child(Tables):
    def drop(self):
        super().drop()
class Acting:
    def __init__(self, name):
        op.drop_table(name)
class GrandChild(Acting):
    pass
class Callable:
    def __call__(self, name):
        op.drop_table(name)
class Manager:
    def __enter__(self):
        op.drop_table("t")
    def __exit__(self, *raised):
        pass
class Model(Base):
    __tablename__ = "model"
class Kinds(enum.Enum):
    ONE = "t"
    def drop(self):
        op.drop_table(self.value)
@dataclasses.dataclass
class Data:
    name: str
    other: str = "left out"
'''

# What leads to an operation that is followed: its tables, "?" where they cannot be known.
FOLLOWED = {
    "Tables('t').drop()": ["t"],
    "Tables('t', op).through()": ["t"],
    "Tables('t').gone": ["t"],
    "Tables.make('t')": ["t"],
    "Tables('a').make('t')": ["t"],
    "Tables('a').plain('t')": ["t"],
    "Acting('t')": ["t"],
    "GrandChild('t')": ["t"],
    "Kinds.ONE.drop()": ["t"],
    "a = Tables('a'); a.name = 'b'; a.drop()": ["b"],
    "a = Tables('a'); b = a; b.name = 'c'; a.drop()": ["c"],
    "[drop, rename][0]('t')": ["t"],
    "for f in {'f': drop}.values(): f('t')": ["t"],
    "assert op.drop_table('t') is None": ["t"],
    "op.drop_table(Data(name='t').name)": ["t"],
    "op.drop_table(Data('t').other)": ["?"],
    "op.drop_table(Data('t', 'u').other)": ["?"],
    "op.drop_table(os.getenv('ASK') or 't')": ["?"],
    "op.drop_table(f\"t_{os.getenv('ASK') or 'x'}\")": ["?"],
    "op.drop_table('t_%s' % (os.getenv('ASK') or 'x'))": ["?"],
    "op.drop_table('t_' + str(not os.getenv('ASK') or True))": ["?"],
    "a = Tables('a'); setattr(a, 'name', 'b'); op.drop_table(a.name)": ["?"],
    "if os.getenv('ASK'): Tables.KIND = 'b'\nop.drop_table(Tables.KIND)": ["?"],
    "a = ['t']; b = a\nif os.getenv('ASK'): a = list(a)\nb.append('u')\nfor t in a: op.drop_table(t)": ["?"],
    "a = {'t': 1, 'u': 2}; del a['t']\nfor t in a: op.drop_table(t)": ["?"],
}

# What cannot be read, and is said so.
OPAQUE = """
(drop if os.getenv('ASK') else rename)('t')
(os.getenv('ASK') and drop or rename)('t')
(os.getenv('ASK') or drop)('t')
{'f': drop}.get(os.getenv('ASK'), rename)('t')
{'f': drop}[os.getenv('ASK')]('t')
{'f': [drop]}['f'][len(os.getenv('ASK'))]('t')
[drop, rename][len(os.getenv('ASK'))]('t')
[f('t') for f in ([drop] if os.getenv('ASK') else [rename])]
fs = [drop]; fs = [rename] if os.getenv('ASK') else fs; [f('t') for f in fs]
fs = [drop]; fs.pop()('t')
f, *fs = [drop, rename]; fs[0]('t')
next(iter([drop]))('t')
for f in filter(None, [drop]): f('t')
for f in sorted([drop], key=str): f('t')
for f in functions_later(): f('t')
list(map(drop, ['t']))
functools.reduce(drop, ['t', 'u'])
functools.partial(drop, 't')()
functools.partial(op.drop_table, 't')()
list(itertools.starmap(drop, [('t', None)]))
one_of_them()('t')
apply(*os.getenv('ASK'))
types.SimpleNamespace(f=drop).f('t')
threading.Thread(target=drop, args=('t',)).start()
sys.modules['theirs'].drop('t')
getattr(op, os.getenv('ASK'))('t')
getattr(Tables, os.getenv('ASK'))('t')
Callable()('t')
Child('t').drop()
Model.query.delete()
Model.query.filter(True).update({'a': 1})
next(session_later()).execute('DELETE FROM t')
for s in session_later(): s.execute('DELETE FROM t')
with session_scope() as s: s.execute('DELETE FROM t')
with contextlib.closing(op.get_bind()) as s: s.execute('DELETE FROM t')
with contextlib.ExitStack() as stack: stack.callback(drop, 't')
with ThreadPoolExecutor() as pool: pool.submit(drop, 't')
with Manager(): pass
with Manager() as s: s.execute('DELETE FROM t')
migrate_all()
""".strip().split("\n")


def explained(folder, bodies):
    """The operations of each body, by its number."""
    repository = Repository(folder)
    for number, (head, body) in enumerate(bodies):
        indented = "".join(f"    {line}\n" for line in body.split("\n"))
        text = f"revision = 'r{number}'\ndown_revision = None\n{head}\ndef upgrade():\n{indented}"
        compile(text, body, "exec")
        (repository.versions / f"r{number}.py").write_text(text)
    repository.commit()
    done = run("explain", "--repository", repository.folder, "--format", "json")
    assert done.returncode == 0, done.stderr
    return {int(one["revision"][1:]): one["operations"] for one in json.loads(done.stdout)["revisions"]}


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    read = explained(tmp_path_factory.mktemp("followed") / "project", [(HEAD, body) for body in FOLLOWED])
    return {body: read[number] for number, body in enumerate(FOLLOWED)}


@pytest.fixture(scope="module")
def opaque(tmp_path_factory):
    # The tree does not have what `import *` takes.
    bodies = [(("from theirs import *" if body == "migrate_all()" else "") + HEAD, body) for body in OPAQUE]
    read = explained(tmp_path_factory.mktemp("opaque") / "project", bodies)
    return {body: read[number] for number, body in enumerate(OPAQUE)}


def test_what_one_file_does_to_another_module_is_not_known_to_the_next(tmp_path):
    repository = Repository(tmp_path / "project")
    (repository.folder / "app").mkdir()
    (repository.folder / "app" / "__init__.py").write_text("")
    (repository.folder / "app" / "tables.py").write_text("NAMES = ['a']\nclass Kind:\n    name = 'a'\n")
    body = "from alembic import op\nfrom app import tables\ndef upgrade():\n    {}\n    op.drop_table(tables.{})\n"
    before = None
    for revision, change, used in (("r1", "tables.NAMES[0:1] = ['b']; tables.NAMES.append('b')", "NAMES[-1]"), ("r2", "pass", "NAMES[-1]"),
                                   ("r3", "tables.Kind.name = 'b'", "Kind.name"), ("r4", "pass", "Kind.name")):  # fmt: skip
        (repository.versions / f"{revision}.py").write_text(f"revision = '{revision}'\ndown_revision = {before!r}\n" + body.format(change, used))
        before = revision
    repository.commit()
    done = run("explain", "--repository", repository.folder, "--format", "json")
    assert done.returncode == 0, done.stderr
    said = [operation for one in json.loads(done.stdout)["revisions"] for operation in one["operations"]]
    assert [(one["operation"], one["opaque"]) for one in said] == [("drop_table", True)] * 4


@pytest.mark.parametrize("body", FOLLOWED)
def test_what_is_followed(followed, body):
    said = [(one["operation"], "?" if one["opaque"] else one["table"]) for one in followed[body]]
    assert said == [("drop_table", table) for table in FOLLOWED[body]]


@pytest.mark.parametrize("body", OPAQUE)
def test_what_is_not_followed_is_said(opaque, body):
    unread = [one for one in opaque[body] if one["opaque"] and one["operation"] is None]
    assert unread, opaque[body]
    assert all(one["reason"] and one["severity"] == "high" for one in unread)
