# SPDX-License-Identifier: Apache-2.0
"""The Go SDK, the modules that the library links, those of our tools, and the air-gapped edition's list of them."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.update.checkout import GO_MOD, GO_SUM, LOCK, MODULE, Checkout, Refused
from tools.update.golang import Go, highest
from tools.update.pin import Pin, Place, Sources, no_such_version
from tools.update.versions import is_release, newest

RULES_GO = "github.com/bazelbuild/rules_go"
GAZELLE = "github.com/bazelbuild/bazel-gazelle"
TOOLCHAIN = "golang.org/toolchain"

# The packages of tools that are run, below their module.
_MAINS = {"github.com/rhysd/actionlint": "cmd/actionlint"}
_TOOL = re.compile(
    r'^go_tools\.module\((indirect = True, )?path = "(\S+)", sum = "(\S+)", version = "v(\S+)"\)\n', re.MULTILINE
)
_SDK = 'go_sdk.download(version = "{}")'


def find_go_pins(checkout: Checkout) -> list[Pin]:
    """Returns all of them, by kind and name."""
    sdk = re.search(re.escape(_SDK).replace(r"\{\}", '([^"]+)'), checkout.read(MODULE))
    if not sdk:
        raise Refused(f"{MODULE} names no Go SDK", f"git log -- {MODULE}")
    required = re.findall(r"^\t(\S+) v(\S+)$", checkout.read(GO_MOD), re.MULTILINE)
    homepages = {
        pin["go_module"].partition("@")[0]: pin["homepage"] for pin in checkout.pins().values() if "go_module" in pin
    }
    tools = [(path, version) for indirect, path, _, version in _TOOL.findall(checkout.read(MODULE)) if not indirect]
    return [
        GoSdk(sdk[1]),
        *(GoModule(path, version, homepages.get(path, "")) for path, version in required),
        *(GoTool(path, version) for path, version in tools),
        AirgapGazelle(_locked(checkout, GAZELLE).removeprefix("v")),
    ]


class GoSdk(Pin):
    """The Go compiler and its library: go.dev's archive online, the same as a Go module air-gapped."""

    name = "go"

    def __init__(self, version: str) -> None:
        self.pinned = version

    def places(self, sources: Sources) -> list[Place]:
        def find() -> str | None:
            suffix = ".linux-amd64"
            versions = (version for version in sources.go.versions(TOOLCHAIN) if version.endswith(suffix))
            return newest(version.partition("-go")[2].removesuffix(suffix) for version in versions)

        return [Place("Go proxy", find)]

    def apply(self, checkout: Checkout, sources: Sources, version: str) -> None:
        if not is_release(version) or version.count(".") != 2:
            raise no_such_version(self.name, version, "Go's list of releases")
        checkout.replace(MODULE, _SDK.format(self.pinned), _SDK.format(version))
        checkout.change_pin("go", version=version, go_module=f"{TOOLCHAIN}@v0.0.1-go{version}.linux-amd64")
        relock(checkout, sources.go)


class GoModule(Pin):
    """A module of go/go.mod."""

    def __init__(self, path: str, version: str, homepage: str) -> None:
        self.name = path
        self.pinned = version
        self._homepage = homepage

    def places(self, sources: Sources) -> list[Place]:
        def find() -> str | None:
            return (newest(sources.go.versions(self.name)) or self.pinned).removeprefix("v")

        places = [Place("Go proxy", find)]
        repository = re.fullmatch(r"https://github\.com/([^/]+/[^/]+)", self._homepage)
        if repository:
            places.append(Place("GitHub", lambda: self._same_major(sources.github.releases(repository[1]))))
        return places

    def apply(self, checkout: Checkout, sources: Sources, version: str) -> None:
        go_mod, go_sum = sources.go.get(checkout.read(GO_MOD), checkout.read(GO_SUM), self.name, f"v{version}")
        checkout.change(GO_MOD, go_mod)
        checkout.change(GO_SUM, go_sum)
        # The version may have taken others along.
        required = dict(re.findall(r"^\t(\S+) (v\S+)$", go_mod, re.MULTILINE))
        if required.get(self.name) != f"v{version}":
            raise Refused(f"{self.name} {version} does not go with what else {GO_MOD} asks for", f"cat {GO_MOD}")
        for name, pin in checkout.pins().items():
            path, _, before = pin.get("go_module", "").partition("@")
            if path in required and required[path] != before:
                says = sqlite_version(sources.go, path, required[path]) if name == "sqlite" else required[path][1:]
                checkout.change_pin(name, version=says, go_module=f"{path}@{required[path]}")
        relock(checkout, sources.go)

    def _same_major(self, versions: dict[str, str]) -> str | None:
        """Another major version is another module in Go."""
        major = self.pinned.partition(".")[0]
        return newest(version for version in versions if version.partition(".")[0] == major)


