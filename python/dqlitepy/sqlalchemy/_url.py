# SPDX-License-Identifier: Apache-2.0
"""What a URL of SQLAlchemy means to `dqlitepy.connect`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.util import asbool

from dqlitepy._cluster.target import target_of

MEMORY = ":memory:"


def _begin(level: str) -> str:
    if level.upper() not in ("DEFERRED", "IMMEDIATE", "EXCLUSIVE"):
        raise ValueError(
            "in a URL it is what begins transactions: DEFERRED, IMMEDIATE or EXCLUSIVE. SQLAlchemy's levels go into "
            "create_engine(isolation_level=…)"
        )
    return level


# Arguments of connect() that a URL may carry; all others go into create_engine(connect_args={…}).
_OPTIONS: dict[str, Callable[[str], Any]] = {
    "cached_statements": int,
    "isolation_level": _begin,
    "leader_timeout": float,
    "linearizable": asbool,
    "max_staleness": float,
    "name": str,
    "reads": str,
    "timeout": float,
}


def connect_arguments(url: URL) -> tuple[str, dict[str, Any]]:
    """Returns the database and the keyword arguments for `connect`.

    Raises:
        ArgumentError: the URL says what no database of dqlite has.
    """
    if url.username is not None or url.password is not None:
        raise ArgumentError(
            f"{url!r}: dqlite has no users and passwords; certificates decide who may connect, "
            "?tls_cert=FILE&tls_key=FILE&tls_ca=FILE"
        )
    options = {name: _option(url, name, convert) for name, convert in _OPTIONS.items() if name in url.query}
    rest = url.difference_update_query(_OPTIONS)
    if url.host is None:
        if rest.query or url.port is not None:
            raise ArgumentError(
                f"{url!r} names no node, and {', '.join(rest.query) or 'a port'} cannot be without one: a cluster is "
                "dqlite://host:port/database, the directory of an embedded node dqlite:///relative or "
                f"dqlite:////absolute, with no options but {', '.join(_OPTIONS)}"
            )
        return url.database or MEMORY, options
    text = rest.set(drivername="dqlite").render_as_string(hide_password=False)
    try:
        target_of(text, uri=False)
    except (TypeError, ValueError) as error:
        raise ArgumentError(str(error)) from error
    return text, options


def _option(url: URL, name: str, convert: Callable[[str], Any]) -> Any:
    text = url.query[name]
    try:
        if not isinstance(text, str):
            raise ValueError("it is given more than once")
        return convert(text)
    except ValueError as error:
        raise ArgumentError(f"{url!r}: the option {name} cannot be {text!r}: {error}") from error
