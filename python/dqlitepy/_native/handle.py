# SPDX-License-Identifier: Apache-2.0
"""Owns the number of one node, connection or copy in the shim's table."""

from __future__ import annotations

from dqlitepy._native.abi import ErrorStruct, HandleNumber, Status
from dqlitepy._native.library import forked, library
from dqlitepy._native.operations import Close, Connect, FinishClose, OpenDump, StartNode
from dqlitepy._native.waiting import complete


class Handle:
    """A node, a connection or a copy that has to be closed; twice does no harm. In a forked child nothing happens."""

    __slots__ = ("_closing", "argument", "number")

    def __init__(self, number: int) -> None:
        self.number = number  # 0 once closing has begun; only `take` changes it
        # The same for what runs for each statement; stale once closing has begun. Shared, and so never changed.
        self.argument = HandleNumber(number)
        self._closing = 0

    @classmethod
    def open(cls, opening: StartNode | Connect | OpenDump) -> Handle:
        """Runs `opening` and owns what it makes; what a failed or interrupted one made is released.

        Raises:
            dqlitepy.Error: it failed.
        """
        try:
            complete(opening)
        except BaseException:
            cls(opening.handle).release()
            raise
        return cls(opening.handle)

    def close(self) -> None:
        """Closes, and waits for the end of it.

        Raises:
            dqlitepy.Error: the node or the connection did not end cleanly; it is closed all the same.
        """
        number = self.take()
        if number:
            self._run(Close(number))

    def release(self) -> None:
        """Closes in the background; for finalizers, which run on any thread and must not wait."""
        number = self.take()
        if number:
            library().dqlitepy_release(number)

    def begin_close(self) -> None:
        """Begins to close without waiting; `close_ended` and `finish_close` look after it."""
        number = self.take()
        if number and library().dqlitepy_close(number, 0, ErrorStruct()) == Status.PENDING:
            self._closing = number

    def close_ended(self, slice_ms: int = 0) -> bool:
        """Waits at most `slice_ms` for what `begin_close` began; returns whether it has ended."""
        if self._closing and not forked():
            status = library().dqlitepy_wait(self._closing, slice_ms, ErrorStruct())
            if status == Status.PENDING:
                return False
        self._closing = 0
        return True

    def finish_close(self) -> None:
        """Waits for what `begin_close` began.

        Raises:
            dqlitepy.Error: as `close`.
        """
        number, self._closing = self._closing, 0
        if number and not forked():
            self._run(FinishClose(number))

    def take(self) -> int:
        """Returns the number, 0 in a forked child, and no longer owns it."""
        number, self.number = self.number, 0
        return 0 if forked() else number

    @staticmethod
    def _run(closing: Close) -> None:
        try:
            complete(closing)
        except BaseException:
            library().dqlitepy_release(closing.handle)
            raise
