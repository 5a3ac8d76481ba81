"""Bodies of upgrade() for test_operation_locks: every rule, spelling and form of SQL."""

SETUP = """
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE mood2 AS ENUM ('sad', 'ok');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN plain AS integer;
CREATE TABLE orgs (id integer PRIMARY KEY, name text);
CREATE TABLE users (id integer PRIMARY KEY, org_id integer, name varchar(50), bio text, email text NOT NULL,
  age smallint, n integer, big bigint, price numeric(10,2), free numeric, ts timestamp, tstz timestamptz,
  ts3 timestamp(3), tags text[], j json, jb jsonb, u uuid, c char(5), ip inet, net cidr, r real, d double precision,
  t3 time(3), vb varbit(5), feeling mood, flag boolean DEFAULT true, day date, i3 interval, full_name varchar,
  CONSTRAINT users_email_key UNIQUE (email), CONSTRAINT users_age_check CHECK (age > 0));
ALTER TABLE users ADD CONSTRAINT users_org_fk FOREIGN KEY (org_id) REFERENCES orgs (id);
CREATE INDEX users_name_idx ON users (name);
CREATE UNIQUE INDEX users_n_idx ON users (n);
CREATE TABLE app.logs (id integer, x integer, at timestamp);
CREATE TABLE pets (id integer PRIMARY KEY, owner_id integer REFERENCES users (id), name text NOT NULL);
ALTER TABLE pets ADD CONSTRAINT pets_positive CHECK (id > 0) NOT VALID;
ALTER TABLE pets ADD CONSTRAINT pets_owner FOREIGN KEY (owner_id) REFERENCES users (id) NOT VALID;
ALTER TABLE pets ADD CONSTRAINT pets_owner_set CHECK (owner_id IS NOT NULL);
CREATE TABLE parts (id integer, day date) PARTITION BY RANGE (day);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE parts_2 (id integer, day date);
CREATE VIEW v_users AS SELECT id, email FROM users;
CREATE MATERIALIZED VIEW mv_orgs AS SELECT id, name FROM orgs;
CREATE UNIQUE INDEX mv_orgs_idx ON mv_orgs (id);
CREATE SEQUENCE counter;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY only_mine ON users USING (true);
CREATE RULE nothing AS ON DELETE TO app.logs DO ALSO NOTHING;
CREATE STATISTICS users_stats ON id, n FROM users;
INSERT INTO orgs VALUES (1, 'x');
INSERT INTO users (id, email, name, n) VALUES (1, 'a@example.com', 'a', 1);
INSERT INTO pets VALUES (1, 1, 'x')
"""

COLUMNS = [
    "sa.Integer()", "sa.Integer(), nullable=True", "sa.Text(), server_default='x'", "sa.Integer, server_default='1', nullable=False",
    "sa.DateTime(), server_default=sa.func.now()", "sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False",
    "sa.DateTime(), server_default=sa.text('CURRENT_TIMESTAMP')", "sa.DateTime(), server_default=sa.text(\"timezone('utc', now())\")",
    "sa.DateTime(), server_default=sa.text(\"now() - interval '1 day'\")", "postgresql.JSONB(), server_default=sa.text(\"'{}'::jsonb\")",
    "sa.Boolean(), server_default=sa.false(), nullable=False", "sa.Boolean(), server_default=sa.text('true')",
    "postgresql.ARRAY(sa.Text()), server_default='{}'", "sa.Enum('sad', 'ok', name='mood', create_type=False), server_default='ok'",
    "sa.Float(), server_default=sa.text('random()')", "sa.DateTime(), server_default=sa.text('clock_timestamp()')",
    "postgresql.UUID(), server_default=sa.text('gen_random_uuid()')", "sa.BigInteger(), server_default=sa.text(\"nextval('counter')\")",
    "sa.Integer(), sa.Identity()", "sa.Integer(), sa.Identity(always=True), nullable=False",
    "sa.Integer(), sa.Computed('n + 1', persisted=True)", "sa.Integer(), sa.ForeignKey('orgs.id')",
    "sa.Integer(), sa.ForeignKey('orgs.id', name='fk_x'), nullable=True", "sa.Integer(), index=True", "sa.Integer(), unique=True",
    "sa.String(20), comment='x'", "sa.Numeric(10, 2)", "postgresql.CITEXT() if False else sa.Text()", "sa.LargeBinary()",
    "sa.Interval()", "postgresql.TSVECTOR()", "sa.JSON()", "sa.Uuid()", "sa.Date(), server_default='2020-01-01'",
]  # fmt: skip

