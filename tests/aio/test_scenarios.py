# SPDX-License-Identifier: Apache-2.0
"""One table of scenarios, run on `sqlite3`, dqlitepy and dqlitepy.aio: all three tell the same of each step.

A scenario is written once, for a connection whose calls may or may not have to be awaited: `do` makes them.
"""

from __future__ import annotations

import asyncio
import inspect
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import dqlitepy
import pytest
from dqlitepy import aio

Scenario: TypeAlias = Callable[[Any], AsyncIterator[object]]
SCENARIOS: list[Scenario] = []


def scenario(function: Scenario) -> Scenario:
    """Adds a scenario to the table. It gets a connection and yields what a program would see."""
    SCENARIOS.append(function)
    return function


async def do(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls, and awaits where that is needed."""
    result = function(*arguments)
    return await result if inspect.isawaitable(result) else result


async def failure(function: Callable[..., Any], *arguments: Any) -> str:
    """Returns the name of the exception that a call raises."""
    with pytest.raises(Exception) as raised:
        await do(function, *arguments)
    return type(raised.value).__name__


async def state(cursor: Any) -> tuple[object, ...]:
    """Returns what a cursor says about its statement, and the rows that are left."""
    titles = cursor.description and [column[0] for column in cursor.description]
    return titles, cursor.rowcount, await do(cursor.fetchall)


async def filled(con: Any) -> Any:
    """Makes a table with three rows, commits them, and returns a cursor with a result of which one row was fetched."""
    await do(con.execute, "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL)")
    await do(con.executemany, "INSERT INTO t VALUES (?, ?)", [(1, "x"), (2, "y"), (3, "z")])
    await do(con.commit)
    cursor = await do(con.cursor)
    await do(cursor.execute, "SELECT a, b FROM t ORDER BY a")
    assert await do(cursor.fetchone) == (1, "x")
    return cursor


@scenario
async def a_parameter_that_cannot_be_bound(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    yield await failure(cursor.execute, "SELECT ? AS c", (object(),))
    yield await state(cursor)


@scenario
async def too_few_parameters(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    yield await failure(cursor.execute, "SELECT ?, ?", (1,))
    yield await state(cursor)


@scenario
async def a_name_without_a_value(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    yield await failure(cursor.execute, "SELECT :a, :b", {"a": 1})
    yield await state(cursor)


@scenario
async def no_such_table(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    yield await failure(cursor.execute, "SELECT * FROM nowhere")
    yield await state(cursor)


@scenario
async def a_constraint_that_is_violated(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    yield await failure(cursor.execute, "INSERT INTO t VALUES (1, 'again')")
    yield await state(cursor)
    yield con.in_transaction
    await do(con.rollback)
    yield con.in_transaction


@scenario
async def executemany_that_fails_in_its_midst(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    yield await failure(cursor.executemany, "INSERT INTO t VALUES (?, ?)", [(4, "v"), (5, None), (6, "w")])
    yield await state(cursor)
    yield await do((await do(con.execute, "SELECT a FROM t ORDER BY a")).fetchall)
    yield con.in_transaction


@scenario
async def executemany_with_a_row_that_cannot_be_bound(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    yield await failure(cursor.executemany, "INSERT INTO t VALUES (?, ?)", [(4, "v"), (5, object())])
    yield await state(cursor)


@scenario
async def a_select_after_executemany_on_a_new_cursor(con: Any) -> AsyncIterator[object]:
    await filled(con)
    cursor = await do(con.cursor)
    await do(cursor.executemany, "INSERT INTO t VALUES (?, ?)", [(4, "v"), (5, "w")])
    yield await state(cursor)
    await do(cursor.execute, "SELECT a FROM t WHERE a > 3")
    yield await state(cursor)


@scenario
async def executemany_of_a_select(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    yield await failure(cursor.executemany, "SELECT ?", [(1,)])


@scenario
async def an_insert_behind_a_select(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    await do(cursor.execute, "INSERT INTO t VALUES (?, ?)", (9, "q"))
    yield cursor.lastrowid, con.in_transaction, con.total_changes
    yield await state(cursor)


@scenario
async def a_select_without_rows(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    await do(cursor.execute, "SELECT b FROM t WHERE a > ?", (99,))
    yield await do(cursor.fetchone)
    yield await state(cursor)


@scenario
async def rows_that_are_fetched_by_and_by(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    cursor.arraysize = 2
    yield await do(cursor.fetchmany)
    yield await do(cursor.fetchmany)
    yield await do(cursor.fetchone)
    yield await state(cursor)


@scenario
async def two_results_at_a_time(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    other = await do(con.execute, "SELECT b FROM t ORDER BY a DESC")
    yield await do(other.fetchone), await do(cursor.fetchone)
    yield await do(other.fetchall), await do(cursor.fetchall)


@scenario
async def a_script_commits_first(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    await do(cursor.execute, "UPDATE t SET b = 'u'")
    yield cursor.rowcount, con.in_transaction
    await do(con.executescript, "CREATE TABLE s (a); INSERT INTO s VALUES (1);")
    yield con.in_transaction
    await do(con.rollback)
    yield await do((await do(con.execute, "SELECT b FROM t WHERE a = 1")).fetchone)


@scenario
async def a_cursor_that_was_closed(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    await do(cursor.close)
    for use in (cursor.fetchone, cursor.fetchall, lambda: cursor.execute("SELECT 1")):
        yield await failure(use)


@scenario
async def a_row_factory_that_fails(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)

    def fail(cursor: Any, row: Any) -> Any:
        raise LookupError

    cursor.row_factory = fail
    yield await failure(cursor.fetchone)
    cursor.row_factory = None
    yield await do(cursor.fetchall)


@scenario
async def commands_of_ones_own(con: Any) -> AsyncIterator[object]:
    cursor = await filled(con)
    await do(cursor.execute, "BEGIN")
    yield con.in_transaction, cursor.rowcount, cursor.description
    await do(cursor.execute, "DELETE FROM t")
    yield cursor.rowcount
    await do(cursor.execute, "ROLLBACK")
    yield con.in_transaction
    yield await failure(cursor.execute, "COMMIT")


@asynccontextmanager
async def opened(module: Any) -> AsyncIterator[Any]:
    con = await do(module.connect, ":memory:")
    try:
        yield con
    finally:
        await do(con.close)


async def _told(module: Any, scenario: Scenario) -> list[object]:
    async with opened(module) as con:
        return [step async for step in scenario(con)]


def told(module: Any, scenario: Scenario) -> list[object]:
    return asyncio.run(_told(module, scenario))


@pytest.mark.parametrize("module", [dqlitepy, aio], ids=["dqlitepy", "dqlitepy.aio"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_all_tell_the_same(scenario: Scenario, module: Any) -> None:
    assert told(module, scenario) == told(sqlite3, scenario)
