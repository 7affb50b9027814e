# SPDX-License-Identifier: Apache-2.0
"""The statements of generated scripts, and the schema that they run on.

What docs/differences-from-sqlite3.md names is left out, and so is what depends on the version of SQLite or Python:
plans, messages of a parser that has changed, new functions. What is read in parts is sorted first: in sqlite3 a loop
over rows may see what its body writes.
"""

from __future__ import annotations

# What is made anew before each script.
SCHEMA = """
    CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE, c NOT NULL DEFAULT 0 CHECK (c < 100));
    CREATE TABLE u (
        x REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED, y TEXT COLLATE NOCASE, d MARK, r REAL, n NUMERIC(9, 2)
    );
    CREATE TABLE w (k TEXT PRIMARY KEY, v BLOB) WITHOUT ROWID;
    CREATE TABLE s (k INTEGER PRIMARY KEY AUTOINCREMENT, g INT AS (k * 2)) STRICT;
    CREATE INDEX u_y ON u (y);
    CREATE VIEW q AS SELECT a AS "a.b", b || c AS "text [mark]" FROM t;
    CREATE TRIGGER refuse BEFORE INSERT ON t WHEN new.b = 'refused' BEGIN SELECT RAISE(ABORT, 'refused: é'); END;
    CREATE TRIGGER later AFTER DELETE ON t BEGIN
        INSERT INTO w VALUES (old.a || '/' || (SELECT count(*) FROM w), old.b);
    END;
    CREATE TRIGGER instead INSTEAD OF INSERT ON q BEGIN INSERT INTO t (b) VALUES (new."a.b"); END;
    INSERT INTO t (b, c) VALUES ('one', 1), ('two', 2), (x'03', 3), (NULL, 4);
    INSERT INTO u VALUES (1, 'Ab', 'm', 1.5, '7'), (2, 'aB', NULL, 2, 7.25);
    INSERT INTO w VALUES ('key', x'00ff');
"""
# What undoes it, and whatever a script may have made.
RESET = """
    DROP VIEW IF EXISTS q; DROP VIEW IF EXISTS q2; DROP TABLE IF EXISTS u; DROP TABLE IF EXISTS t;
    DROP TABLE IF EXISTS w; DROP TABLE IF EXISTS s; DROP TABLE IF EXISTS new; DROP TABLE IF EXISTS renamed;
    DROP TABLE IF EXISTS temp.tmp;
    PRAGMA user_version = 0; PRAGMA application_id = 0;
"""
# What a transaction would not change.
SETTINGS = """
    PRAGMA foreign_keys = OFF; PRAGMA recursive_triggers = OFF; PRAGMA ignore_check_constraints = OFF;
    PRAGMA case_sensitive_like = OFF; PRAGMA cache_size = -2000; PRAGMA busy_timeout = 5000;
"""


def lines(text: str) -> list[str]:
    """Returns the lines of a text without the blanks around them."""
    return [line.strip() for line in text.strip().splitlines()]


