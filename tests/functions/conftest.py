# SPDX-License-Identifier: Apache-2.0
"""A connection to a new node, which has the functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dqlitepy
import pytest


@pytest.fixture
def con(tmp_path: Path) -> Iterator[dqlitepy.Connection]:
    """Yields a connection without implicit transactions."""
    with closing(dqlitepy.connect(tmp_path / "data", isolation_level=None)) as connection:
        yield connection


@pytest.fixture
def value(con: dqlitepy.Connection) -> Callable[..., Any]:
    """Returns what asks for the value of an expression."""

    def ask(expression: str, *parameters: Any) -> Any:
        return con.execute(f"SELECT {expression}", parameters).fetchone()[0]

    return ask
