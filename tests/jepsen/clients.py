# SPDX-License-Identifier: Apache-2.0
"""Clients of every kind, each of which works until it is told to stop and writes down what it did.

A worker is a thread, a thread that borrows from a pool, or a task of an event loop; its target is the cluster's
addresses or the node of its own process.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import dqlitepy
from dqlitepy import aio

from tests.jepsen.history import CONNECT, FAIL, INFO, OK, Recorder
from tests.jepsen.outcomes import outcome_of, told
from tests.jepsen.workloads.base import CURSOR, SNAPSHOT, TRANSACTION, Chance, Rows, Step
from tests.jepsen.workloads.table import WORKLOADS

THREAD, POOL, ASYNC = "thread", "pool", "async"

_LEADER_TIMEOUT = 4.0
_BUSY_TIMEOUT = 4.0
_FIRST_ROWS = 10
_SHORT_HOLD = 2.0  # seconds for which a reader lets a cursor wait that had to wait for a long WAL, once it is long


@dataclass
class Plan:
    """What one worker is to do. It crosses to the process of the worker as JSON."""

    name: str
    kind: str
    workload: str
    seed: int
    linearizable: bool
    retry: bool  # transactions by run_transaction
    pause: float  # seconds between two operations
    reconnect: float  # how often it leaves its connection for a new one
    server: int | None = None  # the only node that it was told of; None for all
    repeat_ambiguous: bool = False  # a mutation: what may have happened is done again
    local: bool = False  # it reads at the node of its process, or at the nearest one
    holds: float = 0.0  # it only has cursors, which wait until the WAL is long, but no longer than these seconds

    def as_json(self) -> dict[str, Any]:
        """Returns it as what json takes."""
        return asdict(self)

    @property
    def reads(self) -> str:
        """As `connect` takes it."""
        return "local" if self.local else "linearizable" if self.linearizable else "leader"


Target = list[str] | dqlitepy.Node  # the addresses of the nodes, or the node of this process


class Workers:
    """Threads, pools and event loops that work on one target."""

    def __init__(self, target: Target, folder: Path, tls: dqlitepy.TLS | None, generation: str) -> None:
        self._target, self._folder, self._tls = target, folder, tls
        self._generation = generation  # of the process: a worker that was killed begins anew under another name
        self._stop = threading.Event()
        self._long = threading.Event()
        self._threads: list[threading.Thread] = []
        self.broken: list[str] = []  # what ended workers that should not have ended

    def start(self, plans: Sequence[Plan]) -> None:
        """Starts the workers of these plans."""
        pooled = [plan for plan in plans if plan.kind == POOL]
        looped = [plan for plan in plans if plan.kind == ASYNC]
        for plan in plans:
            if plan.kind == THREAD:
                self._begin(self._work, plan)
        for reads in sorted({plan.reads for plan in pooled}):
            self._begin(self._work_with_pool, [plan for plan in pooled if plan.reads == reads])
        if looped:
            self._begin(lambda: asyncio.run(self._work_in_loop(looped)))

    def be_told(self) -> None:
        """Hears that the WAL is long: cursors that waited for that go on."""
        self._long.set()

    def stop(self, patience: float) -> list[str]:
        """Lets all workers end their operation and returns the names of those that do not within `patience` seconds."""
        self._stop.set()
        self._long.set()
        deadline = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return [thread.name for thread in self._threads if thread.is_alive()]

    def _begin(self, function: Callable[..., Any], *arguments: Any) -> None:
        name = arguments[0].name if arguments and isinstance(arguments[0], Plan) else "pool or loop"
        thread = threading.Thread(target=self._guarded, args=(function, *arguments), daemon=True, name=name)
        self._threads.append(thread)
        thread.start()

    def _guarded(self, function: Callable[..., Any], *arguments: Any) -> None:
        try:
            function(*arguments)
        except BaseException as error:
            self.broken.append(f"{type(error).__name__}: {error}")
            raise

    def _recorder(self, plan: Plan) -> tuple[Recorder, Chance]:
        name = f"{plan.name}{self._generation}"
        return Recorder(self._folder / f"{name}.jsonl", name), Chance(plan.seed, name)

    def _place(self, plan: Plan) -> str | dqlitepy.Node:
        if isinstance(self._target, dqlitepy.Node):
            return self._target
        servers = self._target if plan.server is None else [self._target[plan.server]]
        return f"dqlite://{','.join(servers)}/main"

    def _options(self, plan: Plan) -> dict[str, Any]:
        return {
            "isolation_level": None,
            "leader_timeout": _LEADER_TIMEOUT,
            "reads": plan.reads,
            "tls": self._tls if isinstance(self._target, list) else None,  # a node has its own
        }

    def _work(self, plan: Plan) -> None:
        recorder, chance = self._recorder(plan)
        position = 0  # the token that each connection hands on to the next
        con: dqlitepy.Connection | None = None
        while not self._stop.is_set():
            if con is None:
                name = recorder.invoke(CONNECT, CONNECT, None, strict=False)
                try:
                    con = dqlitepy.connect(
                        self._place(plan), timeout=_BUSY_TIMEOUT, check_same_thread=False, **self._options(plan)
                    )
                except dqlitepy.Error as error:
                    recorder.complete(name, **told(error))
                    self._stop.wait(0.05)
                    continue
                recorder.complete(name, OK)
                if plan.local:
                    con.position = position
            self._once(con, plan, recorder, chance)
            if plan.local:
                position = con.position
            if chance.random.random() < plan.reconnect:
                with suppress(dqlitepy.Error):
                    con.close()
                con = None
        if con is not None:
            with suppress(dqlitepy.Error):
                con.close()
        recorder.close()

    def _work_with_pool(self, plans: Sequence[Plan]) -> None:
        options = self._options(plans[0])
        pool = dqlitepy.Pool(
            self._place(plans[0]),
            min_size=0,
            max_size=max(2, len(plans) - 1),
            timeout=10.0,
            busy_timeout=_BUSY_TIMEOUT,
            **options,
        )

        def work(plan: Plan) -> None:
            recorder, chance = self._recorder(plan)
            while not self._stop.is_set():
                connecting = recorder.invoke(CONNECT, CONNECT, None, strict=False)
                try:
                    with pool.connection() as con:
                        recorder.complete(connecting, OK)
                        connecting = ""
                        self._once(con, plan, recorder, chance)
                except dqlitepy.Error as error:
                    if connecting:
                        recorder.complete(connecting, **told(error))
                    self._stop.wait(0.05)
            recorder.close()

        with pool:
            threads = [threading.Thread(target=self._guarded, args=(work, plan), daemon=True) for plan in plans]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _once(self, con: dqlitepy.Connection, plan: Plan, recorder: Recorder, chance: Chance) -> None:
        step = _next(plan, chance)
        name = recorder.invoke(
            plan.workload, step.f, step.value, strict=plan.linearizable, session=plan.local, **step.tags
        )
        while True:
            try:
                recorder.complete(name, OK, perform(con, step, plan.retry, partial(self._hold, plan, step)))
            except Exception as error:
                if plan.repeat_ambiguous and outcome_of(error) == INFO:
                    continue
                recorder.complete(name, **told(error))
                self._stop.wait(0.01)
            break
        if plan.pause:
            self._stop.wait(plan.pause * chance.random.uniform(0.2, 1.8))

    def _hold(self, plan: Plan, step: Step) -> None:
        if plan.holds and not self._long.is_set():
            self._long.wait(plan.holds)
        else:
            self._stop.wait(min(step.hold, _SHORT_HOLD))

    async def _hold_async(self, step: Step) -> None:
        deadline = time.monotonic() + step.hold
        while time.monotonic() < deadline and not self._stop.is_set():
            await asyncio.sleep(0.02)

    async def _work_in_loop(self, plans: Sequence[Plan]) -> None:
        await asyncio.gather(*(self._work_async(plan) for plan in plans))

    async def _work_async(self, plan: Plan) -> None:
        recorder, chance = self._recorder(plan)
        con: aio.Connection | None = None
        position = 0
        target = self._place(plan)
        while not self._stop.is_set():
            if con is None:
                name = recorder.invoke(CONNECT, CONNECT, None, strict=False)
                try:
                    con = await aio.connect(target, timeout=_BUSY_TIMEOUT, **self._options(plan))
                except dqlitepy.Error as error:
                    recorder.complete(name, **told(error))
                    await asyncio.sleep(0.05)
                    continue
                recorder.complete(name, OK)
                if plan.local:
                    con.position = position
            step = _next(plan, chance)
            name = recorder.invoke(
                plan.workload, step.f, step.value, strict=plan.linearizable, session=plan.local, **step.tags
            )
            # Now and then somebody loses patience: a cancelled statement must not lie about what it did.
            limit = chance.random.uniform(0.0, 0.5) if chance.random.random() < 0.03 else None
            try:
                async with asyncio.timeout(limit):
                    hold = partial(self._hold_async, step)
                    recorder.complete(name, OK, await perform_async(con, step, plan.retry, hold))
            except TimeoutError:
                recorder.complete(name, FAIL if step.kind in (SNAPSHOT, CURSOR) else INFO, error="cancelled")
                with suppress(dqlitepy.Error):
                    await con.close()
                con = None
            except Exception as error:
                recorder.complete(name, **told(error))
                await asyncio.sleep(0.01)
            if con is not None and plan.local:
                position = con.position
            if con is not None and chance.random.random() < plan.reconnect:
                with suppress(dqlitepy.Error):
                    await con.close()
                con = None
            if plan.pause:
                await asyncio.sleep(plan.pause * chance.random.uniform(0.2, 1.8))
        if con is not None:
            with suppress(dqlitepy.Error):
                await con.close()
        recorder.close()


def _next(plan: Plan, chance: Chance) -> Step:
    workload = WORKLOADS[plan.workload]
    return workload.cursor(plan.holds) if plan.holds else workload.step(chance)


def perform(con: dqlitepy.Connection, step: Step, retry: bool, hold: Callable[[], None]) -> Any:
    """Runs an operation and returns its result; `hold` is what happens while a cursor is half fetched."""
    if step.kind == CURSOR:
        body = step.body()
        cursor = con.execute(*next(body))
        rows = cursor.fetchmany(_FIRST_ROWS)
        hold()
        return _end(body, rows + cursor.fetchall())
    if step.kind == TRANSACTION and retry:
        return dqlitepy.run_transaction(con, lambda own: _drive(own, step), timeout=5.0)
    if step.kind not in (TRANSACTION, SNAPSHOT):
        return _drive(con, step)
    con.execute("BEGIN IMMEDIATE" if step.kind == TRANSACTION else "BEGIN")
    try:
        result = _drive(con, step)
        con.execute("COMMIT")
    except BaseException:
        with suppress(dqlitepy.Error):
            con.rollback()
        raise
    return result


def _drive(con: dqlitepy.Connection, step: Step) -> Any:
    body = step.body()
    try:
        request = next(body)
        while True:
            request = body.send(con.execute(*request).fetchall())
    except StopIteration as stop:
        return stop.value


def _end(body: Generator[tuple[str, Sequence[Any]], Rows, Any], rows: Rows) -> Any:
    """Returns what comes of the last rows."""
    try:
        body.send(rows)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("a cursor is one statement")


async def perform_async(con: aio.Connection, step: Step, retry: bool, hold: Callable[[], Awaitable[None]]) -> Any:
    """Runs an operation on an event loop and returns its result; `hold` is awaited while a cursor is half fetched."""
    if step.kind == CURSOR:
        body = step.body()
        cursor = await con.execute(*next(body))
        rows = await cursor.fetchmany(_FIRST_ROWS)
        await hold()
        return _end(body, rows + await cursor.fetchall())
    if step.kind == TRANSACTION and retry:
        return await aio.run_transaction(con, lambda own: _drive_async(own, step), timeout=5.0)
    if step.kind not in (TRANSACTION, SNAPSHOT):
        return await _drive_async(con, step)
    await con.execute("BEGIN IMMEDIATE" if step.kind == TRANSACTION else "BEGIN")
    try:
        result = await _drive_async(con, step)
        await con.execute("COMMIT")
    except BaseException:
        with suppress(dqlitepy.Error):
            await con.rollback()
        raise
    return result


async def _drive_async(con: aio.Connection, step: Step) -> Any:
    body = step.body()
    try:
        request = next(body)
        while True:
            cursor = await con.execute(*request)
            request = body.send(await cursor.fetchall())
    except StopIteration as stop:
        return stop.value
