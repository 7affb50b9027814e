# SPDX-License-Identifier: Apache-2.0
"""Names and texts as SQL has them."""

from __future__ import annotations


def quote_name(name: str) -> str:
    """Returns `name` as an identifier in SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Returns `text` as a literal in SQL."""
    return "'" + text.replace("'", "''") + "'"
