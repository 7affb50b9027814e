# SPDX-License-Identifier: Apache-2.0
"""What waits while another statement runs: in order, in bounded memory, and in a file that nobody else can open."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from dqlitepy._connection.spool import MEMORY_BYTES, Spool
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

BLOCK = 2**20
IN_MEMORY = MEMORY_BYTES // BLOCK


def block(number: int) -> bytes:
    return number.to_bytes(4, "big") + bytes(BLOCK - 4)


@settings(derandomize=True, database=None, deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.integers(1, 12), st.none()), max_size=20))
def test_blocks_come_in_the_order_in_which_they_went(steps: list[int | None]) -> None:
    spool = Spool()
    went = came = 0
    for step in steps:
        for _ in range(step or 0):
            spool.append(block(went))
            went += 1
        if step is None and spool:
            assert spool.pop() == block(came)
            came += 1
        assert bool(spool) == (went > came)
    while spool:
        assert spool.pop() == block(came)
        came += 1
    assert came == went
    spool.close()


def test_what_is_more_than_the_bound_is_in_a_file_without_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = len(os.listdir("/proc/self/fd"))
    spool = Spool()
    for number in range(IN_MEMORY):
        spool.append(block(number))
    assert len(os.listdir("/proc/self/fd")) == before
    spool.append(b"one more")
    assert len(os.listdir("/proc/self/fd")) == before + 1
    assert list(tmp_path.iterdir()) == []
    for number in range(IN_MEMORY):
        assert spool.pop() == block(number)
    spool.append(b"behind it")
    assert [spool.pop(), spool.pop()] == [b"one more", b"behind it"]
    assert len(os.listdir("/proc/self/fd")) == before, "the file goes when it has been read"
    for _ in range(IN_MEMORY):
        spool.append(block(0))
    for _ in range(2 * IN_MEMORY):
        spool.pop()
        spool.append(block(0))
    assert len(os.listdir("/proc/self/fd")) == before, "what was given out is no longer in memory"
    spool.append(block(0))
    del spool
    assert len(os.listdir("/proc/self/fd")) == before
