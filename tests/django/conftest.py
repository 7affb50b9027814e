# SPDX-License-Identifier: Apache-2.0
"""A migrated database in a directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.django.databases import database


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Any]:
    """Yields Django's connection to a database with the project's tables, which `default` means meanwhile."""
    with database(tmp_path / "data") as connection:
        yield connection
