# SPDX-License-Identifier: Apache-2.0
"""The names of test databases, made from a NAME of the settings."""

from __future__ import annotations

import os

from dqlitepy._cluster.target import DEFAULT_DATABASE

_SCHEME = "dqlite://"
MEMORY = ":memory:"


def is_url(name: str) -> bool:
    """Tells whether a NAME is a cluster's."""
    return name.startswith(_SCHEME)


def renamed(url: str, database: str) -> str:
    """Returns the URL of another database of the same cluster."""
    rest, question, query = url.partition("?")
    hosts = rest.removeprefix(_SCHEME).partition("/")[0]
    return f"{_SCHEME}{hosts}/{database}{question}{query}"


def database_of(url: str) -> str:
    """Returns the name of the database in a URL, as it stands there."""
    return url.partition("?")[0].removeprefix(_SCHEME).partition("/")[2] or DEFAULT_DATABASE


def test_name(name: str, database: str, wanted: str) -> str:
    """Returns the NAME of the test database: in the same cluster, or a directory beside that of `name`.

    Args:
        name: NAME of the settings.
        database: OPTIONS "name" of the settings, "main" where they have none.
        wanted: TEST NAME of the settings, "" where they have none.
    """
    if wanted:
        return renamed(name, wanted) if is_url(name) and "/" not in wanted and wanted != MEMORY else wanted
    if is_url(name):
        return renamed(name, f"test_{database_of(name)}")
    if name in ("", MEMORY):
        return MEMORY
    folder, last = os.path.split(os.path.abspath(name))
    return os.path.join(folder, f"test_{last}" + ("" if database == DEFAULT_DATABASE else f"_{database}"))


def clone_name(name: str, suffix: str) -> str:
    """Returns the NAME of the copy of a test database that one worker of `test --parallel` uses."""
    if is_url(name):
        return renamed(name, f"{database_of(name)}_{suffix}")
    root, ending = os.path.splitext(name)
    return f"{root}_{suffix}{ending}"
