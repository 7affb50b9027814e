# SPDX-License-Identifier: Apache-2.0
"""Go modules, through the go command: it knows the proxy, the checksum database and how a graph is resolved."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tools.update.checkout import Refused
from tools.update.versions import precedence
from tools.update.web import Unreachable

PROXY = "the Go module proxy"


class Module(NamedTuple):
    """A Go module that was downloaded and checked."""

    path: str
    version: str
    sum: str
    folder: Path


class Go:
    """A go command; it never fetches another SDK, nor reads the module that it happens to be called in."""

    def __init__(self, command: str) -> None:
        # A path is relative to where this program was started, not to the folders that go is called in.
        self._command = os.path.abspath(command) if os.sep in command else command
        self._environment = os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod -modcacherw", "GOWORK": "off"}

    def versions(self, path: str) -> list[str]:
        """Returns the versions of a module that the proxy lists.

        Raises:
            Unreachable: the proxy does not answer, or refuses the list.
        """
        with _folder() as folder:
            listed = self._run(folder, "list", "-m", "-json", "-versions", path)
        answer = json.loads(listed.stdout) if listed.returncode == 0 else {}
        if listed.returncode or "Error" in answer:
            raise Unreachable(PROXY, answer.get("Error", {}).get("Err") or _last_line(listed.stderr))
        versions: list[str] = answer.get("Versions", [])
        return versions

    def download(self, modules: Iterable[tuple[str, str]]) -> dict[str, Module]:
        """Downloads modules, checked against Go's checksum database, and returns each by its path.

        Raises:
            Unreachable: one of them cannot be had.
        """
        names = [f"{path}@{version}" for path, version in modules]
        with _folder() as folder:
            process = self._run(folder, "mod", "download", "-json", *names)
        found: dict[str, Module] = {}
        for answer in _json_values(process.stdout):
            if "Error" in answer:
                raise Unreachable(PROXY, answer["Error"])
            module = Module(answer["Path"], answer["Version"], answer["Sum"], Path(answer["Dir"]))
            found[module.path] = module
        if len(found) < len(names):
            raise Unreachable(PROXY, _last_line(process.stderr))
        return found

    def requirements(self, go_mod: Path) -> dict[str, str]:
        """Returns the version at which a go.mod asks for each module."""
        process = self._run(go_mod.parent, "mod", "edit", "-json", str(go_mod))
        if process.returncode:
            raise Refused(_last_line(process.stderr), f"cat {go_mod}")
        return {require["Path"]: require["Version"] for require in json.loads(process.stdout).get("Require") or []}

    def get(self, go_mod: str, go_sum: str, path: str, version: str) -> tuple[str, str]:
        """Returns go.mod and go.sum with a module at another version, and with what follows from that.

        Raises:
            Unreachable: a module cannot be had.
            Refused: go does not accept the version.
        """
        with _folder() as folder:
            (folder / "go.mod").write_text(go_mod)
            (folder / "go.sum").write_text(go_sum)
            process = self._run(folder, "get", f"{path}@{version}")
            if process.returncode:
                raise Unreachable(PROXY, _last_line(process.stderr))
            self._tidy_sums(folder)
            return (folder / "go.mod").read_text(), (folder / "go.sum").read_text()

    def packages_modules(self, tool: str, version: str, main: str, fixed: dict[str, str]) -> dict[str, str]:
        """Returns the modules that a tool is compiled from, and their versions; `fixed` ones stay where they are."""
        with _folder() as folder:
            (folder / "go.mod").write_text("module tool\n")
            process = self._run(folder, "get", f"{tool}@{version}")
            if process.returncode:
                raise Unreachable(PROXY, _last_line(process.stderr))
            template = "{{with .Module}}{{.Path}} {{.Version}}{{end}}"
            process = self._run(folder, "list", "-deps", "-f", template, f"{tool}/{main}")
            if process.returncode:
                raise Unreachable(PROXY, _last_line(process.stderr))
        lines = {line for line in process.stdout.splitlines() if line}
        return {path: version for path, version in map(str.split, sorted(lines)) if path not in fixed}

    def _tidy_sums(self, folder: Path) -> None:
        """Drops the sums of versions that the graph no longer has; `go mod tidy` would drop what only cgo uses, too."""
        graph = self._run(folder, "mod", "graph")
        selected = self._run(folder, "list", "-m", "all")
        if graph.returncode or selected.returncode:
            raise Unreachable(PROXY, _last_line(graph.stderr + selected.stderr))
        known = {node for line in graph.stdout.splitlines() for node in line.split()}
        chosen = {"@".join(line.split()) for line in selected.stdout.splitlines()}
        kept: list[str] = []
        for line in (folder / "go.sum").read_text().splitlines(keepends=True):
            path, version, _ = line.split()
            name = f"{path}@{version.removesuffix('/go.mod')}"
            if name in (known if version.endswith("/go.mod") else chosen):
                kept.append(line)
        (folder / "go.sum").write_text("".join(kept))

    def _run(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [self._command, *arguments],
                cwd=folder,
                env=self._environment,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise Unreachable(PROXY, f"there is no {self._command} on this machine") from None


def highest(requirements: Iterable[dict[str, str]]) -> dict[str, str]:
    """Returns each module at the highest version that any go.mod asks for, as gazelle's go_deps takes it."""
    found: dict[str, str] = {}
    for modules in requirements:
        for path, version in modules.items():
            if path not in found or precedence(version) > precedence(found[path]):
                found[path] = version
    return found


@contextmanager
def _folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="dqlitepy-update-") as folder:
        yield Path(folder)


def _json_values(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    text = text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        yield value
        text = text[end:].lstrip()


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["go said nothing"])[-1].strip()
