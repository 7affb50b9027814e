# SPDX-License-Identifier: Apache-2.0
"""`import dqlitepy` is light: it loads no library, starts no thread, and brings in next to nothing."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from importlib import import_module
from types import ModuleType

import dqlitepy
import pytest
from dqlitepy import aio

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


def public_modules(package: ModuleType) -> set[str]:
    """Returns the names of a package's public modules, without those that need what may not be installed."""
    found = [module for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_")]
    return {module.name for module in found if not module.ispkg or module.name == "aio"} - {"testing"}


@pytest.mark.parametrize("package", [dqlitepy, dqlitepy.aio], ids=lambda package: package.__name__)
def test_the_public_modules_need_no_import_of_their_own(package: ModuleType) -> None:
    name = package.__name__
    for module in sorted(public_modules(package)):
        run_python(
            f"""
            import {name}
            assert {name}.{module}.__name__ == "{name}.{module}"
            """,
            options=("-S",),
        )


@pytest.mark.parametrize("module", [dqlitepy, dqlitepy.dbapi2, dqlitepy.aio])
def test_dir_shows_public_names_alone(module: ModuleType) -> None:
    shown = set(dir(module))
    assert {name for name in shown if name.startswith("_")} <= {"__version__"}
    assert shown >= set(module.__all__)
    others = {name for name in shown - set(module.__all__) if not name.startswith("SQLITE_")}
    assert others == public_modules(dqlitepy.aio if module is dqlitepy.aio else dqlitepy)
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


def names_bound_by(statements: list[ast.stmt]) -> set[str]:
    """Returns the names that a reader of the source finds at the top of a module, star imports aside."""
    bound: set[str] = set()
    for node in statements:
        if isinstance(node, ast.Delete):
            bound -= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.If):
            bound |= names_bound_by(node.body)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in node.names} - {"*"}
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bound |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
    return {name for name in bound if not name.startswith("_")}


def test_what_reads_the_source_finds_public_names_alone() -> None:
    """Editors complete all names that have no underscore, also those of what a star import names."""
    for name in ("__init__.py", "aio/__init__.py"):
        allowed = {*dqlitepy.__all__, *aio.__all__, "aio", "dbapi2", "sqlite_version", "sqlite_version_info"}
        tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
        assert names_bound_by(tree.body) <= allowed
    for name in ("_sql/constants.py", "_sql/limit_categories.py", "_result_codes.py"):
        tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
        assert all(bound.startswith("SQLITE_") for bound in names_bound_by(tree.body)), name


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
        and node.module != "dqlitepy"  # modules, which `_MODULES` names
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
