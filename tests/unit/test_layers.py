# SPDX-License-Identifier: Apache-2.0
"""Which module of the package may import which: data flows one way, and one module knows ctypes' loader."""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support import PACKAGE

# SQLAlchemy's dialects, the one part that imports what is not in the standard library.
SQLALCHEMY: dict[str, set[str]] = {
    "sqlalchemy.aio": {"aio", "sqlalchemy.dialect"},
    "sqlalchemy.dialect": {"errors"} | {f"sqlalchemy.{name}" for name in ("_memory", "_reflection", "_types", "_url")},
    "sqlalchemy._ddl": set(),
    "sqlalchemy.provision": set(),
    "sqlalchemy.requirements": {"sqlalchemy.dialect"},
    "sqlalchemy._memory": {"_embedded"},
    "sqlalchemy._reflection": {"sqlalchemy._ddl"},
    "sqlalchemy._types": set(),
    "sqlalchemy._url": {"_target"},
}
# Each module with those of the package that it may import. Nothing imports what stands above it.
MAY_IMPORT: dict[str, set[str]] = {
    **SQLALCHEMY,
    "__main__": {"_cli.commands"},
    "_cli.commands": {"_cli.failure"},
    "_cli.shell": {
        "_cli.dot_commands",
        "_cli.failure",
        "_cli.formats",
        "_cli.prompt",
        "_cli.script",
        "_cli.session",
        "_cli.target",
    },
    "_cli.node": {"_cli.metrics", "_cli.target"},
    "_cli.metrics": {"_cli.failure", "_cli.page_server"},
    "_cli.page_server": set(),
    "_cli.status": {"_cli.failure", "_cli.target", "_cli.terminal"},
    "_cli.bench": {"_cli.failure", "_cli.terminal"},
    "_cli.certs": {"_cli.failure"},
    "_cli.backup": {"_cli.failure", "_cli.progress", "_cli.target", "_cli.terminal"},
    "_cli.restore": {"_cli.failure", "_cli.progress", "_cli.target"},
    "_cli.recover": {"_cli.failure", "_cli.reading", "_cli.salvage", "_cli.terminal", "_disk.directory"},
    "_cli.salvage": {
        "_cli.failure",
        "_cli.progress",
        "_cli.terminal",
        "_disk.damage",
        "_disk.identity",
        "_disk.rebuild",
        "_disk.rows",
        "_disk.soundness",
    },
    "_cli.prompt": {"_cli.dot_commands", "_cli.failure", "_cli.script", "_cli.session"},
    "_cli.cluster_commands": {"_cli.failure", "_cli.session"},
    "_cli.dot_commands": {
        "_cli.cluster_commands",
        "_cli.csv_import",
        "_cli.failure",
        "_cli.formats",
        "_cli.script",
        "_cli.session",
        "_cli.terminal",
    },
    "_cli.script": {"_cli.failure", "_cli.session", "_script"},
    "_cli.session": {"_cli.formats", "_cli.target", "_cli.terminal"},
    "_cli.csv_import": {"_cli.failure", "_cli.progress"},
    "_cli.formats": {"_cli.terminal"},
    "_cli.target": {"_address", "_cli.failure", "_target"},
    "_cli.inspect": {"_cli.reading", "_cli.terminal", "_disk.configuration", "_disk.directory"},
    "_cli.reading": {"_cli.failure", "_cli.progress", "_disk.directory"},
    "_cli.failure": set(),
    "_cli.progress": set(),
    "_cli.terminal": set(),
    "_disk.directory": {
        "_disk.configuration",
        "_disk.content",
        "_disk.damage",
        "_disk.identity",
        "_disk.metadata",
        "_disk.segments",
        "_disk.snapshots",
        "_disk.soundness",
        "_disk.store",
    },
    "_disk.rebuild": {"_disk.content", "_disk.damage", "_disk.segments", "_disk.snapshots", "_disk.store"},
    "_disk.rows": {"_disk.soundness"},
    "_disk.soundness": {"_disk.damage"},
    "_disk.store": {"_disk.damage"},
    "_disk.identity": {"_disk.configuration", "_disk.damage"},
    "_disk.segments": {"_disk.checksum", "_disk.configuration", "_disk.content", "_disk.damage"},
    "_disk.content": {"_disk.checksum", "_disk.damage"},
    "_disk.snapshots": {"_disk.checksum", "_disk.configuration", "_disk.damage", "_disk.lz4"},
    "_disk.lz4": {"_disk.checksum", "_disk.damage"},
    "_disk.configuration": {"_disk.damage"},
    "_disk.metadata": {"_disk.damage"},
    "_disk.checksum": set(),
    "_disk.damage": set(),
    "aio": {
        "_adapters",
        "_async",
        "_async_client",
        "_async_connection",
        "_async_cursor",
        "_async_node",
        "_async_pool",
        "_async_retry",
        "_converters",
        "errors",
        "rows",
    },
    "_async_node": {
        "_abi",
        "_async_client",
        "_async_tasks",
        "_handle",
        "_library",
        "_log",
        "_node_core",
        "_operations",
        "_poller",
        "errors",
        "members",
    },
    "_async_client": {"_async_dump", "_async_tasks", "_client_core", "members"},
    "_async_tasks": {"_poller", "_tasks"},
    "_async_dump": {"_abi", "_dump", "_handle", "_operations", "_poller"},
    "_async_retry": {"_async_connection", "_attempts", "errors"},
    "_async_pool": {"_async_connection", "_pooling", "_target", "errors", "_node_core"},
    "pool": {"_library", "_pooling", "_target", "dbapi", "errors", "_node_core"},
    "_pooling": {"errors"},
    "_async_connection": {
        "_async",
        "_async_copies",
        "_async_cursor",
        "_async_refused",
        "_arguments",
        "_handle",
        "_library",
        "_operations",
        "_place",
        "_poller",
        "_settings",
        "_target",
        "_transactions",
        "errors",
        "_node_core",
        "tls",
    },
    "_async_control": {"_async", "_transactions", "errors"},
    "_async_copies": {
        "_abi",
        "_async",
        "_async_control",
        "_async_cursor",
        "_backup",
        "_copies",
        "_handle",
        "_iterdump",
        "_operations",
        "_poller",
        "_target",
        "_transactions",
        "errors",
    },
    "_async_cursor": {"_async", "_operations", "_results", "_script", "_transactions", "errors"},
    "_async_refused": {"_refused"},
    "_async": {
        "_converters",
        "_core",
        "_declared",
        "_library",
        "_operations",
        "_poller",
        "_turns",
        "_wire",
        "errors",
    },
    "_turns": set(),
    "_poller": {"_abi", "_library", "_operations", "_wait"},
    "retry": {"_attempts", "dbapi", "errors"},
    "dbapi": {
        "_copies",
        "_arguments",
        "_handle",
        "_library",
        "_operations",
        "_place",
        "_prepared",
        "_refused",
        "_settings",
        "_target",
        "_transactions",
        "cursor",
        "errors",
        "_node_core",
        "tls",
    },
    "_place": {"_abi", "_arguments", "_embedded", "_file_uri", "_target", "errors", "_node_core", "tls"},
    "node": {
        "_abi",
        "_handle",
        "_library",
        "_log",
        "_node_core",
        "_operations",
        "_tasks",
        "client",
        "errors",
        "members",
    },
    "_node_core": {
        "_abi",
        "_address",
        "_arguments",
        "_directory",
        "_handle",
        "_library",
        "_log",
        "_tasks",
        "errors",
        "members",
        "store",
        "tls",
    },
    "client": {"_client_core", "_dump", "_tasks", "members"},
    "_client_core": {"_abi", "_address", "_arguments", "_tasks", "errors", "members", "store", "tls"},
    "recovery": {"_abi", "_address", "_tasks", "errors", "members", "store"},
    "store": {"_disk.damage", "_disk.identity", "errors", "members"},
    "tls": {"_abi", "_library", "_log", "_wire", "errors"},
    "_log": {"_abi", "_library", "_wire"},
    "_tasks": {"_abi", "_library", "_operations", "_wait", "_wire"},
    "_address": set(),
    "_arguments": set(),
    "_attempts": {"errors"},
    "members": set(),
    "_copies": {
        "_abi",
        "_backup",
        "_control",
        "_handle",
        "_iterdump",
        "_operations",
        "_restore",
        "_sqlite_source",
        "_sync",
        "_target",
        "cursor",
        "errors",
    },
    "_restore": {"_iterdump", "_restore_pieces", "_sync", "cursor", "errors"},
    "_restore_pieces": {"_iterdump", "_sync", "cursor", "errors"},
    "_sqlite_source": {"_source_check", "errors"},
    "_source_check": {"_disk.damage", "_disk.soundness", "errors"},
    "_iterdump": {"_operations", "_sync", "cursor"},
    "_backup": {"_abi", "_copy_file", "_dump"},
    "_dump": {"_abi", "_handle", "_library", "_operations", "_wait"},
    "_copy_file": {"errors"},
    "_batches": {"_wire", "errors"},
    "_plain_rows": {"_abi", "_adapters", "_library", "_wire", "errors"},
    "_core": {
        "_abi",
        "_batches",
        "_callbacks",
        "_declared",
        "_deprecation",
        "_handle",
        "_library",
        "_limits",
        "_operations",
        "_parameters",
        "_plain_rows",
        "_statements",
        "_transactions",
        "_wire",
        "errors",
    },
    "_directory": {"_disk.content", "_disk.damage", "_disk.directory", "_disk.identity", "_disk.segments", "errors"},
    "_embedded": {"_abi", "_directory", "_handle", "_library", "_operations", "_wait", "errors"},
    "_handle": {"_abi", "_library", "_operations", "_wait"},
    "_wait": {"_abi", "_library", "_operations"},
    "_operations": {"_abi", "_library", "_wire"},
    "_script": {"_abi", "_library", "_wire"},
    "_versions": {"_abi", "_library", "_version"},
    "_library": {"_abi", "_version", "errors"},
    "_abi": {"errors"},
    "_parameters": {"_adapters", "_wire", "errors"},
    "_target": {"_address", "_file_uri"},
    "_file_uri": {"errors"},
    "_wire": {"errors"},
    "_limits": {"_constants", "_statements", "_wire", "errors"},
    "_statements": {"_abi", "_library", "_wire"},
    "_converters": {"_deprecation"},
    "_control": {"_sync", "_transactions", "errors"},
    "_spool": set(),
    "_settings": {"_constants", "errors"},
    "_adapters": {"_deprecation", "errors"},
    "_values": {"_converters", "errors"},
    "_deprecation": {"_version"},
    "_constants": {"_sqlite_codes"},
    "dbapi2": set(),
    "_prepared": set(),
    "_results": {"_converters", "_operations", "_spool", "_values", "_wire", "errors"},
    "_callbacks": set(),
    "_declared": {"_statements"},
    "_refused": {"errors"},
    "_transactions": set(),
    "_sync": {
        "_converters",
        "_core",
        "_declared",
        "_handle",
        "_library",
        "_operations",
        "_transactions",
        "_wait",
        "_wire",
        "errors",
    },
    "cursor": {"_operations", "_results", "_script", "_sync", "_transactions", "errors"},
    "errors": {"_sqlite_codes"},
    "_sqlite_codes": set(),
    "_constructors": set(),
    "_version": set(),
    "rows": set(),
}
KNOWS_CTYPES = {"_abi", "_library"}
# The command line is a program like any other: besides its own modules and those that read a directory it uses what is
# public.
FILES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
    if path.stem != "__init__"
}
MODULES = sorted(FILES)


