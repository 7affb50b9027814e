# SPDX-License-Identifier: Apache-2.0
"""Fixtures for pytest: one node for all tests of a process, and a clean database for each.

    # conftest.py
    pytest_plugins = ["dqlitepy.testing"]

    # test_notes.py
    def test_a_note(dqlite):
        dqlite.execute("CREATE TABLE note (text TEXT)")

The node starts once, with the first test that asks for it, and keeps its data in pytest's temporary folder. A database
costs some milliseconds: it is a name of its own in that node, and is emptied behind its test.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

import dqlitepy

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def dqlite_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The directory (str) of a node that runs until the last test: for `connect` of dqlitepy and of dqlitepy.aio."""
    directory = str(tmp_path_factory.mktemp("dqlite") / "data")
    with_node = dqlitepy.connect(directory)
    try:
        yield directory
    finally:
        with_node.close()


@pytest.fixture
def dqlite_name(dqlite_directory: str) -> Iterator[str]:
    """The name (str) of an empty database in `dqlite_directory` for this test alone: `connect(…, name=dqlite_name)`.

    Raises:
        dqlitepy.OperationalError: behind the test, where it left a transaction open that has written.
    """
    name = f"test{next(_numbers)}"
    yield name
    con = dqlitepy.connect(dqlite_directory, name=name, isolation_level=None)
    try:
        # It has to be alone in its transaction. What nobody has open then disappears from memory.
        con.executescript("BEGIN IMMEDIATE; PRAGMA delete_database; COMMIT")
    finally:
        con.close()


@pytest.fixture
def dqlite(dqlite_directory: str, dqlite_name: str) -> Iterator[dqlitepy.Connection]:
    """A connection (dqlitepy.Connection) to the empty database of this test; it is closed behind it."""
    con = dqlitepy.connect(dqlite_directory, name=dqlite_name)
    try:
        yield con
    finally:
        con.close()
