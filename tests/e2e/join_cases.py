"""Tables and operations by which it is seen that operations are joined with production's tables."""

import json

from program import check, run
from test_explain_operations import Project

TABLES = """
CREATE TABLE big (id int PRIMARY KEY, n int, note varchar(50));
INSERT INTO big SELECT i, i, 'x' FROM generate_series(1, 1000) i;
ALTER TABLE big ADD CONSTRAINT big_n CHECK (n IS NOT NULL);
CREATE TABLE child (big_id int CONSTRAINT child_big REFERENCES big (id));
CREATE TABLE parted (id int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (1000);
INSERT INTO parted SELECT generate_series(1, 500);
CREATE TABLE fresh (id int);
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY); INSERT INTO alembic_version VALUES ('r1');
CREATE ROLE reader LOGIN; GRANT SELECT ON alembic_version TO reader
"""
ANALYZE = "ANALYZE big; ANALYZE parted; ANALYZE child"
BODY = """
op.alter_column("big", "n", nullable=False)
op.alter_column("big", "note", type_=sa.String(100))
op.drop_constraint("child_big", "child")
op.create_index("ix", "parted", ["id"])
op.create_index("ix2", "fresh", ["id"])
"""


def prepare(cluster):
    cluster.psql(TABLES, db="app")
    # By itself: what the session before it has inserted is counted then.
    cluster.psql(ANALYZE, db="app")


def join_of(folder, database, env=None):
    """What `explain`, `pending` and `check` say of production at r1."""
    words = ("--repository", Project(folder / "project", "pass", BODY).repository.folder, "--database", database)
    explained = run("explain", "r1", "r2", *words, "--format", "json", env=env)
    pending = run("pending", *words, "--format", "json", env=env)
    assert (explained.returncode, pending.returncode) == (0, 1), explained.stderr + pending.stderr
    return json.loads(explained.stdout), json.loads(pending.stdout), check(*words, env=env)[1]
