# SPDX-License-Identifier: Apache-2.0
"""The names and signatures of `dqlitepy.aio` against those of its sync twins and of aiosqlite."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import dqlitepy
import pytest
from dqlitepy import aio

TWINS: list[tuple[type, type]] = [
    (dqlitepy.Connection, aio.Connection),
    (dqlitepy.Cursor, aio.Cursor),
    (dqlitepy.Pool, aio.Pool),
    (dqlitepy.Node, aio.Node),
    (dqlitepy.Client, aio.Client),
]
# What the async twin has more, or less, with the reason.
ONLY_ASYNC = {
    (aio.Connection, "execute_insert"): "of aiosqlite",
    (aio.Connection, "execute_fetchall"): "of aiosqlite",
}
ONLY_SYNC: dict[tuple[type, str], str] = {
    **{
        (dqlitepy.Connection, name): "the exceptions are the module's"
        for name in vars(dqlitepy.Connection)
        if isinstance(getattr(dqlitepy.Connection, name), type) and name != "__class__"
    },
}
# Arguments of the async twin alone.
ONLY_ASYNC_ARGUMENTS: dict[tuple[type, str], set[str]] = {(aio.Connection, "__init__"): {"iter_chunk_size"}}

# The public names of aiosqlite 0.21.
AIOSQLITE_CONNECTION = (
    "backup close commit create_function cursor enable_load_extension execute execute_fetchall execute_insert "
    "executemany executescript in_transaction interrupt isolation_level iterdump load_extension rollback row_factory "
    "set_authorizer set_progress_handler set_trace_callback text_factory total_changes "
    "__aenter__ __aexit__ __await__"
)
AIOSQLITE_CURSOR = (
    "arraysize close connection description execute executemany executescript fetchall fetchmany fetchone lastrowid "
    "row_factory rowcount __aenter__ __aexit__ __aiter__"
)
AIOSQLITE_MODULE = (
    "connect Connection Cursor Row register_adapter register_converter sqlite_version sqlite_version_info "
    "DatabaseError Error IntegrityError NotSupportedError OperationalError ProgrammingError Warning InterfaceError "
    "paramstyle PARSE_COLNAMES PARSE_DECLTYPES"
)


def public(kind: type) -> set[str]:
    """Returns the public names of a class, and its constructor."""
    return {name for name in dir(kind) if not name.startswith("_")} | {"__init__"}


def arguments(kind: type, name: str) -> dict[str, tuple[Any, Any]]:
    """Returns kind and default of each argument of a method."""
    parameters = inspect.signature(getattr(kind, name)).parameters
    left_out = ONLY_ASYNC_ARGUMENTS.get((kind, name), set())
    return {key: (value.kind, value.default) for key, value in parameters.items() if key not in left_out}


@pytest.mark.parametrize(("sync", "twin"), TWINS)
def test_the_names_are_the_same(sync: type, twin: type) -> None:
    only_sync = {name for kind, name in ONLY_SYNC if kind is sync}
    only_async = {name for kind, name in ONLY_ASYNC if kind is twin}
    assert public(sync) - public(twin) == only_sync
    assert public(twin) - public(sync) == only_async


@pytest.mark.parametrize(
    ("sync", "twin", "name"),
    [(sync, twin, name) for sync, twin in TWINS for name in sorted(public(sync) & public(twin))],
)
def test_the_signatures_are_the_same(sync: type, twin: type, name: str) -> None:
    ours = inspect.getattr_static(sync, name)
    theirs = inspect.getattr_static(twin, name)
    assert isinstance(ours, property) == isinstance(theirs, property)
    if callable(ours):
        sync_arguments, async_arguments = arguments(sync, name), arguments(twin, name)
        if name == "cursor":  # whose default is the twin's own class
            assert async_arguments.pop("factory")[1] is aio.Cursor
            assert sync_arguments.pop("factory")[1] is dqlitepy.Cursor
        assert sync_arguments == async_arguments
    else:
        assert bool(theirs.__doc__) == bool(ours.__doc__)


@pytest.mark.parametrize(
    ("place", "names"),
    [(aio.Connection, AIOSQLITE_CONNECTION), (aio.Cursor, AIOSQLITE_CURSOR), (aio, AIOSQLITE_MODULE)],
)
def test_aiosqlites_names_are_here(place: Any, names: str) -> None:
    attributes = {"row_factory", "text_factory", "arraysize"}  # of instances
    assert [name for name in names.split() if name not in attributes and not hasattr(place, name)] == []


def test_what_aiosqlite_awaits_is_awaited_here() -> None:
    awaited: list[Callable[..., Any]] = [
        getattr(aio.Connection, name)
        for name in AIOSQLITE_CONNECTION.split()
        if name not in {"row_factory", "text_factory", "__await__"}
        and not isinstance(inspect.getattr_static(aio.Connection, name), property)
    ]
    for method in awaited:
        if method.__name__ in {"cursor", "execute", "executemany", "executescript"}:
            assert "Result" in str(inspect.signature(method).return_annotation)
        elif method.__name__ == "iterdump":
            assert inspect.isasyncgenfunction(method)
        else:
            assert inspect.iscoroutinefunction(method), method


@pytest.mark.parametrize("kind", [aio.Node, aio.Client])
def test_all_that_asks_nodes_is_awaited(kind: type) -> None:
    knows_by_itself = {"__init__", "client"}
    for name in public(kind) - knows_by_itself:
        member = inspect.getattr_static(kind, name)
        if isinstance(member, property):
            assert inspect.iscoroutinefunction(member.fget) == (name in {"leader", "role"}), name
        else:
            assert inspect.iscoroutinefunction(member), name


@pytest.mark.parametrize("name", ["run_transaction", "connect"])
def test_the_functions_are_the_same(name: str) -> None:
    ours, theirs = (
        {key: (value.kind, value.default) for key, value in inspect.signature(function).parameters.items()}
        for function in (getattr(dqlitepy, name), getattr(aio, name))
    )
    if name == "connect":
        assert ours.pop("factory")[0] == theirs.pop("factory")[0]  # whose default is the twin's own class
        del theirs["iter_chunk_size"]  # of aiosqlite
    assert ours == theirs
    assert inspect.iscoroutinefunction(aio.run_transaction)
