# SPDX-License-Identifier: Apache-2.0
"""cluster.yaml and info.yaml, the files in which a node's directory keeps the cluster and the node's own identity."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from threading import get_ident

from dqlitepy._disk.damage import Damaged
from dqlitepy._disk.identity import CLUSTER, INFO, parse_members
from dqlitepy.errors import OperationalError
from dqlitepy.members import NodeInfo, Role

_ROLE_OF_NAME = {str(role): role for role in Role}
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")


class YamlNodeStore:
    """The nodes of a cluster in a YAML file, as go-dqlite's YamlNodeStore keeps them: either can use the other's.

    Nothing but a list of ID, Address and Role is understood; anything else is an error, never guessed at.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)

    def get(self) -> list[NodeInfo]:
        """Returns the nodes; none where there is no file.

        Raises:
            OperationalError: the file cannot be read or is damaged.
        """
        return _read(Path(self.path))

    def set(self, nodes: Iterable[NodeInfo]) -> None:
        """Replaces the nodes. The file is whole at every moment.

        Raises:
            OperationalError: the file cannot be written.
        """
        lines = [f"- ID: {node.id}\n  Address: {_scalar(node.address)}\n  Role: {int(node.role)}\n" for node in nodes]
        temporary = f"{self.path}.{os.getpid()}-{get_ident()}.tmp"  # threads may share a store
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write("".join(lines) or "[]\n")
                file.flush()
                os.fsync(descriptor)
            os.replace(temporary, self.path)
        except OSError as error:
            raise OperationalError(f"{self.path} cannot be written: {error.strerror}") from error

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r})"


def members_in(directory: str) -> list[NodeInfo]:
    """Returns the nodes that the node of a directory knew last.

    Raises:
        OperationalError: its cluster.yaml cannot be read or is damaged.
    """
    return YamlNodeStore(os.path.join(directory, CLUSTER)).get()


def node_info(directory: str | os.PathLike[str]) -> NodeInfo | None:
    """Returns who the node of a directory is: its id and address; None where there has never been a node.

    The address of an embedded node is a mere name.

    Raises:
        OperationalError: its info.yaml cannot be read or is damaged.
    """
    found = _read(Path(directory) / INFO)
    return found[0] if found else None


def _read(path: Path) -> list[NodeInfo]:
    try:
        members = parse_members(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise OperationalError(f"{path} cannot be read: {error.strerror}") from error
    except (Damaged, UnicodeDecodeError) as error:
        raise OperationalError(f"{path} is damaged: {error}") from error
    return [NodeInfo(member.id, member.address, _ROLE_OF_NAME[member.role]) for member in members]


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    if "'" in text or "\n" in text:
        raise ValueError(f"{text!r} is not an address of a node")
    return f"'{text}'"