TYPES = [  # column, old, new
    ("name", "sa.String(50)", "sa.String(100)"), ("name", "sa.String(50)", "sa.String()"), ("name", "sa.String(50)", "sa.Text()"),
    ("name", "sa.String(50)", "sa.String(20)"), ("name", "sa.String(50)", "sa.CHAR(50)"), ("bio", "sa.Text()", "sa.String()"),
    ("bio", "sa.Text()", "sa.String(20)"), ("full_name", "sa.String()", "sa.String(10)"), ("full_name", "sa.String()", "sa.Text()"),
    ("age", "sa.SmallInteger()", "sa.Integer()"), ("n", "sa.Integer()", "sa.BigInteger()"), ("n", "sa.Integer()", "sa.Integer()"),
    ("n", "sa.Integer()", "sa.String()"), ("n", "sa.Integer()", "sa.Numeric()"),
    ("price", "sa.Numeric(10, 2)", "sa.Numeric(12, 2)"), ("price", "sa.Numeric(10, 2)", "sa.Numeric(12, 4)"),
    ("price", "sa.Numeric(10, 2)", "sa.Numeric()"), ("price", "sa.Numeric(10, 2)", "sa.Numeric(8, 2)"),
    ("free", "sa.Numeric()", "sa.Numeric(10, 2)"), ("ts", "sa.DateTime()", "sa.DateTime(timezone=True)"),
    ("tstz", "sa.DateTime(timezone=True)", "sa.DateTime()"), ("ts3", "postgresql.TIMESTAMP(precision=3)", "postgresql.TIMESTAMP(precision=6)"),
    ("ts", "sa.DateTime()", "postgresql.TIMESTAMP(precision=3)"), ("ts", "sa.DateTime()", "sa.Date()"),
    ("t3", "postgresql.TIME(precision=3)", "postgresql.TIME(precision=5)"), ("vb", "postgresql.BIT(5, varying=True)", "postgresql.BIT(9, varying=True)"),
    ("net", "postgresql.CIDR()", "postgresql.INET()"), ("ip", "postgresql.INET()", "postgresql.CIDR()"),
    ("c", "sa.CHAR(5)", "sa.String(5)"), ("c", "sa.CHAR(5)", "sa.Text()"), ("c", "sa.CHAR(5)", "sa.CHAR(9)"),
    ("r", "sa.REAL()", "sa.Float(53)"), ("tags", "postgresql.ARRAY(sa.Text())", "postgresql.ARRAY(sa.String())"),
    ("u", "postgresql.UUID()", "sa.Text()"), ("id", "sa.Integer()", "sa.BigInteger()"),
]  # fmt: skip

