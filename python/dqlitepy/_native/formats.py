# SPDX-License-Identifier: Apache-2.0
"""The formats in which values cross between Python and the shim: CPython's own, which C code reads and writes."""

from __future__ import annotations

import marshal

# Not `pickle`, which is this and a lot of Python around it that takes as long to import as half of this package.
from _pickle import loads
from typing import Any

from dqlitepy.errors import DataError

# Version 2 of marshal's format has neither references nor short forms, and is the same on every Python.
_MARSHAL_VERSION = 2
_LIST_HEADER_SIZE = 5  # "[" and the number of items

Value = int | float | str | bytes | None
Parameters = tuple[Value, ...]


def too_big() -> DataError:
    """Returns what is raised for parameters that cannot even be handed to the library."""
    return DataError("string or blob too big: split it into several rows, or keep it in a file")


def encode(parameters: Parameters | list[Parameters]) -> bytes:
    """Returns the bytes that stand for the parameters of one statement.

    Raises:
        DataError: one of them is too large.
    """
    try:
        return marshal.dumps(parameters, _MARSHAL_VERSION)
    except ValueError:
        raise too_big() from None


def encode_rows(rows: list[Parameters]) -> bytes:
    """Returns the bytes that stand for the parameters of several runs, for `join_rows`.

    Raises:
        DataError: one of them is too large.
    """
    return items_of(encode(rows))


def items_of(encoded: bytes) -> bytes:
    """Returns what stands for the items of an encoded list."""
    return encoded[_LIST_HEADER_SIZE:]


def join_rows(count: int, parts: list[bytes]) -> bytes:
    """Returns what marshal would write for the list of all `count` rows that `parts` hold."""
    return b"[" + count.to_bytes(4, "little") + b"".join(parts)


def split_rows(rows: bytes) -> list[bytes]:
    """Returns what `encode` would write for each of the rows that `join_rows` joined."""
    return [encode(row) for row in marshal.loads(rows)]  # it was written by this very process


def decode(block: Any) -> Any:
    """Returns the values that the shim wrote at the beginning of a block, None for an empty one.

    Args:
        block: bytes, or whatever gives out its memory.

    Safe although it is pickle: the shim in this very process wrote the opcodes, and only such as make None, numbers,
    text, bytes, tuples and lists. What a server sent is never an opcode, only an operand with its length before it.
    """
    return loads(block) if block else None


decode_filled = loads  # `decode` of a block that is not empty, without a call into Python
