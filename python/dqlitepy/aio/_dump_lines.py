# SPDX-License-Identifier: Apache-2.0
"""Reads what the steps of an `iterdump` ask for."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

from dqlitepy._copying.iterdump import Ask, dump_steps, next_step
from dqlitepy._native.operations import Execute
from dqlitepy.aio._statements import AsyncConnection
from dqlitepy.aio.cursor import Cursor


class _PlainCursor(Cursor):
    """Gives out rows as they are, whatever factories and converters its connection has."""

    def _accept(
        self, operation: Execute, detect_types: int, declared: Sequence[str | None], last_insert_id: int
    ) -> None:
        super()._accept(operation, 0, (), last_insert_id)

    def _take(self, count: int | None, text_factory: Callable[[bytes], Any]) -> list[Any]:
        return super()._take(count, str)

    def _give_next(self, text_factory: Callable[[bytes], Any]) -> Any:
        return super()._give_next(str)


async def dump_lines(connection: AsyncConnection, filter: str | None) -> AsyncGenerator[str, None]:
    """Yields the statements of a dump.

    Args:
        connection: what to read; all is as of one moment only if it is in a transaction.
        filter: a LIKE pattern for the names of the tables, indexes, triggers and views to dump, None for all.
    """
    steps = dump_steps(filter)
    rows = None
    while (step := next_step(steps, rows)) is not None:
        rows = None
        if isinstance(step, str):
            yield step
        elif isinstance(step, Ask):
            cursor = await _PlainCursor(connection).execute(step.sql, step.parameters)
            rows = await cursor.fetchall()
        else:
            async for (line,) in await _PlainCursor(connection).execute(step.sql):
                yield line
