# SPDX-License-Identifier: Apache-2.0
"""The checker of list-append finds each anomaly in a history that was doctored to have it, and none in sound ones."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.jepsen.checkers.lists import Transaction, check_lists
from tests.jepsen.history import FAIL, INFO, NEVER, OK


def append(key: int, value: str) -> list[Any]:
    return ["append", key, value]


def read(key: int, *values: str) -> list[Any]:
    return ["r", key, list(values)]


def txn(
    name: str, *actions: list[Any], outcome: str = OK, at: tuple[float, float] = (0.0, NEVER), strict: bool = False
) -> Transaction:
    return Transaction(name, outcome, list(actions), at[0], at[1], strict)


def kinds(transactions: list[Transaction], last: dict[int, list[str]]) -> set[str]:
    return {violation.kind for violation in check_lists(transactions, last)}


def test_a_sound_history() -> None:
    history = [
        txn("t1", append(1, "a"), append(2, "x")),
        txn("t2", read(1, "a"), append(1, "b"), read(1, "a", "b")),
        txn("t3", read(2, "x"), read(1, "a", "b")),
        txn("t4", append(1, "c"), outcome=FAIL),
        txn("t5", append(1, "d"), outcome=INFO),
        txn("t6", append(1, "e"), outcome=INFO),
    ]
    assert kinds(history, {1: ["a", "b", "e"], 2: ["x"]}) == set()


def test_a_stale_read_is_serializable() -> None:
    history = [txn("t1", append(1, "a"), at=(0, 1), strict=True), txn("t2", read(1), at=(2, 3))]
    assert kinds(history, {1: ["a"]}) == set()


@pytest.mark.parametrize(
    ("kind", "transactions", "last"),
    [
        ("append lost", [txn("t1", append(1, "a"))], {}),
        ("append duplicate", [txn("t1", append(1, "a"))], {1: ["a", "a"]}),
        ("append duplicate", [txn("t1", append(1, "a")), txn("t2", read(1, "a", "a"))], {1: ["a"]}),
        ("append phantom", [], {1: ["a"]}),
        ("append phantom", [txn("t2", read(1, "z"))], {}),
        ("append torn", [txn("t1", append(1, "a"), append(2, "b"), outcome=INFO)], {1: ["a"]}),
        ("append order", [txn("t1", append(1, "a"), outcome=INFO), txn("t2", read(1, "a"))], {}),
        (
            "append order",
            [txn("t1", append(1, "a")), txn("t2", append(1, "b")), txn("t3", read(1, "b", "a"))],
            {1: ["a", "b"]},
        ),
        ("append internal", [txn("t1", append(1, "a"), read(1))], {1: ["a"]}),
        ("append internal", [txn("t1", append(1, "a")), txn("t2", read(1), read(1, "a"))], {1: ["a"]}),
        ("G1a", [txn("t1", append(1, "a"), outcome=FAIL)], {1: ["a"]}),
        ("G1a", [txn("t1", append(1, "a"), outcome=FAIL), txn("t2", read(1, "a"))], {}),
        ("G1b", [txn("t1", append(1, "a"), append(1, "b")), txn("t2", read(1, "a"))], {1: ["a", "b"]}),
        (
            "G0",
            [txn("t1", append(1, "a"), append(2, "a")), txn("t2", append(1, "b"), append(2, "b"))],
            {1: ["a", "b"], 2: ["b", "a"]},
        ),
        (
            "G1c",
            [txn("t1", append(1, "a"), read(2, "b")), txn("t2", append(2, "b"), read(1, "a"))],
            {1: ["a"], 2: ["b"]},
        ),
        (
            "G-single",
            [txn("t1", append(1, "a"), append(2, "b")), txn("t2", read(1, "a"), read(2))],
            {1: ["a"], 2: ["b"]},
        ),
        (
            "G2",
            [txn("t1", read(1), append(2, "b")), txn("t2", read(2), append(1, "a"))],
            {1: ["a"], 2: ["b"]},
        ),
        (
            "G-single in real time",
            [txn("t1", append(1, "a"), at=(0, 1), strict=True), txn("t2", read(1), at=(2, 3), strict=True)],
            {1: ["a"]},
        ),
        (
            "G-single in real time",
            [
                txn("t1", append(1, "a"), at=(0, 1), strict=True),
                txn("t2", append(1, "b"), at=(2, 3), strict=True),
            ],
            {1: ["b", "a"]},
        ),
    ],
)
def test_an_anomaly(kind: str, transactions: list[Transaction], last: dict[int, list[str]]) -> None:
    assert kind in kinds(transactions, last)


def serial_history(seed: int, count: int) -> tuple[list[Transaction], dict[int, list[str]]]:
    """Returns what a database does that runs one transaction after another."""
    chance = random.Random(seed)
    state: dict[int, list[str]] = {}
    history = []
    for number in range(count):
        actions = []
        for part in range(chance.randint(1, 5)):
            key = chance.randrange(4)
            if chance.random() < 0.5:
                state[key] = [*state.get(key, []), f"{number}.{part}"]
                actions.append(append(key, f"{number}.{part}"))
            else:
                actions.append(read(key, *state.get(key, [])))
        strict = chance.random() < 0.5
        history.append(txn(f"t{number}", *actions, at=(number, number + 0.5), strict=strict))
    return history, state


@pytest.mark.parametrize("seed", range(5))
def test_serial_histories_are_sound(seed: int) -> None:
    assert check_lists(*serial_history(seed, 400)) == []


@pytest.mark.parametrize("seed", range(20))
def test_a_read_that_is_doctored_in_a_long_history_is_found(seed: int) -> None:
    history, last = serial_history(seed, 300)
    chance = random.Random(seed)
    reads = [
        (transaction, number)
        for transaction in history[50:]
        for number, (f, _, value) in enumerate(transaction.actions)
        if f == "r" and len(value) > 2
    ]
    transaction, number = chance.choice(reads)
    f, key, value = transaction.actions[number]
    transaction.actions[number] = [f, key, value[:-2] + value[:-3:-1]]
    assert check_lists(history, last)