def imports_of(path: Path) -> set[str]:
    """Returns the dotted names that a file imports, wherever in it; `from a import b` counts as a.b too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            assert node.module is not None
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_the_table_names_every_module() -> None:
    assert sorted(MAY_IMPORT) == MODULES


def test_the_table_has_no_cycle() -> None:
    TopologicalSorter(MAY_IMPORT).prepare()


@pytest.mark.parametrize("module", MODULES)
def test_imports_within_the_package(module: str) -> None:
    imported = {name.partition(".")[2] for name in imports_of(FILES[module]) if name.startswith("dqlitepy.")}
    assert imported & set(MODULES) == MAY_IMPORT[module]


def test_the_command_line_is_used_by_nothing_else() -> None:
    for module, lower in MAY_IMPORT.items():
        if not module.startswith(("_cli.", "__main__")):
            assert not any(name.startswith("_cli.") for name in lower), module


def test_the_dialects_are_used_by_nothing_else() -> None:
    for module in MAY_IMPORT.keys() - SQLALCHEMY.keys():
        assert not any(name.split(".")[0] == "sqlalchemy" for name in imports_of(FILES[module])), module


def test_packages_below_do_nothing_when_they_are_imported() -> None:
    for path in PACKAGE.glob("*/**/__init__.py"):
        (docstring,) = ast.parse(path.read_text(encoding="utf-8")).body
        assert isinstance(docstring, ast.Expr), path


@pytest.mark.parametrize("module", MODULES)
def test_nothing_but_the_standard_library(module: str) -> None:
    roots = {name.split(".")[0] for name in imports_of(FILES[module])}
    assert roots - sys.stdlib_module_names - {"dqlitepy"} <= ({"sqlalchemy"} if module in SQLALCHEMY else set())


@pytest.mark.parametrize("module", MODULES)
def test_only_two_modules_know_ctypes(module: str) -> None:
    names = {part for name in imports_of(FILES[module]) for part in name.split(".")}
    assert ("ctypes" in names) == (module in KNOWS_CTYPES)


@pytest.mark.parametrize("module", MODULES)
def test_only_one_module_loads_a_library(module: str) -> None:
    attributes = {
        node.attr
        for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    loads = attributes & {"CDLL", "PyDLL", "LibraryLoader", "dlopen", "cdll", "pydll", "pythonapi"}
    assert loads <= ({"CDLL"} if module in KNOWS_CTYPES else set())


def test_files_stay_short() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in FILES.items()}
    assert {name: length for name, length in lengths.items() if length >= 400} == {}
