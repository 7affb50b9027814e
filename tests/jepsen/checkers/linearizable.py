# SPDX-License-Identifier: Apache-2.0
"""Whether a register is linearizable: the search of Wing and Gong, with Lowe's memory of what was tried."""

from __future__ import annotations

from collections.abc import Sequence

from tests.jepsen.history import NEVER, Operation

_MOST_STEPS = 200_000


class Undecided(Exception):
    """The search took too long: too many operations of unknown outcome at one time."""


def check_register(history: Sequence[Operation], last: int | None) -> str:
    """Returns what is wrong with the history of one register that ends as `last`; "" where nothing is.

    Raises:
        Undecided: it cannot be told in reasonable time.
    """
    operations = [
        operation
        for operation in history
        if not operation.failed
        and not (operation.f == "read" and (not operation.strict or not operation.ok))
        # One that found another value has written nothing: it is like a read that asks no majority.
        and not (operation.f == "cas" and operation.ok and not operation.result)
    ]
    ends = [operation.end if operation.ok else NEVER for operation in operations]
    needed = sum(1 << number for number, operation in enumerate(operations) if operation.ok)
    stack: list[tuple[int, int | None]] = [(0, None)]
    tried = {stack[0]}
    best = 0
    for _ in range(_MOST_STEPS):
        if not stack:
            first = sorted(operation.id for number, operation in enumerate(operations) if not best >> number & 1)
            return f"no order explains {len(operations)} operations and {last} at the end; stuck at {first[:5]}"
        done, state = stack.pop()
        if done.bit_count() > best.bit_count():
            best = done
        if done & needed == needed and state == last:
            return ""
        for following in _next(operations, ends, done, state):
            if following not in tried:
                tried.add(following)
                stack.append(following)
    raise Undecided(f"{len(operations)} operations, {_MOST_STEPS} steps")


def _next(
    operations: Sequence[Operation], ends: Sequence[float], done: int, state: int | None
) -> list[tuple[int, int | None]]:
    """Returns what may come next: every operation that began before the first end of those that are still to come."""
    waiting = [number for number in range(len(operations)) if not done >> number & 1]
    first_end = min((ends[number] for number in waiting), default=NEVER)
    found = []
    for number in waiting:
        operation = operations[number]
        if operation.start > first_end:
            break  # they are in the order of their beginning
        possible, after = _apply(operation, state)
        if not possible:
            continue
        if operation.f == "read":
            return [(done | 1 << number, state)]  # as well now as later
        if after == state and not operation.ok:
            continue  # an unknown one that changes nothing need not happen
        found.append((done | 1 << number, after))
    return found


def _apply(operation: Operation, state: int | None) -> tuple[bool, int | None]:
    """Returns whether the operation fits this state, and the state behind it."""
    if operation.f == "read":
        return (operation.result[0][0] if operation.result else None) == state, state
    new: int = operation.value["new"]
    if operation.f == "write":
        return True, new
    matches = operation.value["old"] == state
    return matches or not operation.ok, new if matches else state
