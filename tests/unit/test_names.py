# SPDX-License-Identifier: Apache-2.0
"""Names that no database can have are refused before anything is opened or asked, by everything that takes one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import dqlitepy
import pytest
from dqlitepy import aio
from dqlitepy._native.arguments import encode_name

REFUSED = {
    ":memory:": "':memory:' cannot be the name of a database within a node",
    "": "'' cannot be the name of a database: it is empty",
    "a\0b": "contains a NUL character",
    "main-wal": "SQLite uses that name for a file of another database",
    "x" * 505: "must not be longer than 504 bytes, and this one has 505",
}


@pytest.mark.parametrize("name", REFUSED)
def test_encoding(name: str) -> None:
    with pytest.raises(ValueError, match=REFUSED[name]):
        encode_name(name)


def test_what_only_looks_like_them() -> None:
    for name in (":memory", ":MEMORY:", " ", "memory", "é", "x" * 504):
        assert encode_name(name) == name.encode()


def _pool(directory: Path, name: str) -> None:
    with dqlitepy.Pool(directory, name=name) as pool, pool.connection():
        pass


async def _pool_of_loop(directory: Path, name: str) -> None:
    async with aio.Pool(directory, name=name) as pool, pool.connection():
        pass


async def _connection_of_loop(directory: Path, name: str) -> None:
    async with await aio.connect(directory, name=name):
        pass


def _awaited(function: Callable[[Path, str], Coroutine[Any, Any, None]]) -> Callable[[Path, str], Any]:
    return lambda directory, name: asyncio.run(function(directory, name))


TAKERS: dict[str, Callable[[Path, str], Any]] = {
    "connect": lambda directory, name: dqlitepy.connect(directory, name=name),
    "aio.connect": _awaited(_connection_of_loop),
    "Pool": _pool,
    "aio.Pool": _awaited(_pool_of_loop),
    # Nobody listens there: who asks first, fails otherwise.
    "a cluster": lambda _, name: dqlitepy.connect("dqlite://127.0.0.1:1", name=name, leader_timeout=0.0),
    "Client.dump": lambda _, name: dqlitepy.Client(["127.0.0.1:1"], timeout=0.0).dump(name),
}


@pytest.mark.parametrize("name", [":memory:", ""])
@pytest.mark.parametrize("taker", TAKERS)
def test_nobody_takes_them(taker: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=REFUSED[name]):
        TAKERS[taker](tmp_path / "data", name)
    assert not (tmp_path / "data").exists()


def test_the_path_of_a_url_is_a_name_too() -> None:
    with pytest.raises(ValueError, match=REFUSED[":memory:"]):
        dqlitepy.connect("dqlite://127.0.0.1:1/:memory:", leader_timeout=0.0)
