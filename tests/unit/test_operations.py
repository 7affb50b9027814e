# SPDX-License-Identifier: Apache-2.0
"""How operations call the library: with what, and what a signal that comes in between leaves."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable
from typing import Any

import pytest
from dqlitepy._native import abi, operations
from dqlitepy._native.operations import Discard, Execute, ExecuteMany, Fetch, Operation, Statement
from dqlitepy._native.poller import poller
from dqlitepy._native.waiting import complete

NUMBER = abi.HandleNumber(2**40 + 7)


class Recorder:
    """Stands in for the library."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., int]:
        def call(*arguments: Any) -> int:
            self.calls.append((name, arguments))
            return 0

        return call


def fits(argument: object, kind: Any) -> bool:
    """Whether an argument that is not declared crosses as what the function takes."""
    if kind is ctypes.c_uint64:
        return type(argument) is ctypes.c_uint64
    if kind in (ctypes.c_int32, ctypes.c_uint32):
        return type(argument) is int and 0 <= argument < 2**31
    if kind in (ctypes.c_char_p, ctypes.c_void_p):
        return type(argument) is bytes
    if type(argument) is not type(ctypes.byref(NUMBER)):
        return False
    return type(argument._obj) in (kind._type_, abi.HandleNumbers)  # type: ignore[attr-defined]


def check(name: str, arguments: tuple[Any, ...]) -> None:
    _, kinds = abi.SIGNATURES[name]
    assert len(arguments) == len(kinds)
    assert [fits(argument, kind) for argument, kind in zip(arguments, kinds, strict=True)] == [True] * len(kinds)


@pytest.mark.parametrize(
    ("operation", "begins"),
    [
        (Execute(NUMBER, b"SELECT 1", b"", b"BEGIN", 3), "dqlitepy_execute"),
        (ExecuteMany(NUMBER, b"SELECT 1", b"", b"", 0), "dqlitepy_execute_many"),
        (Fetch(NUMBER), "dqlitepy_fetch"),
        (Discard(NUMBER), "dqlitepy_discard"),
    ],
)
def test_what_is_not_declared_gets_what_it_takes(operation: Statement, begins: str) -> None:
    native = Recorder()
    operation.begin(native, 100)  # type: ignore[arg-type]
    operation.resume(native, 0)  # type: ignore[arg-type]
    assert [name for name, _ in native.calls] == [begins, "dqlitepy_continue"]
    for call in native.calls:
        check(*call)


def test_a_poller_gets_what_it_takes() -> None:
    async def use() -> None:
        events = poller()
        check("dqlitepy_poller_take", events._take)
        events.close_if_idle()

    asyncio.run(use())


class Failed(Operation):
    """Has failed when a signal is seen."""

    @property
    def handle(self) -> int:
        return 0

    def begin(self, native: object, slice_ms: int) -> int:
        self.error.kind = abi.Kind.LEADERSHIP_LOST
        self.error.flags = abi.ErrorFlag.TRANSACTION_LOST
        raise KeyboardInterrupt

    def resume(self, native: object, slice_ms: int) -> int:
        raise AssertionError("something else would be written over it")


def test_what_a_signal_hides_is_known_to_be_lost() -> None:
    operation = Failed()
    with pytest.raises(KeyboardInterrupt):
        complete(operation)
    assert operation.ended
    assert operation.lost_transaction


def test_a_signal_gives_no_block_back_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    freed: list[int] = []

    class Library:
        @staticmethod
        def dqlitepy_free(address: int) -> None:
            freed.append(address)
            raise KeyboardInterrupt

    monkeypatch.setattr(operations, "library", Library)
    operation = Fetch(NUMBER)
    operation.result.data = 4096
    with pytest.raises(KeyboardInterrupt):
        operation.dispose()
    operation.dispose()
    assert freed == [4096]