ALEMBIC = [f"op.add_column('users', sa.Column('new', {column}))" for column in COLUMNS]
ALEMBIC += [
    f"op.alter_column('users', '{column}', existing_type={old}, type_={new})" for column, old, new in TYPES
]  # fmt: skip
ALEMBIC += [
    "op.alter_column('users', 'j', existing_type=sa.JSON(), type_=postgresql.JSONB(), postgresql_using='j::jsonb')",
    "op.alter_column('users', 'bio', existing_type=sa.Text(), type_=sa.Integer(), postgresql_using='bio::integer')",
    "op.alter_column('users', 'bio', existing_type=sa.Text(), type_=sa.Text(), postgresql_using='lower(bio)')",
    "op.alter_column('users', 'ts', existing_type=sa.DateTime(), type_=sa.DateTime(timezone=True), postgresql_using=\"ts AT TIME ZONE 'UTC'\")",
    "op.alter_column('users', 'feeling', existing_type=postgresql.ENUM(name='mood'), type_=postgresql.ENUM(name='mood2', create_type=False), postgresql_using='feeling::text::mood2')",
    "op.alter_column('users', 'n', nullable=False, existing_type=sa.Integer())",
    "op.alter_column('users', 'email', nullable=True)",
    "op.alter_column('users', 'email', nullable=False, existing_nullable=False)",
    "op.alter_column('users', 'n', server_default='7')", "op.alter_column('users', 'flag', server_default=None)",
    "op.alter_column('users', 'u', server_default=sa.text('gen_random_uuid()'))",
    "op.alter_column('users', 'n', new_column_name='m')", "op.alter_column('users', 'n', comment='x')",
    "op.alter_column('users', 'n', existing_type=sa.Integer(), existing_nullable=True)",
    "op.alter_column('pets', 'owner_id', nullable=False)",
    "op.drop_column('users', 'bio')", "op.drop_column('pets', 'owner_id')", "op.rename_table('users', 'people')",
    "op.rename_table('logs', 'log', schema='app')", "op.create_index('ix', 'users', ['n'])", "op.create_index('ix', 'users', [sa.text('lower(bio)')], unique=False)",
    "op.create_index('ix', 'logs', ['x'], schema='app', unique=True)", "op.create_index('ix', 'mv_orgs', ['name'])",
    "op.create_index('ix', 'parts', ['id'])", "op.create_index('ix', 'users', ['n'], postgresql_concurrently=True)",
    "op.drop_index('users_name_idx', 'users')", "op.drop_index('users_name_idx', table_name='users')", "op.drop_index('users_name_idx')",
    "op.drop_index('users_name_idx', 'users', postgresql_concurrently=True)",
    "op.create_foreign_key('fk', 'pets', 'orgs', ['id'], ['id'])",
    "op.create_foreign_key('fk', 'pets', 'orgs', ['id'], ['id'], postgresql_not_valid=True)",
    "op.create_foreign_key(None, 'logs', 'users', ['x'], ['id'], source_schema='app')",
    "op.drop_constraint('users_org_fk', 'users', type_='foreignkey')", "op.drop_constraint('users_org_fk', 'users')",
    "op.drop_constraint('pets_owner_id_fkey', 'pets', 'foreignkey')", "op.drop_constraint('users_email_key', 'users', type_='unique')",
    "op.drop_constraint('users_age_check', 'users', type_='check')", "op.drop_constraint('pets_pkey', 'pets', type_='primary')",
    "op.create_check_constraint('c', 'users', 'n > 0')", "op.create_check_constraint('c', 'users', sa.column('n') > 0)",
    "op.create_check_constraint('c', 'users', 'n > 0', postgresql_not_valid=True)", "op.create_unique_constraint('q', 'users', ['big'])",
    "op.create_unique_constraint(None, 'users', ['big', 'age'])", "op.create_primary_key('pk', 'logs', ['id'], schema='app')",
    "op.create_exclude_constraint('e', 'users', (sa.column('n'), '='), using='btree')",
    "op.create_table('new', sa.Column('id', sa.Integer(), primary_key=True))",
    "op.create_table('new', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('o', sa.Integer(), sa.ForeignKey('orgs.id')))",
    "op.create_table('new', sa.Column('o', sa.Integer()), sa.ForeignKeyConstraint(['o'], ['users.id'], name='f'), sa.UniqueConstraint('o'))",
    "t = op.create_table('new', sa.Column('id', sa.Integer()))\nop.create_index('ix', 'new', ['id'])\nop.bulk_insert(t, [{'id': 1}])\nop.drop_table('new')",
    "op.drop_table('pets')", "op.drop_table('logs', schema='app')", "op.create_table_comment('users', 'x')", "op.drop_table_comment('users')",
    "op.bulk_insert(sa.table('orgs', sa.column('id'), sa.column('name')), [{'id': 2, 'name': 'x'}])",
    "with op.batch_alter_table('users') as batch_op:\n    batch_op.add_column(sa.Column('new', sa.Text()))\n    batch_op.drop_column('bio')",
    "with op.batch_alter_table('logs', schema='app') as batch_op:\n    batch_op.alter_column('x', type_=sa.BigInteger(), existing_type=sa.Integer())",
    "with op.batch_alter_table('users') as batch_op:\n    batch_op.create_foreign_key('f', 'pets', ['n'], ['id'])\n    batch_op.create_index('ix', ['n'])",
    "with op.batch_alter_table('users') as batch_op:\n    batch_op.drop_constraint('users_email_key', type_='unique')\n    batch_op.create_unique_constraint('q', ['big'])",
    "op.execute(sa.table('users', sa.column('n')).update().values(n=1))", "op.execute(sa.table('pets', sa.column('id')).delete())",
    "op.execute(sa.insert(sa.table('orgs', sa.column('id'))).values(id=5))",
    "op.get_bind().execute(sa.text('SELECT count(*) FROM users WHERE n = :n'), {'n': 1})",
    "op.get_bind().execute(sa.text('UPDATE users SET n = :n'), {'n': 1})", "op.execute(sa.text(\"UPDATE users SET bio = 'a\\\\:b'\"))",
    "sa.Enum('a', name='fresh').create(op.get_bind())\nop.add_column('users', sa.Column('f', sa.Enum('a', name='fresh')))",
]  # fmt: skip

