# SPDX-License-Identifier: Apache-2.0
"""The shell at a terminal: prompts, history, completion, and Ctrl-C."""

from __future__ import annotations

import atexit
import os
import re
import sys
from contextlib import suppress
from pathlib import Path

import dqlitepy
from dqlitepy._cli.dot_commands import COMMANDS, run_command
from dqlitepy._cli.failure import Failure, explain
from dqlitepy._cli.script import Script
from dqlitepy._cli.session import Quit, Session

_PROMPT = "dqlite> "
_CONTINUATION = "   ...> "
_HISTORY_LINES = 5000
_KEYWORDS = re.findall(
    r"\w+",
    """
    ALTER AND AS ASC BEGIN BETWEEN BY CASE COMMIT CREATE DEFAULT DELETE DESC DISTINCT DROP ELSE END EXISTS
    EXPLAIN FOREIGN FROM GROUP HAVING IN INDEX INSERT INTO IS JOIN KEY LEFT LIKE LIMIT NOT NULL OFFSET ON OR
    ORDER PRAGMA PRIMARY QUERY REFERENCES RELEASE REPLACE RETURNING ROLLBACK SAVEPOINT SELECT SET TABLE THEN
    TRIGGER UNION UNIQUE UPDATE VACUUM VALUES VIEW WHEN WHERE WITH
    """,
)


def interact(session: Session) -> None:
    """Talks with the user until they leave. An error is told, and the session goes on."""
    _Readline(session)
    script = Script(session, run_command)
    where = session.target.database
    print(f"dqlitepy {dqlitepy.__version__}, SQLite {dqlitepy.sqlite_version}, connected to {where}. See .help")
    while True:
        try:
            script.feed(input(_CONTINUATION if script.pending else _PROMPT))
        except KeyboardInterrupt:
            script.forget()
            print()
        except (EOFError, Quit):
            print()
            return
        except (Failure, dqlitepy.Error, OSError, UnicodeError) as error:
            print(explain("error", error), file=sys.stderr)


def history_file() -> Path | None:
    """Returns where the shell remembers what was typed: $DQLITEPY_HISTORY, or a file among the user's state."""
    chosen = os.environ.get("DQLITEPY_HISTORY")
    if chosen:
        return Path(chosen)
    state = os.environ.get("XDG_STATE_HOME")
    if state:
        return Path(state, "dqlitepy", "history")
    try:
        return Path.home() / ".local" / "state" / "dqlitepy" / "history"
    except RuntimeError:  # the user has no home
        return None


class _Readline:
    """History and completion, where Python has readline."""

    def __init__(self, session: Session) -> None:
        try:
            import readline
        except ImportError:
            return
        self._session = session
        self._matches: list[str] = []
        self._buffer = readline.get_line_buffer
        readline.set_completer_delims(" \t\n(),;=<>")
        readline.set_completer(self._complete)
        libedit = "libedit" in (readline.__doc__ or "")  # which some Pythons have in its place
        readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
        file = history_file()
        if file is None:
            return
        with suppress(OSError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)  # statements can hold secrets
            readline.read_history_file(file)
        readline.set_history_length(_HISTORY_LINES)
        atexit.register(_save, file)

    def _complete(self, text: str, state: int) -> str | None:
        if state == 0:
            self._matches = self._candidates(text)
        return self._matches[state] if state < len(self._matches) else None

    def _candidates(self, text: str) -> list[str]:
        if self._buffer().startswith("."):
            return [name + " " for name in COMMANDS if name.startswith(text)]
        found = [word + " " for word in _KEYWORDS if text and word.startswith(text.upper())]
        with suppress(dqlitepy.Error):
            found += [
                str(name)
                for (name,) in self._session.query(
                    "SELECT name FROM sqlite_schema UNION SELECT c.name FROM sqlite_schema s "
                    "JOIN pragma_table_info(s.name) c ORDER BY 1"
                )
                if str(name).lower().startswith(text.lower())
            ]
        return found


def _save(file: Path) -> None:
    import readline

    with suppress(OSError):
        readline.write_history_file(file)
