# SPDX-License-Identifier: Apache-2.0
"""Whether a text ends a statement, as `sqlite3_complete` judges it (complete.c of SQLite).

In Python, because a program may ask before it forks, and the library cannot be loaded before a fork.
"""

from __future__ import annotations

import re

# What sqlite3_complete tells apart. It is less than SQLite's tokenizer knows: no numbers, no parameters, and neither a
# byte order mark nor a vertical tab is a blank.
_TOKEN = re.compile(
    r"(?P<blank>[ \t\n\f\r]+|--[^\n]*|/\*.*?\*/)"
    r"|(?P<semicolon>;)"
    r"|(?P<word>[A-Za-z0-9_$\x80-\U0010ffff]+)"
    r"|'[^']*'|\"[^\"]*\"|`[^`]*`|\[[^\]]*\]"
    r"|(?P<open>/\*|['\"`\[])"
    r"|.",
    re.DOTALL,
)
_SEMICOLON, _OTHER = 0, 1
_KEYWORDS = {"explain": 2, "create": 3, "temp": 4, "temporary": 4, "trigger": 5, "end": 6}
# Its automaton: for each state the next one, by token. Blanks change nothing. Within CREATE TRIGGER a statement ends
# with the semicolon behind a semicolon and END.
_EMPTY, _START, _STATEMENT, _EXPLAIN, _CREATE, _TRIGGER, _BEHIND_SEMICOLON, _BEHIND_END = range(8)
_NEXT = {
    _EMPTY: (_START, _STATEMENT, _EXPLAIN, _CREATE, _STATEMENT, _STATEMENT, _STATEMENT),
    _START: (_START, _STATEMENT, _EXPLAIN, _CREATE, _STATEMENT, _STATEMENT, _STATEMENT),
    _STATEMENT: (_START, _STATEMENT, _STATEMENT, _STATEMENT, _STATEMENT, _STATEMENT, _STATEMENT),
    _EXPLAIN: (_START, _EXPLAIN, _STATEMENT, _CREATE, _STATEMENT, _STATEMENT, _STATEMENT),
    _CREATE: (_START, _STATEMENT, _STATEMENT, _STATEMENT, _CREATE, _TRIGGER, _STATEMENT),
    _TRIGGER: (_BEHIND_SEMICOLON, _TRIGGER, _TRIGGER, _TRIGGER, _TRIGGER, _TRIGGER, _TRIGGER),
    _BEHIND_SEMICOLON: (_BEHIND_SEMICOLON, _TRIGGER, _TRIGGER, _TRIGGER, _TRIGGER, _TRIGGER, _BEHIND_END),
    _BEHIND_END: (_START, _TRIGGER, _TRIGGER, _TRIGGER, _TRIGGER, _TRIGGER, _TRIGGER),
}


def complete_statement(statement: str) -> bool:
    """Tells whether the text ends with a semicolon that ends a statement, and holds no open literal or comment.

    Says nothing about whether the statement is right, as in `sqlite3`.

    Raises:
        TypeError: it is no str.
        ValueError: it has a NUL character inside.
        UnicodeEncodeError: it has a lone surrogate.
    """
    if not isinstance(statement, str):
        raise TypeError(f"complete_statement() argument 'statement' must be str, not {type(statement).__name__}")
    if "\0" in statement:
        raise ValueError("embedded null character")
    statement.encode()
    state = _EMPTY
    for found in _TOKEN.finditer(statement):
        match found.lastgroup:
            case "blank":
                continue
            case "open":
                return False
            case "semicolon":
                token = _SEMICOLON
            case "word":
                token = _KEYWORDS.get(found[0].lower(), _OTHER)
            case _:
                token = _OTHER
        state = _NEXT[state][token]
    return state == _START