READS = lines(r"""
    SELECT 1
    SELECT ?
    SELECT ?, typeof(?2), ?1
    SELECT a, b, c FROM t ORDER BY +a
    SELECT * FROM t WHERE a > ? ORDER BY +a
    SELECT b FROM t WHERE b = ?
    SELECT * FROM q ORDER BY -"a.b"
    SELECT count(*) AS "n [mark]", max(b), total(c) FROM t
    SELECT x, y, d, r, n FROM u ORDER BY rowid
    SELECT * FROM u WHERE y = ? ORDER BY +x
    SELECT t.*, u.* FROM t LEFT JOIN u ON x = a ORDER BY +a, y
    SELECT * FROM w ORDER BY +k
    SELECT 1 AS a, 2 AS a, 3 AS "", 4 AS "b [mark] c"
    SELECT value FROM json_each('[5,4,3,2,1]')
    VALUES (1, 'x'), (2.5, x'00'), (NULL, '')
    SELECT 1 WHERE 0
    SELECT NULL, '', x''
    WITH RECURSIVE r (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM r WHERE i < 700) SELECT i, ? FROM r
    SELECT last_insert_rowid(), changes()
    SELECT json_extract(?, '$.a')
    SELECT CAST(? AS INTEGER), CAST(?1 AS TEXT)
    SELECT group_concat(b, ?) FROM t
    SELECT a FROM t UNION SELECT x FROM u ORDER BY 1
    SELECT row_number() OVER (ORDER BY a), lag(b) OVER (ORDER BY a) FROM t
    SELECT name, sql FROM sqlite_schema ORDER BY name
    SELECT quote(?), hex(?1), length(?1), abs(1)
    SELECT ? LIKE 'o%', ?1 GLOB 'o*', ?1 = 'one' COLLATE NOCASE
    SELECT 9223372036854775807 + 1, 5 / 2, 5 % 3, 1 / 0, 1e999, -0.0
    SELECT a FROM t ORDER BY -a LIMIT ? OFFSET 1
    SELECT date('2024-02-30', '+1 month'), strftime('%s', 0, 'unixepoch')
    SELECT iif(?, 'yes', 'no'), coalesce(?1, 'none')
    SELECT printf('%05.2f|%s|%q', ?, ?1, ?1)
    SELECT substr(?, 2), upper(?1), trim(?1), instr(?1, 'n')
    SELECT zeroblob(3), unicode('é'), char(233, 128013)
    SELECT sum(a) FROM t GROUP BY c > 2 HAVING sum(a) > ?
""")
WRITES = lines(r"""
    INSERT INTO t (b) VALUES (?)
    INSERT INTO t VALUES (?, ?, ?)
    INSERT OR IGNORE INTO t VALUES (?, ?, 5)
    INSERT OR REPLACE INTO t VALUES (?, ?, 6)
    INSERT OR FAIL INTO t (a) VALUES (8), (1), (9)
    INSERT OR ROLLBACK INTO t (a, c) VALUES (?, 7)
    REPLACE INTO w VALUES (?, ?)
    INSERT INTO t DEFAULT VALUES
    INSERT INTO t (a, b) VALUES (?, 'up') ON CONFLICT (a) DO UPDATE SET c = c + 1
    INSERT INTO s (k) VALUES (?)
    INSERT INTO s DEFAULT VALUES
    INSERT INTO u (x, y) VALUES (?, ?)
    INSERT INTO u (r, n, d) VALUES (?, ?1, ?1)
    INSERT INTO q VALUES (?, 0)
    INSERT INTO t (b) SELECT y FROM u WHERE x = ?
    UPDATE t SET c = c + ?
    UPDATE t SET b = ? WHERE a = ?
    UPDATE OR IGNORE t SET b = 'one'
    UPDATE t SET c = NULL WHERE a = ?
    UPDATE u SET x = 77 WHERE x = ?
    DELETE FROM t WHERE a = ?
    DELETE FROM t
    DELETE FROM w
    UPDATE t SET a = a + 1000
    DELETE FROM u WHERE x > ?
    INSERT INTO w SELECT a, b FROM t WHERE b NOT NULL
    WITH n (i) AS (VALUES (50), (51)) INSERT INTO t (a) SELECT i FROM n WHERE i > ?
    INSERT INTO new VALUES (?)
    CREATE TEMP TABLE IF NOT EXISTS tmp (a)
    INSERT INTO tmp VALUES (?)
""")
RETURNING = lines(r"""
    INSERT INTO t (b) VALUES (?) RETURNING a, b AS "b [mark]"
    UPDATE t SET c = c + ? RETURNING *
    DELETE FROM t WHERE a > ? RETURNING a, c
    INSERT INTO s DEFAULT VALUES RETURNING k
    INSERT INTO t (a) VALUES (?), (1) RETURNING a
    REPLACE INTO w VALUES ('key', ?) RETURNING v
""")
# What may not run while a result is half fetched: in sqlite3 that holds locks, see "drop-while-reading".
SCHEMA_CHANGES = lines(r"""
    CREATE TABLE new (a)
    CREATE TABLE IF NOT EXISTS t (z)
    CREATE TABLE t (z)
    CREATE INDEX i ON t (c)
    DROP INDEX u_y
    CREATE UNIQUE INDEX i2 ON u (n)
    ALTER TABLE w RENAME TO renamed
    ALTER TABLE t ADD COLUMN z DEFAULT 5
    DROP TABLE w
    ALTER TABLE t RENAME COLUMN c TO cc
    ALTER TABLE u DROP COLUMN d
    DROP TABLE t
    DROP VIEW q
    DROP TABLE missing
    CREATE TABLE new AS SELECT a, b FROM t
    CREATE VIEW q2 AS SELECT * FROM missing
    DROP TRIGGER later
    ANALYZE
    REINDEX
    CREATE TRIGGER late AFTER INSERT ON u BEGIN DELETE FROM w; END
    ALTER TABLE t ADD COLUMN bad NOT NULL
    CREATE TABLE new (a, a)
    DROP TABLE s
""")
CONTROL = lines(r"""
    BEGIN
    BEGIN IMMEDIATE
    BEGIN EXCLUSIVE TRANSACTION
    begin deferred
    COMMIT
    END
    ROLLBACK
    SAVEPOINT one
    SAVEPOINT two
    RELEASE one
    RELEASE SAVEPOINT two
    ROLLBACK TO one
    ROLLBACK TRANSACTION TO SAVEPOINT two
    COMMIT -- last
""")
CONTROL += ["-- first\nROLLBACK", " /* first */ BEGIN;"]
PRAGMAS = lines(r"""
    PRAGMA user_version
    PRAGMA user_version = 7
    PRAGMA application_id = -5
    PRAGMA application_id
    PRAGMA foreign_keys
    PRAGMA foreign_keys = OFF
    PRAGMA foreign_keys = 1
    PRAGMA table_info(t)
    PRAGMA table_info('u')
    PRAGMA table_xinfo(s)
    PRAGMA index_list(t)
    PRAGMA index_info(u_y)
    PRAGMA index_xinfo(u_y)
    PRAGMA foreign_key_list(u)
    PRAGMA foreign_key_check
    PRAGMA integrity_check
    PRAGMA quick_check(1)
    PRAGMA defer_foreign_keys = 1
    PRAGMA defer_foreign_keys
    PRAGMA recursive_triggers = 1
    PRAGMA recursive_triggers
    PRAGMA ignore_check_constraints = 1
    PRAGMA ignore_check_constraints
    PRAGMA query_only
    PRAGMA case_sensitive_like = 1
    PRAGMA reverse_unordered_selects
    PRAGMA cache_size = 100
    PRAGMA cache_size
    PRAGMA temp_store
    PRAGMA busy_timeout = 100
    PRAGMA busy_timeout
    PRAGMA encoding
    PRAGMA collation_list
    PRAGMA synchronous
    PRAGMA freelist_count
    PRAGMA auto_vacuum
    PRAGMA cell_size_check
    PRAGMA checkpoint_fullfsync
    PRAGMA fullfsync
    PRAGMA legacy_alter_table
    PRAGMA automatic_index
    PRAGMA count_changes
    PRAGMA empty_result_callbacks
    PRAGMA full_column_names
    PRAGMA short_column_names
    PRAGMA read_uncommitted
    PRAGMA writable_schema
    PRAGMA max_page_count
    PRAGMA no_such = 1
    PRAGMA no_such
    PRAGMA table_info(missing)
    PRAGMA main.user_version
    PRAGMA temp.user_version
    PRAGMA nowhere.user_version
    PRAGMA optimize
    SELECT name, type FROM pragma_table_info('t')
    SELECT * FROM pragma_user_version
    SELECT * FROM pragma_index_list('t')
""")
WRONG = lines(r"""
    SELEC 1
    SELECT
    SELECT 1; SELECT 2
    SELECT 1;; SELECT 2
    SELECT * FROM missing
    SELECT missing FROM t
    SELECT missing(1)
    SELECT abs(1, 2)
    INSERT INTO t VALUES (1)
    INSERT INTO missing VALUES (1)
    SELECT 1 UNION SELECT 1, 2
    SELECT abs(-9223372036854775808)
    SELECT json('{')
    SELECT 'unclosed
    SELECT (1
    SELECT 1)
    CREATE TABLE x (
    UPDATE t SET missing = 1
    SELECT a FROM t ORDER BY 7
    SELECT * FROM t, t
    SELECT max(a, b) OVER () FROM t
    SELECT x.a FROM t
    SELECT count(*) FROM t WHERE count(*) > 1
    INSERT INTO q2 VALUES (1)
    DELETE FROM q
    SELECT 1 COLLATE nowhere
    INSERT INTO s (k) VALUES ('text')
    INSERT INTO s (g) VALUES (1)
    SELECT * FROM t LIMIT 'x'
    SELECT (SELECT a, b FROM t)
    ROLLBACK TO nowhere
    RELEASE nowhere
    BEGIN BEGIN
    SELECT RAISE(ABORT, 'x')
    ATTACH
    DETACH nowhere
""")
WRONG += ["\x00", "SELECT 1\x00", "SELECT '\ud800'"]
NAMED = lines(r"""
    SELECT :a, @b, $c
    SELECT :a
    SELECT ?, :a
    SELECT :a, ?2
    INSERT INTO t (b, c) VALUES (:a, :b)
    SELECT :a, :a, ':b'
    SELECT :é
""")
# Of scripts, besides CONTROL.
PARTS = lines(r"""
    SELECT 1
    INSERT INTO t (b) VALUES ('s')
    INSERT INTO t (a) VALUES (1)
    DELETE FROM u
    UPDATE t SET c = 9
    CREATE TABLE IF NOT EXISTS new (a)
    SELECT missing
    SELEC
    INSERT INTO t (b) VALUES (?)
    PRAGMA user_version = 3
    --
    /* ; */ SELECT ';'
    CREATE TRIGGER IF NOT EXISTS inner AFTER INSERT ON w BEGIN SELECT 1; SELECT 2; END
""")
