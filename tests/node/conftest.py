# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that run a real embedded node."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dqlitepy
import pytest

from tests.node.schema import EXTRAS, SCRIPT


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Returns where a node may keep its data; nothing is there yet."""
    return tmp_path / "data"


@pytest.fixture
def con(directory: Path) -> Iterator[dqlitepy.Connection]:
    """Yields a connection to a new database."""
    connection = dqlitepy.connect(directory)
    yield connection
    connection.close()


@pytest.fixture
def populated_con(con: dqlitepy.Connection) -> dqlitepy.Connection:
    """Returns a connection to a database with something of every kind."""
    con.executescript(SCRIPT + EXTRAS)
    return con


@pytest.fixture
def memory() -> Iterator[sqlite3.Connection]:
    """Yields an empty database of the standard library's SQLite."""
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


@pytest.fixture
def second_con(tmp_path: Path) -> Iterator[dqlitepy.Connection]:
    """Yields a second, empty database of dqlite."""
    with closing(dqlitepy.connect(tmp_path / "second")) as connection:
        yield connection
