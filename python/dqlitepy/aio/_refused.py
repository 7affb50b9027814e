# SPDX-License-Identifier: Apache-2.0
"""The methods of `_connection.refused.RefusedMethods` as coroutines, which aiosqlite has some of."""

from __future__ import annotations

from typing import Any

from dqlitepy._connection.refused import Blob, Open, RefusedMethods


class AsyncRefusedMethods:
    """Base of a connection. None as the callback is allowed: it removes a callback, and there is none."""

    async def create_function(self: Open, name: str, num_params: int, func: Any, deterministic: bool = False) -> None:
        """Raises NotSupportedError."""
        RefusedMethods.create_function(self, name, num_params, func, deterministic=deterministic)

    async def create_aggregate(self: Open, name: str, n_arg: int, aggregate_class: Any) -> None:
        """Raises NotSupportedError."""
        RefusedMethods.create_aggregate(self, name, n_arg, aggregate_class)

    async def create_window_function(self: Open, name: str, num_params: int, aggregate_class: Any, /) -> None:
        """Raises NotSupportedError."""
        RefusedMethods.create_window_function(self, name, num_params, aggregate_class)

    async def create_collation(self: Open, name: str, callback: Any, /) -> None:
        """Raises NotSupportedError."""
        RefusedMethods.create_collation(self, name, callback)

    async def set_authorizer(self: Open, authorizer_callback: Any) -> None:
        """Raises NotSupportedError."""
        RefusedMethods.set_authorizer(self, authorizer_callback)

    async def set_progress_handler(self: Open, handler: Any, n: int = 0) -> None:
        """Raises NotSupportedError."""
        RefusedMethods.set_progress_handler(self, handler, n)

    async def enable_load_extension(self: Open, value: bool) -> None:
        """Raises NotSupportedError."""
        RefusedMethods.enable_load_extension(self, value)

    async def load_extension(self: Open, path: str, *, entrypoint: str | None = None) -> None:
        """Raises NotSupportedError."""
        RefusedMethods.load_extension(self, path, entrypoint=entrypoint)

    async def blobopen(
        self: Open, table: str, column: str, row: int, /, *, readonly: bool = False, name: str = "main"
    ) -> Blob:
        """Raises NotSupportedError."""
        return RefusedMethods.blobopen(self, table, column, row, readonly=readonly, name=name)
