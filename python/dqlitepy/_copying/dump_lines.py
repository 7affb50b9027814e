# SPDX-License-Identifier: Apache-2.0
# Made from aio/_dump_lines.py by `tools/bazel run //tools:twins`. Change that file.
"""Reads what the steps of an `iterdump` ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dqlitepy._blocking.statements import SyncConnection
from dqlitepy._copying.iterdump import Ask, dump_steps, next_step
from dqlitepy._native.operations import Execute
from dqlitepy.cursor import Cursor


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


def dump_lines(connection: SyncConnection, filter: str | None) -> Iterator[str]:
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
            cursor = _PlainCursor(connection).execute(step.sql, step.parameters)
            rows = cursor.fetchall()
        else:
            for (line,) in _PlainCursor(connection).execute(step.sql):
                yield line
