# SPDX-License-Identifier: Apache-2.0
"""The checker of registers: orders that explain a history are found, and histories that none explains."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.jepsen.checkers.linearizable import Undecided, check_register
from tests.jepsen.history import FAIL, INFO, NEVER, OK, Operation


def op(f: str, start: float, end: float, outcome: str = OK, *, strict: bool = True, **value: Any) -> Operation:
    result = value.pop("result", [])
    value["k"] = 0
    return Operation(f"{f}@{start}", "w", "register", f, value, start, end, outcome, result, strict=strict)


def write(new: int, start: float, end: float, outcome: str = OK) -> Operation:
    return op("write", start, NEVER if outcome == INFO else end, outcome, new=new)


def read(value: int | None, start: float, end: float, *, strict: bool = True) -> Operation:
    return op("read", start, end, strict=strict, result=[] if value is None else [[value]])


def cas(old: int, new: int, start: float, end: float, *, done: bool, outcome: str = OK) -> Operation:
    return op("cas", start, end, outcome, old=old, new=new, result=[[new]] if done else [])


@pytest.mark.parametrize(
    ("history", "last"),
    [
        ([], None),
        ([read(None, 0, 1), write(1, 2, 3), read(1, 4, 5)], 1),
        ([write(1, 0, 10), write(2, 1, 9), read(1, 2, 3), read(2, 4, 5)], 2),
        # A write of what is there already, which has to wait until another one was there.
        ([write(1, 0, 1), write(1, 2, 9), write(4, 3, 8), read(1, 10, 11)], 1),
        ([write(1, 0, 1), write(2, 2, 3, INFO), read(1, 4, 5), read(2, 6, 7)], 2),
        ([write(1, 0, 1), write(2, 2, 3, INFO), read(1, 4, 5)], 1),
        ([write(1, 0, 1), write(2, 2, 3, FAIL), read(1, 4, 5)], 1),
        ([write(1, 0, 1), cas(1, 2, 2, 3, done=True), read(2, 4, 5)], 2),
        ([write(1, 0, 1), cas(3, 2, 2, 3, done=False), read(1, 4, 5)], 1),
        ([write(1, 0, 1), write(2, 2, 3), read(1, 4, 5, strict=False)], 2),
    ],
)
def test_a_sound_history(history: list[Operation], last: int | None) -> None:
    assert check_register(history, last) == ""


@pytest.mark.parametrize(
    ("history", "last"),
    [
        ([write(1, 0, 1)], None),
        ([write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)], 2),
        ([write(1, 0, 10), write(2, 1, 9), read(1, 2, 3), read(2, 4, 5), read(1, 6, 7)], 2),
        ([write(1, 0, 1), write(2, 2, 3, FAIL), read(2, 4, 5)], 2),
        ([write(1, 0, 1), write(2, 2, 3, FAIL)], 2),
        ([write(1, 0, 1), cas(3, 2, 2, 3, done=True)], 2),
        ([write(1, 0, 1), cas(1, 2, 2, 3, done=True), cas(1, 3, 4, 5, done=True)], 3),
        ([write(1, 0, 1), write(2, 2, 3, INFO), read(2, 4, 5), read(1, 6, 7)], 1),
        ([write(2, 4, 5, INFO), read(2, 1, 2)], 2),
    ],
)
def test_a_history_that_no_order_explains(history: list[Operation], last: int | None) -> None:
    assert check_register(sorted(history, key=lambda operation: operation.start), last) != ""


def test_too_many_of_unknown_outcome_are_given_up() -> None:
    history = [write(number, 0.0, 1.0, INFO) for number in range(40)]
    with pytest.raises(Undecided):
        check_register([*history, read(99, 2, 3)], 99)


@pytest.mark.parametrize("seed", range(20))
def test_histories_of_a_true_register(seed: int) -> None:
    """Each operation takes effect at a moment between its beginning and its end; afterwards one read is doctored."""
    chance = random.Random(seed)
    moments = sorted(chance.uniform(0, 100) for _ in range(80))
    history, state = [], None
    for moment in moments:
        start, end = moment - chance.uniform(0, 3), moment + chance.uniform(0, 3)
        if chance.random() < 0.5:
            history.append(read(state, start, end))
        else:
            state = chance.randrange(5)
            history.append(write(state, start, end, INFO if chance.random() < 0.1 else OK))
    history.sort(key=lambda operation: operation.start)
    assert check_register(history, state) == ""
    chance.choice([operation for operation in history if operation.f == "read"]).result = [[99]]
    assert check_register(history, state) != ""
