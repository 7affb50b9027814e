# SPDX-License-Identifier: Apache-2.0
"""What the shim finds out about a statement without running it: verb, parameters, declared types."""

from __future__ import annotations

from typing import NamedTuple

from dqlitepy._native.abi import Block, BlockSize, ErrorStruct, ResultFlag, Status, UInt32
from dqlitepy._native.exceptions import exception_of
from dqlitepy._native.formats import Parameters, decode
from dqlitepy._native.library import library, take_block

_MAY_HAVE_PARAMETERS = frozenset("?:@$#")


class StatementFacts(NamedTuple):
    """What the text of a statement shows. Only the server knows whether it is valid."""

    names: tuple[str | None, ...]  # of the parameters; None for one that has only a position
    named: tuple[int, str] | None  # position and name of the first parameter that has a name, not a number
    yields_rows: bool  # it may have columns
    begins_implicitly: bool  # INSERT, UPDATE, DELETE or REPLACE


def describe(sql: str) -> StatementFacts:
    """Returns what kind of statement `sql` is.

    Raises:
        OperationalError: its parameters have impossible numbers, or are too many.
    """
    text, flags, block, size, error = sql.encode(), UInt32(), Block(), BlockSize(), ErrorStruct()
    if library().dqlitepy_describe(text, len(text), flags, block, size, error) != Status.OK:
        raise exception_of(error)
    names: tuple[str | None, ...] = decode(take_block(block, size))
    named = next(((i, name) for i, name in enumerate(names, 1) if name is not None and not name.isdecimal()), None)
    return StatementFacts(names, named, bool(flags.value & ResultFlag.ROWS), bool(flags.value & ResultFlag.DML))


def nulls(sql: str) -> Parameters:
    """Returns NULL for each parameter of a statement, which is what `sqlite3` gives those of a script.

    Raises:
        OperationalError: its parameters have impossible numbers, or are too many.
    """
    if _MAY_HAVE_PARAMETERS.isdisjoint(sql):
        return ()
    return (None,) * len(describe(sql).names)


def expand(sql: str, parameters: bytes) -> str:
    """Returns the text of a statement with a literal in the place of each parameter; `parameters` are encoded."""
    text, block, size, error = sql.encode(), Block(), BlockSize(), ErrorStruct()
    status = library().dqlitepy_expand(text, len(text), parameters, len(parameters), block, size, error)
    if status != Status.OK:
        raise exception_of(error)
    return take_block(block, size).decode()


def declared_types(sql: str, schema: bytes) -> tuple[str | None, ...]:
    """Returns the declared type of each column that a statement yields, None for one that is no table's.

    Args:
        sql: the statement. Where it is wrong, there are no columns.
        schema: the definitions of the tables and views that it may read, encoded; the last few are kept compiled.
    """
    text, block, size, error = sql.encode(), Block(), BlockSize(), ErrorStruct()
    status = library().dqlitepy_declared_types(text, len(text), schema, len(schema), block, size, error)
    if status != Status.OK:
        raise exception_of(error)
    types: tuple[str | None, ...] = decode(take_block(block, size))
    return types
