# SPDX-License-Identifier: Apache-2.0
"""Cuts a script of SQL into its statements, as far as that can be done without SQLite's parser."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A literal or comment that has no end reaches to the end of the text, as in SQLite.
_TOKEN = re.compile(
    r"""
    (?P<blank> \s+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
  | (?P<quoted> '[^']*(?:'|\Z) | "[^"]*(?:"|\Z) | `[^`]*(?:`|\Z) | \[[^\]]*(?:\]|\Z) )
  | (?P<semicolon> ; )
  | (?P<word> [^\W\d][\w$]* )
  | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_MAKES_TRIGGER = re.compile(r"(?:EXPLAIN (?:QUERY PLAN )?)?CREATE (?:TEMP |TEMPORARY )?TRIGGER ")
_WORDS_THAT_TELL = 6  # EXPLAIN QUERY PLAN CREATE TEMP TRIGGER


def statements(script: str) -> Iterator[str]:
    """Yields the statements of `script` in order, each with its semicolon; the last one may be incomplete.

    A statement ends at a semicolon, but CREATE TRIGGER, which has semicolons inside, at the one of `; END ;`.
    """
    start = 0
    opening = ""  # the first words of the statement
    words = 0
    last_two = ("", "")
    for token in _TOKEN.finditer(script):
        kind, text = token.lastgroup, token.group()
        if kind == "blank":
            continue
        if kind == "semicolon" and not (_MAKES_TRIGGER.match(opening) and last_two != (";", "END")):
            if words:
                yield script[start : token.end()]
            start, opening, words, last_two = token.end(), "", 0, ("", "")
            continue
        words += 1
        text = text.upper() if kind == "word" else ";" if kind == "semicolon" else "'"
        if words <= _WORDS_THAT_TELL:
            opening += text + " "
        last_two = (last_two[1], text)
    if words:
        yield script[start:]
