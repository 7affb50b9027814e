# SPDX-License-Identifier: Apache-2.0
"""Converters: how the stored form of a column becomes a Python object, chosen by type name (`detect_types`)."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any, Final

from dqlitepy._deprecation import warn_since_3_12

PARSE_DECLTYPES: Final = 1
PARSE_COLNAMES: Final = 2

Converter = Callable[[bytes], Any]

# Every converter that is registered, by the name of its type in capitals.
converters: dict[str, Converter] = {}


def register_converter(typename: str, converter: Converter, /) -> None:
    """Makes `converter` turn the bytes of values of a type into objects, on connections with `detect_types`.

    Args:
        typename: compared with the declared type of a column up to its first blank or parenthesis (PARSE_DECLTYPES), or
            with what stands in brackets in the name of a column (PARSE_COLNAMES), without regard to case.
        converter: gets the text of the value in UTF-8, or the blob; never called for NULL, nor for what is empty.

    Raises:
        TypeError: `typename` is no str.
    """
    if not isinstance(typename, str):
        raise TypeError(f"register_converter() argument 1 must be str, not {type(typename).__name__}")
    converters[typename.upper()] = converter


def converters_of(
    names: Sequence[str], declared: Sequence[str | None], detect_types: int
) -> tuple[Converter | None, ...] | None:
    """Returns the converter of each column, None for a column without one; None where no column has one."""
    found = tuple(
        (detect_types & PARSE_COLNAMES and _by_column_name(name))
        or (converters.get(_first_word(declared[i])) if i < len(declared) else None)
        or None
        for i, name in enumerate(names)
    )
    return found if any(found) else None


def without_type(name: str) -> str:
    """Returns the name of a column without the type in brackets, and one blank, behind it (PARSE_COLNAMES)."""
    before, bracket, _ = name.partition("[")
    return before.removesuffix(" ") if bracket else name


def _by_column_name(name: str) -> Converter | None:
    head, closing, _ = name[name.find("[") + 1 :].partition("]") if "[" in name else ("", "", "")
    return converters.get(head.rpartition("[")[2].upper()) if closing else None


def _first_word(declared: str | None) -> str:
    return "" if declared is None else declared.partition("(")[0].partition(" ")[0].upper()


def _convert_date(value: bytes) -> datetime.date:
    warn_since_3_12(
        "The default date converter is deprecated as of Python 3.12, as that of sqlite3 is: "
        "register your own by dqlitepy.register_converter"
    )
    year, month, day = map(int, value.split(b"-"))
    return datetime.date(year, month, day)


def _convert_timestamp(value: bytes) -> datetime.datetime:
    warn_since_3_12(
        "The default timestamp converter is deprecated as of Python 3.12, as that of sqlite3 is: "
        "register your own by dqlitepy.register_converter"
    )
    date, time = value.split(b" ")
    year, month, day = map(int, date.split(b"-"))
    clock, _, fraction = time.partition(b".")
    hour, minute, second = map(int, clock.split(b":"))
    return datetime.datetime(year, month, day, hour, minute, second, int(fraction[:6].ljust(6, b"0")))


register_converter("date", _convert_date)
register_converter("timestamp", _convert_timestamp)
