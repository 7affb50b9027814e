# SPDX-License-Identifier: Apache-2.0
"""A disk in memory behind the kernel's FUSE protocol: no library is needed, and no other process is asked.

Nothing is cached by the kernel, so that what the disk forgets nobody remembers.
"""

from __future__ import annotations

import errno
import os
import struct
import time
from collections.abc import Callable

from tests.jepsen.disk.store import CAPACITY, DiskError, Inode, Store

# The version of the protocol that the layouts below are of; kernels speak older ones too.
_MAJOR, _MINOR = 7, 31
_MAX_WRITE = 1 << 20
_BIG_WRITES, _MAX_PAGES = 1 << 5, 1 << 22
_DIRECT_IO = 1
_SET_MODE, _SET_SIZE = 1, 8

_IN = struct.Struct("<IIQQIIIHH")
_OUT = struct.Struct("<IiQ")
_ATTRIBUTES = struct.Struct("<QQQQQQIIIIIIIIII")
_ENTRY = struct.Struct("<QQQQII")
_DIRENT = struct.Struct("<QQII")

_FORGET, _INTERRUPT, _BATCH_FORGET, _INIT, _WRITE, _FSYNC, _FSYNCDIR = 2, 36, 42, 26, 16, 20, 30
_SILENT = (_FORGET, _INTERRUPT, _BATCH_FORGET)
_SLOW = (_WRITE, _FSYNC, _FSYNCDIR)


