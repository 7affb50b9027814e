# SPDX-License-Identifier: Apache-2.0
"""How `dqlitepy node` takes its options, and what it logs."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime
from pathlib import Path

from dqlitepy._cli.node_log import JsonFormatter

from tests.cli.command import dqlitepy, fail
from tests.cli.nodes import NodeProcess
from tests.support import free_address


def test_a_node_leaves_itself_out_of_those_to_join(tmp_path: Path) -> None:
    """So the command, and the unit of systemd, may be the same on all machines, and stay as it was."""
    first, second = free_address(), free_address("127.0.0.2")
    nodes = [NodeProcess(tmp_path / "n1", "--address", first, "--join", first)]
    try:
        assert nodes[0].wait_ready()["role"] == "voter"
        nodes.append(NodeProcess(tmp_path / "n2", "--address", second, "--join", second, "--join", first))
        assert nodes[1].wait_ready()["role"] == "spare"
        assert nodes[0].stop() == (0, "", "")
        # Its directory says which address is its own.
        nodes[0] = NodeProcess(tmp_path / "n1", "--join", first)
        assert nodes[0].wait_ready()["address"] == first
    finally:
        for node in nodes:
            node.kill()


def test_a_node_listens_where_it_is_told_to(tmp_path: Path) -> None:
    address = free_address("127.0.0.5")
    port = address.rpartition(":")[2]
    node = NodeProcess(tmp_path / "data", "--address", address, "--bind", f"0.0.0.0:{port}")
    try:
        assert node.wait_ready()["address"] == address
        told = dqlitepy("status", f"127.0.0.1:{port}")
        assert (told.returncode, f"leader: {address}" in told.stdout) == (0, True), told
    finally:
        node.kill()


def test_a_port_that_was_left_out_is_named(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path / "n1", "--address", free_address(), "--join", "127.0.0.7")
    try:
        assert node.process.stderr is not None
        assert node.process.stderr.readline() == b"WARNING: --join 127.0.0.7 names no port: 127.0.0.7:9000 is asked\n"
    finally:
        node.kill()


def test_a_url_is_no_address(tmp_path: Path) -> None:
    told = fail("node", tmp_path / "n1", "--address", free_address(), "--join", "dqlite://10.0.0.9:9001/main")
    assert "a URL: give host:port alone, such as 10.0.0.9:9001" in told
    told = fail("status", "http://10.0.0.9")
    assert "such as 10.0.0.9:9000" in told


def test_a_log_for_programs(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path / "n1", "--address", free_address(), "--log-format", "json", "--log-level", "info")
    try:
        node.wait_ready()
        code, _, errors = node.stop()
        assert code == 0
        lines = [json.loads(line) for line in errors.splitlines()]
        assert {tuple(line) for line in lines} == {("time", "level", "logger", "message")}
        assert all(datetime.fromisoformat(line["time"]).tzinfo for line in lines)
        assert {(line["level"], line["logger"]) for line in lines} == {("info", "dqlitepy")}
        assert any(line["message"].endswith("stopping") for line in lines)
    finally:
        node.kill()


def test_what_ends_a_node_is_in_its_log(tmp_path: Path) -> None:
    result = dqlitepy("node", tmp_path / "n1", "--log-format", "json")
    assert (result.returncode, result.stdout) == (1, "")
    [line] = result.stderr.splitlines()
    told = json.loads(line)
    assert told["level"] == "error"
    assert "needs an address" in told["message"]


def test_a_record_is_one_line_whatever_is_in_it() -> None:
    try:
        raise ValueError("a\nb")
    except ValueError:
        record = logging.LogRecord("dqlitepy", logging.ERROR, "", 0, "%s\n\u2028é", ("one",), sys.exc_info())
    line = JsonFormatter().format(record)
    assert "\n" not in line
    told = json.loads(line)
    assert told["message"] == "one\n\u2028é"
    assert told["exception"].endswith("ValueError: a\nb")
