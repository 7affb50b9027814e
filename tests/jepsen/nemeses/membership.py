# SPDX-License-Identifier: Apache-2.0
"""Leaders that hand over, and members that come and go, all of it under load."""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from time import monotonic

import dqlitepy

from tests.jepsen.nemeses.base import Field
from tests.jepsen.relays import HOLD

_PATIENCE = 10.0
_SHORT = 2.0


def transfer(field: Field) -> None:
    """The leadership goes to a node that is named."""
    _transfer(field, field.any_node())
    field.wait(field.unit * field.random.random())


def transfer_unheard(field: Field) -> None:
    """The leadership goes to another node, and the old leader does not hear of it: it leads on until it notices.

    That is when a read of the past is possible, and when linearizable ones have to ask.
    """
    assert field.cluster.relays is not None
    leader = field.leader()
    others = field.others(leader)
    pairs = [(other, leader) for other in others]
    target = field.cluster.addresses[others[0]]
    what = f"transfer to {target}, unheard by node {leader}"
    client = field.cluster.client(_SHORT)
    asking = threading.Thread(target=lambda: field.attempt(what, lambda: client.transfer(target)), daemon=True)
    asking.start()
    try:
        # The target must have said that it has all entries, and must not have asked for votes yet.
        field.wait(field.random.choice((0.0, 0.005, 0.02, 0.05)))
        field.cluster.relays.set(pairs, HOLD)
        field.wait(field.unit * 1.5)
    finally:
        field.cluster.relays.set(pairs)
        asking.join()


def there_and_back(field: Field) -> None:
    """The leader hands over, and leads again when the other one has committed something.

    What it began in its first term, and what only ends in the next one, must not go on top of that.
    """
    leader = field.leader()
    other = field.others(leader)[0]
    _transfer(field, other)
    field.attempt("commit", lambda: _commit(field))
    _transfer(field, leader)
    field.wait(field.unit * field.random.random())


def _transfer(field: Field, node: int) -> None:
    target = field.cluster.addresses[node]
    field.attempt(f"transfer to {target}", lambda: field.cluster.client(_PATIENCE).transfer(target))


def _commit(field: Field) -> None:
    with closing(field.cluster.connect(leader_timeout=_PATIENCE)) as con:
        con.execute("INSERT OR REPLACE INTO mark VALUES (0)")


def handover(field: Field) -> None:
    """The leader gives its duties away and gets them back when it looks after roles again."""
    process = field.cluster.members[field.leader()].process
    if process is not None:
        field.note("handover")
        process.say(handover=_PATIENCE)
        field.wait(field.unit * field.random.random())


def change_roles(field: Field) -> None:
    """A voter loses its vote for a while."""
    node = field.any_node()
    address = field.cluster.addresses[node]
    role = field.random.choice((dqlitepy.Role.STANDBY, dqlitepy.Role.SPARE))
    field.attempt(f"{address} {role.name}", lambda: field.cluster.client(_PATIENCE).assign(address, role))
    try:
        field.wait(field.some_time())
    finally:
        field.attempt(f"{address} VOTER", lambda: field.cluster.client(_PATIENCE).assign(address, dqlitepy.Role.VOTER))


def replace(field: Field) -> None:
    """A node leaves the cluster for good, and another one with an empty directory takes its place.

    Nothing is deleted before the removal is known to be done: a node that lost its data under its old number would be
    one that forgot what it promised.
    """
    node = field.others(field.leader())[0]
    member, address = field.cluster.members[node], field.cluster.addresses[node]
    if member.held:
        return  # another crew is at it
    if member.process is None or not member.process.ready:
        return  # it may be about to join: then it would be removed before, and its directory taken away after that
    member.held = member.leaving = True
    try:
        try:
            field.cluster.client(_PATIENCE).remove(address)
        except dqlitepy.Error as error:
            field.note(f"remove {address}", error=f"{type(error).__name__}: {error}"[:200])
            if not _is_gone(field, address):
                return
        field.note(f"removed {address}")
        field.cluster.kill([node])
        try:
            field.wait(field.unit * field.random.random())
        finally:
            field.cluster.replace(node)
    finally:
        member.held = False
        field.cluster.restart(node)


def _is_gone(field: Field, address: str) -> bool:
    deadline = monotonic() + _PATIENCE
    while monotonic() < deadline and not field.stop.is_set():
        with suppress(dqlitepy.Error):
            return all(node.address != address for node in field.cluster.client(_PATIENCE).cluster())
    return False
