# SPDX-License-Identifier: Apache-2.0
"""A machine that fails: a full or read-only disk, and a kernel that refuses. Each for the calling process alone."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence
from errno import EAGAIN, ENOMEM
from pathlib import Path

from tests.libc import check

_libc = ctypes.CDLL(None, use_errno=True)

_CLONE_NEWNS, _CLONE_NEWUSER = 0x20000, 0x10000000
_MS_RDONLY, _MS_REMOUNT = 1, 32
_PR_SET_NO_NEW_PRIVS, _SECCOMP_SET_MODE_FILTER, _SECCOMP_ALL_THREADS = 38, 1, 1
_RETURN_ERRNO, _ALLOW = 0x00050000, 0x7FFF0000
_LOAD_WORD, _JUMP_IF_EQUAL, _JUMP_IF_ANY, _RETURN = 0x20, 0x15, 0x45, 0x06
_FOURTH_ARGUMENT = 40  # where its lower half is in what a filter sees
_MAP_SHARED = 1
_IO_SETUP, _SECCOMP = {"x86_64": (206, 317), "aarch64": (0, 277)}[os.uname().machine]
_MMAP, _FADVISE = {"x86_64": (9, 221), "aarch64": (222, 223)}[os.uname().machine]
_CLONE, _CLONE3 = {"x86_64": (56, 435), "aarch64": (220, 435)}[os.uname().machine]


def mount_small_disk(path: str, size: int) -> None:
    """Mounts an empty file system of `size` bytes that no other process sees; must come before the first thread."""
    user, group = os.getuid(), os.getgid()
    check(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    check(_libc.mount(b"none", path.encode(), b"tmpfs", 0, f"size={size}".encode()))


def make_read_only(path: str) -> None:
    """Lets nobody write to a disk of `mount_small_disk` any more."""
    check(_libc.mount(b"none", path.encode(), b"tmpfs", _MS_REMOUNT | _MS_RDONLY, b""))


def fill_disk(path: str) -> None:
    """Leaves no block free; the file `ballast` takes them."""
    with open(os.path.join(path, "ballast"), "wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(4096))
        except OSError:
            return


def free_disk(path: str) -> None:
    """Gives back what `fill_disk` took."""
    os.unlink(os.path.join(path, "ballast"))


def use_up_kernel_aio() -> None:
    """Makes io_setup fail as it does where all processes together have as many contexts as fs.aio-max-nr allows.

    From now on, for all threads that there are and will be.
    """
    _refuse(_IO_SETUP)


def use_up_threads() -> None:
    """Makes each new thread or process fail as it does at a limit of their number (RLIMIT_NPROC, pids.max)."""
    _refuse(_CLONE, _CLONE3)


def refuse_advice() -> None:
    """Makes posix_fadvise fail, as a container may forbid it, and a kernel may be without it."""
    _refuse(_FADVISE)


def use_up_shared_mappings() -> None:
    """Makes each new mapping of shared memory fail as it does where a process has vm.max_map_count of them."""
    _filter(
        [
            (_LOAD_WORD, 0, 0, 0),
            (_JUMP_IF_EQUAL, 0, 2, _MMAP),
            (_LOAD_WORD, 0, 0, _FOURTH_ARGUMENT),
            (_JUMP_IF_ANY, 1, 0, _MAP_SHARED),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _RETURN_ERRNO | ENOMEM),
        ]
    )


def _refuse(*calls: int) -> None:
    """Lets these system calls fail by EAGAIN, in all threads that there are and will be."""
    _filter(
        [
            (_LOAD_WORD, 0, 0, 0),  # the number of the system call
            *((_JUMP_IF_EQUAL, len(calls) - i, 0, call) for i, call in enumerate(calls)),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _RETURN_ERRNO | EAGAIN),
        ]
    )


def _filter(instructions: Sequence[tuple[int, int, int, int]]) -> None:
    """Lets a program of the Berkeley packet filter decide about system calls, each a code, two jumps and a value."""

    class Filter(ctypes.Structure):
        _fields_ = (("size", ctypes.c_ushort), ("program", ctypes.c_char_p))

    program = b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
    check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    arguments = Filter(len(instructions), program)
    check(_libc.syscall(_SECCOMP, _SECCOMP_SET_MODE_FILTER, _SECCOMP_ALL_THREADS, ctypes.byref(arguments)))
