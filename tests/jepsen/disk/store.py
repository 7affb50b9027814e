# SPDX-License-Identifier: Apache-2.0
"""Files in memory that know what of them is on the disk for certain.

The promise is the least that POSIX gives: the content of a file is safe after fsync, or after a write with O_DSYNC;
its name is safe after fsync of its directory. Renaming is atomic, and the changes of one directory become safe in
their order.
"""

from __future__ import annotations

import errno
import os
import random
import stat
import threading
from dataclasses import dataclass, field

ROOT = 1
_BLOCK = 4096
CAPACITY = 1 << 30


class DiskError(OSError):
    """A system call that fails."""

    def __init__(self, number: int) -> None:
        super().__init__(number, os.strerror(number))


@dataclass
class Inode:
    """A file or a directory: what it is now, and what of that is safe."""

    number: int
    mode: int
    data: bytearray = field(default_factory=bytearray)
    safe: bytearray = field(default_factory=bytearray)
    dirty: list[tuple[int, int]] = field(default_factory=list)  # from, to
    names: dict[str, int] = field(default_factory=dict)
    safe_names: dict[str, int] = field(default_factory=dict)
    changes: list[dict[str, int | None]] = field(default_factory=list)
    parent: int = ROOT

    @property
    def is_directory(self) -> bool:
        """Whether it has names rather than data."""
        return stat.S_ISDIR(self.mode)


class Store:
    """One disk."""

    def __init__(self) -> None:
        self._inodes: dict[int, Inode] = {}
        self._next = ROOT
        self._make(stat.S_IFDIR | 0o700, ROOT)
        self.lock = threading.RLock()
        self.failure = 0  # the errno that writing fails with
        self.pause = 0.0  # seconds that a write takes

    def _make(self, mode: int, parent: int) -> Inode:
        inode = Inode(self._next, mode, parent=parent)
        self._inodes[inode.number] = inode
        self._next += 1
        return inode

    def get(self, number: int) -> Inode:
        """Returns an inode."""
        try:
            return self._inodes[number]
        except KeyError:
            raise DiskError(errno.ESTALE) from None

    def lookup(self, parent: int, name: str) -> Inode:
        """Returns what has a name in a directory."""
        number = self.get(parent).names.get(name)
        if number is None:
            raise DiskError(errno.ENOENT)
        return self.get(number)

    def create(self, parent: int, name: str, mode: int) -> Inode:
        """Makes a file or a directory."""
        directory = self.get(parent)
        if name in directory.names:
            raise DiskError(errno.EEXIST)
        self._check_writable(grows=True)
        inode = self._make(mode, parent)
        self._change(directory, {name: inode.number})
        return inode

    def remove(self, parent: int, name: str, *, is_directory: bool) -> None:
        """Takes a name away. A file lives on for those who have it open."""
        inode = self.lookup(parent, name)
        if inode.is_directory != is_directory:
            raise DiskError(errno.EISDIR if inode.is_directory else errno.ENOTDIR)
        if inode.names:
            raise DiskError(errno.ENOTEMPTY)
        self._check_writable(grows=False)
        self._change(self.get(parent), {name: None})

    def rename(self, parent: int, name: str, new_parent: int, new_name: str) -> None:
        """Gives a file another name in the same directory, in place of what had it."""
        if parent != new_parent:
            raise DiskError(errno.EXDEV)
        inode = self.lookup(parent, name)
        self._check_writable(grows=False)
        self._change(self.get(parent), {name: None, new_name: inode.number})

    @staticmethod
    def _change(directory: Inode, change: dict[str, int | None]) -> None:
        directory.changes.append(change)
        _apply(directory.names, change)

    def write(self, number: int, offset: int, data: bytes, *, synced: bool) -> None:
        """Writes into a file; synced as with O_DSYNC."""
        inode = self.get(number)
        end = offset + len(data)
        self._check_writable(grows=end > len(inode.data))
        if len(inode.data) < end:
            inode.data.extend(bytes(end - len(inode.data)))
        inode.data[offset:end] = data
        if synced:
            if len(inode.safe) < end:
                inode.safe.extend(bytes(end - len(inode.safe)))
            inode.safe[offset:end] = data
        else:
            inode.dirty.append((offset, end))

    def resize(self, number: int, size: int) -> None:
        """Cuts a file or appends zeros."""
        inode = self.get(number)
        old = len(inode.data)
        self._check_writable(grows=size > old)
        if size < old:
            del inode.data[size:]
        else:
            inode.data.extend(bytes(size - old))
        inode.dirty.append((min(size, old), max(size, old)))

    def sync(self, number: int) -> None:
        """Makes the content of a file, or the names in a directory, safe."""
        inode = self.get(number)
        if self.failure == errno.EIO:
            raise DiskError(errno.EIO)
        if inode.is_directory:
            for change in inode.changes:
                _apply(inode.safe_names, change)
            inode.changes.clear()
            return
        _resize(inode.safe, len(inode.data))
        for start, end in inode.dirty:
            inode.safe[start:end] = inode.data[start:end]
        inode.dirty.clear()

    def used(self) -> int:
        """Returns how many bytes the files have."""
        return sum(len(inode.data) for inode in self._inodes.values())

    def _check_writable(self, *, grows: bool) -> None:
        if self.failure == errno.EIO or (self.failure and grows):
            raise DiskError(self.failure)

    def cut_power(self, keep: float, seed: int) -> None:
        """Forgets what is not safe, except what happens to be on the disk: the share `keep` of the blocks, by chance.

        Of the changes of a directory, those up to some moment survive, or none where keep is 0.
        """
        chance = random.Random(seed)
        reached: dict[int, Inode] = {}
        waiting = [self.get(ROOT)]
        for inode in waiting:
            reached[inode.number] = inode
            if inode.is_directory:
                if keep:
                    for change in inode.changes[: chance.randint(0, len(inode.changes))]:
                        _apply(inode.safe_names, change)
                inode.names = dict(inode.safe_names)
                inode.changes.clear()
                waiting += [self._inodes[number] for number in inode.names.values()]
                continue
            if keep:
                _keep_some(inode, keep, chance)
            inode.data = bytearray(inode.safe)
            inode.dirty.clear()
        self._inodes = reached


def _apply(names: dict[str, int], change: dict[str, int | None]) -> None:
    for name, number in change.items():
        if number is None:
            names.pop(name, None)
        else:
            names[name] = number


def _resize(data: bytearray, size: int) -> None:
    if len(data) > size:
        del data[size:]
    else:
        data.extend(bytes(size - len(data)))


def _keep_some(inode: Inode, keep: float, chance: random.Random) -> None:
    for start, end in inode.dirty:
        for block in range(start - start % _BLOCK, end, _BLOCK):
            if chance.random() >= keep:
                continue
            first, last = max(block, start), min(block + _BLOCK, end, len(inode.data))
            if first >= last:
                continue
            if len(inode.safe) < last:
                _resize(inode.safe, last)
            inode.safe[first:last] = inode.data[first:last]
