# SPDX-License-Identifier: Apache-2.0
"""A network, mounts and names of a process's own. No root is needed: a user namespace gives what is."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
from collections.abc import Mapping
from pathlib import Path

from tests.libc import check

_libc = ctypes.CDLL(None, use_errno=True)

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_PR_SET_PDEATHSIG = 1
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


def enter() -> None:
    """Moves this process, and all that it starts, to a network and mounts of its own; comes before its first thread.

    The loopback addresses there belong to nobody else, and what is mounted goes with the last process.
    """
    user, group = os.getuid(), os.getgid()
    check(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWNET))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        name = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(probe, _SIOCGIFFLAGS, name))[1]
        fcntl.ioctl(probe, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def missing() -> str:
    """Returns what this machine refuses that `enter` and `use_names` need, in one line; "" where it refuses nothing.

    Asks in a child, so that this process stays where it is; comes before its first thread.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            enter()
            check(_libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None))
        except OSError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with open(reader, encoding="utf-8") as file:
        refused = file.read()
    if not refused:
        return ""
    return (
        f"no user namespaces here ({refused}): a run of the fault suite has its own network, names and mounts. They "
        "depend on the sysctls user.max_user_namespaces, kernel.unprivileged_userns_clone=1 and "
        "kernel.apparmor_restrict_unprivileged_userns=0, and in a container on its seccomp profile"
    )


def die_with_parent() -> None:
    """Ends this process when the thread ends that made it, however that comes about."""
    check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def use_names(file: Path, names: Mapping[str, str], *, own_mounts: bool) -> None:
    """Lets this process resolve host names by a table of its own; with own_mounts, nobody else does.

    So each node finds its peers behind other addresses than the rest of the world does: those of its relays.
    """
    if own_mounts:
        check(_libc.unshare(_CLONE_NEWNS))
    lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in names.items())]
    file.write_text("\n".join(lines) + "\n")
    check(_libc.mount(os.fsencode(file), b"/etc/hosts", None, _MS_BIND, None))
