# SPDX-License-Identifier: Apache-2.0
"""What once ended a node, or is near to it, does not: each case is sent to a fresh node of the library."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fuzz import cases
from tests.fuzz.chance import Chance
from tests.fuzz.search import KINDS, fault_of

CORPUS = sorted((Path(os.path.abspath(__file__)).parent / "corpus").glob("*.case"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    assert fault_of([cases.load(path)], os.environ.get("DQLITEPY_NODE")) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_repeats(kind: str) -> None:
    first, again = (KINDS[kind](Chance("seed")) for _ in range(2))
    assert first == again
    assert first != KINDS[kind](Chance("another"))


def test_a_case_is_read_as_written(tmp_path: Path) -> None:
    connections = [b"", b"\0\xff", b"more"]
    cases.save(tmp_path / "a.case", connections, "why\nit is kept")
    assert cases.load(tmp_path / "a.case") == connections[1:]
