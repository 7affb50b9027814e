# SPDX-License-Identifier: Apache-2.0
"""Adapters: how a Python object of any class becomes a value that SQLite knows (PEP 246, as in `sqlite3`)."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from dqlitepy._deprecation import warn_since_3_12
from dqlitepy.errors import ProgrammingError

_T = TypeVar("_T")

_MISSING = object()


class PrepareProtocol:
    """The protocol that a value is asked to adapt itself to, by `__conform__`, when it is bound."""


# Every adapter that is registered, by (type, protocol).
adapters: dict[tuple[type, type], Callable[[Any], Any]] = {}
# Types whose values go to SQLite without a question, until an adapter is registered for them.
plain_types: set[type] = {type(None), int, float, str, bytes}


def register_adapter(type_: type[_T], adapter: Callable[[_T], Any], /) -> None:
    """Makes `adapter` turn values of exactly `type_` into int, float, str, bytes or None whenever one is bound."""
    adapters[(type_, PrepareProtocol)] = adapter
    plain_types.discard(type_)


def adapts(types: Iterable[type]) -> bool:
    """Whether an adapter is registered for one of `types`."""
    return any((type_, PrepareProtocol) in adapters for type_ in types)


def adapt(value: Any, protocol: type | None = PrepareProtocol, alternative: Any = _MISSING, /) -> Any:
    """Returns `value` adapted to `protocol`, or `alternative` where nothing adapts it.

    Raises:
        ProgrammingError: nothing adapts it and there is no alternative.
    """
    adapter = adapters.get((type(value), protocol))  # type: ignore[arg-type]
    if adapter is not None:
        return adapter(value)
    for adaptor, asked, subject in ((protocol, "__adapt__", value), (value, "__conform__", protocol)):
        method = getattr(adaptor, asked, None)
        if method is not None:
            try:
                adapted = method(subject)
            except TypeError:  # PEP 246: it does not know how
                continue
            if adapted is not None:
                return adapted
    if alternative is _MISSING:
        raise ProgrammingError("can't adapt")
    return alternative


def _adapt_date(value: datetime.date) -> str:
    warn_since_3_12(
        "The default date adapter is deprecated as of Python 3.12, as that of sqlite3 is: "
        "register your own by dqlitepy.register_adapter(datetime.date, datetime.date.isoformat)"
    )
    return value.isoformat()


def _adapt_datetime(value: datetime.datetime) -> str:
    warn_since_3_12(
        "The default datetime adapter is deprecated as of Python 3.12, as that of sqlite3 is: "
        "register your own by dqlitepy.register_adapter(datetime.datetime, datetime.datetime.isoformat)"
    )
    return value.isoformat(" ")


register_adapter(datetime.date, _adapt_date)
register_adapter(datetime.datetime, _adapt_datetime)
