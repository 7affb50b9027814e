# SPDX-License-Identifier: Apache-2.0
"""Functions of .bzl files, run as Python, which their part of Starlark is as well."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from tests.airgap.machine import ROOT


class Failed(Exception):
    """What Starlark's fail() was called with."""


def load(name: str) -> dict[str, Callable[..., Any]]:
    """Returns what a .bzl file defines; what it loads from others is not there."""
    text = re.sub(r"(?m)^load\(.*\)$", "", (ROOT / name).read_text(encoding="utf-8"))
    anything = SimpleNamespace(label=print, string=print, string_list=print, string_dict=print)
    defined: dict[str, Any] = {
        "attr": SimpleNamespace(**dict.fromkeys(vars(anything), lambda **_: None)),
        "fail": _fail,
        "repository_rule": lambda **_: None,
        "module_extension": lambda **_: None,
        "tag_class": lambda **_: None,
    }
    exec(compile(text, name, "exec"), defined)
    return defined


def _fail(message: str) -> None:
    raise Failed(message)
