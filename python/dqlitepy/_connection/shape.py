# SPDX-License-Identifier: Apache-2.0
"""`connect` passes its arguments on to a class, or to a factory: to which, and what `help` shows of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, MethodType
from typing import Any

_FACTORY = 5  # its position among the arguments of connect


def factory_of(arguments: Sequence[Any], options: Mapping[str, Any], cls: type[Any]) -> Callable[..., Any]:
    """Returns what makes a connection of the arguments of `connect`: the factory among them, or the class."""
    return options.get("factory") or (arguments[_FACTORY] if len(arguments) > _FACTORY else None) or cls


def shape(cls: type[Any]) -> MethodType:
    """Returns the `__wrapped__` of a function that takes the arguments of a class and returns an instance."""
    made = cls.__init__
    function = FunctionType(made.__code__, made.__globals__, made.__name__, made.__defaults__)
    function.__kwdefaults__ = made.__kwdefaults__
    function.__annotations__ = {**made.__annotations__, "return": cls.__name__}
    return MethodType(function, cls)  # bound, so that `self` is none of the arguments
