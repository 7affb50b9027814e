# SPDX-License-Identifier: Apache-2.0
"""FTS3 and FTS4: their shadow tables are replicated, kept and copied like any others."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest

from tests.patches.node import NodeProcess

SCRIPT = """
CREATE VIRTUAL TABLE three USING fts3(body);
CREATE VIRTUAL TABLE four USING fts4(title, body, tokenize=porter, prefix='2', notindexed=title);
INSERT INTO three VALUES ('an apple a day'), ('a day off'), ('an apple off');
INSERT INTO four VALUES ('first', 'running quickly'), ('second', 'a run of luck');
"""
ENHANCED = "SELECT count(*) FROM three WHERE three MATCH '(apple OR nothing) AND NOT day'"
PORTER = "SELECT title FROM four WHERE body MATCH 'runs' ORDER BY title"


def test_the_enhanced_syntax(con: dqlitepy.Connection) -> None:
    con.executescript(SCRIPT)
    assert con.execute("SELECT count(*) FROM three WHERE three MATCH '(apple OR nothing) NOT day'").fetchone() == (1,)
    assert con.execute(PORTER).fetchall() == [("first",), ("second",)]
    assert con.execute("SELECT snippet(three) FROM three WHERE three MATCH 'off AND day'").fetchall() == [
        ("a <b>day</b> <b>off</b>",)
    ]


def test_a_transaction_that_is_rolled_back(con: dqlitepy.Connection) -> None:
    con.executescript(SCRIPT)
    con.execute("BEGIN")
    con.execute("INSERT INTO three VALUES ('lost')")
    con.execute("ROLLBACK")
    con.execute("BEGIN")
    con.execute("INSERT INTO three VALUES ('kept')")
    con.execute("COMMIT")
    rows = con.execute("SELECT body FROM three WHERE three MATCH 'lost OR kept'").fetchall()
    assert rows == [("kept",)]
    assert con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_copies(con: dqlitepy.Connection, tmp_path: Path) -> None:
    con.executescript(SCRIPT)
    con.backup(tmp_path / "copy.db")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute(PORTER).fetchall() == [("first",), ("second",)]
    with closing(dqlitepy.connect(tmp_path / "again", isolation_level=None)) as again:
        again.restore(tmp_path / "copy.db")
        assert again.execute(PORTER).fetchall() == [("first",), ("second",)]
        assert again.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_snapshot(tmp_path: Path) -> None:
    """It is checked when it is read: with the shadow tables, and with an index of a function."""
    node = NodeProcess(tmp_path / "node")
    try:
        with node.client() as client:
            client.execute(SCRIPT)
            client.execute("CREATE TABLE t (v); CREATE INDEX i ON t (md5(v))")
            for number in range(700):
                client.execute(f"INSERT INTO t VALUES ({number})")
            node.wait_for_snapshot()
        assert node.stop() == 0
    finally:
        node.kill()
    node = NodeProcess(tmp_path / "node", node.address)
    try:
        with node.client() as client:
            assert client.scalar("SELECT count(*) FROM three WHERE three MATCH 'apple'") == 2
            assert client.scalar("SELECT count(*) FROM t WHERE md5(v) = md5(5)") == 1
            assert client.scalar("PRAGMA integrity_check") == b"ok"
        assert node.stop() == 0
    finally:
        node.kill()


@pytest.mark.parametrize("call", ["fts3_tokenizer('simple')", "fts3_tokenizer(?)", "fts3_tokenizer('mine', ?)"])
def test_a_tokenizer_is_no_address(con: dqlitepy.Connection, call: str) -> None:
    """FTS3's own function runs code at an address that a parameter gives."""
    with pytest.raises(dqlitepy.OperationalError, match="no such function: fts3_tokenizer"):
        con.execute(f"SELECT {call}", ("simple",) if "?" in call else ())
