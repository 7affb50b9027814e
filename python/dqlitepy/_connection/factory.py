# SPDX-License-Identifier: Apache-2.0
"""What `connect` calls, a class or the user's factory, and which arguments `help(connect)` shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, MethodType
from typing import Any

_FACTORY = 5  # its position among the arguments of connect


def factory_of(arguments: Sequence[Any], options: Mapping[str, Any], cls: type[Any]) -> Callable[..., Any]:
    """Returns what makes the connection: the factory among the arguments of `connect`, or the class."""
    return options.get("factory") or (arguments[_FACTORY] if len(arguments) > _FACTORY else None) or cls


def signature_of(cls: type[Any]) -> MethodType:
    """Returns the `__wrapped__` of `connect`: tools show the arguments of the class, and an instance as result."""
    made = cls.__init__
    function = FunctionType(made.__code__, made.__globals__, made.__name__, made.__defaults__)
    function.__kwdefaults__ = made.__kwdefaults__
    function.__annotations__ = {**made.__annotations__, "return": cls.__name__}
    return MethodType(function, cls)  # bound, so that `self` is none of the arguments
