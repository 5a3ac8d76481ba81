"""`ahead`, `diverged` and what is pending against Alembic itself, on random repositories.

Each has revisions that main and another branch share, and some that only one of them has. The rows
are those of a database that was migrated from the branch. Alembic is asked twice: on the checkout of
the branch, what was applied; on both merged, what an upgrade to heads would run.
"""

import json
import os
import pathlib
import random
import subprocess

from alembic_venv import alembic_python, build_folder
from test_revision_graph import Sketch, closure, edges_of, lines_of, tops

HERE = pathlib.Path(__file__).resolve().parent
INI = "[alembic]\nscript_location = %(here)s/m\n"


class Divided:
    """A sound graph, each revision of which is of main, of the branch, or of both."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        sketch = Sketch(self.rng)
        share_of_both = self.rng.choice([0.3, 0.6, 0.9])
        owner, self.revisions = {}, []
        for revision in sketch.revisions:
            # Two ids that differ in case alone look like a slip, and slips are not looked for.
            if revision["id"] == "AE10":
                revision["id"] = "ae20"
            if any(name not in owner for name in revision["down"] + revision["deps"]):
                continue
            sides = {owner[name] for name in revision["down"] + revision["deps"]} - {"both"}
            if len(sides) == 2:
                continue
            place = sides.pop() if sides else self.rng.choice(["main", "side"])
            if place not in sides and not sides and self.rng.random() < share_of_both:
                if all(owner[name] == "both" for name in revision["down"] + revision["deps"]):
                    place = "both"
            for name in [revision["id"], *revision["labels"]]:
                owner[name] = place
            self.revisions.append(dict(revision, place=place))

    def of(self, *places):
        return [r for r in self.revisions if r["place"] in places]

    def rows(self):
        """A sound state of the branch that main does not know whole; nothing where there is none."""
        side = self.of("side", "both")
        own = [r["id"] for r in self.of("side")]
        if not own or not self.of("main", "both"):
            return None
        some = self.rng.sample([r["id"] for r in side], self.rng.randint(0, min(4, len(side))))
        rows = tops(edges_of(side), list(dict.fromkeys([self.rng.choice(own), *some])))
        return rows if set(rows) & set(own) else None


def tuple_of(names):
    return None if not names else names[0] if len(names) == 1 else tuple(names)


def file_of(revision):
    return "\n".join([
        f"revision = {revision['id']!r}",
        f"down_revision = {tuple_of(revision['down'])!r}",
        f"depends_on = {tuple_of(revision['deps'])!r}",
        f"branch_labels = {tuple_of(revision['labels'])!r}\n",
    ])  # fmt: skip


def repository(folder, divided, removed):
    """`removed`: what is the branch's was merged into main and taken out again."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    files = {"alembic.ini": INI, "m/env.py": "\n"}
    commits, mark = [], 0

    def commit(branch, parent, changes):
        nonlocal mark
        mark += 1
        lines = [f"commit refs/heads/{branch}", f"mark :{mark}",
                 f"committer example <dev@example.com> {1_700_000_000 + mark} +0000", "data 1", "x"]
        lines += [f"from :{parent}"] if parent else []
        for path, text in changes.items():
            if text is None:
                lines.append(f"D {path}")
            else:
                lines += [f"M 100644 inline {path}", f"data {len(text.encode())}", text]
        commits.append("\n".join(lines) + "\n")
        return mark

    def texts(*places):
        return {f"m/versions/{r['place']}_{r['path'].split('/')[1]}": file_of(r) for r in divided.of(*places)}

    first = commit("main", None, {**files, **texts("both")})
    side = commit("main" if removed else "side", first, texts("side"))
    if removed:
        first = commit("main", side, dict.fromkeys(texts("side")))
    commit("main", first, texts("main"))
    subprocess.run(["git", "-C", folder, "fast-import", "--quiet"], input="".join(commits).encode(), check=True)


def ours(folder, rows):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SCHEMA_DRIFT_", "GIT_"))}
    program = build_folder() / "schema-drift"
    words = [program, "pending", "--format", "json", "--repository", folder, "--ref", "main"]
    words += [word for row in rows for word in ("--at", row)]
    done = subprocess.run(words, capture_output=True, text=True, env=env, timeout=60)
    assert done.returncode == 1, done
    return json.loads(done.stdout)


def test_what_is_ahead_diverged_and_pending_is_so_for_alembic(tmp_path):
    cases = []
    for seed in range(400):
        divided = Divided(seed)
        rows = divided.rows()
        if rows is not None:
            cases.append((seed, divided, rows))
    oracle = [alembic_python(), str(HERE / "graph_oracle.py"), "map"]
    on_branch = lines_of(oracle, [{"revisions": d.of("side", "both"), "rows": r} for _, d, r in cases])
    merged = lines_of(oracle, [{"revisions": d.revisions, "rows": r} for _, d, r in cases])
    seen = {"ahead": 0, "diverged": 0}
    for (seed, divided, rows), branch, both in zip(cases, on_branch, merged):
        of_main = {r["id"] for r in divided.of("main", "both")}
        applied = closure(branch["edges"], rows)
        pending = of_main & set(both["pending"])
        assert pending == of_main - applied, f"seed {seed}: Alembic says two things"
        repository(tmp_path / str(seed), divided, removed=seed % 3 == 0)
        report = ours(tmp_path / str(seed), rows)
        about = f"seed {seed}, rows {rows}: {report['findings']}"
        assert report["status"] == ("diverged" if pending else "ahead"), about
        assert {one["revision"] for one in report["pending"]} == pending, about
        base = tops(both["edges"], sorted(of_main & applied))
        assert report["common_base"] == sorted(base), about
        seen[report["status"]] += 1
    assert min(seen.values()) >= 25, seen
