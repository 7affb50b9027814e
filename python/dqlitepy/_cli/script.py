# SPDX-License-Identifier: Apache-2.0
"""Cuts what the shell is given into statements and commands."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import dqlitepy
from dqlitepy._cli.failure import Failure
from dqlitepy._cli.session import Session
from dqlitepy._sql.completeness import complete_statement
from dqlitepy._sql.scripts import statements

Command: TypeAlias = Callable[[Session, str], None]


class Script:
    """Cuts lines into statements and commands, and runs each in `session` as soon as it is whole."""

    def __init__(self, session: Session, run_command: Command) -> None:
        self._session = session
        self._run_command = run_command
        self._lines: list[str] = []
        self._number = 0
        self.first_line = 1  # of what is being collected

    @property
    def pending(self) -> bool:
        """Whether the beginning of a statement waits for its end."""
        return bool(self._lines)

    def forget(self) -> None:
        """Drops the beginning of a statement."""
        self._lines = []

    def feed(self, line: str) -> None:
        """Takes the next line, and runs what it completes."""
        self._number += 1
        if "\0" in line:
            self.first_line = self._number
            raise Failure("there is a NUL character in the text", "Remove it; for a blob write X'00'.")
        if not self._lines:
            self.first_line = self._number
            if not line.strip():
                return
            if line.startswith("."):
                try:
                    self._run_command(self._session, line)
                finally:
                    if not line.startswith(".once"):
                        self._session.end_once()
                return
        self._lines.append(line)
        text = "\n".join(self._lines)
        if ";" in line and complete_statement(text):
            self._lines = []
            self._run(text)
        elif not statements(text) and complete_statement(text + "\n;"):
            self._lines = []  # nothing but comments

    def finish(self) -> None:
        """Runs a last statement that no semicolon ends."""
        if self._lines:
            text = "\n".join(self._lines)
            self._lines = []
            self._run(text)

    def _run(self, text: str) -> None:
        try:
            for statement in statements(text):
                self._session.run(statement)
        finally:
            self._session.end_once()


def run_file(session: Session, file: str, run_command: Command) -> None:
    """Runs the statements and commands in a file; the first that fails ends it.

    Raises:
        Failure: one failed; it names the line.
    """
    path = os.path.realpath(file)
    if path in session.reading:
        raise Failure(f"{file} reads itself", "Remove its .read.")
    script = Script(session, run_command)
    session.reading.append(path)
    try:
        with Path(file).open(encoding="utf-8") as stream:
            for line in stream:
                script.feed(line.rstrip("\n"))
        script.finish()
    except Failure as failure:
        raise Failure(f"{file}, line {script.first_line}: {failure.what}", failure.advice) from failure
    except dqlitepy.Error as error:
        raise Failure(
            f"{file}, line {script.first_line}: {error}", "Correct the file; everything before that line has run."
        ) from error
    finally:
        session.reading.pop()
