# SPDX-License-Identifier: Apache-2.0
"""Runs .bzl files as Python, whose syntax Starlark's is a part of: macros are tested without a nested Bazel."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

RULESETS = Path("tools/airgap/rulesets")


class Fail(Exception):
    """What fail() of Starlark raises."""


class Recorder:
    """Stands for a name of Bazel's: a function, or a module whose functions note their arguments and return them."""

    def __init__(self, calls: list[tuple[str, dict[str, Any]]]) -> None:
        self._calls = calls

    def __call__(self, *_arguments: Any, **_attributes: Any) -> None:
        return None

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        def called(*_arguments: Any, **attributes: Any) -> dict[str, Any]:
            self._calls.append((name, attributes))
            return attributes

        return called


class Module:
    """The .bzl files of one Bazel module, loaded with stand-ins for Bazel's built-ins.

    Attributes:
        calls: name and keyword arguments of each call of a native rule, in order
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._loaded: dict[Path, dict[str, Any]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def load(self, path: str) -> SimpleNamespace:
        """Returns the globals of a .bzl file.

        Args:
            path: below the root

        Raises:
            Fail: the file calls fail() when it is loaded
        """
        return SimpleNamespace(**self._run(self._root / path))

    def _run(self, path: Path) -> dict[str, Any]:
        if path not in self._loaded:
            scope = self._builtins(path)
            self._loaded[path] = scope
            exec(compile(path.read_text(), str(path), "exec"), scope)
        return self._loaded[path]

    def _builtins(self, path: Path) -> dict[str, Any]:
        scope: dict[str, Any] = {}

        def load(label: str, *names: str, **aliases: str) -> None:
            wanted = {name: name for name in names} | aliases
            if label.startswith("@"):
                scope.update({alias: Recorder([]) for alias in wanted})
                return
            package, _, file = label.rpartition(":")
            folder = self._root / package.removeprefix("//") if package else path.parent
            source = self._run(folder / file)
            scope.update({alias: source[name] for alias, name in wanted.items()})

        def rule(**definition: Any) -> Callable[..., None]:
            def declare(**attributes: Any) -> None:
                unknown = set(attributes) - set(definition["attrs"]) - {"name"}
                if unknown:
                    raise Fail(f"no such attribute: {sorted(unknown)}")
                self.calls.append(("rule", attributes))

            return declare

        def fail(*parts: object) -> NoReturn:
            raise Fail(" ".join(str(part) for part in parts))

        quiet = Recorder([])
        scope.update(
            Label=str,
            attr=quiet,
            fail=fail,
            load=load,
            module_extension=quiet,
            native=Recorder(self.calls),
            provider=quiet,
            repository_rule=quiet,
            rule=rule,
            struct=SimpleNamespace,
            tag_class=quiet,
        )
        return scope
