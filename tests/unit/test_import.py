# SPDX-License-Identifier: Apache-2.0
"""`import dqlitepy` is light: it loads no library, starts no thread, and brings in next to nothing."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from types import ModuleType

import dqlitepy
import pytest

from tests.support import PACKAGE, run_python


def test_importing_loads_no_library_and_no_heavy_module() -> None:
    output = run_python(
        """
        import sys
        before = set(sys.modules)
        import dqlitepy
        print(*sorted(set(sys.modules) - before))
        import threading
        assert threading.active_count() == 1
        with open("/proc/self/maps") as maps:
            assert "libdqlitepy" not in maps.read()
        """,
        options=("-S", "-W", "error"),
    )
    assert output.split() == ["dqlitepy", "dqlitepy._version"]


def test_using_the_exceptions_and_types_loads_no_library() -> None:
    run_python(
        """
        from dqlitepy import *
        import dqlitepy
        dqlitepy.OperationalError("x"), dqlitepy.Row, dqlitepy.connect, dqlitepy.Binary(b"x"), dqlitepy.versions
        with open("/proc/self/maps") as maps:
            assert "libdqlitepy" not in maps.read()
        """
    )


def test_touching_any_public_name_loads_no_library() -> None:
    """So a program may read a version, or ask what is complete, before it forks its workers."""
    run_python(
        """
        import datetime
        import dqlitepy, dqlitepy.aio, dqlitepy.dbapi2
        for module in (dqlitepy, dqlitepy.aio, dqlitepy.dbapi2):
            for name in [*module.__all__, *dir(module), "sqlite_version", "sqlite_version_info"]:
                getattr(module, name)
        assert dqlitepy.complete_statement("SELECT 1;")
        dqlitepy.register_adapter(complex, str)
        dqlitepy.register_converter("complex", complex)
        dqlitepy.adapt(1j)
        dqlitepy.enable_callback_tracebacks(False)
        dqlitepy.Date(2026, 11, 30), dqlitepy.TimestampFromTicks(0), dqlitepy.Binary(b"")
        dqlitepy.node_info("127.0.0.1:9001"), dqlitepy.NodeInfo(1, "127.0.0.1:9001"), dqlitepy.Role.VOTER
        with open("/proc/self/maps") as maps:
            assert "libdqlitepy" not in maps.read()
        """
    )


def test_the_version_that_is_read_is_that_of_the_library() -> None:
    assert dqlitepy.sqlite_version == dqlitepy.versions()["sqlite"]


@pytest.mark.parametrize("name", sorted(dqlitepy.__all__))
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(dqlitepy, name) is not None
    assert name in dir(dqlitepy)


@pytest.mark.parametrize("module", [dqlitepy, dqlitepy.dbapi2, dqlitepy.aio])
def test_dir_shows_public_names_alone(module: ModuleType) -> None:
    shown = set(dir(module))
    assert {name for name in shown if name.startswith("_")} <= {"__version__"}
    assert shown >= set(module.__all__)
    others = {name for name in shown - set(module.__all__) if not name.startswith("SQLITE_")}
    assert others == (set() if module is dqlitepy.aio else {"aio", "dbapi2"})
    for name in shown:
        assert getattr(module, name) is not None


@pytest.mark.parametrize("module", ["dqlitepy", "dqlitepy.dbapi2", "dqlitepy.aio"])
def test_a_star_import_brings_public_names_alone(module: str) -> None:
    names: dict[str, object] = {}
    exec(f"from {module} import *", names)
    assert sorted(names.keys() - {"__builtins__"}) == sorted(import_module(module).__all__)


def test_help_begins_with_what_a_user_needs_and_loads_no_library() -> None:
    output = run_python(
        """
        import dqlitepy, pydoc
        print(pydoc.plain(pydoc.render_doc(dqlitepy)))
        with open("/proc/self/maps") as maps:
            assert "libdqlitepy" not in maps.read()
        """
    )
    beginning = output.partition("PACKAGE CONTENTS")[0]
    assert " dqlitepy.connect(database, ...) -> dqlitepy.Connection\n" in beginning
    for name in ("Connection", "Pool", "aio", "Node", "Client", "run_transaction", "errors"):
        assert f"dqlitepy.{name}" in beginning
    assert "\n    connect(" in output.partition("\nFUNCTIONS\n")[2]


@pytest.mark.parametrize("module", [dqlitepy, dqlitepy.aio], ids=lambda module: module.__name__)
def test_connect_says_what_it_takes_and_returns(module: ModuleType) -> None:
    signature = inspect.signature(module.connect)
    assert list(signature.parameters) == list(inspect.signature(module.Connection).parameters)
    assert signature.return_annotation == "Connection"


def test_what_reads_the_source_finds_the_names() -> None:
    """Jedi does not read a block whose condition it can tell to be false, but for `typing.TYPE_CHECKING`."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    (assigned,) = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TYPE_CHECKING"
    ]
    assert not isinstance(assigned, ast.Constant)


def test_the_three_lists_of_public_names_agree() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    for_type_checkers = {
        alias.name: node.module
        for block in tree.body
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name != "*"  # the SQLITE_* numbers, which have a table of their own
    }
    assert for_type_checkers == dqlitepy._MODULE_OF_NAME
    assert set(dqlitepy.__all__) - set(for_type_checkers) == {
        "LEGACY_TRANSACTION_CONTROL",
        "__version__",
        "apilevel",
        "paramstyle",
        "threadsafety",
    }
    assert len(dqlitepy.__all__) == len(set(dqlitepy.__all__))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'dqlitepy' has no attribute 'conect'"):
        _ = dqlitepy.conect


def test_module_attributes_of_pep_249() -> None:
    assert (dqlitepy.apilevel, dqlitepy.threadsafety, dqlitepy.paramstyle) == ("2.0", 2, "qmark")


def test_the_constant_is_the_same_where_it_counts() -> None:
    from dqlitepy._connection import transactions

    assert dqlitepy.LEGACY_TRANSACTION_CONTROL == transactions.LEGACY_TRANSACTION_CONTROL
