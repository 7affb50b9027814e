# SPDX-License-Identifier: Apache-2.0
"""The Python wheels that build and test, among them the compiler."""

from __future__ import annotations

from functools import cache

from tools.update import wheels
from tools.update.checkout import Checkout
from tools.update.pin import Pin, Place, Sources


def find_wheel_pins(checkout: Checkout) -> list[Pin]:
    """Returns the distributions of each lock; one that several locks pin differently is named LOCK:NAME."""
    pinned = {lock: wheels.pinned(checkout.read(lock)) for lock in wheels.locks(checkout)}
    found: list[Pin] = []
    for lock, versions in pinned.items():
        # One resolution answers for all of them.
        newest = cache(lambda lock=lock: wheels.newest(checkout, lock))
        for name, version in versions.items():
            alone = len({other.get(name, version) for other in pinned.values()}) == 1
            holders = [other for other in pinned if name in pinned[other]] if alone else [lock]
            if lock != holders[0]:
                continue
            label = name if alone else f"{lock.rpartition('/')[2]}:{name}"
            found.append(Wheel(label, name, version, holders, newest))
    return found


class Wheel(Pin):
    """One distribution, in every lock that pins it at this version."""

    def __init__(self, label: str, distribution: str, version: str, locks: list[str], newest: wheels.Newest) -> None:
        self.name = label
        self.pinned = version
        self._distribution = distribution
        self._locks = locks
        self._newest = newest

    def places(self, sources: Sources) -> list[Place]:
        return [Place("package index", lambda: self._newest().get(self._distribution))]

    def apply(self, checkout: Checkout, sources: Sources, version: str) -> None:
        for lock in self._locks:
            wheels.upgrade(checkout, lock, self._distribution, version)
