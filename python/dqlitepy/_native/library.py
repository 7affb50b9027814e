# SPDX-License-Identifier: Apache-2.0
"""Finds and loads libdqlitepy.so, once, when it is first needed.

Never at import: a Go library that is loaded before fork() leaves every child unable to use it. The process that loads
it owns it; a child that was forked later gets ForkError from `library()`, at once, where a call would hang for ever.
"""

from __future__ import annotations

import os
import sys
import threading
from functools import cache

from dqlitepy._native import abi
from dqlitepy._native.abi import ctypes
from dqlitepy._version import __version__
from dqlitepy.errors import ForkError, InterfaceError, UnsupportedPlatformError

Library = ctypes.CDLL
_FOLDER_OF_MACHINE = {"x86_64": "linux-amd64", "aarch64": "linux-arm64"}

_lock = threading.Lock()
_loaded: Library | None = None
_begun = False  # this process has begun to load
_forked = False  # an ancestor of this process had


@cache  # every statement asks, and is answered without a call into Python
def library() -> Library:
    """Returns the library, loaded and checked.

    Raises:
        ForkError: an ancestor of this process loaded it.
        UnsupportedPlatformError: it cannot run here.
        InterfaceError: it is missing, damaged, or of another version than this package.
    """
    global _loaded, _begun
    # Not by comparing process ids, which would be a system call or more for each statement: `_after_fork` tells.
    if _forked:
        raise ForkError(
            "this process was forked after its parent had started dqlitepy, whose threads do not survive a fork. "
            "Start workers by spawn or forkserver, or call connect() for the first time after the fork: below gunicorn "
            "without --preload or in its hook post_fork, below uWSGI with --lazy-apps"
        )
    with _lock:
        if _loaded is None:
            # Before dlopen: a fork in another thread meanwhile would give the child half a library.
            _begun = True
            try:
                candidate = _open(library_path())
            except BaseException:
                _begun = False
                raise
            _loaded = candidate
        return _loaded


def forked() -> bool:
    """Tells whether an ancestor of this process loaded the library, so that nothing here may call it."""
    return _forked


def take_block(block: abi.Block, size: abi.BlockSize) -> bytes:
    """Returns a copy of a block that an out-parameter handed over, and gives the block back."""
    try:
        return read_memory(block.value, size.value)
    finally:
        library().dqlitepy_free(block)


# Up to here a copy takes less time than ctypes needs to describe the memory.
_COPIED_SIZE = 2**20


def read_memory(address: int | None, size: int) -> bytes:
    """Returns a copy of `size` bytes at `address`; None is the address of nothing."""
    return ctypes.string_at(address, size) if address else b""


def borrow_memory(address: int | None, size: int) -> bytes | memoryview:
    """Returns `size` bytes at `address`, which must stay as long as they are used: a copy only where they are few."""
    if size <= _COPIED_SIZE:
        return read_memory(address, size)
    return memoryview((ctypes.c_char * size).from_address(address or 0)).cast("B")


def library_path() -> str:
    """Returns where this package keeps the library for this machine.

    Raises:
        UnsupportedPlatformError: there is no library for it.
    """
    # Not the real path of this file: Bazel's runfiles link the sources to a folder without the library.
    package = os.path.dirname(os.path.dirname(__file__))
    return os.path.join(package, "_lib", _platform_folder(), "libdqlitepy.so")


def _platform_folder() -> str:
    if sys.platform != "linux":
        raise UnsupportedPlatformError(
            f"Unsupported OS {sys.platform!r}: dqlite runs on Linux only. Use a Linux machine, container or VM"
        )
    machine = os.uname().machine
    folder = _FOLDER_OF_MACHINE.get(machine)
    if folder is None or sys.maxsize < 2**32:
        bits = "64-bit" if sys.maxsize > 2**32 else "32-bit"
        raise UnsupportedPlatformError(
            f"Unsupported architecture {machine!r} with a {bits} Python: use a 64-bit Python on x86_64 or aarch64"
        )
    if not _is_glibc():
        raise UnsupportedPlatformError(
            "Unsupported C library: this looks like musl (Alpine Linux), which cannot load Go libraries. "
            "Use a glibc distribution: in containers python:slim instead of python:alpine"
        )
    return folder


def _is_glibc() -> bool:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (ValueError, OSError):  # the name is unknown to other C libraries
        return False


def check_library(path: str) -> None:
    """Checks that there is a library at `path`.

    Raises:
        InterfaceError: the library is missing.
    """
    if os.path.exists(path):
        return
    raise InterfaceError(f"{path} is missing: {_why_missing(path)}")


def _why_missing(path: str) -> str:
    if getattr(sys, "frozen", False):
        return (
            "the program was frozen without it. PyInstaller takes it along where dqlitepy is installed from a wheel, "
            "which brings a hook; to Nuitka and others name the folder dqlitepy/_lib as package data"
        )
    folder = path
    while folder != (folder := os.path.dirname(folder)):
        if os.path.isfile(folder):
            return (
                f"dqlitepy lies in the archive {folder}, and a library cannot be loaded out of one. Install dqlitepy "
                "beside the archive, or unpack the archive before it runs (shiv does, and pex with --venv)"
            )
    return "this installation of dqlitepy is not whole. Reinstall it from a wheel for this machine"


# Of addresses, not of memory: what Go reserves when it starts, and the stacks and heaps of its and dqlite's threads.
_ADDRESS_SPACE = 3 << 29


def _check_address_space() -> None:
    """Finds a limit that Go would end the process for, without an exception."""
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    if limit - used < _ADDRESS_SPACE:
        raise InterfaceError(
            f"the address space of this process is limited to {limit >> 20} MiB (RLIMIT_AS, `ulimit -v`), of which "
            f"{used >> 20} MiB are in use. dqlitepy reserves about {_ADDRESS_SPACE >> 20} MiB, and fills little of it. "
            "Lift that limit, as by `ulimit -v unlimited`, and limit the memory by a cgroup"
        )


def _open(path: str) -> Library:
    check_library(path)
    _check_address_space()
    try:
        candidate = ctypes.CDLL(path)
        # Declared before anyone else can see it: ctypes is not safe against two threads that declare at once.
        abi.declare(candidate)
    except (OSError, AttributeError) as error:
        raise InterfaceError(f"{path} cannot be loaded ({error}). Reinstall dqlitepy {__version__}") from error
    theirs, ours = candidate.dqlitepy_abi_version(), abi.ABI_VERSION
    if theirs != ours:
        raise InterfaceError(f"{path} has ABI {theirs}, dqlitepy {__version__} needs {ours}. Reinstall dqlitepy")
    if candidate.dqlitepy_error_size() != abi.ERROR_SIZE:
        raise InterfaceError(f"{path} and dqlitepy {__version__} disagree about the error struct. Reinstall dqlitepy")
    return candidate


def _after_fork() -> None:
    global _lock, _loaded, _forked
    _lock = threading.Lock()  # another thread may have held it at the fork
    if _begun:
        _loaded, _forked = None, True
        library.cache_clear()


os.register_at_fork(after_in_child=_after_fork)
