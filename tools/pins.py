# SPDX-License-Identifier: Apache-2.0
"""Reads the table of third_party/pins.bzl, a Starlark literal that is a Python literal too."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

PINS = "third_party/pins.bzl"


class NoPins(ValueError):
    """The file has no such table."""


def read_pins(checkout: Path) -> dict[str, dict[str, Any]]:
    """Returns the table of a checkout; NoPins if there is none."""
    return parse_pins((checkout / PINS).read_text(encoding="utf-8"))


def parse_pins(text: str) -> dict[str, dict[str, Any]]:
    """Returns the table in a file's text; NoPins if there is none."""
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "PINS":
            table: dict[str, dict[str, Any]] = ast.literal_eval(statement.value)
            return table
    raise NoPins(f"{PINS} assigns no PINS")
