# SPDX-License-Identifier: Apache-2.0
"""What all commands have in common: help, exit codes, how errors look."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from dqlitepy._cli.commands import _COMMANDS

from tests.cli.command import command, dqlitepy, environment, fail, succeed
from tests.support import HANG


def test_without_a_command_it_says_which_there_are() -> None:
    output = succeed()
    assert output == succeed("--help")
    for name, summary in _COMMANDS.items():
        assert f" {name} " in output
        assert summary.split(",")[0] in " ".join(output.split())


@pytest.mark.parametrize("name", sorted(_COMMANDS))
def test_each_command_has_help(name: str) -> None:
    assert succeed(name, "--help").startswith(f"usage: dqlitepy {name} ")


@pytest.mark.parametrize("arguments", [["launch"], ["inspect"], ["inspect", "--nonsense", "data"]])
def test_wrong_usage_has_a_status_of_its_own(arguments: list[str]) -> None:
    assert "usage: dqlitepy" in fail(*arguments, status=2)


def test_an_error_is_two_lines_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    first, second = fail("inspect", tmp_path / "nowhere").splitlines()
    assert first == f"dqlitepy inspect: {tmp_path}/nowhere is not a directory"
    assert second == "  Give the directory that a node keeps its data in."


def test_a_reader_that_goes_away_gets_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "info.yaml").write_text("ID: 1\nAddress: localhost:9000\nRole: 0\n")
    process = subprocess.Popen(
        command("inspect", tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=HANG)
    assert (process.returncode, errors) == (1, "")


def test_a_command_loads_what_it_needs_and_no_more() -> None:
    result = dqlitepy("--help", PYTHONPROFILEIMPORTTIME="1")
    imported = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "dqlitepy._cli.commands" in imported
    assert not imported & {"dqlitepy._library", "dqlitepy._cli.inspect", "asyncio", "http.server", "ssl"}
