# SPDX-License-Identifier: Apache-2.0
"""Runs a command with a folder as its root file system, without network, by bubblewrap."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.images.debian import NotPossible, require_program

ROOT_USER = "root"
ORDINARY_USER = "an ordinary user"
USERS = (ROOT_USER, ORDINARY_USER)

_ORDINARY_ID = 1000


@dataclass(frozen=True)
class Sandbox:
    """A root file system that nobody can write to, with a tmpfs at /data and at /tmp.

    Attributes:
        root: the folder that becomes /.
        files: what else is to be seen: path inside to path outside.
        user: ROOT_USER or ORDINARY_USER.
        network: whether this machine's network is there; else loopback alone.
        environment: all that the command sees.
        folder: where it starts.
        patience: seconds after which it is taken to hang.
    """

    root: Path
    files: dict[str, Path] = field(default_factory=dict)
    user: str = ROOT_USER
    network: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    patience: float = 300.0

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end; both of its outputs are in `stdout`."""
        arguments = [
            require_program("bwrap", "bubblewrap"),
            "--unshare-all",
            "--die-with-parent",
            "--new-session",
            "--clearenv",
        ]
        if self.network:
            arguments.append("--share-net")
        if self.user == ROOT_USER and os.getuid() != 0:
            arguments += ["--uid", "0", "--gid", "0"]
        for entry in sorted(self.root.iterdir()):
            if entry.is_symlink():
                arguments += ["--symlink", os.readlink(entry), f"/{entry.name}"]
            elif entry.is_dir() and entry.name not in ("dev", "proc", "sys", "tmp", "data"):
                arguments += ["--ro-bind", str(entry), f"/{entry.name}"]
        arguments += ["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/data"]
        for inside, outside in self.files.items():
            arguments += ["--ro-bind", str(outside), inside]
        for name, value in {"PATH": "/usr/bin", "HOME": "/data", **self.environment}.items():
            arguments += ["--setenv", name, value]
        arguments += ["--remount-ro", "/", "--chdir", self.folder, "--", *command]
        # A namespace that called the same id another name would leave it root's rights over root's files.
        identity = _ORDINARY_ID if self.user == ORDINARY_USER and os.getuid() == 0 else None
        return subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=self.patience,
            user=identity,
            group=identity,
            extra_groups=None if identity is None else [],
        )


def require_namespaces(user: str) -> None:
    """Raises NotPossible where the kernel or the container does not let `user` have a root of its own."""
    with TemporaryDirectory() as empty:
        os.chmod(empty, 0o755)
        process = Sandbox(Path(empty), user=user).run("/nothing")
    if "execvp /nothing" not in process.stdout:
        raise NotPossible(
            f"{user} may not make namespaces here ({process.stdout.strip()})",
            "sudo sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000   "
            "(in a container: docker run --privileged ...)",
        )
