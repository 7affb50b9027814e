# SPDX-License-Identifier: Apache-2.0
"""Adapters: how a Python object of any class becomes a value that SQLite knows (PEP 246, as in `sqlite3`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from dqlitepy.errors import ProgrammingError

_T = TypeVar("_T")

_MISSING = object()


class PrepareProtocol:
    """The protocol that a value is asked to adapt itself to, by `__conform__`, when it is bound."""


_adapters: dict[tuple[type, type], Callable[[Any], Any]] = {}
# Types whose values go to SQLite without a question, until an adapter is registered for them.
plain_types: set[type] = {type(None), int, float, str, bytes}


def register_adapter(type_: type[_T], adapter: Callable[[_T], Any], /) -> None:
    """Makes `adapter` turn values of exactly `type_` into int, float, str, bytes or None whenever one is bound."""
    _adapters[(type_, PrepareProtocol)] = adapter
    plain_types.discard(type_)


def adapt(value: Any, protocol: type = PrepareProtocol, alternative: Any = _MISSING, /) -> Any:
    """Returns `value` adapted to `protocol`, or `alternative` where nothing adapts it.

    Raises:
        ProgrammingError: nothing adapts it and there is no alternative.
    """
    adapter = _adapters.get((type(value), protocol))
    if adapter is not None:
        return adapter(value)
    for adaptor, asked, subject in ((protocol, "__adapt__", value), (value, "__conform__", protocol)):
        method = getattr(adaptor, asked, None)
        if method is not None:
            adapted = method(subject)
            if adapted is not None:
                return adapted
    if alternative is _MISSING:
        raise ProgrammingError("can't adapt")
    return alternative
