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
        assert f" {name} {summary.split(',')[0]}" in " ".join(output.split())


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["node", "data", "--address", "127.0.0.1:1", "--metrics", "nowhere"],
            "nowhere is not an address to listen on",
        ),
        (["node", "data", "--address", "127.0.0.1:1", "--voters", "2"], "voters must be from 3"),
        (["node", "data", "--address", "127.0.0.1:1", "--snapshot-trailing", "1000000"], "from 512 to 500000"),
        (["node", "data", "--address", "127.0.0.1:1", "--cert", "x"], "TLS needs --cert, --key and --ca"),
        (
            ["node", "data", "--address", "127.0.0.1:1", "--cert=x", "--key=y", "--ca=z"],
            "the TLS file 'x' cannot be read",
        ),
        (["node", "data"], "needs an address"),
        (["status", ""], "no node is given"),
        (["status", "dqlite://127.0.0.1:1/main?x=1"], "it has an option 'x'"),
        (["status", "127.0.0.1:1", "--cert=x", "--key=y", "--ca=z"], "the TLS file 'x' cannot be read"),
        (["status", "127.0.0.1:99999"], "its port must be a number from 1 to 65535"),
        (["shell", "127.0.0.1:1", "--database", "", "-c", "SELECT 1"], "the name of the database is empty"),
        (["shell", "127.0.0.1:1,,2", "-c", "SELECT 1"], "'' is not an address of a node"),
        (["shell", "127.0.0.1:", "-c", "SELECT 1"], "its port must be a number"),
        (["shell", "data", "--database", "main-wal", "-c", "SELECT 1"], "'main-wal' cannot be the name of a database"),
        (["shell", "data", "--timeout", "1", "-c", ".output /nowhere/x"], "/nowhere/x: No such file or directory"),
        (["backup", "data", "copy.db"], "data is not a directory"),
        (["restore", "copy.db", "data"], "copy.db is not a file"),
        (["certs", "/dev/null", "--hosts", "a"], "/dev/null already exists and is not a directory"),
        (["certs", "certs", "--hosts", "a b"], "'a b' is not a host"),
        (["inspect", "/dev/null"], "/dev/null is not a directory"),
        (["recover", "data", "--yes"], "data is not a directory"),
    ],
)
def test_what_cannot_work_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = fail(*arguments)
    assert message in told
    assert "Traceback" not in told
    assert ".output" in str(arguments) or list(tmp_path.rglob("*")) == []


def test_a_database_that_is_empty_is_no_backup(tmp_path: Path) -> None:
    """A database is made as soon as somebody asks for it: a misspelt name would have an empty copy for ever."""
    succeed("shell", tmp_path / "data", "-c", "CREATE TABLE t (a)")
    message = fail("backup", tmp_path / "data", tmp_path / "copy.db", "--database", "mian")
    assert "the database mian is empty" in message
    assert not (tmp_path / "copy.db").exists()


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
    assert not imported & {"dqlitepy._native.library", "dqlitepy._cli.inspect", "asyncio", "http.server", "ssl"}
