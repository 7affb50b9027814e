# SPDX-License-Identifier: Apache-2.0
"""Flask's development server with its reloader, which runs the application in a process of its own."""

from __future__ import annotations

from pathlib import Path

from tests.programs.servers import EAGER, LAZY, change_until_seen, serve
from tests.support import eventually

COMMAND = ("flask", "--app", "application", "run", "--debug", "--port", "{port}")


def test_the_reloader(tmp_path: Path) -> None:
    with serve(tmp_path, LAZY, *COMMAND, database=tmp_path / "data") as server:
        version, visits, before = server.answer()
        assert (version, visits) == (1, 1)
        change_until_seen(server)
        version, visits, after = eventually(server.answer, lambda answer: answer[0] == 2)
        assert visits > 1  # those before are kept
        assert after != before


def test_a_connection_in_the_process_that_watches(tmp_path: Path) -> None:
    """It imports the application too, and keeps the directory from the process that is to answer."""
    with serve(tmp_path, EAGER, *COMMAND, database=tmp_path / "data") as server:
        eventually(server.said, lambda said: "reloader" in said)
