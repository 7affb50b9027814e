# SPDX-License-Identifier: Apache-2.0
"""The folder that Sphinx reads: the pages as they stand, an index, and the pages of the reference."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from importlib import import_module
from inspect import isclass
from pathlib import Path

from tools.site.reference import DATA, PAGES, Page

# The contents of the site, in order. A page that is in none of these groups comes last, so that none is left out.
GROUPS = {
    "Start": ["docs/tutorial", "docs/faq", "docs/errors"],
    "Guides": [
        "docs/differences-from-sqlite3",
        "docs/asyncio",
        "docs/sqlalchemy",
        "docs/django",
        "docs/programs",
        "docs/local-reads",
        "docs/operations",
        "docs/images",
    ],
    "Recipes": ["docs/recipes/*"],
    "Reference": [
        "docs/reference/index",
        "docs/functions",
        "docs/pragmas",
        "docs/performance",
        "docs/versioning",
        "CHANGELOG",
    ],
    "Design": ["docs/architecture", "docs/design/*", "docs/patches", "docs/faults", "docs/fault-runs"],
    "Development": ["CONTRIBUTING", "SECURITY", "docs/building", "docs/sanitizers"],
}
_HOME = "README.md"
EXCEPTIONS = next(page.names for page in PAGES if page.file == "exceptions")


def make_tree(folder: Path, files: Iterable[tuple[str, Path]]) -> None:
    """Copies the files under the names that they have in the checkout, and writes what only the site has."""
    names, home = [], ""
    for name, file in files:
        if name == _HOME:
            home = file.read_text(encoding="utf-8")
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / name)
        names.append(name)
    reference = folder / "docs" / "reference"
    reference.mkdir(parents=True)
    for page in PAGES:
        (reference / f"{page.file}.rst").write_text("\n".join(reference_page(page)) + "\n", encoding="utf-8")
    contents = ["API reference", "=============", "", ".. toctree::", "   :maxdepth: 1", ""]
    contents += [f"   {file}" for file in (*(page.file for page in PAGES), "constants")]
    (reference / "constants.rst").write_text("\n".join(constants_page()) + "\n", encoding="utf-8")
    (reference / "index.rst").write_text("\n".join(contents) + "\n", encoding="utf-8")
    pages = sorted(name.removesuffix(".md") for name in names if name.endswith(".md"))
    (folder / "index.md").write_text("\n".join([home, *contents_of_site(pages)]), encoding="utf-8")


def contents_of_site(pages: list[str]) -> Iterator[str]:
    """Yields the lines that stand below the README on the first page, and make the contents at the side."""
    left = dict.fromkeys(pages)
    groups = {caption: [page for name in names for page in expand(name, pages)] for caption, names in GROUPS.items()}
    for page in (page for group in groups.values() for page in group):
        left.pop(page, None)
    for caption, group in [*groups.items(), ("More", list(left))]:
        if group:
            yield from ["```{toctree}", f":caption: {caption}", ":hidden:", "", *group, "```", ""]


def expand(name: str, pages: list[str]) -> list[str]:
    """Returns the pages that a name of a group stands for: one, none, or with a `*` some."""
    if name.endswith("*"):
        return [page for page in pages if page.startswith(name[:-1])]
    return [name] if name in (*pages, "docs/reference/index") else []


def titled(title: str) -> list[str]:
    """Returns a heading."""
    return [title, "=" * len(title), ""]


def reference_page(page: Page) -> Iterator[str]:
    """Yields the lines of a page of the reference."""
    yield from titled(page.title)
    yield page.about
    yield ""
    yield f".. py:currentmodule:: {page.module}"
    yield ""
    module = import_module(page.module)
    for name in page.names:
        if name in DATA:
            yield from (f".. py:data:: {name}", "", f"   {DATA[name]}", "")
            continue
        value = getattr(module, name)
        if not isclass(value):
            yield f".. autofunction:: {page.module}.{name}"
        elif issubclass(value, BaseException):
            yield f".. autoexception:: {page.module}.{name}"
            yield "   :show-inheritance:"
        else:
            yield f".. autoclass:: {page.module}.{name}"
            yield "   :members:"
            yield "   :undoc-members:"
            yield "   :inherited-members: object, tuple, int, str, Enum, IntEnum, Protocol"
            # A connection has the exceptions as attributes, which PEP 249 wants; they are described once.
            yield f"   :exclude-members: {', '.join(EXCEPTIONS)}"
        yield ""


def constants_page() -> Iterator[str]:
    """Yields the lines of the page of SQLite's constants."""
    import dqlitepy

    yield from titled("Constants of SQLite")
    yield "Result codes, for `sqlite_errorcode` of an exception, and the categories of `setlimit` and `setconfig`."
    yield "They are those of sqlite3, all of type int."
    yield ""
    for name in dir(dqlitepy):
        if not name.startswith("SQLITE_") or not isinstance(getattr(dqlitepy, name), int):
            continue
        yield f".. py:data:: dqlitepy.{name}"
        yield f"   :value: {getattr(dqlitepy, name)}"
        yield ""
