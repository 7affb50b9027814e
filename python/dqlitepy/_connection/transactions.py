# SPDX-License-Identifier: Apache-2.0
"""The two ways in which a connection controls transactions: `autocommit`, and before Python 3.12 `isolation_level`."""

from __future__ import annotations

from typing import Literal, TypeAlias

LEGACY_TRANSACTION_CONTROL: Literal[-1] = -1

Autocommit: TypeAlias = bool | Literal[-1]

# What precedes the first write of a transaction. A deferred BEGIN would let a write fail for what another connection
# committed meanwhile (SQLITE_BUSY_SNAPSHOT), so the default takes the write lock at once.
BEGIN = {
    "": b"BEGIN IMMEDIATE",
    "DEFERRED": b"BEGIN DEFERRED",
    "IMMEDIATE": b"BEGIN IMMEDIATE",
    "EXCLUSIVE": b"BEGIN EXCLUSIVE",
}


def begin_before(autocommit: Autocommit, isolation_level: str | None) -> bytes:
    """Returns what has to precede a statement that writes rows outside a transaction, nothing where nothing has."""
    if autocommit is False:
        return b"BEGIN"  # the one that was open went with the leader
    return b"" if autocommit is True or isolation_level is None else BEGIN[isolation_level]


def checked_isolation_level(level: str | None) -> str | None:
    """Returns the level in capitals.

    Raises:
        TypeError: it is neither str nor None.
        ValueError: there is no such level.
    """
    if level is None:
        return None
    if not isinstance(level, str):
        raise TypeError("isolation_level must be str or None")
    level = str.upper(level)
    if level not in BEGIN:
        raise ValueError("isolation_level string must be '', 'DEFERRED', 'IMMEDIATE', or 'EXCLUSIVE'")
    return level


def checked_autocommit(mode: object) -> Autocommit:
    """Returns the mode.

    Raises:
        ValueError: there is no such mode.
    """
    if mode is True or mode is False:
        return mode
    if isinstance(mode, int) and mode == LEGACY_TRANSACTION_CONTROL:
        return LEGACY_TRANSACTION_CONTROL
    raise ValueError("autocommit must be True, False, or dqlitepy.LEGACY_TRANSACTION_CONTROL")
