# SPDX-License-Identifier: Apache-2.0
"""The native operations that can take long, each as an object: how to begin it, and how to continue it after PENDING.

They decide nothing and never wait by themselves; `_native.waiting.complete` drives them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from dqlitepy._native.abi import (
    LARGEST_SIZE,
    Block,
    BlockSize,
    ConnectOptions,
    ErrorFlag,
    ErrorStruct,
    ExecuteFlag,
    HandleNumber,
    NodeOptions,
    Result,
    ResultFlag,
    byref,
)
from dqlitepy._native.formats import decode_filled, split_rows, too_big
from dqlitepy._native.library import Library, borrow_memory, library, read_memory

# Plain numbers: an operation with a flag makes a new flag, which takes longer than all else that a result is asked.
ROWS = int(ResultFlag.ROWS)
MORE = int(ResultFlag.MORE)
DML = int(ResultFlag.DML)
CHANGES = int(ResultFlag.CHANGES)
TEXT_AS_BYTES = int(ExecuteFlag.TEXT_AS_BYTES)
NEARBY = int(ExecuteFlag.NEARBY)
LINEARIZABLE = int(ExecuteFlag.LINEARIZABLE)


class Operation(ABC):
    """One operation on one handle."""

    __slots__ = ("_error", "ended")

    def __init__(self) -> None:
        self._error = ErrorStruct()
        self.ended = False  # as far as its caller has seen; until then the state of its handle is unknown

    @property
    def error(self) -> ErrorStruct:
        """The error, if its Status says that it failed."""
        return self._error

    @property
    @abstractmethod
    def handle(self) -> int:
        """The number of the handle, 0 where the operation has not made it yet."""

    @property
    def broke_handle(self) -> bool:
        """Whether the handle cannot be used again after this operation."""
        return bool(self.error.flags & ErrorFlag.BROKEN)

    @property
    def lost_transaction(self) -> bool:
        """Whether the transaction that was open is gone with this operation."""
        return bool(self.error.flags & ErrorFlag.TRANSACTION_LOST)

    @abstractmethod
    def begin(self, native: Library, slice_ms: int) -> int:
        """Begins, waits at most `slice_ms`, returns a Status."""

    @abstractmethod
    def resume(self, native: Library, slice_ms: int) -> int:
        """Goes on, waits at most `slice_ms`, returns a Status."""

    def dispose(self) -> None:  # noqa: B027  # most have brought nothing
        """Frees the memory of the result."""


class _Opening(Operation):
    """Makes a handle."""

    __slots__ = ("_handle",)

    def __init__(self) -> None:
        super().__init__()
        self._handle = HandleNumber()

    @property
    def handle(self) -> int:
        return self._handle.value

    def resume(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_wait(self._handle, slice_ms, self._error)
        return status


class StartNode(_Opening):
    """Starts a node in this process."""

    __slots__ = ("_options",)

    def __init__(self, options: NodeOptions) -> None:
        super().__init__()
        self._options = options

    def begin(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_node_start(self._options, slice_ms, self._handle, self._error)
        return status


class Connect(_Opening):
    """Finds the leader and opens a database on it."""

    __slots__ = ("_options",)

    def __init__(self, options: ConnectOptions) -> None:
        super().__init__()
        self._options = options

    def begin(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_connect(self._options, slice_ms, self._handle, self._error)
        return status


class OpenDump(_Opening):
    """Begins to copy a database."""

    __slots__ = ("_flags", "_options")

    def __init__(self, options: ConnectOptions, flags: int) -> None:
        super().__init__()
        self._options = options
        self._flags = flags

    def begin(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_dump(self._options, self._flags, slice_ms, self._handle, self._error)
        return status


class _OnHandle(Operation):
    """Uses a handle."""

    __slots__ = ("_number",)

    def __init__(self, handle: int) -> None:
        super().__init__()
        self._number = handle

    @property
    def handle(self) -> int:
        return self._number


class ReadDump(_OnHandle):
    """Brings the next bytes of a copy; the caller calls `take` after it."""

    __slots__ = ("_block", "_size")

    def __init__(self, handle: int) -> None:
        super().__init__(handle)
        self._block = Block()
        self._size = BlockSize()

    def begin(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_dump_read(self._number, slice_ms, self._block, self._size, self._error)
        return status

    resume = begin

    def take(self) -> bytes:
        """Returns the bytes, none at the end of the copy."""
        try:
            return read_memory(self._block.value, self._size.value)
        finally:
            self.dispose()

    def dispose(self) -> None:
        address, self._block.value = self._block.value, None  # before a signal can lead here again
        if address:
            library().dqlitepy_free(address)


class Close(_OnHandle):
    """Closes a node, a connection or a copy."""

    __slots__ = ()

    def begin(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_close(self._number, slice_ms, self._error)
        return status

    def resume(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_wait(self._number, slice_ms, self._error)
        return status


class FinishClose(Close):
    """Waits for a close that has begun."""

    __slots__ = ()

    def begin(self, native: Library, slice_ms: int) -> int:
        return self.resume(native, slice_ms)


class Statement(Operation):
    """Brings a result; the caller calls `dispose` in every case. See `_native.abi.UNDECLARED` for how it calls."""

    __slots__ = ("_reference", "number", "result")

    def __init__(self, number: HandleNumber) -> None:
        # Without what the class above does: every statement has one of these, whose error is part of the result.
        self.ended = False
        self.number = number
        self.result = Result()
        self._reference = byref(self.result)

    @property
    def handle(self) -> int:
        return self.number.value

    @property
    def error(self) -> ErrorStruct:
        return self.result.error

    @property
    def yields_rows(self) -> bool:
        """Whether the statement has columns."""
        return bool(self.result.flags & ROWS)

    @property
    def more(self) -> bool:
        """Whether more rows follow, for `Fetch`."""
        return bool(self.result.flags & MORE)

    def resume(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_continue(self.number, slice_ms, self._reference)
        return status

    def block(self) -> bytes:
        """Returns a copy of the result's block, which `_native.formats.decode` reads."""
        result = self.result
        return read_memory(result.data, result.data_size) if result.data else bytes(result.small[: result.data_size])

    def values(self) -> Any:
        """Returns what the result's block holds, None where it has none."""
        result = self.result
        address, size = result.data, result.data_size
        if address is None:
            return decode_filled(result) if size else None  # it stands first in the struct, and ends before that does
        return decode_filled(borrow_memory(address, size))

    def dispose(self) -> None:
        data = self.result.data
        if data:
            self.result.data = None  # before a signal can lead here again
            library().dqlitepy_free(data)


