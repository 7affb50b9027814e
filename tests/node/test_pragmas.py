# SPDX-License-Identifier: Apache-2.0
"""docs/pragmas.md: each line of its table on both modules; and the same PRAGMAs wherever SQL can stand."""

from __future__ import annotations

import ast
import asyncio
import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dqlitepy
import pytest
from dqlitepy import aio

from tests.support import HANG, ROOT, free_address, run_python

LINES = re.findall(
    r"^\| `([^`]+)` \| `([^`]+)` \| (?:`([^`]+)`|refused) \| (.+) \|$",
    (ROOT / "docs" / "pragmas.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
# Which hold for the whole process, so that they cannot be tried on sqlite3 in this one.
PROCESS_WIDE = ("soft_heap_limit", "hard_heap_limit", "temp_store_directory")


def answer(con: Any, statements: str) -> Any:
    """Returns the rows of the last statement."""
    rows: Any = None
    for statement in statements.split("; "):
        rows = con.execute(statement).fetchall()
    return rows


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[sqlite3.Connection, dqlitepy.Connection]]:
    """Yields a connection of each module to a new database."""
    with (
        closing(sqlite3.connect(tmp_path / "file", isolation_level=None)) as theirs,
        closing(dqlitepy.connect(tmp_path / "directory", isolation_level=None)) as ours,
    ):
        yield theirs, ours


def test_the_table_was_found() -> None:
    assert len(LINES) > 30
    assert {"kept", "mapped", "own", "stored"} <= {kind.partition(":")[0] for *_, kind in LINES}


@pytest.mark.parametrize(("statements", "theirs", "ours", "kind"), LINES, ids=[line[0] for line in LINES])
def test_a_line_of_the_table(
    both: tuple[sqlite3.Connection, dqlitepy.Connection], statements: str, theirs: str, ours: str, kind: str
) -> None:
    if not any(name in statements for name in PROCESS_WIDE):
        assert answer(both[0], statements) == ast.literal_eval(theirs)
    if ours:
        assert answer(both[1], statements) == ast.literal_eval(ours)
        assert (ours == theirs) or ":" in kind or ";" in kind  # a difference has a reason
        return
    name = statements.split()[1]
    with pytest.raises(dqlitepy.DatabaseError, match=f"PRAGMA {name} = .* is refused: .{{30,}}") as refused:
        answer(both[1], statements)
    assert refused.value.sqlite_errorname == "SQLITE_AUTH"


SETTERS = [line[0] for line in LINES if "=" in line[0] and line[2] and ";" not in line[0]]


def test_descriptions_are_the_same(both: tuple[sqlite3.Connection, dqlitepy.Connection]) -> None:
    """Rows by name, and whether there are columns at all."""
    for statement in ["PRAGMA synchronous", "PRAGMA synchronous = 1", "PRAGMA busy_timeout", *SETTERS]:
        theirs, ours = (con.execute(statement).description for con in both)
        assert ours == theirs, statement


@pytest.mark.parametrize("value", ["0", "1", "2", "3", "7", "OFF", "on", "'full'", "EXTRA", "normal", "-1", "nonsense"])
@pytest.mark.parametrize("name", ["synchronous", "read_uncommitted"])
def test_values_are_read_as_sqlite_reads_them(
    both: tuple[sqlite3.Connection, dqlitepy.Connection], name: str, value: str
) -> None:
    for text in (f"PRAGMA {name} = {value}", f"pragma main.{name.upper()}({value})"):
        theirs, ours = (answer(con, f"{text}; PRAGMA {name}") for con in both)
        assert ours == theirs, text


@pytest.mark.parametrize("value", ["0", "1", "-5", "'70'", "2147483648", "0x10", "nonsense", "99999999999999999999"])
@pytest.mark.parametrize("name", ["busy_timeout", "wal_autocheckpoint", "journal_size_limit", "mmap_size"])
def test_numbers_are_read_as_sqlite_reads_them(
    both: tuple[sqlite3.Connection, dqlitepy.Connection], name: str, value: str
) -> None:
    theirs, ours = (answer(con, f"PRAGMA {name} = {value}; PRAGMA {name}") for con in both)
    assert ours == theirs


def test_synchronous_within_a_transaction(both: tuple[sqlite3.Connection, dqlitepy.Connection]) -> None:
    said = []
    for con in both:
        con.execute("BEGIN")
        with pytest.raises((sqlite3.OperationalError, dqlitepy.OperationalError)) as refused:
            con.execute("PRAGMA synchronous = 1")
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_busy_timeout_is_the_time_that_the_connection_waits(tmp_path: Path) -> None:
    with (
        closing(dqlitepy.connect(tmp_path, isolation_level=None, timeout=600.0)) as con,
        closing(dqlitepy.connect(tmp_path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        con.execute("PRAGMA busy_timeout = 0")
        with pytest.raises(dqlitepy.OperationalError, match="locked"):  # and not after ten minutes
            con.execute("BEGIN IMMEDIATE")


def test_scripts_event_loops_and_connections_that_are_read_only(tmp_path: Path) -> None:
    script = ";\n".join(SETTERS) + ";"
    with closing(dqlitepy.connect(tmp_path / "data")) as con:
        con.executescript(script)
        assert con.execute("PRAGMA busy_timeout").fetchone() == con.execute("PRAGMA main.busy_timeout").fetchone()
    with closing(dqlitepy.connect(f"file:{tmp_path / 'data'}?mode=ro", uri=True)) as con:
        con.execute("PRAGMA journal_mode = WAL")
        con.execute("PRAGMA synchronous = 1")

    async def main() -> None:
        async with aio.connect(tmp_path / "data") as con:
            await con.executescript(script)
            assert await con.execute_fetchall("PRAGMA journal_mode = WAL") == [("wal",)]
            with pytest.raises(dqlitepy.DatabaseError, match="locking_mode = exclusive is refused"):
                await con.execute("PRAGMA locking_mode = exclusive")

    asyncio.run(main())


def test_the_shell(tmp_path: Path) -> None:
    program = "import sys; from dqlitepy._cli.commands import main; sys.exit(main(sys.argv[1:]))"
    output = run_python(
        program, "shell", str(tmp_path / "data"), "-c", "PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 9"
    )
    assert "wal" in output
    assert "9" in output


def test_settings_outlive_the_server(tmp_path: Path) -> None:
    address = free_address()
    expected = {
        "foreign_keys": 0,
        "cache_size": -4000,
        "recursive_triggers": 1,
        "synchronous": 1,
        "busy_timeout": 1500,
        "journal_size_limit": 9,
        "read_uncommitted": 1,
    }

    def node() -> dqlitepy.Node:
        return dqlitepy.Node(tmp_path / "node", address=address, network_latency=0.1)

    with node() as first:
        first.wait_ready(HANG)
        con = dqlitepy.connect(f"dqlite://{address}", isolation_level=None, leader_timeout=HANG)
        con.execute("CREATE TABLE t (a)")
        for name, value in expected.items():
            con.execute(f"PRAGMA {name} = {value}")
        con.execute("PRAGMA auto_vacuum = INCREMENTAL")  # at the next VACUUM
    with node() as second, closing(con):
        second.wait_ready(HANG)
        assert {name: con.execute(f"PRAGMA {name}").fetchone()[0] for name in expected} == expected
        con.execute("VACUUM")
        assert con.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_a_pragma_that_is_wrong_is_for_the_server_to_refuse() -> None:
    with closing(dqlitepy.connect(":memory:")) as con:
        for text in (
            "PRAGMA busy_timeout =",
            "PRAGMA synchronous = 1 2",
            "PRAGMA journal_mode(",
            "PRAGMA busy_timeout(1",
        ):
            with pytest.raises(dqlitepy.OperationalError, match="syntax error|incomplete input"):
                con.execute(text)


@pytest.mark.parametrize("mode", ["FULL", "INCREMENTAL"])
def test_auto_vacuum_moves_pages_and_loses_none(tmp_path: Path, mode: str) -> None:
    """Rows come and go, also by transactions that are rolled back, and the node starts anew several times."""
    chance = random.Random(mode)
    kept: dict[int, bytes] = {}
    con = dqlitepy.connect(tmp_path / "data", isolation_level=None)
    con.execute(f"PRAGMA auto_vacuum = {mode}")
    con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)")
    con.execute("CREATE INDEX i ON t (substr(b, 1, 20))")
    for step in range(300):
        number = chance.randrange(500)
        match chance.randrange(8):
            case 0 | 1 | 2 | 3:
                kept[number] = chance.randbytes(chance.choice([10, 3000, 40_000]))
                con.execute("REPLACE INTO t VALUES (?, ?)", (number, kept[number]))
            case 4 | 5:
                con.execute("DELETE FROM t WHERE a BETWEEN ? AND ?", (number, number + 50))
                kept = {key: value for key, value in kept.items() if not number <= key <= number + 50}
            case 6:
                con.execute("BEGIN")
                con.execute("DELETE FROM t WHERE a % 2")
                con.execute("PRAGMA incremental_vacuum(9)").fetchall()
                con.execute("ROLLBACK")
            case _:
                con.execute(f"PRAGMA incremental_vacuum({number})").fetchall()
        if step % 60 == 59:
            con.close()
            con = dqlitepy.connect(tmp_path / "data", isolation_level=None)
            assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert dict(con.execute("SELECT * FROM t")) == kept
    con.execute("DELETE FROM t")
    con.execute("PRAGMA incremental_vacuum").fetchall()
    assert con.execute("PRAGMA page_count").fetchone()[0] < 10
    assert con.execute("PRAGMA auto_vacuum").fetchone() == (1 if mode == "FULL" else 2,)
    con.backup(tmp_path / "copy.db")
    con.close()
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_auto_vacuum_within_a_transaction_is_refused_where_it_would_be_lost(tmp_path: Path) -> None:
    with closing(dqlitepy.connect(tmp_path, isolation_level=None)) as con:
        con.execute("BEGIN")
        with pytest.raises(
            dqlitepy.DatabaseError, match="auto_vacuum is refused within a transaction: .* before BEGIN"
        ):
            con.execute("PRAGMA auto_vacuum = FULL")
        con.execute("PRAGMA auto_vacuum = NONE")  # as it is
        con.execute("ROLLBACK")
        con.execute("PRAGMA auto_vacuum = FULL")
        assert con.execute("PRAGMA auto_vacuum").fetchone() == (1,)
