-- One of every kind of thing that a snapshot knows, and several of those that matter most.
CREATE SCHEMA app;
CREATE SCHEMA "we""ird ☃";
CREATE EXTENSION citext SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN app.email AS text COLLATE "C" NOT NULL DEFAULT 'a@example.com' CONSTRAINT has_at CHECK (VALUE LIKE '%@%');
CREATE TYPE app.pair AS (a integer, b text);
CREATE TYPE app.span AS RANGE (subtype = timestamptz);
CREATE SEQUENCE app.numbers START 10 INCREMENT 5 MINVALUE 5 MAXVALUE 1000 CACHE 3 CYCLE;
CREATE TABLE app.users (
  id bigint GENERATED ALWAYS AS IDENTITY (START WITH 100) PRIMARY KEY,
  email app.email,
  name varchar(80) NOT NULL,
  nick app.citext,
  status varchar(10) DEFAULT 'new' CHECK (status IN ('new', 'old', 'gone')),
  mood app.mood DEFAULT 'ok',
  scores integer[] DEFAULT '{1,2}',
  total numeric(10, 2) DEFAULT 0.00,
  doubled integer GENERATED ALWAYS AS (length(name) * 2) STORED,
  born date,
  created timestamptz NOT NULL DEFAULT now(),
  extra jsonb DEFAULT '{}'::jsonb,
  CONSTRAINT users_name_key UNIQUE (name) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE app.orders (
  id serial PRIMARY KEY,
  user_id bigint NOT NULL CONSTRAINT orders_user_fkey REFERENCES app.users (id) ON DELETE CASCADE,
  amount numeric NOT NULL CONSTRAINT positive CHECK (amount > 0),
  note text COLLATE "C",
  during tstzrange,
  period app.span,
  EXCLUDE USING gist (during WITH &&)
);
CREATE INDEX orders_user_idx ON app.orders (user_id, amount DESC NULLS LAST) INCLUDE (note);
CREATE UNIQUE INDEX orders_note_key ON app.orders (lower(note) text_pattern_ops) WHERE amount > 10;
CREATE INDEX orders_hash ON app.orders USING hash (note);
CREATE INDEX users_extra ON app.users USING gin (extra jsonb_path_ops);
ALTER TABLE app.orders SET (autovacuum_vacuum_scale_factor = 0.01, fillfactor = 90);
ALTER TABLE app.orders ALTER note SET STATISTICS 500, ALTER note SET STORAGE EXTERNAL;
CREATE TABLE app.events (id bigint NOT NULL, at date NOT NULL, region text, payload text) PARTITION BY RANGE (at);
CREATE TABLE app.events_2025 PARTITION OF app.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE app.events_2026 PARTITION OF app.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (region);
CREATE TABLE app.events_2026_eu PARTITION OF app.events_2026 FOR VALUES IN ('eu') PARTITION BY HASH (id);
CREATE TABLE app.events_2026_eu_0 PARTITION OF app.events_2026_eu FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.events_default PARTITION OF app.events DEFAULT;
CREATE INDEX events_at ON app.events (at);
ALTER TABLE app.events ADD CONSTRAINT events_payload CHECK (payload <> '');
CREATE TABLE app.parent (a integer CHECK (a > 1), b text);
CREATE TABLE app.child (c integer) INHERITS (app.parent);
CREATE UNLOGGED TABLE app.cache (k text PRIMARY KEY, v bytea);
CREATE TABLE "we""ird ☃"."Ta ble
two" ("c,ol" integer, "PUBLIC" text, "😀" text);
CREATE TABLE app.of_type OF app.pair;
CREATE VIEW app.active AS SELECT u.id, u.name, count(o.id) AS orders FROM app.users u LEFT JOIN app.orders o ON o.user_id = u.id GROUP BY u.id, u.name;
CREATE VIEW app.busy WITH (security_barrier) AS SELECT * FROM app.active WHERE orders > 3;
CREATE MATERIALIZED VIEW app.totals AS SELECT user_id, sum(amount) AS total FROM app.orders GROUP BY user_id;
CREATE UNIQUE INDEX totals_user ON app.totals (user_id);
CREATE FUNCTION app.add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 7 AS 'SELECT a + b';
CREATE FUNCTION app.add(a text, b text) RETURNS text LANGUAGE sql AS $$SELECT a || b$$;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path TO app AS $$BEGIN NEW.created := now(); RETURN NEW; END$$;
CREATE FUNCTION app.rows_of(n integer) RETURNS TABLE (x integer, y text) LANGUAGE sql ROWS 5 AS 'SELECT n, n::text';
CREATE PROCEDURE app.work(IN a integer, INOUT b text DEFAULT 'x') LANGUAGE plpgsql AS 'BEGIN b := b || a; END';
CREATE AGGREGATE app.join_up (text) (SFUNC = app.add, STYPE = text, INITCOND = '');
CREATE TRIGGER touch BEFORE UPDATE OF name ON app.users FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION app.touch();
CREATE FUNCTION app.check_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON app.orders DEFERRABLE FOR EACH ROW EXECUTE FUNCTION app.check_it();
CREATE TRIGGER on_events AFTER INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.check_it();
CREATE RULE no_delete AS ON DELETE TO app.parent DO INSTEAD NOTHING;
ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.orders FOR SELECT USING (user_id > 0);
CREATE POLICY writers ON app.orders AS RESTRICTIVE FOR INSERT TO PUBLIC WITH CHECK (amount < 1000);
CREATE STATISTICS app.orders_stats (dependencies) ON user_id, amount FROM app.orders;
CREATE COLLATION app.german (provider = libc, locale = 'C');
CREATE FUNCTION app.mood_text(app.mood) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE CAST (app.mood AS integer) WITH FUNCTION app.mood_text(app.mood) AS ASSIGNMENT;
CREATE FUNCTION app.same(app.pair, app.pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR app.=== (LEFTARG = app.pair, RIGHTARG = app.pair, FUNCTION = app.same, COMMUTATOR = OPERATOR(app.===));
CREATE OPERATOR FAMILY app.numbers USING btree;
CREATE OPERATOR CLASS app.backwards FOR TYPE integer USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(integer, integer);
CREATE TEXT SEARCH DICTIONARY app.plain (TEMPLATE = pg_catalog.simple, STOPWORDS = english);
CREATE TEXT SEARCH CONFIGURATION app.searching (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION app.searching ALTER MAPPING FOR asciiword WITH app.plain;
CREATE CONVERSION app.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END';
CREATE EVENT TRIGGER watch_ddl ON ddl_command_end WHEN TAG IN ('DROP TABLE', 'ALTER TABLE') EXECUTE FUNCTION app.on_ddl();
ALTER EVENT TRIGGER watch_ddl DISABLE;
CREATE PUBLICATION changes FOR TABLE app.orders, app.users WITH (publish = 'insert, update');
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER wrapper OPTIONS (host 'db.example.com', password 'hunter2');
CREATE USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (password 'hunter3');
CREATE FOREIGN TABLE app.far (id integer OPTIONS (column_name 'x'), t text) SERVER elsewhere OPTIONS (table_name 'y');
GRANT USAGE ON SCHEMA app TO app_reader;
GRANT SELECT, UPDATE ON app.orders TO app_reader;
GRANT SELECT (name) ON app.users TO app_reader;
REVOKE EXECUTE ON FUNCTION app.add(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.add(text, text) TO app_reader WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO app_reader;
COMMENT ON TABLE app.users IS 'People';
COMMENT ON COLUMN app.users.name IS 'As they write it; "quoted", with
a line';
COMMENT ON INDEX app.orders_hash IS 'By note';
COMMENT ON FUNCTION app.touch() IS 'Sets created';
CREATE TABLE alembic_version (version_num varchar(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO alembic_version VALUES ('a1b2c3');
