# SPDX-License-Identifier: Apache-2.0
"""What `dqlitepy` offers, name by name and with signatures, against the table in public_names.txt.

A name that is missing from the table is new, one that is missing here is gone: a change of the interface either way, to
be made on purpose. Programs that import from a submodule, as from `dqlitepy.pool`, are kept in mind too.
"""

from __future__ import annotations

import ast
import inspect
import pickle
import re
from collections.abc import Iterator
from enum import Enum
from importlib import import_module

import dqlitepy
import pytest
from dqlitepy._sql import constants

from tests.support import PACKAGE, ROOT

TABLE = ROOT / "tests" / "unit" / "public_names.txt"
# Whose public names are all of their own; `dqlitepy` and `dqlitepy.aio` gather names from elsewhere.
SUBMODULES = [
    "client",
    "connection",
    "cursor",
    "errors",
    "members",
    "node",
    "pool",
    "recovery",
    "retry",
    "rows",
    "store",
    "tls",
]
# Classes of other libraries with some methods replaced, and fixtures: their names are all that is ours.
DERIVED = [
    *(f"sqlalchemy.{name}" for name in ["aio", "dialect", "provision", "requirements"]),
    *(f"contrib.{name}" for name in ["aiosqlite", "databases", "peewee", "pony", "tortoise"]),
    *(f"django.{name}" for name in ["base", "client", "creation", "features", "operations"]),
    "testing",
]


def shown(value: object) -> str:
    """Returns a value as the table has it: without addresses of objects, and without where private classes lie."""
    return re.sub(r" at 0x[0-9a-f]+|(?<=<class ')dqlitepy\.[a-z_.]*(?=[A-Z])", "", repr(value))


def signature(function: object) -> str:
    """Returns the arguments of a function: names, kinds, types and defaults; and what it returns."""
    assert callable(function)
    found = inspect.signature(function)
    parameters = [
        parameter.replace(default=Default(shown(parameter.default)))
        if parameter.default is not parameter.empty
        else parameter
        for parameter in found.parameters.values()
    ]
    waits = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    return str(found.replace(parameters=parameters)) + (", async" if waits else "")


class Default:
    """Stands for a default, by its text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def of_class(name: str, kind: type) -> Iterator[str]:
    """Yields the lines about a class: what it is made by, and what it and its bases of this package have."""
    if issubclass(kind, BaseException):
        bases = [base.__name__ for base in kind.__mro__[1:-1]]
        yield f"{name}: exception {', '.join(bases)}"
    elif issubclass(kind, Enum):
        yield f"{name}: {', '.join(f'{member.name}={member.value}' for member in kind)}"
    elif not getattr(kind, "_is_protocol", False):
        yield f"{name}{signature(kind)}"
    ours = [base for base in kind.__mro__ if base.__module__.split(".")[0] == "dqlitepy"]
    if issubclass(kind, BaseException):
        ours = [kind]
    members = {key for base in ours for key in [*vars(base), *getattr(base, "__annotations__", ())]}
    for member in sorted(members):
        if not member.startswith("_") and not (issubclass(kind, Enum) and member in kind.__members__):
            yield from of_member(f"{name}.{member}", kind, member)


def of_member(name: str, kind: type, member: str) -> Iterator[str]:
    found = inspect.getattr_static(kind, member, None)
    if isinstance(found, property):
        returned = inspect.signature(found.fget).return_annotation if found.fget else ""
        kinds = "async property" if inspect.iscoroutinefunction(found.fget) else "property"
        yield f"{name}: {kinds} {returned}{', may be set' if found.fset else ''}"
    elif inspect.isfunction(found) or isinstance(found, classmethod | staticmethod):
        yield f"{name}{signature(getattr(kind, member))}"
    elif isinstance(found, type):
        yield f"{name}: class {found.__name__}"
    else:
        yield f"{name}: attribute"


def of_value(name: str, value: object) -> Iterator[str]:
    if isinstance(value, type) and not value.__module__.startswith("dqlitepy"):
        yield f"{name} is {value.__module__}.{value.__qualname__}"
    elif isinstance(value, type):
        yield from of_class(name, value)
    elif inspect.isfunction(value):
        yield f"{name}{signature(value)}"
    elif isinstance(value, dict):
        yield f"{name}: dict"
    else:
        yield f"{name} = {value!r}"


def lines() -> Iterator[str]:
    """Yields what is offered now."""
    for module in ("dqlitepy", "dqlitepy.aio"):
        found = import_module(module)
        for name in found.__all__:
            value = getattr(found, name)
            if found is not dqlitepy and value is getattr(dqlitepy, name, None):
                yield f"{module}.{name} is dqlitepy.{name}"
            elif name != "__version__":
                yield from of_value(f"{module}.{name}", value)
    for name in sorted(name for name in vars(constants) if name.startswith("SQLITE_")):
        yield f"dqlitepy.{name} = {getattr(dqlitepy, name)}"
    for module in SUBMODULES:
        found = import_module(f"dqlitepy.{module}")
        home = "dqlitepy" if module == "errors" else found.__name__  # exceptions say that they are of the package
        for name, value in sorted(vars(found).items()):
            if not name.startswith("_") and getattr(value, "__module__", None) in (home, found.__name__):
                yield f"dqlitepy.{module}.{name}"
    for module in DERIVED:
        tree = ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                yield f"dqlitepy.{module}.{node.name}"


def test_nothing_is_gone_and_nothing_is_new() -> None:
    assert list(lines()) == TABLE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("module", ["dqlitepy", "dqlitepy.aio", "dqlitepy.dbapi2"])
def test_what_needs_the_library_is_there_too(module: str) -> None:
    found = import_module(module)
    assert found.sqlite_version_info == tuple(map(int, found.sqlite_version.split(".")))


def test_dbapi2_has_the_same_names() -> None:
    for name in dqlitepy.__all__:
        assert getattr(dqlitepy.dbapi2, name) is getattr(dqlitepy, name)


def test_errors_rows_and_descriptions_can_be_pickled() -> None:
    """By names that older versions know as well: a pickle may outlive the program that wrote it."""
    error = dqlitepy.IntegrityError("UNIQUE constraint failed: t.a")
    error.sqlite_errorcode = 2067
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), str(again), again.sqlite_errorcode) == (type(error), str(error), 2067)
    assert b"dqlitepy\nIntegrityError" in pickle.dumps(error, 0)
    for value in (dqlitepy.NodeInfo(1, "127.0.0.1:9000"), dqlitepy.Role.SPARE, dqlitepy.LastEntry(1, 2)):
        assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301
        assert f"cdqlitepy.members\n{type(value).__name__}\n".encode() in pickle.dumps(value, 0)
