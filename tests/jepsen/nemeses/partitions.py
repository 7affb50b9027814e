# SPDX-License-Identifier: Apache-2.0
"""Networks that lose connections, or hold what is on its way and deliver it later."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

from tests.jepsen.nemeses.base import Field
from tests.jepsen.relays import CUT, HOLD, OPEN

Pairs = list[tuple[int, int]]


def isolate_leader(field: Field) -> None:
    """The leader reaches nobody and nobody reaches it, but its clients do."""
    leader = field.leader()
    _partition(field, "isolate", _between([leader], field.others(leader)))


def halves(field: Field) -> None:
    """Two parts, one of them a majority, the leader in either."""
    nodes = field.others(-1)
    cut = field.majority() if field.random.random() < 0.5 else len(nodes) - field.majority()
    _partition(field, "halves", _between(nodes[:cut], nodes[cut:]))


def ring(field: Field) -> None:
    """Each node sees a majority, and no two see the same: with three nodes, two do not see each other."""
    nodes = field.others(-1)
    count = len(nodes)
    reach = field.majority() // 2
    near = {
        (nodes[index], nodes[(index + step) % count])
        for index in range(count)
        for step in range(-reach, reach + 1)
        if step
    }
    if count == 3:
        near -= {(nodes[0], nodes[1]), (nodes[1], nodes[0])}
    _partition(field, "ring", [pair for pair in permutations(nodes, 2) if pair not in near])


def one_way_out(field: Field) -> None:
    """The leader hears its followers, and they do not hear it."""
    leader = field.leader()
    _partition(field, "deaf followers", [(leader, other) for other in _some(field, leader)])


def one_way_in(field: Field) -> None:
    """The followers hear the leader, and it does not hear them."""
    leader = field.leader()
    _partition(field, "deaf leader", [(other, leader) for other in _some(field, leader)])


def delays(field: Field) -> None:
    """Messages take long, in some directions longer than elections are patient."""
    assert field.cluster.relays is not None
    pairs = list(permutations([member.number for member in field.cluster.members], 2))
    field.note("delays")
    try:
        for pair in pairs:
            field.cluster.relays.set([pair], OPEN, field.unit * field.random.choice((0.0, 0.02, 0.1, 0.5)))
        field.wait(field.some_time())
    finally:
        field.cluster.relays.set(pairs)
        field.note("healed")


def _some(field: Field, leader: int) -> list[int]:
    others = field.others(leader)
    return others[: field.random.randint(1, len(others))]


def _between(left: Iterable[int], right: Iterable[int]) -> Pairs:
    right = list(right)
    return [pair for one in left for other in right for pair in ((one, other), (other, one))]


def _partition(field: Field, what: str, pairs: Pairs) -> None:
    assert field.cluster.relays is not None
    mode = field.random.choice((CUT, HOLD))
    field.note(what, mode=mode, pairs=pairs)
    field.cluster.relays.set(pairs, mode)
    try:
        field.wait(field.some_time())
    finally:
        field.cluster.relays.set(pairs)
        field.note("healed")
