# SPDX-License-Identifier: Apache-2.0
"""A physical copy of a database, brought while the other tasks of the event loop go on. The twin of `_copying.dump`."""

from __future__ import annotations

from dqlitepy._copying.dump import opening_of, without_wal
from dqlitepy._native.abi import ConnectOptions
from dqlitepy._native.handle import Handle
from dqlitepy._native.operations import Close, ReadDump
from dqlitepy._native.poller import poller


async def dump(options: ConnectOptions, *, any_server: bool) -> bytes:
    """Returns a whole copy; see `_copying.dump.Dump`."""
    opening = opening_of(options, any_server=any_server)
    events = poller()
    pieces: list[bytes] = []
    try:
        await events.open(opening)
        while True:
            reading = ReadDump(opening.handle)
            try:
                await events.complete(reading)
                piece = reading.take()
            finally:
                reading.dispose()
            if not piece:
                break
            pieces.append(piece if pieces else without_wal(piece))
        await events.complete(Close(opening.handle))
    except BaseException:
        Handle(opening.handle).release()
        raise
    finally:
        events.forget(opening.handle)
        events.close_if_idle()
    return b"".join(pieces)
