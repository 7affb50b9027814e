# SPDX-License-Identifier: Apache-2.0
"""How a result is written: table, csv, json or line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, TextIO, TypeAlias

from dqlitepy._cli.terminal import Style, pad, printable, width

# Rows that a table's widths are taken from; those behind them may stick out, but need not wait.
_ROWS_TO_MEASURE = 1000
_LONGEST_BLOB = 32  # bytes of it that a table shows

Row: TypeAlias = Sequence[Any]
Format: TypeAlias = Callable[[TextIO, Sequence[str], Iterable[Row], bool, str], None]


def _literal(blob: bytes) -> str:
    return f"X'{blob.hex().upper()}'"


def _cell(value: Any, null: str) -> str:
    if value is None:
        return null
    if isinstance(value, bytes):
        if len(value) > _LONGEST_BLOB:
            return f"{_literal(value[:_LONGEST_BLOB])[:-1]}…' ({len(value)} bytes)"
        return _literal(value)
    return printable(str(value))


def table(out: TextIO, names: Sequence[str], rows: Iterable[Row], headers: bool, null: str) -> None:
    """Aligned columns, numbers to the right; what would upset a terminal is escaped, and long blobs are cut."""
    style = Style(out)
    stream = iter(rows)
    first = list(islice(stream, _ROWS_TO_MEASURE))
    heads = [printable(name) for name in names]
    widths = [width(head) if headers else 0 for head in heads]
    for row in first:
        for column, value in enumerate(row):
            widths[column] = max(widths[column], width(_cell(value, null)))
    if headers:
        line = " | ".join(style(pad(head, columns), "bold") for head, columns in zip(heads, widths, strict=True))
        print(line.rstrip(), file=out)
        print("-+-".join("-" * columns for columns in widths), file=out)
    for row in chain(first, stream):
        cells = []
        for value, columns in zip(row, widths, strict=True):
            cell = pad(_cell(value, null), columns, right=isinstance(value, int | float))
            cells.append(style(cell, "dim") if value is None else cell)
        print(" | ".join(cells).rstrip(), file=out)


def csv(out: TextIO, names: Sequence[str], rows: Iterable[Row], headers: bool, null: str) -> None:
    """RFC 4180, but lines end with a line feed; NULL is `null` or nothing at all, an empty text is `""`."""
    if headers:
        print(",".join(map(_quoted, names)), file=out)
    for row in rows:
        print(",".join(null if value is None else _field(value) for value in row), file=out)


def _field(value: Any) -> str:
    if isinstance(value, bytes):
        return _literal(value)
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    if text and not any(character in text for character in ',"\r\n') and text == text.strip():
        return text
    return '"' + text.replace('"', '""') + '"'


def lines(out: TextIO, names: Sequence[str], rows: Iterable[Row], headers: bool, null: str) -> None:
    """One value a line, with the name of its column; an empty line between rows."""
    heads = [printable(name) for name in names]
    widest = max(map(width, heads))
    for number, row in enumerate(rows):
        if number:
            print(file=out)
        for head, value in zip(heads, row, strict=True):
            print(f"{pad(head, widest, right=True)} = {_cell(value, null)}", file=out)


def json_array(out: TextIO, names: Sequence[str], rows: Iterable[Row], headers: bool, null: str) -> None:
    """One array of objects; a blob is the text of its SQL literal, and a second column of one name is called name:2."""
    keys = [json.dumps(key, ensure_ascii=False) for key in _unique(names)]
    separator = "["
    for row in rows:
        members = ", ".join(f"{key}: {_json(value)}" for key, value in zip(keys, row, strict=True))
        print(f"{separator}{{{members}}}", end="", file=out)
        separator = ",\n "
    print("[]" if separator == "[" else "]", file=out)


def _json(value: Any) -> str:
    if isinstance(value, bytes):
        value = _literal(value)
    elif isinstance(value, float) and math.isinf(value):
        return "1e999" if value > 0 else "-1e999"  # JSON has no infinity; whoever reads this gets one
    return json.dumps(value, ensure_ascii=False)


def _unique(names: Sequence[str]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}:{seen[name]}"


FORMATS: dict[str, Format] = {"table": table, "csv": csv, "json": json_array, "line": lines}
