"""`explain`: what the operations of migrations lock, in repositories whose upgrade() is given here."""

import json
import textwrap

import pytest
from program import run
from repository import Repository

HEAD = "import sqlalchemy as sa\nfrom alembic import op, context\nfrom sqlalchemy.dialects import postgresql\n"


class Project:
    """A chain of revisions r1, r2 ...; each is given as the body of its upgrade()."""

    def __init__(self, folder, *bodies, module=""):
        self.repository = Repository(folder)
        down = None
        for number, body in enumerate(bodies, 1):
            text = f'revision = "r{number}"\ndown_revision = {down!r}\n{HEAD}{textwrap.dedent(module)}\ndef upgrade():\n'
            text += textwrap.indent(textwrap.dedent(body).strip() or "pass", "    ") + "\n"
            (self.repository.versions / f"r{number}_x.py").write_text(text)
            down = f"r{number}"
        self.repository.commit()

    def explain(self, *words):
        done = run("explain", *words, "--repository", self.repository.folder, "--format", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["revisions"]

    def operations(self, *words):
        return [one for revision in self.explain(*words) for one in revision["operations"]]


@pytest.fixture
def project(tmp_path):
    return lambda *bodies, **how: Project(tmp_path / "project", *bodies, **how)


def names(operations):
    return [(one["operation"], one["table"]) for one in operations]


def test_an_operation_with_all_that_is_said_of_it(project):
    (said,) = project('op.create_foreign_key("fk_org", "users", "orgs", ["org_id"], ["id"])').explain("r1")
    assert said["operations"] == [{
        "operation": "create_foreign_key", "table": "users", "columns": ["org_id"], "index": None,
        "constraint": "fk_org", "to": "orgs",
        "locks": {"orgs": "SHARE ROW EXCLUSIVE", "users": "SHARE ROW EXCLUSIVE"},
        "rewrites": False, "scans": True, "severity": "high", "line": 8, "conditional": False,
        "opaque": False, "notes": [],
        "rules": [{"rule": "add-foreign-key", "severity": "high", "suppressed": None,
                   "safe": "postgresql_not_valid=True, then VALIDATE CONSTRAINT in a later revision"}],
        "seconds": None,
    }]  # fmt: skip
    assert said["tables"] == {"orgs": "SHARE ROW EXCLUSIVE", "users": "SHARE ROW EXCLUSIVE"}


def test_revisions_are_one_chain_in_upgrade_order(project):
    made = project(
        'op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True))',
        'op.create_index("ix", "users", ["id"])',
    )
    said = made.explain("r2", "r1")
    assert [one["revision"] for one in said] == ["r1", "r2"]
    assert [one["tables"] for one in said] == [{}, {}]
    assert made.explain("--revision", "r2")[0]["tables"] == {"users": "SHARE"}
    assert [one["revision"] for one in made.explain()] == ["r1", "r2"]


def test_what_was_made_before_is_known(project):
    made = project(
        """
        op.create_table("orgs", sa.Column("id", sa.Integer(), primary_key=True))
        op.create_table("users", sa.Column("org", sa.Integer(), sa.ForeignKey("orgs.id", name="fk")), sa.Column("x"))
        op.create_foreign_key("fk_x", "users", "orgs", ["x"], ["id"])
        op.create_index("ix", "users", ["x"])
        """,
        'op.drop_constraint("fk_x", "users", type_="foreignkey")',
        'op.drop_index("ix")',
        'op.drop_column("users", "org")',
    )
    locked = {"orgs": "ACCESS EXCLUSIVE", "users": "ACCESS EXCLUSIVE"}
    assert made.explain("r2")[0]["tables"] == locked
    assert made.explain("r3")[0]["operations"][0]["table"] == "users"
    assert made.explain("r4")[0]["tables"] == locked


def test_python_is_followed(project):
    body = """
    for name in NAMES + ["c"]:
        op.drop_table(name)
    for i, (name, kind) in enumerate({"x": sa.Text, "y": sa.Integer}.items()):
        add(op, f"t{i}", name, kind=kind())
    with op.batch_alter_table("users", schema="app") as batch_op:
        batch_op.drop_column("x")
        batch_op.create_index("ix", ["y"])
        batch_op.drop_constraint(op.f("c"))
    op.execute("UPDATE %s SET x = 1" % "users")
    op.execute("DROP TABLE {}".format(NAMES[-1]))
    """
    module = """
    NAMES = ["a", "b"]
    def add(o, table, *columns, kind=None):
        [o.add_column(table, sa.Column(column, kind)) for column in columns]
    """
    assert names(project(body, module=module).operations("r1")) == [
        ("drop_table", "a"), ("drop_table", "b"), ("drop_table", "c"),
        ("add_column", "t0"), ("add_column", "t1"),
        ("drop_column", "app.users"), ("create_index", "app.users"), ("drop_constraint", "app.users"),
        ("execute", "users"), ("execute", "b"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "test, taken",
    [
        ('op.get_bind().dialect.name == "postgresql"', True),
        ('context.get_context().dialect.name != "sqlite"', True),
        ('op.get_bind().engine.name in ("mysql", "sqlite")', False),
        ('str(op.get_bind().engine.url).startswith("postgres")', True),
        ("context.is_offline_mode()", False),
        ('sa.inspect(op.get_bind()).has_table("users")', None),
    ],
)
def test_tests_of_the_dialect_are_decided_and_those_of_the_database_are_not(project, test, taken):
    body = f'if {test}:\n    op.drop_table("yes")\n    return\nop.drop_table("no")'
    said = [(one["table"], one["conditional"]) for one in project(body).operations("r1")]
    assert said == {
        True: [("yes", False)],
        False: [("no", False)],
        None: [("yes", True), ("no", True)],
    }[taken]


def test_constants_of_other_modules_of_the_tree(project):
    made = project('from helpers import NAME, drop\ndrop(NAME)')
    (made.repository.folder / "helpers.py").write_text(
        "from alembic import op\nNAME = 'users'\ndef drop(name):\n    op.drop_table(name)\n")
    ini = made.repository.folder / "alembic.ini"
    ini.write_text(ini.read_text() + "prepend_sys_path = .\n")
    made.repository.commit()
    assert [(one["table"], one["line"]) for one in made.operations("r1")] == [("users", 9)]


@pytest.mark.parametrize(
    "body, reason",
    [
        ("op.drop_table(name())", "the table cannot be known: it is the parameter x of name"),
        ("op.create_view('x')", "op.create_view(), which is not Alembic's"),
        ("exec('x')", "a call of exec()"),
        ("import theirs\ntheirs.migrate(op)", "a call of theirs.migrate that can reach the database"),
        ("op.execute(open('x.sql').read())", "a statement that is what open() gives"),
        ("op.execute('ALTER TABEL x')", 'SQL that PostgreSQL 15\'s grammar refuses: syntax error at or near "TABEL"'),
        ("while True:\n    x = list(range(50000))", "the rest of upgrade(): following it takes too long"),
        ("op.execute('DO $$ BEGIN END $$')", "a DO block: what its code does is not read"),
    ],
)
def test_what_is_not_understood_is_opaque(project, body, reason):
    (said,) = project(body, module="def name(x):\n    return x\n").operations("r1")
    assert (said["opaque"], said["reason"], said["severity"]) == (True, reason, "high")
    assert said["rewrites"] is said["scans"] is None
    assert said["locks"] == {}


@pytest.mark.parametrize("column, what", [
    ('sa.Column("x", sa.Integer(), *given())', "an argument of the column cannot be known: it is unpacked from what only a run can tell"),
    ('sa.Column("x", sa.Integer(), **given())', "an argument of the column cannot be known: it is unpacked from what only a run can tell"),
    ('sa.Column("x", sa.Integer(), given())', "an argument of the column cannot be known: it is unpacked from what only a run can tell"),
    ('sa.Column("x", sa.Integer(), nullable=given())', "an argument of the column cannot be known: it is what the connection says"),
    ('sa.Column("x", sa.Integer(), unique=given())', "an argument of the column cannot be known: it is what the connection says"),
])  # fmt: skip
def test_a_column_of_which_a_part_cannot_be_known_is_opaque(project, column, what):
    (said,) = project(f'op.add_column("t", {column})', module="given = op.get_bind().info").operations()
    assert (said["operation"], said["table"], said["opaque"], said["reason"], said["severity"]) == ("add_column", "t", True, what, "high")


@pytest.mark.parametrize("part", ['sa.Column("x", sa.Integer(), *given())', "given()"])
def test_a_new_table_of_which_a_part_cannot_be_known_may_refer_to_others(project, part):
    (said,) = project(f'op.create_table("t", sa.Column("id", sa.Integer()), {part})', module="given = op.get_bind().info").operations()
    assert (said["operation"], said["table"], said["opaque"], said["locks"]) == ("create_table", "t", False, {})
    assert said["notes"] == ["an argument cannot be known: the table that a foreign key in it refers to is locked, too"]


def test_a_module_in_a_submodule_is_as_one_of_a_library(project):
    made = project('if SETTING:\n    op.drop_table("t")', module="from base.app import SETTING")
    repository = made.repository
    repository.git("update-index", "--add", "--cacheinfo", "160000," + repository.git("rev-parse", "HEAD") + ",base")
    repository.git("commit", "-q", "-m", "submodule")
    ini = repository.folder / "alembic.ini"
    ini.write_text(ini.read_text() + "prepend_sys_path = .\n")
    repository.git("commit", "-q", "-a", "-m", "path")
    (said,) = made.operations()
    assert (said["operation"], said["table"], said["conditional"]) == ("drop_table", "t", True)


def test_a_file_without_upgrade_is_opaque(project):
    made = project("pass")
    path = made.repository.versions / "r1_x.py"
    path.write_text(path.read_text().replace("upgrade", "other"))
    made.repository.commit()
    assert [one["reason"] for one in made.operations("r1")] == ["upgrade, which is no function of the file"]


def severities(operations):
    return [one["severity"] for one in operations]


def test_an_update_under_access_exclusive(project):
    body = """
    op.add_column("users", sa.Column("x", sa.Integer()))
    op.execute("UPDATE users SET x = 1")
    with op.get_context().autocommit_block():
        op.create_index("ix", "users", ["x"], postgresql_concurrently=True)
    op.execute("UPDATE users SET x = 2")
    """
    assert severities(project(body).operations("r1")) == ["low", "high", "low", "medium"]


def test_validate_where_the_constraint_was_added(project):
    add = 'op.create_check_constraint("c", "users", "x > 0", postgresql_not_valid=True)'
    validate = 'op.execute("ALTER TABLE users VALIDATE CONSTRAINT c")'
    made = project(add, validate)
    assert severities(made.operations("r1")) == ["low"]
    assert severities(made.operations("r2")) == ["low"]
    assert severities(made.operations("r1", "r2")) == ["low", "high"]


def test_concurrently_in_a_transaction_cannot_succeed(project):
    body = """
    op.create_index("ix", "users", ["x"], postgresql_concurrently=True)
    op.execute("COMMIT")
    op.create_index("iy", "users", ["x"], postgresql_concurrently=True)
    """
    first, commit, second = project(body).operations("r1")
    assert (first["severity"], commit["command"], second["severity"]) == ("high", "COMMIT", "low")
    assert first["notes"] == [
        "cannot succeed: CREATE INDEX CONCURRENTLY is refused inside a transaction; put it into autocommit_block()"]
    assert "psycopg 3" in second["notes"][0]


def test_as_text(project):
    made = project('op.drop_column("users", "name")\nop.execute(what)', module="what = input()")
    done = run("explain", "r1", "--repository", made.repository.folder, "--server-version", "15")
    assert done.returncode == 0
    file = "migrations/versions/r1_x.py"
    assert done.stdout.split("\n", 1)[1] == (
        f"  high    drop_column users (name)  ACCESS EXCLUSIVE  {file}:8\n"
        "          loses data, and running code may still use the column\n"
        f"  high    cannot read a statement that is what input() gives  {file}:9\n"
        f"\n1 of 2 operations read; 1 could not be, the first at {file}:9. Rules of PostgreSQL 15. "
        "Alembic's default is one transaction for all: locks are held to its end.\n"
    )


def test_a_repository_that_cannot_be_read(tmp_path):
    done = run("explain", "--repository", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize(
    "statement, locks, rewrites, scans",
    [
        ("ALTER TABLE users ADD CONSTRAINT c NOT NULL n NOT VALID", "ACCESS EXCLUSIVE", False, False),
        ("ALTER TABLE users ADD CONSTRAINT c NOT NULL n", "ACCESS EXCLUSIVE", False, True),
        ("ALTER TABLE users ALTER COLUMN n SET EXPRESSION AS (m + 1)", "ACCESS EXCLUSIVE", True, False),
        ("ALTER TABLE users ADD n int GENERATED ALWAYS AS (m + 1) VIRTUAL", "ACCESS EXCLUSIVE", False, False),
    ],
)
def test_forms_that_are_newer_than_the_grammar(project, statement, locks, rewrites, scans):
    (said,) = project(f"op.execute({statement!r})").operations("r1")
    assert (said["locks"], said["rewrites"], said["scans"]) == ({"users": locks}, rewrites, scans)
    assert said["columns"] == ["n"]


@pytest.mark.parametrize("handler, existed", [("pass", True), ("raise", False)])
def test_a_table_whose_creation_may_fail_may_exist(project, handler, existed):
    body = f"""
    try:
        with op.get_bind().begin_nested():
            op.create_table("users", sa.Column("name", sa.Text))
    except Exception:
        {handler}
    op.create_index("by_name", "users", ["name"])
    """
    create, index = project(body).operations("r1")
    assert (create["conditional"], index["conditional"]) == (existed, False)
    assert index["locks"] == ({"users": "SHARE"} if existed else {})


def test_one_statement_that_is_not_understood_leaves_the_others(project):
    body = 'op.execute("""DROP TABLE a; FROBNICATE; DELETE FROM b WHERE x = \';\'""")'
    said = project(body).operations("r1")
    assert [(one["command"], one["table"], one["opaque"]) for one in said] == [
        ("DROP TABLE", "a", False), (None, None, True), ("DELETE", "b", False)]  # fmt: skip


def test_hostile_sql_costs_bounded_time(project):
    body = """
    op.execute("".join(["SELECT 1;" for i in range(10000)]))
    op.execute("INSERT INTO t VALUES " + ",".join(["(1)" for i in range(30000)]))
    op.execute("SELECT " + "".join(["(" for i in range(20000)]))
    many = "".join(["DROP TABLE t" for i in range(1000)])
    for i in range(50000):
        op.execute(many)
    """
    said = project(body).operations("r1")
    assert said[-1]["reason"] == "the rest of upgrade(): following it takes too long"


def test_lists_that_share_their_elements_cost_bounded_time(project):
    lists = "\n".join(f"x{i} = [{f'x{i - 1}, ' * 60}]" for i in range(1, 8))
    (said,) = project(f"x0 = [{'0, ' * 60}]\n{lists}\nop.drop_table(x7[input()])").operations("r1")
    assert said["opaque"]
