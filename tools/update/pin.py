# SPDX-License-Identifier: Apache-2.0
"""What every kind of pin has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from tools.update.checkout import Checkout, Refused
from tools.update.debian import Debian
from tools.update.golang import Go
from tools.update.web import GitHub


class Sources(NamedTuple):
    """Where versions come from."""

    github: GitHub
    debian: Debian
    go: Go


class Place(NamedTuple):
    """One place that may know a newer version; `newest` returns None where it has none and raises Unreachable."""

    name: str
    newest: Callable[[], str | None]


class Pin(ABC):
    """One thing that is pinned; `name` is what one types to change it."""

    name: str
    pinned: str

    @abstractmethod
    def places(self, sources: Sources) -> list[Place]:
        """Returns where newer versions are looked for."""

    @abstractmethod
    def apply(self, checkout: Checkout, sources: Sources, version: str) -> None:
        """Changes, in memory, every file that holds this pin or follows from it.

        Raises:
            Unreachable: a place that knows one of the values does not answer.
            Refused: there is no such version, or it does not go with the others.
        """


def no_such_version(name: str, version: str, where: str) -> Refused:
    """Returns the refusal of a version that a place does not have."""
    return Refused(f"{where} has no {name} {version}", "tools/bazel run //tools:update   (it shows what there is)")
