# SPDX-License-Identifier: Apache-2.0
"""`import dqlitepy` is light: it loads no library, starts no thread, and brings in next to nothing."""

from __future__ import annotations

import ast

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


@pytest.mark.parametrize("name", sorted(dqlitepy.__all__))
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(dqlitepy, name) is not None
    assert name in dir(dqlitepy)


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
