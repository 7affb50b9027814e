# SPDX-License-Identifier: Apache-2.0
"""Turns the parameters that a user passes into the values of a statement, each of a type that SQLite has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from dqlitepy._native.formats import Parameters, Value
from dqlitepy._sql.adapters import PrepareProtocol, adapt, plain_types
from dqlitepy.errors import ProgrammingError

_INTEGER_MIN, _INTEGER_MAX = -(2**63), 2**63 - 1


def bind(parameters: Any, names: Callable[[], tuple[str | None, ...]]) -> Parameters:
    """Returns the values for a statement, in the order of its parameters.

    Args:
        parameters: a sequence of values, or a mapping from names to values.
        names: returns the names of the statement's parameters; called only for what is neither tuple nor list.

    Raises:
        ProgrammingError: a value is missing, too much or cannot be bound, or `parameters` is neither sequence nor
            mapping.
        OverflowError: an int does not fit into 64 bits.
        UnicodeEncodeError: a str has a lone surrogate.
        BufferError: the bytes of a buffer do not lie one behind the other.
    """
    kind = type(parameters)
    row: tuple[Any, ...]
    if kind is tuple:
        row = parameters
    elif kind is list:
        row = tuple(parameters)
    elif isinstance(parameters, Mapping):
        parameters = row = tuple(_by_name(parameters, names()))
    elif hasattr(parameters, "__getitem__") and hasattr(parameters, "__len__"):
        uses, supplied = len(names()), len(parameters)
        if supplied > uses:  # asked before they are read: range(2**60) has no end that anyone would see
            raise ProgrammingError(
                f"Incorrect number of bindings supplied. The current statement uses {uses}, and there are {supplied} "
                "supplied."
            )
        parameters = row = tuple(parameters[index] for index in range(supplied))
    else:
        raise ProgrammingError("parameters are of unsupported type")
    if is_storable(row):
        return row
    # By index: an adapter may change the list, and what it took out of it must not be stored.
    return tuple(_storable(index + 1, parameters[index]) for index in range(len(row)))


def bind_all(rows: Iterable[Any], names: Callable[[], tuple[str | None, ...]]) -> Iterator[Parameters]:
    """Yields `bind` of each of `rows`, and calls it for those only that are not plain tuples."""
    for row in rows:
        yield row if type(row) is tuple and is_storable(row) else bind(row, names)


def is_storable(row: tuple[Any, ...]) -> bool:
    """Returns whether all values can be stored as they are.

    Raises:
        UnicodeEncodeError: a str has a lone surrogate.
    """
    for value in row:
        kind = type(value)
        if kind not in plain_types:
            return False
        if kind is str:
            if "\0" in value:
                return False
            if not value.isascii():
                value.encode()  # a lone surrogate has no UTF-8
        elif kind is int and not _INTEGER_MIN <= value <= _INTEGER_MAX:
            return False
    return True


def _by_name(parameters: Mapping[str, Any], names: tuple[str | None, ...]) -> list[Any]:
    values = []
    for position, name in enumerate(names, 1):
        if name is None:
            raise ProgrammingError(
                f"Binding {position} has no name, but you supplied a dictionary (which has only names)."
            )
        try:
            values.append(parameters[name])
        except LookupError:
            raise ProgrammingError(f"You did not supply a value for binding parameter :{name}.") from None
    return values


def _storable(position: int, value: Any) -> Value:
    if type(value) not in plain_types:
        value = adapt(value, PrepareProtocol, value)
    if value is None or type(value) is bytes:
        return value
    if isinstance(value, int):
        number = int.__int__(value)
        if not _INTEGER_MIN <= number <= _INTEGER_MAX:
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        return number
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, str):
        text = str.__str__(value)
        if "\0" in text:
            raise ProgrammingError(
                f"Error binding parameter {position}: this text has a NUL character inside, where dqlite's protocol "
                "would end it. Bind it as bytes"
            )
        text.encode()
        return text
    try:
        view = memoryview(value)
    except TypeError:
        raise ProgrammingError(
            f"Error binding parameter {position}: type '{type(value).__name__}' is not supported"
        ) from None
    if not view.c_contiguous:
        raise BufferError("memoryview: underlying buffer is not C-contiguous")
    return view.tobytes()
