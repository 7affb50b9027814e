# SPDX-License-Identifier: Apache-2.0
"""The names and signatures of `dqlitepy.aio` against those of its sync twins and of aiosqlite."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
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
    (aio.Connection, "stop"): "of aiosqlite",
    (aio.Connection, "set_autocommit"): "an assignment cannot wait",
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

# Methods whose arguments are aiosqlite's, which may be named, and not those of `sqlite3`.
ARGUMENTS_OF_AIOSQLITE = {"create_function", "enable_load_extension", "execute", "executemany", "executescript"} | {
    "load_extension",
    "set_progress_handler",
    "set_trace_callback",
}

# The public names of aiosqlite 0.22, with the arguments of its methods in their order, = marking what may be left out.
AIOSQLITE_CONNECTION = {
    "backup": "target pages= progress= name= sleep=",
    "close": "",
    "commit": "",
    "create_function": "name num_params func deterministic=",
    "cursor": "",
    "enable_load_extension": "value",
    "execute": "sql parameters=",
    "execute_fetchall": "sql parameters=",
    "execute_insert": "sql parameters=",
    "executemany": "sql parameters",
    "executescript": "sql_script",
    "interrupt": "",
    "iterdump": "",
    "load_extension": "path",
    "rollback": "",
    "set_authorizer": "authorizer_callback",
    "set_progress_handler": "handler n",
    "set_trace_callback": "handler",
    "stop": "",
    "__aenter__": "",
    "__await__": "",
}
AIOSQLITE_CONNECTION_ATTRIBUTES = ["in_transaction", "isolation_level", "row_factory", "text_factory", "total_changes"]
AIOSQLITE_CURSOR = {
    "close": "",
    "execute": "sql parameters=",
    "executemany": "sql parameters",
    "executescript": "sql_script",
    "fetchall": "",
    "fetchmany": "size=",
    "fetchone": "",
    "__aenter__": "",
    "__aiter__": "",
}
AIOSQLITE_CURSOR_ATTRIBUTES = ["arraysize", "connection", "description", "lastrowid", "row_factory", "rowcount"]
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
        if name in ARGUMENTS_OF_AIOSQLITE:
            assert len(sync_arguments) == len(async_arguments)
            return
        if name == "cursor":  # whose default is the twin's own class
            assert async_arguments.pop("factory")[1] is aio.Cursor
            assert sync_arguments.pop("factory")[1] is dqlitepy.Cursor
        assert sync_arguments == async_arguments
    else:
        assert bool(theirs.__doc__) == bool(ours.__doc__)


@pytest.mark.parametrize(("kind", "methods"), [(aio.Connection, AIOSQLITE_CONNECTION), (aio.Cursor, AIOSQLITE_CURSOR)])
def test_aiosqlites_methods_can_be_called_here(kind: type, methods: dict[str, str]) -> None:
    for name, expected in methods.items():
        ours = iter([p for p in inspect.signature(getattr(kind, name)).parameters.values() if p.name != "self"])
        for argument in expected.split():
            parameter = next(ours)
            assert parameter.name == argument.rstrip("="), (name, parameter)
            assert parameter.kind is not parameter.POSITIONAL_ONLY, (name, parameter)
            assert not argument.endswith("=") or parameter.default is not parameter.empty, (name, parameter)
        assert all(parameter.default is not parameter.empty for parameter in ours), name


def test_aiosqlites_attributes_and_names_are_here(tmp_path: Path) -> None:
    async def main() -> None:
        async with aio.connect(tmp_path) as con, con.cursor() as cursor:
            for name in AIOSQLITE_CONNECTION_ATTRIBUTES:
                getattr(con, name)
            for name in AIOSQLITE_CURSOR_ATTRIBUTES:
                getattr(cursor, name)

    asyncio.run(main())
    for name in AIOSQLITE_MODULE.split():
        getattr(aio, name)


def test_what_aiosqlite_awaits_is_awaited_here() -> None:
    for name in AIOSQLITE_CONNECTION:
        method = getattr(aio.Connection, name)
        if name in {"cursor", "execute", "executemany", "executescript"}:
            assert "Result" in str(inspect.signature(method).return_annotation)
        elif name == "iterdump":
            assert inspect.isasyncgenfunction(method)
        else:
            assert inspect.iscoroutinefunction(method) == (name not in {"stop", "__await__"}), method


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
