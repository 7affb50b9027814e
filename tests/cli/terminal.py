# SPDX-License-Identifier: Apache-2.0
"""Runs the command line at a pseudo-terminal and types into it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from tests.cli.command import command, environment
from tests.support import HANG


class Terminal:
    """A terminal of 24 lines and 100 columns in which `dqlitepy` runs."""

    def __init__(self, *arguments: str | Path, **more: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))

        def take_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            command(*arguments),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(**{"TERM": "dumb"} | more),
            preexec_fn=take_terminal,
        )
        os.close(theirs)
        self._unread = ""

    def expect(self, text: str, *, pressing: str = "") -> str:
        """Reads up to and with `text`, and returns what came before it.

        While nothing comes, `pressing` is pressed: CPython misses a Ctrl-C that comes just before readline waits.
        """
        deadline = monotonic() + HANG
        while text not in self._unread:
            assert monotonic() < deadline, f"{text!r} does not come behind {self._unread!r}"
            if select.select([self._ours], [], [], 1)[0]:
                self._unread += self._read(text)
            elif pressing:
                self.press(pressing)
        before, _, self._unread = self._unread.partition(text)
        return before

    def press(self, text: str) -> None:
        """Types `text`, in which control characters are what the Ctrl key makes of letters."""
        os.write(self._ours, text.encode())

    def end(self) -> tuple[int, str]:
        """Waits for the end; returns the status and what has not been read yet."""
        rest = ""
        try:
            while part := os.read(self._ours, 65536):
                rest += part.decode()
        except OSError:  # the other side is closed
            pass
        return self.process.wait(HANG), self._unread + rest

    def _read(self, wanted: str) -> str:
        try:
            return os.read(self._ours, 65536).decode(errors="replace").replace("\r\n", "\n")
        except OSError:
            raise AssertionError(f"it ended, and {wanted!r} does not come behind {self._unread!r}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)
