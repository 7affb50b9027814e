# SPDX-License-Identifier: Apache-2.0
"""The checkers of the other workloads, each by a sound history and by doctored ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.jepsen.checkers import final
from tests.jepsen.history import FAIL, INFO, NEVER, OK, Operation, Recorder, load
from tests.jepsen.workloads.bank import ACCOUNTS, TOTAL
from tests.jepsen.workloads.base import Chance
from tests.jepsen.workloads.table import WORKLOADS
from tests.jepsen.workloads.wide import WIDTH


def op(f: str, value: Any, outcome: str = OK, result: Any = None, **more: Any) -> Operation:
    start, end = more.pop("at", (0.0, 1.0))
    return Operation("o1", "w", "", f, value, start, NEVER if outcome == INFO else end, outcome, result, **more)


_made: list[sqlite3.Connection] = []


@pytest.fixture(autouse=True)
def close_databases() -> Iterator[None]:
    yield
    while _made:
        _made.pop().close()


def database(workload: str, *statements: str) -> sqlite3.Connection:
    con = sqlite3.connect(":memory:")
    _made.append(con)
    for sql in (*WORKLOADS[workload].schema, *statements):
        con.execute(sql)
    con.commit()
    return con


def kinds(workload: str, history: Sequence[Operation], *statements: str) -> set[str]:
    return {violation.kind for violation in WORKLOADS[workload].check(history, database(workload, *statements))}


# ---- set

_BATCH = {"batch": "a/1", "keys": [1, 2]}
_ROWS = "INSERT INTO items VALUES (1, 'a/1', 2, ''), (2, 'a/1', 2, '')"
_LATER = (2.0, 3.0)


def test_a_sound_set() -> None:
    failed = op("add", {"batch": "a/2", "keys": [3]}, FAIL)
    unknown = op("add", {"batch": "a/3", "keys": [4]}, INFO)
    seen = op("read", "a/%", result=[["a/1", 2, 2, 2]], at=_LATER, strict=True)
    stale = op("read", "a/%", result=[], at=_LATER)
    assert kinds("set", [op("add", _BATCH), failed, unknown, seen, stale], _ROWS) == set()
    there = "INSERT INTO items VALUES (4, 'a/3', 1, '')"
    assert kinds("set", [op("add", _BATCH), failed, unknown], _ROWS, there) == set()


@pytest.mark.parametrize(
    ("kind", "history", "statements"),
    [
        ("set lost", [op("add", _BATCH)], []),
        ("set phantom", [op("add", _BATCH, FAIL)], [_ROWS]),
        ("set phantom", [], [_ROWS]),
        ("set torn", [op("add", _BATCH)], [_ROWS, "DELETE FROM items WHERE id = 1"]),
        ("set torn", [op("add", _BATCH, INFO)], [_ROWS, "DELETE FROM items WHERE id = 1"]),
        ("set torn", [op("add", _BATCH), op("read", "a/%", result=[["a/1", 2, 1, 1]], at=_LATER)], [_ROWS]),
        ("set torn", [op("add", _BATCH), op("read", "a/%", result=[["a/1", 2, 3, 2]], at=_LATER)], [_ROWS]),
        ("set phantom", [op("read", "a/%", result=[["a/9", 1, 1, 1]], at=_LATER)], []),
        ("set dirty read", [op("add", _BATCH, FAIL), op("read", "a/%", result=[["a/1", 2, 2, 2]], at=_LATER)], []),
        ("set dirty read", [op("add", _BATCH, INFO), op("read", "a/%", result=[["a/1", 2, 2, 2]], at=_LATER)], []),
        ("set stale", [op("add", _BATCH), op("read", "a/%", result=[], at=_LATER, strict=True)], [_ROWS]),
    ],
)
def test_a_set_that_is_not(kind: str, history: list[Operation], statements: list[str]) -> None:
    assert kind in kinds("set", history, *statements)


def test_a_row_that_is_there_twice() -> None:
    """As in a table whose pages are of two states; SQL itself could not write it."""
    con = database("set")
    con.execute("DROP TABLE items")
    con.execute("CREATE TABLE items (id, batch, size, pad)")
    con.execute("INSERT INTO items VALUES (1, 'a/1', 2, ''), (1, 'a/1', 2, ''), (2, 'a/1', 2, '')")
    [violation] = WORKLOADS["set"].check([op("add", _BATCH)], con)
    assert violation.kind == "set duplicate"


# ---- bank


def test_a_sound_bank() -> None:
    assert kinds("bank", [op("read", None, result=[[TOTAL, ACCOUNTS]]), op("read", None, FAIL)]) == set()


def test_a_bank_that_is_torn() -> None:
    assert kinds("bank", [op("read", None, result=[[TOTAL - 1, ACCOUNTS]])]) == {"bank torn"}
    assert kinds("bank", [op("read", None, result=[[TOTAL, ACCOUNTS - 1]])]) == {"bank torn"}
    assert kinds("bank", [], "UPDATE accounts SET n = n + 1 WHERE id = 7") == {"bank sum"}


# ---- counter


def test_a_sound_counter() -> None:
    history = [op("add", 1), op("add", 1, INFO), op("add", 1, FAIL), op("read", None, result=[[1]], at=_LATER)]
    assert kinds("counter", history, "UPDATE counter SET n = 1") == set()
    assert kinds("counter", history, "UPDATE counter SET n = 2") == set()
    stale = op("read", None, result=[[0]], at=_LATER)
    assert kinds("counter", [*history, stale], "UPDATE counter SET n = 1") == set()


@pytest.mark.parametrize(
    ("history", "last"),
    [
        ([op("add", 1)], 0),
        ([op("add", 1)], 2),
        ([op("add", 1, FAIL)], 1),
        ([op("add", 1), op("read", None, result=[[0]], at=_LATER, strict=True)], 1),
        ([op("add", 1, at=(5.0, 6.0)), op("read", None, result=[[1]])], 1),
        ([op("add", 1, INFO), op("read", None, result=[[1]], at=_LATER)], 0),
    ],
)
def test_a_counter_that_is_wrong(history: list[Operation], last: int) -> None:
    assert kinds("counter", history, f"UPDATE counter SET n = {last}") == {"counter wrong"}


# ---- wide

_UPDATED = ["INSERT INTO wide_log VALUES ('a/1')", "UPDATE wide SET tag = 'a/1'"]


def loaded(rows: int) -> str:
    return (
        f"WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < {rows - 1}) "
        "INSERT INTO bulk SELECT 'a/2', i, '' FROM c"
    )


def test_a_sound_wide() -> None:
    seen = op("read", None, result=[["a/1", "a/1", WIDTH]])
    before = op("read", None, result=[["", "", WIDTH]])
    history = [op("update", "a/1", INFO), seen, before, op("load", "a/2", INFO), op("load", "a/3", FAIL)]
    assert kinds("wide", history, *_UPDATED, loaded(400)) == set()


@pytest.mark.parametrize(
    ("kind", "history", "statements"),
    [
        ("wide lost", [op("update", "a/1")], []),
        ("wide lost", [op("load", "a/2")], []),
        ("wide phantom", [op("update", "a/1", FAIL)], _UPDATED),
        ("wide phantom", [], _UPDATED),
        ("wide torn", [op("update", "a/1")], [*_UPDATED, "UPDATE wide SET tag = '' WHERE id = 9"]),
        ("wide torn", [op("load", "a/2", INFO)], [loaded(399)]),
        ("wide torn", [op("update", "a/1"), op("read", None, result=[["", "a/1", WIDTH]])], _UPDATED),
        ("wide torn", [op("read", None, result=[["", "", WIDTH - 1]])], []),
        ("wide dirty read", [op("update", "a/1", INFO), op("read", None, result=[["a/1", "a/1", WIDTH]])], []),
        ("wide dirty read", [op("update", "a/1", FAIL), op("read", None, result=[["a/1", "a/1", WIDTH]])], []),
        ("wide phantom", [op("read", None, result=[["a/1", "a/1", WIDTH]])], []),
    ],
)
def test_a_wide_that_is_wrong(kind: str, history: list[Operation], statements: list[str]) -> None:
    assert kind in kinds("wide", history, *statements)


# ---- ddl

_MADE = ["CREATE TABLE made_a_1 (a INTEGER PRIMARY KEY, b TEXT)", "INSERT INTO made_a_1 VALUES (1, 'x')"]


def test_sound_tables() -> None:
    assert kinds("ddl", [op("create", "made_a_1")], *_MADE) == set()
    assert kinds("ddl", [op("create", "made_a_1"), op("drop", "made_a_1", INFO, at=_LATER)]) == set()


@pytest.mark.parametrize(
    ("kind", "history", "statements"),
    [
        ("ddl lost", [op("create", "made_a_1")], []),
        ("ddl lost", [op("create", "made_a_1"), op("drop", "made_a_1", at=_LATER)], _MADE),
        ("ddl phantom", [op("create", "made_a_1", FAIL)], _MADE),
        ("ddl phantom", [], _MADE),
        ("ddl torn", [op("create", "made_a_1")], _MADE[:1]),
    ],
)
def test_tables_that_are_wrong(kind: str, history: list[Operation], statements: list[str]) -> None:
    assert kind in kinds("ddl", history, *statements)


# ---- late


_ADDED = "INSERT INTO late VALUES ('a/1', 0)"


def test_sound_late_statements() -> None:
    others = [op("add", "a/2", FAIL), op("add", "a/3", INFO)]
    reads = [op("read", "a/*", result=[["a/1"]], at=_LATER, strict=True), op("read", "a/*", result=[], at=_LATER)]
    assert kinds("late", [op("add", "a/1"), *others, *reads], _ADDED) == set()
    assert kinds("late", [op("add", "a/1"), *others], _ADDED, "INSERT INTO late VALUES ('a/3', 0)") == set()


@pytest.mark.parametrize(
    ("kind", "history", "statements"),
    [
        ("late lost", [op("add", "a/1")], []),
        ("late phantom", [op("add", "a/1", FAIL)], [_ADDED]),
        ("late phantom", [], [_ADDED]),
        ("late duplicate", [op("add", "a/1")], [_ADDED, _ADDED]),
        ("late phantom", [op("read", "a/*", result=[["a/9"]], at=_LATER)], []),
        ("late dirty read", [op("add", "a/1", FAIL), op("read", "a/*", result=[["a/1"]], at=_LATER)], []),
        ("late dirty read", [op("add", "a/1", INFO), op("read", "a/*", result=[["a/1"]], at=_LATER)], []),
        ("late stale", [op("add", "a/1"), op("read", "a/*", result=[], at=_LATER, strict=True)], [_ADDED]),
    ],
)
def test_late_statements_that_are_wrong(kind: str, history: list[Operation], statements: list[str]) -> None:
    assert kind in kinds("late", history, *statements)


def test_a_late_statement_is_one_row() -> None:
    con = database("late")
    chance = Chance(1, "a")
    steps = (WORKLOADS["late"].step(chance) for _ in range(100))
    step = next(step for step in steps if step.f == "add" and "LIKE" in next(step.body())[0])
    assert con.execute(*next(step.body())).fetchall() == []
    assert con.execute("SELECT tag, found FROM late").fetchall() == [(step.value, 0)]


# ---- cursors


def fetched(workload: str, rows: list[tuple[Any, ...]]) -> Any:
    """Returns what a cursor makes of its rows."""
    body = WORKLOADS[workload].cursor(0.0).body()
    next(body)
    with pytest.raises(StopIteration) as ended:
        body.send(rows)
    return ended.value.value


@pytest.mark.parametrize("workload", ["wide", "bank"])
def test_a_cursor_that_sees_two_versions(workload: str) -> None:
    con = database(workload, "UPDATE wide SET tag = 'w/1'" if workload == "wide" else "SELECT 1")
    sql, parameters = next(WORKLOADS[workload].cursor(0.0).body())
    rows = con.execute(sql, parameters).fetchall()
    history = [op("update", "w/1"), op("update", "w/2")] if workload == "wide" else []
    log = ["UPDATE wide SET tag = 'w/1'", "INSERT INTO wide_log VALUES ('w/1'), ('w/2')"] if history else []
    for found, kind in (
        (rows, set()),
        (rows[:-1], {f"{workload} torn"}),
        ([*rows[:-1], ("w/2" if history else 1, "")], {f"{workload} torn"}),
    ):
        read = op("read", None, result=fetched(workload, found), at=_LATER)
        assert kinds(workload, [*history, read], *log) == kind


# ---- the end of a run


def test_copies_that_are_equal_and_whole() -> None:
    dump = database("counter").serialize()
    assert final.compare({"a": dump, "b": dump}) == []


def test_copies_that_differ() -> None:
    one, other = database("counter"), database("counter", "UPDATE counter SET n = 1")
    [violation] = final.compare({"a": one.serialize(), "b": other.serialize()})
    assert violation.kind == "nodes differ"


def test_the_copy_of_most_nodes_counts() -> None:
    one, other = database("counter").serialize(), database("counter", "UPDATE counter SET n = 1").serialize()
    assert final.prevailing({"a": one, "b": other, "c": other}) == other


def test_a_copy_that_is_malformed() -> None:
    con = database("set", *(f"INSERT INTO items VALUES ({key}, 'a', 1, '{'x' * 99}')" for key in range(500)))
    con.execute("PRAGMA writable_schema = 1")
    con.execute("UPDATE sqlite_schema SET rootpage = rootpage - 1 WHERE type = 'index'")
    con.commit()
    dump = con.serialize()
    assert "malformed" in {violation.kind for violation in final.compare({"a": dump, "b": dump})}


# ---- histories


def test_what_a_killed_process_leaves(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.jsonl", "a")
    first = recorder.invoke("set", "add", 1, strict=False)
    recorder.complete(first, OK, result=[1])
    recorder.invoke("set", "add", 2, strict=True)
    third = recorder.invoke("set", "add", 3, strict=False)
    recorder.complete(third, INFO, error="AmbiguousCommitError")
    recorder.close()
    with (tmp_path / "a.jsonl").open("a") as file:
        file.write('{"id": "cut in its mid')
    one, two, three = load([tmp_path / "a.jsonl"])
    assert (one.outcome, one.result, one.end < NEVER) == (OK, [1], True)
    assert (two.outcome, two.end, two.strict) == (INFO, NEVER, True)
    assert (three.outcome, three.end, three.error) == (INFO, NEVER, "AmbiguousCommitError")
