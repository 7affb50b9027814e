# SPDX-License-Identifier: Apache-2.0
"""OPTIONS "pool": connections that the threads of this process share, a pool for each alias of the settings."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import dqlitepy

# Arguments of Pool that are its own; the others are those of `connect`, which stand in OPTIONS themselves.
_OWN = frozenset(["min_size", "max_size", "timeout", "max_idle", "check_after"])

_lock = threading.Lock()
_pools: dict[tuple[str, str], dqlitepy.Pool] = {}  # by alias and database: tests change the database of an alias


def checked(pool: Any, refused: Callable[[str], Exception]) -> dict[str, Any] | None:
    """Returns the arguments of the pool that OPTIONS ask for, None for no pool."""
    if not pool:
        return None
    if pool is True:
        return {}
    if not isinstance(pool, dict) or pool.keys() - _OWN:
        raise refused(f"OPTIONS 'pool' is True or a dict with some of {', '.join(sorted(_OWN))}")
    return pool


class Lease:
    """A connection of a pool, for as long as a wrapper of Django's has it."""

    def __init__(self, pool: dqlitepy.Pool) -> None:
        self._block = pool.connection()
        self.connection = self._block.__enter__()
        # Whether the next one could meet a setting that this one left behind.
        self.spoilt = False

    def end(self) -> None:
        """Gives the connection back; what is not committed is rolled back."""
        try:
            self.connection.rollback()
        except dqlitepy.Error:
            self.spoilt = True  # the pool would commit what it finds open
        if self.spoilt:
            with suppress(dqlitepy.Error):
                self.connection.close()
        self._block.__exit__(None, None, None)


def lend(alias: str, database: str, options: dict[str, Any], pool_options: dict[str, Any]) -> Lease:
    """Returns a connection of the pool of `alias`, which is made where there is none."""
    with _lock:
        pool = _pools.get((alias, database))
        if pool is None:
            rest = {name: value for name, value in options.items() if name not in ("timeout", "check_same_thread")}
            if "timeout" in options:
                rest["busy_timeout"] = options["timeout"]
            pool = _pools[alias, database] = dqlitepy.Pool(database, **pool_options, **rest)
    return Lease(pool)


def close(alias: str) -> None:
    """Closes the pools of `alias`; connections in use close when they are given back."""
    with _lock:
        pools = [_pools.pop(key) for key in list(_pools) if key[0] == alias]
    for pool in pools:
        pool.close()


def _forget_everything() -> None:
    global _lock
    _lock = threading.Lock()
    _pools.clear()


# The pools of the parent are none of the child's.
os.register_at_fork(after_in_child=_forget_everything)
