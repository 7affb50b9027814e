# SPDX-License-Identifier: Apache-2.0
"""What is measured: each workload is one operation of a contestant, with its arguments, and the ratios to reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EMBEDDED = "dqlitepy"
NOW = "dqlitepy (now, alone)"
BEFORE = "dqlitepy (before, alone)"
OVER_TCP = "dqlitepy (TCP)"
THREE_NODES = "dqlitepy (3 nodes)"
THREE_PROCESSES = "dqlitepy (3 processes)"
SQLITE3 = "sqlite3"
GO = "go-dqlite"
GO_OVER_TCP = "go-dqlite (TCP)"
DBAPI = "dqlite-dbapi (TCP)"
CLIENT = "dqlite-client (TCP)"

_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
_STREAM = "SELECT * FROM three"
_POINT = "SELECT name, value FROM three WHERE id = ?"
_INSERT = "INSERT INTO inserted(name, value) VALUES (?, ?)"
_INSERT_THREE = "INSERT INTO copied VALUES (?, ?, ?)"


@dataclass(frozen=True)
class Goal:
    """Of the median ratios that `subject` has to `against`: the most that is wanted."""

    against: str
    at_most: float
    subject: str = EMBEDDED


@dataclass(frozen=True)
class Workload:
    """One line of the report."""

    name: str
    title: str
    operation: str  # the method of a contestant that does it; contestants without it stay out
    arguments: tuple[Any, ...] = ()
    goals: tuple[Goal, ...] = ()
    at_most: float | None = None  # what no run of any contestant may exceed
    unit: str = "seconds"
    without: frozenset[str] = frozenset()  # contestants that would take minutes and tell nothing new
    charted: bool = False


def schema(rows: int) -> list[str]:
    """Returns the statements that make and fill the tables, the same for every contestant."""
    numbers = _NUMBERS.format(last=rows - 1)
    return [
        "CREATE TABLE three (id INTEGER PRIMARY KEY, name TEXT, value REAL)",
        "CREATE TABLE five (id INTEGER PRIMARY KEY, name TEXT, value REAL, amount INTEGER, note TEXT)",
        "CREATE TABLE inserted (id INTEGER PRIMARY KEY, name TEXT, value REAL)",
        "CREATE TABLE copied (id INTEGER, name TEXT, value REAL)",
        "CREATE TABLE blobs (id INTEGER PRIMARY KEY, data BLOB)",
        f"INSERT INTO three {numbers} SELECT n, 'name-' || n, n * 0.5 FROM numbers",
        f"INSERT INTO five {numbers} "
        "SELECT n, 'name-' || n, n * 0.5, n * 1000, 'a note on number ' || n || ' of them' FROM numbers",
    ]


def workloads(quick: bool) -> list[Workload]:
    """Returns all workloads, in the order of the report; `quick` makes them a tenth as large."""
    rows = row_count(quick)
    keys = [(n * 7919 % rows,) for n in range(200 if quick else 1000)]
    inserts = [("one more", n * 0.5) for n in range(50 if quick else 300)]
    many = [(n, f"name-{n}", n * 0.5) for n in range(1000 if quick else 10_000)]
    scale = f"{rows // 1000},000 rows"
    return [
        Workload(
            "fetchall_3",
            f"{scale} of 3 columns to a list",
            "fetch_all",
            ("SELECT * FROM three",),
            (Goal(SQLITE3, 0.60), Goal(DBAPI, 1 / 20, OVER_TCP)),
            charted=True,
        ),
        Workload(
            "fetchall_5",
            f"{scale} of 5 columns to a list",
            "fetch_all",
            ("SELECT * FROM five",),
            (Goal(SQLITE3, 0.70), Goal(DBAPI, 1 / 20, OVER_TCP)),
            charted=True,
        ),
        Workload("iterate_3", f"{scale} of 3 columns, one by one", "iterate", (_STREAM,)),
        Workload("rows_3", f"{scale} of 3 columns as Row", "fetch_rows", (_STREAM,)),
        Workload(
            "point_select",
            "select one row by its key",
            "each",
            (_POINT, keys),
            (Goal(GO, 0.75), Goal(DBAPI, 1 / 3, OVER_TCP), Goal(CLIENT, 0.8, OVER_TCP)),
            charted=True,
        ),
        Workload("insert", "insert one row, autocommit", "each", (_INSERT, inserts), (Goal(GO, 1.0),), charted=True),
        Workload("insert_commit", "insert one row, then commit()", "each_committed", (_INSERT, inserts)),
        Workload(
            "executemany",
            f"insert {len(many):,} rows in one transaction",
            "many",
            (_INSERT_THREE, many),
            (Goal(SQLITE3, 1.3),),
            charted=True,
        ),
        *(
            Workload(f"threads_{n}", f"{len(keys)} selects by key on {n} threads", "together", (_POINT, keys, n))
            for n in (1, 2, 4, 8)
        ),
        *(
            Workload(
                f"tasks_{n}",
                f"{10 * len(keys):,} selects by key in {n} tasks of asyncio, or goroutines",
                "tasks",
                (_POINT, 10 * keys, n),  # so many that opening the connections' caches counts little
                (Goal(GO, 1 / 0.8), Goal(DBAPI, 1 / 5, OVER_TCP)) if n == 64 else (),
            )
            for n in (1, 8, 64)
        ),
        *(
            Workload(
                f"writers_{n}",
                f"{len(inserts)} autocommit inserts on {n} threads",
                "together",
                (_INSERT, inserts, n),
                without=frozenset({SQLITE3}) if n > 1 else frozenset(),  # its writers starve one another for seconds
            )
            for n in (1, 8)
        ),
        Workload(
            "writer_beside_readers",
            f"{10 * len(inserts):,} autocommit inserts beside two threads that read without a pause",
            "beside",
            (_INSERT, 10 * inserts, "SELECT sum(value) FROM copied", 2),
            without=frozenset({SQLITE3, THREE_NODES}),
        ),
        *(
            Workload(f"blob_{size}", f"write and read back a blob of {size_name(size)}", "blob", (size,))
            for size in ((1 << 10, 1 << 16, 1 << 20) if quick else (1 << 10, 1 << 16, 1 << 20, 1 << 24))
        ),
        Workload("first_row", "start in a fresh directory, to the first row", "first_row"),
        Workload("import", "import the module", "import_time", goals=(Goal(SQLITE3, 1.5),)),
        Workload("import_connect", "import the module, with all that connect() needs", "import_of_connect_time"),
        Workload("memory_start", "memory of the process with one connection", "memory_of_start", unit="bytes"),
        Workload(
            "memory_stream",
            f"memory added by streaming {'1,000,000' if quick else '10,000,000'} rows",
            "memory_of_stream",
            (1_000_000 if quick else 10_000_000,),
            unit="bytes",
        ),
        Workload("failover", "leader killed (-9), to the next write; default settings", "failover", at_most=8.0),
        Workload(
            "failover_quick",
            "leader killed (-9), to the next write; network latency 0.02 s",
            "failover",
            ("--network-latency", "0.02"),
            at_most=1.0,
        ),
        Workload("handover", "leader stopped, the longest pause between two writes", "handover", at_most=1.0),
    ]


def row_count(quick: bool) -> int:
    """Returns how many rows the large tables have."""
    return 20_000 if quick else 200_000


def size_name(size: int) -> str:
    """Returns a number of bytes as KiB or MiB."""
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"
