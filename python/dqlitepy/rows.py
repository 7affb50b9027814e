# SPDX-License-Identifier: Apache-2.0
"""`Row`: a row whose values are found by position and by the name of their column, as `sqlite3.Row`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Protocol

_Description = tuple[tuple[str, None, None, None, None, None, None], ...]


class _Described(Protocol):
    @property
    def description(self) -> _Description | None: ...


class Row:
    """One row. Set it as `row_factory`. Names are compared without regard to ASCII case; the first of equals wins."""

    __slots__ = ("_description", "_values")

    def __init__(self, cursor: _Described, values: tuple[Any, ...], /) -> None:
        """Makes a row of `values` with the column names of `cursor`.

        Raises:
            TypeError: an argument is of another type.
        """
        if not hasattr(cursor, "description"):
            raise TypeError(f"Row() argument 1 must be a cursor, not {type(cursor).__name__}")
        if not isinstance(values, tuple):
            raise TypeError(f"Row() argument 2 must be tuple, not {type(values).__name__}")
        self._description = cursor.description
        self._values = values

    def keys(self) -> list[str]:
        """Returns the names of the columns."""
        return [column[0] for column in self._description or ()]

    def __getitem__(self, key: int | str | slice, /) -> Any:
        if isinstance(key, str):
            positions = _positions_of(self._description or ())
            position = positions.get(key)
            if position is None:
                position = positions.get(key.translate(_TO_LOWER))
            if position is None:
                raise IndexError("No item with that key" if self._description else f"No item with key {key!r}")
            return self._values[position]
        if not isinstance(key, int | slice):
            raise IndexError("Index must be int or string")
        return self._values[key]

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __hash__(self) -> int:
        return hash(self._description) ^ hash(self._values)

    def __eq__(self, other: object, /) -> bool:
        if not isinstance(other, Row):
            return NotImplemented
        return self._description == other._description and self._values == other._values

    def __repr__(self) -> str:
        pairs = ", ".join(f"{name}={value!r}" for name, value in zip(self.keys(), self._values, strict=False))
        return f"<dqlitepy.Row({pairs})>"


Sequence.register(Row)

# ASCII only, as SQLite compares names.
_TO_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


@lru_cache(maxsize=64)
def _positions_of(description: _Description) -> dict[str, int]:
    positions: dict[str, int] = {}
    for position, (name, *_) in enumerate(description):
        positions[name] = positions.setdefault(name.translate(_TO_LOWER), position)
    return positions
