# SPDX-License-Identifier: Apache-2.0
"""Scripts of SQL: where their statements are, and whether the last one is complete."""

from __future__ import annotations

from dqlitepy._native.abi import Block, BlockSize, ErrorStruct, Int32, Status
from dqlitepy._native.exceptions import exception_of
from dqlitepy._native.formats import decode
from dqlitepy._native.library import library, take_block


def statements(script: str) -> list[str]:
    """Returns the statements of `script` in order, without the blanks, comments and semicolons between them.

    Raises:
        UnicodeEncodeError: it has a lone surrogate.
    """
    encoded = script.encode()
    return [encoded[start:end].decode() for start, end in _split(encoded)[0]]


def complete_statement(statement: str) -> bool:
    """Tells whether the text ends with a semicolon that ends a statement, and holds no open literal or comment.

    Says nothing about whether the statement is right, as in `sqlite3`. Loads the library.

    Raises:
        TypeError: it is no str.
        ValueError: it has a NUL character inside.
        UnicodeEncodeError: it has a lone surrogate.
    """
    if not isinstance(statement, str):
        raise TypeError(f"complete_statement() argument 'statement' must be str, not {type(statement).__name__}")
    if "\0" in statement:
        raise ValueError("embedded null character")
    return _split(statement.encode())[1]


def _split(script: bytes) -> tuple[list[tuple[int, int]], bool]:
    complete, block, size, error = Int32(), Block(), BlockSize(), ErrorStruct()
    if library().dqlitepy_split(script, len(script), complete, block, size, error) != Status.OK:
        raise exception_of(error)
    return decode(take_block(block, size)), bool(complete.value)
