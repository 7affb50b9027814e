# SPDX-License-Identifier: Apache-2.0
"""Scripts of SQL: where their statements are."""

from __future__ import annotations

from dqlitepy._native.abi import Block, BlockSize, ErrorStruct, Status
from dqlitepy._native.exceptions import exception_of
from dqlitepy._native.formats import decode
from dqlitepy._native.library import library, take_block


def statements(script: str) -> list[str]:
    """Returns the statements of `script` in order, without the blanks, comments and semicolons between them.

    Raises:
        UnicodeEncodeError: it has a lone surrogate.
    """
    encoded = script.encode()
    block, size, error = Block(), BlockSize(), ErrorStruct()
    if library().dqlitepy_split(encoded, len(encoded), block, size, error) != Status.OK:
        raise exception_of(error)
    return [encoded[start:end].decode() for start, end in decode(take_block(block, size))]
