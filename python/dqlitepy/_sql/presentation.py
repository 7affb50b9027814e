# SPDX-License-Identifier: Apache-2.0
"""Turns the values that the shim delivers into those that a row shows: by the text factory and by converters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dqlitepy._sql.converters import Converter
from dqlitepy.errors import OperationalError

_LONGEST_QUOTE = 200  # bytes of a text in a message


_Row = tuple[Any, ...]


def presenter(
    names: Sequence[str],
    converters: tuple[Converter | None, ...] | None,
    text_factory: Callable[[bytes], Any],
    *,
    as_bytes: bool,
) -> Callable[[_Row], _Row] | None:
    """Returns the function that makes the user's row of one as it crossed; None if they are the same.

    Args:
        names: of the columns, for messages.
        converters: one or None for each column; None for none.
        text_factory: makes what is shown for a text out of its bytes.
        as_bytes: whether texts crossed as bytearray, not as str.

    Its result raises OperationalError for a text that is to be a str and is not UTF-8.
    """
    if text_factory is str and not as_bytes:
        return None
    if converters is None and as_bytes and text_factory is bytes:
        return _with_bytes

    def present(row: _Row) -> _Row:
        values = []
        for position, value in enumerate(row):
            if converters is not None and (converter := converters[position]) is not None:
                stored = _stored(value)
                value = converter(stored) if stored else None
            elif isinstance(value, str | bytearray):
                value = _shown_text(value, names[position], text_factory)
            values.append(value)
        return tuple(values)

    def with_str(row: _Row) -> _Row:
        try:
            return tuple([value.decode() if type(value) is bytearray else value for value in row])
        except UnicodeDecodeError:  # told with the name of the column
            return present(row)

    return with_str if converters is None and text_factory is str else present


def _with_bytes(row: _Row) -> _Row:
    return tuple([bytes(value) if type(value) is bytearray else value for value in row])


def _shown_text(text: str | bytearray, column: str, text_factory: Callable[[bytes], Any]) -> Any:
    if text_factory is str:
        return text if isinstance(text, str) else _decoded(text, column)
    encoded = text.encode() if isinstance(text, str) else bytes(text)
    return text_factory(encoded)


def _decoded(text: bytearray, column: str) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        quote = text[:_LONGEST_QUOTE].decode("ascii", "replace")
        raise OperationalError(f"Could not decode to UTF-8 column '{column}' with text '{quote}'") from None


def _stored(value: Any) -> bytes:
    """Returns the bytes of a value as SQLite gives them out; empty for NULL."""
    if value is None:
        return b""
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, float):
        return _float_text(value).encode()
    return value.encode() if isinstance(value, str) else bytes(value)


def _float_text(number: float) -> str:
    """Returns the shortest text that stands for exactly this REAL, in SQLite's form: always with a point."""
    digits, exponent, scale = repr(number).partition("e")
    point = "" if "." in digits or not digits.lstrip("-").isdecimal() else ".0"
    return digits.replace("inf", "Inf") + point + exponent + scale
