# SPDX-License-Identifier: Apache-2.0
"""From what a user passes as parameters to what the shim gets, with `sqlite3` as the oracle."""

from __future__ import annotations

import array
import collections
import marshal
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dqlitepy
import pytest
from dqlitepy._native import formats
from dqlitepy._native.abi import LARGEST_SIZE, HandleNumber
from dqlitepy._native.operations import Execute
from dqlitepy._sql import adapters
from dqlitepy._sql.batches import batches
from dqlitepy._sql.parameters import bind, bind_all
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import outcome


class Integer(int):
    """A subclass whose conversions must not be asked."""

    def __int__(self) -> int:
        raise AssertionError


class Text(str):
    """Another."""

    def __str__(self) -> str:
        raise AssertionError


class Real(float):
    """Another."""

    def __float__(self) -> float:
        raise AssertionError


class Point:
    """Adapts itself."""

    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y

    def __conform__(self, protocol: type) -> str | None:
        return f"{self.x};{self.y}" if protocol in (dqlitepy.PrepareProtocol, sqlite3.PrepareProtocol) else None


class Items:
    """A sequence by protocol only."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> int:
        return [10, 20][index]


class Defaulting(dict[str, Any]):
    """Has every key."""

    def __missing__(self, key: str) -> str:
        return key * 2


def no_names() -> tuple[str | None, ...]:
    raise AssertionError("names are asked for only where neither tuple nor list is bound")


@pytest.fixture
def oracle() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    yield connection
    connection.close()


VALUES = [
    None, 0, -1, 2**63 - 1, -(2**63), True, False, 1.5, -0.0, float("inf"), "", "text", "é€🐍", b"", b"\0\xff",
    bytearray(b"ab"), memoryview(b"abc"), array.array("B", [1, 2]), Integer(5), Text("sub"), Real(2.5), Point(1, 2),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{type(value).__name__}")
def test_values_arrive_as_with_sqlite3(oracle: sqlite3.Connection, value: Any) -> None:
    (ours,) = bind((value,), no_names)
    (theirs,) = oracle.execute("SELECT ?", (value,)).fetchone()
    assert type(ours) is type(theirs)
    assert ours == theirs
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize(
    "value", [2**63, -(2**63) - 1, Integer(2**70), object(), 1j, [1], {}, {1}, "\ud800", "é\udfff"], ids=repr
)
def test_values_are_refused_as_by_sqlite3(oracle: sqlite3.Connection, value: Any) -> None:
    ours = outcome(lambda: bind((value,), no_names))
    theirs = outcome(lambda: oracle.execute("SELECT ?", (value,)))
    assert isinstance(theirs[0], str)
    assert ours == theirs


@pytest.mark.parametrize("value", ["\0", "a\0b", Text("\0"), "é\0"])
def test_a_nul_in_text_is_refused_with_the_reason(value: str) -> None:
    with pytest.raises(dqlitepy.ProgrammingError, match=r"^Error binding parameter 2: .* NUL .* Bind it as bytes$"):
        bind((b"\0", value), no_names)


SEQUENCES = [(1, 2), [1, 2], range(1, 3), "ab", b"ab", Items(), collections.UserList([1, 2])]


@pytest.mark.parametrize("parameters", SEQUENCES, ids=lambda value: type(value).__name__)
def test_sequences(oracle: sqlite3.Connection, parameters: Any) -> None:
    assert bind(parameters, lambda: (None, None)) == oracle.execute("SELECT ?, ?", parameters).fetchone()


def test_a_sequence_that_is_too_long_is_refused_before_it_is_read(oracle: sqlite3.Connection) -> None:
    ours = outcome(lambda: bind(range(2**60), lambda: (None, None)))
    assert ours == outcome(lambda: oracle.execute("SELECT ?, ?", range(2**60)))


@pytest.mark.parametrize("parameters", [{1, 2}, iter([1, 2]), 42, None, (n for n in (1, 2))], ids=repr)
def test_what_is_no_sequence_is_refused_as_by_sqlite3(oracle: sqlite3.Connection, parameters: Any) -> None:
    assert outcome(lambda: bind(parameters, no_names)) == outcome(lambda: oracle.execute("SELECT ?, ?", parameters))


MAPPINGS: list[Mapping[str, Any]] = [
    {"a": 1, "b": 2},
    {"b": 2, "a": 1, "c": 3},
    Defaulting(a=1),
    {"a": 1},
    {},
    {"a": 1, "b": 2**63},
    collections.OrderedDict(a=1, b="x"),
]


@pytest.mark.parametrize("parameters", MAPPINGS, ids=repr)
def test_names(oracle: sqlite3.Connection, parameters: Mapping[str, Any]) -> None:
    ours = outcome(lambda: bind(parameters, lambda: ("a", "b")))
    theirs = outcome(lambda: oracle.execute("SELECT :a, :b", parameters).fetchone())
    assert ours == theirs


def test_a_mapping_for_a_parameter_without_a_name(oracle: sqlite3.Connection) -> None:
    ours = outcome(lambda: bind({"a": 1}, lambda: ("a", None)))
    theirs = outcome(lambda: oracle.execute("SELECT :a, ?", {"a": 1}).fetchone())
    assert ours == theirs == (
        "ProgrammingError", "Binding 2 has no name, but you supplied a dictionary (which has only names)."
    )  # fmt: skip


def test_any_mapping_will_do() -> None:
    assert bind(collections.ChainMap({"a": 1}, {"b": 2}), lambda: ("b", "a")) == (2, 1)


def test_what_a_mapping_raises_goes_on() -> None:
    class Broken(dict[str, Any]):
        def __missing__(self, key: str) -> Any:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bind(Broken(), lambda: ("a",))


@pytest.fixture
def restored_adapters() -> Iterator[None]:
    """Lets a test register adapters without leaving them behind."""
    registered, plain = dict(adapters.adapters), set(adapters.plain_types)
    yield
    adapters.adapters.clear()
    adapters.adapters.update(registered)
    adapters.plain_types.update(plain)


def test_a_registered_adapter_is_used(restored_adapters: None) -> None:
    dqlitepy.register_adapter(complex, lambda number: f"{number.real}|{number.imag}")
    assert bind((1 + 2j,), no_names) == ("1.0|2.0",)


def test_an_adapter_of_a_plain_type_is_used_for_that_type_only(restored_adapters: None) -> None:
    dqlitepy.register_adapter(int, lambda number: number + 1)
    assert bind((1, True, "x", 2.0), no_names) == (2, 1, "x", 2.0)


def test_what_an_adapter_returns_is_checked(restored_adapters: None) -> None:
    dqlitepy.register_adapter(complex, lambda number: 2**64)
    with pytest.raises(OverflowError):
        bind((1j,), no_names)


def test_what_an_adapter_raises_goes_on(restored_adapters: None) -> None:
    dqlitepy.register_adapter(complex, lambda number: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        bind((1j,), no_names)


def test_adapt() -> None:
    assert dqlitepy.adapt(Point(1, 2)) == "1;2"
    assert dqlitepy.adapt(1j, dqlitepy.PrepareProtocol, "alternative") == "alternative"
    with pytest.raises(dqlitepy.ProgrammingError, match=r"^can't adapt$"):
        dqlitepy.adapt(1j)


def test_a_protocol_may_adapt() -> None:
    class Protocol:
        @staticmethod
        def __adapt__(value: Any) -> str | None:
            return "from the protocol" if value == 1 else None

    assert dqlitepy.adapt(1, Protocol) == "from the protocol"
    assert dqlitepy.adapt(2, Protocol, "alternative") == "alternative"


PLAIN = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | st.binary()


@settings(derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(PLAIN).map(tuple)))
def test_a_list_of_encoded_rows_is_what_marshal_writes_for_it(rows: list[tuple[Any, ...]]) -> None:
    encoded = formats.join_rows(len(rows), [formats.encode_rows(rows[:2]), formats.encode_rows(rows[2:])])
    assert encoded == marshal.dumps(rows, 2)
    assert repr(marshal.loads(encoded)) == repr(rows)


def test_marshal_refuses_what_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(value: Any, version: int) -> bytes:
        raise ValueError("unmarshallable object")

    monkeypatch.setattr(marshal, "dumps", refuse)
    with pytest.raises(dqlitepy.DataError, match=r"string or blob too big"):
        formats.encode((b"",))


def test_a_size_that_its_argument_cannot_tell_is_refused() -> None:
    parameters = bytes(LARGEST_SIZE + 1)  # untouched zeros take no memory
    with pytest.raises(dqlitepy.DataError, match=r"string or blob too big"):
        Execute(HandleNumber(0), b"", parameters, b"", 0)
    assert Execute(HandleNumber(0), b"", parameters[1:2], b"", 0).parameters == b"\0"


def test_executemany_encodes_rows_in_batches() -> None:
    rows = [(number, "x" * (number % 50)) for number in range(40_000)]
    encoded = list(batches(rows, iter))
    assert len(encoded) > 1
    assert [row for batch in encoded for row in marshal.loads(batch)] == rows


def test_large_rows_make_small_batches() -> None:
    rows = [(bytes(400_000),) for _ in range(10)]
    assert max(map(len, batches(rows, iter))) < 2_000_000


@pytest.mark.parametrize("encode_plain", [None, formats.encode_rows])
def test_large_rows_behind_a_small_one_make_small_batches(
    monkeypatch: pytest.MonkeyPatch, encode_plain: Callable[[list[Any]], bytes] | None
) -> None:
    monkeypatch.setattr("dqlitepy._sql.batches._LARGE_CHUNK_BYTES", 2**20)
    rows = [(b"",), *[(bytes(400_000),) for _ in range(10)]]
    encoded = list(batches(rows, iter, encode_plain))
    assert max(map(len, encoded)) < 2_000_000
    assert [row for batch in encoded for row in marshal.loads(batch)] == rows


def test_the_rows_before_a_failure_are_a_batch() -> None:
    def rows() -> Iterator[tuple[int]]:
        yield from ((number,) for number in range(100))
        raise ZeroDivisionError

    found: list[tuple[int]] = []
    with pytest.raises(ZeroDivisionError):
        for batch in batches(rows(), iter):
            found += marshal.loads(batch)
    assert found == [(number,) for number in range(100)]


def test_the_rows_before_one_that_is_too_large_are_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    dumps = marshal.dumps

    def refuse(value: Any, version: int) -> bytes:
        if (99,) in value:
            raise ValueError("unmarshallable object")
        return dumps(value, version)

    monkeypatch.setattr(marshal, "dumps", refuse)
    found: list[tuple[int]] = []
    with pytest.raises(dqlitepy.DataError, match=r"string or blob too big"):
        for batch in batches(((number,) for number in range(120)), iter):
            found += marshal.loads(batch)
    assert found == [(number,) for number in range(99)]


def test_a_reused_list_is_read_at_once() -> None:
    row = [0]

    def rows() -> Iterator[list[int]]:
        for number in range(5):
            row[0] = number
            yield row

    assert list(bind_all(rows(), tuple)) == [(number,) for number in range(5)]