class Execute(Statement):
    """Runs one statement; `values` are (names of the columns, first rows) where it yields rows."""

    __slots__ = ("begin_before", "flags", "parameters", "sql")

    def __init__(self, number: HandleNumber, sql: bytes, parameters: bytes, begin_before: bytes, flags: int) -> None:
        if len(parameters) > LARGEST_SIZE:  # SQL is shorter: SQLITE_LIMIT_SQL_LENGTH
            raise too_big()
        # What the class above does, without calling it.
        self.ended = False
        self.number = number
        self.result = Result()
        self._reference = byref(self.result)
        self.sql = sql
        self.parameters = parameters
        self.begin_before = begin_before  # what precedes the statement if it writes rows outside a transaction
        self.flags = flags

    @property
    def runs(self) -> list[bytes]:
        """The parameters of each time that the statement runs."""
        return [self.parameters]

    def begin(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_execute(
            self.number,
            self.sql,
            len(self.sql),
            self.parameters,
            len(self.parameters),
            self.begin_before,
            self.flags,
            slice_ms,
            self._reference,
        )
        return status


class ExecuteMany(Execute):
    """Runs one statement once for each row of parameters."""

    __slots__ = ()

    @property
    def runs(self) -> list[bytes]:
        return split_rows(self.parameters)

    def begin(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_execute_many(
            self.number,
            self.sql,
            len(self.sql),
            self.parameters,
            len(self.parameters),
            self.begin_before,
            self.flags,
            slice_ms,
            self._reference,
        )
        return status


class Fetch(Statement):
    """Brings the next rows of the result that is streaming; `values` are the rows."""

    __slots__ = ()

    def begin(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_fetch(self.number, slice_ms, self._reference)
        return status


class Discard(Statement):
    """Drops the result that is streaming."""

    __slots__ = ()

    def begin(self, native: Library, slice_ms: int) -> int:
        status: int = native.dqlitepy_discard(self.number, slice_ms, self._reference)
        return status
