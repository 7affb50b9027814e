# SPDX-License-Identifier: Apache-2.0
"""Which room of the package may import which: data flows one way, and one package loads libraries.

A room is a file or a package in the root of `dqlitepy`. The root is the public blocking API, `aio` has its twins under
the same names, and what begins with `_` is for them. Within a room, too, no import leads back.
"""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support import PACKAGE

# Each room with those that it may import, from the ground up: a row names only rooms that have a row above it.
MAY_IMPORT: dict[str, set[str]] = {
    "_version": set(),
    "_result_codes": set(),
    "_constructors": set(),
    "_pyinstaller": set(),
    "_quoting": set(),
    "members": set(),
    "rows": set(),
    "dbapi2": set(),
    "_deprecation": {"_version"},
    "_disk": {"_quoting"},
    "errors": {"_result_codes"},
    "store": {"_disk", "errors", "members"},
    "_native": {"_version", "errors"},
    "_versions": {"_native", "_version", "errors"},
    "tls": {"_native", "errors"},
    "_sql": {"_deprecation", "_native", "_result_codes", "errors"},
    "_connection": {"_deprecation", "_native", "_result_codes", "_sql", "errors"},
    "_cluster": {"_disk", "_native", "_result_codes", "errors", "members", "store", "tls"},
    "recovery": {"_cluster", "_native", "errors", "members", "store"},
    "_blocking": {"_cluster", "_connection", "_native", "_sql", "errors", "members"},
    "_control": {"_blocking", "_connection", "errors"},
    "cursor": {"_blocking", "_connection", "_native", "_sql", "errors"},
    "_copying": {
        "_blocking",
        "_cluster",
        "_control",
        "_disk",
        "_native",
        "_quoting",
        "_result_codes",
        "cursor",
        "errors",
    },
    "client": {"_cluster", "_copying", "members"},
    "node": {"_blocking", "_native", "client", "errors"},
    "connection": {"_cluster", "_connection", "_copying", "_native", "cursor", "errors", "tls"},
    "pool": {"_blocking", "_cluster", "_connection", "_native", "connection", "errors"},
    "retry": {"_connection", "connection", "errors"},
    "aio": {"_cluster", "_connection", "_copying", "_native", "_sql", "errors", "members", "rows", "tls"},
    "sqlalchemy": {"_cluster", "aio", "errors"},
    "contrib": {"aio"},
    "django": {"_cluster"},
    # The command line is a program like any other: besides what reads a directory, or a node without a leader into a
    # file, it uses what is public.
    "_cli": {"_cluster", "_copying", "_disk", "_quoting", "_sql"},
    "testing": set(),
    "__main__": {"_cli"},
}
# What is for programs that bring another library along; a module of contrib has the name of that library.
THEIRS = {"django": "django", "sqlalchemy": "sqlalchemy", "testing": "pytest"}
# What a newcomer has to take in at a glance. Make a package of what belongs together before you raise these.
MOST_ROOMS = 40
MOST_FLOORS = 10
KNOWS_CTYPES = {"_native.abi", "_native.library"}
FILES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in PACKAGE.rglob("*.py")
    if path != PACKAGE / "__init__.py"
}
MODULES = sorted(FILES)


def room_of(module: str) -> str:
    return module.partition(".")[0]


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


def ours_of(module: str) -> set[str]:
    """Returns the modules of the package that one imports, its own package's `__init__` aside."""
    found = {name.removeprefix("dqlitepy.") for name in imports_of(FILES[module]) if name.startswith("dqlitepy.")}
    return {name if name in FILES else f"{name}.__init__" for name in found} & FILES.keys() - {module}


def test_the_table_names_every_room() -> None:
    assert sorted(MAY_IMPORT) == sorted({room_of(module) for module in MODULES})
    assert len(MAY_IMPORT) <= MOST_ROOMS


def test_no_row_names_a_room_above_it() -> None:
    below: set[str] = set()
    for room, lower in MAY_IMPORT.items():
        assert lower <= below, room
        below.add(room)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_of_a_room(room: str) -> None:
    imported = {room_of(name) for module in MODULES if room_of(module) == room for name in ours_of(module)}
    assert imported - {room} == MAY_IMPORT[room]


def test_no_import_leads_back() -> None:
    """Nor within a room, nor where a function imports when it is called."""
    TopologicalSorter({module: ours_of(module) for module in MODULES}).prepare()


def test_the_floors_are_few() -> None:
    sorter = TopologicalSorter(MAY_IMPORT)
    sorter.prepare()
    floors = []
    while rooms := sorter.get_ready():
        floors.append(sorted(rooms))
        sorter.done(*rooms)
    assert len(floors) <= MOST_FLOORS, floors


def test_twins_have_the_same_names() -> None:
    twins = {module.removeprefix("aio.") for module in MODULES if room_of(module) == "aio"}
    assert {name for name in twins if not name.startswith("_")} <= set(MODULES)


def test_private_packages_do_nothing_when_they_are_imported() -> None:
    for path in PACKAGE.glob("*/**/__init__.py"):
        if path.parent.name != "aio":
            (docstring,) = ast.parse(path.read_text(encoding="utf-8")).body
            assert isinstance(docstring, ast.Expr), path


@pytest.mark.parametrize("module", MODULES)
def test_nothing_but_the_standard_library(module: str) -> None:
    roots = {name.split(".")[0] for name in imports_of(FILES[module])}
    theirs = module.removeprefix("contrib.") if room_of(module) == "contrib" else THEIRS.get(room_of(module))
    assert roots - sys.stdlib_module_names - {"dqlitepy"} <= {theirs}


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