class Server:
    """Answers the kernel's requests about one mount."""

    def __init__(self, device: int, store: Store) -> None:
        self._device, self._store = device, store
        self._answers: dict[int, Callable[[int, bytes], bytes]] = {
            1: self._lookup,
            3: lambda node, _: self._attributes(node),
            4: self._set_attributes,
            9: self._make_directory,
            10: lambda node, body: self._remove(node, body, is_directory=False),
            11: lambda node, body: self._remove(node, body, is_directory=True),
            12: self._rename,
            14: self._open,
            15: self._read,
            _WRITE: self._write,
            17: self._statistics,
            18: lambda _, __: b"",  # RELEASE
            _FSYNC: self._sync,
            25: lambda _, __: b"",  # FLUSH
            _INIT: self._init,
            27: lambda _, __: struct.pack("<QII", 0, 0, 0),  # OPENDIR
            28: self._read_directory,
            29: lambda _, __: b"",  # RELEASEDIR
            _FSYNCDIR: self._sync,
            35: self._create,
            38: lambda _, __: b"",  # DESTROY
            43: self._allocate,
            45: self._rename2,
        }

    def run(self) -> None:
        """Serves until the mount is gone."""
        while True:
            try:
                request = os.read(self._device, _MAX_WRITE + 8192)
            except OSError as error:
                if error.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                    continue
                if error.errno == errno.ENODEV:
                    return
                raise
            _, code, unique, node, *_ = _IN.unpack_from(request)
            if code in _SILENT:
                continue
            if code in _SLOW and self._store.pause:
                time.sleep(self._store.pause)
            try:
                answer = self._answers.get(code)
                if answer is None:
                    raise DiskError(errno.ENOSYS)
                with self._store.lock:
                    body = answer(node, request[_IN.size :])
                self._reply(unique, 0, body)
            except DiskError as failure:
                self._reply(unique, -(failure.errno or errno.EIO), b"")

    def _reply(self, unique: int, status: int, body: bytes) -> None:
        try:
            os.write(self._device, _OUT.pack(_OUT.size + len(body), status, unique) + body)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENODEV):  # whoever asked is gone
                raise

    @staticmethod
    def _init(_: int, body: bytes) -> bytes:
        _, minor, readahead, flags = struct.unpack_from("<IIII", body)
        return struct.pack(
            "<IIIIHHIIHHI28x",
            _MAJOR,
            min(minor, _MINOR),
            readahead,
            flags & (_BIG_WRITES | _MAX_PAGES),
            16,
            12,
            _MAX_WRITE,
            1,
            _MAX_WRITE // 4096,
            0,
            0,
        )

    @staticmethod
    def _stat(inode: Inode) -> bytes:
        size = len(inode.data)
        links = 2 if inode.is_directory else 1
        return _ATTRIBUTES.pack(
            inode.number, size, -(-size // 512), 0, 0, 0, 0, 0, 0, inode.mode, links, 0, 0, 0, 4096, 0
        )

    def _entry(self, inode: Inode) -> bytes:
        return _ENTRY.pack(inode.number, 0, 0, 0, 0, 0) + self._stat(inode)

    def _attributes(self, node: int) -> bytes:
        return struct.pack("<QII", 0, 0, 0) + self._stat(self._store.get(node))

    def _lookup(self, node: int, body: bytes) -> bytes:
        return self._entry(self._store.lookup(node, _text(body)))

    def _set_attributes(self, node: int, body: bytes) -> bytes:
        valid, _, _, size = struct.unpack_from("<IIQQ", body)
        [mode] = struct.unpack_from("<I", body, 68)
        if valid & _SET_SIZE:
            self._store.resize(node, size)
        if valid & _SET_MODE:
            inode = self._store.get(node)
            inode.mode = inode.mode & ~0o7777 | mode & 0o7777
        return self._attributes(node)

    def _make_directory(self, node: int, body: bytes) -> bytes:
        mode, umask = struct.unpack_from("<II", body)
        return self._entry(self._store.create(node, _text(body[8:]), 0o040000 | mode & ~umask & 0o7777))

    def _create(self, node: int, body: bytes) -> bytes:
        _, mode, umask, _ = struct.unpack_from("<IIII", body)
        inode = self._store.create(node, _text(body[16:]), 0o100000 | mode & ~umask & 0o7777)
        return self._entry(inode) + struct.pack("<QII", 0, _DIRECT_IO, 0)

    def _open(self, node: int, _: bytes) -> bytes:
        self._store.get(node)
        return struct.pack("<QII", 0, _DIRECT_IO, 0)

    def _remove(self, node: int, body: bytes, *, is_directory: bool) -> bytes:
        self._store.remove(node, _text(body), is_directory=is_directory)
        return b""

    def _rename(self, node: int, body: bytes) -> bytes:
        [target] = struct.unpack_from("<Q", body)
        old, new, *_ = body[8:].split(b"\0")
        self._store.rename(node, os.fsdecode(old), target, os.fsdecode(new))
        return b""

    def _rename2(self, node: int, body: bytes) -> bytes:
        target, flags, _ = struct.unpack_from("<QII", body)
        old, new, *_ = body[16:].split(b"\0")
        if flags & ~1:
            raise DiskError(errno.EINVAL)
        if flags & 1 and os.fsdecode(new) in self._store.get(target).names:  # RENAME_NOREPLACE
            raise DiskError(errno.EEXIST)
        self._store.rename(node, os.fsdecode(old), target, os.fsdecode(new))
        return b""

    def _read(self, node: int, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        return bytes(self._store.get(node).data[offset : offset + size])

    def _write(self, node: int, body: bytes) -> bytes:
        _, offset, size, _, _, flags, _ = struct.unpack_from("<QQIIQII", body)
        self._store.write(node, offset, body[40 : 40 + size], synced=bool(flags & os.O_DSYNC))
        return struct.pack("<II", size, 0)

    def _allocate(self, node: int, body: bytes) -> bytes:
        _, offset, length, mode, _ = struct.unpack_from("<QQQII", body)
        if mode:
            raise DiskError(errno.EOPNOTSUPP)
        if offset + length > len(self._store.get(node).data):
            self._store.resize(node, offset + length)
        return b""

    def _sync(self, node: int, _: bytes) -> bytes:
        self._store.sync(node)
        return b""

    def _statistics(self, _: int, __: bytes) -> bytes:
        free = 0 if self._store.failure == errno.ENOSPC else max(0, CAPACITY - self._store.used()) // 4096
        return struct.pack("<QQQQQIIII24x", CAPACITY // 4096, free, free, 1 << 20, 1 << 20, 4096, 255, 4096, 0)

    def _read_directory(self, node: int, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        directory = self._store.get(node)
        names = [(".", node), ("..", directory.parent), *sorted(directory.names.items())]
        answer = b""
        for position in range(offset, len(names)):
            name, number = os.fsencode(names[position][0]), names[position][1]
            kind = 4 if self._store.get(number).is_directory else 8
            entry = _DIRENT.pack(number, position + 1, len(name), kind) + name
            entry += bytes(-len(entry) % 8)
            if len(answer) + len(entry) > size:
                break
            answer += entry
        return answer


def _text(body: bytes) -> str:
    return os.fsdecode(body.partition(b"\0")[0])
