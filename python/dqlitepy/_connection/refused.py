# SPDX-License-Identifier: Apache-2.0
"""The methods of a `sqlite3.Connection` that cannot work where the database is on another machine: each says why."""

from __future__ import annotations

from typing import Any, NoReturn, Protocol

from dqlitepy.errors import NotSupportedError

_NODES_HAVE = "PRAGMA function_list names the functions of the nodes"
_NO_CALLS = "is not supported: SQL runs on the cluster's leader, which cannot call Python in this process"


class Blob:
    """What `sqlite3.Connection.blobopen` returns; dqlitepy makes none, so isinstance() is always False."""

    __module__ = "dqlitepy"

    def __new__(cls, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("cannot create 'dqlitepy.Blob' instances")


class Open(Protocol):
    """A connection that was opened."""

    def _open_number(self) -> int: ...


class RefusedMethods:
    """Base of a connection. None as the callback is allowed: it removes a callback, and there is none."""

    def create_function(self: Open, name: str, narg: int, func: Any, *, deterministic: bool = False) -> None:
        """Raises NotSupportedError."""
        _refuse_callback(self, "create_function()", func, f"{_NODES_HAVE}; compute others in Python and pass the value")

    def create_aggregate(self: Open, name: str, n_arg: int, aggregate_class: Any) -> None:
        """Raises NotSupportedError."""
        _refuse_callback(self, "create_aggregate()", aggregate_class, f"{_NODES_HAVE}; fetch the rows for others")

    def create_window_function(self: Open, name: str, num_params: int, aggregate_class: Any, /) -> None:
        """Raises NotSupportedError."""
        _refuse_callback(self, "create_window_function()", aggregate_class, f"{_NODES_HAVE}; fetch the rows for others")

    def create_collation(self: Open, name: str, callback: Any, /) -> None:
        """Raises NotSupportedError."""
        name.encode()
        _refuse_callback(
            self, "create_collation()", callback, "Store a key that sorts as you want beside the text, and order by it"
        )

    def set_authorizer(self: Open, authorizer_callback: Any) -> None:
        """Raises NotSupportedError."""
        _refuse_callback(
            self, "set_authorizer()", authorizer_callback, "Let no SQL of strangers through: PRAGMA query_only helps"
        )

    def set_progress_handler(self: Open, progress_handler: Any, n: int = 0) -> None:
        """Raises NotSupportedError."""
        _refuse_callback(
            self, "set_progress_handler()", progress_handler, "Call interrupt() from another thread to end a statement"
        )

    def enable_load_extension(self: Open, enable: bool, /) -> None:
        """Raises NotSupportedError."""
        self._open_number()
        if enable:
            raise NotSupportedError(_NO_EXTENSIONS)

    def load_extension(self: Open, name: str, /, *, entrypoint: str | None = None) -> None:
        """Raises NotSupportedError."""
        self._open_number()
        raise NotSupportedError(_NO_EXTENSIONS)

    def blobopen(
        self: Open, table: str, column: str, row: int, /, *, readonly: bool = False, name: str = "main"
    ) -> Blob:
        """Raises NotSupportedError."""
        self._open_number()
        raise NotSupportedError(
            "blobopen() is not supported: dqlite's protocol has no access to parts of a blob. "
            "Read a part by substr(column, start, length); keep large objects in rows of a few hundred kilobytes"
        )


_NO_EXTENSIONS = (
    "extensions cannot be loaded: SQL runs on the cluster's leader, and all nodes must behave alike. "
    "FTS3 to FTS5, R-Tree, JSON and the mathematical functions are built in"
)


def enable_shared_cache(enable: bool) -> None:
    """Raises NotSupportedError, unless `enable` is false."""
    if enable:
        raise NotSupportedError(
            "there is no shared cache: the connections to a directory share its node, whose cache is its own matter"
        )


def _refuse_callback(connection: Open, what: str, callback: Any, instead: str) -> None:
    connection._open_number()
    if callback is not None:
        raise NotSupportedError(f"{what} {_NO_CALLS}. {instead}")
