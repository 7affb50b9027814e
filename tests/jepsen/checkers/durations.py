# SPDX-License-Identifier: Apache-2.0
"""How long an operation takes: no longer than its timeouts say, and it always comes to an end."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tests.jepsen.history import NEVER, Operation, Violation

# What is documented: 4 s for a leader, 4 s for a lock, and 5 s in which a transaction is run again; 10 s for a
# connection of a pool. The rest is for a busy machine, and for nodes that are suspended with the clients in them: the
# longest that runs on a busy machine had was 11 s.
LONGEST = 13.0 + 60.0


def check(history: Sequence[Operation], ended: Collection[int]) -> list[Violation]:
    """Returns what took too long, and what never came to an end.

    Args:
        history: of all workloads.
        ended: the processes whose clients all stopped by themselves. One that was killed tells by its last line how
            long it lived at least.
    """
    last: dict[int, float] = {}
    for operation in history:
        until = operation.start if operation.returned == NEVER else operation.returned
        last[operation.process] = max(until, last.get(operation.process, 0.0))
    violations = []
    for operation in history:
        name = f"{operation.workload} {operation.f} {operation.id}"
        if operation.returned < NEVER:
            seconds = operation.returned - operation.start
            if seconds > LONGEST:
                violations.append(Violation("slow", f"{name} took {seconds:.1f} s: {operation.error or 'ok'}"))
            continue
        seconds = last[operation.process] - operation.start
        if operation.process in ended:
            violations.append(Violation("hang", f"{name} never returned, {seconds:.1f} s before the end at least"))
        elif seconds > LONGEST:
            violations.append(Violation("hang", f"{name} had not returned after {seconds:.1f} s"))
    return violations
