# SPDX-License-Identifier: Apache-2.0
"""List-append histories, after Elle: what a list is at the end gives the order of its versions; cycles are anomalies.

G0, G1c, G-single and G2 are the cycles of Adya's dependencies: a write behind a write (ww), a read of a write (wr), a
write behind what was read (rw). G1a is a read of what failed, G1b one of the middle of a transaction. With `strict`,
time counts as well: what has to see all that was acknowledged comes after it (rt).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.jepsen.checkers.graph import Edges, add, components, path
from tests.jepsen.history import FAIL, NEVER, OK, Violation

_SHOWN = 8


@dataclass(frozen=True)
class Transaction:
    """Its actions are ["append", key, value] and ["r", key, what was read]; the latter only where it is OK."""

    id: str
    outcome: str
    actions: list[list[Any]]
    start: float = 0.0
    end: float = NEVER
    strict: bool = False

    def appends(self, key: int) -> list[str]:
        """Returns what it appends to a list."""
        return [value for f, at, value in self.actions if f == "append" and at == key]


def check_lists(transactions: Sequence[Transaction], last: dict[int, list[str]]) -> list[Violation]:
    """Returns the anomalies of a history whose lists end as `last`."""
    writer = {
        (key, value): number
        for number, transaction in enumerate(transactions)
        for f, key, value in transaction.actions
        if f == "append"
    }
    violations = [*_final_lists(transactions, writer, last), *_reads(transactions, writer, last)]
    edges = _dependencies(transactions, writer, last)
    return violations + _cycles(transactions, edges)


def _final_lists(
    transactions: Sequence[Transaction], writer: dict[tuple[int, str], int], last: dict[int, list[str]]
) -> list[Violation]:
    violations = []
    there = {(key, value) for key, values in last.items() for value in values}
    for key, values in last.items():
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            violations.append(Violation("append duplicate", f"list {key} has {twice[0]} more than once"))
        for value in values:
            if (key, value) not in writer:
                violations.append(Violation("append phantom", f"list {key} has {value}, which nobody sent"))
    for transaction in transactions:
        own = [(key, value) for f, key, value in transaction.actions if f == "append"]
        found = [action for action in own if action in there]
        if transaction.outcome == OK and len(found) < len(own):
            missing = next(action for action in own if action not in there)
            violations.append(Violation("append lost", f"{transaction.id} was acknowledged; {missing} is not there"))
        elif transaction.outcome == FAIL and found:
            violations.append(Violation("G1a", f"{transaction.id} failed for certain; {found[0]} is there"))
        elif found and len(found) < len(own):
            violations.append(Violation("append torn", f"{transaction.id}: {len(found)} of {len(own)} are there"))
    return violations


def _reads(
    transactions: Sequence[Transaction], writer: dict[tuple[int, str], int], last: dict[int, list[str]]
) -> list[Violation]:
    violations = []
    for number, transaction in enumerate(transactions):
        if transaction.outcome != OK:
            continue
        state: dict[int, list[str]] = {}  # what it must find by its own actions
        own: dict[int, list[str]] = {}
        for f, key, value in transaction.actions:
            if f == "append":
                own.setdefault(key, []).append(value)
                if key in state:
                    state[key] = [*state[key], value]
                continue
            if key in state and value != state[key]:
                text = f"{transaction.id} read {_end(value)} in list {key}, after {_end(state[key])}"
                violations.append(Violation("append internal", text))
            mine = own.get(key, [])
            if mine and value[-len(mine) :] != mine:
                violations.append(Violation("append internal", f"{transaction.id} does not see its own {mine[-1]}"))
            state[key] = value
            violations += _read(transactions, number, key, value, writer, last.get(key, []))
    return violations


def _read(
    transactions: Sequence[Transaction],
    number: int,
    key: int,
    values: list[str],
    writer: dict[tuple[int, str], int],
    order: list[str],
) -> list[Violation]:
    reader = transactions[number].id
    violations = []
    if len(set(values)) < len(values):
        violations.append(Violation("append duplicate", f"{reader} read a value more than once in list {key}"))
    for value in values:
        source = writer.get((key, value))
        if source is None:
            violations.append(Violation("append phantom", f"{reader} read {value} in list {key}, which nobody sent"))
        elif transactions[source].outcome == FAIL:
            text = f"{reader} read {value} in list {key}; {transactions[source].id} failed for certain"
            violations.append(Violation("G1a", text))
    if values and (source := writer.get((key, values[-1]))) is not None and source != number:
        appended = transactions[source].appends(key)
        if appended[-1] != values[-1]:
            text = f"{reader} read list {key} up to {values[-1]}, which {transactions[source].id} wrote in its middle"
            violations.append(Violation("G1b", text))
    if values != order[: len(values)]:
        text = f"{reader} read {_end(values)} in list {key}, which ends as {_end(order[: len(values) + 1])}"
        violations.append(Violation("append order", text))
    return violations


def _end(values: Sequence[str]) -> str:
    return f"[... {' '.join(values[-3:])}] ({len(values)})"


def _dependencies(
    transactions: Sequence[Transaction], writer: dict[tuple[int, str], int], last: dict[int, list[str]]
) -> Edges:
    edges: Edges = {}
    for key, order in last.items():
        writers = [writer[key, value] for value in order if (key, value) in writer]
        for earlier, later in pairwise(writers):
            add(edges, "ww", earlier, later)
    for number, transaction in enumerate(transactions):
        if transaction.outcome != OK:
            continue
        touched = set()
        for f, key, values in transaction.actions:
            if f == "r" and key not in touched:
                order = last.get(key, [])
                if values and (key, values[-1]) in writer:
                    add(edges, "wr", writer[key, values[-1]], number)
                following = next((value for value in order[len(values) :] if (key, value) in writer), None)
                if following is not None and values == order[: len(values)]:
                    add(edges, "rw", number, writer[key, following])
            touched.add(key)
    _add_time(transactions, edges)
    return edges


def _add_time(transactions: Sequence[Transaction], edges: Edges) -> None:
    """Adds edges by time through a chain of moments, one for each end, so that their number is that of the operations.

    Moments are numbered from -1 downwards. Who ends leads to its moment, each moment to the next one, and the last
    moment before a strict operation begins leads to that.
    """
    ends = sorted(
        (transaction.end, number)
        for number, transaction in enumerate(transactions)
        if transaction.outcome == OK and transaction.strict
    )
    starts = sorted(
        (transaction.start, number)
        for number, transaction in enumerate(transactions)
        if transaction.outcome == OK and transaction.strict
    )
    moment = 0
    position = 0
    for start, number in starts:
        while position < len(ends) and ends[position][0] < start:
            if moment:
                add(edges, "rt", moment, moment - 1)
            moment -= 1
            add(edges, "rt", ends[position][1], moment)
            position += 1
        if moment:
            add(edges, "rt", moment, number)


def _cycles(transactions: Sequence[Transaction], edges: Edges) -> list[Violation]:
    violations = []

    def names(numbers: Sequence[int]) -> str:
        return " -> ".join(transactions[number].id for number in numbers if number >= 0)[:400]

    explained: set[int] = set()
    for kind, kinds in (("G0", ("ww",)), ("G1c", ("ww", "wr"))):
        for component in components(edges, kinds):
            if not component & explained:
                start = min(component)
                around = next(
                    (
                        found
                        for node in sorted(component)
                        if start in edges.get("ww", {}).get(node, set()) | edges.get("wr", {}).get(node, set())
                        and (found := path(edges, kinds, start, node, component))
                    ),
                    sorted(component)[:_SHOWN],
                )
                violations.append(Violation(kind, names([*around, start])))
            explained |= component
    for with_time in (False, True):
        suffix = " in real time" if with_time else ""
        rest = ("ww", "wr", "rt") if with_time else ("ww", "wr")
        for component in components(edges, (*rest, "rw")):
            if component & explained:
                continue
            explained |= component
            single = _single(edges, rest, component)
            if single:
                violations.append(Violation(f"G-single{suffix}", names(single)))
            else:
                violations.append(Violation(f"G2{suffix}", names(sorted(component)[:_SHOWN])))
    return violations


def _single(edges: Edges, rest: Sequence[str], component: set[int]) -> list[int]:
    """Returns a cycle with at most one rw edge, or nothing."""
    for reader in sorted(component):
        for follower in sorted(edges.get("rw", {}).get(reader, set()) & component):
            back = path(edges, rest, follower, reader, component)
            if back:
                return [reader, *back]
    for inner in components({kind: edges.get(kind, {}) for kind in rest}, rest):
        if inner <= component:
            return sorted(inner)
    return []
