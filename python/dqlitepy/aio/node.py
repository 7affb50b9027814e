# SPDX-License-Identifier: Apache-2.0
"""`aio.Node`: a node of a cluster, in this process. The twin of `node.Node`: only waiting differs."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Literal, Self

from dqlitepy import errors
from dqlitepy._native.handle import Handle
from dqlitepy._native.library import forked
from dqlitepy._native.log import node_started, node_stopped
from dqlitepy._native.operations import Close, StartNode
from dqlitepy._native.poller import Poller, poller
from dqlitepy.aio._node_questions import AsyncNode
from dqlitepy.aio.client import Client


class Node(AsyncNode):
    """A node of a cluster that runs in this process from `start` to `close`. The twin of `dqlitepy.Node`.

        async with aio.Node("data/", address="10.0.0.2:9000", join=["10.0.0.1:9000"], tls=tls) as node:
            await node.wait_ready()
            async with aio.connect(node) as con: ...

    Waiting for it takes no thread; only what a crash left in its directory is read in one. `role` and `leader` are
    asked of the node, so they are awaited: `await node.leader`.

    Args: those of `dqlitepy.Node`.
    """

    _make_lock = asyncio.Lock
    _events: Poller  # of the loop that started it

    async def start(self) -> Self:
        """Starts the node and returns it: its data has been read, and `wait_ready` waits for the cluster.

        Raises:
            OperationalError: the directory, the address or the certificate cannot be used, or the directory belongs to
                another node or address, or is in use.
            ProgrammingError: it runs already.
        """
        async with self._turn:
            self._check_stopped()
            options = self._prepared()
            if self._has_files_to_check():
                await asyncio.to_thread(self._check_files)
            node_started()
            events, opening = poller(), StartNode(options)
            try:
                await events.open(opening)
            except BaseException as error:
                await self._give_up(events, opening)
                node_stopped()
                if isinstance(error, errors.OperationalError):
                    raise await asyncio.to_thread(self._explained, error) from None
                raise
            self._events = events
            self._note_start(Handle(opening.handle))
        return self

    async def close(self, *, handover: bool = True, timeout: float = 10.0) -> None:
        """Stops the node. Closing a closed one does nothing, as in a forked child.

        Args:
            handover: whether to hand over first; where that fails the log says so, and the node stops all the same.
            timeout: seconds that handing over may take.

        Raises:
            OperationalError: it did not stop cleanly; it is stopped all the same.
        """
        if forked():
            return
        async with self._turn:
            if not self.running:
                return
            if handover:
                try:
                    await self.handover(timeout)
                except errors.Error as error:
                    self._note_missing_handover(error)
            handle = self._take_handle()
            if handle is None:  # the interpreter exits, and the thread that does that was faster
                return
            try:
                await self._stop(handle.take())
            finally:
                node_stopped()

    async def __aenter__(self) -> Self:
        """Starts the node, unless it runs already."""
        if not self.running:
            await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        """Closes the node."""
        await self.close()
        return False

    def client(self, timeout: float = 5.0) -> Client:
        """Returns a client of the cluster; `timeout` in seconds is that of its calls."""
        return Client(self.servers, tls=self._tls, timeout=timeout)

    async def _stop(self, number: int) -> None:
        events = poller()
        try:
            self._events.forget(number)
            events.attach(number)
            await events.complete(Close(number))
        except BaseException:
            Handle(number).release()
            raise
        finally:
            events.forget(number)
            events.close_if_idle()

    @staticmethod
    async def _give_up(events: Poller, opening: StartNode) -> None:
        """Stops a node whose start was cancelled, so that its directory is free again."""
        number = opening.handle
        try:
            if number and opening.ended:
                events.attach(number)
                await events.complete(Close(number))
        except errors.Error:
            pass  # it did not start, or not cleanly
        finally:
            Handle(number).release()
            events.forget(number)
            events.close_if_idle()
