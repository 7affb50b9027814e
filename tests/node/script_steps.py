# SPDX-License-Identifier: Apache-2.0
"""Steps of generated scripts, for `script_player`: what programs do with a connection and two cursors.

A step is a name and its arguments.
"""

from __future__ import annotations

import datetime
import decimal
import re
from collections import UserList
from typing import Any

from hypothesis import strategies as st

from tests.node.script_statements import (
    CONTROL,
    NAMED,
    PARTS,
    PRAGMAS,
    READS,
    RETURNING,
    SCHEMA_CHANGES,
    WRITES,
    WRONG,
)

Step = tuple[Any, ...]


class Whole(int):
    """A number of another class."""


class Letters(str):
    """A text of another class."""


class Conforms:
    """Adapts itself."""

    def __conform__(self, protocol: object) -> str:
        return "conformed"


class Raises:
    """Fails when it is adapted."""

    def __conform__(self, protocol: object) -> str:
        raise LookupError("no")


class Default(dict[str, Any]):
    """A mapping that has everything."""

    def __missing__(self, key: str) -> str:
        return f"default {key}"


NUMBERS = [0, 1, 2, 3, 4, 5, -1, 99, 100, 2**31, 2**62, -(2**63), 0.0, 1.5, 1e300, float("inf"), float("nan")]
TEXTS = ["", "one", "ONE", "é🐍", "7", "refused", "1e3", " 2 ", Letters("letters")]
BYTES = [b"", b"\x01\xff", b"one", bytearray(b"array"), memoryview(b"view")]
VALUE: st.SearchStrategy[Any] = st.sampled_from([*NUMBERS, *TEXTS, *BYTES, None, True, False, Whole(3), Conforms()])
WIDE = [2**63, -(2**63) - 1, "\ud800", memoryview(b"odd")[::2]]
UNBINDABLE = st.sampled_from([*WIDE, object(), decimal.Decimal(1), [], {}, 1j, Raises(), datetime.timedelta(1)])
ANY_VALUE = st.one_of(VALUE, VALUE, VALUE, VALUE, UNBINDABLE)
MAPPINGS = [{"a": 1, "b": "two", "c": None, "é": 3}, {"a": 1}, {}, {"A": 1}, {":a": 1}, Default(a=5), (1,), (1, 2), [1]]
NO_PARAMETERS = [None, 5, "x", "", b"x", iter(()), {1}, object(), range(1), {"1": 2}]
CURSOR = st.sampled_from([0, 1])


def parameters_of(sql: str) -> int:
    """Returns how many parameters a statement has whose parameters are `?`, and `?N` for one that is there already."""
    return len(re.findall(r"\?(?!\d)", sql)) or len(re.findall(r"\?1\b", sql))


@st.composite
def statement(draw: st.DrawFn, choices: list[str]) -> tuple[str, Any]:
    """Draws a statement with parameters, mostly as many as it has."""
    sql = draw(st.sampled_from(choices))
    count = max(0, parameters_of(sql) + draw(st.sampled_from([0] * 30 + [1, -1])))
    parameters = draw(st.lists(ANY_VALUE, min_size=count, max_size=count))
    return sql, draw(st.sampled_from([tuple, tuple, tuple, list, UserList]))(parameters)


@st.composite
def many(draw: st.DrawFn) -> tuple[str, list[Any], str]:
    """Draws a statement for executemany, its rows, and how they are handed over."""
    others = ["SELECT 1", "SELECT ?", "SELEC", "SELECT missing", "BEGIN", "COMMIT", "CREATE TABLE new (a)"]
    sql = draw(st.sampled_from([*WRITES, *WRITES, *others]))
    count = parameters_of(sql)
    values = ANY_VALUE if draw(st.integers(0, 3)) == 0 else VALUE
    rows: list[Any] = draw(
        st.lists(st.lists(values, min_size=count, max_size=count).map(tuple), min_size=1, max_size=4)
    )
    if draw(st.integers(0, 15)) == 0:
        rows.append(draw(st.sampled_from([(), (1,) * (count + 1), 5, None, {}, "xy"])))
    return sql, rows, draw(st.sampled_from(["list", "list", "iterator", "raising"]))


def step(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    """Returns steps of a name; an argument that is a tuple stands for several."""
    return st.tuples(*arguments).map(
        lambda drawn: (name, *[one for part in drawn for one in (part if isinstance(part, tuple) else (part,))])
    )


def execute(choices: list[str]) -> st.SearchStrategy[Step]:
    return step("execute", CURSOR, st.sampled_from(choices), st.just([]))


READ = step("execute", CURSOR, statement(READS))
WRITE = step("execute", CURSOR, statement(WRITES))
FETCH = st.one_of(
    [step(name, CURSOR) for name in ("fetchone", "fetchone", "fetchall", "next", "fetchmany")]
    + [step("fetchmany", CURSOR, st.sampled_from([1, 2, 3, 1000]))]
)
LEVELS = ["", None, "DEFERRED", "immediate", "Exclusive", "NONE", 5, "BEGIN"]
STEP = st.one_of(
    *[READ] * 3,
    *[WRITE] * 3,
    *[execute(CONTROL)] * 2,
    *[FETCH] * 3,
    step("returning", CURSOR, statement(RETURNING)),
    step("change schema", st.sampled_from(SCHEMA_CHANGES)),
    execute(PRAGMAS),
    execute(WRONG),
    st.tuples(st.just("execute"), CURSOR, st.sampled_from(NAMED), st.sampled_from(MAPPINGS)),
    st.tuples(st.just("execute"), CURSOR, st.just("SELECT ?"), st.sampled_from(NO_PARAMETERS)),
    step("executemany", CURSOR, many()),
    step("executescript", CURSOR, st.lists(st.sampled_from([*CONTROL, *PARTS, ""]), max_size=4).map(";".join)),
    st.sampled_from(["commit", "commit", "rollback", "with all", "with that fails"]).map(lambda name: (name,)),
    step("set", st.just("isolation_level"), st.sampled_from(LEVELS)),
    step("set", st.just("row_factory"), st.sampled_from(["Row", "dict", None, "failing", 5])),
    step("set", st.just("text_factory"), st.sampled_from(["str", "bytes", "bytearray", "upper", "failing"])),
    step("set cursor", CURSOR, st.just("row_factory"), st.sampled_from(["Row", "dict", None])),
    step("set cursor", CURSOR, st.just("arraysize"), st.sampled_from([1, 3])),
    step("new cursor", CURSOR),
    step("close cursor", CURSOR),
)
SCRIPT = st.lists(STEP, min_size=1, max_size=14)