class GoTool(Pin):
    """A program that our tests run, built from Go modules that MODULE.bazel lists for the root module alone."""

    def __init__(self, path: str, version: str) -> None:
        self.name = path
        self.pinned = version

    def places(self, sources: Sources) -> list[Place]:
        return [Place("Go proxy", lambda: (newest(sources.go.versions(self.name)) or self.pinned).removeprefix("v"))]

    def apply(self, checkout: Checkout, sources: Sources, version: str) -> None:
        linked = dict(re.findall(r"^\t(\S+) (v\S+)$", checkout.read(GO_MOD), re.MULTILINE))
        wanted = sources.go.packages_modules(self.name, f"v{version}", _MAINS[self.name], linked)
        sums = sources.go.download(wanted.items())
        lines = [
            f'go_tools.module({"" if path == self.name else "indirect = True, "}path = "{path}", '
            f'sum = "{sums[path].sum}", version = "{wanted[path]}")\n'
            for path in sorted(wanted)
        ]
        text = checkout.read(MODULE)
        found = list(_TOOL.finditer(text))
        checkout.change(MODULE, text[: found[0].start()] + "".join(lines) + text[found[-1].end() :])
        relock(checkout, sources.go)


class AirgapGazelle(Pin):
    """The gazelle of the air-gapped edition, which takes it as a Go module and not from the Central Registry."""

    name = GAZELLE

    def __init__(self, version: str) -> None:
        self.pinned = version

    def places(self, sources: Sources) -> list[Place]:
        return [Place("Go proxy", lambda: (newest(sources.go.versions(GAZELLE)) or "").removeprefix("v"))]

    def apply(self, checkout: Checkout, sources: Sources, version: str) -> None:
        relock(checkout, sources.go, gazelle=f"v{version}")


def relock(checkout: Checkout, go: Go, gazelle: str | None = None) -> None:
    """Makes the `go` lines of the air-gapped edition's lock anew, from what the other files say.

    Gazelle's go_deps takes every module at the highest version that any Bazel module's go.mod asks for, where
    `go mod download` alone would take each go.mod's own.
    """
    module = checkout.read(MODULE)
    sdk = re.search(re.escape(_SDK).replace(r"\{\}", '([^"]+)'), module)
    rules_go = re.search(r'bazel_dep\(name = "rules_go", version = "(\S+)"\)', module)
    if not sdk or not rules_go:
        raise Refused(f"{MODULE} names no Go SDK or no rules_go", f"git log -- {MODULE}")
    rulesets = {RULES_GO: f"v{rules_go[1]}", GAZELLE: gazelle or _locked(checkout, GAZELLE)}
    given = go.download((rulesets | {TOOLCHAIN: f"v0.0.1-go{sdk[1]}.linux-amd64"}).items())
    tools = {path: f"v{version}" for _, path, _, version in _TOOL.findall(module)}
    with TemporaryDirectory(prefix="dqlitepy-update-") as folder:
        ours = Path(folder, "go.mod")
        ours.write_text(checkout.read(GO_MOD))
        files = [ours, *(given[path].folder / "go.mod" for path in rulesets)]
        wanted = highest([tools, *(go.requirements(file) for file in files)])
    modules = given | go.download((path, version) for path, version in wanted.items() if path not in rulesets)
    lines = [f"go {path} {modules[path].version} {modules[path].sum}" for path in sorted(modules)]
    kept = [line for line in checkout.read(LOCK).splitlines() if not line.startswith("go ")]
    checkout.change(LOCK, "\n".join(kept).rstrip() + "\n\n" + "\n".join(lines) + "\n")


def sqlite_version(go: Go, path: str, version: str) -> str:
    """Returns the version of the SQLite that a Go module carries, out of its header."""
    header = go.download([(path, version)])[path].folder / "sqlite3-binding.h"
    said = re.search(r'^#define SQLITE_VERSION +"([\d.]+)"', header.read_text(encoding="utf-8"), re.MULTILINE)
    if not said:
        raise Refused(f"{path} {version} does not say which SQLite it carries", "another version")
    return said[1]


def _locked(checkout: Checkout, path: str) -> str:
    found = re.search(rf"^go {re.escape(path)} (\S+) ", checkout.read(LOCK), re.MULTILINE)
    if not found:
        raise Refused(f"{LOCK} has no line for {path}", f"git log -- {LOCK}")
    return found[1]
