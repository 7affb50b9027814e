# SPDX-License-Identifier: Apache-2.0
"""How the connections of a node come over the border."""

from __future__ import annotations

from dqlitepy._cluster.tasks import Rows, unsigned
from dqlitepy._native.abi import ConnectionState
from dqlitepy.members import ConnectionInfo


def connections_in(rows: Rows) -> list[ConnectionInfo]:
    """Returns the connections in what a task brought."""
    found = []
    for number, bits, connected, active, began, address, database in rows:
        state = ConnectionState(bits & sum(ConnectionState))
        working = state & (ConnectionState.TRANSACTION | ConnectionState.LOCK)
        found.append(
            ConnectionInfo(
                id=unsigned(number),
                address=address,
                in_process=bool(state & ConnectionState.LOCAL),
                database=database,
                state=_state(state),
                connected_seconds=unsigned(connected) / 1000,
                state_seconds=unsigned(active) / 1000,
                in_transaction=bool(state & ConnectionState.TRANSACTION),
                holds_lock=bool(state & ConnectionState.LOCK),
                transaction_seconds=unsigned(began) / 1000 if working else None,
            )
        )
    return found


def _state(state: ConnectionState) -> str:
    if state & ConnectionState.WAITING:
        return "waiting"
    return "running" if state & ConnectionState.RUNNING else "idle"
