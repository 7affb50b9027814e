# SPDX-License-Identifier: Apache-2.0
"""A database with something of everything, for those who copy databases."""

from __future__ import annotations

from typing import Any

SCRIPT = """
CREATE TABLE plain (a INTEGER PRIMARY KEY, b, c TEXT DEFAULT 'x', "a ""quoted"" name" REAL);
INSERT INTO plain VALUES (1, NULL, 'it''s', 1.5), (2, x'00ff', '', -0.25), (-3, 9223372036854775807, 'é😀
next line', 1e100);
CREATE TABLE "sel""ect" ("from" , "" UNIQUE, 'x''y');
INSERT INTO "sel""ect" VALUES (1, 2, 3);
CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, name);
INSERT INTO counted (name) VALUES ('one'), ('two');
DELETE FROM counted WHERE id = 2;
CREATE TABLE keyed (a TEXT, b INT, PRIMARY KEY (b, a)) WITHOUT ROWID;
INSERT INTO keyed VALUES ('z', 1), ('a', 2);
CREATE TABLE computed (a INT, b AS (a * 2) STORED, c AS (a + 1));
INSERT INTO computed (a) VALUES (7);
CREATE TABLE strict_one (a ANY, b BLOB) STRICT;
INSERT INTO strict_one VALUES ('1', x'');
CREATE TABLE empty (a);
CREATE INDEX by_b ON plain (b DESC) WHERE b IS NOT NULL;
CREATE VIEW seen AS SELECT a, b FROM plain;
CREATE TRIGGER watch AFTER INSERT ON empty BEGIN INSERT INTO counted (name) VALUES (new.a); SELECT 1; END;
CREATE TRIGGER through INSTEAD OF INSERT ON seen BEGIN INSERT INTO plain (a) VALUES (new.a); END;
"""

# What no row tells.
HEADER = ("PRAGMA user_version", "PRAGMA application_id", "SELECT rowid, * FROM counted ORDER BY 1", "PRAGMA encoding")
EXTRAS = """
PRAGMA user_version = 7;
PRAGMA application_id = -5;
CREATE TABLE hidden_rowid ("rowid", b);
INSERT INTO hidden_rowid (_rowid_, "rowid", b) VALUES (100, 'x', 'y'), (-1, 'z', NULL);
CREATE VIRTUAL TABLE words USING fts5(body);
INSERT INTO words VALUES ('many words here'), ('other words');
CREATE VIRTUAL TABLE boxes USING rtree(id, low, high);
INSERT INTO boxes VALUES (1, 0.5, 1.5), (2, 3, 4);
ANALYZE;
"""


def contents(connection: Any) -> list[Any]:
    """Returns everything that a copy must keep."""
    told: list[Any] = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2").fetchall()
    for kind, name, _, sql in list(told):
        # What a virtual table holds is in tables of its own.
        if kind == "table" and not sql.startswith("CREATE VIRTUAL"):
            quoted = name.replace('"', '""')
            # 1 equals 1.0, and is not the same.
            told.append((name, sorted(map(repr, connection.execute(f'SELECT * FROM "{quoted}"').fetchall()))))
    told += [connection.execute(question).fetchall() for question in HEADER]
    told.append(connection.execute("SELECT _rowid_, * FROM hidden_rowid ORDER BY 1").fetchall())
    told.append(connection.execute("SELECT rowid, body FROM words WHERE words MATCH 'many'").fetchall())
    told.append(connection.execute("SELECT id FROM boxes WHERE high < 2").fetchall())
    return told
