# SPDX-License-Identifier: Apache-2.0
"""What many connections took comes back when they are closed."""

from __future__ import annotations

from tests.hostile.server import Asked, Peer, Server, behave, names, row
from tests.protocol import DONE, Request, Response, Type, frame, word
from tests.support import run_python

PROGRAM = """
import resource, sys
from pathlib import Path
from tests.hostile.client import connect
from tests.support import eventually

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

def use(count):
    connections = [connect(sys.argv[1]) for _ in range(count)]
    for con in connections:
        con.execute("SELECT large").fetchall()
    after = resident()
    for con in connections:
        con.close()
    return after

use(20)
before = resident()
took = use(400) - before
assert took > 20_000_000, took
eventually(lambda: resident() - before, lambda kept: kept < took / 2)
"""


def test_many_connections_give_their_memory_back(server: Server) -> None:
    """Each has too little for a collection of its own, and Go sees no reason for one."""
    size = 60_000
    page = frame(Response.ROWS, names(b"x") + row((Type.BLOB, word(size) + bytes(size))) + DONE)

    def answer(peer: Peer, asked: Asked) -> None:
        if asked.kind == Request.QUERY_SQL and "large" in asked.sql:
            peer.send(page)
        else:
            behave(peer, asked)

    server.answer = answer
    run_python(PROGRAM, server.address)
