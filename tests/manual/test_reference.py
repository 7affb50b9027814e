# SPDX-License-Identifier: Apache-2.0
"""The reference has each public name once, and each has a docstring that says what it is."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module

import dqlitepy
import dqlitepy.aio
import pytest

from tools.site.reference import DATA, PAGES

NAMES = [(page.module, name) for page in PAGES for name in page.names]
# They need the library to be read, or come with SQLite's constants, and so are not in __all__.
BESIDES = {"sqlite_version", "sqlite_version_info", "SQLITE_KEYWORDS"}


def with_members() -> Iterator[tuple[str, object]]:
    """Yields what should have a docstring: functions, classes, and the public methods and properties of these."""
    for module, name in NAMES:
        if name in DATA:
            continue
        value = getattr(import_module(module), name)
        yield f"{module}.{name}", value
        for member in dir(value) if isinstance(value, type) else ():
            owner = next((base for base in value.__mro__ if member in vars(base)), object)
            if member.startswith("_") or not owner.__module__.startswith("dqlitepy"):
                continue
            found = inspect.getattr_static(value, member)
            if isinstance(found, property | staticmethod | classmethod) or inspect.isroutine(found):
                yield f"{module}.{name}.{member}", getattr(value, member)


EVERYTHING = dict(with_members())


def test_each_public_name_is_on_one_page() -> None:
    assert len(NAMES) == len(set(NAMES))
    assert {name for module, name in NAMES if module == "dqlitepy"} == {*dqlitepy.__all__, *BESIDES}
    aio = {name for name in dqlitepy.aio.__all__ if getattr(dqlitepy.aio, name) is not getattr(dqlitepy, name, None)}
    assert {name for module, name in NAMES if module == "dqlitepy.aio"} == aio


def test_what_has_no_docstring_is_described() -> None:
    assert {name for _, name in NAMES if name in DATA} == set(DATA)
    for name in set(DATA) - {"sqlite_version", "sqlite_version_info"}:
        value = getattr(dqlitepy, name)
        assert not callable(value) or value.__module__ in ("builtins", "datetime"), name
    assert all(text.endswith(".") for text in DATA.values())


@pytest.mark.parametrize("name", EVERYTHING)
def test_it_has_a_docstring(name: str) -> None:
    text = inspect.getdoc(EVERYTHING[name])
    assert text
    assert text[0].isupper() or text.startswith(("`", "dqlitepy")), text
    assert text.splitlines()[0].endswith((".", ":")), text


@pytest.mark.parametrize("name", [name for name, value in EVERYTHING.items() if inspect.isroutine(value)])
def test_its_arguments_and_its_result_have_types(name: str) -> None:
    signature = inspect.signature(EVERYTHING[name])  # type: ignore[arg-type]
    parameters = [parameter for parameter in signature.parameters.values() if parameter.name != "self"]
    assert [parameter.name for parameter in parameters if parameter.annotation is parameter.empty] == []
    assert signature.return_annotation is not signature.empty
