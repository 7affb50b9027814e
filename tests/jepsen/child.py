# SPDX-License-Identifier: Apache-2.0
"""A process that is spoken to in JSON lines, and whose end is noticed."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

from tests.support import python_environment


class Child:
    """Runs one of the functions of processes.py."""

    def __init__(self, function: str, settings: dict[str, Any], errors: Path) -> None:
        program = f"from tests.jepsen.processes import {function}; {function}()"
        self.errors = errors
        self.ready = False  # whether it has said so
        self.failure = ""  # why it did not start, as it said
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        with errors.open("ab") as file:
            self._before = file.tell()  # those of the processes that were here before
            self._process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", "-c", program, json.dumps(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=python_environment(),
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with suppress(ValueError):
                answer = json.loads(line)
                self.ready |= "ready" in answer
                self.failure = answer.get("failed", self.failure)
                self._answers.put(answer)

    def say(self, **command: Any) -> None:
        """Sends a command; nothing happens where the process has ended."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()

    def hear(self, *keys: str, timeout: float) -> dict[str, Any] | None:
        """Returns the next answer with one of these keys; None where none comes in time or the process ends first."""
        deadline = monotonic() + timeout
        while monotonic() < deadline:
            try:
                answer = self._answers.get(timeout=0.05)
            except queue.Empty:
                if not self._reader.is_alive() and self._answers.empty():
                    return None
                continue
            if any(key in answer for key in keys):
                return answer
        return None

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """Ends the process as a power failure would."""
        with suppress(OSError):
            self._process.send_signal(signal.SIGCONT)
        self._process.kill()
        self._process.wait()

    def release(self) -> None:
        """Lets the process end by itself."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()

    def finish(self, timeout: float) -> int | None:
        """Waits for the end of a process that was released and returns its status; None where it had to be killed."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGABRT)  # faulthandler tells where it hangs
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
            self.kill()
            return None

    @property
    def number(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Its status once it has ended."""
        return self._process.poll()

    def tail(self, size: int = 1500) -> str:
        """Returns the end of what it wrote to its standard error."""
        return self.errors.read_bytes()[self._before :][-size:].decode("utf-8", "replace").strip()
