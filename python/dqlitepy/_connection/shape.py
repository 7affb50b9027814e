# SPDX-License-Identifier: Apache-2.0
"""What `inspect.signature` and `help` show of a function that passes its arguments on to a class."""

from __future__ import annotations

from types import FunctionType, MethodType
from typing import Any


def shape(cls: type[Any]) -> MethodType:
    """Returns the `__wrapped__` of a function that takes the arguments of a class and returns an instance."""
    made = cls.__init__
    function = FunctionType(made.__code__, made.__globals__, made.__name__, made.__defaults__)
    function.__kwdefaults__ = made.__kwdefaults__
    function.__annotations__ = {**made.__annotations__, "return": cls.__name__}
    return MethodType(function, cls)  # bound, so that `self` is none of the arguments
