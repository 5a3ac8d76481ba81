"""What Alembic itself says about revision graphs. Run by test_revision_graph.py inside the
virtual environment that has Alembic; one JSON document a line in, one a line out.

`graph_oracle.py map` builds RevisionMap from Revision objects: thousands of graphs in seconds.
`graph_oracle.py files FOLDER` writes real version files and loads them with ScriptDirectory.
`graph_oracle.py run FOLDER` does that too, stamps the rows into an SQLite database and really
upgrades it to heads.
"""

import graphlib
import json
import os
import shutil
import signal
import sys
import warnings

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.script import revision as rules
from alembic.util import CommandError
import sqlalchemy

# Ours on the right. RevisionError itself is told apart by its text.
KINDS = {
    rules.LoopDetected: "self_loop",
    rules.DependencyLoopDetected: "dependency_loop",
    rules.CycleDetected: "cycle",
    rules.DependencyCycleDetected: "dependency_cycle",
}


def kind_of(error):
    if type(error) in KINDS:
        return KINDS[type(error)]
    if isinstance(error, KeyError):
        return "missing_revision"
    text = str(error)
    if isinstance(error, rules.RevisionError):
        if "not allowed in revision identifier" in text:
            return "invalid_revision_id"
        if text.startswith("Branch name "):
            return "label_conflict"
        if "broken map" in text:
            # A down_revision that is a branch label: found among the labels, then not the same.
            return "missing_revision"
    raise error


def or_none(names):
    """As people write it: None, one name, or several."""
    if not names:
        return None
    return names[0] if len(names) == 1 else tuple(names)


def facts(map_):
    """Everything that can be compared, of a graph that Alembic took."""
    revisions = {key: rev for key, rev in map_._revision_map.items()
                 if rev is not None and key == rev.revision}
    labels = {}
    for rev in revisions.values():
        for label in rev.branch_labels:
            labels.setdefault(label, []).append(rev.revision)
    return {
        "heads": sorted(map_.heads),
        "effective_heads": sorted(map_._real_heads),
        "bases": sorted(map_.bases),
        "branch_points": sorted(r.revision for r in revisions.values() if r.is_branch_point),
        "merge_points": sorted(r.revision for r in revisions.values() if r.is_merge_point),
        "labels": {label: sorted(carriers) for label, carriers in labels.items()},
        "edges": {rev.revision: sorted(rev._all_down_revisions) for rev in revisions.values()},
    }


def upgrade_plan(map_, rows):
    """What `upgrade heads` would do from those rows: the pending revisions, or a refusal."""
    try:
        steps = list(map_.iterate_revisions("heads", tuple(rows), implicit_base=True))
    except rules.RevisionError as error:
        if "overlaps with other requested revisions" not in str(error):
            raise
        return {"overlap": True}
    return {"pending": [step.revision for step in reversed(steps)]}


def has_cycle(edges):
    """Alembic misses a cycle that its heads and its bases both reach, and then never returns from
    sorting it, so nothing more may be asked of such a graph. Spreading a branch label over such a
    cycle does not return either; see Hung."""
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError:
        return True
    return False


class Hung(Exception):
    """Raised inside Alembic where it walks a cycle for ever. These graphs have 40 revisions and
    take milliseconds."""


def raise_hung(signum, frame):
    raise Hung


def inspected(map_, question):
    """Builds `map_` and tells what came of it."""
    result = {}
    signal.signal(signal.SIGALRM, raise_hung)
    signal.alarm(10)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            map_._revision_map
            result.update(facts(map_))
            if has_cycle(result["edges"]):
                result = {"missed_cycle": True}
            elif all(row in result["edges"] for row in question["rows"]):
                result.update(upgrade_plan(map_, question["rows"]))
        except (rules.RevisionError, KeyError) as error:
            result = {"error": kind_of(error)}
        except Hung:
            result = {"missed_cycle": True}
        finally:
            signal.alarm(0)
    result["warned_of_duplicate"] = any("present more than once" in str(w.message) for w in caught)
    return result


def answer_from_map(question):
    def revisions():
        for entry in question["revisions"]:
            yield rules.Revision(entry["id"], or_none(entry["down"]), or_none(entry["deps"]),
                                 or_none(entry["labels"]))

    return inspected(rules.RevisionMap(revisions), question)


FILE = '''"""step"""
revision = {id!r}
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {deps!r}


def upgrade():
    pass


def downgrade():
    pass
'''

def written(folder, question):
    """A script directory with those revisions."""
    shutil.rmtree(folder, ignore_errors=True)
    versions = os.path.join(folder, "versions")
    os.makedirs(versions)
    for entry in question["revisions"]:
        with open(os.path.join(versions, os.path.basename(entry["path"])), "w") as file:
            file.write(FILE.format(id=entry["id"], down=or_none(entry["down"]),
                                   labels=or_none(entry["labels"]), deps=or_none(entry["deps"])))
    config = Config()
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config, ScriptDirectory.from_config(config)


def answer_from_files(folder, question):
    return inspected(written(folder, question)[1].revision_map, question)


def answer_by_running(folder, question):
    """Stamps the rows, upgrades to heads, and tells what ran and which rows are there then."""
    config, script = written(folder, question)
    ran = []

    def plan(rows, context):
        return script._upgrade_revs("heads", rows)

    def note(ctx, step, heads, run_args):
        ran.append(step.up_revision_id)

    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        for row in question["rows"]:
            connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (row,))
        try:
            with EnvironmentContext(config, script, fn=plan) as environment:
                environment.configure(connection=connection, on_version_apply=note)
                environment.run_migrations()
        except CommandError as error:
            return {"refused": str(error), "ran": ran}
        except Exception as error:  # Alembic's own slips show as KeyError or AssertionError.
            return {"crashed": f"{type(error).__name__}: {error}", "ran": ran}
        rows = [row[0] for row in connection.exec_driver_sql("SELECT * FROM alembic_version")]
    engine.dispose()
    return {"ran": ran, "rows": sorted(rows)}


def main():
    mode = sys.argv[1]
    for number, line in enumerate(sys.stdin):
        question = json.loads(line)
        if mode == "map":
            answer = answer_from_map(question)
        elif mode == "files":
            answer = answer_from_files(os.path.join(sys.argv[2], str(number)), question)
        else:
            answer = answer_by_running(os.path.join(sys.argv[2], str(number)), question)
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
