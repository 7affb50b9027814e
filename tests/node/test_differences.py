# SPDX-License-Identifier: Apache-2.0
"""docs/differences-from-sqlite3.md: each of its points is run on both modules, and the page names each that is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.node.differences import Both
from tests.node.differences_callbacks import TestCallbacks
from tests.node.differences_copies import TestCopies
from tests.node.differences_opening import TestOpening
from tests.node.differences_processes import TestProcesses
from tests.node.differences_statements import TestStatements
from tests.node.differences_transactions import TestTransactions
from tests.support import DIFFERENCES

POINT = re.compile(r'^<a id="([a-z0-9-]+)"></a>$', re.MULTILINE)
CLASSES = (TestOpening, TestTransactions, TestStatements, TestCallbacks, TestCopies, TestProcesses)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    """Yields a Both in a folder that goes."""
    it = Both(tmp_path)
    yield it
    for connection in it.open:
        connection.close()


def test_the_page_and_the_tests_name_the_same_points() -> None:
    named = POINT.findall(DIFFERENCES.read_text(encoding="utf-8"))
    methods = [name for points in CLASSES for name in vars(points) if name.startswith("test_")]
    assert sorted(named) == sorted(name.removeprefix("test_").replace("_", "-") for name in methods)
    assert len(set(named)) == len(named)
