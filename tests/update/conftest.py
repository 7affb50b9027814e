# SPDX-License-Identifier: Apache-2.0
"""A copy of the files that hold pins, and the program run on it against registries of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.update.pins_copy import Copy
from tests.update.registries import Registries, serve


@pytest.fixture
def registries(tmp_path: Path) -> Iterator[Registries]:
    with serve(tmp_path / "proxy") as served:
        yield served


@pytest.fixture
def copy(tmp_path: Path, registries: Registries) -> Copy:
    return Copy(tmp_path, registries)
