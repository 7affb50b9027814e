# SPDX-License-Identifier: Apache-2.0
"""What clients send, nearly right: requests that fit each other, with mistakes in them."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.fuzz.chance import Chance, word
from tests.protocol import frame, padded, text

_VERSION, _LEGACY_VERSION = 1, 0x86104DD760433FE5
_FIRST_ID = 0x2DC171858C3155BE

_NAMES = (b"main", b"other", b"", b":memory:", b"a/b", b"main-wal", b"\xff\xfe", b"x" * 255, b"x" * 5000)

_STATEMENTS = (
    "SELECT 1",
    "SELECT * FROM t",
    "SELECT ?, ?2, :a",
    "SELECT * FROM (SELECT 1) WHERE ? = 1",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT i, hex(i) FROM n",
    "SELECT zeroblob(100000), x'', '', NULL, 1.5, 'a\u00e9'",
    "CREATE TABLE IF NOT EXISTS t (k INTEGER PRIMARY KEY, v)",
    "CREATE TABLE IF NOT EXISTS d (a DATETIME, b BOOLEAN, c TIMESTAMP)",
    "INSERT INTO d VALUES ('2026-01-01', 1, 5), (1, 'x', NULL)",
    "SELECT * FROM d",
    "DROP TABLE IF EXISTS t",
    "INSERT INTO t VALUES (NULL, ?)",
    "INSERT INTO t VALUES (1, 2), (3, 4)",
    "INSERT OR FAIL INTO t VALUES (1, 2), (1, 4)",
    "INSERT INTO t SELECT NULL, zeroblob(5000) FROM t LIMIT 100",
    "INSERT INTO t VALUES (NULL, 1) RETURNING *",
    "UPDATE t SET v = v + 1",
    "DELETE FROM t",
    "BEGIN",
    "BEGIN IMMEDIATE",
    "BEGIN EXCLUSIVE",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT s",
    "RELEASE s",
    "ROLLBACK TO s",
    "VACUUM",
    "VACUUM INTO 'x'",
    "ATTACH 'other' AS o",
    "DETACH o",
    "PRAGMA journal_mode",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA page_size = 512",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA integrity_check",
    "PRAGMA writable_schema = 1",
    "UPDATE sqlite_schema SET rootpage = 77",
    "PRAGMA writable_schema = RESET",
    "PRAGMA user_version = 5",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA delete_database",
    "PRAGMA optimize",
    "PRAGMA hard_heap_limit = 1",
    "PRAGMA cache_size = 1",
    "PRAGMA mmap_size = 1000000",
    "PRAGMA query_only = 1",
    "PRAGMA auto_vacuum = 2",
    "PRAGMA incremental_vacuum",
    "EXPLAIN SELECT * FROM t",
    "CREATE TABLE t2 AS SELECT * FROM t",
    "CREATE INDEX IF NOT EXISTS i ON t (v)",
    "CREATE TEMP TABLE tt (a)",
    "REINDEX",
    "ANALYZE",
    "SELECT load_extension('x')",
    "SELECT 1; SELECT 2",
    "INSERT INTO t VALUES (NULL, 5); SELECT * FROM t",
    ";",
    "-- nothing",
    "",
    "SELECT",
    "SELECT '" + "x" * 3000 + "'",
    "SELECT " + ", ".join(["1"] * 300),
    "SELECT " + "(" * 500 + "1" + ")" * 500,
)


def connections(chance: Chance) -> list[bytes]:
    """Returns what some connections send, one after the other."""
    return [_connection(chance) for _ in range(chance.choice((1, 1, 2, 3)))]


def _connection(chance: Chance) -> bytes:
    sent = word(chance.number(_VERSION, _VERSION, _VERSION, _LEGACY_VERSION))
    if not chance.one_in(12):
        sent += frame(3, text(b"main") + word(0) + text(b""))
    for _ in range(chance.randrange(1, 14)):
        sent += _request(chance)
    return chance.damaged(sent) if chance.one_in(10) else sent


def _request(chance: Chance) -> bytes:
    kind = chance.choice(_KINDS)
    body = _BODIES[kind](chance) if kind in _BODIES else chance.randbytes(8 * chance.randrange(4))
    schema = chance.number(0, 0, 0, 0, 1, 1, 2, bits=8)
    if chance.one_in(12):
        body = padded(chance.damaged(body))
    if chance.one_in(25):
        return frame(kind, body, schema, words=chance.number(0, 1, len(body) // 8 + 1, bits=32))
    return frame(kind, body, schema)


def _sql(chance: Chance) -> bytes:
    statement = chance.choice(_STATEMENTS).encode()
    return text(chance.damaged(statement) if chance.one_in(12) else statement)


def _database(chance: Chance) -> int:
    return chance.number(0, 0, 0, 0, 0, 0, 1)


def _with_sql(chance: Chance) -> bytes:
    return word(_database(chance)) + _sql(chance) + _parameters(chance)


def _with_statement(chance: Chance) -> bytes:
    database = _database(chance) & 0xFFFFFFFF
    return struct.pack("<II", database, chance.number(0, 0, 0, 1, 1, 2, bits=32)) + _parameters(chance)


def _parameters(chance: Chance) -> bytes:
    if chance.one_in(3):
        return b""
    count = chance.number(0, 1, 1, 2, 3, 9, bits=8)
    wide = chance.one_in(2)
    types = [chance.choice((1, 2, 3, 4, 5, 9, 10, 11, 1, 3, 4, chance.randrange(256))) for _ in range(min(count, 40))]
    head = struct.pack("<I", chance.number(count, count, bits=32)) if wide else bytes([count])
    return padded(head + bytes(types)) + b"".join(_value(chance, kind) for kind in types)


def _value(chance: Chance, kind: int) -> bytes:
    if kind in (3, 10):
        return text(chance.choice((b"", b"text", b"2026-01-01 00:00:00", b"\xff" * 9, b"x" * 2000)))
    if kind == 4:
        blob = chance.randbytes(chance.choice((0, 1, 7, 8, 9, 500)))
        return word(chance.number(len(blob), len(blob), len(blob))) + padded(blob)
    return word(chance.number(0, 1))


def _member(chance: Chance) -> int:
    return chance.number(0, 1, 2, 3, _FIRST_ID)


def _address(chance: Chance) -> bytes:
    return text(chance.choice((b"127.0.0.1:1", b"", b"nowhere", b"[::1]:1", b"x" * 400)))


_BODIES: dict[int, Callable[[Chance], bytes]] = {
    0: lambda chance: word(chance.number(0)),
    1: lambda chance: word(chance.number(0)),
    3: lambda chance: text(chance.choice(_NAMES)) + word(chance.number(0)) + text(chance.choice((b"", b"volatile"))),
    4: lambda chance: word(_database(chance)) + _sql(chance),
    5: _with_statement,
    6: _with_statement,
    7: _with_statement,
    8: _with_sql,
    9: _with_sql,
    10: lambda chance: word(_database(chance)),
    11: lambda chance: word(_member(chance)) + _address(chance),
    12: lambda chance: word(_member(chance)) + _address(chance),
    13: lambda chance: word(_member(chance)) + (word(chance.number(0, 1, 2, 3)) if chance.one_in(2) else b""),
    14: lambda chance: word(_member(chance)),
    15: lambda chance: text(chance.choice(_NAMES)),
    16: lambda chance: word(chance.number(0, 1)),
    17: lambda chance: word(_member(chance)),
    18: lambda chance: word(chance.number(0, 1)),
    19: lambda chance: word(chance.number(0, 5)),
}

# Those that reach SQLite come more often; 2 and 20 are nobody's.
_KINDS = (*range(21), *(3, 4, 4, 5, 5, 6, 6, 7, 8, 8, 8, 8, 8, 9, 9, 9, 9, 10))
