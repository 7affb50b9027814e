# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder have to know of the inside of connections and cursors: nothing public shows it."""

from __future__ import annotations

from collections.abc import Callable

import dqlitepy


def rows_at_hand(cursor: dqlitepy.Cursor) -> int:
    """Returns how many rows of the result have arrived."""
    return len(cursor._rows)


def is_spooled(cursor: dqlitepy.Cursor) -> bool:
    """Whether the rest of the result is kept in a spool."""
    return bool(cursor._spooled)


def during_a_call(con: dqlitepy.Connection, work: Callable[[], None]) -> None:
    """Runs `work` as a signal handler does that interrupts a call of the connection."""
    con._exclusively(work)
