# SPDX-License-Identifier: Apache-2.0
"""Bazel, its modules, bazelisk, and the actions of the workflows: what GitHub has tags of."""

from __future__ import annotations

import hashlib
import re

from tools.update.checkout import MODULE, Checkout
from tools.update.go_pins import RULES_GO, relock
from tools.update.pin import Pin, Place, Sources, no_such_version
from tools.update.versions import newest
from tools.update.web import Missing

_BAZELISK = "tools/online/bazelisk.sh"
_CONSUMER = "tests/consumer/MODULE.bazel"
_STAND_INS = "tools/airgap/rulesets"
_WORKFLOWS = ".github/workflows/*.yml"


def find_bazel_pins(checkout: Checkout) -> list[Pin]:
    """Returns all of them, by kind and name."""
    modules = re.findall(r'^bazel_dep\(name = "(\S+)", version = "(\S+)"\)', checkout.read(MODULE), re.MULTILINE)
    bazelisk = re.search(r"^bazelisk_version=(\S+)$", checkout.read(_BAZELISK), re.MULTILINE)
    actions = {found[0]: found for name in checkout.glob(_WORKFLOWS) for found in _actions(checkout.read(name))}
    return [
        Bazel(checkout.read(".bazelversion").strip()),
        *([Bazelisk(bazelisk[1])] if bazelisk else []),
        *(BazelModule(name, version) for name, version in sorted(modules)),
        *(Action(*found) for _, found in sorted(actions.items())),
    ]


class Bazel(Pin):
    """Bazel itself, as bazelisk fetches it, for both CPUs; the air-gapped edition's is among Debian's packages."""

    name = "bazel"

    def __init__(self, version: str) -> None:
        self.pinned = version

    def places(self, sources: Sources) -> list[Place]:
        return [Place("GitHub", lambda: newest(sources.github.releases("bazelbuild/bazel")))]

    def apply(self, checkout: Checkout, sources: Sources, version: str) -> None:
        if version not in sources.github.releases("bazelbuild/bazel"):
            raise no_such_version(self.name, version, "GitHub")
        text = checkout.read(_BAZELISK)
        for cpu, their_cpu in {"amd64": "x86_64", "arm64": "arm64"}.items():
            path = f"bazelbuild/bazel/releases/download/{version}/bazel-{version}-linux-{their_cpu}.sha256"
            try:
                sha256 = sources.github.download(path).decode().split()[0]
            except Missing:
                raise no_such_version(self.name, version, "GitHub") from None
            text = re.sub(rf"(?m)^(bazel_sha256_{cpu}=)\w+$", rf"\g<1>{sha256}", text)
        checkout.change(_BAZELISK, text)
        for name in checkout.glob(".bazelversion") + checkout.glob("tests/*/.bazelversion"):
            checkout.replace(name, self.pinned, version)


class Bazelisk(Pin):
    """The bazelisk that tools/bazel fetches where there is none, for both CPUs."""

    name = "bazelisk"

    def __init__(self, version: str) -> None:
        self.pinned = version

    def places(self, sources: Sources) -> list[Place]:
        return [Place("GitHub", lambda: newest(sources.github.releases("bazelbuild/bazelisk")))]

    def apply(self, checkout: Checkout, sources: Sources, version: str) -> None:
        text = checkout.read(_BAZELISK).replace(f"bazelisk_version={self.pinned}\n", f"bazelisk_version={version}\n")
        for cpu in ["amd64", "arm64"]:
            path = f"bazelbuild/bazelisk/releases/download/v{version}/bazelisk-linux-{cpu}"
            try:
                sha256 = hashlib.sha256(sources.github.download(path)).hexdigest()
            except Missing:
                raise no_such_version(self.name, version, "GitHub") from None
            text = re.sub(rf"(?m)^(bazelisk_sha256_{cpu}=)\w+$", rf"\g<1>{sha256}", text)
        checkout.change(_BAZELISK, text)


class BazelModule(Pin):
    """A module of the Central Registry."""

    def __init__(self, name: str, version: str) -> None:
        self.name = name
        self.pinned = version

    def places(self, sources: Sources) -> list[Place]:
        found = [Place("Central Registry", lambda: newest(sources.github.module_versions(self.name)))]
        if self.name == "rules_go":
            # The air-gapped edition has the same version, as a Go module.
            found.append(Place("Go proxy", lambda: (newest(sources.go.versions(RULES_GO)) or "").removeprefix("v")))
        return found

    def apply(self, checkout: Checkout, sources: Sources, version: str) -> None:
        try:
            known = sources.github.module_versions(self.name)
        except Missing:
            known = []
        if version not in known:
            raise no_such_version(self.name, version, "the Central Registry")
        dependency = 'bazel_dep(name = "{}", version = "{}")'
        old, new = (dependency.format(self.name, each) for each in (self.pinned, version))
        checkout.replace(MODULE, old, new)
        if old in checkout.read(_CONSUMER):
            checkout.replace(_CONSUMER, old, new)
        for stand_in in checkout.glob(f"{_STAND_INS}/{self.name}/MODULE.bazel"):
            # It restates the public interface of this version.
            checkout.replace(stand_in, f"{self.name} {self.pinned}", f"{self.name} {version}")
            checkout.replace(stand_in, f'    version = "{self.pinned}",', f'    version = "{version}",')
        if self.name == "rules_go":
            relock(checkout, sources.go)


class Action(Pin):
    """An action, or a workflow, of somebody else's: pinned by its commit, with the version behind it."""

    def __init__(self, path: str, commit: str, version: str) -> None:
        self.name = path
        self.pinned = version
        self._repository = "/".join(path.split("/")[:2])
        self._use = f"{path}@{commit} # v{version}"

    def places(self, sources: Sources) -> list[Place]:
        return [Place("GitHub", lambda: newest(sources.github.releases(self._repository)))]

    def apply(self, checkout: Checkout, sources: Sources, version: str) -> None:
        tags = sources.github.tags(self._repository)
        if f"v{version}" not in tags:
            raise no_such_version(self.name, version, "GitHub")
        for name in checkout.glob(_WORKFLOWS):
            if self._use in checkout.read(name):
                checkout.replace(name, self._use, f"{self.name}@{tags[f'v{version}']} # v{version}")


def _actions(workflow: str) -> list[tuple[str, str, str]]:
    return re.findall(r"uses: (\S+)@([0-9a-f]{40}) # v(\S+)", workflow)
