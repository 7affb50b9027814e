# SPDX-License-Identifier: Apache-2.0
"""The shell's commands that look at the cluster and change it."""

from __future__ import annotations

from dataclasses import astuple, fields

import dqlitepy
from dqlitepy._cli.failure import Failure
from dqlitepy._cli.session import Session


def role_of(text: str) -> dqlitepy.Role:
    """Returns the role of that name.

    Raises:
        Failure: no role has that name.
    """
    try:
        return dqlitepy.Role[text.upper()]
    except KeyError:
        names = ", ".join(map(str, dqlitepy.Role))
        raise Failure(f"there is no role {text}", f"Use one of {names}.") from None


def _node(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def cluster(session: Session, arguments: list[str]) -> None:
    """Lists the members."""
    client = session.target.client()
    leader = client.leader()
    rows = [
        (str(member.id), member.address, str(member.role), "leader" if member.id == leader.id else "")
        for member in client.cluster()
    ]
    session.show(["id", "address", "role", "leads"], rows)


def leader(session: Session, arguments: list[str]) -> None:
    """Names the leader."""
    found = session.target.client().leader()
    session.show(["id", "address"], [(str(found.id), found.address)])


def add(session: Session, arguments: list[str]) -> None:
    """Adds a node."""
    role = role_of(arguments[1]) if len(arguments) > 1 else dqlitepy.Role.SPARE
    added = session.target.client().add(arguments[0], role=role)
    session.show(["id", "address", "role"], [(str(added.id), added.address, str(added.role))])


def assign(session: Session, arguments: list[str]) -> None:
    """Gives a node a role."""
    session.target.client().assign(_node(arguments[0]), role_of(arguments[1]))


def transfer(session: Session, arguments: list[str]) -> None:
    """Makes a node the leader."""
    session.target.client().transfer(_node(arguments[0]))


def remove(session: Session, arguments: list[str]) -> None:
    """Takes a node out of the cluster."""
    session.target.client().remove(_node(arguments[0]))


def describe(session: Session, arguments: list[str]) -> None:
    """Shows what nodes report about themselves."""
    client = session.target.client()
    addresses = arguments or [member.address for member in client.cluster()]
    rows = []
    for address in addresses:
        told = client.describe(address)
        rows.append((address, *astuple(told)))
    session.show(["address", *(each.name for each in fields(dqlitepy.NodeMetadata))], rows)


def weight(session: Session, arguments: list[str]) -> None:
    """Sets the weight of a node."""
    if not arguments[1].isdecimal():
        raise Failure(f"{arguments[1]} is not a weight", "Give 0 or a larger number.")
    session.target.client().set_weight(arguments[0], int(arguments[1]))
