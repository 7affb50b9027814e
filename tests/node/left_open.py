# SPDX-License-Identifier: Apache-2.0
"""A program that ends with things left open, in states that its seed chooses: left_open.py SEED DIRECTORY.

It says by what status it is going to end, and ends so if nothing gets into its way.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import dqlitepy
from dqlitepy import aio

from tests.support import few_descriptors, free_address

KEPT: list[Any] = []  # as by a traceback, or a module's globals
FAILURES = (dqlitepy.Error, ValueError, OSError, RuntimeError)

Leaver = Callable[[random.Random, str], None]


def node(directory: str, kind: type[Any] = dqlitepy.Node) -> Any:
    """A node that is still to be started; one that was there before keeps its address."""
    return kind(directory, address=None if os.path.exists(directory) else free_address())


def connection(chance: random.Random, directory: str) -> None:
    con = dqlitepy.connect(directory)
    KEPT.append(con)
    con.execute("CREATE TABLE IF NOT EXISTS t (a)")
    con.commit()
    if chance.random() < 0.5:
        con.execute("INSERT INTO t VALUES (1)")  # in a transaction that nobody ends
    if chance.random() < 0.5:
        rows = con.execute(
            "WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r LIMIT 50000) SELECT x FROM r"
        )
        rows.fetchone()
        KEPT.append(rows)


def temporary(chance: random.Random, directory: str) -> None:
    KEPT.append(dqlitepy.connect(":memory:"))


def cycle(chance: random.Random, directory: str) -> None:
    con: Any = dqlitepy.connect(":memory:")
    con.itself = con


def pool(chance: random.Random, directory: str) -> None:
    opened = dqlitepy.Pool(directory, max_size=3).open()
    KEPT.append(opened)
    if chance.random() < 0.5:
        lent = opened.connection()
        lent.__enter__()
        KEPT.append(lent)


def running(chance: random.Random, directory: str) -> None:
    started = node(directory)
    started.start()
    if chance.random() < 0.7:
        KEPT.append(started)
    if chance.random() < 0.5:
        con = dqlitepy.connect(started)
        con.execute("CREATE TABLE IF NOT EXISTS t (a)")
        KEPT.append(con)


def restarted(chance: random.Random, directory: str) -> None:
    for _ in range(chance.randrange(1, 4)):
        with node(directory):
            pass
    running(chance, directory)


def unable(chance: random.Random, directory: str) -> None:
    """One that cannot start, between two that run."""
    running(chance, directory + "-before")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = dqlitepy.Node(directory, address=f"127.0.0.1:{taken.getsockname()[1]}")
        with suppress(*FAILURES):
            busy.start()
        KEPT.append(busy)
    for n in range(chance.randrange(1, 8)):
        poor = node(f"{directory}-poor-{n}")
        with few_descriptors(n + 1), suppress(*FAILURES):
            poor.start()
        KEPT.append(poor)
    running(chance, directory + "-after")


def loop_that_is_gone(chance: random.Random, directory: str) -> None:
    async def main() -> None:
        started = node(directory, aio.Node)
        await started.start()
        KEPT.append(started)
        con = await aio.connect(started)
        await con.execute("CREATE TABLE IF NOT EXISTS t (a)")
        KEPT.append(con)
        if chance.random() < 0.5:
            KEPT.append(asyncio.ensure_future(started.close()))
        if chance.random() < 0.5:
            KEPT.append(asyncio.ensure_future(con.close()))
        if chance.random() < 0.3:
            raise RuntimeError("as of a test that fails")

    with suppress(*FAILURES):
        asyncio.run(main())


def loop_in_a_thread(chance: random.Random, directory: str) -> None:
    begun = threading.Event()

    async def main() -> None:
        started = node(directory, aio.Node)
        starting = asyncio.ensure_future(started.start())
        if chance.random() < 0.5:
            begun.set()
        await starting
        begun.set()
        KEPT.append(started)
        con = await aio.connect(started, isolation_level=None)
        await con.execute("CREATE TABLE IF NOT EXISTS t (a)")
        while True:
            await con.execute("INSERT INTO t VALUES (1)")

    def run() -> None:
        with suppress(*FAILURES):
            asyncio.run(main())

    threading.Thread(target=run, daemon=True).start()
    begun.wait()


def thread_at_work(chance: random.Random, directory: str) -> None:
    statement = chance.choice(
        [
            "INSERT INTO t VALUES (1)",
            "SELECT count(*) FROM t",
            "WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT max(x) FROM r",
        ]
    )
    begun = threading.Event()

    def work() -> None:
        with suppress(*FAILURES):
            con = dqlitepy.connect(directory, isolation_level=None)
            con.execute("CREATE TABLE IF NOT EXISTS t (a)")
            while True:
                begun.set()
                con.execute(statement).fetchall()

    threading.Thread(target=work, daemon=True).start()
    begun.wait()


def thread_that_opens(chance: random.Random, directory: str) -> None:
    begun = threading.Event()

    def work() -> None:
        with suppress(*FAILURES):
            for n in range(1000):
                begun.set()
                if n % 2:
                    dqlitepy.connect(f"{directory}-{n}").close()
                else:
                    with node(f"{directory}-{n}"):
                        pass

    threading.Thread(target=work, daemon=True).start()
    begun.wait()


def thread_that_closes(chance: random.Random, directory: str) -> None:
    started = node(directory)
    started.start()
    begun = threading.Event()

    def work() -> None:
        begun.set()
        with suppress(*FAILURES):
            started.close(handover=chance.random() < 0.5)

    threading.Thread(target=work, daemon=True).start()
    begun.wait()


LEAVERS: list[Leaver] = [
    connection,
    temporary,
    cycle,
    pool,
    running,
    restarted,
    unable,
    loop_that_is_gone,
    loop_in_a_thread,
    thread_at_work,
    thread_that_opens,
    thread_that_closes,
]


def end(chance: random.Random) -> None:
    way = chance.choice(["return", "exit", "exception", "signal"])
    status = {"return": 0, "exit": 7, "exception": 1, "signal": -signal.SIGTERM}[way]
    if chance.random() < 0.3:
        gc.collect()
    print(status, flush=True)
    if way == "exit":
        sys.exit(7)
    if way == "signal":
        os.kill(os.getpid(), signal.SIGTERM)
    if way == "exception":
        raise ZeroDivisionError


def main() -> None:
    chance = random.Random(int(sys.argv[1]))
    logging.getLogger("dqlitepy").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    for n, leave in enumerate(chance.sample(LEAVERS, chance.randrange(1, 4))):
        print(leave.__name__, flush=True)
        leave(chance, f"{sys.argv[2]}/{n}")
    end(chance)


if __name__ == "__main__":
    main()
