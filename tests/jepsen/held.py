# SPDX-License-Identifier: Apache-2.0
"""A SELECT that is half fetched while one writer goes on until the WAL has passed 1,000 and 10,000 frames.

The suite's own client and workloads, without chance. In a process of its own: the runs are forks of a process that has
no node.
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import dqlitepy
from dqlitepy import aio

from tests.jepsen.clients import perform, perform_async
from tests.jepsen.workloads.bank import ACCOUNTS, TOTAL
from tests.jepsen.workloads.table import WORKLOADS
from tests.jepsen.workloads.wide import WIDTH
from tests.support import free_address

PASSED = (1_000, 10_000)
WRITES = {"wide": "UPDATE wide SET tag = tag || '+'", "bank": "UPDATE accounts SET n = n + 1"}
_WHOLE = {"wide": [["", "", WIDTH]], "bank": [[TOTAL, ACCOUNTS]]}


class _Writer:
    """Makes one version after the other."""

    def __init__(self, place: dqlitepy.Node | str, workload: str) -> None:
        self.con = dqlitepy.connect(place, isolation_level=None, check_same_thread=False)
        self._sql = WRITES[workload]
        for statement in WORKLOADS[workload].schema:
            self.con.execute(statement)

    def frames(self) -> int:
        [(frames,)] = self.con.execute("PRAGMA wal_frames").fetchall()
        return int(frames)

    def write(self) -> None:
        self.con.execute(self._sql)

    def pass_all(self) -> None:
        """Writes until the WAL is longer than each of the lengths, one after the other."""
        for length in PASSED:
            last = self.frames()
            assert last <= length, "the WAL was long before"
            while last <= length:
                self.write()
                frames = self.frames()
                assert frames > last, "the WAL was copied beside a cursor"
                last = frames


def hold(directory: str, workload: str, kind: str, where: str) -> None:
    """Does so, and looks at what the cursor sees; AssertionError where it is wrong.

    Args:
        directory: for the node.
        workload: whose rows are read.
        kind: "thread", or "loop" for an event loop.
        where: "inside" the node's process, without a socket, or "tcp".
    """
    with dqlitepy.Node(Path(directory), address=free_address()) as node:
        place = node if where == "inside" else f"dqlite://{node.address}/main"
        writer = _Writer(place, workload)
        # The tables are made: the WAL is copied by the next commit that finds a thousand frames in it.
        while writer.frames() > PASSED[0]:
            writer.con.execute("CREATE TABLE IF NOT EXISTS other (a)")
            writer.con.execute("INSERT INTO other VALUES (1)")
        step = WORKLOADS[workload].cursor(0.0)

        async def loop() -> object:
            async with aio.connect(place, isolation_level=None) as reader:
                return await perform_async(reader, step, False, lambda: asyncio.to_thread(writer.pass_all))

        with closing(writer.con), closing(dqlitepy.connect(place, isolation_level=None)) as reader:
            seen = asyncio.run(loop()) if kind == "loop" else perform(reader, step, False, writer.pass_all)
            assert seen == _WHOLE[workload], seen
            assert writer.frames() > PASSED[-1]
            writer.write()  # nobody reads: the WAL is copied, and begins anew
            assert writer.frames() < PASSED[0]
            assert perform(reader, step, False, lambda: None) != _WHOLE[workload]
