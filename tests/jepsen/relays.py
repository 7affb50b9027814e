# SPDX-License-Identifier: Apache-2.0
"""The network between the nodes: one TCP relay for each ordered pair, which can cut, hold and delay.

A node dials its peers by name, and each node has a table of names of its own (see namespaces): so the relay that it
meets tells who dials, with TLS as without. dqlite sends raft's messages only on connections that the sender has made,
so one relay is one direction.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection
from contextlib import suppress

OPEN, CUT, HOLD = "open", "cut", "hold"
_SIZE = 1 << 16


class Relay:
    """One direction between two nodes."""

    def __init__(self, at: tuple[str, int], to: tuple[str, int]) -> None:
        self.at, self.to = at, to
        self.mode = OPEN
        self.delay = 0.0
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Begins to listen."""
        self._server = await asyncio.start_server(self._accept, *self.at)

    async def close(self) -> None:
        """Ends all connections and listens no more."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def set(self, mode: str, delay: float) -> None:
        """Changes how the relay treats what goes through it."""
        self.mode, self.delay = mode, delay
        self._changed.set()
        self._changed = asyncio.Event()
        if mode == CUT:
            for task in self._tasks:
                task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == CUT:
            return
        await self._pass()
        there_reader, there_writer = await asyncio.open_connection(*self.to)
        try:
            pumps = [
                asyncio.ensure_future(self._pump(reader, there_writer)),
                asyncio.ensure_future(self._pump(there_reader, writer)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                    with suppress(OSError, asyncio.CancelledError):
                        await pump
        finally:
            there_writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_SIZE):
            if self.delay:
                await asyncio.sleep(self.delay)
            await self._pass()
            writer.write(data)
            await writer.drain()

    async def _pass(self) -> None:
        while self.mode == HOLD:
            await self._changed.wait()


class Relays:
    """All pairs of `count` nodes, served by a thread of their own."""

    def __init__(self, count: int, own: Callable[[int], str], between: Callable[[int, int], str], port: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._relays = {
            (source, target): Relay((between(source, target), port), (own(target), port))
            for source in range(count)
            for target in range(count)
            if source != target
        }
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="relays")

    def start(self) -> None:
        """Begins to listen on all of them."""
        self._thread.start()

        async def serve() -> None:
            for relay in self._relays.values():
                await relay.serve()

        asyncio.run_coroutine_threadsafe(serve(), self._loop).result()

    def set(self, pairs: Collection[tuple[int, int]], mode: str = OPEN, delay: float = 0.0) -> None:
        """Changes the relays of these (sender, receiver)."""

        def change() -> None:
            for pair in pairs:
                self._relays[pair].set(mode, delay)

        self._loop.call_soon_threadsafe(change)

    def heal(self) -> None:
        """Opens all of them."""
        self.set(list(self._relays))

    def stop(self) -> None:
        """Ends the thread, and with it all connections."""

        async def close() -> None:
            await asyncio.gather(*(relay.close() for relay in self._relays.values()))

        asyncio.run_coroutine_threadsafe(close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
