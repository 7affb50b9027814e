# SPDX-License-Identifier: Apache-2.0
"""The walkthrough of docs/operations.md, run as it stands there: three machines are three loopback addresses."""

from __future__ import annotations

import argparse
import configparser
import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from inspect import signature
from pathlib import Path

import dqlitepy
import pytest

from tests.cli.command import environment
from tests.cli.nodes import LATENCY
from tests.support import HANG, PACKAGE, ROOT, free_address

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
MACHINES = ("10.0.0.1", "10.0.0.2", "10.0.0.3")

# What the page's own `dqlitepy` and `scp` are here. Elections take a fraction of a second.
DQLITEPY = f"""#!/bin/sh
[ "$1" = node ] && set -- "$@" --network-latency {LATENCY}
exec {shlex.quote(sys.executable)} -m dqlitepy "$@"
"""
SCP = """#!/bin/sh
exec cp "$1" "../${2%%:*}/${2#*:}"
"""


class Machines:
    """The three machines: a home directory each, and a loopback address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_address().rpartition(":")[2]
        self._nodes: list[subprocess.Popen[str]] = []
        binaries = folder / "bin"
        binaries.mkdir()
        for name, text in (("dqlitepy", DQLITEPY), ("scp", SCP)):
            (binaries / name).write_text(text)
            (binaries / name).chmod(stat.S_IRWXU)
        for machine in MACHINES:
            self.home(machine).mkdir()
        self._environment = environment(PATH=f"{binaries}:/usr/bin:/bin")

    def home(self, machine: str) -> Path:
        """Returns the home directory of a machine."""
        return self._folder / self._here(machine)

    def run(self, machine: str, text: str) -> str:
        """Runs the commands of a block to their end and returns what they print."""
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self._here(text)],
            cwd=self.home(machine),
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG,
        )
        assert result.returncode == 0, f"{machine}: {text}{result.stdout}{result.stderr}"
        return result.stdout

    def start(self, machine: str, text: str) -> None:
        """Starts the node of a block and waits until it is ready."""
        node = subprocess.Popen(
            ["bash", "-c", f"exec {self._here(text)}"],
            cwd=self.home(machine),
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._nodes.append(node)
        assert node.stdout is not None
        assert node.stdout.readline().startswith("ready: ")

    def close(self) -> None:
        """Kills the nodes that still run."""
        for node in self._nodes:
            node.kill()
            node.communicate()

    def _here(self, text: str) -> str:
        return text.replace("10.0.0.", "127.0.0.").replace(":9000", f":{self.port}")


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    machines = Machines(tmp_path)
    try:
        yield machines
    finally:
        machines.close()


def test_the_walkthrough(machines: Machines) -> None:
    outputs: list[str] = []
    for block in BLOCK.finditer(PAGE):
        language, *where = block["info"].split()
        if language != "sh" or not where:
            continue
        for machine in MACHINES if where[0] == "everywhere" else where[:1]:
            assert machine in MACHINES
            if where[1:] == ["node"]:
                machines.start(machine, block["text"])
            else:
                outputs.append(machines.run(machine, block["text"]))
    everything = "".join(outputs)
    assert "visits\n------\n     2\n" in everything
    # The write while one was down, and all from before, have outlived the loss of two of three machines.
    last = next(output for output in outputs if "leads" in output)
    assert "visits\n------\n     3\n" in last
    assert [last.count(f"127.0.0.{n}:") for n in (1, 2, 3)] == [1, 1, 1]
    assert "nothing is damaged" in everything
    assert everything.count("1 table restored") == 2
    assert "restored: renamed to checked\nchecked: dropped\n" in everything
    assert (machines.home("10.0.0.3") / "before.db").is_file()
    assert len(list((machines.home("10.0.0.2") / "backups").iterdir())) == 1
    assert (machines.home("10.0.0.3") / "data.before-recovery-1").is_dir()


def command_lines() -> list[str]:
    """Every `dqlitepy …` in a block of the page."""
    lines = []
    for block in BLOCK.finditer(PAGE):
        text = block["text"].replace("\\\n", " ").replace("ExecStart=/opt/dqlitepy/bin/", "")
        lines += [line.partition("<<")[0] for line in text.splitlines() if line.startswith("dqlitepy ")]
    return lines


@pytest.mark.parametrize("line", sorted(set(command_lines())))
def test_every_command_on_the_page_is_one(line: str) -> None:
    _, name, *arguments = shlex.split(line)
    parser = argparse.ArgumentParser(exit_on_error=False)
    import_module(f"dqlitepy._cli.{name}").add_arguments(parser)
    parser.parse_args(arguments)


def test_every_option_and_metric_on_the_page_exists() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "_cli").glob("*.py"))
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE))
    assert {option for option in options if f'"{option}"' not in sources and option != "--help"} == set()
    metrics = {name.removeprefix("dqlitepy_") for name in re.findall(r"\bdqlitepy_\w+", PAGE)}
    assert {name for name in metrics if f'"{name}"' not in sources and f'"dqlitepy_{name}"' not in sources} == set()


def test_the_unit_is_one() -> None:
    (text,) = (block["text"] for block in BLOCK.finditer(PAGE) if block["info"] == "ini")
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(text)
    assert set(unit) == {"DEFAULT", "Unit", "Service", "Install"}
    assert unit["Service"]["Type"] == "notify"
    assert int(unit["Service"]["LimitNOFILE"]) > 10_000


def test_all_options_of_a_node_have_their_names_in_go_dqlite() -> None:
    """Two have none there as options: `id`, which its `app` chooses, and `bare`, which is its `Node`."""
    section = PAGE.partition("\n## Coming from go-dqlite\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+)=", section))
    assert named == signature(dqlitepy.Node).parameters.keys() - {"directory", "id", "bare"}


def test_every_link_within_the_page_leads_somewhere() -> None:
    titles = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]*)\)", PAGE)) <= anchors
