# SPDX-License-Identifier: Apache-2.0
"""A node that is sent inputs, and what must hold: it answers after each, and in the end it stops with status 0."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.fuzz.chance import word
from tests.protocol import frame
from tests.support import free_address

# Only ends what hangs.
HANG_SECONDS = 60.0

# How long answers are awaited before the end of the input is shown, at which a node ends what it still does for a
# client; and how long after it. Nothing but how much is seen depends on them.
_QUIET_SECONDS = 0.03
_READ_SECONDS = 1.0
_LEADER = word(1) + frame(0, word(0))
_READY = b"ready\n"

# The node may close a connection at any time.
_CLOSED = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN)


class Fault(Exception):
    """What must not be; its text has the node's last words."""


class Target:
    """A fresh node in a process of its own."""

    def __init__(self, program: str | None = None) -> None:
        """Starts it.

        Args:
            program: takes a directory and an address, says "ready", stops with its input; None for the library's node.
        """
        self._directory = Path(tempfile.mkdtemp(prefix="dqlitepy-fuzz-"))
        self._address = free_address()
        self._log = open(self._directory / "log", "w+b")  # noqa: SIM115
        data = self._directory / "data"
        data.mkdir()
        command = [program] if program else [sys.executable, "-m", "tests.patches.node"]
        self._process = subprocess.Popen(
            [*command, str(data), self._address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != _READY:
            self.end()
            raise Fault("the node does not start: " + self._words())

    def run(self, connections: list[bytes]) -> None:
        """Sends a case, and asks the node whether it is alive.

        Raises:
            Fault: it is not.
        """
        for sent in connections:
            try:
                self._send(sent)
            except OSError as error:
                raise self._fault(f"no connection: {error}") from None
        try:
            self._ask()
        except OSError as error:
            raise self._fault(f"the node does not answer: {error}") from None

    def stop(self) -> None:
        """Stops the node as its owner does.

        Raises:
            Fault: its status is not 0.
        """
        try:
            self._process.communicate(timeout=HANG_SECONDS)
        except subprocess.TimeoutExpired:
            raise self._fault("the node does not stop") from None
        if self._process.returncode != 0:
            raise self._fault("the node did not stop cleanly")

    def end(self) -> None:
        """Ends the process, whatever state it is in, and removes what it wrote."""
        self._process.kill()
        self._process.communicate()
        self._words_kept = self._words()
        self._log.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _send(self, sent: bytes) -> None:
        with self._connect() as connection:
            try:
                connection.settimeout(_READ_SECONDS)
                connection.sendall(sent)
                connection.settimeout(_QUIET_SECONDS)
                with suppress(TimeoutError):
                    while connection.recv(1 << 16):
                        pass
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(_READ_SECONDS)
                while connection.recv(1 << 16):
                    pass
            except TimeoutError:
                pass
            except OSError as error:
                if error.errno not in _CLOSED:
                    raise

    def _ask(self) -> None:
        with self._connect() as connection:
            connection.sendall(_LEADER)
            if not connection.recv(8):
                raise ConnectionError("it closes the connection")

    def _connect(self) -> socket.socket:
        host, port = self._address.rsplit(":", 1)
        return socket.create_connection((host, int(port)), timeout=HANG_SECONDS)

    def _fault(self, what: str) -> Fault:
        try:
            status: int | str = self._process.wait(1)
        except subprocess.TimeoutExpired:
            status = "still running"
        return Fault(f"{what} (status {status})\n{self._words()}")

    def _words(self) -> str:
        if self._log.closed:
            return self._words_kept
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 20_000))
        return self._log.read().decode(errors="replace")