SQL = [
    "ALTER TABLE users ADD COLUMN a integer", "ALTER TABLE users ADD a integer DEFAULT 1 NOT NULL", "ALTER TABLE users ADD a integer REFERENCES orgs",
    "ALTER TABLE users ADD a uuid DEFAULT gen_random_uuid()", "ALTER TABLE users ADD a serial", "ALTER TABLE users ADD a positive",
    "ALTER TABLE users ADD a plain", "ALTER TABLE users ADD a mood DEFAULT 'ok'", "ALTER TABLE users ADD a integer GENERATED ALWAYS AS (n + 1) STORED",
    "ALTER TABLE users ADD a integer GENERATED BY DEFAULT AS IDENTITY", "ALTER TABLE users ADD a timestamptz DEFAULT clock_timestamp()",
    "ALTER TABLE users ADD a integer CHECK (a > 0)", "ALTER TABLE users ADD a integer UNIQUE", "ALTER TABLE IF EXISTS users ADD COLUMN IF NOT EXISTS a text",
    "ALTER TABLE users DROP COLUMN bio", "ALTER TABLE users DROP COLUMN IF EXISTS nothing", "ALTER TABLE users RENAME COLUMN n TO m",
    "ALTER TABLE users RENAME n TO m", "ALTER TABLE users RENAME TO people", "ALTER TABLE app.logs SET SCHEMA public", "ALTER TABLE users ALTER n SET NOT NULL",
    "ALTER TABLE pets ALTER owner_id SET NOT NULL", "ALTER TABLE users ALTER email DROP NOT NULL", "ALTER TABLE users ALTER n SET DEFAULT 5",
    "ALTER TABLE users ALTER n DROP DEFAULT", "ALTER TABLE users ALTER n SET STATISTICS 50", "ALTER TABLE users ALTER n SET (n_distinct = 5)",
    "ALTER TABLE users ALTER bio SET STORAGE EXTERNAL", "ALTER TABLE users ALTER bio SET COMPRESSION pglz", "ALTER TABLE users SET (fillfactor = 70)",
    "ALTER TABLE users SET (autovacuum_enabled = false)", "ALTER TABLE users RESET (fillfactor)", "ALTER TABLE users CLUSTER ON users_name_idx",
    "ALTER TABLE users REPLICA IDENTITY FULL", "ALTER TABLE users OWNER TO CURRENT_USER", "ALTER TABLE app.logs SET UNLOGGED",
    "ALTER TABLE users DISABLE TRIGGER users_touch", "ALTER TABLE users ENABLE TRIGGER ALL", "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE users ADD CONSTRAINT c CHECK (n > 0)", "ALTER TABLE users ADD CONSTRAINT c CHECK (n > 0) NOT VALID",
    "ALTER TABLE users ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES orgs (id)", "ALTER TABLE users ADD FOREIGN KEY (n) REFERENCES orgs NOT VALID",
    "ALTER TABLE users ADD UNIQUE (big)", "ALTER TABLE users ADD CONSTRAINT q UNIQUE USING INDEX users_n_idx", "ALTER TABLE app.logs ADD PRIMARY KEY (id)",
    "ALTER TABLE users ADD EXCLUDE USING btree (n WITH =)", "ALTER TABLE pets VALIDATE CONSTRAINT pets_positive", "ALTER TABLE pets VALIDATE CONSTRAINT pets_owner",
    "ALTER TABLE users DROP CONSTRAINT users_org_fk", "ALTER TABLE users DROP CONSTRAINT users_age_check", "ALTER TABLE users RENAME CONSTRAINT users_age_check TO c",
    "ALTER TABLE users ADD a integer, DROP COLUMN bio, ALTER n SET DEFAULT 1", "CREATE INDEX ON users (n)", "CREATE UNIQUE INDEX IF NOT EXISTS i ON users (big)",
    "CREATE INDEX i ON app.logs (x)", "CREATE INDEX i ON ONLY parts (id)", "CREATE INDEX i ON parts (id)", "CREATE INDEX CONCURRENTLY i ON users (n)",
    "DROP INDEX users_name_idx", "DROP INDEX CONCURRENTLY users_name_idx", "ALTER INDEX users_name_idx RENAME TO i", "REINDEX TABLE users", "REINDEX TABLE CONCURRENTLY users",
    "REINDEX INDEX users_name_idx", "DROP TABLE pets CASCADE", "DROP TABLE IF EXISTS pets", "DROP TABLE app.logs, pets", "TRUNCATE pets", "TRUNCATE TABLE app.logs, pets",
    "CREATE TABLE new (id integer PRIMARY KEY, o integer REFERENCES orgs)", "CREATE TABLE new (o integer, FOREIGN KEY (o) REFERENCES users (id))",
    "CREATE TABLE new AS SELECT * FROM users", "CREATE TABLE parts_3 PARTITION OF parts FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')",
    "ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')", "ALTER TABLE parts DETACH PARTITION parts_1",
    "CREATE TRIGGER g BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION touch()", "DROP TRIGGER users_touch ON users", "CREATE POLICY p ON users USING (true)",
    "DROP POLICY only_mine ON users", "DROP RULE nothing ON app.logs", "CREATE OR REPLACE VIEW v_users AS SELECT id, email FROM users", "CREATE VIEW v AS SELECT * FROM pets",
    "DROP VIEW v_users", "REFRESH MATERIALIZED VIEW mv_orgs", "REFRESH MATERIALIZED VIEW CONCURRENTLY mv_orgs", "DROP MATERIALIZED VIEW mv_orgs",
    "CLUSTER users USING users_name_idx", "VACUUM users", "VACUUM FULL users", "ANALYZE users", "COMMENT ON TABLE users IS 'x'", "COMMENT ON COLUMN app.logs.x IS 'x'",
    "CREATE STATISTICS s ON id, big FROM users", "GRANT SELECT ON users TO PUBLIC", "REVOKE ALL ON users FROM PUBLIC", "CREATE TYPE t AS ENUM ('a')",
    "ALTER TYPE mood ADD VALUE 'good'", "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", "DROP TYPE mood2", "CREATE SEQUENCE s", "CREATE EXTENSION IF NOT EXISTS plpgsql",
    "SET lock_timeout = '5s'", "SET LOCAL statement_timeout = 0", "INSERT INTO orgs VALUES (7, 'x')", "INSERT INTO orgs SELECT id + 50, name FROM users",
    "UPDATE users SET n = 1", "UPDATE ONLY users AS u SET n = 1 FROM orgs AS o WHERE o.id = u.id", "DELETE FROM pets", "DELETE FROM pets USING users WHERE users.id = pets.id",
    "WITH x AS (SELECT id FROM orgs) UPDATE users SET n = 2 WHERE id IN (SELECT id FROM x)", "SELECT count(*) FROM users", "SELECT * FROM users FOR UPDATE",
    "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE", "UPDATE users SET bio = ';--'; DELETE FROM pets", "/* a; b */ UPDATE users SET n = 3 -- x;\n",
    "ALTER TABLE users ALTER COLUMN n TYPE text USING n::text", "ALTER TABLE \"users\" ADD COLUMN \"Odd Name\" integer",
]  # fmt: skip

CASES = ALEMBIC + [f"op.execute({statement!r})" for statement in SQL]
