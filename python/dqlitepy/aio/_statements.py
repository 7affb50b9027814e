# SPDX-License-Identifier: Apache-2.0
"""How a connection runs a statement to its end, asks a question of its own, and makes room for the next result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dqlitepy._native.formats import Parameters
from dqlitepy._native.operations import Execute, Fetch
from dqlitepy._sql.converters import PARSE_DECLTYPES
from dqlitepy._sql.declared_types import DEFINITIONS, VERSION, DeclaredTypes
from dqlitepy.aio._looping import Looping, Streaming
from dqlitepy.errors import OperationalError


class AsyncConnection(Looping):
    """A connection that runs statements."""

    async def getconfig(self, op: int, /) -> bool:
        """Returns a setting SQLITE_DBCONFIG_* of this connection.

        Raises:
            ValueError: there is no such setting.
            NotSupportedError: no PRAGMA reaches it.
        """
        from dqlitepy._connection.settings import pragma_of  # few programs need it

        self._open_number()
        rows = await self._exclusively(self._ask, f"PRAGMA {pragma_of(op)}")
        return bool(rows[0][0])

    async def setconfig(self, op: int, enable: bool = True, /) -> None:
        """Changes a setting SQLITE_DBCONFIG_* of this connection.

        Raises:
            ValueError: there is no such setting.
            NotSupportedError: no PRAGMA reaches it.
            OperationalError: it did not change, as foreign keys cannot inside a transaction.
        """
        from dqlitepy._connection.settings import pragma_of  # few programs need it

        self._open_number()
        await self._exclusively(self._ask, f"PRAGMA {pragma_of(op)} = {int(bool(enable))}")
        if await self.getconfig(op) != bool(enable):
            raise OperationalError("Unable to set config: end the transaction first")

    async def _run_control(self, sql: str, parameters: Parameters = ()) -> None:
        await self._exclusively(self._run_to_the_end, self._control(sql, parameters))

    async def _end_transaction(self, sql: str) -> None:
        """Runs COMMIT or ROLLBACK if a transaction is open."""

        async def end() -> None:
            if self._has_transaction():
                await self._run_to_the_end(self._control(sql))

        await self._exclusively(end)

    async def _run_to_the_end(self, operation: Execute) -> None:
        """Runs a statement, as often as it is to run, and drops its rows once all have come: it may write meanwhile."""
        self._trace(operation)
        await self._finish_streaming(None)
        part: Execute | Fetch | None = operation
        try:
            while part is not None:
                try:
                    await self._run(part)
                finally:
                    part.dispose()
                part = Fetch(operation.number) if part.more else None
        finally:
            self._count(operation)  # an executemany that fails has run the rows before

    async def _ask(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Returns the rows of a question of our own."""
        await self._finish_streaming(None)
        operation = self._control(sql, parameters)
        rows: list[tuple[Any, ...]] = []
        part: Execute | Fetch | None = operation
        while part is not None:
            try:
                await self._run(part)
                if operation.yields_rows:
                    values = part.values()
                    rows += values[1] if part is operation else values
            finally:
                part.dispose()
            part = Fetch(operation.number) if part.more else None
        return rows

    async def _declared_types(self, operation: Execute) -> Sequence[str | None]:
        """Returns the declared types of the columns that a statement is about to yield, if they are wanted."""
        sql = operation.sql.decode()
        if not self._detect_types & PARSE_DECLTYPES or not self._statement(sql).yields_rows:
            return ()
        version = await self._ask(VERSION)
        if self._declared is None or self._declared.version != version:
            self._declared = DeclaredTypes(version, await self._ask(DEFINITIONS))
        return self._declared.of(sql)

    async def _finish_streaming(self, successor: Streaming | None) -> None:
        """Reads the result that still streams to its end, as the next statement would drop it."""
        streaming, self._streaming = self._streaming, None
        cursor = streaming() if streaming else None
        if cursor is not None and cursor is not successor:
            await cursor._spool()
