# SPDX-License-Identifier: Apache-2.0
"""The formats in which values cross between Python and the shim: CPython's own, which C code reads and writes."""

from __future__ import annotations

import marshal
import pickle
from typing import Any

from dqlitepy.errors import DataError

# Version 2 of marshal's format has neither references nor short forms, and is the same on every Python.
_MARSHAL_VERSION = 2

Value = int | float | str | bytes | None
Parameters = tuple[Value, ...]


def encode(parameters: Parameters) -> bytes:
    """Returns the bytes that stand for the parameters of one statement.

    Raises:
        DataError: one of them is too large.
    """
    try:
        return marshal.dumps(parameters, _MARSHAL_VERSION)
    except ValueError:
        raise DataError("string or blob too big: a parameter is limited to 2 GiB") from None


def encode_list(rows: list[bytes]) -> bytes:
    """Returns what marshal would write for a list, given what it wrote for its items."""
    return b"[" + len(rows).to_bytes(4, "little") + b"".join(rows)


def decode(block: bytes) -> Any:
    """Returns the values that the shim wrote, None for an empty block.

    Safe although it is pickle: the shim in this very process wrote the opcodes, and only such as make None, numbers,
    text, bytes, tuples and lists. What a server sent is never an opcode, only an operand with its length before it.
    """
    return pickle.loads(block) if block else None  # noqa: S301
